/* Lease: of the task, if any, in which something long is computed that the coordinator computes,
 * too. */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_LEASE_H
#define LODE_JOBS_HIERARCHY_GROUPING_LEASE_H

#include "jobs/job.h"

/* As lode_task_advance; NULL: there is no task. */
static inline lode_status lease_renew(struct lode_task *task, int64_t rows)
{
    return task ? lode_task_advance(task, rows) : LODE_OK;
}

#endif
