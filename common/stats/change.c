/* Change: the best split of one series, and what chance makes of it. */
#include "common/stats/change.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/* Sums over a range of slots. */
struct side {
    double count, sum, squares;
};

static void add_slot(struct side *side, const struct lode_change_series *series, int64_t i)
{
    side->count += series->counts[i];
    side->sum += series->sums[i];
    if (series->squares) side->squares += series->squares[i];
}

/* E of two levels; `variance` of the numeric KPI's values around both. */
static double e_of(bool is_rate, double before, double after, double variance)
{
    if (!is_rate) return (before - after) * (before - after) / (8.0 * variance);
    const double angle = asin(sqrt(fmin(1.0, before))) - asin(sqrt(fmin(1.0, after)));
    return -log(fmax(DBL_MIN, cos(angle))); /* rates 0 and 1 share nothing */
}

/* Variance of a numeric KPI's values around the levels of their side; of all values where one side
 * is empty. */
static double value_variance(const struct side *left, const struct side *right)
{
    const double count = left->count + right->count;
    const double rest_left = left->count > 0.0 ? left->sum * (left->sum / left->count) : 0.0;
    const double rest_right = right->count > 0.0 ? right->sum * (right->sum / right->count) : 0.0;
    return fmax(0.0, left->squares + right->squares - rest_left - rest_right) / count;
}

static double half_harmonic(double a, double b)
{
    return a * b / (a + b);
}

/* Squared difference of two levels in units of what sessions alone would do: mean 1. */
static double squared_gap(const struct side *all, bool is_rate, double before, double after,
                          double weight)
{
    const double rate = all->sum / all->count;
    const double variance = is_rate ? rate * (1.0 - rate) : value_variance(all, &(struct side){0});
    return variance > 0.0 ? weight * (before - after) * (before - after) / variance : 0.0;
}

/* Rice's estimate: neighbours' differences, each with mean 1 where sessions alone differ. */
static double neighbour_dispersion(const struct lode_change_series *series, const struct side *all)
{
    double sum = 0.0, pairs = 0.0;
    int64_t before = -1;
    for (int64_t i = 0; i < series->n; i++) {
        if (!(series->counts[i] > 0.0)) continue;
        if (before >= 0) {
            const double weight = half_harmonic(series->counts[before], series->counts[i]);
            sum += squared_gap(all, !series->squares, series->sums[before] / series->counts[before],
                               series->sums[i] / series->counts[i], weight);
            pairs += 1.0;
        }
        before = i;
    }
    return pairs > 0.0 ? sum / pairs : 1.0;
}

/* Pearson's chi-square of the slots of first .. end - 1 around their own level, added to *sum. */
static int64_t add_pearson(const struct lode_change_series *series, int64_t first, int64_t end,
                           double *sum)
{
    struct side side = {0};
    int64_t slots = 0;
    for (int64_t i = first; i < end; i++) add_slot(&side, series, i);
    for (int64_t i = first; i < end; i++) {
        if (!(series->counts[i] > 0.0)) continue;
        *sum += squared_gap(&side, !series->squares, series->sums[i] / series->counts[i],
                            side.sum / side.count, series->counts[i]);
        slots++;
    }
    return slots;
}

static double dispersion_of(const struct lode_change_series *series, const struct side *all,
                            int64_t at)
{
    double pearson = 0.0;
    const int64_t slots =
        add_pearson(series, 0, at, &pearson) + add_pearson(series, at, series->n, &pearson);
    const double around = slots > 2 ? pearson / (double)(slots - 2) : 1.0;
    return fmax(1.0, fmax(around, neighbour_dispersion(series, all)));
}

double lode_change_p(double z, double low, double high)
{
    if (!(z > 1.0)) return 1.0;
    const double density = exp(-0.5 * z * z) / sqrt(2.0 * M_PI);
    const double range = log(high * (1.0 - low) / ((1.0 - high) * low));
    return fmin(1.0, density * (4.0 / z + (z - 1.0 / z) * range));
}

/* The best split before it is weighed: at, sides and E; *squared: its 8 h E; *low, *high: the share
 * of all sessions before the first and the last split. */
static struct lode_change best_of(const struct lode_change_series *series, const struct side *all,
                                  int64_t slots, int64_t least_side, double *squared, double *low,
                                  double *high)
{
    const bool is_rate = !series->squares;
    struct side left = {0};
    struct lode_change best = {.p = (double)NAN, .dispersion = 1.0};
    int64_t passed = 0;
    *squared = *low = *high = 0.0;
    for (int64_t i = 0; i < series->n; i++) {
        if (!(series->counts[i] > 0.0)) continue;
        if (passed >= least_side && slots - passed >= least_side) { /* a split before slot i */
            const struct side right = {all->count - left.count, all->sum - left.sum,
                                       all->squares - left.squares};
            const double before = left.sum / left.count, after = right.sum / right.count;
            const double variance = is_rate ? 1.0 : value_variance(&left, &right);
            const double e = variance > 0.0 ? e_of(is_rate, before, after, variance) : 0.0;
            const double gap = 8.0 * half_harmonic(left.count, right.count) * e;
            *high = left.count / all->count;
            if (*low <= 0.0) *low = *high;
            if (gap > *squared) {
                *squared = gap;
                best = (struct lode_change){
                    .is_judged = true, .at = i, .before = before, .after = after, .e = e};
            }
        }
        add_slot(&left, series, i);
        passed++;
    }
    return best;
}

void lode_change_find(const struct lode_change_series *series, int64_t least_side,
                      struct lode_change *change)
{
    struct side all = {0};
    int64_t slots = 0;
    double squared, low, high;
    for (int64_t i = 0; i < series->n; i++) {
        add_slot(&all, series, i);
        slots += series->counts[i] > 0.0;
    }
    struct lode_change made = best_of(series, &all, slots, least_side, &squared, &low, &high);
    if (made.is_judged) {
        made.dispersion = dispersion_of(series, &all, made.at);
        made.z = sqrt(squared / made.dispersion);
        made.p = lode_change_p(made.z, low, high);
    }
    *change = made;
}
