/* Store, one partition: its columns with every promise of the header checked, so that a leaf can
 * index without looking: offsets stay inside, codes are words, outcomes are 0, 1 or 2.
 */
#include "common/store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "common/store/store_private.h"

/* Rows and columns of a data set are what the index promises. */
static lode_status check_rows(struct lode_hdf *file, const char *name, int64_t rows,
                              struct lode_arena *arena)
{
    struct lode_hdf_column column;

    lode_try(lode_hdf_describe(file, name, arena, &column));
    if (column.rows == rows && column.columns == 1) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "'%s' has %" PRId64 " rows of %" PRId64 " columns, must have %" PRId64 " of 1",
                     name, column.rows, column.columns, rows);
}

/* One row of the index's partition table. */
static lode_status read_entry(struct lode_hdf *index_file, int64_t index, struct lode_arena *arena,
                              struct lode_partition *entry)
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
        void *count;
        lode_try(lode_hdf_get(index_file, store_counts[which].name, LODE_HDF_I64, index, 1, arena,
                              &count));
        *store_count_of(entry, which) = *(const int64_t *)count;
    }
    return LODE_OK;
}

static lode_status find_entry(const char *store_path, int64_t index, struct lode_arena *arena,
                              struct lode_partition *entry)
{
    struct lode_hdf *index_file = NULL;
    char *path;

    lode_try(store_join(store_path, LODE_STORE_INDEX, arena, &path));
    lode_try(lode_hdf_open(path, &index_file));
    const lode_status status = read_entry(index_file, index, arena, entry);
    lode_hdf_close(index_file);
    return status;
}

/* *file is open also on failure, for the caller to close. */
static lode_status open_file(const char *store_path, const struct lode_partition *entry,
                             struct lode_arena *arena, struct lode_hdf **file)
{
    struct stat about;
    char *path;

    lode_try(store_join(store_path, entry->file, arena, &path));
    if (stat(path, &about) != 0) {
        return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    }
    if (about.st_size != entry->size_bytes) {
        return lode_fail(LODE_E_INPUT, "%s has %" PRId64 " bytes, the index says %" PRId64, path,
                         (int64_t)about.st_size, entry->size_bytes);
    }
    lode_try(lode_hdf_open(path, file));
    if (lode_hdf_checksum(*file) != entry->checksum) {
        return lode_fail(LODE_E_INPUT,
                         "%s is another file than the index names: XXH3 %016" PRIx64
                         ", the index says %016" PRIx64,
                         path, lode_hdf_checksum(*file), entry->checksum);
    }
    lode_status status = check_rows(*file, LODE_PART_USER_ID, entry->n_users, arena);
    if (!status) status = check_rows(*file, LODE_PART_SESSION_ID, entry->n_sessions, arena);
    if (!status) status = check_rows(*file, LODE_PART_EVENT_NAME, entry->n_events, arena);
    return status ? lode_note(status, "%s", path) : LODE_OK;
}

lode_status lode_part_open(const char *store_path, int64_t index, struct lode_part *part)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL;
    struct lode_hdf *file = NULL;
    struct lode_partition entry;

    lode_try_done(lode_arena_create(0, &arena));
    lode_try_done(find_entry(store_path, index, arena, &entry));
    lode_try_done(open_file(store_path, &entry, arena, &file));
    *part = (struct lode_part){.file = file,
                               .n_users = entry.n_users,
                               .n_sessions = entry.n_sessions,
                               .n_events = entry.n_events};
    file = NULL;
done:
    lode_hdf_close(file);
    lode_arena_destroy(arena);
    return status ? lode_note(status, "opening partition %" PRId64, index) : LODE_OK;
}

void lode_part_close(struct lode_part *part)
{
    lode_hdf_close(part->file);
    *part = (struct lode_part){0};
}

lode_status store_get_column(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                             int64_t rows, struct lode_arena *arena, void **data)
{
    lode_try(check_rows(file, name, rows, arena));
    return lode_hdf_get(file, name, type, 0, rows, arena, data);
}

/* rows + 1 offsets into `end` rows below. */
static lode_status get_offsets(struct lode_part *part, const char *name, int64_t rows, int64_t end,
                               struct lode_arena *arena, int64_t **offsets)
{
    void *data;

    lode_try(store_get_column(part->file, name, LODE_HDF_I64, rows + 1, arena, &data));
    int64_t *found = data;
    bool falls = false;
    for (int64_t i = 0; i < rows; i++) falls |= found[i + 1] < found[i];
    if (found[0] != 0 || found[rows] != end || falls) {
        return lode_fail(LODE_E_INPUT,
                         "'%s' runs from %" PRId64 " to %" PRId64
                         "%s, must rise from 0 to %" PRId64,
                         name, found[0], found[rows], falls ? " and falls between" : "", end);
    }
    *offsets = found;
    return LODE_OK;
}

lode_status lode_part_session_offsets(struct lode_part *part, struct lode_arena *arena,
                                      int64_t **offsets)
{
    return get_offsets(part, LODE_PART_SESSION_OFFSET, part->n_users, part->n_sessions, arena,
                       offsets);
}

