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
    /* of what the store has, only so long before its newest sample is scored; 0: all of it */
    int64_t newest_ms;
};

/* A component that is scored, and what came of it. */
struct planned_component {
    bool is_silent;    /* its last sample is older than a window, while others have newer ones */
    int64_t component; /* index in the model */
    int64_t partition;
    struct plan_component plan;
    int64_t *detectors; /* [n_nodes] index in the model; -1: a node for comparison */
    const char **names; /* [n_nodes] */
    /* known when it was scored: */
    int64_t first, n_slots; /* new slots */
    bool is_cut;            /* there are new slots before them, too (planning's newest_ms) */
    int64_t n_alive;        /* leaves that could fire */
    int64_t n_watched;      /* of those, the ones whose counters are there, and not silent */
    int64_t n_speaking;     /* leaves of counters that are not silent, dead ones too */
    double **series;        /* [n_nodes][n_slots] of kept nodes; else NULL */
};

/* What is not scored, and why. */
enum unscored_reason {
    UNSCORED_NO_SLOTS,          /* no slot after the model's last */
    UNSCORED_COMPONENT_GONE,    /* the store has none of that name */
    UNSCORED_COMPONENT_UNKNOWN, /* the model has none of that name */
    UNSCORED_HOLLOW,            /* its slots are nearly all empty (slots.h) */
    UNSCORED_COUNTER_UNKNOWN,
    UNSCORED_COUNTER_GONE,
    UNSCORED_SILENT /* has sent nothing for long: what is scored is its last value (silence.h) */
};
enum { UNSCORED_REASONS = UNSCORED_SILENT + 1 };
extern const char *const unscored_reason_names[];

struct unscored {
    const char *component, *counter; /* counter "": all of it */
    enum unscored_reason reason;
    int64_t since_ms; /* last sample of what is silent, or has no slots; INT64_MIN: not known */
    int64_t home;     /* index in the model of the component; -1: it has none of that name */
    bool is_news;     /* it should have sent something: a finding */
};

struct planned {
    int64_t n;
    struct planned_component *list; /* by partition, then name */
    int64_t *place;                 /* [model components] index into list; -1: not scored */
    int64_t *home;     /* [model detectors] the component that all its leaves are of; -1: several */
    int64_t *node;     /* [model detectors] node in the plan of its home */
    int64_t newest_ms; /* last sample of all that are scored; INT64_MIN: none are */
    int64_t from_ms;   /* as in the plans */
    int64_t n_unscored;
    struct unscored *unscored; /* components, by name; those that are silent, too */
};

/* Everything is the arena's. LODE_E_MEMORY. */
LODE_CHECKED lode_status planning_make(const struct planning *planning, struct lode_arena *arena,
                                       struct planned *planned);

/* Does an issue of one component concern detectors of the other? Where they are the same, or one is
 * above the other in the tree. */
bool planning_concerns(const struct model *model, int64_t one, int64_t other);

#endif
