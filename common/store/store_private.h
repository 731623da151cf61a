/* What the store's sources share; nobody else includes this. */
#ifndef LODE_COMMON_STORE_PRIVATE_H
#define LODE_COMMON_STORE_PRIVATE_H

#include "common/store/store.h"

/* The counts of a partition as the index names them, in one table for both directions. */
enum { STORE_COUNTS = 4 };
struct store_count {
    const char *name, *units, *title;
    size_t offset; /* of the int64_t in struct lode_partition */
};
extern const struct store_count store_counts[STORE_COUNTS];
int64_t *store_count_of(struct lode_partition *partition, int which);

/* The same of a later file. */
enum { STORE_LATER_COUNTS = 9 };
extern const struct store_count store_later_counts[STORE_LATER_COUNTS];
int64_t *store_later_count_of(struct lode_later_file *later, int which);
/* Later files, generations and staging rules, where the index has any; a store of one generation
 * gets that one from what stands at the root. */
lode_status store_get_generations(struct lode_hdf *file, struct lode_store *store);
lode_status store_put_generations(struct lode_hdf *file, const struct lode_store *store,
                                  struct lode_arena *arena);
/* Entries of the index's `later` as they stand, checked one by one. */
lode_status store_get_later(struct lode_hdf *file, struct lode_arena *arena,
                            struct lode_later_file **later, int64_t *count);

/* "FOLDER/NAME" from the arena. */
lode_status store_join(const char *folder, const char *name, struct lode_arena *arena, char **path);
/* May a file of this name be a partition? An index must not lead out of its folder, nor bring bytes
 * into messages that move a terminal. */
bool store_is_part_file(const char *name);
/* Opens a file of a partition; size, checksum and rows are what `entry` says, else LODE_E_INPUT.
 * *file is open also on failure, for the caller to close. */
lode_status store_open_part_file(const char *store_path, const struct lode_partition *entry,
                                 struct lode_arena *arena, struct lode_hdf **file);
/* Rows and columns of a data set are what the index promises, else LODE_E_INPUT. */
lode_status store_check_rows(struct lode_hdf *file, const char *name, int64_t rows,
                             struct lode_arena *arena);
/* A whole column that must be one-dimensional and have `rows` rows. */
lode_status store_get_column(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                             int64_t rows, struct lode_arena *arena, void **data);

#endif
