/* By partition: a stage with one task for each partition of the store, which reads its events. */
#ifndef LODE_JOBS_OPPORTUNITIES_BY_PARTITION_H
#define LODE_JOBS_OPPORTUNITIES_BY_PARTITION_H

#include "jobs/job.h"

/* Fills the stage but for its parameters; costs (events, the longest tasks first) are the arena's.
 * The store is borrowed. LODE_E_MEMORY. */
LODE_CHECKED lode_status stage_by_partition(const struct lode_store *store, const char *leaf,
                                            const char *title, struct lode_arena *arena,
                                            struct lode_stage *stage);

#endif
