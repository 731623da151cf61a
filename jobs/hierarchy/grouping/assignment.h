/* Assignment: from exemplars to clusters, after the messages of affinity propagation have settled.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_ASSIGNMENT_H
#define LODE_JOBS_HIERARCHY_GROUPING_ASSIGNMENT_H

#include "jobs/hierarchy/grouping/affinity.h"

/* Every item to its most similar exemplar (an item without similarity to any becomes one), each
 * cluster's exemplar to the member with the largest sum inside, and every item once more; fills
 * exemplar, n_clusters and net_similarity as affinity_propagate tells.
 *
 *   graph        as in messages.h, also of all pairs
 *   is_exemplar  [n] where the messages ended; none: exemplar is -1 for all, no cluster, net 0
 *   result       exemplar [n] is the caller's
 */
LODE_CHECKED lode_status assignment_find(const struct affinity_graph *graph,
                                         const struct affinity_options *options,
                                         const uint8_t *is_exemplar, struct lode_arena *arena,
                                         struct affinity_result *result);

#endif
