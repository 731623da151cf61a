/* HDF, writing: columns and attributes, without a trace of when.
 *
 * HDF5 notes creation times in groups and data sets by default, so every object is made here with
 * times off, groups one by one (those that HDF5 makes on the way to a data set would have times).
 */
#include "common/store/hdf.h"

#include <stdlib.h>
#include <string.h>

#include "common/store/hdf_private.h"

static lode_status check_name(const struct lode_hdf *file, const char *name)
{
    const size_t length = strlen(name);

    if (length == 0 || name[0] == '/' || name[length - 1] == '/' || strstr(name, "//") != NULL) {
        return lode_fail(LODE_E_BUG, "%s: '%s' cannot name a data set", file->path, name);
    }
    if (length >= HDF_NAME_LIMIT) {
        return lode_fail(LODE_E_INPUT, "%s: the name '%.60s...' has %zu bytes, limit %d",
                         file->path, name, length, HDF_NAME_LIMIT - 1);
    }
    return LODE_OK;
}

static lode_status make_group(const struct lode_hdf *file, const char *path)
{
    const htri_t there = H5Lexists(file->id, path, H5P_DEFAULT);
    if (there > 0) return LODE_OK;
    hid_t group = -1;
    const hid_t creation = H5Pcreate(H5P_GROUP_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
    if (there == 0 && creation >= 0 && link >= 0 && H5Pset_obj_track_times(creation, false) >= 0 &&
        H5Pset_char_encoding(link, H5T_CSET_UTF8) >= 0) {
        group = H5Gcreate2(file->id, path, link, creation, H5P_DEFAULT);
    }
    const lode_status status = group < 0 ? hdf_fail(file, "making group", path) : LODE_OK;
    hdf_release(group);
    hdf_release(link);
    hdf_release(creation);
    return status;
}

/* The groups on the way to `name`, without its last part. */
static lode_status make_parents(const struct lode_hdf *file, const char *name)
{
    char path[HDF_NAME_LIMIT];

    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        const size_t length = (size_t)(slash - name);
        memcpy(path, name, length);
        path[length] = '\0';
        lode_try(make_group(file, path));
    }
    return LODE_OK;
}

static int64_t columns_of(const struct lode_hdf_column *column)
{
    return column->columns > 1 ? column->columns : 1;
}

/* Rows that are written at a time: those of one chunk, so that each chunk is packed once. */
static hsize_t piece_rows(const struct lode_hdf_column *column)
{
    const size_t row_bytes =
        hdf_type_size(column->type, column->width) * (size_t)columns_of(column);
    const hsize_t piece = row_bytes < HDF_CHUNK_BYTES ? HDF_CHUNK_BYTES / row_bytes : 1;

    return piece < (hsize_t)column->rows ? piece : (hsize_t)column->rows;
}

static bool set_layout(const struct lode_hdf_column *column, hid_t creation)
{
    const size_t width = hdf_type_size(column->type, column->width);
    const hsize_t chunk[2] = {piece_rows(column), (hsize_t)columns_of(column)};

    /* all of it is written at once: filling it before would be writing twice */
    bool right = H5Pset_obj_track_times(creation, false) >= 0 &&
                 H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) >= 0;
    if (column->deflate && column->rows > 0) {
        right = right && H5Pset_chunk(creation, chunk[1] > 1 ? 2 : 1, chunk) >= 0;
        /* shuffling tears the repeats of texts apart: hashed ids stay at 1.00 of their size with
         * it, go to 0.56 without */
        if (column->type != LODE_HDF_TEXT && width > 1)
            right = right && H5Pset_shuffle(creation) >= 0;
        right = right && H5Pset_deflate(creation, 1) >= 0;
    }
    return right;
}

static lode_status create_dataset(const struct lode_hdf *file, const struct lode_hdf_column *column,
                                  hid_t *dataset)
{
    const hsize_t shape[2] = {(hsize_t)column->rows, (hsize_t)columns_of(column)};
    const hid_t type = hdf_type_create(column->type, (size_t)column->width);
    const hid_t space = H5Screate_simple(shape[1] > 1 ? 2 : 1, shape, NULL);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), link = H5Pcreate(H5P_LINK_CREATE);
    hid_t made = -1;

    if (type >= 0 && space >= 0 && creation >= 0 && link >= 0 && set_layout(column, creation) &&
        H5Pset_char_encoding(link, H5T_CSET_UTF8) >= 0) {
        made = H5Dcreate2(file->id, column->name, type, space, link, creation, H5P_DEFAULT);
    }
    const lode_status status = made < 0 ? hdf_fail(file, "making column", column->name) : LODE_OK;
    hdf_release(link);
    hdf_release(creation);
    hdf_release(space);
    hdf_release(type);
    if (status == LODE_OK) *dataset = made;
    return status;
}

