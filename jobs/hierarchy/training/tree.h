/* Tree: from what is learned of every component's leaves to the whole model, level by level.
 *
 * Level 1 groups the leaves of each component. Level l > 1 groups the groups of level l - 1 that
 * lie in one scope: the ancestor l - 1 steps above their component, and from parameter cross_level
 * on their service (the ancestor without a parent). A level ends in a scope with one detector, or
 * without an edge; all levels do at max_levels.
 *
 * A root step: it runs the stage "hierarchy.series" for the groups' scores (series.h), everything
 * else on the coordinator. The same model for any number of workers.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_TREE_H
#define LODE_JOBS_HIERARCHY_TRAINING_TREE_H

#include "jobs/hierarchy/model/model.h"
#include "jobs/hierarchy/training/learn.h"
#include "jobs/job.h"

/* An edge of a neighbourhood: detectors by their index in the model. */
struct tree_edge {
    int64_t target, source;
    int32_t level; /* of the group that they may come into */
    int32_t scope; /* component */
    double lambda, coefficient;
    double stability; /* share of bootstraps that have it; NaN: none were made */
};

/* What a level came to, over all scopes. */
struct tree_level {
    int64_t scopes, detectors, edges, groups, members;
    int64_t dead, unfit, isolated, alone; /* not grouped, by reason */
    int64_t not_converged;                /* scopes whose clustering did not */
};

struct tree {
    struct model model;
    int64_t n_edges;
    struct tree_edge *edges; /* [n_edges] by level, scope, target, source */
    int64_t n_levels;
    struct tree_level *levels; /* [n_levels] of levels 1.. on which there was anything to group */
    const char *lesson;        /* what labels taught, in words (weighing.h); NULL: there are none */
};

/* Everything is the run's arena's. Names are borrowed from the store. */
LODE_CHECKED lode_status tree_grow(struct lode_run *run, const struct hierarchy_options *options,
                                   const struct learned *learned, struct tree *tree);

#endif
