/* Scope: see the header. */
#include "jobs/hierarchy/training/scope.h"

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

lode_status scope_group(const double *gram, int64_t n, const struct hierarchy_options *options,
                        struct lode_arena *arena, struct scope_groups *out)
{
    const struct neighbourhood_options how = {options->lasso_rule, options->lasso_fraction};
    struct affinity_graph graph;
    lode_try(neighbourhoods_fit(gram, n, &how, arena, &out->fit));
    lode_try(similarity_make(&out->fit, options, arena, &graph));
    return cluster(&graph, options, arena, &out->groups);
}
