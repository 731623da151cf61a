/* Segment: see the header. */
#include "coordinator/journal/segment.h"

#include "coordinator/journal/frame.h"

#include <string.h>

enum { LOOK_BYTES = 1 << 18 };

struct scan {
    const struct segment_source *source;
    struct lode_bytes payload, window;
    uint64_t at; /* of the frame at hand */
};

static lode_status fail_damage(const struct scan *scan)
{
    return lode_fail(LODE_E_INPUT,
                     "%s is damaged at offset %llu: what stands there is not what was written",
                     scan->source->name, (unsigned long long)scan->at);
}

/* Whether the head of a frame begins anywhere behind the frame at hand. */
static lode_status find_head_behind(struct scan *scan, bool *found)
{
    const struct segment_source *source = scan->source;
    struct frame_head head;
    *found = false;
    scan->window.size = 0;
    lode_try(lode_bytes_reserve(&scan->window, LOOK_BYTES));
    for (uint64_t at = scan->at + 1; at + FRAME_HEAD <= source->size;) {
        const uint64_t left = source->size - at;
        const size_t size = left < LOOK_BYTES ? (size_t)left : LOOK_BYTES;
        const uint8_t *window = scan->window.data;
        lode_try(source->read(source->context, at, scan->window.data, size));
        for (size_t i = 0; i + FRAME_HEAD <= size; i++) {
            const uint8_t *next = memchr(window + i, FRAME_MAGIC[0], size - FRAME_HEAD + 1 - i);
            if (!next) break;
            i = (size_t)(next - window);
            *found = frame_head_read(next, at + i, &head);
            if (*found) return LODE_OK;
        }
        at += size - FRAME_HEAD + 1; /* a head may lie across the edge of two windows */
    }
    return LODE_OK;
}

/* Reads the frame at hand into scan->payload; false: it is short, or not what it was. */
static lode_status read_frame(struct scan *scan, bool *is_well)
{
    const struct segment_source *source = scan->source;
    uint8_t bytes[FRAME_HEAD];
    struct frame_head head;
    *is_well = false;
    if (source->size - scan->at < FRAME_HEAD) return LODE_OK;
    lode_try(source->read(source->context, scan->at, bytes, sizeof bytes));
    if (!frame_head_read(bytes, scan->at, &head)) return LODE_OK;
    if (source->size - scan->at - FRAME_HEAD < head.size) return LODE_OK;
    scan->payload.size = 0;
    lode_try(lode_bytes_reserve(&scan->payload, head.size + 1));
    lode_try(source->read(source->context, scan->at + FRAME_HEAD, scan->payload.data, head.size));
    scan->payload.size = head.size;
    *is_well = frame_payload_is(&head, scan->payload.data);
    return LODE_OK;
}

static lode_status take_entries(struct scan *scan, segment_take_fn take, void *context)
{
    struct lode_unpack in = lode_unpack_begin(scan->payload.data, scan->payload.size);
    for (;;) {
        struct entry entry;
        bool more = false;
        lode_status status = entry_next(&in, &entry, &more);
        if (!status && !more) return LODE_OK;
        if (!status) {
            const uint8_t *bytes =
                entry.kind == ENTRY_GIVEN_UP ? entry.text.data : entry.bytes.data;
            const uint64_t inside = bytes ? (uint64_t)(bytes - scan->payload.data) : 0;
            status = take(context, &entry, scan->at + FRAME_HEAD + inside);
        }
        if (status == LODE_E_MESSAGE)
            return lode_note(LODE_E_INPUT, "%s, frame at offset %llu", scan->source->name,
                             (unsigned long long)scan->at);
        lode_try(status);
    }
}

lode_status segment_scan(const struct segment_source *source, segment_take_fn take, void *context,
                         uint64_t *end)
{
    lode_status status = LODE_OK;
    struct scan scan = {.source = source};
    while (scan.at < source->size) {
        bool is_well = false, is_followed = false;
        lode_try_done(read_frame(&scan, &is_well));
        if (!is_well) {
            if (!source->is_whole) lode_try_done(find_head_behind(&scan, &is_followed));
            if (source->is_whole || is_followed) status = fail_damage(&scan);
            goto done;
        }
        lode_try_done(take_entries(&scan, take, context));
        scan.at += FRAME_HEAD + scan.payload.size;
    }
done:
    *end = scan.at;
    lode_bytes_clear(&scan.payload);
    lode_bytes_clear(&scan.window);
    return status;
}
