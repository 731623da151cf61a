/* Local map: the engine's stand-in for tests of jobs. Runs the leaves in this process, one after
 * the other, each with a fresh arena, and merges in task order. */
#ifndef LODE_TESTS_JOBS_LOCAL_MAP_H
#define LODE_TESTS_JOBS_LOCAL_MAP_H

#include "jobs/job.h"

#include <stdbool.h>

/* What lode_run.cluster points at when lode_run.map is local_map. */
struct lode_cluster {
    const struct lode_leaf *leaves; /* those of the job; end with a NULL name */
    const char *work_directory;     /* exists */
    bool backwards;                 /* run the last task first: the order must not matter */
    bool twice;          /* run every task twice and keep the second: as speculation may */
    size_t budget_bytes; /* of each task's arena; 0: none */
    int64_t n_tasks;     /* counted: tasks run so far */
    size_t peak_bytes;   /* counted: largest arena of a task */
};

lode_status local_map(struct lode_cluster *cluster, const struct lode_stage *stage,
                      lode_merge_fn merge, void *context);

#endif
