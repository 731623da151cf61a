/* Growth: the index of a store that gets one more generation, and the files in its folder.
 *
 * Files of the generation are written into the store's folder under names that no index holds; the
 * new index is the last file. Whatever no index names is left over from an append that was killed.
 */
#ifndef LODE_JOBS_STAGE_GROWTH_H
#define LODE_JOBS_STAGE_GROWTH_H

#include "common/store/store.h"

/* What a write task made. */
struct growth_file {
    struct lode_row_counts rows;
    struct lode_row_counts replaced; /* rows of older files that count no more */
    int64_t size_bytes;              /* 0: no file, the partition is not touched */
    uint64_t checksum;
};

/* The store to be begins as the store that is; store->partitions has room for those of `before`. */
LODE_CHECKED lode_status growth_begin(const struct lode_store *before, struct lode_store *store,
                                      struct lode_arena *arena);
/* Takes what the write task of a partition made; in order of tasks. */
LODE_CHECKED lode_status growth_put_file(struct lode_store *store, int64_t generation,
                                         int64_t partition, const struct growth_file *file,
                                         struct lode_arena *arena);
/* The generations before and this one, whose source, history and rows the store has; its own lines
 * then speak of all. */
LODE_CHECKED lode_status growth_list(const struct lode_store *before, struct lode_store *store,
                                     struct lode_arena *arena);
/* Removes files of generations that the index does not know, and what attempts left aside. Errors
 * are logged, as by the next. */
void growth_remove_leavings(const char *directory, int64_t n_generations);
/* The same at the end of an append, whatever came of it: by the index that stands there now. */
void growth_end(const char *directory);

#endif
