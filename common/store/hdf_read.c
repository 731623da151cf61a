/* HDF, reading: rows of columns, as stored or widened.
 *
 * Data sets come from hdf_dataset_open, which has checked them. Narrow codes are read in pieces
 * that stay in the processor's cache and widened from there.
 */
#include "common/store/hdf.h"

#include <stdlib.h>
#include <string.h>

#include "common/store/hdf_private.h"

static const char *const type_names[] = {
    [LODE_HDF_U8] = "u8",   [LODE_HDF_U16] = "u16",   [LODE_HDF_U32] = "u32",
    [LODE_HDF_U64] = "u64", [LODE_HDF_I32] = "i32",   [LODE_HDF_I64] = "i64",
    [LODE_HDF_F64] = "f64", [LODE_HDF_TEXT] = "text",
};

/* Rows [first, first + count) as they are stored. */
static lode_status read_rows(const struct lode_hdf *file, const char *name,
                             const struct hdf_dataset *set, int64_t first, int64_t count,
                             void *rows)
{
    const hsize_t start[2] = {(hsize_t)first, 0};
    const hsize_t extent[2] = {(hsize_t)count, (hsize_t)set->columns};

    if (count == 0) return LODE_OK;
    const hid_t disk = H5Dget_space(set->id);
    const int rank = H5Sget_simple_extent_ndims(disk);
    const hid_t memory = H5Screate_simple(rank, extent, NULL);
    lode_status status = LODE_OK;
    if (disk < 0 || memory < 0 ||
        H5Sselect_hyperslab(disk, H5S_SELECT_SET, start, NULL, extent, NULL) < 0 ||
        H5Dread(set->id, set->type, memory, disk, H5P_DEFAULT, rows) < 0) {
        status = hdf_fail(file, "reading", name);
    }
    hdf_release(memory);
    hdf_release(disk);
    return status;
}

/* count -1 becomes the number of rows from `first` on. */
static lode_status check_range(const struct lode_hdf *file, const char *name,
                               const struct hdf_dataset *set, int64_t first, int64_t *count)
{
    if (first < 0 || first > set->rows || *count < -1 || *count > set->rows - first) {
        return lode_fail(LODE_E_INPUT, "%s: rows %lld to %lld of '%s', which has %lld", file->path,
                         (long long)first, (long long)(first + *count), name, (long long)set->rows);
    }
    if (*count == -1) *count = set->rows - first;
    return LODE_OK;
}

lode_status lode_hdf_get(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                         int64_t first, int64_t count, struct lode_arena *arena, void **data)
{
    lode_status status = LODE_OK;
    struct hdf_dataset set;
    void *rows;

    lode_try(hdf_dataset_open(file, name, &set));
    if (set.kind != type) {
        status = lode_fail(LODE_E_INPUT, "%s: '%s' is %s, must be %s", file->path, name,
                           type_names[set.kind], type_names[type]);
        goto done;
    }
    lode_try_done(check_range(file, name, &set, first, &count));
    lode_try_done(lode_arena_take(arena, (size_t)count, set.row_bytes, &rows));
    lode_try_done(read_rows(file, name, &set, first, count, rows));
    *data = rows;
done:
    hdf_dataset_close(&set);
    return status;
}

static void widen_u8(const uint8_t *restrict narrow, size_t count, uint32_t *restrict wide)
{
    for (size_t i = 0; i < count; i++) wide[i] = narrow[i];
}

static void widen_u16(const uint16_t *restrict narrow, size_t count, uint32_t *restrict wide)
{
    for (size_t i = 0; i < count; i++) wide[i] = narrow[i];
}

/* Reads pieces that stay in the processor's cache and widens each into its place. */
static lode_status read_widened(const struct lode_hdf *file, const char *name,
                                const struct hdf_dataset *set, int64_t first, int64_t count,
                                struct lode_arena *arena, uint32_t *codes)
{
    const size_t fitting = HDF_CHUNK_BYTES / set->row_bytes;
    const int64_t piece = fitting > 0 ? (int64_t)fitting : 1;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_status status = LODE_OK;
    void *narrow;

    lode_try(
        lode_arena_take(arena, (size_t)(count < piece ? count : piece), set->row_bytes, &narrow));
    for (int64_t done = 0; status == LODE_OK && done < count; done += piece) {
        const int64_t rows = count - done < piece ? count - done : piece;
        const size_t items = (size_t)(rows * set->columns);
        status = read_rows(file, name, set, first + done, rows, narrow);
        if (status != LODE_OK) break;
        if (set->kind == LODE_HDF_U8) widen_u8(narrow, items, codes + done * set->columns);
        if (set->kind == LODE_HDF_U16) widen_u16(narrow, items, codes + done * set->columns);
    }
    lode_arena_rewind(arena, mark);
    return status;
}

