/* Scope: one set of detectors that may be grouped with each other, from their covariances to
 * groups: neighbourhoods, similarities, clusters; and how stable the edges between are. */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_SCOPE_H
#define LODE_JOBS_HIERARCHY_TRAINING_SCOPE_H

#include "jobs/hierarchy/grouping/groups.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"
#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/training/hints.h"
#include "jobs/job.h"

struct scope_edges {
    struct lode_task *task; /* set before: whose lease is renewed; NULL: on the coordinator */
    struct neighbourhoods fit;
    struct affinity_graph graph; /* pairs that are similar, each both ways */
};

/* gram [n x n], n >= 1; arrays are the arena's. With a run, many targets are fitted on its workers,
 * to the same bits. Fails as neighbourhoods_map does. */
LODE_CHECKED lode_status scope_join(const double *gram, int64_t n,
                                    const struct hierarchy_options *options, struct lode_run *run,
                                    struct lode_arena *arena, struct scope_edges *edges);

/* Share of options->replicates bootstraps that have each edge of the graph: shares
 * [graph.begin[n]]. series [graph.n] of [n_slots] are those that the covariances are of. */
LODE_CHECKED lode_status scope_stability(const struct scope_edges *edges,
                                         const double *const *series, int64_t n_slots,
                                         int64_t step_ms, const struct hierarchy_options *options,
                                         struct lode_arena *arena, double **shares);

/* hints NULL: none. */
LODE_CHECKED lode_status scope_cluster(const struct scope_edges *edges,
                                       const struct hierarchy_options *options,
                                       const struct hints *hints, struct lode_arena *arena,
                                       struct groups *groups);

#endif
