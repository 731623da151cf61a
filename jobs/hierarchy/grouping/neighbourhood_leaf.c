/* Leaf "hierarchy.neighbourhoods": the Lasso of a block of targets on all other detectors.
 *
 * Parameters: detectors p (u64), rule (u64), fraction (f64), the covariances as bytes of doubles
 * (row i from the diagonal on), mse0 of every detector as bytes of doubles. Task i has targets
 * i * BLOCK and the BLOCK - 1 after it. Result, of every target: lambda, error, variance (f64), its
 * distance from an optimum (f64) and whether that is too much (0/1), number of edges (array), of
 * each the source (u64) and the coefficient (f64).
 */
#include "jobs/hierarchy/grouping/neighbourhood_leaf.h"

#include <math.h>
#include <string.h>

#include "common/wire/pack.h"
#include "jobs/hierarchy/grouping/gram.h"

enum { BLOCK = 16, MOST_DETECTORS = 32000 };

/* --- worker --- */

struct leaf {
    int64_t p;
    struct neighbourhood_options options;
    double *gram, *least_error;
};

static lode_status unpack_doubles(struct lode_unpack *in, const char *what, int64_t count,
                                  const uint8_t **bytes)
{
    size_t size;
    lode_try(lode_unpack_bin(in, bytes, &size));
    if (size != (size_t)count * sizeof(double))
        return lode_fail(LODE_E_MESSAGE, "%s: %zu bytes, not %lld numbers", what, size,
                         (long long)count);
    return LODE_OK;
}

static lode_status unpack_leaf(struct lode_task *task, struct leaf *leaf)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    const uint8_t *bytes;
    int64_t rule;
    lode_try(lode_unpack_count(&in, "detectors", MOST_DETECTORS, &leaf->p));
    lode_try(lode_unpack_count(&in, "rule", NEIGHBOURHOOD_EXPLAINED, &rule));
    lode_try(lode_unpack_f64(&in, &leaf->options.fraction));
    leaf->options.rule = (enum neighbourhood_rule)rule;
    leaf->options.task = task;
    if (!(leaf->options.fraction >= 0.0))
        return lode_fail(LODE_E_MESSAGE, "fraction %g", leaf->options.fraction);
    const int64_t p = leaf->p;
    lode_try(unpack_doubles(&in, "covariances", p * (p + 1) / 2, &bytes));
    lode_try(lode_take(task->arena, p * p, &leaf->gram));
    for (int64_t i = 0; i < p; bytes += (size_t)(p - i) * sizeof(double), i++)
        memcpy(leaf->gram + i * p + i, bytes, (size_t)(p - i) * sizeof(double));
    gram_mirror(leaf->gram, p);
    lode_try(unpack_doubles(&in, "least errors", p, &bytes));
    lode_try(lode_take(task->arena, p, &leaf->least_error));
    memcpy(leaf->least_error, bytes, (size_t)p * sizeof(double));
    return lode_unpack_end(&in);
}

static lode_status pack_target(const struct neighbourhoods *one, struct lode_bytes *out)
{
    lode_try(lode_pack_f64(out, one->lambda[0]));
    lode_try(lode_pack_f64(out, one->error[0]));
    lode_try(lode_pack_f64(out, one->variance[0]));
    lode_try(lode_pack_f64(out, one->residual));
    lode_try(lode_pack_u64(out, (uint64_t)one->n_inexact));
    lode_try(lode_pack_array(out, (uint32_t)one->n_edges));
    for (int64_t e = 0; e < one->n_edges; e++) {
        lode_try(lode_pack_u64(out, (uint64_t)one->edges[e].source));
        lode_try(lode_pack_f64(out, one->edges[e].coefficient));
    }
    return LODE_OK;
}

lode_status neighbourhoods_leaf(struct lode_task *task)
{
    struct leaf leaf;
    lode_try(unpack_leaf(task, &leaf));
    const int64_t first = task->index * BLOCK;
    const int64_t end = first + BLOCK < leaf.p ? first + BLOCK : leaf.p;
    for (int64_t t = first; t < end; t++) {
        const struct lode_arena_mark mark = lode_arena_mark(task->arena);
        struct neighbourhoods one;
        lode_try(neighbourhoods_fit_range(leaf.gram, leaf.p, leaf.least_error, &leaf.options, t, 1,
                                          task->arena, &one));
        lode_try(pack_target(&one, task->output));
        lode_arena_rewind(task->arena, mark);
    }
    return LODE_OK;
}

/* --- coordinator --- */

