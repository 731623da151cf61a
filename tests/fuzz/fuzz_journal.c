/* Any bytes as the segment of a journal: read as far as it is whole, or refused. What was read
 * stays read when the segment is cut where it ended, and a frame put behind it is read too.
 *
 * A hash stops most of what is tried at its door, so the same bytes are also tried as the payload
 * of a frame that is sealed here.
 */
#include "coordinator/journal/chain.h"
#include "coordinator/journal/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

/* One segment in memory, of exactly its size: one byte too far is seen by the address sanitizer. */
static lode_status read_bytes(void *context, uint64_t offset, void *data, size_t size)
{
    const struct lode_bytes *bytes = context;
    check(offset <= bytes->size && size <= bytes->size - offset);
    if (size) memcpy(data, bytes->data + offset, size);
    return LODE_OK;
}

static lode_status open_bytes(void *context, uint64_t epoch, struct segment_source *segment)
{
    const struct lode_bytes *bytes = context;
    (void)epoch;
    *segment = (struct segment_source){
        .name = "fuzz", .size = bytes->size, .read = read_bytes, .context = context};
    return LODE_OK;
}

static void check_known(const struct history *history, size_t size)
{
    for (int64_t s = 0; s < history->n_stages; s++)
        for (int64_t i = 0; i < history->stages[s].count; i++) {
            const struct history_task *task = &history->stages[s].tasks[i];
            check(task->task < history->stages[s].n_tasks);
            check(task->offset <= size && task->size <= size - task->offset);
        }
}

static void try_chain(struct lode_bytes *bytes)
{
    const struct chain_source source = {.newest = 1, .open = open_bytes, .context = bytes};
    struct lode_arena *arena = NULL;
    struct history history = {0}, again = {0};
    struct chain chain, cut;
    check(lode_arena_create(0, &arena) == LODE_OK);
    if (chain_read(&source, arena, &chain, &history) == LODE_OK && chain.n_counts > 0) {
        check_known(&history, bytes->size);
        check(chain.counts[chain.n_counts - 1].size_bytes <= bytes->size);
        bytes->size = (size_t)chain.counts[chain.n_counts - 1].size_bytes;
        check(chain_read(&source, arena, &cut, &again) == LODE_OK);
        check(again.n_stages == history.n_stages && cut.n_counts == chain.n_counts);
    }
    history_clear(&history);
    history_clear(&again);
    lode_arena_destroy(arena);
}

/* A first frame with a header of ours, and one with the bytes. */
static void try_payload(const uint8_t *data, size_t size)
{
    struct lode_bytes segment = {0}, frame = {0}, packed = {0};
    const struct header header = {.version = "1", .job = "job", .store = "/s", .epoch = 1};
    check(header_encode(&header, &packed) == LODE_OK);
    const struct entry entry = {.kind = ENTRY_HEADER, .bytes = {packed.data, packed.size}};
    check(frame_begin(&frame) == LODE_OK && entry_append(&frame, &entry) == LODE_OK);
    check(frame_seal(&frame, 0) == LODE_OK);
    check(lode_bytes_append(&segment, frame.data, frame.size) == LODE_OK);
    check(frame_begin(&frame) == LODE_OK);
    if (size) check(lode_bytes_append(&frame, data, size) == LODE_OK);
    check(frame_seal(&frame, segment.size) == LODE_OK);
    check(lode_bytes_append(&segment, frame.data, frame.size) == LODE_OK);
    try_chain(&segment);
    /* and as the header itself */
    segment.size = 0;
    const struct entry wild = {.kind = ENTRY_HEADER, .bytes = {data, size}};
    check(frame_begin(&frame) == LODE_OK && entry_append(&frame, &wild) == LODE_OK);
    check(frame_seal(&frame, 0) == LODE_OK);
    check(lode_bytes_append(&segment, frame.data, frame.size) == LODE_OK);
    try_chain(&segment);
    lode_bytes_clear(&segment);
    lode_bytes_clear(&frame);
    lode_bytes_clear(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_bytes bytes = {.data = malloc(size ? size : 1), .size = size, .capacity = size};
    if (!bytes.data) return 0;
    if (size) memcpy(bytes.data, data, size);
    try_chain(&bytes);
    free(bytes.data);
    try_payload(data, size);
    return 0;
}
