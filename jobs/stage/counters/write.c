/* Write: the leaf that makes one partition of the store. The partition's bucket of all runs,
 * merged, streams through components.h into blocks.h, and from there into the file that
 * docs/formats.md describes. Nothing of it is ever wholly in memory, unless it is small.
 */
#include "common/hash.h"
#include "common/store/counters.h"
#include "common/wire/pack.h"
#include "jobs/shuffle/shuffle.h"
#include "jobs/stage/counters/blocks.h"
#include "jobs/stage/counters/components.h"
#include "jobs/stage/counters/plan.h"
#include "jobs/stage/counters/rates/slots.h"

#include <stdio.h>
#include <string.h>

enum { PROGRESS_ROWS = 1 << 14 };

struct writer {
    struct lode_task *task;
    struct counters_plan plan;
    struct shuffle_in in;
    struct blocks *blocks;
    struct components *components; /* of files */
    struct rate_slots *rates;      /* of events; one of both */
    struct rejects *rejects;
    struct lode_hdf *file;
    /* appending: what is there; else NULL */
    struct lode_store *store;
    struct lode_counters *part;
};

/* The block of that name; -1: none. Blocks are in order of names. */
static int64_t find_block(const struct lode_counters *part, const char *name)
{
    int64_t low = 0, high = lode_counters_blocks(part);
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(lode_counters_block(part, middle)->name, name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

static lode_status find_staged(void *context, const char *component, bool *found,
                               struct components_staged *staged)
{
    struct writer *w = context;
    struct lode_arena *arena = w->task->arena;
    const int64_t at = find_block(w->part, component);
    const char **names = NULL;
    struct lode_open_slot *open = NULL;
    *found = at >= 0;
    if (!*found) return LODE_OK;
    const struct lode_counters_block *block = lode_counters_block(w->part, at);
    const struct lode_component *about = lode_store_component(w->store, block->component);
    *staged = (struct components_staged){
        .first_ms = about->first_ms, .last_ms = about->last_ms, .n_counters = block->n_counters};
    if (w->plan.slot_ms == 0) return LODE_OK;
    lode_try(lode_take(arena, block->n_counters, &names));
    for (int64_t i = 0; i < block->n_counters; i++)
        names[i] = lode_store_counter(w->store, block->counters[i])->name;
    lode_try(lode_counters_open_slots(w->part, at, arena, &open));
    staged->counters = names;
    staged->open = open;
    return LODE_OK;
}

/* Shares out what the task has left: to merge, for rows; the rest for names. More makes nothing
 * faster. */
static lode_status open_all(struct writer *w)
{
    enum { MERGE_MOST = 16 << 20, BLOCKS_MOST = 16 << 20 };
    struct lode_task *task = w->task;
    const struct shuffle_site site = shuffle_site_of(task);
    const size_t quarter = shuffle_memory(task->arena, 4);
    char name[256];
    lode_try(shuffle_in_open(task, quarter < MERGE_MOST ? quarter : (size_t)MERGE_MOST, &w->in));
    lode_try(counters_plan_unpack(w->in.params, w->in.params_size, task->arena, &w->plan));
    const bool is_append = w->plan.generation > 1;
    if (is_append) {
        lode_try(lode_store_open(w->plan.directory, &w->store));
        lode_try(lode_counters_open_as_of(w->plan.directory, w->plan.generation - 1, task->index,
                                          &w->part));
    }
    snprintf(name, sizeof name, "write-%05lld-%s.rejects", (long long)task->index, task->attempt);
    lode_try(rejects_create(task->work_directory, name, task->arena, &w->rejects));
    lode_try(blocks_create(&site, quarter < BLOCKS_MOST ? quarter : (size_t)BLOCKS_MOST,
                           w->plan.slot_ms > 0, &w->blocks));
    if (w->plan.n_rates == 0)
        return components_create(task->arena, w->blocks, w->rejects, w->plan.slot_ms,
                                 w->plan.machine[0] != 0, is_append ? find_staged : NULL, w,
                                 &w->components);
    const struct slots_options options = {.slot_ms = w->plan.slot_ms,
                                          .n = w->plan.n_rates,
                                          .names = w->plan.rates,
                                          .staged = is_append ? find_staged : NULL,
                                          .context = w};
    return rate_slots_create(task, w->blocks, &options, &w->rates);
}

static lode_status add(struct writer *w, const struct shuffle_record *record)
{
    return w->rates ? rate_slots_add(w->rates, record) : components_add(w->components, record);
}

static lode_status read_records(struct writer *w)
{
    for (int64_t n = 1;; n++) {
        struct shuffle_record record;
        bool more = false;
        lode_try(shuffle_next(&w->in, &record, &more));
        if (!more) return w->rates ? rate_slots_finish(w->rates) : components_finish(w->components);
        lode_try(add(w, &record));
        if (n % PROGRESS_ROWS == 0) lode_try(lode_task_advance(w->task, PROGRESS_ROWS));
    }
}

/* The file, its size and checksum; appending nothing makes none: size 0. */
static lode_status write_file(struct writer *w, uint64_t *size_bytes, uint64_t *hash)
{
    struct lode_task *task = w->task;
    const bool is_append = w->plan.generation > 1;
    char part[64];
    char *path = NULL;
    if (is_append && blocks_count(w->blocks) == 0) return LODE_OK;
    const size_t room = strlen(w->plan.directory) + sizeof part + 1;
    lode_try(lode_take(task->arena, room, &path));
    snprintf(path, room, "%s/%s", w->plan.directory,
             is_append ? lode_store_later_name(task->index, w->plan.generation, part)
                       : lode_store_part_name(task->index, part));
    lode_try(lode_hdf_create(path, task->attempt, &w->file));
    lode_try(blocks_write(w->blocks, w->file));
    struct lode_hdf *file = w->file;
    w->file = NULL; /* the commit ends it, whatever comes of it */
    lode_try(lode_hdf_commit(file));
    return lode_hash_file(path, hash, size_bytes);
}

/* Rows, or occurrences: those that came; of rates those that rows have, and the late ones. */
static lode_status pack_arrived(const struct writer *w, struct lode_bytes *out)
{
    struct slots_totals totals = {0};
    if (w->rates)
        totals = rate_slots_totals(w->rates);
    else
        totals.n_arrived = components_rows(w->components);
    lode_try(lode_pack_i64(out, totals.n_arrived));
    lode_try(lode_pack_i64(out, totals.n_used));
    return lode_pack_i64(out, totals.n_late);
}

/* What merge_write in job.c reads. */
static lode_status write_part(struct writer *w)
{
    struct lode_bytes *out = w->task->output;
    uint64_t size_bytes = 0, hash = 0;
    lode_try(open_all(w));
    lode_try(read_records(w));
    lode_try(write_file(w, &size_bytes, &hash));
    lode_try(pack_arrived(w, out));
    lode_try(lode_pack_u64(out, size_bytes));
    lode_try(lode_pack_u64(out, hash));
    lode_try(blocks_pack(w->blocks, out));
    struct rejects *rejects = w->rejects;
    w->rejects = NULL;
    return rejects_commit(rejects, out);
}

lode_status counters_write_leaf(struct lode_task *task)
{
    struct writer *w = NULL;
    lode_try(lode_take_zero(task->arena, 1, &w));
    w->task = task;
    const lode_status status = write_part(w);
    lode_hdf_close(w->file);
    blocks_close(w->blocks);
    shuffle_in_close(&w->in);
    rejects_discard(w->rejects);
    lode_counters_close(w->part);
    lode_store_close(w->store);
    return status;
}
