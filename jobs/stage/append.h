/* Append: a store that is there gets one more generation.
 *
 * Files of the generation are written into the store's folder under names that no index holds; the
 * new index is the last file and takes the place of the old one by rename. Before that the store is
 * what it was; what an append that was killed left behind is removed by the next. One append at a
 * time: who runs the job holds the store's lock (append_lock.h).
 */
#ifndef LODE_JOBS_STAGE_APPEND_H
#define LODE_JOBS_STAGE_APPEND_H

#include "jobs/stage/growth.h"
#include "jobs/stage/staging.h"

/* Opens the store that options->append names: `before`, `known`, and options that are the store's
 * where they decide the mapping. LODE_E_INPUT. */
LODE_CHECKED lode_status append_read(struct staging *staging);
/* The same, and removes leavings. */
LODE_CHECKED lode_status append_begin(struct staging *staging);
/* The store to be begins as the store that is. */
LODE_CHECKED lode_status append_begin_parts(struct staging *staging);
/* Takes what the write task of a partition made; in order of tasks. */
LODE_CHECKED lode_status append_put_file(struct staging *staging, int64_t partition,
                                         const struct growth_file *file);
/* Rejects, then the index. */
LODE_CHECKED lode_status append_commit(struct staging *staging);
/* Removes what no index names, closes the store. Errors are logged. */
void append_end(struct staging *staging);

#endif
