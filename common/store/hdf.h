/* HDF: files of typed columns. The sources hdf*.c alone call HDF5.
 *
 * Writing: a file is built aside (PATH.tmp-ATTEMPT), fsynced and renamed by lode_hdf_commit, so it
 * is whole or absent, and ends with a seal: a checksum of all its bytes. No times are stored: equal
 * content gives equal bytes. Reading: a file without its right seal is refused unseen; and since a
 * seal can be forged, every size is checked against the file before memory is taken, external links
 * are not followed and no filter plug-in is loaded. HDF5's own error text is folded into lode's
 * chain, never printed.
 */
#ifndef LODE_COMMON_HDF_H
#define LODE_COMMON_HDF_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum lode_hdf_type {
    LODE_HDF_U8,
    LODE_HDF_U16,
    LODE_HDF_U32,
    LODE_HDF_U64,
    LODE_HDF_I32,
    LODE_HDF_I64,
    LODE_HDF_F64,
    LODE_HDF_TEXT /* fixed width, null-padded UTF-8; `width` bytes each */
};

struct lode_hdf;

/* A data set of rows x columns (columns 1: one-dimensional). */
struct lode_hdf_column {
    const char *name; /* "events/time": groups are made as needed */
    enum lode_hdf_type type;
    int64_t rows;
    int64_t columns; /* 0 or 1: 1-D */
    int64_t width;   /* bytes of each LODE_HDF_TEXT; else 0 */
    const void *data;
    const char *units; /* attribute `units`; NULL: none */
    const char *title; /* attribute `title` */
    bool deflate;      /* chunks of 1 MiB, shuffled (numbers only), deflate 1; else one plain run of
                          bytes,      which reads at the speed of a copy */
};

/* `attempt`: part of the name of the file written aside. Parent folders must exist. */
LODE_CHECKED lode_status lode_hdf_create(const char *path, const char *attempt,
                                         struct lode_hdf **file);
LODE_CHECKED lode_status lode_hdf_put(struct lode_hdf *file, const struct lode_hdf_column *column);
/* The same for dictionary codes: `data` are uint32_t whatever the type (U8, U16 or U32), narrowed
 * piece by piece while they are written, so that UINT32_MAX becomes all ones of that width. */
LODE_CHECKED lode_status lode_hdf_put_codes(struct lode_hdf *file,
                                            const struct lode_hdf_column *column);
/* The same for codes that are not held: `data` is the context of `make`, which writes rows [first,
 * first + count) into `codes` [count x columns]; rows ascend, each is asked for once. A status
 * other than LODE_OK ends the writing. */
typedef lode_status (*lode_hdf_make)(const void *context, int64_t first, int64_t count,
                                     uint32_t *codes);
LODE_CHECKED lode_status lode_hdf_put_made_codes(struct lode_hdf *file,
                                                 const struct lode_hdf_column *column,
                                                 lode_hdf_make make);
/* The same for rows that are made: `data` is the context of `fill`, which writes rows [first, first
 * + rows) in the form of the disk; rows ascend, each is asked for once, about 1 MiB at a time. The
 * file is that of lode_hdf_put. */
typedef lode_status (*lode_hdf_fill)(const struct lode_hdf_column *column, size_t first,
                                     size_t rows, void *out);
LODE_CHECKED lode_status lode_hdf_put_filled(struct lode_hdf *file,
                                             const struct lode_hdf_column *column,
                                             lode_hdf_fill fill);
/* Bytes of one row of a column of one dimension. */
size_t lode_hdf_item_size(const struct lode_hdf_column *column);
/* The same for zero-terminated texts: `data` is char *const *; type, width (of the longest) and
 * deflate (where they take over 64 KiB) are chosen here. */
LODE_CHECKED lode_status lode_hdf_put_texts(struct lode_hdf *file,
                                            const struct lode_hdf_column *column);
/* The same, with nothing but a title. */
LODE_CHECKED lode_status lode_hdf_put_words(struct lode_hdf *file, const char *name,
                                            char *const *words, int64_t count, const char *title);
