/* Windows: rows of a column of a store, looked at one by one, mostly forwards, in bounded memory: a
 * run of them is read at a time.
 */
#ifndef LODE_JOBS_STAGE_WINDOW_H
#define LODE_JOBS_STAGE_WINDOW_H

#include "common/memory.h"
#include "common/store/hdf.h"

struct window {
    struct lode_hdf *file;
    const char *name;
    enum lode_hdf_type type; /* LODE_HDF_U32 with `limit` >= 0: codes of any width */
    int64_t limit;           /* of codes; -1: no codes */
    int64_t rows;            /* of the column */
    size_t item_bytes;
    int64_t most;             /* rows held at once */
    struct lode_arena *arena; /* holds the name and them */
    struct lode_arena_mark behind_name;
    int64_t first, n;
    const char *items;
};

/* `name` is copied. About `bytes` of memory outside any arena of the caller's; ends with
 * window_close. */
LODE_CHECKED lode_status window_open(struct lode_hdf *file, const char *name, int64_t code_limit,
                                     size_t bytes, struct window *window);
/* The item of a row, valid until the next call: int64_t, double, uint8_t, uint32_t (codes:
 * LODE_NO_CODE where there is no value) or text of item_bytes padded with zeros. */
LODE_CHECKED lode_status window_at(struct window *window, int64_t row, const void **item);
void window_close(struct window *window);

#endif
