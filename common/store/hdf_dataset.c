/* HDF, reading: every data set is looked over before memory is taken for it.
 *
 * A file may come from anywhere. So an object is reached by plain links only (no soft or external
 * ones), its bytes lie in this file, its type, rank and filters are among the few that lode writes,
 * and its rows are no more than the bytes stored for them can hold: deflate makes at most 1032
 * bytes of one. What passes is read without conversion.
 */
#include <string.h>

#include "common/store/hdf_private.h"

enum {
    DEFLATE_LIMIT = 1032,        /* RFC 1951: 258 bytes from 2 bits */
    CHUNK_LIMIT_BYTES = 4 << 20, /* HDF5 takes memory for a whole chunk; ours have 1 MiB or a row */
    CACHE_BYTES = 4 << 20,       /* holds our chunks; larger ones are unpacked past the cache */
    CACHE_SLOTS = 101
};

bool hdf_is_root(const char *name)
{
    return name[0] == '\0' || strcmp(name, "/") == 0;
}

lode_status hdf_check_links(const struct lode_hdf *file, const char *name, bool *there)
{
    char path[HDF_NAME_LIMIT];
    const size_t length = strlen(name);

    *there = true;
    if (hdf_is_root(name)) return LODE_OK;
    if (length >= sizeof path) {
        return lode_fail(LODE_E_INPUT, "%s: the name '%.60s...' has %zu bytes, limit %d",
                         file->path, name, length, HDF_NAME_LIMIT - 1);
    }
    for (size_t end = 1; end <= length; end++) {
        H5L_info_t link;
        if (end < length && name[end] != '/') continue;
        memcpy(path, name, end);
        path[end] = '\0';
        const htri_t exists = H5Lexists(file->id, path, H5P_DEFAULT);
        if (exists == 0) {
            *there = false;
            return LODE_OK;
        }
        if (exists < 0 || H5Lget_info(file->id, path, &link, H5P_DEFAULT) < 0) {
            return hdf_fail(file, "looking for", path);
        }
        if (link.type != H5L_TYPE_HARD) {
            return lode_fail(LODE_E_INPUT, "%s: '%s' is a link to elsewhere, which lode refuses",
                             file->path, path);
        }
    }
    return LODE_OK;
}

lode_status hdf_object_open(const struct lode_hdf *file, const char *name, hid_t *id)
{
    bool there;

    lode_try(hdf_check_links(file, name, &there));
    if (!there) return lode_fail(LODE_E_INPUT, "%s: '%s' is missing", file->path, name);
    *id = H5Oopen(file->id, hdf_is_root(name) ? "/" : name, H5P_DEFAULT);
    return *id < 0 ? hdf_fail(file, "opening", name) : LODE_OK;
}

bool hdf_is_fixed_text(hid_t type, int64_t *width)
{
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0) return false;
    if (H5Tget_strpad(type) != H5T_STR_NULLPAD && H5Tget_strpad(type) != H5T_STR_NULLTERM) {
        return false;
    }
    const size_t size = H5Tget_size(type);
    *width = (int64_t)size;
    return size > 0 && size <= INT32_MAX;
}

static lode_status read_type(const struct lode_hdf *file, const char *name, struct hdf_dataset *set)
{
    set->type = H5Dget_type(set->id);
    if (set->type < 0) return hdf_fail(file, "reading the type of", name);
    if (hdf_is_fixed_text(set->type, &set->width)) {
        set->kind = LODE_HDF_TEXT;
        return LODE_OK;
    }
    set->width = 0;
    for (int kind = LODE_HDF_U8; kind < LODE_HDF_TEXT; kind++) {
        const hid_t ours = hdf_type_create((enum lode_hdf_type)kind, 0);
        const htri_t equal = H5Tequal(set->type, ours);
        hdf_release(ours);
        if (equal > 0) {
            set->kind = (enum lode_hdf_type)kind;
            return LODE_OK;
        }
    }
    return lode_fail(LODE_E_INPUT,
                     "%s: '%s' is of a type that lode does not read (wanted: little-endian u8, "
                     "u16, u32, u64, i32, i64, f64 or text of fixed width)",
                     file->path, name);
}

static lode_status read_shape(const struct lode_hdf *file, const char *name,
                              struct hdf_dataset *set)
{
    hsize_t shape[2] = {0, 1};
    const hid_t space = H5Dget_space(set->id);
    const bool is_simple = space >= 0 && H5Sget_simple_extent_type(space) == H5S_SIMPLE;
    const int rank = is_simple ? H5Sget_simple_extent_ndims(space) : -1;

