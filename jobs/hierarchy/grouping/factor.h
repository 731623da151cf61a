/* Factor: the Cholesky factorisation of the part of a Gram matrix that belongs to the series chosen
 * so far, kept while series are added and dropped.
 *
 * Series have positions: the first k, in order of choice, are the active ones A; the others follow.
 * With G the Gram matrix in the order of positions, rows of `lower` are columns of L:
 *
 *     G_ij = sum over m < k of lower[m][i] lower[m][j]    for all i, j of which one is active
 *
 * so that what the active series leave of all others is known whenever the next one is to be
 * chosen; and rows of `inverse` are those of L^-1 of the active part: (G_AA)^-1 = inverse' inverse.
 * Adding costs (n - k) k + k^2 / 2, dropping position j (k - j)(n - j) times a few.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_FACTOR_H
#define LODE_JOBS_HIERARCHY_GROUPING_FACTOR_H

#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

/* Of its square sum that a series must have left to count as not dependent: far above the rounding
 * of a Gram matrix of doubles (1e-15), far below what data can mean. */
#define FACTOR_LEAST_SHARE 1e-13

struct factor {
    const double *gram; /* [p x p] full */
    int64_t p;
    int64_t n;        /* positions: p, or p - 1 */
    int64_t n_active; /* k */
    int32_t *order;   /* [n] series of each position */
    double **lower;   /* [k] of [n], zero before position m */
    double **inverse; /* [k] of [n], zero after position m */
    /* scratch */
    struct lode_arena *arena; /* rows are taken when they are first needed, and kept */
    int64_t n_rows;
    double *column; /* [n] */
};

/* Borrows gram and the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status factor_create(const double *gram, int64_t p, struct lode_arena *arena,
                                       struct factor *factor);

/* Starts anew: none active, all series in their order but `without` (-1: all). */
void factor_begin(struct factor *factor, int64_t without);

/* Exchanges two positions that are not active. */
void factor_swap(struct factor *factor, int64_t a, int64_t b);

/* Makes the series at position n_active active. *added is false, and nothing has changed, when the
 * active ones leave no more than FACTOR_LEAST_SHARE: it depends on them. LODE_E_MEMORY. */
LODE_CHECKED lode_status factor_add(struct factor *factor, bool *added);

/* Drops the active series at position j: those after it move one down, and it becomes the first
 * that is not active. Vectors L^-1 x turn with the rows: `carried` [2] of [n_active]; on return the
 * first n_active - 1 of each belong to the new rows, and the last to row n_active - 1, the part
 * that is gone, which may be read until the next call. */
void factor_drop(struct factor *factor, int64_t j, double *const *carried);

#endif
