/* Vote: what a leaf's E counts for above it, where combiner = votes.
 *
 *     V = c ln(1 + E / c)
 *
 * V is E while E is small beside c, and grows by c whenever E grows e-fold beyond: a leaf at a
 * million times its usual change is heard, but does not drown the others. Same bits on any machine;
 * within some 1e-15 c of the formula.
 */
#ifndef LODE_JOBS_HIERARCHY_MODEL_VOTE_H
#define LODE_JOBS_HIERARCHY_MODEL_VOTE_H

#include "jobs/hierarchy/detectors/natural_log.h"

/* e >= 0 and finite, c > 0. */
static inline double vote_of(double e, double c)
{
    return c * natural_log(1.0 + e / c);
}

#endif
