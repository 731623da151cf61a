/* Table `summary`: what was counted altogether, one row per binary KPI and k, over the sessions
 * that have a value of the KPI and before any pattern was left out.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SUMMARY_TABLE_H
#define LODE_JOBS_OPPORTUNITIES_SUMMARY_TABLE_H

#include "common/store/table.h"
#include "jobs/opportunities/scenarios.h"

struct summary_rows {
    int64_t n;
    uint32_t *kpi; /* index into store->kpis */
    int64_t *k, *sessions, *users, *faulty, *normal;
    int64_t *events, *distinct_events; /* tokens: after map and ignore */
    int64_t *ngram_occurrences;        /* repeats in a session included */
    int64_t *distinct_ngrams;
    double *sample;               /* share of the sessions that were analysed */
    int64_t *session_ngram_pairs; /* a session counts once for each pattern it has */
};

LODE_CHECKED lode_status summary_rows_make(const struct scenarios *scenarios,
                                           const struct lode_store *store,
                                           const struct opportunity_options *options,
                                           int64_t n_tokens, struct lode_arena *arena,
                                           struct summary_rows *rows);
LODE_CHECKED lode_status summary_rows_put(const struct summary_rows *rows,
                                          const struct opportunity_options *options,
                                          struct lode_results *results);

#endif