static lode_status pack_params(const double *gram, int64_t p, const double *least_error,
                               const struct neighbourhood_options *options, struct lode_bytes *out)
{
    struct lode_bytes triangle = {0};
    lode_status status = LODE_OK;
    lode_try_done(lode_pack_u64(out, (uint64_t)p));
    lode_try_done(lode_pack_u64(out, options->rule));
    lode_try_done(lode_pack_f64(out, options->fraction));
    for (int64_t i = 0; i < p; i++)
        lode_try_done(
            lode_bytes_append(&triangle, gram + i * p + i, (size_t)(p - i) * sizeof *gram));
    lode_try_done(lode_pack_bin(out, triangle.data, triangle.size));
    lode_try_done(lode_pack_bin(out, least_error, (size_t)p * sizeof *least_error));
done:
    lode_bytes_clear(&triangle);
    return status;
}

struct merge {
    struct neighbourhoods made;
    struct lode_bytes edges;
};

static lode_status merge_target(struct merge *merge, int64_t t, struct lode_unpack *in)
{
    struct neighbourhoods *made = &merge->made;
    double residual;
    int64_t is_inexact;
    uint32_t n;
    lode_try(lode_unpack_f64(in, &made->lambda[t]));
    lode_try(lode_unpack_f64(in, &made->error[t]));
    lode_try(lode_unpack_f64(in, &made->variance[t]));
    lode_try(lode_unpack_f64(in, &residual));
    lode_try(lode_unpack_count(in, "inexact", 1, &is_inexact));
    made->residual = fmax(made->residual, residual);
    made->n_inexact += is_inexact;
    lode_try(lode_unpack_array(in, &n));
    int64_t last = -1;
    for (uint32_t e = 0; e < n; e++) {
        struct neighbourhood_edge edge = {.target = (int32_t)t};
        int64_t source;
        lode_try(lode_unpack_count(in, "source", (uint64_t)made->p - 1, &source));
        lode_try(lode_unpack_f64(in, &edge.coefficient));
        if (source <= last || source == t)
            return lode_fail(LODE_E_MESSAGE, "source %lld of detector %lld after %lld",
                             (long long)source, (long long)t, (long long)last);
        last = source;
        edge.source = (int32_t)source;
        lode_try(lode_bytes_append(&merge->edges, &edge, sizeof edge));
    }
    return LODE_OK;
}

static lode_status merge_task(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct merge *merge = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    const int64_t first = task * BLOCK, p = merge->made.p;
    for (int64_t t = first; t < first + BLOCK && t < p; t++) lode_try(merge_target(merge, t, &in));
    return lode_unpack_end(&in);
}

static lode_status map_targets(struct lode_run *run, const double *gram,
                               const struct neighbourhood_options *options, struct merge *merge)
{
    lode_status status = LODE_OK;
    const int64_t p = merge->made.p;
    struct lode_stage stage = {.leaf = NEIGHBOURHOODS_LEAF,
                               .title = "finding neighbours",
                               .n_tasks = (p + BLOCK - 1) / BLOCK};
    lode_try_done(pack_params(gram, p, merge->made.least_error, options, &stage.params));
    lode_try_done(lode_map(run, &stage, merge_task, merge));
done:
    lode_bytes_clear(&stage.params);
    return status;
}

lode_status neighbourhoods_map(void *run, const double *gram, int64_t p,
                               const struct neighbourhood_options *options,
                               struct lode_arena *arena, struct neighbourhoods *out)
{
    lode_status status = LODE_OK;
    struct merge merge = {.made = {.p = p, .n_targets = p}};
    struct neighbourhoods *made = &merge.made;
    if (p <= NEIGHBOURHOODS_DIRECT) return neighbourhoods_fit(gram, p, options, arena, out);
    if (p > MOST_DETECTORS)
        return lode_fail(LODE_E_MEMORY,
                         "%lld detectors to be grouped at once, at most %d: give "
                         "them components",
                         (long long)p, MOST_DETECTORS);
    lode_try(lode_take(arena, p, &made->lambda));
    lode_try(lode_take(arena, p, &made->error));
    lode_try(lode_take(arena, p, &made->least_error));
    lode_try(lode_take(arena, p, &made->variance));
    lode_try(gram_least_errors(gram, p, arena, made->least_error));
    lode_try_done(map_targets(run, gram, options, &merge));
    made->n_edges = (int64_t)(merge.edges.size / sizeof *made->edges);
    lode_try_done(lode_take(arena, made->n_edges, &made->edges));
    if (merge.edges.size > 0) memcpy(made->edges, merge.edges.data, merge.edges.size);
    *out = *made;
done:
    lode_bytes_clear(&merge.edges);
    return status;
}
