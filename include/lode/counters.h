/* Counters: a store of kind `counters` as a job reads it: series of numbers of components.
 *
 * The root step knows the store's components (a tree, where it was staged with one) and counters,
 * each by its index; both lists only grow when the store is appended to. A leaf opens one partition
 * (struct lode_counters, by lode_task_open_counters of lode/job.h), which holds whole components:
 * the times of a component, ascending, and one value a time for each of its counters, NaN where
 * there is no sample. What was appended follows on what was there.
 *
 * Arrays come from the arena that is given. Every reader fails with LODE_E_INPUT (the file is
 * damaged, or there is no such component or counter: both by name) and LODE_E_MEMORY (it does not
 * fit the arena).
 */
#ifndef LODE_COUNTERS_H
#define LODE_COUNTERS_H

#include "lode/error.h"
#include "lode/memory.h"
#include "lode/store.h"

#include <stdint.h>

LODE_API_BEGIN

/* What the numbers of a counter are: a level, events per slot, events per second, a total that only
 * grows (until it starts anew). */
enum lode_counter_type { LODE_GAUGE, LODE_COUNT, LODE_RATE, LODE_COUNTER };

struct lode_counter {
    const char *name;
    const char *unit; /* "": not said */
    enum lode_counter_type type;
};

struct lode_component {
    const char *name;
    int64_t parent;    /* index; -1: none */
    int64_t partition; /* that holds its samples; -1: it has none, only children */
    /* of a component with samples: */
    int64_t n_times;
    int64_t first_ms, last_ms; /* its first and last sample, ms since 1970-01-01 UTC */
    int64_t step_ms;           /* between its times: the slot, else the native step; 0: not known */
};

/* --- the store, for root steps; what is returned is borrowed and lives as long as the store --- */

/* All are 0, -1 or NULL for stores of other kinds, and past the last. */
int64_t lode_store_components(const struct lode_store *store);
const struct lode_component *lode_store_component(const struct lode_store *store, int64_t index);
int64_t lode_store_find_component(const struct lode_store *store, const char *name); /* O(log n) */
int64_t lode_store_counters(const struct lode_store *store);
const struct lode_counter *lode_store_counter(const struct lode_store *store, int64_t index);
int64_t lode_store_find_counter(const struct lode_store *store, const char *name); /* O(log n) */
/* Length of the slots whose means the store holds, in ms; 0: samples as they were. */
int64_t lode_store_slot_ms(const struct lode_store *store);
/* "gauge", "count", "rate", "counter". */
const char *lode_counter_type_name(enum lode_counter_type type);

/* Appends what a leaf must know to load one series, of the store as it is now: the values that
 * lode_task_load_series reads. Both by index; LODE_E_BUG where there is no such, or the component
 * has no samples. LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_store_refer_series(const struct lode_store *store, int64_t component,
                                                 int64_t counter, struct lode_bytes *out);

/* --- a partition, for leaves --- */

struct lode_counters;
void lode_counters_close(struct lode_counters *counters); /* takes NULL */

/* A component as the partition has it; borrowed, lives as long as the partition. */
struct lode_counters_block {
    const char *name;
    int64_t component; /* index in the store */
    int64_t n_times;
    int64_t n_counters;
    const int64_t *counters; /* [n_counters] indices in the store, in order of the names */
};
int64_t lode_counters_blocks(const struct lode_counters *counters);
/* In order of the names; NULL past the last. */
const struct lode_counters_block *lode_counters_block(const struct lode_counters *counters,
                                                      int64_t block);
/* The block of a component (index in the store); -1: it is not in this partition. */
int64_t lode_counters_find(const struct lode_counters *counters, int64_t component);

/* [n_times] ms since 1970-01-01 UTC, strictly ascending (checked). */
LODE_CHECKED lode_status lode_counters_times(struct lode_counters *counters, int64_t block,
                                             struct lode_arena *arena, int64_t **times);
/* [n_times] values of one counter (index in the store; one of the block's); NaN: no sample. Never
 * infinite (checked). One run of bytes of each file: reads nothing of the other counters. */
LODE_CHECKED lode_status lode_counters_values(struct lode_counters *counters, int64_t block,
                                              int64_t counter, struct lode_arena *arena,
                                              double **values);

/* A series without its gaps. */
struct lode_series {
    int64_t n;
    const int64_t *times; /* [n] strictly ascending */
    const double *values; /* [n] finite */
};
LODE_CHECKED lode_status lode_counters_series(struct lode_counters *counters, int64_t block,
                                              int64_t counter, struct lode_arena *arena,
                                              struct lode_series *series);

LODE_API_END

#endif