/* *taken: how many codes; *ones: all ones of the stored width. */
static lode_status get_codes(struct lode_hdf *file, const char *name, int64_t first, int64_t count,
                             struct lode_arena *arena, uint32_t **codes, size_t *taken,
                             uint32_t *ones)
{
    lode_status status = LODE_OK;
    struct hdf_dataset set;
    uint32_t *wide;

    lode_try(hdf_dataset_open(file, name, &set));
    if (set.kind != LODE_HDF_U8 && set.kind != LODE_HDF_U16 && set.kind != LODE_HDF_U32) {
        status = lode_fail(LODE_E_INPUT, "%s: '%s' is %s, must be u8, u16 or u32", file->path, name,
                           type_names[set.kind]);
        goto done;
    }
    lode_try_done(check_range(file, name, &set, first, &count));
    lode_try_done(
        lode_arena_take(arena, (size_t)count, (size_t)set.columns * sizeof *wide, (void **)&wide));
    if (set.kind == LODE_HDF_U32) {
        lode_try_done(read_rows(file, name, &set, first, count, wide));
    } else {
        lode_try_done(read_widened(file, name, &set, first, count, arena, wide));
    }
    *codes = wide;
    *taken = (size_t)(count * set.columns);
    *ones = UINT32_MAX >> (32 - 8 * hdf_type_size(set.kind, 0));
done:
    hdf_dataset_close(&set);
    return status;
}

lode_status lode_hdf_get_codes(struct lode_hdf *file, const char *name, int64_t first,
                               int64_t count, struct lode_arena *arena, uint32_t **codes)
{
    size_t taken;
    uint32_t ones;

    return get_codes(file, name, first, count, arena, codes, &taken, &ones);
}

lode_status lode_hdf_get_optional_codes(struct lode_hdf *file, const char *name, int64_t first,
                                        int64_t count, int64_t limit, struct lode_arena *arena,
                                        uint32_t **codes)
{
    size_t taken = 0;
    uint32_t ones = 0, past_largest = 0;
    uint32_t *found = NULL;

    lode_try(get_codes(file, name, first, count, arena, &found, &taken, &ones));
    for (size_t i = 0; i < taken; i++) {
        found[i] = found[i] == ones ? UINT32_MAX : found[i];
        const uint32_t past = found[i] + 1; /* "no value" wraps to 0 */
        past_largest = past > past_largest ? past : past_largest;
    }
    if (past_largest > limit) {
        return lode_fail(LODE_E_INPUT, "%s: '%s' holds code %u, there are %lld words", file->path,
                         name, past_largest - 1, (long long)limit);
    }
    *codes = found;
    return LODE_OK;
}

/* Zero-terminated copies of `rows` texts of `width` bytes, all in one block of the arena. */
static lode_status copy_texts(const char *raw, int64_t rows, int64_t width,
                              struct lode_arena *arena, char **texts)
{
    size_t total = 0;
    char *block;

    for (int64_t i = 0; i < rows; i++) total += strnlen(raw + i * width, (size_t)width) + 1;
    lode_try(lode_take(arena, total, &block));
    for (int64_t i = 0; i < rows; i++) {
        const size_t length = strnlen(raw + i * width, (size_t)width);
        memcpy(block, raw + i * width, length);
        block[length] = '\0';
        texts[i] = block;
        block += length + 1;
    }
    return LODE_OK;
}

static lode_status get_texts(const struct lode_hdf *file, const char *name,
                             const struct hdf_dataset *set, int64_t first, int64_t count,
                             struct lode_arena *arena, char **texts)
{
    const size_t fitting = HDF_CHUNK_BYTES / set->row_bytes;
    const int64_t piece = fitting > 0 ? (int64_t)fitting : 1;
    lode_status status = LODE_OK;
    /* bounded by one piece; in the arena it could not be given back from below the texts */
    char *raw = malloc((size_t)(count < piece ? count : piece) * set->row_bytes + 1);

    if (raw == NULL)
        return lode_fail(LODE_E_MEMORY, "%s: no memory to read '%s'", file->path, name);
    for (int64_t done = 0; done < count; done += piece) {
        const int64_t rows = count - done < piece ? count - done : piece;
        lode_try_done(read_rows(file, name, set, first + done, rows, raw));
        lode_try_done(copy_texts(raw, rows, set->width, arena, texts + done));
    }
done:
    free(raw);
    return status;
}

/* Opens a one-dimensional data set of texts. */
static lode_status texts_open(const struct lode_hdf *file, const char *name,
                              struct hdf_dataset *set)
{
    lode_try(hdf_dataset_open(file, name, set));
    if (set->kind == LODE_HDF_TEXT && set->columns == 1) return LODE_OK;
    hdf_dataset_close(set);
    return lode_fail(LODE_E_INPUT, "%s: '%s' is %s of %lld columns, must be text of 1", file->path,
                     name, type_names[set->kind], (long long)set->columns);
}

lode_status lode_hdf_get_text(struct lode_hdf *file, const char *name, int64_t row,
                              struct lode_arena *arena, char **text)
{
    lode_status status = LODE_OK;
    struct hdf_dataset set;
    int64_t count = 1;

    lode_try(texts_open(file, name, &set));
    lode_try_done(check_range(file, name, &set, row, &count));
    lode_try_done(get_texts(file, name, &set, row, count, arena, text));
done:
    hdf_dataset_close(&set);
    return status;
}

lode_status lode_hdf_get_texts(struct lode_hdf *file, const char *name, struct lode_arena *arena,
                               char ***texts, int64_t *count)
{
    lode_status status = LODE_OK;
    struct hdf_dataset set;
    char **list;

    lode_try(texts_open(file, name, &set));
    lode_try_done(lode_take(arena, set.rows, &list));
    lode_try_done(get_texts(file, name, &set, 0, set.rows, arena, list));
    *texts = list;
    *count = set.rows;
done:
    hdf_dataset_close(&set);
    return status;
}
