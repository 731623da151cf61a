/* Table `patterns`: every pattern of every scenario with its 2 x 2 table, rates, exact p value and
 * the verdict of expert pattern.
 *
 * Made for tens of millions of rows: a row in memory is its outcome's number alone; its tokens are
 * read from the key that patterns_count returned, where it still lies.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_PATTERN_TABLE_H
#define LODE_JOBS_OPPORTUNITIES_PATTERN_TABLE_H

#include "common/store/table.h"
#include "jobs/opportunities/tables/pattern_outcomes.h"

/* The rows of one scenario and one k. */
struct pattern_section {
    int64_t scenario; /* index into scenarios->list */
    int k;
    int64_t first_row, n_rows;
    int64_t first_outcome, n_outcomes;
    const uint64_t *keys; /* [n_rows] ascending; those of the counts when all of them make rows */
    uint64_t first_key;   /* key - first_key holds the tokens, base V */
};

struct pattern_rows {
    int64_t n;
    int64_t width;     /* longest pattern */
    int64_t n_tokens;  /* V */
    uint32_t *outcome; /* [n] numbered in order of first use */
    struct pattern_outcomes outcomes;
    int64_t n_sections;
    struct pattern_section *sections; /* in the order of the rows */
};

/* Rows in the order of the scenarios, inside each by k, then by tokens. A row is kept when
 * faulty_with >= min_support x faulty_total (exactly) and any session has it. q is not filled here.
 * Borrows the keys of scenarios->counts. Fails with LODE_E_MEMORY, or LODE_E_INPUT when a scenario
 * has more than 2^32 - 1 sessions of one outcome. Cost: two passes over the counts. */
LODE_CHECKED lode_status pattern_rows_make(const struct scenarios *scenarios,
                                           const struct lode_store *store,
                                           const struct opportunity_options *options,
                                           const struct pattern_tokens *tokens,
                                           struct lode_arena *arena, struct pattern_rows *rows);

/* The tokens of rows [first, first + count), [count x width], padded with UINT32_MAX. */
void pattern_rows_tokens(const struct pattern_rows *rows, int64_t first, int64_t count,
                         uint32_t *tokens);

LODE_CHECKED lode_status pattern_rows_put(const struct pattern_rows *rows,
                                          const struct scenarios *scenarios,
                                          const struct opportunity_options *options,
                                          const struct pattern_tokens *tokens,
                                          struct lode_results *results);

#endif
