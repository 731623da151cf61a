/* Trends: experts trend and change, over every series with enough slots: table `trends`, and which
 * of its rows are findings.
 *
 *   trend   the KPI rises (a numeric one: or falls) over the whole time: Mann-Kendall, with the
 *           Theil-Sen line
 *   change  it is on another level from some time on (common/stats/change.h)
 *
 * All p of both experts are one family for Benjamini and Hochberg, apart from that of patterns and
 * cohorts: how many of those are tested says nothing about time.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXPERTS_TRENDS_H
#define LODE_JOBS_OPPORTUNITIES_EXPERTS_TRENDS_H

#include "jobs/opportunities/experts/series.h"

enum { TREND_CHANGE_SIDE = 5 }; /* slots on either side of a change, at least */

enum trend_expert { TREND_NONE, TREND_TREND, TREND_CHANGE };

/* What an expert says of a series. Relative to the level that it starts from: NaN where that is 0
 * or less. */
struct trend_answer {
    double p, q;            /* NaN: no test */
    double rise, low, high; /* relative, with its 95 % interval: by the line from the first slot
                             * that counts to the last over the mean; or by the jump */
    double misfit;          /* squared distance of slots to line, or levels, by sessions */
    double extra;           /* 0/1 KPI: faulty sessions above the level it starts from */
    double from, to;        /* rate or mean at the first and last slot; before and after */
    bool passes;            /* a finding, but for folding */
};

struct trend_row {
    int64_t series; /* index into series_list.list */
    int64_t slots;  /* with enough sessions */
    int64_t first_slot, last_slot;
    double sessions, faulty, mean;       /* over those; faulty: 0/1 KPI */
    double slope, slope_low, slope_high; /* of the KPI a day */
    int64_t change_at;                   /* slot; -1: not judged */
    struct trend_answer trend, change;
    enum trend_expert expert; /* the one that fits better, of those that pass; TREND_NONE */
    int64_t lead;             /* row it is folded under; its own */
    int64_t folded;
};

struct trend_rows {
    int64_t n;
    struct trend_row *rows;            /* series that were tested, in their order */
    const struct series_list *series;  /* borrowed */
    const struct cohort_rows *cohorts; /* borrowed */
};

struct trend_options {
    bool trend, change;
    double least_sessions; /* of a slot that counts */
    double relative;       /* least rise of a finding */
    double max_q;
};

/* Tests all series, corrects, lets the experts choose and folds:
 *
 * - A series with the same counts as an earlier one of its KPI folds under that.
 * - A part (of all sessions, of a value, of the life cycle) folds under the whole where it does not
 *   rise by more: where the interval of its rise begins below the rise of the whole.
 * - A whole folds under its part with the least p where the rest, without it, is no finding any
 * more.
 *
 * A rising 0/1 KPI is a finding, a falling one is none. Cost O(n slots^2 log slots + found^2). */
LODE_CHECKED lode_status trends_make(const struct series_list *series,
                                     const struct cohort_rows *cohorts,
                                     const struct lode_store *store,
                                     const struct trend_options *options, struct lode_arena *arena,
                                     struct trend_rows *trends);

LODE_CHECKED lode_status trends_put(const struct trend_rows *trends,
                                    const struct opportunity_options *options,
                                    struct lode_arena *arena, struct lode_results *results);

/* The answer of the row's expert. */
static inline const struct trend_answer *trend_answer_of(const struct trend_row *row)
{
    return row->expert == TREND_CHANGE ? &row->change : &row->trend;
}

#endif
