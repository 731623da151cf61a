/* What the hdf sources share; nobody else includes this, but tests that seal hostile files. */
#ifndef LODE_COMMON_HDF_PRIVATE_H
#define LODE_COMMON_HDF_PRIVATE_H

#include "common/store/hdf.h"

#include <hdf5.h>

enum {
    HDF_NAME_LIMIT = 1024,    /* bytes of the path of an object inside a file, with its 0 */
    HDF_CHUNK_BYTES = 1 << 20 /* of compressed columns; also the piece in which codes are copied */
};

struct lode_hdf {
    hid_t id;
    char *path;          /* as the caller named it */
    char *aside;         /* the file being written; NULL when reading */
    uint64_t size_bytes; /* when reading: nothing inside can be larger */
    uint64_t checksum;   /* when reading: XXH3 of the whole file */
};

/* Every public function starts with this: HDF5's error printing is a setting of each thread. */
void hdf_begin(void);
/* The chain for an HDF5 call that went wrong, from HDF5's innermost message. LODE_E_DISK for a file
 * being written, else LODE_E_INPUT; LODE_E_MEMORY when HDF5 got none. */
lode_status hdf_fail(const struct lode_hdf *file, const char *doing, const char *name);
/* Puts the seal behind a file that HDF5 has closed. LODE_E_DISK. */
lode_status hdf_seal(const char *path);
/* Reads the whole file: LODE_E_INPUT unless its seal is there and right, and so every byte is. */
lode_status hdf_check_seal(const char *path, uint64_t *size_bytes, uint64_t *checksum);

/* Closes an id of any kind; takes ids that were never opened (<= 0). */
void hdf_release(hid_t id);
/* The type on disk and in memory, to be released; `width` counts for text alone. */
hid_t hdf_type_create(enum lode_hdf_type type, size_t width);
/* Bytes of one item. */
size_t hdf_type_size(enum lode_hdf_type type, int64_t width);

bool hdf_is_root(const char *name);
/* Walks a path part by part: LODE_E_INPUT unless all are hard links; *there is false when one is
 * missing. */
lode_status hdf_check_links(const struct lode_hdf *file, const char *name, bool *there);
/* Opens a group or data set by such a path, for its attributes or members. */
lode_status hdf_object_open(const struct lode_hdf *file, const char *name, hid_t *id);
/* Is it text of fixed width, ended or padded by NUL? Then *width is its size. */
bool hdf_is_fixed_text(hid_t type, int64_t *width);

/* A data set that has passed all checks: type, rank, filters, and rows against bytes stored. */
struct hdf_dataset {
    hid_t id;
    hid_t type;
    enum lode_hdf_type kind;
    int64_t rows, columns;
    int64_t width; /* bytes of one text; else 0 */
    size_t row_bytes;
};
lode_status hdf_dataset_open(const struct lode_hdf *file, const char *name,
                             struct hdf_dataset *set);
void hdf_dataset_close(struct hdf_dataset *set);

#endif
