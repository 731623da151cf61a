/* MMD: do the newest slots differ from the rest of the window in any moment?
 *
 *     D = h max(0, A + B - 2 C),  h = r (W - r) / W
 *
 * the squared maximum mean discrepancy of the newest r slots and the n = W - r before them, with
 * the kernel k(x, y) = exp(-(x - y)^2 / (2 w^2)). A is the mean of k over all pairs of the newest,
 * C over all pairs of a newest and an older one; B over the floor(n / 2) older pairs that are
 * floor(n / 2) slots apart, which is unbiased too and takes n steps where all pairs take n^2. The
 * width w is the median of |x - y| over those older pairs (median heuristic); where it is 0, k is 1
 * for equal values and else 0: its limit.
 *
 * Time of change: where the newest r slots begin. Cost O(W r) a slot.
 * Source: A. Gretton et al., A Kernel Two-Sample Test, J. Machine Learning Research 13, 723-773
 * (2012), lemma 6 (unbiased terms), section 6 (linear time), section 8 (width).
 */
#include <math.h>

#include "common/stats/stats.h"
#include "jobs/hierarchy/detectors/natural_exp.h"
#include "jobs/hierarchy/detectors/window.h"

/* Sum of k over gaps x - y [n], which are changed. */
static double kernel_sum(double *gaps, int64_t n, double width)
{
    double sum = 0.0;
    if (!(width > 0.0)) {
        for (int64_t i = 0; i < n; i++) sum += gaps[i] == 0.0; /* equal values only: the limit */
        return sum;
    }
    for (int64_t i = 0; i < n; i++) {
        const double gap = gaps[i] / width;
        gaps[i] = natural_exp(-0.5 * gap * gap);
    }
    for (int64_t i = 0; i < n; i++) sum += gaps[i];
    return sum;
}

/* D of a window: n older values, then `edge` newest ones. `gaps` [n + edge]: scratch. */
static double distance_of(const double *older, int64_t n, int64_t edge, double *gaps)
{
    const double *newest = older + n;
    const int64_t apart = n / 2;
    double among_newest = 0.0, across = 0.0;
    for (int64_t i = 0; i < apart; i++) gaps[i] = fabs(older[i] - older[i + apart]);
    const double width = lode_median(gaps, apart);
    const double among_older = kernel_sum(gaps, apart, width); /* the median has reordered them */
    for (int64_t j = 0; j < edge; j++) {
        for (int64_t k = 0; k < j; k++) gaps[k] = newest[j] - newest[k];
        among_newest += kernel_sum(gaps, j, width);
        for (int64_t i = 0; i < n; i++) gaps[i] = newest[j] - older[i];
        across += kernel_sum(gaps, n, width);
    }
    const double squared = among_newest / (0.5 * (double)edge * (double)(edge - 1)) +
                           among_older / (double)apart - 2.0 * across / ((double)edge * (double)n);
    return squared > 0.0 ? squared * (double)edge * (double)n / (double)(edge + n) : 0.0;
}

static lode_status scan(const struct detector_settings *settings, const double *values, int64_t n,
                        struct lode_arena *arena, double *distance, int32_t *since)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t length = settings->window, edge = settings->edge, older = length - edge;
    double *gaps;
    if (edge < 2 || older < 2)
        return lode_fail(LODE_E_USAGE,
                         "detector 'mmd': %lld newest slots and %lld before them: it takes 2 of "
                         "each to see a spread",
                         (long long)edge, (long long)older);
    window_clear(n, distance, since);
    lode_try(lode_take(arena, length, &gaps));
    for (int64_t i = length - 1; i < n; i++) {
        distance[i] = distance_of(values + i - length + 1, older, edge, gaps);
        if (since && distance[i] > 0.0) since[i] = (int32_t)older;
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

const struct detector_kind mmd_detector = {
    .name = "mmd",
    .summary = "the newest slots have another distribution than the rest (kernel two-sample test)",
    .reach = window_reach,
    .scan = scan,
};
