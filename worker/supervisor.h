/* Supervisor: starts worker processes on this machine, restarts the ones that crash, ends them.
 *
 * Used by the agent of each MPI rank, by `lode worker --join` and, under --local, by the
 * coordinator itself. A child dies with the thread that started it (PR_SET_PDEATHSIG), so no worker
 * outlives its supervisor: start and poll from one thread that lives until the end.
 */
#ifndef LODE_WORKER_SUPERVISOR_H
#define LODE_WORKER_SUPERVISOR_H

#include "worker/door.h"

#include <stdbool.h>

/* Exit status of a worker that ended itself to stop a task that hangs: start it anew. */
enum { WORKER_EXIT_AGAIN = 76 };

struct supervisor;

/* How the children that will not run again have ended. */
struct supervisor_ends {
    int left;    /* told to leave, or drained */
    int lost;    /* did not reach the coordinator, or lost it */
    int refused; /* the coordinator did not let it in */
    int crashed; /* too often to be started again */
};

/* Starts `workers` processes `lode worker`, each with a place of its own: "3" for first_place 3
 * when the door has no place, else "<the door's place>:0", ":1", ... SIGCHLD gets its default
 * disposition: ignored, it would take away the children's statuses. */
LODE_CHECKED lode_status supervisor_start(const struct door *door, int workers, int64_t first_place,
                                          struct supervisor **supervisor);
/* Looks after the children without waiting: reaps, restarts. *alive: how many run or will again. */
LODE_CHECKED lode_status supervisor_poll(struct supervisor *supervisor, int *alive);
/* Tells the children to finish their task and leave (SIGTERM); none is started again. Poll until
 * they have. */
void supervisor_drain(struct supervisor *supervisor);
/* How many children run at this moment; none is restarted. */
int supervisor_running(struct supervisor *supervisor);
struct supervisor_ends supervisor_ends(const struct supervisor *supervisor);
/* Waits up to grace_ms for all to leave by themselves, then kills them. Ends the supervisor. */
void supervisor_stop(struct supervisor *supervisor, int64_t grace_ms); /* takes NULL */

#endif
