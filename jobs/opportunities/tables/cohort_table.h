/* Table `cohorts`: every KPI in every cohort (values of static attributes, life cycle) beside all
 * sessions and beside its siblings, with a test against the other sessions; and in the pairs of two
 * such cohorts (cohort_pairs.h) that add something to both. Table `pairs`: every pair tested.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_COHORT_TABLE_H
#define LODE_JOBS_OPPORTUNITIES_COHORT_TABLE_H

#include "common/store/table.h"
#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/opportunity_options.h"

struct cohort_row {
    int64_t kpi; /* index into store->kpis */
    bool is_binary;
    bool is_all; /* life cycle "all": every session, no cohort */
    bool is_pair;
    bool is_kept;      /* in the table, and may be a finding; false: a pair that adds nothing */
    int64_t attribute; /* index into the sets of cohort_counts, pairs behind the life cycle */
    int64_t value;     /* index into the set's values */
    int64_t users, sessions;
    int64_t faulty;            /* binary KPIs; else 0 */
    double kpi_mean, all_mean; /* share of faulty sessions, or mean; NaN without sessions */
    double difference;         /* kpi_mean - all_mean */
    double relative;           /* difference / all_mean; NaN where that is 0 */
    double z;               /* robust z among the attribute's listed values; NaN where MAD is 0 */
    double low, high;       /* 95 % interval of difference; NaN where there are no other sessions */
    double p;               /* against the other sessions, of a pair: see below; NaN: no test */
    double q;               /* filled by the caller */
    double parent_means[2]; /* of a pair: of all sessions of its first and of its second cohort */
};

struct cohort_rows {
    int64_t n;
    struct cohort_row *rows;
    const struct cohort_counts *counts; /* borrowed: names of attributes and values */
};

/* Rows by KPI and attribute in the store's order, then life cycle, then pairs; values in the order
 * of their set. Static values are listed from min_users users on (with a value of the KPI), the
 * life cycle whole, pairs from pair_min_users on: all of them, since all are tested.
 *
 *   p     binary: Fisher's exact test, cohort against all other sessions; numeric: Welch's t-test
 *         from sums. NaN for "all", for cohorts without sessions and those that hold every session.
 *         A pair is tested for what it adds: against the other sessions of its first cohort and of
 *         its second; p is the larger of the two. NaN for a pair that is all of a cohort of its
 * own. is_kept  of a pair: Benjamini-Hochberg over the pairs gives q <= max_q, and its mean lies
 * above those of both its cohorts, or below, by more than cohort_relative of them. (This q is not
 *         that of the row: patterns are counted inside kept pairs, before there is the whole
 * family.) low, high  the interval of cohort minus other sessions (binary: Newcombe; numeric:
 * normal, with both variances), times the share of the other sessions: the cohort is part of "all",
 * so difference = that share x (cohort - others).
 */
LODE_CHECKED lode_status cohort_rows_make(const struct cohort_counts *counts,
                                          const struct lode_store *store,
                                          const struct opportunity_options *options,
                                          struct lode_arena *arena, struct cohort_rows *rows);

LODE_CHECKED lode_status cohort_rows_put(const struct cohort_rows *rows,
                                         const struct opportunity_options *options,
                                         struct lode_arena *arena, struct lode_results *results);
LODE_CHECKED lode_status pair_rows_put(const struct cohort_rows *rows,
                                       const struct opportunity_options *options,
                                       struct lode_arena *arena, struct lode_results *results);

#endif
