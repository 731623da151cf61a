/* HDF, reading: what is in a file: names, shapes, attributes. */
#include "common/store/hdf.h"

#include <stdlib.h>
#include <string.h>

#include "common/store/hdf_private.h"

bool lode_hdf_has(struct lode_hdf *file, const char *name)
{
    bool there = false;

    hdf_begin();
    return hdf_check_links(file, name, &there) == LODE_OK && there;
}

/* The text of an attribute, or NULL when there is none of that name. */
static lode_status read_text_attribute(const struct lode_hdf *file, hid_t object, const char *name,
                                       struct lode_arena *arena, char **text)
{
    lode_status status = LODE_OK;
    hid_t attribute = -1, type = -1, space = -1;
    int64_t width = 0;
    char *taken;

    *text = NULL;
    const htri_t there = H5Aexists(object, name);
    if (there == 0) return LODE_OK;
    attribute = there > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
    type = attribute < 0 ? -1 : H5Aget_type(attribute);
    space = attribute < 0 ? -1 : H5Aget_space(attribute);
    if (type < 0 || space < 0) {
        status = hdf_fail(file, "opening attribute", name);
        goto done;
    }
    if (!hdf_is_fixed_text(type, &width) || H5Sget_simple_extent_npoints(space) != 1 ||
        (uint64_t)width > file->size_bytes) {
        status = lode_fail(LODE_E_INPUT, "%s: attribute '%s' is not one text of fixed width",
                           file->path, name);
        goto done;
    }
    lode_try_done(lode_take_zero(arena, width + 1, &taken));
    if (H5Aread(attribute, type, taken) < 0) {
        status = hdf_fail(file, "reading attribute", name);
        goto done;
    }
    *text = taken;
done:
    hdf_release(space);
    hdf_release(type);
    hdf_release(attribute);
    return status;
}

static lode_status read_label(const struct lode_hdf *file, hid_t object, const char *name,
                              struct lode_arena *arena, const char **label)
{
    char *text = NULL;

    lode_try(read_text_attribute(file, object, name, arena, &text));
    *label = text ? text : "";
    return LODE_OK;
}

lode_status lode_hdf_describe(struct lode_hdf *file, const char *name, struct lode_arena *arena,
                              struct lode_hdf_column *column)
{
    lode_status status = LODE_OK;
    struct hdf_dataset set;
    struct lode_hdf_column found = {.name = name};

    lode_try(hdf_dataset_open(file, name, &set));
    found.type = set.kind;
    found.rows = set.rows;
    found.columns = set.columns;
    found.width = set.width;
    lode_try_done(read_label(file, set.id, "units", arena, &found.units));
    lode_try_done(read_label(file, set.id, "title", arena, &found.title));
    *column = found;
done:
    hdf_dataset_close(&set);
    return status;
}

struct listing {
    struct lode_arena *arena;
    char **names;
    hsize_t count, limit;
    lode_status status;
};

static herr_t take_name(hid_t group, const char *name, const H5L_info_t *link, void *context)
{
    struct listing *listing = context;

    (void)group;
    if (listing->count == listing->limit) return -1; /* more links than the group says it has */
    if (link->type != H5L_TYPE_HARD) return 0;
    listing->status =
        lode_arena_text(listing->arena, name, strlen(name), &listing->names[listing->count]);
    listing->count++;
    return listing->status == LODE_OK ? 0 : -1;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

lode_status lode_hdf_list(struct lode_hdf *file, const char *group, struct lode_arena *arena,
                          char ***names, int64_t *count)
{
    lode_status status = LODE_OK;
    hid_t id = -1;
    H5G_info_t about;

    hdf_begin();
    lode_try(hdf_object_open(file, group, &id));
    if (H5Gget_info(id, &about) < 0) {
        status = hdf_fail(file, "reading group", group);
        goto done;
    }
    /* a link takes more than a byte, so the file's size bounds what a hostile count can ask for */
    if (about.nlinks > file->size_bytes) {
        status = lode_fail(LODE_E_INPUT, "%s: group '%s' claims %llu members", file->path, group,
                           (unsigned long long)about.nlinks);
        goto done;
    }
    struct listing listing = {.arena = arena, .limit = about.nlinks};
    lode_try_done(lode_take(arena, about.nlinks, &listing.names));
    /* As stored, and sorted here: for another order HDF5 1.10.8 makes a table of as many links as
     * the group claims and frees all of it, also what the group did not have. */
    if (H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, take_name, &listing) < 0) {
        status = listing.status != LODE_OK ? listing.status : hdf_fail(file, "listing", group);
        goto done;
    }
    if (listing.count > 1)
        qsort(listing.names, listing.count, sizeof *listing.names, compare_names);
    *names = listing.names;
    *count = (int64_t)listing.count;
done:
    hdf_release(id);
    return status;
}

lode_status lode_hdf_optional_text(struct lode_hdf *file, const char *object, const char *name,
                                   struct lode_arena *arena, char **text)
{
    hid_t id = -1;

    hdf_begin();
    lode_try(hdf_object_open(file, object, &id));
    const lode_status status = read_text_attribute(file, id, name, arena, text);
    hdf_release(id);
    return status;
}

lode_status lode_hdf_attribute_text(struct lode_hdf *file, const char *object, const char *name,
                                    struct lode_arena *arena, char **text)
{
    char *found = NULL;

    lode_try(lode_hdf_optional_text(file, object, name, arena, &found));
    if (found == NULL) {
        return lode_fail(LODE_E_INPUT, "%s: '%s' has no attribute '%s'", file->path,
                         hdf_is_root(object) ? "/" : object, name);
    }
    *text = found;
    return LODE_OK;
}

lode_status lode_hdf_attribute_i64(struct lode_hdf *file, const char *object, const char *name,
                                   int64_t *value)
{
    hid_t id = -1, attribute = -1, type = -1, space = -1;
    int64_t found = 0;

    hdf_begin();
    lode_try(hdf_object_open(file, object, &id));
    if (H5Aexists(id, name) > 0) attribute = H5Aopen(id, name, H5P_DEFAULT);
    if (attribute >= 0) {
        type = H5Aget_type(attribute);
        space = H5Aget_space(attribute);
    }
    const bool right = type >= 0 && space >= 0 && H5Tequal(type, H5T_STD_I64LE) > 0 &&
                       H5Sget_simple_extent_npoints(space) == 1 &&
                       H5Aread(attribute, type, &found) >= 0;
    hdf_release(space);
    hdf_release(type);
    hdf_release(attribute);
    hdf_release(id);
    if (!right) {
        return lode_fail(LODE_E_INPUT, "%s: '%s' has no attribute '%s' that is one i64", file->path,
                         hdf_is_root(object) ? "/" : object, name);
    }
    *value = found;
    return LODE_OK;
}
