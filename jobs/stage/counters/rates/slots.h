/* Slots: merged counts (record.h) as rows of components: of each slot a number for every rate, zero
 * where nothing occurred, from a component's first event to its last. What comes out goes to
 * ../blocks.h.
 *
 * Appending, counts are what came since: those of the slot that the component ends in are added to
 * it, those of later slots are new rows. Those of earlier slots cannot be put in any more: they are
 * left out and told.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_SLOTS_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_SLOTS_H

#include "jobs/stage/counters/components.h"

struct slots_options {
    int64_t slot_ms;
    int32_t n;                   /* rates */
    const char *const *names;    /* [n] in order */
    components_staged_fn staged; /* NULL: a new store */
    void *context;               /* of staged */
};

struct slots_totals {
    int64_t n_arrived; /* sum of all counts that were added */
    int64_t n_used;    /* occurrences that rows have (or have no more); as the next, by slot */
    int64_t n_late;    /* left out */
};

struct rate_slots;

/* All is borrowed, and of the task's arena. */
LODE_CHECKED lode_status rate_slots_create(struct lode_task *task, struct blocks *blocks,
                                           const struct slots_options *options,
                                           struct rate_slots **slots);
/* The next record, in order of keys. LODE_E_INPUT: bytes that are no record; a component that is
 * staged and has other counters; one whose events lie so far apart that a time must be wrong. */
LODE_CHECKED lode_status rate_slots_add(struct rate_slots *slots,
                                        const struct shuffle_record *record);
/* Behind the last. */
LODE_CHECKED lode_status rate_slots_finish(struct rate_slots *slots);
struct slots_totals rate_slots_totals(const struct rate_slots *slots);

#endif
