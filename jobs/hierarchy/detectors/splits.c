/* Splits: the best of all splits of every window, looking closely at few.
 *
 * Let P be the running sum of the slots, m their mean in the window, X(s) = P(s) - s m how far the
 * first s slots are ahead of their share, k = 1/s + 1/(W - s), d = 1/s - 1/(W - s). The means of
 * the sides are a = m + X / s and b = m - X / (W - s), so a - b = k X and a + b = 2 m + d X. From
 * (sqrt a + sqrt b)^2 = 2 (a + b) - D follows D (2 (a + b) - D) = (a - b)^2, and so, for B >= 0,
 *
 *     D(s) > B   only if   X (k^2 X - 2 B d) > B (4 m - B)
 *
 * without a root. Splits are looked at in blocks of 8 slots, aligned in the series. In a block P is
 * near its chord, by at most its sag, so |X| is at most the larger |X| at the ends plus the sag,
 * and k^2 and |d| are largest at an end: one comparison rules out 8 splits. B is the D of the split
 * that was best in the window before (the same slot: it mostly still is, nearly) and grows with
 * what is found. What passes is computed by its definition, from range sums whose bits depend on
 * the window alone; so the answer is that of all splits, though P is rounded: `slack` bounds its
 * error, and with that the tests err on the side of a closer look.
 */
#include "jobs/hierarchy/detectors/splits.h"

#include <float.h>
#include <math.h>

#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/ranges.h"

enum { BLOCK = 8, CHUNK = 2048 };

/* Constants of a window of W slots. */
struct shape {
    int64_t window, first, last; /* splits first .. last */
    int64_t n_blocks;            /* at most, between the aligned slots of a window */
    double *k2, *d;              /* [W] of each split: k^2, |d| */
    double *block_k2,
        *block_d; /* [BLOCK][n_blocks]: largest of block r, by the first end's offset */
};

/* A run of slots: windows of it are scanned one after the other. */
struct chunk {
    struct ranges ranges; /* of its slots */
    double *running;      /* [n + 1] P */
    double *ends;         /* [n / BLOCK + 1] P of the aligned slots */
    double *sag;          /* [n / BLOCK] of the blocks, with slack */
    double slack;         /* bounds the error of any X and sag */
    double *x;            /* [n_blocks + 1] scratch: X at the ends */
};

/* A window while it is searched. */
struct search {
    int64_t begin;                   /* its first slot in the chunk */
    double mean, best, bound, level; /* bound: B; level: B (4 m - B), both less what rounds */
    int64_t split;
};

static lode_status make_shape(int64_t window, int64_t least_side, struct lode_arena *arena,
                              struct shape *shape)
{
    *shape = (struct shape){.window = window,
                            .first = least_side,
                            .last = window - least_side,
                            .n_blocks = (window - 2 * least_side) / BLOCK + 1};
    lode_try(lode_take_zero(arena, window, &shape->k2));
    lode_try(lode_take_zero(arena, window, &shape->d));
    lode_try(lode_take_zero(arena, BLOCK * shape->n_blocks, &shape->block_k2));
    lode_try(lode_take_zero(arena, BLOCK * shape->n_blocks, &shape->block_d));
    for (int64_t s = 1; s < window; s++) {
        const double first = 1.0 / (double)s, second = 1.0 / (double)(window - s);
        shape->k2[s] = (first + second) * (first + second);
        shape->d[s] = fabs(first - second);
    }
    for (int64_t offset = 0; offset < BLOCK; offset++)
        for (int64_t r = 0; r < shape->n_blocks; r++) {
            const int64_t s = least_side + offset + r * BLOCK, end = s + BLOCK;
            if (end > shape->last) break;
            shape->block_k2[offset * shape->n_blocks + r] = fmax(shape->k2[s], shape->k2[end]);
            shape->block_d[offset * shape->n_blocks + r] = fmax(shape->d[s], shape->d[end]);
        }
    return LODE_OK;
}

static void fill_chunk(struct chunk *chunk)
{
    const int64_t n = chunk->ranges.n;
    const double *x = chunk->ranges.sums;
    ranges_build(&chunk->ranges);
    double sum = 0.0;
    chunk->running[0] = 0.0;
    for (int64_t i = 0; i < n; i++) chunk->running[i + 1] = sum += x[i];
    /* each of n additions rounds by at most sum x epsilon / 2; X adds a few roundings of its own */
    chunk->slack = (2.0 * (double)n + 64.0) * DBL_EPSILON * sum;
    for (int64_t q = 0; q <= n / BLOCK; q++) chunk->ends[q] = chunk->running[q * BLOCK];
    for (int64_t q = 0; q < n / BLOCK; q++) {
        const double *p = chunk->running + q * BLOCK, slope = (p[BLOCK] - p[0]) / BLOCK;
        double sag = 0.0;
        for (int r = 1; r < BLOCK; r++) sag = fmax(sag, fabs(p[r] - p[0] - r * slope));
        chunk->sag[q] = sag + chunk->slack;
    }
}

/* Sets B to the best D so far, less what the roundings of the definition could make of another. */
static void raise_bound(const struct shape *shape, const struct chunk *chunk, struct search *search)
{
    const double window = (double)shape->window;
    const double bound =
        search->best * (1.0 - 1e-12) - 1e-16 * window / (double)shape->first * search->mean;
    const double mean = search->mean - 2.0 * chunk->slack / window;
    search->bound = fmax(0.0, bound);
    search->level = search->bound * (4.0 * mean - search->bound) * (1.0 - 1e-12);
}

