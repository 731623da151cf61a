/* Worker: a network thread that talks to the coordinator, beside the thread that computes.
 *
 * The network thread owns the DEALER: it says hello, keeps stages and waiting tasks, hands the
 * computing thread one task at a time, sends results and a beat with the running task's progress,
 * and ends the process when the coordinator is gone. So a long leaf is not a dead worker.
 */
#ifndef LODE_WORKER_WORKER_H
#define LODE_WORKER_WORKER_H

#include "worker/door.h"

/* Serves until told to leave. LODE_E_CLUSTER when the coordinator is silent for too long,
 * LODE_E_USAGE when it refuses this worker. */
LODE_CHECKED lode_status worker_serve(const struct door *door);

#endif
