/* Moments: what the classifier of a group (model/one_class.h) is learned from, stretch by stretch.
 *
 * The second moments S of the members' votes are about 0 and not about their means: a vote of 0 is
 * a slot in which nothing moves, and that is what D is the distance from. They are shrunk towards
 * their diagonal, S* = (1 - l) S + l diag(S), since a small group can be singular (two counters
 * that are copies) and its moments rest on few events. l is that of least expected error (Ledoit
 * and Wolf), from the fourth moments: on correlations r,
 *
 *     l = sum over i < j of var(r_ij) / sum over i < j of r_ij^2,
 *     var(r_ij) = (mean(x_i^2 x_j^2) / (s_ii s_jj) - r_ij^2) / m
 *
 * but in 0.01 .. 1. m counts windows and not slots: the scores of slots within one
 * window look at the same samples.
 *
 * Source: Schaefer and Strimmer, Stat. Appl. Genet. Mol. Biol. 4(1):32, 2005, target D.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_MOMENTS_H
#define LODE_JOBS_HIERARCHY_TRAINING_MOMENTS_H

#include "common/memory.h"

#include <stdint.h>

enum {
    MOMENTS_BLOCK = 256,   /* slots that are added up together: a tile of gram_rows */
    MOMENTS_SCRATCH = 2560 /* bytes a series while a block is added; those of 8 besides */
};

struct moments {
    struct lode_arena *arena;
    int64_t p, n;            /* members; slots so far */
    double *second, *fourth; /* [p x p] sums of x_i x_j and x_i^2 x_j^2, from the diagonal on */
    /* scratch */
    double *zeros, *block; /* [p], [p x p] */
    double **squares;      /* [p][MOMENTS_BLOCK] */
};

/* Everything is the arena's, and scratch later on too. LODE_E_MEMORY. */
LODE_CHECKED lode_status moments_begin(int64_t p, struct lode_arena *arena,
                                       struct moments *moments);

/* Adds slots [first, first + n) of the series [p]; n is MOMENTS_BLOCK, and less in the last call
 * alone: then the bits do not depend on which slots lie together. LODE_E_MEMORY. */
LODE_CHECKED lode_status moments_add(struct moments *moments, double *const *series, int64_t first,
                                     int64_t n);

/* The factor of the classifier, F [one_class_size(p)]: the inverse of the Cholesky factor of S*. In
 * it the column of a member that is 0 in all slots is 0. The sums are used up. `windows`: m, at
 * least 1. Cost p^3 / 3. LODE_E_MEMORY. */
LODE_CHECKED lode_status moments_factor(struct moments *moments, double windows, double *factor);

#endif
