/* History: what the journal of a run knows of its tasks, in memory. Pure.
 *
 * Bytes of results stay where they are, in the segment; known is where. Memory grows with what was
 * read, never with what a number in the journal claims.
 */
#ifndef LODE_COORDINATOR_JOURNAL_HISTORY_H
#define LODE_COORDINATOR_JOURNAL_HISTORY_H

#include "coordinator/journal/entry.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of one task. */
struct history_task {
    uint64_t task, attempt;
    uint64_t epoch;        /* of the segment that says so, and of the attempt */
    uint64_t offset, size; /* in that segment: the result's bytes, or why it was given up */
    uint64_t file_size, file_hash;
    bool given_up;
};

struct history_stage {
    char *leaf;
    uint64_t n_tasks, hash;
    struct history_task *tasks;
    int64_t count, capacity;
};

struct history {
    struct history_stage *stages;
    int64_t n_stages, capacity;
};

void history_clear(struct history *history);
/* Takes an entry that is no header in. `offset`: of its bytes (RESULT) or text (GIVEN_UP) in the
 * segment. LODE_E_MESSAGE: it says what cannot be (a stage out of order, a task that its stage does
 * not have). */
LODE_CHECKED lode_status history_take(struct history *history, uint64_t epoch,
                                      const struct entry *entry, uint64_t offset);
/* NULL: the journal does not know a stage of that number (from 1). */
const struct history_stage *history_find(const struct history *history, uint64_t stage);
/* index [n_tasks of the stage]: which of stage->tasks is of each task, -1: none. Of two epochs (the
 * file of the first was gone) the later counts. LODE_E_INPUT: one epoch has a task twice. */
LODE_CHECKED lode_status history_index(const struct history_stage *stage, int64_t *index);

#endif
