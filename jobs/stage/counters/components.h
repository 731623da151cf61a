/* Components: the stream of merged records as components with rows in order of time: which column a
 * value belongs to, rows of one time put together, times that come twice rejected, slots averaged.
 * What comes out goes to blocks.h.
 *
 * With machines to aggregate, each counter is four columns, which take the same sample: sum, least,
 * largest and mean of all samples of a slot, in order of time and then of machines.
 *
 * Of rows with equal component and time (and machine) the first in order of the input counts,
 * counter by counter: a row that says anything of a counter that is known already is a reject,
 * whole.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_COMPONENTS_H
#define LODE_JOBS_STAGE_COUNTERS_COMPONENTS_H

#include "jobs/shuffle/batch.h"
#include "jobs/stage/counters/blocks.h"
#include "jobs/stage/shuffle/rejects.h"

/* What is staged of a component already. */
struct components_staged {
    int64_t first_ms, last_ms;
    int64_t n_counters;
    const char *const *counters;       /* [n_counters] */
    const struct lode_open_slot *open; /* [n_counters] with slots */
};
/* *found false: nothing is; strings live until the next call. */
typedef lode_status (*components_staged_fn)(void *context, const char *component, bool *found,
                                            struct components_staged *staged);

struct components;

/* `staged` NULL: a new store. All is borrowed, and of the arena. */
LODE_CHECKED lode_status components_create(struct lode_arena *arena, struct blocks *blocks,
                                           struct rejects *rejects, int64_t slot_ms,
                                           bool is_aggregated, components_staged_fn staged,
                                           void *context, struct components **components);
/* The next record, in order of keys. LODE_E_INPUT: bytes that are no record. */
LODE_CHECKED lode_status components_add(struct components *components,
                                        const struct shuffle_record *record);
/* Behind the last. */
LODE_CHECKED lode_status components_finish(struct components *components);
/* Rows that were added, rejects included. */
int64_t components_rows(const struct components *components);

#endif
