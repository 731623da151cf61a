/* Similarity: how alike two detectors are, from the neighbourhoods of both.
 *
 * A pair is an edge where one of the two needs the other (or), or both do (and). Its similarity is
 * 1, or the mean of both |coefficients| (0 for a direction that has none): the same both ways.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_SIMILARITY_H
#define LODE_JOBS_HIERARCHY_GROUPING_SIMILARITY_H

#include "jobs/hierarchy/grouping/affinity.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"

struct similarity_options {
    bool needs_both;     /* and; else or */
    bool by_coefficient; /* else 1 for every edge */
};

/* The graph of all pairs that are edges, each in both directions; arrays are the arena's.
 * neighbourhoods: of all targets. LODE_E_BUG (some are missing), LODE_E_MEMORY. Cost O(p + edges).
 */
LODE_CHECKED lode_status similarity_of_neighbourhoods(const struct neighbourhoods *neighbourhoods,
                                                      const struct similarity_options *options,
                                                      struct lode_arena *arena,
                                                      struct affinity_graph *graph);

#endif
