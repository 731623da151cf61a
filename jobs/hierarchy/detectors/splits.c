/* Splits: the best of all splits of every window, looking closely at few.
 *
 * Let P be the running sum of the slots, m their mean in the window, X(s) = P(s) - s m how far the
 * first s slots are ahead of their share, k = 1/s + 1/(W - s), d = 1/s - 1/(W - s). The means of
 * the sides are a = m + X / s and b = m - X / (W - s), so a - b = k X and a + b = 2 m + d X. From
 * (sqrt a + sqrt b)^2 = 2 (a + b) - D follows, without a root,
 *
 *     D (2 (a + b) - D) = (a - b)^2,   and for 0 <= B <= a + b:
 *     D >= B   if and only if   X (k^2 X - 2 B d) >= B (4 m - B)                               (1)
 *
 * First all splits of many windows, side by side: which has the largest (k X)^2, and how large is
 * the second? The D of the first is B. As |d X| <= |k X|, no other is as good if, with r^2 the
 * second,
 *
 *     r^2 < B (4 m - 2 r - B)                                                                  (2)
 *
 * which holds for most windows; the others test every split by (1). Only D that count are computed
 * by definition, from range sums whose bits depend on the window alone; so the answer is that of
 * all splits, though P is rounded: `slack` bounds the error of X, and with it the tests err on the
 * side of a closer look.
 */
#include "jobs/hierarchy/detectors/splits.h"

#include <float.h>
#include <math.h>

#include "jobs/hierarchy/detectors/clones.h"
#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/range_sums.h"

enum {
    CHUNK = 2048, /* windows whose running sums and levels are made together */
    GROUP = 128,  /* windows that are looked at side by side; their arrays stay in the cache */
    STEP = 4,     /* splits of each that are looked at together */
    RUN = 64      /* splits of one window that are tested at a time */
};

/* Constants of a window of W slots; arrays [W + STEP] by split s. */
struct shape {
    int64_t window, first, last; /* splits first .. last */
    double *inverse;             /* 1 / s */
    double *places;              /* s */
    double *k2, *d;              /* k^2 and as much as rounds, d; 0 beyond `last` */
    double k_most;               /* k at the first split */
};

/* A run of slots: windows of it are scanned one after the other. */
struct chunk {
    struct range_levels ranges; /* of its slots */
    double *running;            /* [n + 1 + STEP] P; as it ends, beyond */
    double slack;               /* bounds the error of any X, in the one direction */
    bool is_exact;              /* whole numbers: P has no error */
};

/* Of the windows of a group. */
struct group {
    _Alignas(64) double mean[GROUP];    /* vectors do not cross lines of the cache */
    double first[GROUP], second[GROUP]; /* (k X)^2 of the best two by it */
    double place[GROUP];                /* of the first; while splits are compared, of its four */
    double line[GROUP]; /* P if all slots were the mean, at the splits that come next */
    double left[GROUP], right[GROUP], best[GROUP]; /* means of the sides of the first, its D */
    double is_best[GROUP];                         /* 1: by (2) no other is as good */
};

/* A window while it is searched. */
struct search {
    const double *running; /* P from its first slot on */
    int64_t begin;         /* its first slot in the chunk */
    int64_t split;
    double mean, best, bound; /* bound: B, of `best` */
};

static lode_status make_shape(int64_t window, int64_t least_side, struct lode_arena *arena,
                              struct shape *shape)
{
    *shape = (struct shape){.window = window, .first = least_side, .last = window - least_side};
    lode_try(lode_take_zero(arena, window + STEP, &shape->inverse));
    lode_try(lode_take_zero(arena, window + STEP, &shape->places));
    lode_try(lode_take_zero(arena, window + STEP, &shape->k2));
    lode_try(lode_take_zero(arena, window + STEP, &shape->d));
    for (int64_t s = 1; s < window; s++) {
        const double first = 1.0 / (double)s, second = 1.0 / (double)(window - s);
        shape->inverse[s] = first;
        shape->places[s] = (double)s;
        if (s > shape->last) continue;
        shape->k2[s] = (first + second) * (first + second) * (1.0 + 1e-12);
        shape->d[s] = first - second;
    }
    shape->k_most = sqrt(shape->k2[least_side]) * (1.0 + 1e-12);
    return LODE_OK;
}

