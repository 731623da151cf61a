/* Statistics: exact tests, false discovery rate, intervals, robust outliers. */
#ifndef LODE_COMMON_STATS_H
#define LODE_COMMON_STATS_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

/* Fisher's exact test, two-sided, of many 2 x 2 tables that share their row totals:
 *
 *              with     without
 *     faulty    a     faulty_total - a
 *     normal    b     normal_total - b
 *
 * p = sum over all tables with the same margins that are no likelier than the one seen, with a
 * relative slack of 1e-7. Answers for small a + b are kept, so millions of tables cost little. */
struct lode_fisher;
LODE_CHECKED lode_status lode_fisher_create(int64_t faulty_total, int64_t normal_total,
                                            struct lode_fisher **fisher);
void lode_fisher_destroy(struct lode_fisher *fisher); /* takes NULL */
/* 0 <= a <= faulty_total, 0 <= b <= normal_total. Fails with LODE_E_MEMORY only. */
LODE_CHECKED lode_status lode_fisher_p(struct lode_fisher *fisher, int64_t a, int64_t b, double *p);

/* Benjamini-Hochberg: q[i] = min over j with p[j] >= p[i] of p[j] n / rank(j), at most 1. NaN in p
 * is no test: its q is NaN and it does not count. p and q may not overlap. */
LODE_CHECKED lode_status lode_benjamini_hochberg(const double *p, int64_t n,
                                                 struct lode_arena *arena, double *q);
/* The same where p[i] stands for weights[i] >= 1 tests of equal p: as if it were in the list so
 * many times. */
LODE_CHECKED lode_status lode_benjamini_hochberg_weighted(const double *p, const int64_t *weights,
                                                          int64_t n, struct lode_arena *arena,
                                                          double *q);

/* Interval of the difference of two rates a/n - b/m: Newcombe's hybrid score interval (method 10),
 * level in (0, 1). n, m >= 1. */
void lode_rate_difference_interval(int64_t a, int64_t n, int64_t b, int64_t m, double level,
                                   double *low, double *high);

/* Welch's unequal-variances t-test, two-sided, from counts, sums and sums of squares; NaN where a
 * side has fewer than 2 values or both variances are 0. */
double lode_welch_p(int64_t n1, double sum1, double squares1, int64_t n2, double sum2,
                    double squares2);

/* Median of n >= 1 values (mean of the two middle ones); reorders x. NaN is not allowed. */
double lode_median(double *x, int64_t n);
/* (x - median) / (1.4826 MAD) of each value among all of them; NaN where MAD = 0 or x is NaN (such
 * values are no siblings). */
LODE_CHECKED lode_status lode_robust_z(const double *x, int64_t n, struct lode_arena *arena,
                                       double *z);

/* Sum of x[0..n-1], added in blocks of 256, then in a balanced tree: the order depends on n alone.
 */
double lode_sum(const double *x, int64_t n);

#endif
