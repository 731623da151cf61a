/* Detectors: the list of all kinds, and what they share before and after the scan. */
#include "jobs/hierarchy/detectors/detector.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

extern const struct detector_kind hellinger_detector, spike_detector, burst_detector,
    trend_detector, lof_detector, ks_detector, mmd_detector, martingale_detector, shift_detector;

const struct detector_kind *const detector_kinds[] = {
    &hellinger_detector, &spike_detector, &burst_detector,      &trend_detector, &lof_detector,
    &ks_detector,        &mmd_detector,   &martingale_detector, &shift_detector, NULL,
};

const char *const detector_splits_names[] = {"max", "centre", "edge", NULL};
const char *const detector_family_names[] = {"poisson", "gaussian", "exponential", "lognormal",
                                             "pareto",  "auto",     NULL};

static const double saturated = 4.605170185988092; /* ln 100: a score of 0.99 */

int detector_kind_find(const char *name)
{
    for (int i = 0; detector_kinds[i]; i++)
        if (strcmp(detector_kinds[i]->name, name) == 0) return i;
    return -1;
}

bool detector_fill(double *values, int64_t n)
{
    int64_t first = 0;
    while (first < n && !isfinite(values[first])) first++;
    const double start = first < n ? values[first] : 0.0;
    for (int64_t i = 0; i < n && i < first; i++) values[i] = start;
    for (int64_t i = first + 1; i < n; i++)
        if (!isfinite(values[i])) values[i] = values[i - 1];
    return first < n;
}

static int compare_falling(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

double detector_sigma(double *distance, int64_t n, double share)
{
    if (n == 0) return 0.0;
    qsort(distance, (size_t)n, sizeof *distance, compare_falling);
    const int64_t k = (int64_t)floor(share * (double)n);
    const double of = k < n && distance[k] > 0.0 ? distance[k] : distance[0];
    return of > 0.0 ? 2.0 * saturated / of : 0.0;
}

double detector_e(double sigma, double distance)
{
    return sigma / 2.0 * distance;
}

double detector_score(double e)
{
    return -expm1(-e);
}