static lode_status check_column(const struct lode_hdf *file, const struct lode_hdf_column *column)
{
    lode_try(check_name(file, column->name));
    if (column->rows < 0 || column->columns < 0 || (column->rows > 0 && column->data == NULL) ||
        (column->type == LODE_HDF_TEXT && column->width < 1)) {
        return lode_fail(LODE_E_BUG, "%s: column '%s' of %lld rows, %lld columns, width %lld",
                         file->path, column->name, (long long)column->rows,
                         (long long)column->columns, (long long)column->width);
    }
    return make_parents(file, column->name);
}

/* A scalar attribute of an open object. */
static lode_status put_attribute(const struct lode_hdf *file, hid_t object, const char *name,
                                 hid_t type, const void *value)
{
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t attribute = type < 0 || space < 0
                                ? -1
                                : H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    lode_status status = LODE_OK;

    if (attribute < 0 || H5Awrite(attribute, type, value) < 0) {
        status = hdf_fail(file, "writing attribute", name);
    }
    hdf_release(attribute);
    hdf_release(space);
    return status;
}

static lode_status put_text(const struct lode_hdf *file, hid_t object, const char *name,
                            const char *text)
{
    const size_t length = strlen(text);
    /* HDF5 has no text of 0 bytes: "" is one NUL, which null-padding reads as "" */
    const hid_t type = hdf_type_create(LODE_HDF_TEXT, length > 0 ? length : 1);
    const lode_status status = put_attribute(file, object, name, type, text);

    hdf_release(type);
    return status;
}

static lode_status put_labels(const struct lode_hdf *file, const struct lode_hdf_column *column,
                              hid_t dataset)
{
    if (column->units != NULL) lode_try(put_text(file, dataset, "units", column->units));
    if (column->title != NULL) lode_try(put_text(file, dataset, "title", column->title));
    return LODE_OK;
}

lode_status lode_hdf_put(struct lode_hdf *file, const struct lode_hdf_column *column)
{
    lode_status status = LODE_OK;
    hid_t dataset = -1, type = -1;

    hdf_begin();
    lode_try(check_column(file, column));
    lode_try(create_dataset(file, column, &dataset));
    type = hdf_type_create(column->type, (size_t)column->width);
    if (column->rows > 0 &&
        (type < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, column->data) < 0)) {
        status = hdf_fail(file, "writing column", column->name);
        goto done;
    }
    lode_try_done(put_labels(file, column, dataset));
done:
    hdf_release(type);
    hdf_release(dataset);
    return status;
}

/* Drops the high bytes; UINT32_MAX stays all ones. */
static void narrow_codes(const uint32_t *restrict codes, size_t items, enum lode_hdf_type type,
                         void *restrict out)
{
    if (type == LODE_HDF_U8) {
        uint8_t *narrow = out;
        for (size_t i = 0; i < items; i++) narrow[i] = (uint8_t)codes[i];
    } else if (type == LODE_HDF_U16) {
        uint16_t *narrow = out;
        for (size_t i = 0; i < items; i++) narrow[i] = (uint16_t)codes[i];
    } else {
        memcpy(out, codes, items * sizeof *codes);
    }
}

static lode_status fill_codes(const struct lode_hdf_column *column, size_t first, size_t rows,
                              void *out)
{
    const size_t columns = (size_t)columns_of(column);

    narrow_codes((const uint32_t *)column->data + first * columns, rows * columns, column->type,
                 out);
    return LODE_OK;
}

/* What stands for `data` in a column whose codes are made. */
struct making {
    lode_hdf_make make;
    const void *context;
    uint32_t *wide; /* codes of one piece */
};

static lode_status fill_made(const struct lode_hdf_column *column, size_t first, size_t rows,
                             void *out)
{
    const struct making *making = column->data;

    lode_try(making->make(making->context, (int64_t)first, (int64_t)rows, making->wide));
    narrow_codes(making->wide, rows * (size_t)columns_of(column), column->type, out);
    return LODE_OK;
}

static lode_status fill_texts(const struct lode_hdf_column *column, size_t first, size_t rows,
                              void *out)
{
    char *const *texts = (char *const *)column->data + first;
    const size_t width = (size_t)column->width;

    for (size_t i = 0; i < rows; i++) {
        const size_t length = strlen(texts[i]);
        memcpy((char *)out + i * width, texts[i], length);
        memset((char *)out + i * width + length, 0, width - length);
    }
    return LODE_OK;
}

static lode_status write_pieces(const struct lode_hdf *file, const struct lode_hdf_column *column,
                                hid_t dataset, lode_hdf_fill fill)
{
    const hsize_t columns = (hsize_t)columns_of(column), rows = (hsize_t)column->rows;
    const hsize_t piece = piece_rows(column);
    const size_t width = hdf_type_size(column->type, column->width);
    const hid_t type = hdf_type_create(column->type, width), space = H5Dget_space(dataset);
    void *filled = malloc(piece * columns * width + 1);
    lode_status status = LODE_OK;

    if (filled == NULL) status = lode_fail(LODE_E_MEMORY, "no memory to write '%s'", column->name);
    for (hsize_t first = 0; status == LODE_OK && first < rows; first += piece) {
        const hsize_t start[2] = {first, 0};
        const hsize_t count[2] = {rows - first < piece ? rows - first : piece, columns};
        status = fill(column, first, count[0], filled);
        if (status != LODE_OK) break;
        const hid_t memory = H5Screate_simple(columns > 1 ? 2 : 1, count, NULL);
        if (type < 0 || space < 0 || memory < 0 ||
            H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
            H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, filled) < 0) {
            status = hdf_fail(file, "writing column", column->name);
        }
        hdf_release(memory);
    }
    free(filled);
    hdf_release(space);
    hdf_release(type);
    return status;
}

