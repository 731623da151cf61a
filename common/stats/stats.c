/* Statistics: false discovery rate, intervals, Welch's test, robust outliers, ordered sums.
 *
 * (Fisher's test has a file of its own: fisher.c.)
 *
 * Benjamini-Hochberg meets millions of p with few distinct values (most patterns are rare, and
 * equal counts give equal p), so equal values are counted in a hash table first and only the
 * distinct ones are sorted; the order of the table never reaches the result.
 */
#include "common/stats/stats.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUM_BLOCK = 256, FIRST_SLOTS = 1024, NO_GROUP = UINT32_MAX };

static const double no_value = (double)NAN;

/* Equal values of p. */
struct group {
    double p;
    int64_t count;
    uint32_t id; /* in order of first use */
};

struct grouping {
    struct group *groups;
    uint32_t n_groups, capacity;
    uint32_t *slots; /* [n_slots], open addressing; a group or NO_GROUP */
    uint64_t n_slots;
};

static uint64_t slot_of(const struct grouping *g, double p)
{
    uint64_t bits;
    memcpy(&bits, &p, sizeof bits);
    bits ^= bits >> 32; /* round values have their bits at the top only */
    uint64_t at = (bits * 0x9e3779b97f4a7c15u) >> 32 & (g->n_slots - 1);
    while (g->slots[at] != NO_GROUP && g->groups[g->slots[at]].p != p) /* exact: equal values */
        at = (at + 1) & (g->n_slots - 1);
    return at;
}

/* Twice the room; what was taken before stays in the arena, which adds up to as much again. */
static lode_status grow(struct grouping *g, struct lode_arena *arena)
{
    const uint64_t n_slots = g->n_slots ? 2 * g->n_slots : FIRST_SLOTS;
    struct group *groups;
    uint32_t *slots;
    lode_try(lode_take(arena, n_slots / 2, &groups));
    lode_try(lode_take(arena, n_slots, &slots));
    memset(slots, 0xff, n_slots * sizeof *slots);
    if (g->n_groups > 0) memcpy(groups, g->groups, g->n_groups * sizeof *groups);
    g->groups = groups;
    g->slots = slots;
    g->n_slots = n_slots;
    g->capacity = (uint32_t)(n_slots / 2);
    for (uint32_t i = 0; i < g->n_groups; i++) slots[slot_of(g, groups[i].p)] = i;
    return LODE_OK;
}

/* Groups of equal p, and of_p[i], the group of each; returns through n_tests how many are no NaN.
 * weights NULL: each 1. */
static lode_status group_equal(const double *p, const int64_t *weights, int64_t n,
                               struct lode_arena *arena, struct grouping *g, uint32_t *of_p,
                               int64_t *n_tests)
{
    *n_tests = 0;
    for (int64_t i = 0; i < n; i++) {
        of_p[i] = NO_GROUP;
        if (isnan(p[i])) continue;
        if (g->n_groups == g->capacity) lode_try(grow(g, arena));
        const double value = p[i] + 0.0; /* -0 becomes 0: one bit pattern a value */
        const uint64_t slot = slot_of(g, value);
        if (g->slots[slot] == NO_GROUP) {
            g->groups[g->n_groups] = (struct group){.p = value, .id = g->n_groups};
            g->slots[slot] = g->n_groups++;
        }
        of_p[i] = g->slots[slot];
        const int64_t weight = weights != NULL ? weights[i] : 1;
        g->groups[of_p[i]].count += weight;
        *n_tests += weight;
    }
    return LODE_OK;
}

static int compare_groups(const void *left, const void *right)
{
    const double a = ((const struct group *)left)->p, b = ((const struct group *)right)->p;
    return (a > b) - (a < b);
}

lode_status lode_benjamini_hochberg(const double *p, int64_t n, struct lode_arena *arena, double *q)
{
    return lode_benjamini_hochberg_weighted(p, NULL, n, arena, q);
}