lode_status lode_part_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                    int64_t **offsets)
{
    return get_offsets(part, LODE_PART_EVENT_OFFSET, part->n_sessions, part->n_events, arena,
                       offsets);
}

lode_status lode_part_session_starts(struct lode_part *part, struct lode_arena *arena,
                                     int64_t **starts)
{
    void *data;

    lode_try(store_get_column(part->file, LODE_PART_SESSION_START, LODE_HDF_I64, part->n_sessions,
                              arena, &data));
    *starts = data;
    return LODE_OK;
}

lode_status lode_part_event_names(struct lode_part *part, int64_t limit, struct lode_arena *arena,
                                  uint32_t **codes)
{
    uint32_t *found, largest = 0;

    lode_try(check_rows(part->file, LODE_PART_EVENT_NAME, part->n_events, arena));
    lode_try(
        lode_hdf_get_codes(part->file, LODE_PART_EVENT_NAME, 0, part->n_events, arena, &found));
    for (int64_t i = 0; i < part->n_events; i++) largest = found[i] > largest ? found[i] : largest;
    if (part->n_events > 0 && largest >= limit) {
        return lode_fail(LODE_E_INPUT, "'%s' holds code %u, there are %" PRId64 " words",
                         LODE_PART_EVENT_NAME, largest, limit);
    }
    *codes = found;
    return LODE_OK;
}

/* codes[session] = the code of the session's user. */
static lode_status spread_over_sessions(struct lode_part *part, const char *column, int64_t limit,
                                        struct lode_arena *arena, uint32_t *codes)
{
    uint32_t *of_user;
    int64_t *offsets;

    lode_try(lode_part_session_offsets(part, arena, &offsets));
    lode_try(
        lode_hdf_get_optional_codes(part->file, column, 0, part->n_users, limit, arena, &of_user));
    for (int64_t user = 0; user < part->n_users; user++) {
        for (int64_t i = offsets[user]; i < offsets[user + 1]; i++) codes[i] = of_user[user];
    }
    return LODE_OK;
}

lode_status lode_part_attribute(struct lode_part *part, const char *name, bool of_user,
                                int64_t limit, struct lode_arena *arena, uint32_t **codes)
{
    uint32_t *found;
    char *column;

    lode_try(lode_store_column_path(
        of_user ? LODE_PART_USER_ATTRIBUTES : LODE_PART_SESSION_ATTRIBUTES, name, arena, &column));
    lode_try(check_rows(part->file, column, of_user ? part->n_users : part->n_sessions, arena));
    if (!of_user) {
        return lode_hdf_get_optional_codes(part->file, column, 0, part->n_sessions, limit, arena,
                                           codes);
    }
    lode_try(lode_take(arena, part->n_sessions, &found));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const lode_status status = spread_over_sessions(part, column, limit, arena, found);
    lode_arena_rewind(arena, mark);
    if (status == LODE_OK) *codes = found;
    return status;
}

lode_status lode_part_kpi_binary(struct lode_part *part, const char *name, struct lode_arena *arena,
                                 uint8_t **values)
{
    uint8_t largest = 0;
    char *column;
    void *data;

    lode_try(lode_store_column_path(LODE_PART_KPIS, name, arena, &column));
    lode_try(store_get_column(part->file, column, LODE_HDF_U8, part->n_sessions, arena, &data));
    uint8_t *found = data;
    for (int64_t i = 0; i < part->n_sessions; i++) {
        largest = found[i] > largest ? found[i] : largest;
    }
    if (largest > LODE_KPI_NO_VALUE) {
        return lode_fail(LODE_E_INPUT, "'%s' holds %u, must be 0, 1 or 2 (no value)", column,
                         largest);
    }
    *values = found;
    return LODE_OK;
}

lode_status lode_part_kpi(struct lode_part *part, const char *name, bool is_binary,
                          struct lode_arena *arena, double **values)
{
    uint8_t *outcomes;
    char *column;
    void *data;
    double *numbers;

    if (!is_binary) {
        lode_try(lode_store_column_path(LODE_PART_KPIS, name, arena, &column));
        lode_try(
            store_get_column(part->file, column, LODE_HDF_F64, part->n_sessions, arena, &data));
        *values = data;
        return LODE_OK;
    }
    lode_try(lode_take(arena, part->n_sessions, &numbers));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const lode_status status = lode_part_kpi_binary(part, name, arena, &outcomes);
    for (int64_t i = 0; status == LODE_OK && i < part->n_sessions; i++) {
        numbers[i] = outcomes[i] == LODE_KPI_NO_VALUE ? (double)NAN : outcomes[i];
    }
    lode_arena_rewind(arena, mark);
    if (status == LODE_OK) *values = numbers;
    return status;
}

lode_status lode_part_session_id(struct lode_part *part, int64_t session, struct lode_arena *arena,
                                 char **id)
{
    return lode_hdf_get_text(part->file, LODE_PART_SESSION_ID, session, arena, id);
}
