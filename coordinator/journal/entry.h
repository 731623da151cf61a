/* Entry: what a journal says, one fact after the other, as MessagePack. Pure.
 *
 * Entries hold what happened, never what to do next: a run that goes on executes its job anew from
 * the start, and what the journal knows of a task's result need not be computed again.
 */
#ifndef LODE_COORDINATOR_JOURNAL_ENTRY_H
#define LODE_COORDINATOR_JOURNAL_ENTRY_H

#include "common/error.h"
#include "common/memory.h"
#include "common/wire/message.h"
#include "common/wire/pack.h"

#include <stdbool.h>
#include <stdint.h>

enum entry_kind {
    ENTRY_HEADER = 1, /* what run this is (header.h); the first entry of a segment, and only that */
    ENTRY_STAGE,      /* a stage began */
    ENTRY_RESULT,     /* the result of a task that is merged, or a file's size and hash */
    ENTRY_GIVEN_UP    /* --allow-partial: the run goes on without this task */
};

/* Fields that a kind does not have are zero. Spans are borrowed. */
struct entry {
    enum entry_kind kind;
    uint64_t stage;                /* STAGE, RESULT, GIVEN_UP: counted from 1 */
    uint64_t n_tasks, hash;        /* STAGE: hash of its parameters and inputs */
    uint64_t task, attempt;        /* RESULT, GIVEN_UP (task) */
    uint64_t file_size, file_hash; /* RESULT in a file of stages/; size 0: it is in `bytes` */
    struct lode_span text;         /* STAGE: the leaf; GIVEN_UP: why */
    struct lode_span bytes;        /* RESULT; HEADER: to be read by header_decode */
};

LODE_CHECKED lode_status entry_append(struct lode_bytes *out, const struct entry *entry);
/* The next entry; *more is false at the end. LODE_E_MESSAGE: no entry of ours. */
LODE_CHECKED lode_status entry_next(struct lode_unpack *in, struct entry *entry, bool *more);

#endif
