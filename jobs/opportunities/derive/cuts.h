/* Cuts: the cohorts of a number. Quantiles of a sample cut its range; a number that takes few
 * values is not cut, each value is a cohort.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_CUTS_H
#define LODE_JOBS_OPPORTUNITIES_CUTS_H

#include "common/expr/graph.h"

enum { CUTS_MOST_BINS = 250 };

struct cuts {
    bool are_values; /* cohort i is the value at[i], cohort n all others; else cohort i is
                        at[i - 1] <= x < at[i], open at both ends */
    int64_t n;
    double *at; /* [n] ascending */
};

/* From a sample, without NaN, which is sorted. At most `bins` (2..CUTS_MOST_BINS) different values:
 * those. Else cut j of bins - 1 is the value with j / bins of the sample below it; equal ones are
 * one, and one that is the least value is the next larger value, so that a heap of zeros is a
 * cohort. At most `bins` values and cuts. LODE_E_MEMORY. */
LODE_CHECKED lode_status cuts_make(double *values, int64_t n, int64_t bins,
                                   struct lode_arena *arena, struct cuts *cuts);

/* Cohorts are n + 1: below the first cut, ..., or the values and all others. */
int64_t cuts_cohort(const struct cuts *cuts, double value);

/* Names of the n + 1 cohorts: "<1.5", "1.5..3", ">=3"; of values "1", "other". Durations with their
 * unit ("250ms", "1.5m", "30d"), times as ISO 8601 in UTC. */
LODE_CHECKED lode_status cuts_names(const struct cuts *cuts, enum expr_unit unit,
                                    struct lode_arena *arena, char ***names);

#endif
