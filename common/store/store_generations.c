/* Store, generations: the part of index.h5 that appending adds: later files, what each generation
 * came from, and the rules by which the store was staged. Groups that are not there mean one
 * generation, or no rules.
 */
#include "common/store/store.h"

#include <inttypes.h>

#include "common/store/store_private.h"

lode_status store_get_later(struct lode_hdf *file, int kind, struct lode_arena *arena,
                            struct lode_later_file **later, int64_t *count)
{
    struct lode_later_file *list;
    char **names;
    void *column;
    int64_t n = 0;

    lode_try(lode_hdf_get_texts(file, "later/file", arena, &names, &n));
    lode_try(lode_take_zero(arena, n, &list));
    lode_try(store_get_column(file, "later/checksum", LODE_HDF_U64, n, arena, &column));
    for (int64_t i = 0; i < n; i++) {
        if (!store_is_part_file(names[i])) {
            return lode_fail(LODE_E_INPUT, "'%s' does not name a partition", names[i]);
        }
        list[i].file = names[i];
        list[i].checksum = ((const uint64_t *)column)[i];
    }
    for (int which = 0; which < STORE_LATER_COUNTS; which++) {
        const struct store_count *entry = &store_later_counts[kind][which];
        const char *name = entry->name;
        lode_try(store_get_column(file, name, LODE_HDF_I64, n, arena, &column));
        for (int64_t i = 0; i < n; i++) {
            const int64_t value = ((const int64_t *)column)[i];
            if (value < 0) return lode_fail(LODE_E_INPUT, "'%s' holds %" PRId64, name, value);
            *store_later_count_of(&list[i], entry) = value;
        }
    }
    *later = list;
    *count = n;
    return LODE_OK;
}

/* In order of (partition, generation), each once, all in range; hands them to their partitions. */
static lode_status place_later(struct lode_store *store)
{
    for (int64_t i = 0; i < store->n_later; i++) {
        const struct lode_later_file *file = &store->later[i], *before = i > 0 ? file - 1 : NULL;
        const bool is_next = before == NULL || before->partition < file->partition;
        if (file->partition >= store->n_partitions || file->generation < 2 ||
            file->generation > store->n_generations ||
            (!is_next &&
             (before->partition != file->partition || before->generation >= file->generation))) {
            return lode_fail(LODE_E_INPUT,
                             "'%s' (partition %" PRId64 ", generation %" PRId64
                             ") is out of place among the later files",
                             file->file, file->partition, file->generation);
        }
        struct lode_partition *partition = &store->partitions[file->partition];
        if (partition->n_later++ == 0) {
            partition->later = file;
            partition->first = (struct lode_row_counts){partition->n_users, partition->n_sessions,
                                                        partition->n_events};
        }
        partition->n_users = file->all_users;
        partition->n_sessions = file->all_sessions;
        partition->n_events = file->all_events;
    }
    return LODE_OK;
}

static lode_status get_history(struct lode_hdf *file, struct lode_store *store)
{
    char **sources, **histories;
    void *read, *rejected;
    int64_t n = 0, n_histories = 0;

    lode_try(lode_hdf_get_texts(file, "generations/source", store->arena, &sources, &n));
    lode_try(
        lode_hdf_get_texts(file, "generations/history", store->arena, &histories, &n_histories));
    if (n < 2 || n_histories != n) {
        return lode_fail(LODE_E_INPUT,
                         "%" PRId64 " sources and %" PRId64 " histories of generations", n,
                         n_histories);
    }
    lode_try(store_get_column(file, "generations/rows_read", LODE_HDF_I64, n, store->arena, &read));
    lode_try(store_get_column(file, "generations/rows_rejected", LODE_HDF_I64, n, store->arena,
                              &rejected));
    lode_try(lode_take(store->arena, n, &store->generations));
    for (int64_t g = 0; g < n; g++) {
        store->generations[g] = (struct lode_generation){
            sources[g], histories[g], ((const int64_t *)read)[g], ((const int64_t *)rejected)[g]};
    }
    store->n_generations = n;
    return LODE_OK;
}

