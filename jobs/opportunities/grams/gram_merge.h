/* Gram merge: the coordinator's sum of the lists of all partitions. */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAM_MERGE_H
#define LODE_JOBS_OPPORTUNITIES_GRAM_MERGE_H

#include "jobs/opportunities/grams/gram_list.h"
#include "jobs/opportunities/patterns.h"

/* Lists that wait, encoded, to be summed. When they grow past a limit, and past twice the size of
 * what was summed last, they are summed into one: memory stays a small multiple of the result. */
struct gram_merge {
    struct gram_space space;
    struct lode_arena *arena; /* borrowed; scratch */
    struct lode_bytes held;   /* lists, one after the other; a checked frame each */
    int64_t n_lists;
    size_t sum_size;  /* of the last sum */
    size_t most_held; /* bytes; 0: the default of 64 MiB. Tests lower it */
};

/* Zero-initialised by the caller but for space, arena, most_held; released with clear. */
void gram_merge_clear(struct gram_merge *merge);
/* Takes a copy of the list at `data`; *used is its length. LODE_E_MESSAGE when it is no list of
 * this space (entries are checked when they are summed). */
LODE_CHECKED lode_status gram_merge_add(struct gram_merge *merge, const uint8_t *data, size_t size,
                                        size_t *used);
/* The sum of all lists: keys ascending, arrays of exactly n_patterns from `arena` (not the scratch
 * one). The merge is empty afterwards, as before the first add. The result does not depend on the
 * order of the lists. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status gram_merge_finish(struct gram_merge *merge, struct lode_arena *arena,
                                           struct pattern_counts *counts);

#endif
