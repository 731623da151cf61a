#include "jobs/hierarchy/grouping/gram.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "common/stats/stats.h"
#include "jobs/hierarchy/grouping/factor.h"
#include "jobs/hierarchy/grouping/lanes.h"
#include "jobs/hierarchy/grouping/lease.h"

enum {
    TILE = 256, /* slots: a panel is then 16 KiB, two fit the innermost cache */
    PANEL = TILE * LANES,
    ROWS = 4 /* series of one panel against the eight of another: sums stay in registers */
};

/* means[i] = mean of series i. n >= 1. */
static void find_means(const double *const *series, int64_t p, int64_t n, double *means)
{
    for (int64_t i = 0; i < p; i++) means[i] = lode_sum(series[i], n) / (double)n;
}

/* Slots from..end of all series from `first` on, less their means, as panels of eight series side
 * by side: panel by panel, slot by slot. Series after the last one are 0. */
static void pack(const double *const *series, const double *means, int64_t first, int64_t p,
                 int64_t from, int64_t end, double *panels)
{
    for (int64_t i = first; i < lanes_padded(p); i++) {
        double *panel = panels + (i - first) / LANES * PANEL + i % LANES;
        for (int64_t t = from; t < end; t++)
            panel[(t - from) * LANES] = i < p ? series[i][t] - means[i] : 0.0;
    }
}

