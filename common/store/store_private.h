/* What the store's sources share; nobody else includes this. */
#ifndef LODE_COMMON_STORE_PRIVATE_H
#define LODE_COMMON_STORE_PRIVATE_H

#include "common/store/store.h"

/* --- store_kinds.c --- */

/* Kinds of stores; -1: not known to this lode. */
enum { STORE_OF_EVENTS, STORE_OF_COUNTERS, STORE_KINDS };
int store_kind(const char *name);

/* The counts of a partition as the index names them, in one table for both directions. */
enum { STORE_COUNTS = 4 };
struct store_count {
    const char *name, *units, *title;
    size_t offset; /* of the int64_t in struct lode_partition */
};
extern const struct store_count store_counts[STORE_KINDS][STORE_COUNTS];
int64_t *store_count_of(struct lode_partition *partition, const struct store_count *count);

/* The same of a later file. */
enum { STORE_LATER_COUNTS = 9 };
extern const struct store_count store_later_counts[STORE_KINDS][STORE_LATER_COUNTS];
int64_t *store_later_count_of(struct lode_later_file *later, const struct store_count *count);

/* --- store_file.c --- */

/* "FOLDER/NAME" from the arena. */
lode_status store_join(const char *folder, const char *name, struct lode_arena *arena, char **path);
/* May a file of this name be a partition? An index must not lead out of its folder, nor bring bytes
 * into messages that move a terminal. */
bool store_is_part_file(const char *name);
/* Rows and columns of a data set are what the index promises, else LODE_E_INPUT. */
lode_status store_check_rows(struct lode_hdf *file, const char *name, int64_t rows,
                             struct lode_arena *arena);
/* A whole column that must be one-dimensional and have `rows` rows. */
lode_status store_get_column(struct lode_hdf *file, const char *name, enum lode_hdf_type type,
                             int64_t rows, struct lode_arena *arena, void **data);
/* rows + 1 offsets into `end` rows below: they begin with 0, never fall, end with `end`. */
lode_status store_get_offsets(struct lode_hdf *file, const char *name, int64_t rows, int64_t end,
                              struct lode_arena *arena, int64_t **offsets);
/* Opens a file whose size and checksum are what `entry` says, else LODE_E_INPUT. */
lode_status store_open_told(const char *store_path, const struct lode_partition *entry,
                            struct lode_arena *arena, struct lode_hdf **file);
/* The same for a file of kind events, whose rows are checked too. *file is open also on failure,
 * for the caller to close. */
lode_status store_open_part_file(const char *store_path, const struct lode_partition *entry,
                                 struct lode_arena *arena, struct lode_hdf **file);

/* --- store_generations.c --- */

/* Later files, generations and staging rules, where the index has any; a store of one generation
 * gets that one from what stands at the root. */
lode_status store_get_generations(struct lode_hdf *file, struct lode_store *store);
lode_status store_put_generations(struct lode_hdf *file, const struct lode_store *store,
                                  struct lode_arena *arena);
/* Entries of the index's `later` as they stand, checked one by one. */
lode_status store_get_later(struct lode_hdf *file, int kind, struct lode_arena *arena,
                            struct lode_later_file **later, int64_t *count);

/* --- counters_index.c --- */

/* The schema of kind counters. */
lode_status store_get_counters(struct lode_hdf *file, struct lode_store *store);
lode_status store_put_counters(struct lode_hdf *file, const struct lode_store *store,
                               struct lode_arena *arena);

/* --- store_part.c --- */

/* What an index says of a partition and its first `n_generations`; LODE_E_INPUT when the store is
 * of another kind. */
lode_status store_get_partition(struct lode_hdf *index_file, int kind, int64_t n_generations,
                                int64_t index, struct lode_arena *arena,
                                struct lode_partition *entry);

#endif
