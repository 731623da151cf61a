/* Trend: does a series rise or fall over time, and how fast? Tests of ranks, so neither needs a
 * shape of noise, and one wild value moves neither.
 *
 * A value of NaN is a missing slot: it is left out, and the slots around it keep their distance.
 * Both tests take the values that are there as independent of each other.
 */
#ifndef LODE_COMMON_STATS_TREND_H
#define LODE_COMMON_STATS_TREND_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LODE_TREND_MOST = 4096,     /* slots of a series: both tests look at all pairs */
    LODE_TREND_MOST_EXACT = 20, /* values up to which p is exact where none are equal */
};

struct lode_mann_kendall {
    int64_t n;       /* values that are there */
    int64_t s;       /* pairs that rise - pairs that fall */
    double variance; /* of s where there is no trend, with the correction for equal values */
    double z;        /* (s - sign s) / sqrt(variance); 0 where variance is 0 */
    double p;        /* two-sided; NaN below 3 values, or where all are equal */
    bool is_exact;   /* p counts permutations (n <= LODE_TREND_MOST_EXACT, no two values equal) */
};

/* Mann-Kendall test of a series against no trend.
 *
 *   y      [n], n <= LODE_TREND_MOST, in order of time; NaN: missing
 *   arena  scratch of 8 n bytes, given back
 *
 * Fails with LODE_E_MEMORY. Cost O(n^2).
 * Source: Mann, Econometrica 13, 245-259 (1945); Kendall, Rank Correlation Methods (1975), section
 * 4.7 for ties and section 5 for the exact distribution.
 */
LODE_CHECKED lode_status lode_mann_kendall(const double *y, int64_t n, struct lode_arena *arena,
                                           struct lode_mann_kendall *result);

struct lode_theil_sen {
    double slope;     /* median slope of all pairs, in units of y a slot; NaN below 2 values */
    double intercept; /* median of y - slope x index: the line at slot 0 */
    double low, high; /* interval of the slope at the level asked for */
};

/* Theil-Sen line through a series, with the interval that inverts Kendall's test.
 *
 *   y      [n], n <= LODE_TREND_MOST, a slot each; NaN: missing
 *   level  of the interval, in (0, 1)
 *   arena  scratch of 4 n^2 + 8 n bytes, given back
 *
 * Fails with LODE_E_MEMORY. Cost O(n^2 log n).
 * Source: Sen, J. American Statistical Association 63, 1379-1389 (1968), section 6.
 */
LODE_CHECKED lode_status lode_theil_sen(const double *y, int64_t n, double level,
                                        struct lode_arena *arena, struct lode_theil_sen *result);

#endif
