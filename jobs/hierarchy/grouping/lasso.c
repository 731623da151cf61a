#include "jobs/hierarchy/grouping/lasso.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/lanes.h"

/* The path ends at this share of the largest lambda: below it correlations are rounding, and
 * weights of nearly equal series would be too. */
static const double LEAST_LAMBDA = 1e-10;

lode_status lasso_create(const double *gram, int64_t p, struct lode_arena *arena,
                         struct lasso *lasso)
{
    const int64_t padded = lanes_padded(p);
    *lasso = (struct lasso){.target = -1};
    lode_try(factor_create(gram, p, arena, &lasso->factor));
    lode_try(lode_take_zero(arena, padded, &lasso->limit));
    lode_try(lode_take_zero(arena, padded, &lasso->slope));
    lode_try(lode_take_zero(arena, padded, &lasso->sign));
    lode_try(lode_take_zero(arena, padded, &lasso->carried[0]));
    lode_try(lode_take_zero(arena, padded, &lasso->carried[1]));
    return lode_take_zero(arena, padded, &lasso->scratch);
}

void lasso_begin(struct lasso *lasso, int64_t target)
{
    struct factor *factor = &lasso->factor;
    const double *row = factor->gram + target * factor->p;
    factor_begin(factor, target);
    lasso->target = target;
    lasso->variance = row[target];
    lasso->largest = 0.0;
    for (int64_t i = 0; i < factor->n; i++) {
        lasso->limit[i] = row[factor->order[i]];
        lasso->slope[i] = 0.0;
        lasso->largest = fmax(lasso->largest, fabs(lasso->limit[i]));
    }
    lasso->lambda = lasso->largest;
    lasso->n_open = factor->n;
    lasso->n_steps = 0;
    lasso->newest = -1;
}

/* What least squares on the active ones would leave, and |z|^2: mse = left + lambda^2 squares. */
static void error_terms(const struct lasso *lasso, double *left, double *squares)
{
    double explained = 0.0, sum = 0.0;
    for (int64_t m = 0; m < lasso->factor.n_active; m++) {
        explained += lasso->carried[0][m] * lasso->carried[0][m];
        sum += lasso->carried[1][m] * lasso->carried[1][m];
    }
    *left = lasso->variance - explained;
    *squares = sum;
}

double lasso_error(const struct lasso *lasso)
{
    double left, squares;
    error_terms(lasso, &left, &squares);
    return fmax(left + lasso->lambda * lasso->lambda * squares, 0.0);
}

void lasso_weights(const struct lasso *lasso, double *weights)
{
    memset(weights, 0, (size_t)lasso->factor.p * sizeof *weights);
    for (int64_t i = 0; i < lasso->factor.n_active; i++) {
        const double b = lasso->limit[i] - lasso->lambda * lasso->slope[i];
        /* rounding where a weight begins or ends may overshoot 0 */
        weights[lasso->factor.order[i]] = b * lasso->sign[i] > 0.0 ? b : 0.0;
    }
}

double lasso_residual(const double *gram, int64_t p, int64_t target, double lambda,
                      const double *weights, double *scratch)
{
    double worst = 0.0;
    memcpy(scratch, gram + target * p, (size_t)p * sizeof *scratch);
    for (int64_t j = 0; j < p; j++) {
        if (weights[j] == 0.0) continue;
        const double *row = gram + j * p;
        for (int64_t i = 0; i < p; i++) scratch[i] -= weights[j] * row[i];
    }
    for (int64_t j = 0; j < p; j++) {
        if (j == target) continue;
        worst = fmax(worst, weights[j] != 0.0 ? fabs(scratch[j] - copysign(lambda, weights[j]))
                                              : fabs(scratch[j]) - lambda);
    }
    return worst;
}

/* --- steps --- */

struct step {
    double lambda; /* 0: there is none */
    int64_t position;
    bool enters;
};

static bool is_before(const struct lasso *lasso, double lambda, int64_t i, const struct step *step)
{
    if (lambda != step->lambda) return lambda > step->lambda;
    return lambda > 0.0 && lasso->factor.order[i] < lasso->factor.order[step->position];
}

/* Where |limit + lambda slope| meets lambda: |limit| / (1 - slope with the sign of limit). 0 or
 * less: it does not below the present lambda. */
LANES_CLONES static void find_crossings(const lanes *limit, const lanes *slope, int64_t first,
                                        int64_t end, lanes *restrict at)
{
    for (int64_t v = first; v < end; v++) {
        const lanes_bits sign = (lanes_bits)limit[v] & INT64_MIN;
        const lanes height = (lanes)((lanes_bits)limit[v] ^ sign);
        at[v] = height / (1.0 - (lanes)((lanes_bits)slope[v] ^ sign));
    }
}

static struct step next_step(struct lasso *lasso)
{
    const int64_t k = lasso->factor.n_active;
    struct step step = {0};
    find_crossings((const lanes *)lasso->limit, (const lanes *)lasso->slope, k / LANES,
                   lanes_padded(lasso->n_open) / LANES, (lanes *)lasso->scratch);
    for (int64_t i = k; i < lasso->n_open; i++) {
        const double at = fmin(lasso->scratch[i], lasso->lambda);
        if (at > 0.0 && at >= step.lambda && is_before(lasso, at, i, &step))
            step = (struct step){at, i, true};
    }
    for (int64_t i = 0; i < k;
         i++) { /* b = limit - lambda slope shrinks where it grows with lambda */
        if (lasso->slope[i] * lasso->sign[i] >= 0.0) continue;
        const double at = fmin(lasso->limit[i] / lasso->slope[i], lasso->lambda);
        if (at > 0.0 && is_before(lasso, at, i, &step)) step = (struct step){at, i, false};
    }
    return step;
}

