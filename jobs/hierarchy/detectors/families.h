/* Families: how far apart are two distributions of one family, and which family fits a counter?
 *
 * D = -2 ln BC, BC the Bhattacharyya coefficient of the distributions fitted to the two sides of a
 * split: their squared Hellinger distance is 1 - exp(-D / 2). With means m, variances v, and low
 * the smallest positive value of the window:
 *
 *   Poisson      (sqrt m1 - sqrt m2)^2                                            values < 0 are 0
 *   exponential  2 ln((m1 + m2) / (2 sqrt(m1 m2)))                                values < 0 are 0
 *   gaussian     ln((v1 + v2) / (2 sqrt(v1 v2))) + (m1 - m2)^2 / (2 (v1 + v2))
 *   lognormal    gaussian of the logarithms of the values                      values <= 0 are low
 *   Pareto       exponential of ln(value / low)                                values <= 0 are low
 *
 * A fit to few slots is no certainty: a mean (exponential, Pareto) counts as at least a thousandth
 * of both means together, a variance as at least a thousandth of v1 + v2 + (m1 - m2)^2. So D is
 * finite where a side is constant. A D that rounding alone could make is 0. Values beyond
 * +-FAMILY_LARGEST count as that.
 * Sources: Bhattacharyya, Bull. Calcutta Math. Soc. 35, 99-109 (1943); the forms of each family are
 * in Kailath, IEEE Trans. Comm. 15, 52-60 (1967), or follow by integration.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_FAMILIES_H
#define LODE_JOBS_HIERARCHY_DETECTORS_FAMILIES_H

#include <float.h>
#include <math.h>

#include "jobs/hierarchy/detectors/detector.h"

/* Products of three variances stay finite (and of spreads over 1e-50 are not 0). */
#define FAMILY_LARGEST 1e50

/* Two sides of each of n splits. The mean of a side is sum x inverse, its variance square x
 * inverse, so that both sums and means can be given. For Pareto: of ln(value / low). */
struct family_sides {
    int64_t n;
    const double *sum[2];
    const double *square[2]; /* of deviations from the mean; gaussian and lognormal alone */
    double inverse[2];
};

/* D of each split; distance [n] out, no other array's memory. */
void family_distances(enum detector_family family, const struct family_sides *sides,
                      double *restrict distance);

/* Sums of up to 2^20 slots in a tree, then some more steps: far less is rounding. Squared. */
#define FAMILY_ROUNDING (64.0 * DBL_EPSILON * (64.0 * DBL_EPSILON))

/* D of one split by Poisson means. */
static inline double family_poisson(double mean, double other_mean)
{
    const double root = sqrt(mean) - sqrt(other_mean), d = root * root;
    return d > FAMILY_ROUNDING * (mean + other_mean) ? d : 0.0;
}

#endif
