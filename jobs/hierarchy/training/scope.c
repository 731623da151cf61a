/* Scope: see the header. */
#include "jobs/hierarchy/training/scope.h"

#include <math.h>

static lode_status cluster(const struct affinity_graph *graph,
                           const struct hierarchy_options *options, struct lode_arena *arena,
                           struct groups *groups)
{
    enum { MOST_ITERATIONS = 2000, STABLE = 100 };
    const struct group_options how = {.affinity = {.preference = options->preference,
                                                   .damping = options->damping,
                                                   .max_iterations = MOST_ITERATIONS,
                                                   .stable = STABLE,
                                                   .breaks_ties = true},
                                      .is_overlapping = options->overlaps};
    return groups_find(graph, &how, arena, groups);
}

/* TEMP */
static lode_status similarity_make(const struct neighbourhoods *fit,
                                   const struct hierarchy_options *options,
                                   struct lode_arena *arena, struct affinity_graph *graph)
{
    const int64_t p = fit->p;
    double *dense = NULL, *similarity = NULL;
    int64_t *begin = NULL, n = 0;
    int32_t *to = NULL;
    lode_try(lode_take_zero(arena, p * p, &dense));
    for (int64_t e = 0; e < fit->n_edges; e++)
        dense[fit->edges[e].target * p + fit->edges[e].source] = fabs(fit->edges[e].coefficient);
    lode_try(lode_take(arena, p + 1, &begin));
    lode_try(lode_take(arena, 2 * fit->n_edges, &to));
    lode_try(lode_take(arena, 2 * fit->n_edges, &similarity));
    for (int64_t i = 0; i < p; i++) {
        begin[i] = n;
        for (int64_t j = 0; j < p; j++) {
            const double a = dense[i * p + j], b = dense[j * p + i];
            const bool joined = options->needs_both ? a > 0 && b > 0 : a > 0 || b > 0;
            if (!joined) continue;
            to[n] = (int32_t)j;
            similarity[n++] = options->by_coefficient ? (a + b) / 2 : 1.0;
        }
    }
    begin[p] = n;
    *graph = (struct affinity_graph){p, begin, to, similarity};
    return LODE_OK;
}

lode_status scope_group(const double *gram, int64_t n, const struct hierarchy_options *options,
                        struct lode_arena *arena, struct scope_groups *out)
{
    const struct neighbourhood_options how = {options->lasso_rule, options->lasso_fraction};
    struct affinity_graph graph;
    lode_try(neighbourhoods_fit(gram, n, &how, arena, &out->fit));
    lode_try(similarity_make(&out->fit, options, arena, &graph));
    return cluster(&graph, options, arena, &out->groups);
}
