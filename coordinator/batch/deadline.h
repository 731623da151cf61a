/* Deadline: when a run must begin to end so that it is over before its batch job is.
 *
 * Slurm warns with USR1 (--signal), but a run can also be started without that warning, and a task
 * that is longer than the warning must not make the batch system kill everything: a job that is
 * killed by its time limit is not requeued.
 */
#ifndef LODE_COORDINATOR_DEADLINE_H
#define LODE_COORDINATOR_DEADLINE_H

#include <stdint.h>

/* Moments of the monotonic clock; all 0: no end is known. */
struct deadline {
    int64_t drain_us;   /* from here on nothing new is begun */
    int64_t stop_us;    /* what still runs is given back; it is repeated when the run goes on */
    int64_t abandon_us; /* the process ends, whatever it does */
};

/* end_us: when the job is killed; 0: not known. The last 90, 30 and 10 s, or of a short job the
 * last quarter, eighth and sixteenth of the time that is left. An end that has passed says nothing.
 */
struct deadline deadline_plan(int64_t now_us, int64_t end_us);

/* Has that moment come? */
static inline int deadline_is_due(int64_t moment_us, int64_t now_us)
{
    return moment_us != 0 && now_us >= moment_us;
}

#endif
