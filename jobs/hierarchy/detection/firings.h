/* Firings: when detectors went over the threshold of their level, for how long, and which counters
 * made them. Pure: E in, firings out.
 *
 * A firing begins in the slot in which E is at or above the threshold after a slot in which it was
 * not (or in the first slot), and ends with the first slot below. Contributions are those of the
 * slot in which E is largest (the first of them).
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_FIRINGS_H
#define LODE_JOBS_HIERARCHY_DETECTION_FIRINGS_H

#include <stdbool.h>
#include <stdint.h>

/* So many contributors of a firing are kept, or all that make 90 % of E where those are more. */
enum { FIRING_TOP = 12 };

struct contributor {
    int64_t node;
    double e; /* what it adds to the detector's E */
};

struct firing {
    int64_t node;
    int64_t first, end; /* slots; end -1: it lasts at the end */
    int64_t peak_slot;
    int64_t change_slot; /* when what contributes most at the beginning changed */
    double peak;
    int64_t n_main; /* the fewest that make 90 % of E */
    int64_t n_top;
    struct contributor *top; /* in falling order; the caller's, room for all that can contribute */
};

/* Where a detector stands between stretches; zero, but for firing.top, before the first. */
struct firing_state {
    bool is_open;
    struct firing firing;
};

/* Looks at slots from `i` on of a stretch e [n] that begins with slot `at`: goes on to the slot
 * that ends a firing, and returns it; n where there is none. The firing is then in state, its `end`
 * set, and the next call begins with the slot returned. *is_peak: the largest E so far lies in this
 * part of the stretch, so what contributes is to be looked up now. */
int64_t firing_scan(const double *e, int64_t n, int64_t i, int64_t at, double threshold,
                    struct firing_state *state, bool *is_peak);

/* Fills n_main, n_top and top from what each node adds, contributions [n]; 0: nothing; below 0:
 * what it takes from the others (model/one_class.h). order [n]: scratch. Ties: the lower node
 * first. */
void firing_contributions(const double *contributions, int64_t n, struct contributor *order,
                          struct firing *firing);

#endif
