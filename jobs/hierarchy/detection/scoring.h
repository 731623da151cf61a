/* Scoring: E of every node of a component's plan, over the slots after training, stretch by
 * stretch; on a worker.
 *
 * Only what the new slots need is read: those slots, the reach of the detectors before them, and
 * the last value before that where there is a gap. A stretch is as long as the memory allows, and a
 * slot's E does not depend on where stretches begin.
 *
 * New slots begin with that of the first sample after training (a gap between is not scored), or
 * with the first from the plan's from_ms on, and end with that of the last sample; gaps in them are
 * filled with the value before, as in training.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_SCORING_H
#define LODE_JOBS_HIERARCHY_DETECTION_SCORING_H

#include "jobs/hierarchy/detection/plan.h"
#include "jobs/hierarchy/given.h"
#include "jobs/hierarchy/slots.h"

struct scoring {
    struct lode_task *task;
    struct lode_counters *counters;
    const struct plan_component *plan;
    const struct given *given;
    int64_t block;
    const struct lode_counters_block *about;
    struct slots slots; /* of the component, from its first sample on */
    int64_t *times;     /* [about->n_times] */
    int64_t first, end; /* new slots that are scored; first == end: none */
    int64_t seam;       /* the first new slot, scored or not */
    int64_t gap;        /* slots between those of training and the seam: windows pass over them */
    double *mean, *deviation; /* [n_nodes] of training, for PLAN_DEVIATION */
    bool *is_there;           /* [n_nodes] the component has the node's counter, or what is given */
    int64_t fresh;            /* first sample after training */
    int64_t *latest; /* [n_nodes] last sample with a value among those read for a leaf; -1: none */
    /* the stretch at hand: slots [at, at + n) */
    int64_t at, n, most;
    double **e;      /* [n_nodes][n] */
    double *scratch; /* [2 n_members of the plan] */
};

/* Prepares a component; what is taken is the task's arena's. LODE_E_MESSAGE, LODE_E_INPUT,
 * LODE_E_MEMORY (in words: not even one slot fits). */
LODE_CHECKED lode_status scoring_begin(struct lode_task *task, struct lode_counters *counters,
                                       const struct plan_component *plan, const struct given *given,
                                       struct scoring *scoring);

/* The next stretch; *more is false when there is none. */
LODE_CHECKED lode_status scoring_next(struct scoring *scoring, bool *more);

/* The last sample before `before` in which a counter has a value, and the value; -1, NaN: none. */
LODE_CHECKED lode_status scoring_look_back(struct scoring *scoring, int64_t counter, int64_t before,
                                           int64_t *sample, double *value);

/* Where a dead counter moved first. */
struct waking {
    bool is_awake;
    int64_t time_ms;
    double before, after; /* before: NaN where it had no value in training */
};
/* Whether a counter that was dead in training has another value in a slot that is scored. */
LODE_CHECKED lode_status scoring_waking(struct scoring *scoring, int64_t node,
                                        struct waking *waking);

/* Slot of the series in which the change began that a leaf sees in slot at + i of the stretch:
 * where the window is best split, also by a detector that looks at one split of it alone; where
 * the stretch begins that a pattern matches. The slot itself where the kind of detector does not
 * say, or the node is no leaf. */
LODE_CHECKED lode_status scoring_change(struct scoring *scoring, int64_t node, int64_t i,
                                        int64_t *slot);

#endif
