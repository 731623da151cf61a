/* Dry run: what `lode run` and `lode stage` would do, on standard output; nothing is written. */
#ifndef LODE_COORDINATOR_DRY_RUN_H
#define LODE_COORDINATOR_DRY_RUN_H

#include "coordinator/command.h"
#include "jobs/job.h"

/* `run` as lode_job.forecast wants it; `output` is what the real run would make. Fails as that
 * would at once (the job's own checks; LODE_E_DISK: no folder for the output). Too little memory or
 * disk is told, not an error: these are estimates. */
LODE_CHECKED lode_status dry_run(const struct lode_job *job, const struct lode_run *run,
                                 const struct cluster_settings *settings, const char *output);

#endif
