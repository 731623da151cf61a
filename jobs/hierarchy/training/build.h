/* Build: a model under construction, its lists growing; and the steps that all levels share. */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_BUILD_H
#define LODE_JOBS_HIERARCHY_TRAINING_BUILD_H

#include "jobs/hierarchy/training/tree.h"

/* Detectors [first, first + n) of a component: those of one level lie together. */
struct build_span {
    int64_t first, n;
};

struct build {
    struct lode_run *run;
    struct lode_arena *scratch;  /* of one scope at a time: there may be thousands */
    struct model model;          /* components and options; lists come at the end */
    int64_t *store_of;           /* [components] index in the store */
    int64_t *component_of;       /* [components of the store] index in the model */
    const struct given *given;   /* over the store */
    struct build_span *leaves;   /* [components] */
    struct build_span *groups;   /* [components] of level 1 */
    struct lode_bytes detectors; /* of struct model_detector */
    struct lode_bytes members;   /* of struct model_member */
    struct lode_bytes edges;     /* of struct tree_edge */
    struct tree_level *levels;   /* [options.max_levels] from level 1 */
    int64_t highest;             /* level that has groups */
};

/* Components in order of names. Ends with build_clear. */
LODE_CHECKED lode_status build_begin(struct build *build, struct lode_run *run,
                                     const struct hierarchy_options *options);
void build_clear(struct build *build);
/* Moves everything into the run's arena. */
LODE_CHECKED lode_status build_finish(struct build *build, struct tree *tree);

int64_t build_detectors(const struct build *build);
/* Borrowed until the next is added. */
struct model_detector *build_detector(const struct build *build, int64_t detector);
const struct model_member *build_members(const struct build *build, int64_t first);
struct tree_level *build_level(struct build *build, int64_t level);
LODE_CHECKED lode_status build_add_detector(struct build *build,
                                            const struct model_detector *detector);
/* "counter", or with a kind "counter:kind". */
LODE_CHECKED lode_status build_name_leaf(struct build *build, const char *counter, const char *kind,
                                         const char **name);

/* Detectors that may be grouped with each other. */
struct build_scope {
    int32_t level; /* of the groups to come */
    int32_t component;
    int64_t n;
    const int64_t *items; /* [n] detectors, ascending */
    const double *gram;   /* [n x n] covariances */
    /* how stable edges are: shares [n_shares] of the graph that follows from gram; or series, from
     * which to find out. Both NULL: not asked for. */
    const double *shares;
    int64_t n_shares;
    const double *const *series; /* [n] of [n_slots] */
    int64_t n_slots, step_ms;
};
/* Groups them: adds groups, edges, and to the level's counts; says of the items why they are in
 * none. */
LODE_CHECKED lode_status build_scope_groups(struct build *build, const struct build_scope *scope);

/* The one detector of every component with samples; of every component with children. */
LODE_CHECKED lode_status build_ends(struct build *build);
LODE_CHECKED lode_status build_wholes(struct build *build);

#endif
