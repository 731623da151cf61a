/* Trends: every series is tested (trend_test.c), the tests are corrected, the experts choose, and
 * what they found folds (trend_folding.c). */
#include "jobs/opportunities/experts/trends.h"

#include "common/stats/stats.h"
#include "jobs/opportunities/experts/trend_folding.h"
#include "jobs/opportunities/experts/trend_test.h"

static void choose(const struct trend_options *options, bool is_binary, struct trend_row *row)
{
    row->trend.passes = trend_passes(&row->trend, row->trend.q, is_binary, options);
    row->change.passes = trend_passes(&row->change, row->change.q, is_binary, options);
    const bool step_fits = row->change.misfit < row->trend.misfit;
    row->expert = row->trend.passes && !(row->change.passes && step_fits) ? TREND_TREND
                  : row->change.passes                                    ? TREND_CHANGE
                                                                          : TREND_NONE;
}

static lode_status correct(struct trend_rows *trends, struct lode_arena *arena)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *p, *q;
    lode_try(lode_take(arena, 2 * trends->n, &p));
    lode_try(lode_take(arena, 2 * trends->n, &q));
    for (int64_t i = 0; i < trends->n; i++) {
        p[2 * i] = trends->rows[i].trend.p;
        p[2 * i + 1] = trends->rows[i].change.p;
    }
    lode_try(lode_benjamini_hochberg(p, 2 * trends->n, arena, q));
    for (int64_t i = 0; i < trends->n; i++) {
        trends->rows[i].trend.q = q[2 * i];
        trends->rows[i].change.q = q[2 * i + 1];
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status trends_make(const struct series_list *series, const struct cohort_rows *cohorts,
                        const struct lode_store *store, const struct trend_options *options,
                        struct lode_arena *arena, struct trend_rows *trends)
{
    struct trend_rows made = {.series = series, .cohorts = cohorts};
    lode_try(lode_take(arena, series->n, &made.rows));
    for (int64_t i = 0; i < series->n; i++) {
        struct trend_row *row = &made.rows[made.n];
        lode_try(trend_test(&series->list[i], series, options, arena, row));
        row->series = i;
        if (row->slots >= SERIES_LEAST_SLOTS) made.n++;
    }
    lode_try(correct(&made, arena));
    for (int64_t i = 0; i < made.n; i++)
        choose(options, cohorts->rows[series->list[made.rows[i].series].row].is_binary,
               &made.rows[i]);
    lode_try(trend_folding(&made, store, options, arena));
    *trends = made;
    return LODE_OK;
}
