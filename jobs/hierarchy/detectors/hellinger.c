/* Hellinger: how far apart are the distributions of the two sides of a split of the window?
 *
 * Three ways to scan: all splits by Poisson (splits.c, the default, exact and pruned), one split
 * for all windows by any family (sums over ranges, then one loop), all splits by another family
 * (each window afresh). Series are cut into chunks that stay in the cache; no bit depends on that.
 */
#include <float.h>
#include <math.h>

#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/natural_log.h"
#include "jobs/hierarchy/detectors/range_sums.h"
#include "jobs/hierarchy/detectors/splits.h"
#include "jobs/hierarchy/detectors/window.h"

enum { CHUNK = 8192 };

/* A spread of 0.003 % is none: variances of logarithms below are rounding (ln x is below 1,000). */
static const double least_log_variance = 1e-9;

static bool is_of_logarithms(enum detector_family family)
{
    return family == DETECTOR_LOGNORMAL || family == DETECTOR_PARETO;
}

static bool has_squares(enum detector_family family)
{
    return family == DETECTOR_LOGNORMAL || family == DETECTOR_GAUSSIAN;
}

static inline double limited(double x, double least, double most)
{
    const double raised = x > least ? x : least;
    return raised < most ? raised : most;
}

/* Values as the family takes them. For families of logarithms: ln x, and DBL_MAX where x <= 0. */
static void prepare(enum detector_family family, const double *values, int64_t n, double *x)
{
    if (is_of_logarithms(family)) {
        for (int64_t i = 0; i < n; i++) {
            const double log = natural_log(limited(values[i], DBL_MIN, FAMILY_LARGEST));
            x[i] = values[i] > 0.0 ? log : DBL_MAX;
        }
        return;
    }
    const double least = family == DETECTOR_GAUSSIAN ? -FAMILY_LARGEST : 0.0;
    for (int64_t i = 0; i < n; i++) x[i] = limited(values[i], least, FAMILY_LARGEST);
}

/* --- one split for all windows --- */

/* Sides of all windows of a chunk; each array [slots of the largest chunk]. */
struct pair {
    int64_t lengths[2];
    double *x, *low, *scratch; /* scratch: 4 such arrays */
    double *sums[2], *squares[2];
    double *work[2]; /* of logarithms: values, marks of values <= 0 */
};

static lode_status make_pair(const struct detector_settings *settings, int64_t n,
                             struct lode_arena *arena, struct pair *pair)
{
    const int64_t right = settings->splits == DETECTOR_SPLITS_EDGE
                              ? settings->edge
                              : settings->window - settings->window / 2;
    *pair = (struct pair){.lengths = {settings->window - right, right}};
    lode_try(lode_take(arena, n, &pair->x));
    lode_try(lode_take(arena, n, &pair->low));
    lode_try(lode_take(arena, 4 * n, &pair->scratch));
    for (int side = 0; side < 2; side++) {
        lode_try(lode_take(arena, n, &pair->sums[side]));
        lode_try(lode_take(arena, n, &pair->squares[side]));
        lode_try(lode_take(arena, n, &pair->work[side]));
    }
    return LODE_OK;
}

/* Means, and for the lognormal variances, of one side's logarithms, in `sums` and `squares` of the
 * side; for Pareto less low. Values <= 0 are low, which may be DBL_MAX: a window without others. */
static void side_of_logarithms(enum detector_family family, const struct pair *pair, int64_t n,
                               int side, int64_t begin, int64_t n_windows)
{
    const int64_t length = pair->lengths[side];
    double *sums = pair->sums[side], *squares = pair->squares[side];
    double *logs = pair->work[0], *marks = pair->work[1];
    const double *x = pair->x + begin;
    for (int64_t i = 0; i < n - begin; i++) logs[i] = x[i] < DBL_MAX ? x[i] : 0.0;
    range_sums(logs, n - begin, length, pair->scratch, sums);
    for (int64_t i = 0; i < n - begin; i++) logs[i] *= logs[i];
    range_sums(logs, n - begin, length, pair->scratch, squares);
    for (int64_t i = 0; i < n - begin; i++) logs[i] = x[i] < DBL_MAX ? 0.0 : 1.0;
    range_sums(logs, n - begin, length, pair->scratch, marks);
    const double count = (double)length;
    for (int64_t i = 0; i < n_windows; i++) {
        const double low = pair->low[i] < DBL_MAX ? pair->low[i] : 0.0;
        const double mean = (sums[i] + marks[i] * low) / count;
        const double over = mean - low > 64.0 * DBL_EPSILON * fabs(mean) ? mean - low : 0.0;
        sums[i] = family == DETECTOR_PARETO ? over : mean;
        squares[i] =
            fmax(least_log_variance, (squares[i] + marks[i] * low * low) / count - mean * mean);
    }
}

