/* Change: the Hellinger detector over windows, and the test of one series.
 *
 * The detector's inner loop has no branch and no dependence from split to split: sums of the left
 * and right sides are made first, then all distances, then the largest. Sums are only ever added
 * up: a difference of large sums would leave noise where a side is 0, and the root of it is large.
 */
#include "common/stats/change.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const double saturated = 4.605170185988092; /* ln 100: a score of 0.99 */

int64_t lode_hellinger_scratch(const struct lode_hellinger_rule *rule)
{
    return rule->splits == LODE_HELLINGER_MAX ? 3 * (rule->window + 1) : rule->window;
}

/* D as zero where the means of the sides differ by no more than rounding: a constant counter is
 * dead, not one that moves by 1e-17. */
static double without_rounding(double distance, double sum, int64_t window)
{
    const double relative = 4.0 * (double)window * DBL_EPSILON;
    return distance > relative * relative * (sum / (double)window) ? distance : 0.0;
}

/* All splits of the window x[0..W-1]. left, right, inverse: [W + 1] each, inverse[s] = 1 / s. */
static double best_split(const double *restrict x, int64_t window, int64_t least_side,
                         double *restrict left, double *restrict right,
                         const double *restrict inverse, int32_t *split)
{
    const int64_t last = window - least_side;
    double sum = 0.0;
    for (int64_t s = window - 1; s >= least_side; s--) right[s] = sum += x[s];
    sum = 0.0;
    for (int64_t s = 1; s <= last; s++) left[s] = sum += x[s - 1];
    const double total = left[last] + right[last];
    for (int64_t s = least_side; s <= last; s++) {
        const double d = sqrt(left[s] * inverse[s]) - sqrt(right[s] * inverse[window - s]);
        left[s] = d * d;
    }
    int64_t best = least_side;
    for (int64_t s = least_side + 1; s <= last; s++)
        if (left[s] > left[best]) best = s;
    *split = (int32_t)best;
    return without_rounding(left[best], total, window);
}

static void scan_all_splits(const double *x, int64_t n, const struct lode_hellinger_rule *rule,
                            double *scratch, double *distance, int32_t *split)
{
    const int64_t window = rule->window;
    double *left = scratch, *right = left + window + 1, *inverse = right + window + 1;
    for (int64_t s = 1; s <= window; s++) inverse[s] = 1.0 / (double)s;
    for (int64_t i = window - 1; i < n; i++) {
        int32_t best;
        distance[i] =
            best_split(x + i - window + 1, window, rule->least_side, left, right, inverse, &best);
        if (split) split[i] = best;
    }
}

/* Sums of the last `length` values, without a subtraction: the values before the current block of
 * `length` are added up backwards once, those of the block as they come. */
struct sliding {
    int64_t length, place; /* place of the next value in its block */
    double *suffix;        /* [length] of the block before: sums from each place to its end */
    double prefix;         /* of the current block */
};

static void sliding_init(struct sliding *sliding, int64_t length, double *suffix)
{
    *sliding = (struct sliding){.length = length, .suffix = suffix};
    for (int64_t k = 0; k < length; k++) suffix[k] = 0.0;
}

/* `at` is the new value; those before it lie before it. */
static double sliding_add(struct sliding *sliding, const double *at)
{
    sliding->prefix += *at;
    sliding->place++;
    if (sliding->place < sliding->length) return sliding->prefix + sliding->suffix[sliding->place];
    const double sum = sliding->prefix;
    double suffix = 0.0;
    for (int64_t k = 0; k < sliding->length; k++)
        sliding->suffix[sliding->length - 1 - k] = suffix += at[-k];
    sliding->place = 0;
    sliding->prefix = 0.0;
    return sum;
}

/* One split for all windows: `right_length` slots against those before them. */
static void scan_one_split(const double *x, int64_t n, int64_t window, int64_t right_length,
                           double *scratch, double *distance, int32_t *split)
{
    const int64_t left_length = window - right_length;
    struct sliding left, right;
    sliding_init(&left, left_length, scratch);
    sliding_init(&right, right_length, scratch + left_length);
    for (int64_t i = 0; i < n; i++) {
        const double right_sum = sliding_add(&right, x + i);
        const double left_sum = i >= right_length ? sliding_add(&left, x + i - right_length) : 0.0;
        if (i < window - 1) continue;
        const double d =
            sqrt(left_sum / (double)left_length) - sqrt(right_sum / (double)right_length);
        distance[i] = without_rounding(d * d, left_sum + right_sum, window);
        if (split) split[i] = (int32_t)left_length;
    }
}

void lode_hellinger_scan(const double *x, int64_t n, const struct lode_hellinger_rule *rule,
                         double *scratch, double *distance, int32_t *split)
{
    const int64_t window = rule->window;
    assert(window >= 2 && window <= INT32_MAX);
    for (int64_t i = 0; i < n && i < window - 1; i++) {
        distance[i] = 0.0;
        if (split) split[i] = 0;
    }
    if (rule->splits == LODE_HELLINGER_MAX) {
        assert(rule->least_side >= 1 && 2 * rule->least_side <= window);
        scan_all_splits(x, n, rule, scratch, distance, split);
        return;
    }
    const bool is_edge = rule->splits == LODE_HELLINGER_EDGE;
    assert(!is_edge || (rule->edge >= 1 && rule->edge < window));
    scan_one_split(x, n, window, is_edge ? rule->edge : window - window / 2, scratch, distance,
                   split);
}

static int compare_falling(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

double lode_hellinger_sigma(double *distance, int64_t n, double share)
{
    if (n == 0) return 0.0;
    qsort(distance, (size_t)n, sizeof *distance, compare_falling);
    const int64_t k = (int64_t)floor(share * (double)n);
    const double of = k < n && distance[k] > 0.0 ? distance[k] : distance[0];
    return of > 0.0 ? 2.0 * saturated / of : 0.0;
}

double lode_hellinger_e(double sigma, double distance)
{
    return sigma / 2.0 * distance;
}

double lode_hellinger_score(double sigma, double distance)
{
    return -expm1(-lode_hellinger_e(sigma, distance));
}

/* --- the test of one series --- */

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
