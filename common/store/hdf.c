/* HDF files as a whole: made aside and committed, opened, closed; HDF5's errors in our words.
 *
 * A file is written as PATH.tmp-ATTEMPT and gets its name by rename after fsync: a killed writer of
 * HDF5 leaves a file that cannot be opened (0 of 25 could), this way none is left at all. File
 * locks are off for readers: many processes read one finished file, and NFS may have no locks.
 */
#include "common/store/hdf.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/store/hdf_private.h"

void hdf_begin(void)
{
    /* HDF5 closes open files at exit; ours are committed or thrown away, and one that could not be
     * closed on a full disk makes HDF5 1.10.8 crash there. The first call in a process counts. */
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct cause {
    char text[256];
    bool no_space, no_memory;
};

static herr_t take_innermost(unsigned index, const H5E_error2_t *error, void *context)
{
    static const char errno_mark[] = "errno = ", text_mark[] = "error message = '";
    struct cause *cause = context;
    const char *text = error->desc ? error->desc : "no reason given";

    (void)index;
    cause->no_memory = error->maj_num == H5E_RESOURCE;
    const char *at = strstr(text, errno_mark);
    if (at != NULL) {
        const long number = strtol(at + sizeof errno_mark - 1, NULL, 10);
        cause->no_space = number == ENOSPC || number == EDQUOT;
    }
    /* the file driver's messages carry the time and an address; its errno text is what counts */
    at = strstr(text, text_mark);
    if (at != NULL) text = at + sizeof text_mark - 1;
    const size_t length = at ? strcspn(text, "'") : strlen(text);
    snprintf(cause->text, sizeof cause->text, "%.*s", (int)(length < 255 ? length : 255), text);
    return H5_ITER_STOP;
}

lode_status hdf_fail(const struct lode_hdf *file, const char *doing, const char *name)
{
    struct cause cause = {.text = "HDF5 gives no reason"};

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, &cause);
    lode_status status = file->aside ? LODE_E_DISK : LODE_E_INPUT;
    if (cause.no_memory) status = LODE_E_MEMORY;
    if (cause.no_space) {
        status = LODE_E_DISK;
        snprintf(cause.text, sizeof cause.text, "no space left on device");
    }
    if (name[0] == '\0') return lode_fail(status, "%s: %s: %s", file->path, doing, cause.text);
    return lode_fail(status, "%s: %s '%s': %s", file->path, doing, name, cause.text);
}

void hdf_release(hid_t id)
{
    if (id > 0) H5Idec_ref(id);
}

size_t hdf_type_size(enum lode_hdf_type type, int64_t width)
{
    static const uint8_t sizes[] = {
        [LODE_HDF_U8] = 1,  [LODE_HDF_U16] = 2, [LODE_HDF_U32] = 4, [LODE_HDF_U64] = 8,
        [LODE_HDF_I32] = 4, [LODE_HDF_I64] = 8, [LODE_HDF_F64] = 8};
    return type == LODE_HDF_TEXT ? (size_t)width : sizes[type];
}

hid_t hdf_type_create(enum lode_hdf_type type, size_t width)
{
    switch (type) {
    case LODE_HDF_U8:
        return H5Tcopy(H5T_STD_U8LE);
    case LODE_HDF_U16:
        return H5Tcopy(H5T_STD_U16LE);
    case LODE_HDF_U32:
        return H5Tcopy(H5T_STD_U32LE);
    case LODE_HDF_U64:
        return H5Tcopy(H5T_STD_U64LE);
    case LODE_HDF_I32:
        return H5Tcopy(H5T_STD_I32LE);
    case LODE_HDF_I64:
        return H5Tcopy(H5T_STD_I64LE);
    case LODE_HDF_F64:
        return H5Tcopy(H5T_IEEE_F64LE);
    case LODE_HDF_TEXT:
        break;
    }
    const hid_t text = H5Tcopy(H5T_C_S1);
    if (text < 0) return text;
    if (H5Tset_size(text, width) >= 0 && H5Tset_strpad(text, H5T_STR_NULLPAD) >= 0 &&
        H5Tset_cset(text, H5T_CSET_UTF8) >= 0) {
        return text;
    }
    H5Tclose(text);
    return -1;
}

enum lode_hdf_type lode_hdf_code_type(int64_t count)
{
    if (count <= UINT8_MAX) return LODE_HDF_U8; /* codes to 254; 255 is "no value" */
    return count <= UINT16_MAX ? LODE_HDF_U16 : LODE_HDF_U32;
}

static void file_free(struct lode_hdf *file)
{
    if (file == NULL) return;
    free(file->path);
    free(file->aside);
    free(file);
}

