/* Table `patterns`: every pattern of every scenario with its 2 x 2 table, rates, exact p value and
 * the verdict of expert pattern.
 *
 * Made for tens of millions of rows: columns are plain arrays of the run's arena, filled in
 * straight passes.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_PATTERN_TABLE_H
#define LODE_JOBS_OPPORTUNITIES_PATTERN_TABLE_H

#include "common/table.h"
#include "jobs/opportunities/scenarios.h"

/* Columns of table `patterns`, each [n] (tokens: [n x width], padded with UINT32_MAX). */
struct pattern_rows {
    int64_t n;
    int64_t width; /* longest pattern */
    uint32_t *kpi; /* index into store->kpis */
    uint32_t *cohort;
    uint8_t *k;
    uint32_t *tokens;
    uint32_t *faulty_with, *normal_with, *faulty_total, *normal_total;
    double *faulty_rate, *normal_rate; /* with / total; NaN where the total is 0 */
    double *ratio;                     /* faulty_rate / normal_rate; inf where that is 0 */
    double *p, *q;
    uint8_t *expert; /* expert pattern passes */
    int64_t
        *first_row; /* [scenarios + 1] rows of scenario s: first_row[s] .. first_row[s + 1] - 1 */
};

/* Rows in the order of the scenarios, inside each by k, then by tokens. A row is kept when
 * faulty_with >= min_support x faulty_total (exactly) and any session has it. p and q have room
 * for `n_more` further tests behind the rows' own, so that one correction covers all; q is not
 * filled here. Fails with LODE_E_MEMORY, or LODE_E_INPUT when a scenario has more than 2^32 - 1
 * sessions of one outcome. Cost: two passes over the counts. */
LODE_CHECKED lode_status pattern_rows_make(const struct scenarios *scenarios,
                                           const struct lode_store *store,
                                           const struct opportunity_options *options,
                                           const struct pattern_tokens *tokens, int64_t n_more,
                                           struct lode_arena *arena, struct pattern_rows *rows);

LODE_CHECKED lode_status pattern_rows_put(const struct pattern_rows *rows,
                                          const struct scenarios *scenarios,
                                          const struct opportunity_options *options,
                                          const struct pattern_tokens *tokens,
                                          struct lode_results *results);

#endif
