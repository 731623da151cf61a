/* Health: how well a component is, from 1 (it is watched, and nothing fires) down to 0; NaN where
 * nobody knows.
 *
 * A firing that lasts leaves (T / (T + E))^s of it: T the threshold of its level, E its peak, s its
 * severity. At the threshold that is one half for severity 1, 0.93 for 0.1 (a delay), 0.001 for 10
 * (lost data). A component has the least of its own firings and of all components below it, so that
 * one that is red is seen from the top, and the way down to it is a line of the table.
 *
 * One whose samples nobody has scored is no component that is well: without a firing its health is
 * NaN, it counts as unknown in itself and in all above it, and those are green only where nothing
 * below them is unknown. What is worse than green stays what it is.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_HEALTH_H
#define LODE_JOBS_HIERARCHY_ALERTS_HEALTH_H

#include <stdint.h>

struct health_firing {
    int64_t component;
    double peak, threshold; /* >= 0 */
    double severity;        /* > 0 */
};

/* Does a component have samples of its own, and does somebody look at them? */
enum health_sight { HEALTH_NO_SAMPLES, HEALTH_WATCHED, HEALTH_UNKNOWN };

struct health {
    double value;      /* NaN: not known */
    int64_t worst;     /* firing; -1: none */
    int64_t n_unknown; /* components, itself and below */
};

double health_after(const struct health_firing *firing);

/* "green" from 0.75 on, "yellow" from 0.5, "orange" from 0.25, else "red"; "unknown" where the
 * value is, and in the place of green where a component below is. */
const char *health_colour(const struct health *health);

/* health [n_components] out, from firings [n] that last; of equal ones the first is the worst.
 * parents [n_components]: -1 at the top; sights [n_components]. */
void health_of_components(const int64_t *parents, const enum health_sight *sights,
                          int64_t n_components, const struct health_firing *firings, int64_t n,
                          struct health *health);

#endif
