/* Keeper: see the header. */
#include "tests/simulation/keeper.h"

#include "coordinator/journal/frame.h"

#include <stdlib.h>
#include <string.h>

static void must(lode_status status)
{
    if (status) abort(); /* no memory: a test program has nothing to save */
}

void keeper_init(struct keeper *k, struct world *world)
{
    *k = (struct keeper){.world = world};
}

static void forget_reports(struct keeper *k)
{
    for (int i = 0; i < k->n_waiting; i++) report_free(k->waiting[i]);
    for (int i = 0; i < k->n_written; i++) report_free(k->written[i]);
    k->n_waiting = k->n_written = 0;
}

void keeper_clear(struct keeper *k)
{
    for (int i = 0; i <= EPOCHS_MAX; i++) lode_bytes_clear(&k->disk[i].bytes);
    forget_reports(k);
    history_clear(&k->history);
    lode_bytes_clear(&k->frame);
    lode_arena_destroy(k->arena);
}

/* --- the disk --- */

static lode_status read_disk(void *context, uint64_t offset, void *data, size_t size)
{
    const struct disk_segment *segment = context;
    if (offset > segment->bytes.size || size > segment->bytes.size - offset) abort();
    if (size) memcpy(data, segment->bytes.data + offset, size);
    return LODE_OK;
}

static lode_status open_disk(void *context, uint64_t epoch, struct segment_source *segment)
{
    struct keeper *k = context;
    *segment = (struct segment_source){.name = "a segment",
                                       .size = k->disk[epoch].bytes.size,
                                       .read = read_disk,
                                       .context = &k->disk[epoch]};
    return LODE_OK;
}

/* What a death makes of the bytes behind those that were synced. */
static void lose_unsynced(struct keeper *k)
{
    struct disk_segment *segment = &k->disk[k->epoch];
    const size_t synced = segment->synced, size = segment->bytes.size;
    const int64_t unsynced = (int64_t)(size - synced);
    if (unsynced == 0) return;
    switch (world_between(k->world, 0, 3)) {
    case 0: /* nothing of it came to the disk */
        segment->bytes.size = synced;
        break;
    case 1: /* torn */
        segment->bytes.size = synced + (size_t)world_between(k->world, 0, unsynced);
        break;
    case 2: { /* the size was on disk, some of the blocks were not */
        const int64_t from = world_between(k->world, 0, unsynced - 1);
        const int64_t to = world_between(k->world, from + 1, unsynced);
        const uint8_t rubbish = world_chance(k->world, 0.5) ? 0 : 0xa5;
        memset(segment->bytes.data + synced + from, rubbish, (size_t)(to - from));
        break;
    }
    default: /* all of it was on its way and arrived */
        break;
    }
    world_tell(k->world, "epoch %llu leaves %zu bytes, %zu of them synced, of %zu written",
               (unsigned long long)k->epoch, segment->bytes.size, synced, size);
    segment->synced = segment->bytes.size;
}

void keeper_die(struct keeper *k)
{
    forget_reports(k);
    lose_unsynced(k);
}

/* --- the journal --- */

static void put(struct keeper *k, const struct entry *entry)
{
    if (k->frame.size == 0) must(frame_begin(&k->frame));
    must(entry_append(&k->frame, entry));
}

static void put_header(struct keeper *k)
{
    struct lode_bytes bytes = {0};
    const struct header header = {.version = "simulated",
                                  .job = "simulated",
                                  .store = "/store",
                                  .epoch = k->epoch,
                                  .earlier = k->chain.counts,
                                  .n_earlier = k->chain.n_counts};
    must(header_encode(&header, &bytes));
    const struct entry entry = {.kind = ENTRY_HEADER, .bytes = {bytes.data, bytes.size}};
    put(k, &entry);
    lode_bytes_clear(&bytes);
}

lode_status keeper_begin(struct keeper *k)
{
    for (;;) {
        const struct chain_source source = {.newest = k->epoch, .open = open_disk, .context = k};
        history_clear(&k->history);
        lode_arena_destroy(k->arena);
        must(lode_arena_create(0, &k->arena));
        lode_try(chain_read(&source, k->arena, &k->chain, &k->history));
        if (k->epoch == EPOCHS_MAX) abort();
        k->epoch++;
        k->frame.size = 0;
        put_header(k);
        keeper_write(k);
        const bool dies = k->epoch < EPOCHS_MAX / 2 && world_chance(k->world, 0.1);
        if (!dies) break;
        world_tell(k->world, "a coordinator dies over its header");
        keeper_die(k);
    }
    keeper_sync(k);
    return LODE_OK;
}

void keeper_put_stage(struct keeper *k, uint64_t stage, int64_t n_tasks)
{
    const struct entry entry = {.kind = ENTRY_STAGE,
                                .stage = stage,
                                .n_tasks = (uint64_t)n_tasks,
                                .text = lode_span_text("simulated")};
    put(k, &entry);
}

void keeper_put(struct keeper *k, uint64_t stage, struct report *report)
{
    const bool given_up = report->kind == REPORT_GIVEN_UP;
    const struct entry entry = {.kind = given_up ? ENTRY_GIVEN_UP : ENTRY_RESULT,
                                .stage = stage,
                                .task = (uint64_t)report->task,
                                .attempt = (uint64_t)report->attempt,
                                .text = lode_span_text(given_up ? "poisoned" : ""),
                                .bytes = {report->bytes.data, report->bytes.size}};
    put(k, &entry);
    if (k->n_waiting == WAITING_MAX) abort();
    k->waiting[k->n_waiting++] = report;
}

void keeper_write(struct keeper *k)
{
    struct disk_segment *segment = &k->disk[k->epoch];
    must(frame_seal(&k->frame, segment->bytes.size));
    must(lode_bytes_append(&segment->bytes, k->frame.data, k->frame.size));
    k->frame.size = 0;
    memcpy(k->written, k->waiting, (size_t)k->n_waiting * sizeof *k->written);
    k->n_written = k->n_waiting;
    k->n_waiting = 0;
}

void keeper_sync(struct keeper *k)
{
    k->disk[k->epoch].synced = k->disk[k->epoch].bytes.size;
}

void keeper_merged(struct keeper *k)
{
    for (int i = 0; i < k->n_written; i++) report_free(k->written[i]);
    k->n_written = 0;
}

bool keeper_value(const struct keeper *k, const struct history_task *task, uint64_t *value)
{
    const struct disk_segment *segment = &k->disk[task->epoch];
    if (task->size != sizeof *value || task->offset + task->size > segment->bytes.size)
        return false;
    memcpy(value, segment->bytes.data + task->offset, sizeof *value);
    return true;
}
