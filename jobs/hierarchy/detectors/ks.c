/* KS: are the newest slots drawn from the same distribution as the rest of the window?
 *
 *     D = 4 h K^2,  h = r (W - r) / W
 *
 * K is the Kolmogorov-Smirnov distance of the newest r slots and the W - r before them: the largest
 * gap between the shares that are at most x. D / 2 is -ln (p / 2) of Kolmogorov's limit.
 *
 * Time of change: where the newest r slots begin. Cost O(r log W), and at most O(W), a slot.
 * Source: N. Smirnov, Annals of Mathematical Statistics 19, 279-281 (1948).
 */
#include <stdlib.h>

#include "jobs/hierarchy/detectors/window.h"

/* r (W - r) K: a whole number. The gap is largest just before, or at, one of the newest values. */
static int64_t largest_gap(const struct sorted_window *rest, const struct sorted_window *newest)
{
    int64_t largest = 0;
    for (int64_t k = 0; k < newest->n; k++) {
        const double x = newest->sorted[k];
        const int64_t before = llabs(sorted_window_below(newest, x) * rest->n -
                                     sorted_window_below(rest, x) * newest->n);
        const int64_t at = llabs(sorted_window_up_to(newest, x) * rest->n -
                                 sorted_window_up_to(rest, x) * newest->n);
        if (before > largest) largest = before;
        if (at > largest) largest = at;
    }
    return largest;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t length = settings->window, edge = settings->edge, old = length - edge;
    struct sorted_window rest, newest;
    double *memory;
    window_clear(n, distance, since);
    if (n < length) return LODE_OK;
    lode_try(lode_take(arena, length, &memory));
    sorted_window_init(&rest, values, old, memory);
    sorted_window_init(&newest, values + old, edge, memory + old);
    for (int64_t i = length - 1; i < n; i++) {
        if (i >= length) {
            sorted_window_slide(&rest, values[i - length], values[i - edge]);
            sorted_window_slide(&newest, values[i - edge], values[i]);
        }
        const double gap = (double)largest_gap(&rest, &newest); /* r (W - r) K */
        distance[i] = 4.0 * gap * gap / ((double)length * (double)edge * (double)old);
        if (since && gap > 0.0) since[i] = (int32_t)old;
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind ks_detector = {
    .name = "ks",
    .summary = "the newest slots have another distribution than the rest (Kolmogorov-Smirnov)",
    .reach = window_reach,
    .scan = scan,
};
