/* Trend: Mann-Kendall test and Theil-Sen line, both over all pairs of values. A series has some
 * dozens of slots, so the quadratic loops are the simplest that is fast enough.
 */
#include "common/stats/trend.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "common/stats/stats.h"

static const double no_value = (double)NAN;

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sum over groups of t equal values of t (t - 1) (2 t + 5). `sorted` [n]. */
static double tie_term(const double *sorted, int64_t n)
{
    double sum = 0.0;
    for (int64_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && sorted[end] == sorted[first];) end++; /* equal values */
        const double t = (double)(end - first);
        sum += t * (t - 1.0) * (2.0 * t + 5.0);
    }
    return sum;
}

static double variance_of_s(int64_t n, double ties)
{
    const double count = (double)n;
    return (count * (count - 1.0) * (2.0 * count + 5.0) - ties) / 18.0;
}

/* P(|S| >= |s|) over all orders of n different values. Of n values, n (n - 1) / 2 pairs, k of them
 * fall: S = pairs - 2 k. A value inserted last adds 0 .. n - 1 falling pairs, each as likely. */
static double exact_p(int64_t n, int64_t s)
{
    enum { PAIRS = LODE_TREND_MOST_EXACT * (LODE_TREND_MOST_EXACT - 1) / 2 };
    double p[PAIRS + 1] = {1.0}, next[PAIRS + 1];
    for (int64_t values = 2; values <= n; values++) {
        const int64_t pairs = values * (values - 1) / 2;
        for (int64_t k = 0; k <= pairs; k++) {
            next[k] = 0.0;
            for (int64_t added = 0; added < values && added <= k; added++) next[k] += p[k - added];
            next[k] /= (double)values;
        }
        for (int64_t k = 0; k <= pairs; k++) p[k] = next[k];
    }
    const int64_t pairs = n * (n - 1) / 2, most = (pairs - llabs(s)) / 2;
    double tail = 0.0;
    for (int64_t k = 0; k <= most; k++) tail += p[k];
    return fmin(1.0, 2.0 * tail); /* S is symmetric; S = 0 counts once, hence the bound */
}

lode_status lode_mann_kendall(const double *y, int64_t n, struct lode_arena *arena,
                              struct lode_mann_kendall *result)
{
    assert(n <= LODE_TREND_MOST);
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct lode_mann_kendall made = {.p = no_value};
    double *values = NULL;
    lode_try(lode_take(arena, n, &values));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(y[i])) values[made.n++] = y[i];
    for (int64_t i = 0; i < made.n; i++)
        for (int64_t j = i + 1; j < made.n; j++)
            made.s += (values[j] > values[i]) - (values[j] < values[i]);
    qsort(values, (size_t)made.n, sizeof *values, compare_doubles);
    const double ties = tie_term(values, made.n);
    made.variance = variance_of_s(made.n, ties);
    if (made.variance > 0.0)
        made.z = (double)(made.s - (made.s > 0) + (made.s < 0)) / sqrt(made.variance);
    if (made.n >= 3 && made.variance > 0.0) {
        made.is_exact = made.n <= LODE_TREND_MOST_EXACT && !(ties > 0.0);
        made.p = made.is_exact ? exact_p(made.n, made.s)
                               : fmin(1.0, 2.0 * gsl_cdf_ugaussian_Q(fabs(made.z)));
    }
    lode_arena_rewind(arena, mark);
    *result = made;
    return LODE_OK;
}

/* slopes of all pairs of values that are there; returns their number. */
static int64_t pair_slopes(const double *y, int64_t n, double *slopes)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++)
            if (!isnan(y[i]) && !isnan(y[j])) slopes[count++] = (y[j] - y[i]) / (double)(j - i);
    return count;
}

static int64_t clamp(double place, int64_t n)
{
    return place < 0.0 ? 0 : place > (double)(n - 1) ? n - 1 : (int64_t)place;
}

lode_status lode_theil_sen(const double *y, int64_t n, double level, struct lode_arena *arena,
                           struct lode_theil_sen *result)
{
    assert(n <= LODE_TREND_MOST);
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct lode_theil_sen made = {no_value, no_value, no_value, no_value};
    double *slopes = NULL, *values = NULL;
    int64_t n_values = 0;
    lode_try(lode_take(arena, n * (n > 0 ? n - 1 : 0) / 2, &slopes));
    lode_try(lode_take(arena, n, &values));
    const int64_t count = pair_slopes(y, n, slopes);
    for (int64_t i = 0; i < n; i++)
        if (!isnan(y[i])) values[n_values++] = y[i];
    if (count > 0) {
        qsort(slopes, (size_t)count, sizeof *slopes, compare_doubles);
        qsort(values, (size_t)n_values, sizeof *values, compare_doubles);
        const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * level);
        const double half = z * sqrt(variance_of_s(n_values, tie_term(values, n_values)));
        made.slope = 0.5 * (slopes[(count - 1) / 2] + slopes[count / 2]);
        made.low = slopes[clamp(nearbyint(((double)count - half) / 2.0) - 1.0, count)];
        made.high = slopes[clamp(nearbyint(((double)count + half) / 2.0), count)];
        n_values = 0;
        for (int64_t i = 0; i < n; i++)
            if (!isnan(y[i])) values[n_values++] = y[i] - made.slope * (double)i;
        made.intercept = lode_median(values, n_values);
    }
    lode_arena_rewind(arena, mark);
    *result = made;
    return LODE_OK;
}
