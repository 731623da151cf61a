/* Cohorts: sessions and users per value of each static attribute and of the life cycle, and every
 * KPI's counts and sums in them. One pass over the sessions of each partition, no events read.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_COHORTS_H
#define LODE_JOBS_OPPORTUNITIES_COHORTS_H

#include "jobs/job.h"

struct derivation;

/* Sessions of one cohort that have a value of one KPI. */
struct cohort_cell {
    int64_t users; /* distinct users with such a session */
    int64_t sessions;
    int64_t faulty;          /* binary KPIs; else 0 */
    double sum, sum_squares; /* numeric KPIs; binary: the faulty count */
};

struct cohort_set {
    const char *attribute; /* name, or "lifecycle" */
    int64_t n_values;
    char *const *values;   /* in order of their bytes; of the life cycle: in that of their making */
    const uint32_t *codes; /* [n_values] of the values in the store; NULL: their places */
    struct cohort_cell *cells; /* [n_values x n_kpis] */
};

/* The code by which the store knows a value. */
static inline uint32_t cohort_code(const struct cohort_set *set, int64_t value)
{
    return set->codes ? set->codes[value] : (uint32_t)value;
}

struct cohort_counts {
    int64_t n_kpis;
    struct cohort_cell *all; /* [n_kpis] */
    int64_t n_sets;          /* attributes in the store's order, then "lifecycle" */
    struct cohort_set *sets;
};

struct cohort_options {
    int64_t n_kpis;
    const int64_t *kpis;                 /* [n_kpis] indices into store->kpis */
    const struct derivation *derivation; /* what of the store is derived; NULL: nothing */
    const bool *attribute_on; /* [store->n_attributes] derived ones that are counted; NULL: all */
    int64_t sparse_after_ms;  /* a gap between starts > this makes a user sparse */
    int64_t first_sessions;   /* session_index<=k is a new user; 1 and 2 are always counted */
};

/* Maps leaf "opportunities.cohorts" over all partitions. Results live in run->arena. */
LODE_CHECKED lode_status cohorts_count(struct lode_run *run, const struct cohort_options *options,
                                       struct cohort_counts *counts);
lode_status cohorts_leaf(struct lode_task *task);

#endif
