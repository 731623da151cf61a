/* Range sums: sums, spreads and minima over ranges of slots whose bits depend on the range alone.
 *
 * Level k holds the sum of the 2^k slots from each slot on, made of two halves of level k - 1. A
 * range is the sum of its binary digits' levels, shortest first. So nothing is ever subtracted (a
 * difference of large sums leaves noise where a range is 0), errors grow with log2 of the length,
 * and a range adds up to the same bits wherever it lies in whatever array: the newest slots alone
 * give the scores that the whole series gave. Everything here is element-wise, hence vector code.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_RANGE_SUMS_H
#define LODE_JOBS_HIERARCHY_DETECTORS_RANGE_SUMS_H

#include <stdint.h>

/* Levels 0 .. levels - 1 of x [n]: level k at sums + k n, [n - 2^k + 1]. */
struct range_levels {
    int64_t n;
    int levels;
    double *sums;
};

/* Levels that ranges of up to `longest` slots need: 1 + floor(log2 longest). */
int range_level_count(int64_t longest);

/* Fills ranges->sums [levels x n], of which level 0, the values, is there already. */
void range_levels_build(const struct range_levels *ranges);

/* Sum of the `length` >= 1 slots from `begin` on. */
static inline double range_sum(const struct range_levels *ranges, int64_t begin, int64_t length)
{
    double sum = 0.0;
    while (length > 0) {
        const int k = __builtin_ctzll((unsigned long long)length);
        sum += ranges->sums[k * ranges->n + begin];
        begin += (int64_t)1 << k;
        length &= length - 1;
    }
    return sum;
}

/* The same for all ranges of one length, 1 <= length <= n: out[i] of the slots i .. i + length - 1,
 * i <= n - length. x [n] is not changed; out [n]; scratch: 2 n doubles. */
void range_sums(const double *x, int64_t n, int64_t length, double *scratch, double *out);

/* Sums, and sums of squared deviations from the range's own mean (Chan, Golub, LeVeque, Stanford
 * STAN-CS-79-773: two parts' are joined without cancellation). scratch: 4 n doubles. */
void range_moments(const double *x, int64_t n, int64_t length, double *scratch, double *sums,
                   double *squares);

/* Smallest value of each range. scratch: 2 n doubles. */
void range_minima(const double *x, int64_t n, int64_t length, double *scratch, double *out);

#endif
