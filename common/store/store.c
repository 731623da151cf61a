/* Store: the index of a staged data set, read whole.
 *
 * index.h5 appears by rename once every partition lies beside it, so a folder without one is no
 * store or an unfinished one. Opening compares each partition file's size with the index: cheap,
 * and finds the copy that was cut short; whoever opens a partition compares its checksum.
 */
#include "common/store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/patience.h"
#include "common/store/store_private.h"
#include "common/text.h"

const char *lode_store_part_name(int64_t index, char *buffer)
{
    enum { ROOM = 32 };
    snprintf(buffer, ROOM, "part-%05" PRId64 ".h5", index);
    return buffer;
}

const char *lode_store_later_name(int64_t index, int64_t generation, char *buffer)
{
    enum { ROOM = 64 };
    snprintf(buffer, ROOM, "part-%05" PRId64 ".g%" PRId64 ".h5", index, generation);
    return buffer;
}

lode_status lode_store_column_path(const char *group, const char *name, struct lode_arena *arena,
                                   char **path)
{
    static const char digits[] = "0123456789ABCDEF";
    const size_t group_size = strlen(group), name_size = strlen(name);
    const bool is_dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    char *made;

    lode_try(lode_take(arena, group_size + 3 * name_size + 3, &made));
    char *to = made + snprintf(made, group_size + 2, "%s/", group);
    if (name_size == 0) *to++ = '%'; /* alone: never made by the loop below */
    for (const char *at = name; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte < 0x20 || byte == 0x7f || byte == '/' || byte == '%' || is_dots) {
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
    *path = made;
    return LODE_OK;
}

static lode_status get_attributes(struct lode_hdf *file, struct lode_store *store)
{
    char **names;
    void *of_user;

    lode_try(lode_hdf_get_texts(file, "schema/attributes/name", store->arena, &names,
                                &store->n_attributes));
    lode_try(store_get_column(file, "schema/attributes/of_user", LODE_HDF_U8, store->n_attributes,
                              store->arena, &of_user));
    lode_try(lode_take_zero(store->arena, store->n_attributes, &store->attributes));
    for (int64_t i = 0; i < store->n_attributes; i++) {
        struct lode_attribute *attribute = &store->attributes[i];
        char *path;
        attribute->name = names[i];
        attribute->of_user = ((const uint8_t *)of_user)[i] != 0;
        lode_try(lode_store_column_path("dictionaries/attributes", names[i], store->arena, &path));
        lode_try(lode_hdf_get_texts(file, path, store->arena, &attribute->dictionary.words,
                                    &attribute->dictionary.count));
    }
    return LODE_OK;
}

static lode_status get_kpis(struct lode_hdf *file, struct lode_store *store)
{
    char **names;
    void *is_binary, *n_missing;

    lode_try(lode_hdf_get_texts(file, "schema/kpis/name", store->arena, &names, &store->n_kpis));
    lode_try(store_get_column(file, "schema/kpis/is_binary", LODE_HDF_U8, store->n_kpis,
                              store->arena, &is_binary));
    lode_try(store_get_column(file, "schema/kpis/n_missing", LODE_HDF_I64, store->n_kpis,
                              store->arena, &n_missing));
    lode_try(lode_take_zero(store->arena, store->n_kpis, &store->kpis));
    for (int64_t i = 0; i < store->n_kpis; i++) {
        store->kpis[i].name = names[i];
        store->kpis[i].is_binary = ((const uint8_t *)is_binary)[i] != 0;
        store->kpis[i].n_missing = ((const int64_t *)n_missing)[i];
    }
    return LODE_OK;
}

/* Columns of single events, if the store has any. */
static lode_status get_event_columns(struct lode_hdf *file, struct lode_store *store)
{
    static const char attributes[] = "schema/event_attributes/name";
    static const char values[] = "schema/event_values/name";
    char **names = NULL;
    char *path;

    if (lode_hdf_has(file, attributes))
        lode_try(
            lode_hdf_get_texts(file, attributes, store->arena, &names, &store->n_event_attributes));
    lode_try(lode_take_zero(store->arena, store->n_event_attributes, &store->event_attributes));
    for (int64_t i = 0; names && i < store->n_event_attributes; i++) {
        struct lode_attribute *attribute = &store->event_attributes[i];
        attribute->name = names[i];
        lode_try(
            lode_store_column_path("dictionaries/event_attributes", names[i], store->arena, &path));
        lode_try(lode_hdf_get_texts(file, path, store->arena, &attribute->dictionary.words,
                                    &attribute->dictionary.count));
    }
    if (!lode_hdf_has(file, values)) return LODE_OK;
    lode_try(lode_hdf_get_texts(file, values, store->arena, &names, &store->n_event_values));
    lode_try(lode_take(store->arena, store->n_event_values, &store->event_values));
    for (int64_t i = 0; i < store->n_event_values; i++) store->event_values[i] = names[i];
    return LODE_OK;
}

static lode_status get_partitions(struct lode_hdf *file, struct lode_store *store)
{
    char **files;
    void *checksums, *counts;

    lode_try(
        lode_hdf_get_texts(file, "partitions/file", store->arena, &files, &store->n_partitions));
    lode_try(store_get_column(file, "partitions/checksum", LODE_HDF_U64, store->n_partitions,
                              store->arena, &checksums));
    lode_try(lode_take_zero(store->arena, store->n_partitions, &store->partitions));
    for (int64_t i = 0; i < store->n_partitions; i++) {
        if (!store_is_part_file(files[i])) {
            return lode_fail(LODE_E_INPUT, "'%s' does not name a partition", files[i]);
        }
        store->partitions[i].file = files[i];
        store->partitions[i].checksum = ((const uint64_t *)checksums)[i];
    }
    for (int which = 0; which < STORE_COUNTS; which++) {
        const struct store_count *column = &store_counts[store_kind(store->kind)][which];
        lode_try(store_get_column(file, column->name, LODE_HDF_I64, store->n_partitions,
                                  store->arena, &counts));
        for (int64_t i = 0; i < store->n_partitions; i++) {
            const int64_t count = ((const int64_t *)counts)[i];
            if (count < 0) {
                return lode_fail(LODE_E_INPUT, "'%s' holds %" PRId64, column->name, count);
            }
            *store_count_of(&store->partitions[i], column) = count;
        }
    }
    return LODE_OK;
}

static lode_status get_root(struct lode_hdf *file, struct lode_store *store)
{
    int64_t format = 0;
    char *kind, *history, *source;

    if (lode_hdf_attribute_i64(file, "/", "format", &format) != LODE_OK || format < 1) {
        return lode_fail(LODE_E_INPUT, "not a lode store: no store format in " LODE_STORE_INDEX);
    }
    if (format > LODE_STORE_FORMAT) {
        return lode_fail(LODE_E_INPUT,
                         "a newer lode wrote it: store format %" PRId64
                         ", this lode reads up to %d",
                         format, LODE_STORE_FORMAT);
    }
    lode_try(lode_hdf_attribute_text(file, "/", "kind", store->arena, &kind));
    if (store_kind(kind) < 0) {
        return lode_fail(LODE_E_INPUT,
                         "a store of kind '%.40s', which this lode does not know (it reads events "
                         "and counters)",
                         kind);
    }
    lode_try(lode_hdf_attribute_text(file, "/", "history", store->arena, &history));
    lode_try(lode_hdf_attribute_text(file, "/", "source", store->arena, &source));
    lode_try(lode_hdf_attribute_i64(file, "/", "n_rows_read", &store->n_rows_read));
    lode_try(lode_hdf_attribute_i64(file, "/", "n_rows_rejected", &store->n_rows_rejected));
    store->kind = kind;
    store->history = history;
    store->source = source;
    return LODE_OK;
}

static lode_status get_events(struct lode_hdf *file, struct lode_store *store)
{
    lode_try(get_attributes(file, store));
    lode_try(get_kpis(file, store));
    lode_try(lode_hdf_get_texts(file, "dictionaries/event_names", store->arena,
                                &store->event_names.words, &store->event_names.count));
    return get_event_columns(file, store);
}

static lode_status get_index(struct lode_hdf *file, struct lode_store *store)
{
    lode_try(get_root(file, store));
    if (store_kind(store->kind) == STORE_OF_EVENTS) lode_try(get_events(file, store));
    lode_try(get_partitions(file, store));
    if (store_kind(store->kind) == STORE_OF_COUNTERS) lode_try(store_get_counters(file, store));
    return store_get_generations(file, store);
}

static lode_status check_path(const char *path, const char *name, int64_t size_bytes)
{
    struct stat about;
    if (stat(path, &about) != 0) {
        return lode_fail(LODE_E_INPUT, "partition %s: %s", name, strerror(errno));
    }
    if (about.st_size != size_bytes) {
        return lode_fail(LODE_E_INPUT,
                         "partition %s has %" PRId64 " bytes, the index says %" PRId64, name,
                         (int64_t)about.st_size, size_bytes);
    }
    return LODE_OK;
}

static lode_status check_file(const struct lode_store *store, const char *name, int64_t size_bytes)
{
    char *path;
    struct lode_patience patience = lode_patience_begin();
    lode_try(store_join(store->path, name, store->arena, &path));
    lode_status status = check_path(path, name, size_bytes);
    while (status && lode_patience_again(&patience, path))
        status = check_path(path, name, size_bytes);
    return status;
}

/* Every file is there with the size the index has for it; sums up the partitions' rows. */
static lode_status check_partitions(struct lode_store *store)
{
    for (int64_t i = 0; i < store->n_partitions; i++) {
        const struct lode_partition *partition = &store->partitions[i];
        lode_try(check_file(store, partition->file, partition->size_bytes));
        if (__builtin_add_overflow(store->n_users, partition->n_users, &store->n_users) ||
            __builtin_add_overflow(store->n_sessions, partition->n_sessions, &store->n_sessions) ||
            __builtin_add_overflow(store->n_events, partition->n_events, &store->n_events)) {
            return lode_fail(LODE_E_INPUT, "partition %s: more rows than can be counted",
                             partition->file);
        }
    }
    for (int64_t i = 0; i < store->n_later; i++) {
        lode_try(check_file(store, store->later[i].file, store->later[i].size_bytes));
    }
    return LODE_OK;
}

/* The store's folder as an absolute path, in *path (PATH_MAX bytes). */
static lode_status find_folder(const char *name, char *path)
{
    struct stat about;

    if (realpath(name, path) == NULL || stat(path, &about) != 0) {
        return errno == ENOENT ? lode_fail(LODE_E_INPUT, "no such store")
                               : lode_fail(LODE_E_INPUT, "%s", strerror(errno));
    }
    if (!S_ISDIR(about.st_mode)) return lode_fail(LODE_E_INPUT, "a file, not a store");
    return LODE_OK;
}

static lode_status read_store(const char *path, struct lode_store *store)
{
    char folder[PATH_MAX], *index;
    struct lode_hdf *file = NULL;
    struct stat about;

    lode_try(find_folder(path, folder));
    lode_try(lode_arena_text(store->arena, folder, strlen(folder), &store->path));
    lode_try(store_join(folder, LODE_STORE_INDEX, store->arena, &index));
    if (stat(index, &about) != 0 && errno == ENOENT) {
        return lode_fail(LODE_E_INPUT, LODE_STORE_INDEX
                         " is missing: not a store, or one whose staging did not finish");
    }
    lode_try(lode_hdf_open(index, &file));
    const lode_status status = get_index(file, store);
    lode_hdf_close(file);
    lode_try(status);
    return check_partitions(store);
}

lode_status lode_store_open(const char *path, struct lode_store **store)
{
    struct lode_arena *arena = NULL;
    struct lode_store *made = NULL;

    lode_try(lode_arena_create(0, &arena));
    lode_status status = lode_take_zero(arena, 1, &made);
    if (status == LODE_OK) {
        made->arena = arena;
        status = read_store(path, made);
    }
    if (status != LODE_OK) {
        lode_arena_destroy(arena);
        return lode_note(status, "%s", path);
    }
    *store = made;
    return LODE_OK;
}

void lode_store_close(struct lode_store *store)
{
    if (store != NULL) lode_arena_destroy(store->arena); /* the store itself lies in it */
}

void lode_store_name_partition(const void *store, int64_t partition, char *text, size_t size)
{
    const struct lode_store *s = store;
    char sessions[32], events[32];
    if (partition < 0 || partition >= s->n_partitions) {
        snprintf(text, size, "%s", "");
        return;
    }
    const struct lode_partition *part = &s->partitions[partition];
    if (store_kind(s->kind) == STORE_OF_COUNTERS)
        snprintf(text, size, "%s, %s components, %s times", part->file,
                 lode_text_grouped(part->n_users, sessions),
                 lode_text_grouped(part->n_sessions, events));
    else
        snprintf(text, size, "%s, %s sessions, %s events", part->file,
                 lode_text_grouped(part->n_sessions, sessions),
                 lode_text_grouped(part->n_events, events));
}

int64_t lode_store_partition_bytes(const struct lode_partition *partition)
{
    int64_t bytes = partition->size_bytes;
    for (int64_t i = 0; i < partition->n_later; i++) bytes += partition->later[i].size_bytes;
    return bytes;
}

int64_t lode_store_find_kpi(const struct lode_store *store, const char *name)
{
    for (int64_t i = 0; i < store->n_kpis; i++) {
        if (strcmp(store->kpis[i].name, name) == 0) return i;
    }
    return -1;
}

int64_t lode_store_find_attribute(const struct lode_store *store, const char *name)
{
    for (int64_t i = 0; i < store->n_attributes; i++) {
        if (strcmp(store->attributes[i].name, name) == 0) return i;
    }
    return -1;
}

int64_t lode_store_find_event_attribute(const struct lode_store *store, const char *name)
{
    for (int64_t i = 0; i < store->n_event_attributes; i++) {
        if (strcmp(store->event_attributes[i].name, name) == 0) return i;
    }
    return -1;
}

int64_t lode_store_find_event_value(const struct lode_store *store, const char *name)
{
    for (int64_t i = 0; i < store->n_event_values; i++) {
        if (strcmp(store->event_values[i], name) == 0) return i;
    }
    return -1;
}
