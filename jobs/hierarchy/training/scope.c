/* Scope: see the header. */
#include "jobs/hierarchy/training/scope.h"

#include "jobs/hierarchy/grouping/neighbourhood_leaf.h"
#include "jobs/hierarchy/grouping/similarity.h"
#include "jobs/hierarchy/grouping/stability.h"

enum { MOST_ITERATIONS = 2000, STABLE = 100, SEED = 1 };

static struct neighbourhood_options neighbourhood_of(const struct hierarchy_options *options,
                                                     struct lode_task *task)
{
    return (struct neighbourhood_options){.rule = (enum neighbourhood_rule)options->lasso_rule,
                                          .fraction = options->lasso_fraction,
                                          .task = task};
}

static struct similarity_options similarity_of(const struct hierarchy_options *options)
{
    return (struct similarity_options){options->needs_both, options->by_coefficient};
}

lode_status scope_join(const double *gram, int64_t n, const struct hierarchy_options *options,
                       struct lode_run *run, struct lode_arena *arena, struct scope_edges *edges)
{
    const struct neighbourhood_options how = neighbourhood_of(options, edges->task);
    const struct similarity_options similarity = similarity_of(options);
    if (run)
        lode_try(neighbourhoods_map(run, gram, n, &how, arena, &edges->fit));
    else
        lode_try(neighbourhoods_fit(gram, n, &how, arena, &edges->fit));
    return similarity_of_neighbourhoods(&edges->fit, &similarity, arena, &edges->graph);
}

lode_status scope_stability(const struct scope_edges *edges, const double *const *series,
                            int64_t n_slots, int64_t step_ms,
                            const struct hierarchy_options *options, struct lode_arena *arena,
                            double **shares)
{
    const int64_t block = STABILITY_BLOCK_MS / step_ms;
    const struct stability_options how = {.resampling = {.replicates = options->replicates,
                                                         .block_length = block > 0 ? block : 1,
                                                         .seed = SEED,
                                                         .task = edges->task},
                                          .neighbourhood = neighbourhood_of(options, edges->task),
                                          .similarity = similarity_of(options)};
    lode_try(lode_take(arena, edges->graph.begin[edges->graph.n], shares));
    return stability_of_edges(series, n_slots, &edges->graph, &how, arena, *shares);
}

lode_status scope_cluster(const struct scope_edges *edges, const struct hierarchy_options *options,
                          const struct hints *hints, struct lode_arena *arena,
                          struct groups *groups)
{
    const struct group_options how = {.affinity = {.preference = options->preference,
                                                   .damping = options->damping,
                                                   .max_iterations = MOST_ITERATIONS,
                                                   .stable = STABLE,
                                                   .breaks_ties = true,
                                                   .exemplars = hints ? hints->exemplars : NULL,
                                                   .n_exemplars = hints ? hints->n_exemplars : 0},
                                      .is_overlapping = options->overlaps,
                                      .given = hints ? hints->given : NULL};
    return groups_find(&edges->graph, &how, arena, groups);
}
