/* Scope: one set of detectors that may be grouped with each other, from their covariances to
 * groups: neighbourhoods, similarities, clusters. */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_SCOPE_H
#define LODE_JOBS_HIERARCHY_TRAINING_SCOPE_H

#include "jobs/hierarchy/grouping/groups.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"
#include "jobs/hierarchy/options.h"

struct scope_groups {
    struct neighbourhoods fit;
    struct groups groups;
};

/* gram [n x n]; n >= 1. Arrays are the arena's. Fails as neighbourhoods_fit and groups_find do. */
LODE_CHECKED lode_status scope_group(const double *gram, int64_t n,
                                     const struct hierarchy_options *options,
                                     struct lode_arena *arena, struct scope_groups *out);

#endif
