/* Batch: the lists that travel inside messages. TASKS carries the tasks of one batch, RESULTS the
 * results of tasks that ended, a worker's BEAT the attempts that it holds. All are MessagePack
 * values one after the other; every entry is checked while it is read, no memory is taken.
 */
#ifndef LODE_COMMON_BATCH_H
#define LODE_COMMON_BATCH_H

#include "common/error.h"
#include "common/memory.h"
#include "common/wire/message.h"
#include "common/wire/pack.h"

#include <stdbool.h>
#include <stdint.h>

/* One try of one task; unique in a run. */
struct lode_attempt {
    uint64_t stage, task, attempt;
};
static inline bool lode_attempt_equals(const struct lode_attempt *a, const struct lode_attempt *b)
{
    return a->stage == b->stage && a->task == b->task && a->attempt == b->attempt;
}

/* Appends one task to a batch. */
LODE_CHECKED lode_status lode_batch_append(struct lode_bytes *out, uint64_t task, uint64_t attempt,
                                           const void *input, size_t size);
/* The next task of a batch; *more is false at its end. The input points into the message. */
LODE_CHECKED lode_status lode_batch_next(struct lode_unpack *in, uint64_t *task, uint64_t *attempt,
                                         struct lode_span *input, bool *more);

/* How one attempt ended. Text and bytes are borrowed. */
struct lode_result {
    struct lode_attempt attempt;
    uint64_t status;               /* a lode_status */
    struct lode_span text;         /* the error; empty when well */
    struct lode_span bytes;        /* the result ... */
    uint64_t file_size, file_hash; /* ... or, when file_size is not 0, its file */
    uint64_t cpu_us, wall_us, peak_bytes;
    /* from files, to files, and into run files that later tasks read (not counted as written) */
    uint64_t read_bytes, written_bytes, shuffled_bytes;
};
/* An error of more than LODE_MESSAGE_TEXT_LIMIT bytes is cut. */
LODE_CHECKED lode_status lode_result_append(struct lode_bytes *out,
                                            const struct lode_result *result);
/* The next result of a list; *more is false at its end. LODE_E_MESSAGE also for numbers that no
 * worker sends. */
LODE_CHECKED lode_status lode_result_next(struct lode_unpack *in, struct lode_result *result,
                                          bool *more);

enum lode_held_state { LODE_HELD_WAITING, LODE_HELD_RUNNING, LODE_HELD_FINISHED };
enum { LODE_HELD_MAX = 512 }; /* entries of one list */
struct lode_held {
    struct lode_attempt attempt;
    enum lode_held_state state;
};
LODE_CHECKED lode_status lode_held_append(struct lode_bytes *out, const struct lode_held *held);
/* Reads the whole list into held [LODE_HELD_MAX]. */
LODE_CHECKED lode_status lode_held_read(struct lode_span bytes, struct lode_held *held,
                                        int *n_held);

#endif