/* Narrowest type of U8, U16, U32 for codes 0..count-1 beside "no value" (all ones). */
enum lode_hdf_type lode_hdf_code_type(int64_t count);
/* Attributes of an object; object "" or "/" is the file's root; one that is missing is made as a
 * group. */
LODE_CHECKED lode_status lode_hdf_put_text(struct lode_hdf *file, const char *object,
                                           const char *name, const char *text);
LODE_CHECKED lode_status lode_hdf_put_i64(struct lode_hdf *file, const char *object,
                                          const char *name, int64_t value);
/* Closes, fsyncs, renames, fsyncs the folder; ends `file` in every case. LODE_E_DISK on no space.
 */
LODE_CHECKED lode_status lode_hdf_commit(struct lode_hdf *file);
/* Throws the file written aside away, or closes one that was opened for reading. Takes NULL. */
void lode_hdf_close(struct lode_hdf *file);

/* Reads the whole file once to check its seal, before HDF5 sees any of it. LODE_E_INPUT with the
 * path when it is missing, cut short, damaged or not written by lode. */
LODE_CHECKED lode_status lode_hdf_open(const char *path, struct lode_hdf **file);
/* XXH3 of the whole file, as it was when it was opened for reading. */
uint64_t lode_hdf_checksum(const struct lode_hdf *file);
bool lode_hdf_has(struct lode_hdf *file, const char *name);
/* Type, rows, columns, width of a data set; `data` is NULL; units and title from the arena ("" when
 * absent). */
LODE_CHECKED lode_status lode_hdf_describe(struct lode_hdf *file, const char *name,
                                           struct lode_arena *arena,
                                           struct lode_hdf_column *column);
/* Names of the data sets and groups in a group, sorted. */
LODE_CHECKED lode_status lode_hdf_list(struct lode_hdf *file, const char *group,
                                       struct lode_arena *arena, char ***names, int64_t *count);
/* Rows [first, first + count) as stored, no conversion of type; LODE_E_INPUT when the type differs
 * from `type` or the range does not fit. count -1: to the end. */
LODE_CHECKED lode_status lode_hdf_get(struct lode_hdf *file, const char *name,
                                      enum lode_hdf_type type, int64_t first, int64_t count,
                                      struct lode_arena *arena, void **data);
/* A column of U8, U16 or U32, widened to uint32_t; all ones stay the number that is stored. */
LODE_CHECKED lode_status lode_hdf_get_codes(struct lode_hdf *file, const char *name, int64_t first,
                                            int64_t count, struct lode_arena *arena,
                                            uint32_t **codes);
/* The same for codes written by lode_hdf_put_codes: all ones of the stored width become UINT32_MAX,
 * all others are < limit, else LODE_E_INPUT. */
LODE_CHECKED lode_status lode_hdf_get_optional_codes(struct lode_hdf *file, const char *name,
                                                     int64_t first, int64_t count, int64_t limit,
                                                     struct lode_arena *arena, uint32_t **codes);
/* Row `row` of a text data set, zero-terminated, from the arena. */
LODE_CHECKED lode_status lode_hdf_get_text(struct lode_hdf *file, const char *name, int64_t row,
                                           struct lode_arena *arena, char **text);
/* A whole text data set as zero-terminated strings. */
LODE_CHECKED lode_status lode_hdf_get_texts(struct lode_hdf *file, const char *name,
                                            struct lode_arena *arena, char ***texts,
                                            int64_t *count);
LODE_CHECKED lode_status lode_hdf_attribute_text(struct lode_hdf *file, const char *object,
                                                 const char *name, struct lode_arena *arena,
                                                 char **text);
/* The same; NULL when there is none of that name. */
LODE_CHECKED lode_status lode_hdf_optional_text(struct lode_hdf *file, const char *object,
                                                const char *name, struct lode_arena *arena,
                                                char **text);
LODE_CHECKED lode_status lode_hdf_attribute_i64(struct lode_hdf *file, const char *object,
                                                const char *name, int64_t *value);

#endif
