/* Trial: one `lode run` as a child process, some of whose workers are killed on the way. What
 * `lode verify` is made of.
 */
#ifndef LODE_COORDINATOR_TRIAL_H
#define LODE_COORDINATOR_TRIAL_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trial {
    const char *job, *store;
    const char *output; /* the run directory to make */
    const char *errors; /* file that receives what the child says on standard error */
    int workers;
    bool under_mpirun;          /* -n N instead of --local N */
    const char *const *options; /* [n_options] more words for its command line */
    int n_options;
    const int64_t *kill_us; /* [n_kills] ascending; since its first worker was seen */
    int n_kills;
};

struct trial_outcome {
    int exit_status; /* the child's; 128 + n when a signal ended it */
    int killed;      /* workers that were killed: fewer than asked for when the run ended first */
    int64_t wall_us; /* of the child */
    int64_t working_us; /* since its first worker was seen */
};

/* Runs it to its end. A kill that is due takes the worker that has run longest, so its successor is
 * the last to be hit again; it waits while there is none. Only workers of this host are found.
 * LODE_E_CLUSTER: cannot be started; LODE_E_STOPPED: this process was asked to stop (signals.h),
 * and the child has ended. */
LODE_CHECKED lode_status trial_run(const struct trial *trial, struct trial_outcome *outcome);

/* `count` times in [0, span_us), ascending, one in each of `count` equal pieces. Equal seeds and
 * items give equal times. */
void trial_kill_times(uint64_t seed, uint64_t item, int count, int64_t span_us, int64_t *kill_us);

/* Attempts in a log/tasks.csv that had to be repeated: lost, failed or hung. LODE_E_INPUT when the
 * file cannot be read or has no column `outcome`. */
LODE_CHECKED lode_status trial_count_repeated(const char *path, int64_t *repeated);

#endif
