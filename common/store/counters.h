/* Counters: a store of kind `counters` (docs/formats.md has the layout): what lode's program adds
 * to the public lode/counters.h.
 */
#ifndef LODE_COMMON_COUNTERS_H
#define LODE_COMMON_COUNTERS_H

#include "common/store/store.h"

/* Names inside a partition, for the side that writes it and the side that reads it. */
#define LODE_BLOCK_NAME "components/name"
#define LODE_BLOCK_TIME_OFFSET "components/time_offset"
#define LODE_BLOCK_COUNTER_OFFSET "components/counter_offset"
#define LODE_BLOCK_VALUE_OFFSET "components/value_offset"
#define LODE_BLOCK_COUNTER "blocks/counter"
#define LODE_BLOCK_SUM "blocks/open_sum"
#define LODE_BLOCK_COUNT "blocks/open_count"
#define LODE_BLOCK_COUNTER_NAME "counters/name"
#define LODE_SAMPLE_TIME "samples/time"
#define LODE_SAMPLE_VALUE "samples/value"

/* The types by name; -1: none of that name. */
int lode_counter_type_find(const char *name);

/* Times that a component would have if it had one each step from its first sample to its last, and
 * does not have: of slots exactly, of samples as they were to the nearest step. 0 where the step is
 * not known. */
int64_t lode_component_gaps(const struct lode_component *component, int64_t slot_ms);

/* A partition with its first `n_generations`: the store as it was when a run began. LODE_E_INPUT
 * where the store is of another kind, a file is another than the index names, or its offsets and
 * codes do not fit. */
LODE_CHECKED lode_status lode_counters_open_as_of(const char *store_path, int64_t n_generations,
                                                  int64_t partition,
                                                  struct lode_counters **counters);

/* As lode_counters_values, but of times [first, first + count) of the block alone: reads nothing
 * before or behind. LODE_E_INPUT: it has not so many. */
LODE_CHECKED lode_status lode_counters_some_values(struct lode_counters *counters, int64_t block,
                                                   int64_t counter, int64_t first, int64_t count,
                                                   struct lode_arena *arena, double **values);

/* What the last slot of a series adds up to, for the samples that may still come into it. */
struct lode_open_slot {
    double sum;
    int64_t count;
};
/* Those of a block's counters [n_counters], by its newest file; only of a store with slots. */
LODE_CHECKED lode_status lode_counters_open_slots(struct lode_counters *counters, int64_t block,
                                                  struct lode_arena *arena,
                                                  struct lode_open_slot **slots);

#endif
