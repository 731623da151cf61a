/* Spike: how far from the window's usual values are its newest slots, in units of its own noise?
 *
 *     D = sum over the newest r slots of ((x - m) / s)^2
 *
 * m is the median of the window's W slots, s = 1.4826 x median |x - m|; where more than half of the
 * slots are equal that is 0, and s = 1.2533 x mean |x - m|. Both factors make s the standard
 * deviation of normal noise, so D / 2 is how much less likely the newest slots are than m itself.
 * What is unusual is the distance from the median: a return to normal adds nothing.
 *
 * Time of change: the newest slot that is the farthest away. Cost O(W) a slot.
 * Source: B. Iglewicz and D. Hoaglin, How to Detect and Handle Outliers (1993), section 3 (the
 * modified z-score, and what stands for a MAD of 0).
 */
#include "jobs/hierarchy/detectors/window.h"

static const double deviation_of_mad = 1.482602218505602, deviation_of_mean = 1.2533141373155003;
static const double most = 1e300; /* of one slot: keeps D finite whatever the values */

/* s; 0: all values are equal. */
static double noise_of(const struct sorted_window *window, double median)
{
    const double mad = sorted_window_mad(window);
    double sum = 0.0;
    if (mad > 0.0) return deviation_of_mad * mad;
    for (int64_t k = 0; k < window->n; k++) {
        const double gap = window->sorted[k] - median;
        sum += gap < 0.0 ? -gap : gap;
    }
    return deviation_of_mean * (sum / (double)window->n);
}

/* D of the newest `edge` slots; *farthest: which of them. */
static double distance_of(const double *newest, int64_t edge, double median, double noise,
                          int64_t *farthest)
{
    double sum = 0.0, largest = 0.0;
    *farthest = 0;
    for (int64_t k = 0; k < edge; k++) {
        const double z = (newest[k] - median) / noise;
        const double squared = z * z < most ? z * z : most; /* also where it is not a number */
        if (squared > largest) {
            largest = squared;
            *farthest = k;
        }
        sum += squared;
    }
    return sum;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t length = settings->window, edge = settings->edge;
    struct sorted_window window;
    double *memory;
    window_clear(n, distance, since);
    if (n < length) return LODE_OK;
    lode_try(lode_take(arena, length, &memory));
    sorted_window_init(&window, values, length, memory);
    for (int64_t i = length - 1; i < n; i++) {
        if (i >= length) sorted_window_slide(&window, values[i - length], values[i]);
        const double median = sorted_window_median(&window), noise = noise_of(&window, median);
        int64_t farthest;
        if (!(noise > 0.0)) continue;
        distance[i] = distance_of(values + i - edge + 1, edge, median, noise, &farthest);
        if (since && distance[i] > 0.0) since[i] = (int32_t)(length - edge + farthest);
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind spike_detector = {
    .name = "spike",
    .summary = "the newest slots are far from the window's median, in units of its noise",
    .reach = window_reach,
    .scan = scan,
};
