/* Moments: see the header. */
#include "jobs/hierarchy/training/moments.h"

#include <math.h>

#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/model/one_class.h"

/* Copies of one counter leave a singular matrix, and fourth moments that say it is well known. */
static const double least_shrinkage = 0.01;

lode_status moments_begin(int64_t p, struct lode_arena *arena, struct moments *moments)
{
    *moments = (struct moments){.arena = arena, .p = p};
    lode_try(lode_take_zero(arena, p * p, &moments->second));
    lode_try(lode_take_zero(arena, p * p, &moments->fourth));
    lode_try(lode_take_zero(arena, p, &moments->zeros));
    lode_try(lode_take(arena, p * p, &moments->block));
    lode_try(lode_take(arena, p, &moments->squares));
    for (int64_t i = 0; i < p; i++) lode_try(lode_take(arena, MOMENTS_BLOCK, &moments->squares[i]));
    return LODE_OK;
}

/* Adds the block's means of products, times its slots. */
static lode_status add_products(const struct moments *moments, const double *const *series,
                                int64_t n, double *sums)
{
    const int64_t p = moments->p;
    lode_try(gram_rows(series, moments->zeros, p, n, 0, p, moments->arena, moments->block));
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = i; j < p; j++) sums[i * p + j] += (double)n * moments->block[i * p + j];
    return LODE_OK;
}

lode_status moments_add(struct moments *moments, double *const *series, int64_t first, int64_t n)
{
    const struct lode_arena_mark mark = lode_arena_mark(moments->arena);
    const double **from;
    lode_try(lode_take(moments->arena, moments->p, &from));
    for (int64_t i = 0; i < moments->p; i++) {
        from[i] = series[i] + first;
        for (int64_t t = 0; t < n; t++) moments->squares[i][t] = from[i][t] * from[i][t];
    }
    lode_try(add_products(moments, from, n, moments->second));
    lode_try(add_products(moments, (const double *const *)moments->squares, n, moments->fourth));
    moments->n += n;
    lode_arena_rewind(moments->arena, mark);
    return LODE_OK;
}

/* The sums become correlations of votes, and of their squares in the same units; scale [p]: what a
 * vote is multiplied with, 0 of a member that never moves. */
static void correlate(const struct moments *moments, double *scale)
{
    const int64_t p = moments->p;
    const double n = (double)moments->n;
    for (int64_t i = 0; i < p; i++) {
        const double square = moments->second[i * p + i] / n;
        scale[i] = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    }
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = i; j < p; j++) {
            const double by = scale[i] * scale[j];
            moments->second[i * p + j] *= by / n;
            moments->fourth[i * p + j] *= by * by / n;
        }
}

/* l, from correlations. */
static double shrinkage(const struct moments *moments, double windows)
{
    const int64_t p = moments->p;
    double variances = 0.0, squares = 0.0;
    for (int64_t i = 0; i < p; i++)
        for (int64_t j = i + 1; j < p; j++) {
            const double r = moments->second[i * p + j];
            variances += fmax(moments->fourth[i * p + j] - r * r, 0.0) / windows;
            squares += r * r;
        }
    return variances < squares ? fmax(variances / squares, least_shrinkage) : 1.0;
}

/* Row k of F, from those before it: with l = F r_k, which is row k of L up to the diagonal d, it is
 * -l' F / d, and 1 / d on the diagonal. column [k]: correlations of k with the members before. */
static void add_row(double *factor, int64_t k, const double *column, double *row)
{
    double left = 1.0;
    const double *above = factor;
    for (int64_t i = 0; i < k; above += ++i) {
        row[i] = 0.0;
        for (int64_t m = 0; m <= i; m++) row[i] += above[m] * column[m];
        left -= row[i] * row[i];
    }
    /* never below the shrinkage but for rounding */
    const double by = 1.0 / sqrt(fmax(left, least_shrinkage / 2.0));
    double *made = factor + one_class_size(k);
    for (int64_t j = 0; j < k; j++) made[j] = 0.0;
    above = factor;
    for (int64_t i = 0; i < k; above += ++i)
        for (int64_t j = 0; j <= i; j++) made[j] -= row[i] * above[j] * by;
    made[k] = by;
}

lode_status moments_factor(struct moments *moments, double windows, double *factor)
{
    const struct lode_arena_mark mark = lode_arena_mark(moments->arena);
    const int64_t p = moments->p;
    double *scale, *column, *row;
    lode_try(lode_take(moments->arena, p, &scale));
    lode_try(lode_take(moments->arena, p, &column));
    lode_try(lode_take(moments->arena, p, &row));
    correlate(moments, scale);
    const double kept = 1.0 - shrinkage(moments, windows);
    for (int64_t k = 0; k < p; k++) {
        for (int64_t i = 0; i < k; i++) column[i] = kept * moments->second[i * p + k];
        add_row(factor, k, column, row);
    }
    for (int64_t k = 0; k < p; factor += ++k)
        for (int64_t j = 0; j <= k; j++) factor[j] *= scale[j];
    lode_arena_rewind(moments->arena, mark);
    return LODE_OK;
}