/* attempt NULL: for reading. */
static lode_status file_new(const char *path, const char *attempt, struct lode_hdf **file)
{
    struct lode_hdf *made = calloc(1, sizeof *made);

    if (made == NULL) return lode_fail(LODE_E_MEMORY, "%s: no memory to open it", path);
    made->id = -1;
    made->path = strdup(path);
    bool whole = made->path != NULL;
    if (attempt != NULL) whole = asprintf(&made->aside, "%s.tmp-%s", path, attempt) >= 0 && whole;
    if (!whole) {
        made->aside = NULL; /* undefined after asprintf failed */
        file_free(made);
        return lode_fail(LODE_E_MEMORY, "%s: no memory to open it", path);
    }
    *file = made;
    return LODE_OK;
}

void lode_hdf_close(struct lode_hdf *file)
{
    if (file == NULL) return;
    hdf_begin();
    if (file->id >= 0) H5Fclose(file->id);
    if (file->aside != NULL) unlink(file->aside);
    file_free(file);
}

lode_status lode_hdf_create(const char *path, const char *attempt, struct lode_hdf **file)
{
    struct lode_hdf *made = NULL;

    lode_try(file_new(path, attempt, &made));
    hdf_begin();
    H5PLset_loading_state(0);
    const hid_t creation = H5Pcreate(H5P_FILE_CREATE), access = H5Pcreate(H5P_FILE_ACCESS);
    if (creation >= 0 && access >= 0 && H5Pset_obj_track_times(creation, false) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_LATEST) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_file_locking(access, true, true) >= 0) {
        made->id = H5Fcreate(made->aside, H5F_ACC_TRUNC, creation, access);
    }
    lode_status status = LODE_OK;
    if (made->id < 0) status = hdf_fail(made, "creating the file", "");
    hdf_release(creation);
    hdf_release(access);
    if (status != LODE_OK) {
        lode_hdf_close(made); /* on a full disk the file is there, empty */
        return status;
    }
    *file = made;
    return LODE_OK;
}

static lode_status sync_file(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    const int reason = fsync(descriptor) == 0 ? 0 : errno;
    close(descriptor);
    return reason == 0 ? LODE_OK : lode_fail(LODE_E_DISK, "%s: %s", path, strerror(reason));
}

static lode_status sync_folder_of(const char *path)
{
    char *copy = strdup(path); /* dirname writes into it */

    if (copy == NULL) return lode_fail(LODE_E_MEMORY, "%s: no memory to sync its folder", path);
    const lode_status status = lode_directory_sync(dirname(copy));
    free(copy);
    return status;
}

lode_status lode_hdf_commit(struct lode_hdf *file)
{
    lode_status status = LODE_OK;

    hdf_begin();
    const hid_t id = file->id;
    file->id = -1;
    if (H5Fclose(id) < 0) {
        status = hdf_fail(file, "finishing the file", "");
        goto done;
    }
    lode_try_done(hdf_seal(file->aside));
    lode_try_done(sync_file(file->aside));
    if (rename(file->aside, file->path) != 0) {
        status = lode_fail(LODE_E_DISK, "%s: %s", file->path, strerror(errno));
        goto done;
    }
    lode_try_done(sync_folder_of(file->path));
done:
    if (status != LODE_OK) unlink(file->aside);
    file_free(file);
    return status;
}

static lode_status open_for_reading(struct lode_hdf *file)
{
    struct stat about;

    if (stat(file->path, &about) != 0) {
        return lode_fail(LODE_E_INPUT, "%s: %s", file->path, strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) return lode_fail(LODE_E_INPUT, "%s: not a file", file->path);
    lode_try(hdf_check_seal(file->path, &file->size_bytes, &file->checksum));
    hdf_begin();
    H5PLset_loading_state(0);
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* no sieve: a data set is opened anew for every read, and HDF5 would read 64 KiB for each slice
     */
    if (access >= 0 && H5Pset_file_locking(access, false, true) >= 0 &&
        H5Pset_sieve_buf_size(access, 1) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0) {
        file->id = H5Fopen(file->path, H5F_ACC_RDONLY, access);
    }
    lode_status status = LODE_OK;
    if (file->id < 0) status = hdf_fail(file, "opening the file", "");
    hdf_release(access);
    return status;
}

lode_status lode_hdf_open(const char *path, struct lode_hdf **file)
{
    struct lode_hdf *made = NULL;

    lode_try(file_new(path, NULL, &made));
    const lode_status status = open_for_reading(made);
    if (status != LODE_OK) {
        file_free(made);
        return status;
    }
    *file = made;
    return LODE_OK;
}

uint64_t lode_hdf_checksum(const struct lode_hdf *file)
{
    return file->checksum;
}
