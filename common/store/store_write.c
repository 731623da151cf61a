/* Store, writing: index.h5 from the store in memory; the last file of staging. */
#include "common/store/store.h"

#include <string.h>

#include "common/store/store_private.h"
#include "common/version.h"

static lode_status put_attributes(struct lode_hdf *file, const struct lode_store *store,
                                  struct lode_arena *arena)
{
    char **names;
    uint8_t *of_user;

    lode_try(lode_take(arena, store->n_attributes, &names));
    lode_try(lode_take(arena, store->n_attributes, &of_user));
    for (int64_t i = 0; i < store->n_attributes; i++) {
        const struct lode_attribute *attribute = &store->attributes[i];
        char *path;
        names[i] = (char *)attribute->name; /* only read */
        of_user[i] = attribute->of_user;
        lode_try(lode_store_column_path("dictionaries/attributes", attribute->name, arena, &path));
        lode_try(lode_hdf_put_words(file, path, attribute->dictionary.words,
                                    attribute->dictionary.count,
                                    "the attribute's values; a code is a row"));
    }
    lode_try(lode_hdf_put_words(file, "schema/attributes/name", names, store->n_attributes,
                                "attributes of users and sessions"));
    const struct lode_hdf_column whose = {.name = "schema/attributes/of_user",
                                          .type = LODE_HDF_U8,
                                          .rows = store->n_attributes,
                                          .data = of_user,
                                          .title = "1: one value a user; 0: one a session"};
    return lode_hdf_put(file, &whose);
}

static lode_status put_kpis(struct lode_hdf *file, const struct lode_store *store,
                            struct lode_arena *arena)
{
    char **names;
    uint8_t *is_binary;
    int64_t *n_missing;

    lode_try(lode_take(arena, store->n_kpis, &names));
    lode_try(lode_take(arena, store->n_kpis, &is_binary));
    lode_try(lode_take(arena, store->n_kpis, &n_missing));
    for (int64_t i = 0; i < store->n_kpis; i++) {
        names[i] = (char *)store->kpis[i].name;
        is_binary[i] = store->kpis[i].is_binary;
        n_missing[i] = store->kpis[i].n_missing;
    }
    lode_try(
        lode_hdf_put_words(file, "schema/kpis/name", names, store->n_kpis, "KPIs of sessions"));
    lode_try(lode_hdf_put(file, &(struct lode_hdf_column){.name = "schema/kpis/is_binary",
                                                          .type = LODE_HDF_U8,
                                                          .rows = store->n_kpis,
                                                          .data = is_binary,
                                                          .title = "1: 0 or 1 (faulty)"}));
    return lode_hdf_put(file, &(struct lode_hdf_column){.name = "schema/kpis/n_missing",
                                                        .type = LODE_HDF_I64,
                                                        .rows = store->n_kpis,
                                                        .data = n_missing,
                                                        .units = "sessions",
                                                        .title = "sessions without a value"});
}

/* Columns of single events; nothing where there are none. */
static lode_status put_event_columns(struct lode_hdf *file, const struct lode_store *store,
                                     struct lode_arena *arena)
{
    char **names;
    lode_try(lode_take(arena, store->n_event_attributes, &names));
    for (int64_t i = 0; i < store->n_event_attributes; i++) {
        const struct lode_attribute *attribute = &store->event_attributes[i];
        char *path;
        names[i] = (char *)attribute->name; /* only read */
        lode_try(
            lode_store_column_path("dictionaries/event_attributes", attribute->name, arena, &path));
        lode_try(lode_hdf_put_words(file, path, attribute->dictionary.words,
                                    attribute->dictionary.count,
                                    "the attribute's values; a code is a row"));
    }
    if (store->n_event_attributes > 0)
        lode_try(lode_hdf_put_words(file, "schema/event_attributes/name", names,
                                    store->n_event_attributes, "attributes of events"));
    if (store->n_event_values == 0) return LODE_OK;
    lode_try(lode_take(arena, store->n_event_values, &names));
    for (int64_t i = 0; i < store->n_event_values; i++) names[i] = (char *)store->event_values[i];
    return lode_hdf_put_words(file, "schema/event_values/name", names, store->n_event_values,
                              "numbers of events");
}

