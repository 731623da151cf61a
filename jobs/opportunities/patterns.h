/* Patterns: in how many sessions of each outcome does every event pattern (n-gram) occur?
 *
 * A pattern is k consecutive tokens of one session; a session counts once however often it holds
 * the pattern. Tokens are event names after the map M and the filter F of the paper (section 5.1).
 * A session's outcome over a group of KPIs is its class: mixed radix over the KPIs, digit 0 normal,
 * 1 faulty, 2 no value (only for KPIs that have sessions without a value).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_PATTERNS_H
#define LODE_JOBS_OPPORTUNITIES_PATTERNS_H

#include "jobs/job.h"

struct derivation;

enum { PATTERN_MAX_K = 8, PATTERN_MAX_CLASSES = 8, PATTERN_MAX_KPIS = 3 };

/* One thing to count: all sessions, or the cohorts of one attribute, under one group of KPIs. */
struct pattern_plan {
    int64_t attribute;              /* index into store->attributes; -1: all sessions, one cohort */
    int64_t n_cohorts;              /* 1 for all sessions */
    const uint32_t *cohort_of;      /* [words of the attribute] cohort, or LODE_NO_CODE: left out */
    int n_kpis;                     /* 1..PATTERN_MAX_KPIS */
    int64_t kpis[PATTERN_MAX_KPIS]; /* indices into store->kpis, all binary */
    /* [n_cohorts x n_kpis] A pattern of two and more events that has fewer faulty sessions, for
     * every KPI, is of no use: it may be left out. UINT64_MAX: the KPI is not searched there. */
    const uint64_t *least_faulty;
    int first_k, last_k;
};

/* Patterns that were left out, as table `summary` counts them for one KPI. */
struct patterns_left_out {
    int64_t distinct; /* patterns that a session with a value of the KPI has */
    int64_t pairs;    /* of such a session and a pattern */
};

/* Counts of one plan and one k. key = (cohort * V + token_1) * V + token_2 ... (base V = tokens).
 */
struct pattern_counts {
    int k;
    int n_classes;
    int64_t n_patterns;
    const uint64_t *keys;                     /* [n_patterns], ascending */
    const uint32_t *counts;                   /* [n_patterns x n_classes] sessions */
    int64_t occurrences[PATTERN_MAX_CLASSES]; /* positions, repeats included, per class */
    struct patterns_left_out left_out[PATTERN_MAX_KPIS]; /* per KPI of a plan over all sessions */
};

struct pattern_tokens {
    int64_t n_tokens;         /* V */
    char *const *tokens;      /* [V], sorted as bytes */
    const uint32_t *token_of; /* [event names] token, or LODE_NO_CODE: ignored; NULL: identity */
};

/* Number of classes of a group of KPIs; the digit of KPI `position` (0..n_kpis-1) in a class. */
int pattern_classes(const struct lode_store *store, const struct pattern_plan *plan);
int pattern_digit(const struct lode_store *store, const struct pattern_plan *plan, int class_index,
                  int position);

/* Counts all plans in one pass over each partition. The coordinator sums what the partitions have
 * (leaf "opportunities.patterns"); where that may be more than `sum_limit` bytes, workers do, each
 * a range of keys ("opportunities.pattern_pieces", "opportunities.pattern_sums"), and patterns of
 * no use are left out before they come here.
 * `derivation` says what of the store is derived; NULL: nothing. counts[i] is the caller's array of
 * last_k - first_k + 1 entries for plan i; its arrays live in run->arena. LODE_E_USAGE, before any
 * task starts, when n_cohorts * V^k needs more than 61 bits, or there are more than 2^32 - 1
 * sessions. */
LODE_CHECKED lode_status patterns_count(struct lode_run *run, const struct derivation *derivation,
                                        const struct pattern_tokens *tokens,
                                        const struct pattern_plan *plans, int64_t n_plans,
                                        uint64_t sum_limit, struct pattern_counts *const *counts);
lode_status patterns_leaf(struct lode_task *task);
lode_status pattern_pieces_leaf(struct lode_task *task);
lode_status pattern_sums_leaf(struct lode_task *task);

#endif
