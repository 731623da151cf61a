/* Supervisor: starts worker processes on this machine, restarts the ones that crash, ends them.
 *
 * Used by the agent of each MPI rank and, under --local, by the coordinator itself. A child dies
 * with the thread that started it (PR_SET_PDEATHSIG), so no worker outlives its supervisor: start
 * and poll from one thread that lives until the end.
 */
#ifndef LODE_WORKER_SUPERVISOR_H
#define LODE_WORKER_SUPERVISOR_H

#include "worker/door.h"

#include <stdbool.h>

struct supervisor;

/* Starts `workers` processes `lode worker` with slots first_slot, first_slot + 1, ... */
LODE_CHECKED lode_status supervisor_start(const struct door *door, int workers, int64_t first_slot,
                                          struct supervisor **supervisor);
/* Looks after the children without waiting: reaps, restarts. *alive: how many run or will again. */
LODE_CHECKED lode_status supervisor_poll(struct supervisor *supervisor, int *alive);
/* How many children run at this moment; none is restarted. */
int supervisor_running(struct supervisor *supervisor);
/* Waits up to grace_ms for all to leave by themselves, then kills them. Ends the supervisor. */
void supervisor_stop(struct supervisor *supervisor, int64_t grace_ms); /* takes NULL */

#endif
