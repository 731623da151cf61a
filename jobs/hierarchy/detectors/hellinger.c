/* Hellinger: how far apart are the distributions of the two sides of a split of the window? */
#include "jobs/hierarchy/detectors/detector.h"

#include "common/stats/change.h"

static int64_t reach(const struct detector_settings *settings)
{
    return settings->window - 1;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct lode_hellinger_rule rule = {(enum lode_hellinger_splits)settings->splits,
                                             settings->window, settings->least_side,
                                             settings->edge};
    double *cut, *scratch;
    lode_try(lode_take(arena, n, &cut));
    lode_try(lode_take(arena, lode_hellinger_scratch(&rule), &scratch));
    for (int64_t i = 0; i < n; i++) cut[i] = values[i] > 0.0 ? values[i] : 0.0;
    lode_hellinger_scan(cut, n, &rule, scratch, distance, since);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind hellinger_detector = {
    .name = "hellinger",
    .summary = "the level of the window's two sides differs",
    .reach = reach,
    .scan = scan,
};
