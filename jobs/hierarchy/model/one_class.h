/* One class: how far the votes of a group's members lie from what training slots have, as one
 * number (combiner oneclass).
 *
 * The Gaussian one-class classifier: with x the votes of the members in a slot (vote.h) and S their
 * second moments over the training slots, shrunk (training/moments.h),
 *
 *     D = x' S^-1 x = |F x|^2,    S = L L', F = L^-1
 *
 * the squared Mahalanobis distance from a slot in which nothing moves (Hotelling's T^2 about 0):
 * members that move together count once, and one that leaves the company of the others for more.
 * E of the group is sigma / 2 x D, sigma as of a leaf. The model keeps F, so D is the square of a
 * length, never below 0, whatever F holds.
 *
 * D is split exactly: D = sum over i of x_i (S^-1 x)_i. A member that does not move has no part in
 * it; the part of one that moves as the others make expected may be below 0.
 *
 * A one-class support vector machine, the other way to such a function, would keep some share of
 * the training slots in the model, gives one number for all that is far from them, and no exact
 * split: so this one.
 *
 * Source: Tax, One-class classification, 2001, section 3.2.
 */
#ifndef LODE_JOBS_HIERARCHY_MODEL_ONE_CLASS_H
#define LODE_JOBS_HIERARCHY_MODEL_ONE_CLASS_H

#include <stdint.h>

/* Numbers of F lie in [-ONE_CLASS_MOST, ONE_CLASS_MOST]: squares of them times votes are finite. */
#define ONE_CLASS_MOST 1e100

/* Numbers of F of n members: row by row up to the diagonal. n < 2^31. */
static inline int64_t one_class_size(int64_t n)
{
    return n * (n + 1) / 2;
}

/* D of a slot: votes x [n], factor [one_class_size(n)]. Added in the order of the members. */
double one_class_distance(const double *factor, int64_t n, const double *x);

/* The share of D that each member has, shares [n] out; all 0 where D is 0. */
void one_class_shares(const double *factor, int64_t n, const double *x, double *shares);

#endif