lode_status store_get_generations(struct lode_hdf *file, struct lode_store *store)
{
    int64_t n_values = 0;

    if (lode_hdf_has(file, "staging/name")) {
        lode_try(lode_hdf_get_texts(file, "staging/name", store->arena, &store->rules.names,
                                    &store->rules.count));
        lode_try(lode_hdf_get_texts(file, "staging/value", store->arena, &store->rules.values,
                                    &n_values));
        if (n_values != store->rules.count) {
            return lode_fail(LODE_E_INPUT, "%" PRId64 " names and %" PRId64 " values in staging/",
                             store->rules.count, n_values);
        }
    }
    if (lode_hdf_has(file, "generations/source")) {
        lode_try(get_history(file, store));
        lode_try(store_get_later(file, store_kind(store->kind), store->arena, &store->later,
                                 &store->n_later));
        return place_later(store);
    }
    lode_try(lode_take(store->arena, 1, &store->generations));
    store->generations[0] = (struct lode_generation){store->source, store->history,
                                                     store->n_rows_read, store->n_rows_rejected};
    store->n_generations = 1;
    return LODE_OK;
}

static lode_status put_later(struct lode_hdf *file, const struct lode_store *store,
                             struct lode_arena *arena)
{
    const int64_t n = store->n_later;
    char **files;
    int64_t *counts;
    uint64_t *checksums;

    lode_try(lode_take(arena, n, &files));
    lode_try(lode_take(arena, n, &counts));
    lode_try(lode_take(arena, n, &checksums));
    for (int64_t i = 0; i < n; i++) {
        files[i] = (char *)store->later[i].file; /* only read */
        checksums[i] = store->later[i].checksum;
    }
    lode_try(lode_hdf_put_words(file, "later/file", files, n, "file beside index.h5"));
    for (int which = 0; which < STORE_LATER_COUNTS; which++) {
        const struct store_count *count = &store_later_counts[store_kind(store->kind)][which];
        for (int64_t i = 0; i < n; i++) counts[i] = *store_later_count_of(&store->later[i], count);
        const struct lode_hdf_column column = {.name = count->name,
                                               .type = LODE_HDF_I64,
                                               .rows = n,
                                               .data = counts,
                                               .units = count->units[0] ? count->units : NULL,
                                               .title = count->title};
        lode_try(lode_hdf_put(file, &column));
    }
    return lode_hdf_put(file, &(struct lode_hdf_column){.name = "later/checksum",
                                                        .type = LODE_HDF_U64,
                                                        .rows = n,
                                                        .data = checksums,
                                                        .title = "XXH3, 64 bits, of the file"});
}

static lode_status put_history(struct lode_hdf *file, const struct lode_store *store,
                               struct lode_arena *arena)
{
    const int64_t n = store->n_generations;
    char **sources, **histories;
    int64_t *read, *rejected;

    lode_try(lode_take(arena, n, &sources));
    lode_try(lode_take(arena, n, &histories));
    lode_try(lode_take(arena, n, &read));
    lode_try(lode_take(arena, n, &rejected));
    for (int64_t g = 0; g < n; g++) {
        sources[g] = (char *)store->generations[g].source; /* only read */
        histories[g] = (char *)store->generations[g].history;
        read[g] = store->generations[g].n_rows_read;
        rejected[g] = store->generations[g].n_rows_rejected;
    }
    lode_try(lode_hdf_put_words(file, "generations/source", sources, n, "input files, as given"));
    lode_try(lode_hdf_put_words(file, "generations/history", histories, n, "command and version"));
    const struct lode_hdf_column columns[] = {
        {.name = "generations/rows_read", .data = read, .title = "of the input files"},
        {.name = "generations/rows_rejected", .data = rejected, .title = "of the input files"}};
    for (int i = 0; i < 2; i++) {
        struct lode_hdf_column column = columns[i];
        column.type = LODE_HDF_I64;
        column.rows = n;
        column.units = "rows";
        lode_try(lode_hdf_put(file, &column));
    }
    return LODE_OK;
}

lode_status store_put_generations(struct lode_hdf *file, const struct lode_store *store,
                                  struct lode_arena *arena)
{
    if (store->rules.count > 0) {
        lode_try(lode_hdf_put_words(file, "staging/name", store->rules.names, store->rules.count,
                                    "how the store was staged"));
        lode_try(lode_hdf_put_words(file, "staging/value", store->rules.values, store->rules.count,
                                    "how the store was staged"));
    }
    if (store->n_generations < 2) return LODE_OK;
    lode_try(put_history(file, store, arena));
    return put_later(file, store, arena);
}