static lode_status put_partitions(struct lode_hdf *file, const struct lode_store *store,
                                  struct lode_arena *arena)
{
    const int64_t rows = store->n_partitions;
    char **files;
    int64_t *counts;
    uint64_t *checksums;

    lode_try(lode_take(arena, rows, &files));
    lode_try(lode_take(arena, rows, &counts));
    lode_try(lode_take(arena, rows, &checksums));
    for (int64_t i = 0; i < rows; i++) {
        files[i] = (char *)store->partitions[i].file;
        checksums[i] = store->partitions[i].checksum;
    }
    lode_try(lode_hdf_put_words(file, "partitions/file", files, rows, "file beside index.h5"));
    for (int which = 0; which < STORE_COUNTS; which++) {
        const struct store_count *count = &store_counts[store_kind(store->kind)][which];
        for (int64_t i = 0; i < rows; i++) {
            struct lode_partition first = store->partitions[i]; /* as its first file alone */
            if (first.n_later > 0) {
                first.n_users = first.first.n_users;
                first.n_sessions = first.first.n_sessions;
                first.n_events = first.first.n_events;
            }
            counts[i] = *store_count_of(&first, count);
        }
        const struct lode_hdf_column column = {.name = count->name,
                                               .type = LODE_HDF_I64,
                                               .rows = rows,
                                               .data = counts,
                                               .units = count->units,
                                               .title = count->title};
        lode_try(lode_hdf_put(file, &column));
    }
    return lode_hdf_put(file, &(struct lode_hdf_column){.name = "partitions/checksum",
                                                        .type = LODE_HDF_U64,
                                                        .rows = rows,
                                                        .data = checksums,
                                                        .title = "XXH3, 64 bits, of the file"});
}

static lode_status put_root(struct lode_hdf *file, const struct lode_store *store)
{
    lode_try(lode_hdf_put_text(file, "/", "title", "lode store"));
    lode_try(lode_hdf_put_text(file, "/", "kind", store->kind));
    const bool is_events = store_kind(store->kind) == STORE_OF_EVENTS;
    lode_try(lode_hdf_put_i64(file, "/", "format",
                              !is_events                 ? LODE_STORE_FORMAT
                              : store->n_generations > 1 ? 2
                                                         : 1));
    lode_try(lode_hdf_put_text(file, "/", "lode_version", lode_version()));
    lode_try(lode_hdf_put_text(file, "/", "history", store->history ? store->history : ""));
    lode_try(lode_hdf_put_text(file, "/", "source", store->source ? store->source : ""));
    lode_try(lode_hdf_put_i64(file, "/", "n_rows_read", store->n_rows_read));
    return lode_hdf_put_i64(file, "/", "n_rows_rejected", store->n_rows_rejected);
}

static lode_status put_events(struct lode_hdf *file, const struct lode_store *store,
                              struct lode_arena *arena)
{
    lode_try(put_attributes(file, store, arena));
    lode_try(put_kpis(file, store, arena));
    lode_try(lode_hdf_put_words(file, "dictionaries/event_names", store->event_names.words,
                                store->event_names.count, "event names; a code is a row"));
    return put_event_columns(file, store, arena);
}

static lode_status put_index(struct lode_hdf *file, const struct lode_store *store,
                             struct lode_arena *arena)
{
    lode_try(put_root(file, store));
    if (store_kind(store->kind) == STORE_OF_COUNTERS)
        lode_try(store_put_counters(file, store, arena));
    else
        lode_try(put_events(file, store, arena));
    lode_try(put_partitions(file, store, arena));
    return store_put_generations(file, store, arena);
}

lode_status lode_store_write_index(const struct lode_store *store, const char *directory)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL;
    struct lode_hdf *file = NULL;
    char *path;

    lode_try_done(lode_arena_create(0, &arena));
    lode_try_done(store_join(directory, LODE_STORE_INDEX, arena, &path));
    lode_try_done(lode_hdf_create(path, "index", &file));
    lode_try_done(put_index(file, store, arena));
    status = lode_hdf_commit(file);
    file = NULL;
done:
    lode_hdf_close(file);
    lode_arena_destroy(arena);
    return status ? lode_note(status, "writing the index of %s", directory) : LODE_OK;
}
