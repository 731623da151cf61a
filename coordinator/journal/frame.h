/* Frame: one group commit of the journal as bytes. Pure: no file in it.
 *
 * A segment is frames one after the other: a head of 32 bytes [magic u32 | payload size u32 | own
 * offset in the segment u64 | XXH3 of the payload u64 | XXH3 of the head before u64],
 * little-endian, then the payload. The next frame is written only when the one before is on disk,
 * so of all frames only the last can be torn; the head's own hash and offset tell a true head,
 * wherever one looks.
 */
#ifndef LODE_COORDINATOR_JOURNAL_FRAME_H
#define LODE_COORDINATOR_JOURNAL_FRAME_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_HEAD = 32, FRAME_PAYLOAD_LIMIT = 64 << 20 };
#define FRAME_MAGIC "LDJ1" /* its first four bytes */

/* Makes `frame` an empty frame, to which the payload is then appended. */
LODE_CHECKED lode_status frame_begin(struct lode_bytes *frame);
/* Fills in the head of what frame_begin began, to be written at `offset`. LODE_E_BUG when the
 * payload is over the limit. */
LODE_CHECKED lode_status frame_seal(struct lode_bytes *frame, uint64_t offset);

struct frame_head {
    size_t size; /* of the payload, at most FRAME_PAYLOAD_LIMIT */
    uint64_t hash;
};
/* Whether the FRAME_HEAD bytes are the head of a frame at `offset`. */
bool frame_head_read(const uint8_t *bytes, uint64_t offset, struct frame_head *head);
bool frame_payload_is(const struct frame_head *head, const uint8_t *payload);

#endif
