/* Gram: covariances of series, and what they say without a single regression.
 *
 * Everything that grouping asks of the scores of p detectors over n slots, their Lasso on each
 * other, needs no more than their p x p covariances: one pass over the data, whatever follows.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_GRAM_H
#define LODE_JOBS_HIERARCHY_GROUPING_GRAM_H

#include "common/memory.h"

#include <stdint.h>

struct lode_task;

/* gram[i * p + j] = sum over slots of (x_i - mean_i)(x_j - mean_j) / n for first <= i < end and
 * j >= i; nothing else is written, so ranges can be given to threads. A pair's sum is added slot by
 * slot within tiles of 256 slots, then tile by tile: the same bits on any processor, for any range.
 * Scratch of 2 KiB a series from the arena, given back. LODE_E_MEMORY. */
LODE_CHECKED lode_status gram_rows(const double *const *series, const double *means, int64_t p,
                                   int64_t n, int64_t first, int64_t end, struct lode_arena *arena,
                                   double *gram);

/* Fills what lies below the diagonal. */
void gram_mirror(double *gram, int64_t p);

/* The three above, all rows.
 *
 *   series   [p] of [n] finite values each; not changed
 *   task     whose lease is renewed meanwhile; NULL: none
 *   means    [p] out
 *   gram     [p x p] out, full and symmetric
 *
 * LODE_E_NUMERIC (a value is not finite, naming the series), LODE_E_MEMORY; with a task
 * LODE_E_STOPPED. Cost p^2 n / 2. */
LODE_CHECKED lode_status gram_of_series(const double *const *series, int64_t p, int64_t n,
                                        struct lode_task *task, struct lode_arena *arena,
                                        double *means, double *gram);

/* Gram matrices of resampled slots, for bootstraps, in one pass over the series. */
struct gram_resampling {
    int64_t first;          /* replicates first .. first + replicates - 1 are made */
    int64_t replicates;     /* >= 1 */
    int64_t block_length;   /* slots, >= 1: what stays together; the last block may be shorter */
    uint64_t seed;          /* replicate r draws by (seed, r) */
    struct lode_task *task; /* whose lease is renewed meanwhile; NULL: none */
};

/* A replicate is as many blocks as the series have, drawn with replacement.
 *
 *   grams    [replicates] of [p x p] out, as gram_of_series of the resampled series
 *
 * LODE_E_MEMORY; with a task LODE_E_STOPPED. Cost as gram_of_series, plus p^2 / 2 for every block
 * and replicate. */
LODE_CHECKED lode_status gram_resample(const double *const *series, int64_t p, int64_t n,
                                       const struct gram_resampling *resampling,
                                       struct lode_arena *arena, double **grams);

/* Mean squared error of each series' least squares fit on all others.
 *
 * 1 / (G^-1)_ii, from one factorisation for all, with the series that explain most first. Series
 * that depend on those before them (less than 1e-13 of their variance left) are set aside, so a
 * singular matrix is as good as another: a series that the others give exactly has error 0, and so
 * has a constant one.
 *
 *   gram     [p x p] full; not changed
 *   error    [p] out
 *
 * LODE_E_MEMORY. Cost p^3 / 3. */
LODE_CHECKED lode_status gram_least_errors(const double *gram, int64_t p, struct lode_arena *arena,
                                           double *error);

#endif
