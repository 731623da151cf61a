/* Job: the only thing that engine and analyses share: the public lode/job.h, and what only lode's
 * own jobs and engine need of each other.
 */
#ifndef LODE_JOBS_JOB_H
#define LODE_JOBS_JOB_H

#include "common/error.h"
#include "common/memory.h"
#include "common/param/param.h"
#include "common/store/store.h"
#include "common/store/table.h"
#include "lode/job.h"

#include <stdatomic.h>

/* In a run's work_directory: a link to the local disk of each node, when the run was given one. See
 * jobs/shuffle/scratch.h. */
#define LODE_SCRATCH_FOLDER "scratch"

/* What lode keeps with a task that a leaf does not look at. */
struct lode_task_private {
    atomic_llong *progress;  /* counted up by lode_task_advance, read by another thread */
    const atomic_bool *stop; /* set by another thread when the result is not wanted */
    uint64_t shuffled_bytes; /* of run files that it left for later tasks; jobs/shuffle counts */
};

/* The registry: every job, one line each. Ends with NULL. */
extern const struct lode_job *const lode_jobs[];
const struct lode_job *lode_job_find(const char *name);
const struct lode_leaf *lode_leaf_find(const char *name);

#endif