static void scan_logarithms(enum detector_family family, const struct pair *pair, int64_t n,
                            int64_t n_windows, double *distance)
{
    range_minima(pair->x, n, pair->lengths[0] + pair->lengths[1], pair->scratch, pair->low);
    side_of_logarithms(family, pair, n, 0, 0, n_windows);
    side_of_logarithms(family, pair, n, 1, pair->lengths[0], n_windows);
    const struct family_sides sides = {.n = n_windows,
                                       .sum = {pair->sums[0], pair->sums[1]},
                                       .square = {pair->squares[0], pair->squares[1]},
                                       .inverse = {1.0, 1.0}};
    family_distances(family, &sides, distance);
}

/* Sums, and for the gaussian squared deviations, of all ranges as long as a side. */
static void side_of_values(enum detector_family family, const struct pair *pair, int64_t n,
                           int side)
{
    if (has_squares(family))
        range_moments(pair->x, n, pair->lengths[side], pair->scratch, pair->sums[side],
                      pair->squares[side]);
    else
        range_sums(pair->x, n, pair->lengths[side], pair->scratch, pair->sums[side]);
}

static void scan_values(enum detector_family family, const struct pair *pair, int64_t n,
                        int64_t n_windows, double *distance)
{
    const int right = pair->lengths[0] != pair->lengths[1]; /* equal: the same sums, later on */
    const int64_t begin = pair->lengths[0];
    side_of_values(family, pair, n, 0);
    if (right) side_of_values(family, pair, n, 1);
    const struct family_sides sides = {
        .n = n_windows,
        .sum = {pair->sums[0], pair->sums[right] + begin},
        .square = {pair->squares[0], pair->squares[right] + begin},
        .inverse = {1.0 / (double)pair->lengths[0], 1.0 / (double)pair->lengths[1]}};
    family_distances(family, &sides, distance);
}

static lode_status scan_one_split(const struct detector_settings *settings, const double *values,
                                  int64_t n, struct lode_arena *arena, double *distance,
                                  int32_t *split)
{
    const int64_t window = settings->window, n_windows = n - window + 1;
    const int64_t most = window > CHUNK ? window : CHUNK, n_chunks = (n_windows + most - 1) / most;
    const int64_t step = (n_windows + n_chunks - 1) / n_chunks;
    struct pair pair;
    lode_try(make_pair(settings, step + window - 1, arena, &pair));
    for (int64_t from = 0; from < n_windows; from += step) {
        const int64_t count = n_windows - from < step ? n_windows - from : step;
        prepare(settings->family, values + from, count + window - 1, pair.x);
        if (is_of_logarithms(settings->family))
            scan_logarithms(settings->family, &pair, count + window - 1, count, distance + from);
        else
            scan_values(settings->family, &pair, count + window - 1, count, distance + from);
    }
    for (int64_t i = 0; split && i < n_windows; i++)
        split[i] = distance[i] > 0.0 ? (int32_t)pair.lengths[0] : 0;
    return LODE_OK;
}

/* --- all splits of a window --- */

/* Sides of all splits of one window; arrays [W + 1], those of sides by the slots before the split.
 */
struct window {
    int64_t n;
    double *x, *sums[2], *squares[2], *distance;
};

static lode_status make_window(int64_t n, struct lode_arena *arena, struct window *window)
{
    window->n = n;
    lode_try(lode_take(arena, n + 1, &window->x));
    lode_try(lode_take(arena, n + 1, &window->distance));
    for (int side = 0; side < 2; side++) {
        lode_try(lode_take(arena, n + 1, &window->sums[side]));
        lode_try(lode_take(arena, n + 1, &window->squares[side]));
    }
    return LODE_OK;
}

/* The window's values less what is returned: the mean (families with squares; so that nothing
 * cancels), low (Pareto), 0. */
