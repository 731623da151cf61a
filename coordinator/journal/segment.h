/* Segment: reads the frames of one epoch, wherever its bytes are. Pure: the bytes come from a
 * function, which reads a file in the run directory or the simulator's disk.
 *
 * Torn or damaged? A frame is begun only when the one before is on disk. So a frame that is short
 * or fails its hash, with no head of a frame anywhere behind it, is the last one, which was not on
 * disk when the coordinator died: it is cut. With a head behind it, it was on disk once: damage,
 * refused with its offset.
 */
#ifndef LODE_COORDINATOR_JOURNAL_SEGMENT_H
#define LODE_COORDINATOR_JOURNAL_SEGMENT_H

#include "coordinator/journal/entry.h"

#include <stdbool.h>
#include <stdint.h>

struct segment_source {
    const char *name; /* for messages */
    uint64_t size;    /* that many bytes of it count */
    bool is_whole;    /* a later segment says so: nothing at its end may be torn */
    /* bytes [offset, offset + size) of it, which exist */
    lode_status (*read)(void *context, uint64_t offset, void *data, size_t size);
    void *context;
};

/* Takes one entry; offset: of its bytes, or else its text, in the segment. */
typedef lode_status (*segment_take_fn)(void *context, const struct entry *entry, uint64_t offset);

/* Calls `take` for every entry in order. *end: where the last whole frame ends. LODE_E_INPUT names
 * the segment and the offset where it is damaged; `take` may refuse an entry the same way with
 * LODE_E_MESSAGE. */
LODE_CHECKED lode_status segment_scan(const struct segment_source *source, segment_take_fn take,
                                      void *context, uint64_t *end);

#endif