/* Adds the tile's sums of products of series a0..a0+3 of a panel with the eight of another. */
LANES_CLONES static void multiply(const double *a, const lanes *b, int64_t n_slots,
                                  lanes *restrict sums)
{
    lanes s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (int64_t t = 0; t < n_slots; t++) {
        const double *x = a + t * LANES;
        s0 += x[0] * b[t];
        s1 += x[1] * b[t];
        s2 += x[2] * b[t];
        s3 += x[3] * b[t];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

struct rows { /* first..end of the upper triangle of a matrix of p columns */
    int64_t first, end, p;
};

/* Adds to sums[i * p + j] those of a tile. */
static void add_tile(const double *panels, struct rows rows, int64_t n_slots, double *sums)
{
    const int64_t p = rows.p, base = rows.first / LANES * LANES;
    for (int64_t i = rows.first / ROWS * ROWS; i < rows.end; i += ROWS) {
        const double *a = panels + (i - base) / LANES * PANEL + i % LANES;
        for (int64_t j = i / LANES * LANES; j < p; j += LANES) {
            lanes tile[ROWS];
            multiply(a, (const lanes *)(panels + (j - base) * TILE), n_slots, tile);
            for (int64_t r = i < rows.first ? rows.first : i; r < i + ROWS && r < rows.end; r++)
                for (int64_t c = j > r ? j : r; c < j + LANES && c < p; c++)
                    sums[r * p + c] += tile[r - i][c - j];
        }
    }
}

/* Adds the sums of products over slots from..end. */
static void add_slots(const double *const *series, const double *means, struct rows rows,
                      int64_t from, int64_t end, double *panels, double *sums)
{
    for (int64_t t = from; t < end; t += TILE) {
        const int64_t last = t + TILE < end ? t + TILE : end;
        pack(series, means, rows.first / LANES * LANES, rows.p, t, last, panels);
        add_tile(panels, rows, last - t, sums);
    }
}

/* Of the series from the panel of `first` on. */
static lode_status take_panels(int64_t first, int64_t p, struct lode_arena *arena, double **panels)
{
    return lode_take(arena, (lanes_padded(p) - first / LANES * LANES) * TILE, panels);
}

static void clear_rows(struct rows rows, double *sums)
{
    for (int64_t i = rows.first; i < rows.end; i++)
        memset(sums + i * rows.p + i, 0, (size_t)(rows.p - i) * sizeof *sums);
}

static void divide_rows(struct rows rows, int64_t n, double *sums)
{
    for (int64_t i = rows.first; i < rows.end; i++)
        for (int64_t j = i; j < rows.p; j++) sums[i * rows.p + j] /= (double)n;
}

lode_status gram_rows(const double *const *series, const double *means, int64_t p, int64_t n,
                      int64_t first, int64_t end, struct lode_arena *arena, double *gram)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct rows rows = {first, end, p};
    double *panels;
    lode_try(take_panels(first, p, arena, &panels));
    clear_rows(rows, gram);
    add_slots(series, means, rows, 0, n, panels, gram);
    divide_rows(rows, n, gram);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

void gram_mirror(double *gram, int64_t p)
{
    enum { BLOCK = 32 }; /* both sides of a block stay in the cache */
    for (int64_t i0 = 0; i0 < p; i0 += BLOCK)
        for (int64_t j0 = i0; j0 < p; j0 += BLOCK)
            for (int64_t i = i0; i < i0 + BLOCK && i < p; i++)
                for (int64_t j = j0 > i ? j0 : i + 1; j < j0 + BLOCK && j < p; j++)
                    gram[j * p + i] = gram[i * p + j];
}

/* As gram_rows of all rows, tile by tile: thousands of series take minutes. */
static lode_status all_rows(const double *const *series, const double *means, int64_t p, int64_t n,
                            struct lode_task *task, struct lode_arena *arena, double *gram)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct rows rows = {0, p, p};
    double *panels;
    lode_try(take_panels(0, p, arena, &panels));
    clear_rows(rows, gram);
    for (int64_t t = 0; t < n; t += TILE) {
        const int64_t end = t + TILE < n ? t + TILE : n;
        add_slots(series, means, rows, t, end, panels, gram);
        lode_try(lease_renew(task, end - t));
    }
    divide_rows(rows, n, gram);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status gram_of_series(const double *const *series, int64_t p, int64_t n,
                           struct lode_task *task, struct lode_arena *arena, double *means,
                           double *gram)
{
    find_means(series, p, n, means);
    lode_try(all_rows(series, means, p, n, task, arena, gram));
    for (int64_t i = 0; i < p; i++)
        if (!isfinite(gram[i * p + i]))
            return lode_fail(LODE_E_NUMERIC,
                             "series %lld has values that are not finite, or too "
                             "large to be squared",
                             (long long)i);
    gram_mirror(gram, p);
    return LODE_OK;
}

/* --- resampled --- */

struct resampled {
    const double *const *series;
    int64_t p, n, n_blocks;
    const struct gram_resampling *resampling;
    int32_t *times;  /* [replicates x n_blocks] how often each was drawn */
    int64_t *slots;  /* [replicates] */
    double *offsets; /* [replicates x p] sums of what is left of the means of all slots */
    double *means, *panels;
    double *sums;  /* [p x p] of one block */
    double *moved; /* [p] of one block */
};

static int64_t block_end(const struct resampled *r, int64_t block)
{
    const int64_t end = (block + 1) * r->resampling->block_length;
    return end < r->n ? end : r->n;
}

static void draw_blocks(struct resampled *r)
{
    for (int64_t i = 0; i < r->resampling->replicates; i++) {
        struct lode_random random =
            lode_random_begin(r->resampling->seed, (uint64_t)(r->resampling->first + i));
        for (int64_t b = 0; b < r->n_blocks; b++) {
            const int64_t block = (int64_t)lode_random_below(&random, (uint64_t)r->n_blocks);
            r->times[i * r->n_blocks + block]++;
            r->slots[i] += block_end(r, block) - block * r->resampling->block_length;
        }
    }
}

static void add_block(struct resampled *r, int64_t block, double **grams)
{
    const struct rows rows = {0, r->p, r->p};
    const int64_t p = r->p, from = block * r->resampling->block_length, end = block_end(r, block);
    clear_rows(rows, r->sums);
    add_slots(r->series, r->means, rows, from, end, r->panels, r->sums);
    for (int64_t i = 0; i < p; i++) {
        r->moved[i] = 0.0;
        for (int64_t t = from; t < end; t++) r->moved[i] += r->series[i][t] - r->means[i];
    }
    for (int64_t k = 0; k < r->resampling->replicates; k++) {
        const double times = r->times[k * r->n_blocks + block];
        if (times == 0.0) continue; /* an integer */
        for (int64_t i = 0; i < p; i++) {
            r->offsets[k * p + i] += times * r->moved[i];
            for (int64_t j = i; j < p; j++) grams[k][i * p + j] += times * r->sums[i * p + j];
        }
    }
}

static void finish_replicate(const struct resampled *r, int64_t k, double *gram)
{
    const double n = (double)r->slots[k];
    const double *offsets = r->offsets + k * r->p;
    for (int64_t i = 0; i < r->p; i++)
        for (int64_t j = i; j < r->p; j++)
            gram[i * r->p + j] = gram[i * r->p + j] / n - offsets[i] / n * (offsets[j] / n);
    gram_mirror(gram, r->p);
}

lode_status gram_resample(const double *const *series, int64_t p, int64_t n,
                          const struct gram_resampling *resampling, struct lode_arena *arena,
                          double **grams)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t replicates = resampling->replicates, length = resampling->block_length;
    struct resampled r = {series, p, n, .n_blocks = (n + length - 1) / length,
                          .resampling = resampling};
    lode_try(lode_take_zero(arena, replicates * r.n_blocks, &r.times));
    lode_try(lode_take_zero(arena, replicates, &r.slots));
    lode_try(lode_take_zero(arena, replicates * p, &r.offsets));
    lode_try(lode_take(arena, p, &r.means));
    lode_try(lode_take(arena, p, &r.moved));
    lode_try(lode_take(arena, p * p, &r.sums));
    lode_try(take_panels(0, p, arena, &r.panels));
    find_means(series, p, n, r.means);
    draw_blocks(&r);
    for (int64_t k = 0; k < replicates; k++) clear_rows((struct rows){0, p, p}, grams[k]);
    for (int64_t b = 0; b < r.n_blocks; b++) {
        add_block(&r, b, grams);
        lode_try(lease_renew(resampling->task, length));
    }
    for (int64_t k = 0; k < replicates; k++) finish_replicate(&r, k, grams[k]);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* --- least errors --- */

/* The series that the active ones leave the largest share of, to the first position that is not
 * active; false: they leave none. `left` [n] by position. */
static bool choose(struct factor *factor, double *left)
{
    const int64_t k = factor->n_active;
    int64_t best = k;
    double share = 0.0;
    for (int64_t i = k; i < factor->n; i++) {
        const int64_t series = factor->order[i];
        const double variance = factor->gram[series * factor->p + series];
        if (left[i] <= share * variance) continue;
        share = left[i] / variance;
        best = i;
    }
    if (share <= 0.0) return false;
    factor_swap(factor, best, k);
    const double value = left[best];
    left[best] = left[k];
    left[k] = value;
    return true;
}

/* Active series that have a part in the one at this position are known by it and the others. */
static void forget_known(const struct factor *factor, int64_t position, double *weights,
                         double *error)
{
    enum { ROUNDING = 10 }; /* over the share below which a series depends on others */
    const int64_t series = factor->order[position], k = factor->n_active;
    const double least = ROUNDING * FACTOR_LEAST_SHARE * factor->gram[series * factor->p + series];
    memset(weights, 0, (size_t)k * sizeof *weights);
    for (int64_t m = 0; m < k; m++)
        for (int64_t i = 0; i <= m; i++)
            weights[i] += factor->lower[m][position] * factor->inverse[m][i];
    for (int64_t i = 0; i < k; i++) {
        double *e = &error[factor->order[i]];
        if (weights[i] * weights[i] * *e > least) *e = 0.0;
    }
}

lode_status gram_least_errors(const double *gram, int64_t p, struct lode_arena *arena,
                              double *error)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct factor factor;
    double *left;
    bool added = true;
    lode_try(factor_create(gram, p, arena, &factor));
    lode_try(lode_take(arena, p, &left));
    factor_begin(&factor, -1);
    for (int64_t i = 0; i < p; i++) left[i] = gram[i * p + i];
    while (choose(&factor, left)) {
        lode_try(factor_add(&factor, &added));
        if (!added) break;
        const double *row = factor.lower[factor.n_active - 1];
        for (int64_t i = factor.n_active; i < p; i++) left[i] -= row[i] * row[i];
    }
    memset(error, 0, (size_t)p * sizeof *error);
    for (int64_t i = 0; i < factor.n_active; i++) {
        double sum = 0.0; /* the diagonal of the inverse */
        for (int64_t m = i; m < factor.n_active; m++)
            sum += factor.inverse[m][i] * factor.inverse[m][i];
        error[factor.order[i]] = 1.0 / sum;
    }
    for (int64_t i = factor.n_active; i < p; i++) forget_known(&factor, i, left, error);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
