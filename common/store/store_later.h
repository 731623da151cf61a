/* Later files of an open partition (generations.h): what store_part.c reads them by, and staging,
 * which goes through a partition user by user when it appends to it. Not for jobs: the functions of
 * store.h show merged columns.
 */
#ifndef LODE_COMMON_STORE_LATER_H
#define LODE_COMMON_STORE_LATER_H

#include "common/store/generations.h"
#include "common/store/store.h"

struct lode_part_later {
    struct lode_arena *arena; /* holds all this */
    int64_t n_files;
    struct lode_part *files; /* [n_files] each by itself; the first shares its file with the part */
    struct generation_span *spans;
    int64_t n_spans;
};

/* Opens the files `entries` [n >= 1] behind `part`, whose own file and counts are set: part->later
 * and the counts of all together. LODE_E_INPUT where a file is another than its entry says, or
 * counts differ. `part` is as before on failure. */
LODE_CHECKED lode_status store_later_open(const char *store_path,
                                          const struct lode_later_file *entries, int64_t n,
                                          struct lode_part *part);
void store_later_close(struct lode_part_later *later); /* takes NULL */

/* A column of one file by itself: one value a session or an event. */
typedef lode_status (*store_read_fn)(struct lode_part *file, const void *ask,
                                     struct lode_arena *arena, void **data);
enum store_axis { STORE_SESSIONS, STORE_EVENTS };
/* The column of the partition, put together from those of the files; beside it the arena holds that
 * of one file at a time. */
LODE_CHECKED lode_status store_later_gather(struct lode_part *part, enum store_axis axis,
                                            size_t item_bytes, store_read_fn read, const void *ask,
                                            struct lode_arena *arena, void **data);
LODE_CHECKED lode_status store_later_session_offsets(struct lode_part *part,
                                                     struct lode_arena *arena, int64_t **offsets);
LODE_CHECKED lode_status store_later_event_offsets(struct lode_part *part, struct lode_arena *arena,
                                                   int64_t **offsets);
/* The span that holds a row of the partition; NULL: no such row. */
const struct generation_span *store_later_find(const struct lode_part *part, enum store_axis axis,
                                               int64_t row);

#endif