static void swap(double *x, int64_t a, int64_t b)
{
    const double value = x[a];
    x[a] = x[b];
    x[b] = value;
}

static void swap_positions(struct lasso *lasso, int64_t a, int64_t b)
{
    factor_swap(&lasso->factor, a, b);
    swap(lasso->limit, a, b);
    swap(lasso->slope, a, b);
}

LANES_CLONES static void add_row(lanes *restrict y, double times, const lanes *restrict row,
                                 int64_t first, int64_t end)
{
    for (int64_t v = first; v < end; v++) y[v] += times * row[v];
}

/* Row m of the factor with its w and z taken into (by = 1) or out of (-1) weights and correlations:
 * active positions before k, others from k on. */
static void count_row(struct lasso *lasso, int64_t m, int64_t k, double by)
{
    const double w = by * lasso->carried[0][m], z = by * lasso->carried[1][m];
    const double *inverse = lasso->factor.inverse[m], *lower = lasso->factor.lower[m];
    for (int64_t i = 0; i < k; i++) {
        lasso->limit[i] += w * inverse[i];
        lasso->slope[i] += z * inverse[i];
    }
    /* whole vectors where positions before k have no part in lower */
    const int64_t first = lanes_padded(k), n = lasso->factor.n;
    for (int64_t i = k; i < first && i < n; i++) {
        lasso->limit[i] -= w * lower[i];
        lasso->slope[i] += z * lower[i];
    }
    add_row((lanes *)lasso->limit, -w, (const lanes *)lower, first / LANES,
            lanes_padded(n) / LANES);
    add_row((lanes *)lasso->slope, z, (const lanes *)lower, first / LANES, lanes_padded(n) / LANES);
}

static lode_status enter(struct lasso *lasso, int64_t position)
{
    const int64_t k = lasso->factor.n_active;
    bool added;
    swap_positions(lasso, position, k);
    lode_try(factor_add(&lasso->factor, &added));
    if (!added) {
        swap_positions(lasso, k, --lasso->n_open);
        return LODE_OK;
    }
    const double diagonal = lasso->factor.lower[k][k];
    const double correlation = lasso->limit[k] + lasso->lambda * lasso->slope[k];
    lasso->sign[k] = correlation > 0.0 ? 1.0 : -1.0;
    lasso->carried[0][k] = lasso->limit[k] / diagonal;
    lasso->carried[1][k] = (lasso->sign[k] - lasso->slope[k]) / diagonal;
    lasso->limit[k] = lasso->slope[k] = 0.0;
    count_row(lasso, k, k + 1, 1.0);
    lasso->newest = lasso->factor.order[k];
    return LODE_OK;
}

static void leave(struct lasso *lasso, int64_t position)
{
    const int64_t last = lasso->factor.n_active - 1;
    const size_t bytes = (size_t)(last - position) * sizeof(double);
    const bool is_newest = lasso->factor.order[position] == lasso->newest;
    double *const arrays[] = {lasso->limit, lasso->slope, lasso->sign};
    factor_drop(&lasso->factor, position, lasso->carried);
    for (int i = 0; i < 3; i++) memmove(arrays[i] + position, arrays[i] + position + 1, bytes);
    const double *row = lasso->factor.gram + lasso->target * lasso->factor.p;
    double limit = row[lasso->factor.order[last]], slope = 0.0;
    for (int64_t m = 0; m < last; m++) {
        limit -= lasso->carried[0][m] * lasso->factor.lower[m][last];
        slope += lasso->carried[1][m] * lasso->factor.lower[m][last];
    }
    count_row(lasso, last, last, -1.0);
    lasso->limit[last] = limit;
    lasso->slope[last] = slope;
    lasso->n_open = lasso->factor.n;
    /* a tie that rounding broke the wrong way: it would enter again at once, for ever */
    if (is_newest) swap_positions(lasso, last, --lasso->n_open);
    lasso->newest = -1;
}

lode_status lasso_descend(struct lasso *lasso, double floor, double bound)
{
    const int64_t most_steps = 100 + 20 * lasso->factor.p;
    for (;;) {
        double left, squares, stop = fmax(floor, LEAST_LAMBDA * lasso->largest);
        error_terms(lasso, &left, &squares);
        if (left < bound)
            stop = fmax(stop, squares > 0.0 ? sqrt((bound - left) / squares) : lasso->lambda);
        if (lasso->lambda <= stop) return LODE_OK;
        const struct step step = next_step(lasso);
        if (step.lambda <= stop) {
            lasso->lambda = stop;
            return LODE_OK;
        }
        if (++lasso->n_steps > most_steps)
            return lode_fail(LODE_E_NUMERIC,
                             "the Lasso path of series %lld has not ended after %lld steps, at "
                             "lambda %g of %g",
                             (long long)lasso->target, (long long)most_steps, lasso->lambda,
                             lasso->largest);
        if (step.lambda < lasso->lambda) lasso->newest = -1;
        lasso->lambda = step.lambda;
        if (step.enters)
            lode_try(enter(lasso, step.position));
        else
            leave(lasso, step.position);
    }
}
