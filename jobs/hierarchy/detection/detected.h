/* Detected: what leaf "hierarchy.detect" tells the coordinator: a sequence of records, each a kind
 * and its values, component after component.
 *
 * Input of a task: the number of plans, then those of a partition's components (plan.h), in order.
 * Parameters: the store, the number of levels, thresholds (none: nothing is to be evaluated), the
 * model's rules and patterns over the store.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_DETECTED_H
#define LODE_JOBS_HIERARCHY_DETECTION_DETECTED_H

#include "jobs/hierarchy/detection/firings.h"
#include "jobs/hierarchy/detection/scoring.h"
#include "jobs/job.h"

enum detected_kind {
    DETECTED_SLOTS,   /* the next plan begins: first slot scored, their number, is_cut */
    DETECTED_SERIES,  /* E of a kept node, a stretch of it */
    DETECTED_FIRING,  /* a firing */
    DETECTED_WAKING,  /* a dead counter that moved */
    DETECTED_COUNTER, /* a counter that the model does not know */
    DETECTED_MISSING, /* a node whose counter the component does not have */
    DETECTED_TALLY,   /* of a level: differences of firings and of firings inside issues */
    DETECTED_FOUND,   /* of an issue and a level: by threshold, whether it was found */
    DETECTED_SILENT   /* a leaf whose counter sends nothing any more */
};

lode_status hierarchy_detect_leaf(struct lode_task *task);

/* One record, as it is read back; pointers are borrowed from the result. */
struct detected {
    enum detected_kind kind;
    int64_t first, n;                /* slots; series: slots of the stretch */
    int64_t is_cut;                  /* slots: there are new ones before the first */
    int64_t node;                    /* series, firing (firing.node), waking, missing, silent */
    int64_t since_ms;                /* silent: its last value */
    const uint8_t *numbers;          /* series: [n] doubles, unaligned */
    struct firing firing;            /* but for top */
    struct lode_unpack contributors; /* firing: its n_top (detected_contributor) */
    struct waking waking;
    int64_t counter;                 /* index in the store */
    int64_t level;                   /* tally, found */
    const uint8_t *firings, *inside; /* tally: [n_thresholds + 1] int64_t, unaligned */
    int64_t issue;                   /* found: index in the plan */
    const uint8_t *is_found;         /* [n_thresholds] */
};

/* What indices of a result must be below. */
struct detected_limits {
    int64_t n_nodes, n_issues;
    int n_levels, n_thresholds;
};

/* The next record. LODE_E_MESSAGE. */
LODE_CHECKED lode_status detected_next(struct lode_unpack *in, const struct detected_limits *limits,
                                       struct detected *record);

/* The next of a firing's contributors, which were checked. LODE_E_MESSAGE. */
LODE_CHECKED lode_status detected_contributor(struct lode_unpack *contributors,
                                              struct contributor *contributor);

#endif
