/* Health: how well a component is, from 1 (nothing fires) down to 0.
 *
 * A firing that lasts leaves (T / (T + E))^s of it: T the threshold of its level, E its peak, s its
 * severity. At the threshold that is one half for severity 1, 0.93 for 0.1 (a delay), 0.001 for 10
 * (lost data). A component has the least of its own firings and of all components below it, so that
 * one that is red is seen from the top, and the way down to it is a line of the table.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_HEALTH_H
#define LODE_JOBS_HIERARCHY_ALERTS_HEALTH_H

#include <stdint.h>

struct health_firing {
    int64_t component;
    double peak, threshold; /* >= 0 */
    double severity;        /* > 0 */
};

struct health {
    double value;
    int64_t worst; /* firing; -1: none */
};

double health_after(const struct health_firing *firing);

/* "green" from 0.75 on, "yellow" from 0.5, "orange" from 0.25, else "red". */
const char *health_colour(double value);

/* health [n_components] out, from firings [n] that last; of equal ones the first is the worst.
 * parents [n_components]: -1 at the top. */
void health_of_components(const int64_t *parents, int64_t n_components,
                          const struct health_firing *firings, int64_t n, struct health *health);

#endif
