/* Store, one partition: found in the index, opened with its later files, and the offsets by which
 * its rows belong together. */
#include "common/store/store.h"

#include <inttypes.h>

#include "common/store/store_later.h"
#include "common/store/store_private.h"

/* One row of the index's partition table. */
static lode_status read_entry(struct lode_hdf *index_file, int kind, int64_t index,
                              struct lode_arena *arena, struct lode_partition *entry)
{
    char *name;
    void *checksum;

    *entry = (struct lode_partition){0};
    lode_try(lode_hdf_get_text(index_file, "partitions/file", index, arena, &name));
    if (!store_is_part_file(name)) {
        return lode_fail(LODE_E_INPUT, "'%s' does not name a partition", name);
    }
    entry->file = name;
    lode_try(
        lode_hdf_get(index_file, "partitions/checksum", LODE_HDF_U64, index, 1, arena, &checksum));
    entry->checksum = *(const uint64_t *)checksum;
    for (int which = 0; which < STORE_COUNTS; which++) {
        const struct store_count *column = &store_counts[kind][which];
        void *count;
        lode_try(lode_hdf_get(index_file, column->name, LODE_HDF_I64, index, 1, arena, &count));
        *store_count_of(entry, column) = *(const int64_t *)count;
    }
    return LODE_OK;
}

/* The partition's later files up to a generation: entry->later. */
static lode_status read_later(struct lode_hdf *index_file, int kind, int64_t index,
                              int64_t n_generations, struct lode_arena *arena,
                              struct lode_partition *entry)
{
    struct lode_later_file *later;
    int64_t n = 0;

    if (n_generations < 2 || !lode_hdf_has(index_file, "later/file")) return LODE_OK;
    lode_try(store_get_later(index_file, kind, arena, &later, &n));
    for (int64_t i = 0; i < n; i++) {
        if (later[i].partition != index || later[i].generation > n_generations) continue;
        later[entry->n_later++] = later[i]; /* never ahead of i */
    }
    entry->later = later;
    return LODE_OK;
}

lode_status store_get_partition(struct lode_hdf *index_file, int kind, int64_t n_generations,
                                int64_t index, struct lode_arena *arena,
                                struct lode_partition *entry)
{
    char *name;

    lode_try(lode_hdf_attribute_text(index_file, "/", "kind", arena, &name));
    if (store_kind(name) != kind) {
        return lode_fail(LODE_E_INPUT, "a store of kind '%.40s', not of %s", name,
                         kind == STORE_OF_EVENTS ? LODE_STORE_EVENTS : LODE_STORE_COUNTERS);
    }
    lode_try(read_entry(index_file, kind, index, arena, entry));
    return read_later(index_file, kind, index, n_generations, arena, entry);
}

static lode_status find_entry(const char *store_path, int64_t index, int64_t n_generations,
                              struct lode_arena *arena, struct lode_partition *entry)
{
    struct lode_hdf *index_file = NULL;
    char *path;

    lode_try(store_join(store_path, LODE_STORE_INDEX, arena, &path));
    lode_try(lode_hdf_open(path, &index_file));
    const lode_status status =
        store_get_partition(index_file, STORE_OF_EVENTS, n_generations, index, arena, entry);
    lode_hdf_close(index_file);
    return status;
}

lode_status lode_part_open_as_of(const char *store_path, int64_t n_generations, int64_t index,
                                 struct lode_part *part)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL;
    struct lode_part made = {0};
    struct lode_partition entry;

    lode_try_done(lode_arena_create(0, &arena));
    lode_try_done(find_entry(store_path, index, n_generations, arena, &entry));
    lode_try_done(store_open_part_file(store_path, &entry, arena, &made.file));
    made.n_users = entry.n_users;
    made.n_sessions = entry.n_sessions;
    made.n_events = entry.n_events;
    if (entry.n_later > 0)
        lode_try_done(store_later_open(store_path, entry.later, entry.n_later, &made));
    *part = made;
    made = (struct lode_part){0};
done:
    lode_part_close(&made);
    lode_arena_destroy(arena);
    return status ? lode_note(status, "opening partition %" PRId64, index) : LODE_OK;
}

lode_status lode_part_open(const char *store_path, int64_t index, struct lode_part *part)
{
    return lode_part_open_as_of(store_path, INT64_MAX, index, part);
}

void lode_part_close(struct lode_part *part)
{
    store_later_close(part->later);
    lode_hdf_close(part->file);
    *part = (struct lode_part){0};
}

lode_status lode_part_session_offsets(struct lode_part *part, struct lode_arena *arena,
                                      int64_t **offsets)
{
    if (part->later) return store_later_session_offsets(part, arena, offsets);
    return store_get_offsets(part->file, LODE_PART_SESSION_OFFSET, part->n_users, part->n_sessions,
                             arena, offsets);
}

lode_status lode_part_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                    int64_t **offsets)
{
    if (part->later) return store_later_event_offsets(part, arena, offsets);
    return store_get_offsets(part->file, LODE_PART_EVENT_OFFSET, part->n_sessions, part->n_events,
                             arena, offsets);
}
