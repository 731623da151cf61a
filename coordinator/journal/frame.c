/* Frame: see the header. */
#include "coordinator/journal/frame.h"

#include "common/hash.h"

#include <string.h>

enum { AT_SIZE = 4, AT_OFFSET = 8, AT_HASH = 16, AT_HEAD_HASH = 24 };

static void put(uint8_t *at, int n_bytes, uint64_t value)
{
    for (int i = 0; i < n_bytes; i++) at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *at, int n_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

lode_status frame_begin(struct lode_bytes *frame)
{
    static const uint8_t empty[FRAME_HEAD];
    frame->size = 0;
    return lode_bytes_append(frame, empty, sizeof empty);
}

lode_status frame_seal(struct lode_bytes *frame, uint64_t offset)
{
    const size_t size = frame->size - FRAME_HEAD;
    uint8_t *head = frame->data;
    if (size > FRAME_PAYLOAD_LIMIT)
        return lode_fail(LODE_E_BUG, "a frame of %zu bytes, at most %d are allowed", size,
                         FRAME_PAYLOAD_LIMIT);
    memcpy(head, FRAME_MAGIC, AT_SIZE);
    put(head + AT_SIZE, 4, size);
    put(head + AT_OFFSET, 8, offset);
    put(head + AT_HASH, 8, lode_hash(head + FRAME_HEAD, size));
    put(head + AT_HEAD_HASH, 8, lode_hash(head, AT_HEAD_HASH));
    return LODE_OK;
}

bool frame_head_read(const uint8_t *bytes, uint64_t offset, struct frame_head *head)
{
    if (memcmp(bytes, FRAME_MAGIC, AT_SIZE) != 0 || get(bytes + AT_OFFSET, 8) != offset ||
        get(bytes + AT_HEAD_HASH, 8) != lode_hash(bytes, AT_HEAD_HASH))
        return false;
    *head = (struct frame_head){.size = (size_t)get(bytes + AT_SIZE, 4),
                                .hash = get(bytes + AT_HASH, 8)};
    return head->size <= FRAME_PAYLOAD_LIMIT;
}

bool frame_payload_is(const struct frame_head *head, const uint8_t *payload)
{
    return lode_hash(payload, head->size) == head->hash;
}
