/* Trend: does the counter rise or fall all along the window?
 *
 *     D = z^2,  z = (|S| - 1) / sqrt(V)
 *
 * S is Kendall's: the pairs of slots of the window that rise minus those that fall; V its variance
 * where there is no trend, with the correction for equal values (common/stats/trend.h tests one
 * series so). It is the test whose inverse is the Theil-Sen slope. Not least squares: one wild slot
 * would make a slope of its own, a straight line has an infinite t, and sums that slide would not
 * keep their bits. S and the correction are whole numbers, so a slot that leaves and one that comes
 * change them exactly.
 *
 * No time of change: a trend has none. Cost O(W) a slot.
 * Source: H. Mann, Econometrica 13, 245-259 (1945); M. Kendall, Rank Correlation Methods (1975),
 * section 4.7; P. Sen, J. American Statistical Association 63, 1379-1389 (1968).
 */
#include <stdlib.h>

#include "jobs/hierarchy/detectors/window.h"

/* Of the slots that are in the window. */
struct kendall {
    int64_t s;
    int64_t ties; /* sum over groups of t equal values of t (t - 1) (2 t + 5) */
};

static int64_t tie_term(int64_t t)
{
    return t * (t - 1) * (2 * t + 5);
}

/* A value among others [n]: how many more are above it than below, and how many are equal. */
static int64_t rank_of(double value, const double *others, int64_t n, int64_t *equal)
{
    int64_t above = 0, below = 0;
    for (int64_t k = 0; k < n; k++) {
        above += others[k] > value;
        below += others[k] < value;
    }
    *equal = n - above - below;
    return above - below;
}

/* x[0] comes; the [n] values before it are in the window. */
static void kendall_add(struct kendall *kendall, const double *x, int64_t n)
{
    int64_t equal;
    kendall->s -= rank_of(x[0], x - n, n, &equal);
    kendall->ties += tie_term(equal + 1) - tie_term(equal);
}

/* x[0] goes; the [n] values behind it stay. */
static void kendall_remove(struct kendall *kendall, const double *x, int64_t n)
{
    int64_t equal;
    kendall->s -= rank_of(x[0], x + 1, n, &equal);
    kendall->ties -= tie_term(equal + 1) - tie_term(equal);
}

static double distance_of(const struct kendall *kendall, int64_t window)
{
    const double s = (double)llabs(kendall->s);
    const double variance =
        (double)(window * (window - 1) * (2 * window + 5) - kendall->ties) / 18.0;
    return s > 1.0 ? (s - 1.0) * (s - 1.0) / variance : 0.0;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const int64_t window = settings->window;
    struct kendall kendall = {0};
    (void)arena;
    window_clear(n, distance, since);
    for (int64_t i = 0; i < n; i++) {
        if (i >= window) kendall_remove(&kendall, values + i - window, window - 1);
        kendall_add(&kendall, values + i, i < window ? i : window - 1);
        if (i >= window - 1) distance[i] = distance_of(&kendall, window);
    }
    return LODE_OK;
}

const struct detector_kind trend_detector = {
    .name = "trend",
    .summary = "the counter rises, or falls, all along the window",
    .reach = window_reach,
    .scan = scan,
};
