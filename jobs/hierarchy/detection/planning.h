/* Planning: which components of the store have new slots, and the plan of each; on the coordinator.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_PLANNING_H
#define LODE_JOBS_HIERARCHY_DETECTION_PLANNING_H

#include "jobs/hierarchy/detection/plan.h"
#include "jobs/hierarchy/evaluation/manual_groups.h"

/* What plans are made from; borrowed. */
struct planning {
    const struct model *model;
    const struct lode_store *store;
    const struct levels *levels;
    const struct labels *labels;        /* n 0: none */
    const struct manual_groups *manual; /* n_groups 0: none */
};

/* A component that is scored, and what came of it. */
struct planned_component {
    int64_t component; /* index in the model */
    int64_t partition;
    struct plan_component plan;
    int64_t *detectors; /* [n_nodes] index in the model; -1: a node for comparison */
    const char **names; /* [n_nodes] */
    /* known when it was scored: */
    int64_t first, n_slots; /* new slots */
    double **series;        /* [n_nodes][n_slots] of kept nodes; else NULL */
};

/* What is not scored, and why. */
enum unscored_reason {
    UNSCORED_NO_SLOTS,          /* no slot after the model's last */
    UNSCORED_COMPONENT_GONE,    /* the store has none of that name */
    UNSCORED_COMPONENT_UNKNOWN, /* the model has none of that name */
    UNSCORED_HOLLOW,            /* its slots are nearly all empty (slots.h) */
    UNSCORED_COUNTER_UNKNOWN,
    UNSCORED_COUNTER_GONE
};
extern const char *const unscored_reason_names[];

struct unscored {
    const char *component, *counter; /* counter "": all of it */
    enum unscored_reason reason;
};

struct planned {
    int64_t n;
    struct planned_component *list; /* by partition, then name */
    int64_t *place;                 /* [model components] index into list; -1: not scored */
    int64_t *home; /* [model detectors] the component that all its leaves are of; -1: several */
    int64_t *node; /* [model detectors] node in the plan of its home */
    int64_t n_unscored;
    struct unscored *unscored; /* components, by name */
};

/* Everything is the arena's. LODE_E_MEMORY. */
LODE_CHECKED lode_status planning_make(const struct planning *planning, struct lode_arena *arena,
                                       struct planned *planned);

/* Does an issue of one component concern detectors of the other? Where they are the same, or one is
 * above the other in the tree. */
bool planning_concerns(const struct model *model, int64_t one, int64_t other);

#endif
