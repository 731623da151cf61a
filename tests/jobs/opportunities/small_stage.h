/* Small stage: a store of events made from two texts by the real job, with the engine replaced by a
 * loop; for tests that need more than one partition. Needs lode_local_map.
 */
#ifndef LODE_TESTS_JOBS_OPPORTUNITIES_SMALL_STAGE_H
#define LODE_TESTS_JOBS_OPPORTUNITIES_SMALL_STAGE_H

#include "common/memory.h"
#include "common/store/store.h"

#include <stdint.h>

enum { SMALL_PATH = 256 };

/* Writes the CSV texts into the directory, which are then empty, and stages them to
 * DIRECTORY/store, whose path goes to store_path. *store has at least three partitions; close it
 * with lode_store_close. */
void small_stage(const char *directory, struct lode_bytes *sessions, struct lode_bytes *events,
                 uint64_t partition_bytes, struct lode_arena *arena, char store_path[SMALL_PATH],
                 struct lode_store **store);

#endif