lode_status lode_benjamini_hochberg_weighted(const double *p, const int64_t *weights, int64_t n,
                                             struct lode_arena *arena, double *q)
{
    if (n >= NO_GROUP)
        return lode_fail(LODE_E_MEMORY, "%lld tests, at most %u fit", (long long)n, NO_GROUP - 1);
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct grouping g = {0};
    uint32_t *of_p;
    double *q_of;
    int64_t n_tests;
    lode_try(lode_take(arena, n, &of_p));
    lode_try(group_equal(p, weights, n, arena, &g, of_p, &n_tests));
    lode_try(lode_take(arena, g.n_groups, &q_of));
    if (g.n_groups > 0) qsort(g.groups, g.n_groups, sizeof *g.groups, compare_groups);
    double least = 1.0;
    int64_t rank = n_tests; /* the largest rank among equal values */
    for (uint32_t i = g.n_groups; i-- > 0;) {
        const struct group *group = &g.groups[i];
        least = fmin(least, group->p * (double)n_tests / (double)rank);
        q_of[group->id] = least;
        rank -= group->count;
    }
    for (int64_t i = 0; i < n; i++) q[i] = of_p[i] == NO_GROUP ? no_value : q_of[of_p[i]];
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* Wilson's score interval of a/n for the normal quantile z. */
static void wilson(double a, double n, double z, double *low, double *high)
{
    const double middle = 2.0 * a + z * z;
    const double half = z * sqrt(z * z + 4.0 * a * (1.0 - a / n));
    const double scale = 2.0 * (n + z * z);
    *low = a > 0.0 ? (middle - half) / scale : 0.0;
    *high = a < n ? (middle + half) / scale : 1.0;
}

/* R. Newcombe, Statistics in Medicine 17, 873-890 (1998), method 10. */
void lode_rate_difference_interval(int64_t a, int64_t n, int64_t b, int64_t m, double level,
                                   double *low, double *high)
{
    const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * level);
    const double first = (double)a / (double)n, second = (double)b / (double)m;
    double low1, high1, low2, high2;
    wilson((double)a, (double)n, z, &low1, &high1);
    wilson((double)b, (double)m, z, &low2, &high2);
    *low = first - second - hypot(first - low1, high2 - second);
    *high = first - second + hypot(high1 - first, second - low2);
}

/* Variance of a sample; rounding may leave a constant one a little below 0. */
static double sample_variance(double n, double sum, double squares)
{
    return fmax(0.0, (squares - sum * (sum / n)) / (n - 1.0));
}

double lode_welch_p(int64_t n1, double sum1, double squares1, int64_t n2, double sum2,
                    double squares2)
{
    if (n1 < 2 || n2 < 2) return no_value;
    const double count1 = (double)n1, count2 = (double)n2;
    const double error1 = sample_variance(count1, sum1, squares1) / count1;
    const double error2 = sample_variance(count2, sum2, squares2) / count2;
    const double error = error1 + error2;
    if (!(error > 0.0)) return no_value;
    const double t = (sum1 / count1 - sum2 / count2) / sqrt(error);
    const double freedom =
        error * error / (error1 * error1 / (count1 - 1.0) + error2 * error2 / (count2 - 1.0));
    return fmin(1.0, 2.0 * gsl_cdf_tdist_Q(fabs(t), freedom));
}

static void swap(double *x, double *y)
{
    const double kept = *x;
    *x = *y;
    *y = kept;
}

/* Reorders x so that x[k] is the k-th smallest and all before it are no larger (Hoare). Stopping
 * at equal values on both sides keeps many ties from making it quadratic. */
static double select_kth(double *x, int64_t n, int64_t k)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (x[middle] < x[low]) swap(&x[middle], &x[low]);
        if (x[high] < x[low]) swap(&x[high], &x[low]);
        if (x[high] < x[middle]) swap(&x[high], &x[middle]);
        const double pivot = x[middle];
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i <= j) swap(&x[i++], &x[j--]);
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break; /* between both: equal to the pivot */
    }
    return x[k];
}

double lode_median(double *x, int64_t n)
{
    const double upper = select_kth(x, n, n / 2);
    if (n % 2 == 1) return upper;
    double lower = x[0];
    for (int64_t i = 1; i < n / 2; i++) lower = fmax(lower, x[i]);
    return 0.5 * lower + 0.5 * upper; /* the sum of both could overflow */
}

lode_status lode_robust_z(const double *x, int64_t n, struct lode_arena *arena, double *z)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *siblings;
    int64_t count = 0;
    lode_try(lode_take(arena, n, &siblings));
    for (int64_t i = 0; i < n; i++)
        if (!isnan(x[i])) siblings[count++] = x[i];
    double median = 0.0, spread = 0.0;
    if (count > 0) {
        median = lode_median(siblings, count);
        for (int64_t i = 0; i < count; i++) siblings[i] = fabs(siblings[i] - median);
        spread = 1.4826 * lode_median(siblings, count);
    }
    for (int64_t i = 0; i < n; i++) z[i] = spread > 0.0 ? (x[i] - median) / spread : no_value;
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

double lode_sum(const double *x, int64_t n)
{
    if (n <= SUM_BLOCK) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++) sum += x[i];
        return sum;
    }
    const int64_t left = (n / SUM_BLOCK + 1) / 2 * SUM_BLOCK; /* cut on a block's edge */
    return lode_sum(x, left) + lode_sum(x + left, n - left);
}
