/* Outcome: what all leaves found, put together on the coordinator: counts of all levels, firings
 * with names and times in the place of indices, and what is new in the store.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTION_OUTCOME_H
#define LODE_JOBS_HIERARCHY_DETECTION_OUTCOME_H

#include "jobs/hierarchy/detection/detected.h"
#include "jobs/hierarchy/detection/planning.h"
#include "jobs/hierarchy/evaluation/thresholds.h"

struct fired_contributor {
    const char *component, *name; /* of a leaf; of a detector where the firing crosses components */
    double e;
};

struct fired {
    int level;
    const char *component, *detector;
    int64_t start_ms, end_ms; /* end_ms INT64_MIN: it lasts */
    int64_t peak_ms, change_ms;
    double peak;
    int64_t n_main;   /* as in firings.h */
    int64_t n_leaves; /* of the component; of detectors that cross components: members */
    bool is_crossing; /* contributors are detectors, not leaves */
    bool is_cut;      /* begins in the first slot scored, and perhaps in new ones before */
    int64_t n_top;
    struct fired_contributor *top;
};

struct woken {
    const char *component, *counter;
    int64_t home; /* index of the component in the model */
    struct waking waking;
};

struct outcome {
    const struct planning *planning;
    struct planned *planned;
    struct lode_arena *arena;
    int n_thresholds;
    const double *thresholds;
    struct tally *tallies; /* [levels] sums; differences until outcome_end */
    uint8_t *is_found;     /* [labels][levels][n_thresholds] */
    int64_t n_fired, fired_room;
    struct fired *fired;
    int64_t n_woken, woken_room;
    struct woken *woken;
    int64_t n_unscored, unscored_room; /* counters; components are in planned */
    struct unscored *unscored;
};

LODE_CHECKED lode_status outcome_begin(const struct planning *planning, struct planned *planned,
                                       const double *thresholds, int n_thresholds,
                                       struct lode_arena *arena, struct outcome *outcome);

/* The result of a task about planned->list[first .. first + n). LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status outcome_add(struct outcome *outcome, int64_t first, int64_t n,
                                     const uint8_t *result, size_t size);

/* Room for one more firing, zero. */
LODE_CHECKED lode_status outcome_fire(struct outcome *outcome, struct fired **fired);

/* Sums the tallies up and puts the firings in order: level, component, detector, start. */
void outcome_end(struct outcome *outcome);

/* Does the issue start in slots that were scored: of its component, or of one that it concerns
 * where that has no series? */
bool outcome_counts(const struct outcome *outcome, const struct label *label);

#endif
