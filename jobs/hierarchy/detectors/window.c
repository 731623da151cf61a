/* Window: see the header. */
#include "jobs/hierarchy/detectors/window.h"

#include <string.h>

int64_t window_reach(const struct detector_settings *settings)
{
    return settings->window - 1;
}

void window_clear(int64_t n, double *distance, int32_t *since)
{
    memset(distance, 0, (size_t)n * sizeof *distance);
    if (since) memset(since, 0, (size_t)n * sizeof *since);
}

int64_t window_newer(const struct detector_settings *settings)
{
    return settings->window / 2;
}

lode_status window_scan_halves(const struct window_halves *halves, const double *values, int64_t n,
                               struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t length = halves->settings->window, newer = window_newer(halves->settings);
    struct sorted_window older;
    double *memory;
    window_clear(n, distance, since);
    if (n < length) return LODE_OK;
    lode_try(lode_take(arena, length - newer, &memory));
    sorted_window_init(&older, values, length - newer, memory);
    for (int64_t i = length - 1; i < n; i++) {
        int64_t slots;
        if (i >= length) sorted_window_slide(&older, values[i - length], values[i - newer]);
        distance[i] = halves->distance_of(halves->context, &older, values + i, &slots);
        if (since && slots > 0) since[i] = (int32_t)(length - slots);
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
