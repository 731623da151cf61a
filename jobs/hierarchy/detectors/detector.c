/* Detectors: the list of all kinds, and what they share before and after the scan. */
#include "jobs/hierarchy/detectors/detector.h"

#include <math.h>
#include <stddef.h>
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
/* What makes sigma, E and sums of E finite, whatever the values are. No counter that means
 * something comes near: a D of 1e-200 is that of values around 1e-200, and E of 700 is a score
 * of 1. */
static const double least_distance = 1e-200, largest_e = 1e100;

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

/* Puts the value into the heap [n], whose root is its least, in place of that root. */
static void replace_least(double *heap, int64_t n, double value)
{
    int64_t at = 0;
    for (int64_t child = 1; child < n; child = 2 * at + 1) {
        if (child + 1 < n && heap[child + 1] < heap[child]) child++;
        if (value <= heap[child]) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/* The n-th largest of the values [count], 1 <= n <= count: a heap of the n largest so far, in their
 * front. Few are above the least of them, so that this is one pass where n is small. */
static double nth_largest(double *values, int64_t count, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        const double value = values[i];
        int64_t at = i;
        for (; at > 0 && value < values[(at - 1) / 2]; at = (at - 1) / 2)
            values[at] = values[(at - 1) / 2];
        values[at] = value;
    }
    for (int64_t i = n; i < count; i++)
        if (values[i] > values[0]) replace_least(values, n, values[i]);
    return values[0];
}

double detector_sigma(double *distance, int64_t n, double share)
{
    double largest = 0.0;
    if (n == 0) return 0.0;
    for (int64_t i = 0; i < n; i++)
        if (distance[i] > largest) largest = distance[i];
    const int64_t k = (int64_t)floor(share * (double)n);
    const double quantile = k < n ? nth_largest(distance, n, k + 1) : 0.0;
    const double of = quantile > least_distance ? quantile : largest;
    return of > least_distance ? 2.0 * saturated / of : 0.0;
}

double detector_e(double sigma, double distance)
{
    const double e = sigma / 2.0 * distance;
    return e < largest_e ? e : largest_e;
}

double detector_score(double e)
{
    return -expm1(-e);
}