static void fill_chunk(struct chunk *chunk)
{
    const int64_t n = chunk->ranges.n;
    const double *x = chunk->ranges.sums;
    const double largest_exact = 9007199254740992.0; /* 2^53 */
    double sum = 0.0;
    bool is_whole = true;
    chunk->running[0] = 0.0;
    for (int64_t i = 0; i < n; i++) {
        chunk->running[i + 1] = sum += x[i];
        is_whole = is_whole && x[i] < largest_exact && (double)(int64_t)x[i] >= x[i];
    }
    for (int i = 1; i <= STEP; i++) chunk->running[n + i] = sum;
    chunk->is_exact = is_whole && sum < largest_exact;
    if (!chunk->is_exact) range_levels_build(&chunk->ranges);
    /* each of n additions rounds by at most sum x epsilon / 2; X adds a few roundings of its own */
    chunk->slack = (2.0 * (double)n + 64.0) * DBL_EPSILON * sum;
}

/* Means of the sides of a split of a window, by definition. Sums of whole numbers are the same in
 * any order. */
static inline void sides_of(const struct shape *shape, const struct chunk *chunk, int64_t begin,
                            int64_t s, double *left, double *right)
{
    const double *running = chunk->running + begin;
    *left = running[s] - running[0];
    *right = running[shape->window] - running[s];
    if (!chunk->is_exact) {
        *left = range_sum(&chunk->ranges, begin, s);
        *right = range_sum(&chunk->ranges, begin + s, shape->window - s);
    }
    *left *= shape->inverse[s];
    *right *= shape->inverse[shape->window - s];
}

/* B: less than D by what the roundings of the definition could make of the D of another; each root
 * is wrong by some 30 epsilon of sqrt(m W / s). */
static inline double bound_of(const struct shape *shape, double d, double mean)
{
    const double rounds = 1e-16 * (double)shape->window * shape->inverse[shape->first];
    const double bound = d * (1.0 - 1e-12) - rounds * mean;
    return bound > 0.0 ? bound : 0.0;
}

