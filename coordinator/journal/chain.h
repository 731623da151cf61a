/* Chain: the segments of all epochs as one history. Pure: segments come from a function.
 *
 * The newest segment that has a header leads: its header says which earlier ones count, and up to
 * where. Newer ones without a header are of coordinators that died before they did anything.
 */
#ifndef LODE_COORDINATOR_JOURNAL_CHAIN_H
#define LODE_COORDINATOR_JOURNAL_CHAIN_H

#include "coordinator/journal/header.h"
#include "coordinator/journal/history.h"
#include "coordinator/journal/segment.h"

struct chain_source {
    uint64_t newest; /* epoch; 0: there is no segment */
    /* The segment of an epoch, with its whole size; readable until the chain is not used any more.
     */
    lode_status (*open)(void *context, uint64_t epoch, struct segment_source *segment);
    void *context;
};

struct chain {
    struct header header;          /* of the leader */
    struct header_segment *counts; /* the segments that count, the leader last; of the arena */
    int64_t n_counts;              /* 0: no segment has a header */
};

/* Texts and lists come from the arena; history was cleared. LODE_E_INPUT: damaged, or not ours. */
LODE_CHECKED lode_status chain_read(const struct chain_source *source, struct lode_arena *arena,
                                    struct chain *chain, struct history *history);

#endif
