/* Window: what kinds of detectors that look at the newest W slots alone share. */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_WINDOW_H
#define LODE_JOBS_HIERARCHY_DETECTORS_WINDOW_H

#include "jobs/hierarchy/detectors/detector.h"
#include "jobs/hierarchy/detectors/sorted_window.h"

/* W - 1: the reach of such a kind. */
int64_t window_reach(const struct detector_settings *settings);

/* No distance and no change in any slot: what those without a full window keep. `since` or NULL. */
void window_clear(int64_t n, double *distance, int32_t *since);

/* The window in two: its newer floor(W / 2) slots, and the older ones. */
int64_t window_newer(const struct detector_settings *settings);

/* Kinds that hold the newer half, slot by slot, against the older half as a whole. */
struct window_halves {
    const struct detector_settings *settings;
    /* D of the slot *newest (newest[-1] is the slot before) from the older half in order of size;
     * *length: slots since the change began, 0 where D is 0. */
    double (*distance_of)(const void *context, const struct sorted_window *older,
                          const double *newest, int64_t *length);
    const void *context;
};
/* Slides both halves along; as detector_kind.scan. LODE_E_MEMORY. Cost O(W) a slot beside
 * distance_of. */
LODE_CHECKED lode_status window_scan_halves(const struct window_halves *halves,
                                            const double *values, int64_t n,
                                            struct lode_arena *arena, double *distance,
                                            int32_t *since);

#endif
