/* Agent: what every MPI rank but 0 is. Takes part in the MPI start-up, then supervises workers. */
#ifndef LODE_WORKER_AGENT_H
#define LODE_WORKER_AGENT_H

#include "worker/door.h"

/* What rank 0 broadcasts: the door, and how many workers a rank starts. */
struct agent_orders {
    struct door door;
    int64_t workers_per_rank;
};

/* Serves until the workers have been told to leave. A coordinator that failed before it could open
 * the door (bad arguments) is no failure here: rank 0 tells the user. */
LODE_CHECKED lode_status agent_serve(int rank);

#endif
