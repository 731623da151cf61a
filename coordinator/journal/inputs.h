/* Inputs: is the store still the one that a run was begun on, and are further stores that it reads?
 * Of these the index stands for all: it has the checksums of the rest.
 *
 * Sizes, times and a sample of every file are looked at each time. A file whose time has changed
 * and whose sample has not (it was copied or touched) is read whole and compared by its checksum.
 */
#ifndef LODE_COORDINATOR_JOURNAL_INPUTS_H
#define LODE_COORDINATOR_JOURNAL_INPUTS_H

#include "common/store/store.h"
#include "coordinator/journal/header.h"

/* The files of the store, then `further` ones [n_further] by their absolute paths (borrowed); from
 * the arena. A sample costs three reads of a file; checksums of partitions are those that the index
 * has. LODE_E_INPUT when a file cannot be read. */
LODE_CHECKED lode_status inputs_describe(const struct lode_store *store, char *const *further,
                                         int64_t n_further, struct lode_arena *arena,
                                         struct input_file **files, int64_t *count);
/* LODE_E_INPUT names the first file that differs from what the header says, and how. */
LODE_CHECKED lode_status inputs_check(const struct lode_store *store, const struct header *header,
                                      const struct input_file *files, int64_t count);

#endif
