#include "jobs/hierarchy/grouping/neighbourhood.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/grouping/lasso.h"
#include "jobs/hierarchy/grouping/lease.h"

static const double LEAST_COEFFICIENT = 1e-6;

struct fit {
    const struct neighbourhood_options *options;
    struct lasso lasso;
    double *weights, *scratch; /* [p] */
    struct lode_bytes edges;   /* how many there will be is not known before */
};

static double bound_of(const struct neighbourhood_options *options, double variance, double least)
{
    const double f = options->fraction;
    return options->rule == NEIGHBOURHOOD_ABOVE ? (1.0 + f) * least
                                                : least + f * fmax(variance - least, 0.0);
}

static lode_status keep_edges(struct fit *fit, int64_t target)
{
    for (int64_t j = 0; j < fit->lasso.factor.p; j++) {
        if (fabs(fit->weights[j]) <= LEAST_COEFFICIENT) continue;
        const struct neighbourhood_edge edge = {(int32_t)target, (int32_t)j, fit->weights[j]};
        lode_try(lode_bytes_append(&fit->edges, &edge, sizeof edge));
    }
    return LODE_OK;
}

static lode_status fit_target(struct fit *fit, int64_t target, double least_error,
                              struct neighbourhoods *out)
{
    struct lasso *lasso = &fit->lasso;
    const int64_t i = target - out->first, p = out->p;
    const double *gram = lasso->factor.gram;
    for (int64_t j = 0; j < p; j++)
        if (!isfinite(gram[target * p + j]))
            return lode_fail(LODE_E_NUMERIC, "covariance with detector %lld is not finite",
                             (long long)j);
    lasso_begin(lasso, target);
    lode_try(lasso_descend(lasso, 0.0, bound_of(fit->options, lasso->variance, least_error)));
    lasso_weights(lasso, fit->weights);
    const double residual =
        lasso_residual(gram, p, target, lasso->lambda, fit->weights, fit->scratch);
    out->residual = fmax(out->residual, residual);
    out->n_inexact += residual > NEIGHBOURHOOD_RESIDUAL * lasso->largest;
    out->lambda[i] = lasso->lambda;
    out->error[i] = lasso_error(lasso);
    out->least_error[i] = least_error;
    out->variance[i] = lasso->variance;
    return keep_edges(fit, target);
}

static lode_status take_arrays(struct lode_arena *arena, struct neighbourhoods *out)
{
    lode_try(lode_take(arena, out->n_targets, &out->lambda));
    lode_try(lode_take(arena, out->n_targets, &out->error));
    lode_try(lode_take(arena, out->n_targets, &out->least_error));
    return lode_take(arena, out->n_targets, &out->variance);
}

static lode_status fit_targets(struct fit *fit, const double *gram, const double *least_error,
                               struct lode_arena *arena, struct neighbourhoods *out)
{
    lode_try(lasso_create(gram, out->p, arena, &fit->lasso));
    lode_try(lode_take(arena, out->p, &fit->weights));
    lode_try(lode_take(arena, out->p, &fit->scratch));
    for (int64_t t = out->first; t < out->first + out->n_targets; t++) {
        const lode_status status = fit_target(fit, t, least_error[t], out);
        if (status) return lode_note(status, "neighbours of detector %lld", (long long)t);
        lode_try(lease_renew(fit->options->task, out->p));
    }
    return LODE_OK;
}

lode_status neighbourhoods_fit_range(const double *gram, int64_t p, const double *least_error,
                                     const struct neighbourhood_options *options, int64_t first,
                                     int64_t count, struct lode_arena *arena,
                                     struct neighbourhoods *out)
{
    lode_status status = LODE_OK;
    struct neighbourhoods made = {.p = p, .first = first, .n_targets = count};
    struct fit fit = {.options = options};
    if (!(options->fraction >= 0.0) || p > INT32_MAX || first < 0 || count > p - first)
        return lode_fail(LODE_E_BUG, "fraction %g, targets %lld from %lld of %lld",
                         options->fraction, (long long)count, (long long)first, (long long)p);
    lode_try(take_arrays(arena, &made));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try_done(fit_targets(&fit, gram, least_error, arena, &made));
    lode_arena_rewind(arena, mark);
    made.n_edges = (int64_t)(fit.edges.size / sizeof *made.edges);
    lode_try_done(lode_take(arena, made.n_edges, &made.edges));
    if (fit.edges.size > 0) memcpy(made.edges, fit.edges.data, fit.edges.size);
    *out = made;
done:
    lode_bytes_clear(&fit.edges);
    return status;
}

lode_status neighbourhoods_fit(const double *gram, int64_t p,
                               const struct neighbourhood_options *options,
                               struct lode_arena *arena, struct neighbourhoods *out)
{
    double *least_error;
    lode_try(lode_take(arena, p, &least_error));
    lode_try(gram_least_errors(gram, p, arena, least_error));
    return neighbourhoods_fit_range(gram, p, least_error, options, 0, p, arena, out);
}