/* B (4 m - 2 r - B), or less: what rounds and the error of the mean. */
static inline double level_of(double bound, double mean, double slack, double r)
{
    return bound * (4.0 * (mean - slack) * (1.0 - 1e-12) - (2.0 * r + bound) * (1.0 + 1e-12));
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

/* The two largest (k X)^2 of the four splits from s on, joined to what the group has. Of splits as
 * good the first counts; `place` is that of the four, s. */
LODE_CLONES
static void compare_splits(const struct shape *shape, const double *running, int64_t s, int64_t n,
                           struct group *group)
{
    const double *restrict ends = running + s, *restrict mean = group->mean;
    double *restrict first = group->first, *restrict second = group->second;
    double *restrict place = group->place, *restrict line = group->line;
    const double k0 = shape->k2[s], k1 = shape->k2[s + 1], k2 = shape->k2[s + 2];
    const double k3 = shape->k2[s + 3], at = shape->places[s];
    for (int64_t i = 0; i < n; i++) {
        const double l0 = line[i], l1 = l0 + mean[i], l2 = l1 + mean[i], l3 = l2 + mean[i];
        const double x0 = ends[i] - l0, x1 = ends[i + 1] - l1;
        const double x2 = ends[i + 2] - l2, x3 = ends[i + 3] - l3;
        const double y0 = x0 * x0 * k0, y1 = x1 * x1 * k1, y2 = x2 * x2 * k2, y3 = x3 * x3 * k3;
        const double a = larger(y0, y1), b = larger(y2, y3), most = larger(a, b);
        const double less = larger(larger(smaller(y0, y1), smaller(y2, y3)), smaller(a, b));
        second[i] = larger(larger(second[i], less), smaller(first[i], most));
        place[i] = most > first[i] ? at : place[i];
        first[i] = larger(first[i], most);
        line[i] = l3 + mean[i];
    }
}

/* The left side of (1), or more: it is convex in X, so most where X is wrong by all the slack. */
static inline double most_of(const struct shape *shape, const struct search *search, double slack,
                             int64_t s)
{
    const double *running = search->running;
    const double x = running[s] - running[0] - shape->places[s] * search->mean;
    const double up = x + slack, down = x - slack, turn = 2.0 * search->bound * shape->d[s];
    const double a = up * (shape->k2[s] * up - turn), b = down * (shape->k2[s] * down - turn);
    return a > b ? a : b;
}

/* Splits from .. end - 1 that may reach B. */
LODE_CLONES
static int64_t count_splits(const struct shape *shape, const struct search *search, double slack,
                            double level, int64_t from, int64_t end)
{
    int64_t passed = 0;
    for (int64_t s = from; s < end; s++) passed += most_of(shape, search, slack, s) >= level;
    return passed;
}

/* Every split that may be better than the best so far, or as good and before it. */
static void search_splits(const struct shape *shape, const struct chunk *chunk,
                          struct search *search)
{
    const double slack = chunk->slack;
    search->bound = bound_of(shape, search->best, search->mean);
    for (int64_t from = shape->first; from <= shape->last; from += RUN) {
        const int64_t end = from + RUN <= shape->last ? from + RUN : shape->last + 1;
        const int64_t known = search->split >= from && search->split < end;
        double level = level_of(search->bound, search->mean, slack, 0.0), left, right;
        if (count_splits(shape, search, slack, level, from, end) <= known) continue;
        for (int64_t s = from; s < end; s++) {
            if (most_of(shape, search, slack, s) < level) continue;
            sides_of(shape, chunk, search->begin, s, &left, &right);
            const double d = family_poisson(left, right);
            if (d < search->best || (d <= search->best && s >= search->split)) continue;
            search->best = d;
            search->split = s;
            search->bound = bound_of(shape, d, search->mean);
            /* may fall: both sides of (1) belong to one B */
            level = level_of(search->bound, search->mean, slack, 0.0);
        }
    }
}

/* The first best by (k X)^2 of the four splits from s on; which one is anybody's guess, so there is
 * no branch. */
static inline int64_t first_of(const struct shape *shape, const double *running, double mean,
                               int64_t s)
{
    double y[STEP];
    for (int j = 0; j < STEP; j++) {
        const double x = running[s + j] - running[0] - shape->places[s + j] * mean;
        y[j] = x * x * shape->k2[s + j];
    }
    const int64_t a = y[1] > y[0], b = 2 + (y[3] > y[2]);
    return s + a + (b - a) * (y[b] > y[a]);
}

/* D of the first of each window, and (2). `off` bounds the error of any k X: roots of the second
 * and of the first may be wrong by some of it, and ties be broken by it. */
LODE_CLONES
static void judge(const struct shape *shape, double slack, int64_t n, struct group *group)
{
    const double *restrict left = group->left, *restrict right = group->right;
    const double *restrict mean = group->mean, *restrict second = group->second;
    double *restrict best = group->best, *restrict is_best = group->is_best;
    const double off = slack * shape->k_most;
    for (int64_t i = 0; i < n; i++) {
        const double d = family_poisson(left[i], right[i]);
        const double r = fabs(left[i] - right[i]) + 8.0 * off;
        const double level = level_of(bound_of(shape, d, mean[i]), mean[i], slack, r);
        best[i] = d;
        is_best[i] = second[i] + 9.0 * r * off < level ? 1.0 : 0.0;
    }
}

/* Windows from .. from + n - 1 of a chunk, n <= GROUP: the best by (k X)^2, its D, whether that is
 * all. */
static void compare_windows(const struct shape *shape, const struct chunk *chunk, int64_t from,
                            int64_t n, struct group *group)
{
    const double *running = chunk->running + from, over_window = 1.0 / (double)shape->window;
    for (int64_t i = 0; i < n; i++) {
        group->mean[i] = (running[i + shape->window] - running[i]) * over_window;
        group->line[i] = running[i] + (double)shape->first * group->mean[i];
        group->first[i] = group->second[i] = -1.0;
        group->place[i] = (double)shape->first;
    }
    for (int64_t s = shape->first; s <= shape->last; s += STEP)
        compare_splits(shape, running, s, n, group);
    for (int64_t i = 0; i < n; i++) {
        const int64_t s = first_of(shape, running + i, group->mean[i], (int64_t)group->place[i]);
        group->place[i] = (double)s;
        sides_of(shape, chunk, from + i, s, &group->left[i], &group->right[i]);
    }
    judge(shape, chunk->slack, n, group);
}

/* equal: values up to the end of the window before that are the same. */
static void scan_group(const struct shape *shape, const struct chunk *chunk, int64_t from,
                       int64_t n, int64_t *equal, double *distance, int32_t *split)
{
    struct group group;
    const double *x = chunk->ranges.sums;
    compare_windows(shape, chunk, from, n, &group);
    for (int64_t i = 0; i < n; i++) {
        const int64_t end = from + i + shape->window - 1;
        struct search search = {.running = chunk->running + from + i,
                                .begin = from + i,
                                .split = (int64_t)group.place[i],
                                .mean = group.mean[i],
                                .best = group.best[i]};
        *equal = x[end] == x[end - 1] ? *equal + 1 : 1;
        if (*equal >= shape->window)
            search.best = 0.0; /* nothing but what rounding made */
        else if (group.is_best[i] < 1.0)
            search_splits(shape, chunk, &search);
        distance[i] = search.best;
        if (split) split[i] = search.best > 0.0 ? (int32_t)search.split : 0;
    }
}

static void scan_chunk(const struct shape *shape, const struct chunk *chunk, double *distance,
                       int32_t *split)
{
    const int64_t n = chunk->ranges.n - shape->window + 1;
    const double *x = chunk->ranges.sums;
    int64_t equal = 1;
    for (int64_t i = 1; i < shape->window - 1; i++) equal = x[i] == x[i - 1] ? equal + 1 : 1;
    for (int64_t i = 0; i < n; i += GROUP)
        scan_group(shape, chunk, i, n - i < GROUP ? n - i : GROUP, &equal, distance + i,
                   split ? split + i : NULL);
}

static lode_status make_chunk(const struct shape *shape, int64_t n, struct lode_arena *arena,
                              struct chunk *chunk)
{
    chunk->ranges = (struct range_levels){.n = n, .levels = range_level_count(shape->last)};
    lode_try(lode_take(arena, chunk->ranges.levels * n, &chunk->ranges.sums));
    return lode_take(arena, n + 1 + STEP, &chunk->running);
}

lode_status splits_scan(const double *x, int64_t n, int64_t window, int64_t least_side,
                        struct lode_arena *arena, double *distance, int32_t *split)
{
    struct shape shape;
    struct chunk chunk;
    const int64_t n_windows = n - window + 1, step = window > CHUNK ? window : CHUNK;
    const int64_t first = n_windows < step ? n_windows : step;
    lode_try(make_shape(window, least_side, arena, &shape));
    lode_try(make_chunk(&shape, first + window - 1, arena, &chunk));
    for (int64_t from = 0; from < n_windows; from += step) {
        const int64_t count = n_windows - from < step ? n_windows - from : step;
        chunk.ranges.n = count + window - 1;
        for (int64_t i = 0; i < chunk.ranges.n; i++) chunk.ranges.sums[i] = x[from + i];
        fill_chunk(&chunk);
        scan_chunk(&shape, &chunk, distance + from, split ? split + from : NULL);
    }
    return LODE_OK;
}
