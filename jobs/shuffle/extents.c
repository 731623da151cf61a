/* Extents: see the header. */
#include "jobs/shuffle/extents.h"

#include "common/hash.h"
#include "jobs/shuffle/scratch.h"

#include <string.h>

struct frame_head {
    uint32_t size;
    uint32_t zero;
    uint64_t hash;
};

void extent_writer_init(struct extent_writer *writer, int fd, const char *path, uint64_t offset,
                        void *memory, size_t size, struct lode_arena *arena)
{
    *writer = (struct extent_writer){
        .fd = fd, .path = path, .written = offset, .memory = memory, .size = size, .arena = arena};
}

/* Bytes of the open frame, its head included. */
static size_t frame_bytes(const struct extent_writer *writer)
{
    return writer->used - writer->frame;
}

static void open_frame(struct extent_writer *writer)
{
    writer->frame = writer->used;
    writer->used += sizeof(struct frame_head);
}

/* Completes the frame in memory; one without records vanishes. */
static void close_frame(struct extent_writer *writer)
{
    const size_t bytes = frame_bytes(writer);
    uint8_t *at = writer->memory + writer->frame;
    if (bytes == sizeof(struct frame_head)) {
        writer->used = writer->frame;
        return;
    }
    struct frame_head head = {.size = (uint32_t)(bytes - sizeof head)};
    head.hash = lode_hash(at + sizeof head, head.size);
    memcpy(at, &head, sizeof head);
    if (bytes > writer->extent.largest) writer->extent.largest = bytes;
}

lode_status extent_flush(struct extent_writer *writer)
{
    lode_try(
        scratch_write(writer->fd, writer->path, writer->written, writer->memory, writer->used));
    writer->written += writer->used;
    writer->used = 0;
    return LODE_OK;
}

/* Memory for `size` bytes behind what is used; what is used is in whole frames. */
static lode_status make_room(struct extent_writer *writer, size_t size)
{
    if (writer->size - writer->used >= size) return LODE_OK;
    lode_try(extent_flush(writer));
    if (writer->size >= size) return LODE_OK;
    lode_try(lode_arena_take(writer->arena, size, 1, (void **)&writer->memory));
    writer->size = size;
    return LODE_OK;
}

void extent_begin(struct extent_writer *writer)
{
    writer->extent = (struct extent){.offset = writer->written + writer->used};
    writer->frame = writer->used; /* no frame is open yet */
}

lode_status extent_put(struct extent_writer *writer, const struct shuffle_record *record)
{
    const size_t size = shuffle_record_size(record);
    if (size >= UINT32_MAX - sizeof(struct frame_head))
        return lode_fail(LODE_E_BUG, "a record of %zu bytes for a shuffle", size);
    if (frame_bytes(writer) + size > EXTENT_FRAME_BYTES || writer->used + size > writer->size) {
        if (frame_bytes(writer) > 0) close_frame(writer);
        lode_try(make_room(writer, sizeof(struct frame_head) + size));
        writer->frame = writer->used;
    }
    if (frame_bytes(writer) == 0) {
        lode_try(make_room(writer, sizeof(struct frame_head) + size));
        open_frame(writer);
    }
    shuffle_record_put(writer->memory + writer->used, record);
    writer->used += size;
    writer->extent.n_records++;
    return LODE_OK;
}

void extent_end(struct extent_writer *writer, struct extent *extent)
{
    if (frame_bytes(writer) > 0) close_frame(writer);
    writer->extent.size = writer->written + writer->used - writer->extent.offset;
    *extent = writer->extent;
}

lode_status extent_put_bytes(struct extent_writer *writer, const void *data, size_t size)
{
    if (writer->size - writer->used < size) lode_try(extent_flush(writer));
    if (writer->size < size) { /* large: past the memory */
        lode_try(scratch_write(writer->fd, writer->path, writer->written, data, size));
        writer->written += size;
        return LODE_OK;
    }
    if (size > 0) memcpy(writer->memory + writer->used, data, size);
    writer->used += size;
    return LODE_OK;
}

void extent_reader_init(struct extent_reader *reader, int fd, const char *path,
                        const struct extent *extent, void *memory)
{
    *reader = (struct extent_reader){.fd = fd,
                                     .path = path,
                                     .memory = memory,
                                     .size = extent->largest,
                                     .at = extent->offset,
                                     .end = extent->offset + extent->size,
                                     .n_left = extent->n_records};
}

static lode_status fail_damaged(const struct extent_reader *reader, uint64_t size)
{
    return lode_fail(LODE_E_INPUT, "%s: bytes %llu to %llu are damaged (checksum)", reader->path,
                     (unsigned long long)reader->at, (unsigned long long)(reader->at + size));
}

static lode_status read_frame(struct extent_reader *reader)
{
    struct frame_head head;
    const uint64_t left = reader->end - reader->at;
    const size_t wanted = left < reader->size ? (size_t)left : reader->size;
    if (wanted < sizeof head) return fail_damaged(reader, left);
    lode_try(scratch_read(reader->fd, reader->path, reader->at, reader->memory, wanted));
    memcpy(&head, reader->memory, sizeof head);
    const uint8_t *records = reader->memory + sizeof head;
    if (head.size == 0 || head.size > wanted - sizeof head) return fail_damaged(reader, wanted);
    if (lode_hash(records, head.size) != head.hash)
        return fail_damaged(reader, sizeof head + head.size);
    reader->next = records;
    reader->frame_end = records + head.size;
    reader->at += sizeof head + head.size;
    return LODE_OK;
}

lode_status extent_next(struct extent_reader *reader, struct shuffle_record *record, bool *more)
{
    *more = reader->n_left > 0;
    if (reader->next == reader->frame_end) {
        if ((reader->at == reader->end) != (reader->n_left == 0))
            return fail_damaged(reader, reader->end - reader->at);
        if (!*more) return LODE_OK;
        lode_try(read_frame(reader));
    }
    if (!*more) return fail_damaged(reader, reader->end - reader->at);
    reader->next = shuffle_record_get(reader->next, reader->frame_end, record);
    if (!reader->next) return fail_damaged(reader, 0);
    record->source = -1;
    reader->n_left--;
    return LODE_OK;
}