lode_status lode_hdf_put_filled(struct lode_hdf *file, const struct lode_hdf_column *column,
                                lode_hdf_fill fill)
{
    lode_status status = LODE_OK;
    hid_t dataset = -1;

    hdf_begin();
    lode_try(check_column(file, column));
    lode_try(create_dataset(file, column, &dataset));
    lode_try_done(write_pieces(file, column, dataset, fill));
    lode_try_done(put_labels(file, column, dataset));
done:
    hdf_release(dataset);
    return status;
}

size_t lode_hdf_item_size(const struct lode_hdf_column *column)
{
    return hdf_type_size(column->type, column->width);
}

static lode_status check_code_type(const struct lode_hdf *file,
                                   const struct lode_hdf_column *column)
{
    if (column->type == LODE_HDF_U8 || column->type == LODE_HDF_U16 ||
        column->type == LODE_HDF_U32) {
        return LODE_OK;
    }
    return lode_fail(LODE_E_BUG, "%s: codes '%s' of type %d", file->path, column->name,
                     (int)column->type);
}

lode_status lode_hdf_put_codes(struct lode_hdf *file, const struct lode_hdf_column *column)
{
    lode_try(check_code_type(file, column));
    if (column->type == LODE_HDF_U32) return lode_hdf_put(file, column);
    return lode_hdf_put_filled(file, column, fill_codes);
}

lode_status lode_hdf_put_made_codes(struct lode_hdf *file, const struct lode_hdf_column *column,
                                    lode_hdf_make make)
{
    struct making making = {.make = make, .context = column->data};
    struct lode_hdf_column made = *column;
    size_t bytes;

    lode_try(check_code_type(file, column));
    lode_try(lode_mul_size(piece_rows(column), (size_t)columns_of(column) * sizeof *making.wide,
                           &bytes));
    making.wide = malloc(bytes + 1);
    if (making.wide == NULL) {
        return lode_fail(LODE_E_MEMORY, "no memory to write '%s'", column->name);
    }
    made.data = &making;
    const lode_status status = lode_hdf_put_filled(file, &made, fill_made);
    free(making.wide);
    return status;
}

lode_status lode_hdf_put_texts(struct lode_hdf *file, const struct lode_hdf_column *column)
{
    enum { WORTH_PACKING_BYTES = 1 << 16 };
    struct lode_hdf_column wide = *column;
    char *const *texts = column->data;
    size_t longest = 1; /* HDF5 has no text of 0 bytes */

    for (int64_t i = 0; i < column->rows; i++) {
        const size_t length = strlen(texts[i]);
        if (length > longest) longest = length;
    }
    wide.type = LODE_HDF_TEXT;
    wide.width = (int64_t)longest;
    wide.deflate = column->rows > (int64_t)(WORTH_PACKING_BYTES / longest);
    return lode_hdf_put_filled(file, &wide, fill_texts);
}

lode_status lode_hdf_put_words(struct lode_hdf *file, const char *name, char *const *words,
                               int64_t count, const char *title)
{
    return lode_hdf_put_texts(
        file,
        &(struct lode_hdf_column){.name = name, .rows = count, .data = words, .title = title});
}

/* The object of an attribute; a group is made where there is none. */
static lode_status open_object(const struct lode_hdf *file, const char *object, hid_t *id)
{
    const bool is_root = hdf_is_root(object);

    if (!is_root) {
        lode_try(check_name(file, object));
        lode_try(make_parents(file, object));
        lode_try(make_group(file, object));
    }
    *id = H5Oopen(file->id, is_root ? "/" : object, H5P_DEFAULT);
    return *id < 0 ? hdf_fail(file, "opening", object) : LODE_OK;
}

lode_status lode_hdf_put_text(struct lode_hdf *file, const char *object, const char *name,
                              const char *text)
{
    hid_t id = -1;

    hdf_begin();
    lode_try(open_object(file, object, &id));
    const lode_status status = put_text(file, id, name, text);
    hdf_release(id);
    return status;
}

lode_status lode_hdf_put_i64(struct lode_hdf *file, const char *object, const char *name,
                             int64_t value)
{
    hid_t id = -1;

    hdf_begin();
    lode_try(open_object(file, object, &id));
    const hid_t type = hdf_type_create(LODE_HDF_I64, 0);
    const lode_status status = put_attribute(file, id, name, type, &value);
    hdf_release(type);
    hdf_release(id);
    return status;
}
