/* Families: the distance of each in a loop without branches; the choice by likelihood. */
#include "jobs/hierarchy/detectors/families.h"

#include "jobs/hierarchy/detectors/clones.h"
#include "jobs/hierarchy/detectors/natural_log.h"

static const double least_share = 1e-3;

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

/* 2 ln((a + b) / (2 sqrt(a b))) = ln(1 + (a - b)^2 / (4 a b)) */
static inline double exponential(double a, double b)
{
    const double floor = least_share * (a + b);
    a = larger(a, floor);
    b = larger(b, floor);
    const double gap = a - b, excess = gap / a * (gap / b) * 0.25;
    return excess > FAMILY_ROUNDING ? natural_log(1.0 + excess) : 0.0;
}

/* The logarithm is ln(1 + (v - w)^2 / (4 v w)) / 2; one division makes both terms. */
static inline double gaussian(double a, double b, double v, double w)
{
    const double gap = (a - b) * (a - b), all = v + w + gap, floor = least_share * all;
    v = larger(v, floor);
    w = larger(w, floor);
    const double both = v + w, product = v * w, over = 0.25 / (product * both);
    const double turn = (v - w) * (v - w) * both * over, shift = 2.0 * gap * product * over;
    const double d = 0.5 * natural_log(1.0 + turn) + shift;
    const double certain = d < 1.0 ? d : 1.0;
    return certain * all > FAMILY_ROUNDING * (a * a + b * b + all) && over < DBL_MAX ? d : 0.0;
}

LODE_CLONES
static void poisson_distances(const struct family_sides *sides, double *restrict distance)
{
    const double *first = sides->sum[0], *second = sides->sum[1];
    const double f = sides->inverse[0], s = sides->inverse[1];
    for (int64_t i = 0; i < sides->n; i++)
        distance[i] = family_poisson(first[i] * f, second[i] * s);
}

LODE_CLONES
static void exponential_distances(const struct family_sides *sides, double *restrict distance)
{
    const double *first = sides->sum[0], *second = sides->sum[1];
    const double f = sides->inverse[0], s = sides->inverse[1];
    for (int64_t i = 0; i < sides->n; i++) distance[i] = exponential(first[i] * f, second[i] * s);
}

LODE_CLONES
static void gaussian_distances(const struct family_sides *sides, double *restrict distance)
{
    const double *first = sides->sum[0], *second = sides->sum[1];
    const double *v = sides->square[0], *w = sides->square[1];
    const double f = sides->inverse[0], s = sides->inverse[1];
    for (int64_t i = 0; i < sides->n; i++)
        distance[i] = gaussian(first[i] * f, second[i] * s, v[i] * f, w[i] * s);
}

void family_distances(enum detector_family family, const struct family_sides *sides,
                      double *restrict distance)
{
    if (family == DETECTOR_POISSON)
        poisson_distances(sides, distance);
    else if (family == DETECTOR_EXPONENTIAL || family == DETECTOR_PARETO)
        exponential_distances(sides, distance);
    else
        gaussian_distances(sides, distance);
}

/* --- which family fits? --- */

/* What the densities need of the values; of their logarithms only where all are positive. */
struct fit {
    int64_t n;
    double least, largest, mean, variance;
    double log_least, log_mean, log_variance;
    bool is_whole; /* whole numbers */
};

static double mean_of(const double *x, int64_t n, bool is_log, double from, bool is_squared)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double y = (is_log ? natural_log(larger(x[i], DBL_MIN)) : x[i]) - from;
        sum += (is_squared ? y * y : y) / (double)n;
    }
    return sum;
}

static struct fit fit_of(const double *x, int64_t n)
{
    struct fit fit = {.n = n, .least = x[0], .largest = x[0], .is_whole = true};
    for (int64_t i = 0; i < n; i++) {
        fit.least = x[i] < fit.least ? x[i] : fit.least;
        fit.largest = larger(x[i], fit.largest);
        fit.is_whole = fit.is_whole && floor(x[i]) >= x[i];
    }
    fit.mean = mean_of(x, n, false, 0.0, false);
    fit.variance = mean_of(x, n, false, fit.mean, true);
    if (fit.least > 0.0) {
        fit.log_least = natural_log(larger(fit.least, DBL_MIN));
        fit.log_mean = mean_of(x, n, true, 0.0, false);
        fit.log_variance = mean_of(x, n, true, fit.log_mean, true);
    }
    return fit;
}

/* ln x!, x whole: by Stirling's series from 8 on (error below 1e-9 there). */
static double log_factorial(double x)
{
    if (x < 2.0) return 0.0;
    if (x < 8.0) return natural_log(x) + log_factorial(x - 1.0);
    const double half_log_two_pi = 0.91893853320467274;
    return (x + 0.5) * natural_log(x) - x + half_log_two_pi +
           1.0 / (12.0 * x) * (1.0 - 1.0 / (30.0 * x * x));
}

static double normal_log_density(double x, double mean, double variance)
{
    const double half_log_two_pi = 0.91893853320467274;
    return -0.5 * (x - mean) * (x - mean) / variance - 0.5 * natural_log(variance) -
           half_log_two_pi;
}

/* Logarithm of the density (Poisson: probability) of one value. */
static double log_density(enum detector_family family, const struct fit *fit, double x)
{
    const double log_x = fit->least > 0.0 ? natural_log(larger(x, DBL_MIN)) : 0.0;
    switch (family) {
    case DETECTOR_POISSON:
        return x * natural_log(fit->mean) - fit->mean - log_factorial(x);
    case DETECTOR_EXPONENTIAL:
        return -x / fit->mean - natural_log(fit->mean);
    case DETECTOR_LOGNORMAL:
        return normal_log_density(log_x, fit->log_mean, fit->log_variance) - log_x;
    case DETECTOR_PARETO: {
        const double over = fit->log_mean - fit->log_least; /* 1 / shape */
        return -natural_log(over) - (log_x - fit->log_least) / over - log_x;
    }
    default:
        return normal_log_density(x, fit->mean, fit->variance);
    }
}

static bool is_possible(enum detector_family family, const struct fit *fit)
{
    if (family == DETECTOR_POISSON) return fit->is_whole && fit->least >= 0.0;
    if (family == DETECTOR_EXPONENTIAL) return fit->least >= 0.0;
    if (family == DETECTOR_GAUSSIAN) return true;
    return fit->least > 0.0 && fit->log_variance > DBL_MIN &&
           fit->log_mean - fit->log_least > DBL_MIN;
}

enum detector_family detector_choose_family(const double *values, int64_t n)
{
    if (n == 0) return DETECTOR_POISSON;
    const struct fit fit = fit_of(values, n);
    if (!(fit.variance > DBL_MIN && fit.variance < DBL_MAX)) /* constant, or no numbers to trust */
        return fit.least >= 0.0 ? DETECTOR_POISSON : DETECTOR_GAUSSIAN;
    enum detector_family best = DETECTOR_GAUSSIAN;
    double most = -DBL_MAX;
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++) {
        if (!is_possible(family, &fit)) continue;
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++) {
            const double log = log_density(family, &fit, values[i]);
            /* whole numbers: what counts is the probability of a cell of width 1, at most 1 */
            sum += fit.is_whole && log > 0.0 ? 0.0 : log;
        }
        if (sum > most) {
            most = sum;
            best = family;
        }
    }
    return best;
}