/* D by its definition. */
static void look_at(const struct shape *shape, const struct chunk *chunk, int64_t s,
                    struct search *search)
{
    const double left = ranges_sum(&chunk->ranges, search->begin, s);
    const double right = ranges_sum(&chunk->ranges, search->begin + s, shape->window - s);
    const double d = family_poisson(left / (double)s, right / (double)(shape->window - s));
    if (d < search->best || (d <= search->best && s >= search->split)) return;
    search->best = d;
    search->split = s;
    raise_bound(shape, chunk, search);
}

/* Splits from .. end - 1, each alone. */
static void search_splits(const struct shape *shape, const struct chunk *chunk, int64_t from,
                          int64_t end, struct search *search)
{
    const double *running = chunk->running + search->begin, start = running[0];
    for (int64_t s = from; s < end; s++) {
        const double x = fabs(running[s] - start - (double)s * search->mean) + chunk->slack;
        if (x * (shape->k2[s] * x + 2.0 * search->bound * shape->d[s]) >= search->level)
            look_at(shape, chunk, s, search);
    }
}

/* Blocks of the aligned splits s, s + 8, .. that cannot be ruled out are searched. */
static void search_blocks(const struct shape *shape, const struct chunk *chunk, int64_t s,
                          int64_t n_blocks, struct search *search)
{
    const int64_t q = (search->begin + s) / BLOCK, offset = (s - shape->first) * shape->n_blocks;
    const double *restrict k2 = shape->block_k2 + offset, *restrict d = shape->block_d + offset;
    const double *restrict ends = chunk->ends + q, *restrict sag = chunk->sag + q;
    double *restrict x = chunk->x;
    const double start = chunk->running[search->begin], mean = search->mean;
    for (int64_t r = 0; r <= n_blocks; r++)
        x[r] = fabs((ends[r] - start) - (double)(s + r * BLOCK) * mean);
    const double twice = 2.0 * search->bound, level = search->level;
    int64_t passed = 0;
    for (int64_t r = 0; r < n_blocks; r++) {
        const double most = (x[r] > x[r + 1] ? x[r] : x[r + 1]) + sag[r];
        passed += most * (k2[r] * most + twice * d[r]) >= level;
    }
    if (passed == 0) return;
    for (int64_t r = 0; r < n_blocks; r++) {
        const double most = (x[r] > x[r + 1] ? x[r] : x[r + 1]) + sag[r];
        if (most * (k2[r] * most + 2.0 * search->bound * d[r]) >= search->level)
            search_splits(shape, chunk, s + r * BLOCK, s + (r + 1) * BLOCK + 1, search);
    }
}

/* One window; `guess` is the split to begin with. */
static void search_window(const struct shape *shape, const struct chunk *chunk, int64_t guess,
                          struct search *search)
{
    search->mean = (chunk->running[search->begin + shape->window] - chunk->running[search->begin]) /
                   (double)shape->window;
    search->best = -1.0;
    search->split = shape->last + 1;
    look_at(shape, chunk, guess, search);
    /* the first and last splits, up to an aligned slot */
    const int64_t aligned =
        (search->begin + shape->first + BLOCK - 1) / BLOCK * BLOCK - search->begin;
    const int64_t n_blocks = (shape->last - aligned) / BLOCK;
    if (aligned + BLOCK > shape->last) {
        search_splits(shape, chunk, shape->first, shape->last + 1, search);
        return;
    }
    search_splits(shape, chunk, shape->first, aligned, search);
    search_splits(shape, chunk, aligned + n_blocks * BLOCK + 1, shape->last + 1, search);
    search_blocks(shape, chunk, aligned, n_blocks, search);
}

static void scan_chunk(const struct shape *shape, const struct chunk *chunk, double *distance,
                       int32_t *split)
{
    const int64_t n = chunk->ranges.n - shape->window + 1;
    const double *x = chunk->ranges.sums;
    int64_t equal = 1; /* values up to the window's end that are the same */
    int64_t guess = shape->first;
    for (int64_t i = 1; i < shape->window - 1; i++) equal = x[i] == x[i - 1] ? equal + 1 : 1;
    for (int64_t i = 0; i < n; i++) {
        const int64_t end = i + shape->window - 1;
        equal = x[end] == x[end - 1] ? equal + 1 : 1;
        struct search search = {.begin = i};
        if (equal < shape->window) {
            search_window(shape, chunk, guess, &search);
            guess = search.split > shape->first ? search.split - 1 : shape->first;
        }
        distance[i] = search.best;
        if (split) split[i] = search.best > 0.0 ? (int32_t)search.split : 0;
    }
}

static lode_status make_chunk(const struct shape *shape, int64_t n, struct lode_arena *arena,
                              struct chunk *chunk)
{
    chunk->ranges = (struct ranges){.n = n, .levels = ranges_levels(shape->last)};
    lode_try(lode_take(arena, chunk->ranges.levels * n, &chunk->ranges.sums));
    lode_try(lode_take(arena, n + 1, &chunk->running));
    lode_try(lode_take(arena, n / BLOCK + 1, &chunk->ends));
    lode_try(lode_take(arena, n / BLOCK + 1, &chunk->sag));
    return lode_take(arena, shape->n_blocks + 1, &chunk->x);
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
