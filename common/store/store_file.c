/* Store, one of its files: opened only if it is the one that the index means, and read only where
 * it has the rows that the index promises. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/patience.h"
#include "common/store/store_private.h"

lode_status store_join(const char *folder, const char *name, struct lode_arena *arena, char **path)
{
    const size_t folder_size = strlen(folder), size = folder_size + strlen(name) + 2;

    lode_try(lode_take(arena, size, path));
    snprintf(*path, size, "%s/%s", folder, name);
    return LODE_OK;
}

bool store_is_part_file(const char *name)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz.-";
    return strncmp(name, "part-", 5) == 0 && name[strspn(name, allowed)] == '\0';
}

lode_status store_check_rows(struct lode_hdf *file, const char *name, int64_t rows,
                             struct lode_arena *arena)
{
    struct lode_hdf_column column;

    lode_try(lode_hdf_describe(file, name, arena, &column));
    if (column.rows == rows && column.columns == 1) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "'%s' has %" PRId64 " rows of %" PRId64 " columns, must have %" PRId64 " of 1",
                     name, column.rows, column.columns, rows);
}

lode_status store_get_column(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                             int64_t rows, struct lode_arena *arena, void **data)
{
    lode_try(store_check_rows(file, name, rows, arena));
    return lode_hdf_get(file, name, type, 0, rows, arena, data);
}

lode_status store_get_offsets(struct lode_hdf *file, const char *name, int64_t rows, int64_t end,
                              struct lode_arena *arena, int64_t **offsets)
{
    void *data;

    lode_try(store_get_column(file, name, LODE_HDF_I64, rows + 1, arena, &data));
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

/* The file that the index means: its size and checksum are those. */
static lode_status try_told(const char *path, const struct lode_partition *entry,
                            struct lode_hdf **file)
{
    struct stat about;

    if (stat(path, &about) != 0) {
        return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    }
    if (about.st_size != entry->size_bytes) {
        return lode_fail(LODE_E_INPUT, "%s has %" PRId64 " bytes, the index says %" PRId64, path,
                         (int64_t)about.st_size, entry->size_bytes);
    }
    lode_try(lode_hdf_open(path, file));
    const uint64_t checksum = lode_hdf_checksum(*file);
    if (checksum == entry->checksum) return LODE_OK;
    lode_hdf_close(*file);
    *file = NULL;
    return lode_fail(LODE_E_INPUT,
                     "%s is another file than the index names: XXH3 %016" PRIx64
                     ", the index says %016" PRIx64,
                     path, checksum, entry->checksum);
}

lode_status store_open_told(const char *store_path, const struct lode_partition *entry,
                            struct lode_arena *arena, struct lode_hdf **file)
{
    char *path;
    struct lode_patience patience = lode_patience_begin();

    lode_try(store_join(store_path, entry->file, arena, &path));
    lode_status opened = try_told(path, entry, file);
    while (opened == LODE_E_INPUT && lode_patience_again(&patience, path)) {
        opened = try_told(path, entry, file);
    }
    return opened;
}

lode_status store_open_part_file(const char *store_path, const struct lode_partition *entry,
                                 struct lode_arena *arena, struct lode_hdf **file)
{
    lode_try(store_open_told(store_path, entry, arena, file));
    lode_status status = store_check_rows(*file, LODE_PART_USER_ID, entry->n_users, arena);
    if (!status) status = store_check_rows(*file, LODE_PART_SESSION_ID, entry->n_sessions, arena);
    if (!status) status = store_check_rows(*file, LODE_PART_EVENT_NAME, entry->n_events, arena);
    return status ? lode_note(status, "%s/%s", store_path, entry->file) : LODE_OK;
}