    if (rank == 1 || rank == 2) H5Sget_simple_extent_dims(space, shape, NULL);
    hdf_release(space);
    if (rank != 1 && rank != 2) {
        return lode_fail(LODE_E_INPUT, "%s: '%s' has neither 1 nor 2 dimensions", file->path, name);
    }
    const size_t item = hdf_type_size(set->kind, set->width);
    if (shape[0] > INT64_MAX || shape[1] < 1 || shape[1] > SIZE_MAX / item) {
        return lode_fail(LODE_E_INPUT, "%s: '%s' claims %llu rows of %llu columns", file->path,
                         name, (unsigned long long)shape[0], (unsigned long long)shape[1]);
    }
    set->rows = (int64_t)shape[0];
    set->columns = (int64_t)shape[1];
    set->row_bytes = item * (size_t)shape[1];
    return LODE_OK;
}

/* Chunks small enough and no filters but ours; *packed: some filter can make bytes more. */
static lode_status check_layout(const struct lode_hdf *file, const char *name,
                                const struct hdf_dataset *set, hid_t creation, bool *packed)
{
    const H5D_layout_t layout = H5Pget_layout(creation);

    *packed = false;
    if ((layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED && layout != H5D_COMPACT) ||
        H5Pget_external_count(creation) != 0) {
        return lode_fail(LODE_E_INPUT, "%s: the rows of '%s' lie in other files", file->path, name);
    }
    if (layout != H5D_CHUNKED) return LODE_OK;
    hsize_t chunk[2] = {1, 1};
    const int rank = H5Pget_chunk(creation, 2, chunk);
    const size_t item = hdf_type_size(set->kind, set->width);
    if (rank < 1 || rank > 2 || chunk[1] > CHUNK_LIMIT_BYTES || item > CHUNK_LIMIT_BYTES ||
        chunk[0] > CHUNK_LIMIT_BYTES / item / chunk[1]) {
        return lode_fail(LODE_E_INPUT, "%s: the chunks of '%s' are larger than %d MiB", file->path,
                         name, CHUNK_LIMIT_BYTES >> 20);
    }
    const int filters = H5Pget_nfilters(creation);
    for (int i = 0; i < filters; i++) {
        unsigned flags;
        size_t n_values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(creation, (unsigned)i, &flags, &n_values, NULL, 0, NULL, NULL);
        if (filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_DEFLATE) {
            return lode_fail(LODE_E_INPUT,
                             "%s: '%s' is packed by filter %d, lode reads shuffle "
                             "and deflate alone",
                             file->path, name, (int)filter);
        }
        *packed = *packed || filter == H5Z_FILTER_DEFLATE;
    }
    return LODE_OK;
}

/* The rows fit into the bytes stored for them, and those into the file. */
static lode_status check_storage(const struct lode_hdf *file, const char *name,
                                 const struct hdf_dataset *set)
{
    bool packed = false;
    size_t bytes = 0;
    const hid_t creation = H5Dget_create_plist(set->id);

    if (creation < 0) return hdf_fail(file, "reading the layout of", name);
    const lode_status layout = check_layout(file, name, set, creation, &packed);
    hdf_release(creation);
    lode_try(layout);
    const uint64_t stored = H5Dget_storage_size(set->id);
    const bool fits = lode_mul_size((uint64_t)set->rows, set->row_bytes, &bytes) == LODE_OK;
    if (!fits || stored > file->size_bytes || (packed ? bytes / DEFLATE_LIMIT : bytes) > stored) {
        return lode_fail(LODE_E_INPUT,
                         "%s: '%s' claims %lld rows of %zu bytes, but %llu bytes are stored for it "
                         "in a file of %llu",
                         file->path, name, (long long)set->rows, set->row_bytes,
                         (unsigned long long)stored, (unsigned long long)file->size_bytes);
    }
    return LODE_OK;
}

void hdf_dataset_close(struct hdf_dataset *set)
{
    hdf_release(set->type);
    hdf_release(set->id);
}

lode_status hdf_dataset_open(const struct lode_hdf *file, const char *name, struct hdf_dataset *set)
{
    lode_status status = LODE_OK;
    bool there;

    *set = (struct hdf_dataset){.id = -1, .type = -1};
    hdf_begin();
    lode_try(hdf_check_links(file, name, &there));
    if (!there || hdf_is_root(name)) {
        return lode_fail(LODE_E_INPUT, "%s: the data set '%s' is missing", file->path, name);
    }
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    if (access >= 0 && H5Pset_chunk_cache(access, CACHE_SLOTS, CACHE_BYTES, 1.0) >= 0) {
        set->id = H5Dopen2(file->id, name, access);
    }
    if (set->id < 0) status = hdf_fail(file, "opening", name);
    hdf_release(access);
    lode_try(status);
    lode_try_done(read_type(file, name, set));
    lode_try_done(read_shape(file, name, set));
    lode_try_done(check_storage(file, name, set));
done:
    if (status != LODE_OK) hdf_dataset_close(set);
    return status;
}
