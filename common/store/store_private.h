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

/* "FOLDER/NAME" from the arena. */
lode_status store_join(const char *folder, const char *name, struct lode_arena *arena, char **path);
/* May a file of this name be a partition? An index must not lead out of its folder, nor bring bytes
 * into messages that move a terminal. */
bool store_is_part_file(const char *name);
/* A whole column that must be one-dimensional and have `rows` rows. */
lode_status store_get_column(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                             int64_t rows, struct lode_arena *arena, void **data);

#endif