static double centre_window(enum detector_family family, const double *prepared,
                            struct window *window)
{
    double low = DBL_MAX, mean = 0.0;
    for (int64_t i = 0; i < window->n; i++) low = fmin(low, prepared[i]);
    for (int64_t i = 0; i < window->n; i++) {
        const bool is_low = is_of_logarithms(family) && prepared[i] >= DBL_MAX;
        window->x[i] = !is_low ? prepared[i] : low < DBL_MAX ? low : 0.0;
        mean += window->x[i] / (double)window->n;
    }
    const double centre = has_squares(family)         ? mean
                          : family == DETECTOR_PARETO ? fmin(low, window->x[0])
                                                      : 0.0;
    for (int64_t i = 0; i < window->n; i++) window->x[i] -= centre;
    return centre;
}

/* Means and variances of one side of each split: the first s slots, or those from s on. */
static void fill_side(enum detector_family family, const struct window *window, int side,
                      double centre)
{
    const double least = family == DETECTOR_LOGNORMAL ? least_log_variance : 0.0;
    const double shift = has_squares(family) ? centre : 0.0;
    double sum = 0.0, square = 0.0;
    for (int64_t count = 1; count < window->n; count++) {
        const double x = window->x[side == 0 ? count - 1 : window->n - count];
        const int64_t s = side == 0 ? count : window->n - count;
        sum += x;
        square += x * x;
        const double mean = sum / (double)count;
        window->sums[side][s] = shift + mean;
        window->squares[side][s] = fmax(least, square / (double)count - mean * mean);
    }
}

static lode_status scan_all_splits(const struct detector_settings *settings, const double *values,
                                   int64_t n, struct lode_arena *arena, double *distance,
                                   int32_t *split)
{
    struct window window;
    double *x;
    lode_try(make_window(settings->window, arena, &window));
    lode_try(lode_take(arena, n, &x));
    prepare(settings->family, values, n, x);
    const int64_t m = settings->least_side;
    const struct family_sides sides = {.n = settings->window - 2 * m + 1,
                                       .sum = {window.sums[0] + m, window.sums[1] + m},
                                       .square = {window.squares[0] + m, window.squares[1] + m},
                                       .inverse = {1.0, 1.0}};
    for (int64_t i = 0; i <= n - window.n; i++) {
        const double centre = centre_window(settings->family, x + i, &window);
        fill_side(settings->family, &window, 0, centre);
        fill_side(settings->family, &window, 1, centre);
        family_distances(settings->family, &sides, window.distance);
        int64_t best = 0;
        for (int64_t s = 1; s < sides.n; s++)
            if (window.distance[s] > window.distance[best]) best = s;
        distance[i] = window.distance[best];
        if (split) split[i] = distance[i] > 0.0 ? (int32_t)(best + m) : 0;
    }
    return LODE_OK;
}

static lode_status scan_poisson_splits(const struct detector_settings *settings,
                                       const double *values, int64_t n, struct lode_arena *arena,
                                       double *distance, int32_t *split)
{
    double *x;
    lode_try(lode_take(arena, n, &x));
    prepare(DETECTOR_POISSON, values, n, x);
    return splits_scan(x, n, settings->window, settings->least_side, arena, distance, split);
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const int64_t window = settings->window, before = n < window - 1 ? n : window - 1;
    const bool is_max = settings->splits == DETECTOR_SPLITS_MAX;
    if (window < 2 || window > DETECTOR_LONGEST_WINDOW || settings->family >= DETECTOR_AUTO ||
        (is_max && (settings->least_side < 1 || 2 * settings->least_side > window)) ||
        (settings->splits == DETECTOR_SPLITS_EDGE &&
         (settings->edge < 1 || settings->edge >= window)))
        return lode_fail(LODE_E_BUG, "hellinger: window %lld, side %lld, edge %lld, family %d",
                         (long long)window, (long long)settings->least_side,
                         (long long)settings->edge, (int)settings->family);
    window_clear(before, distance, since);
    if (n < window) return LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const lode_status status = (!is_max                                ? scan_one_split
                                : settings->family == DETECTOR_POISSON ? scan_poisson_splits
                                                                       : scan_all_splits)(
        settings, values, n, arena, distance + before, since ? since + before : NULL);
    lode_arena_rewind(arena, mark);
    return status;
}

const struct detector_kind hellinger_detector = {
    .name = "hellinger",
    .summary = "the two sides of a split of the window have different distributions",
    .reach = window_reach,
    .scan = scan,
};
