/* Agent: looks after the workers of one rank, or of one `lode worker --join`, until they have
 * ended.
 *
 * INT, TERM and USR1 mean "drain": the workers finish their tasks and leave. (mpirun passes USR1 on
 * to all ranks.) INT or TERM once more ends the workers at once.
 */
#ifndef LODE_WORKER_AGENT_H
#define LODE_WORKER_AGENT_H

#include "worker/door.h"
#include "worker/supervisor.h"

#include <stdbool.h>

/* What rank 0 broadcasts: the door, how many workers a rank starts, and whether each of them has
 * its host's share of memory (else what --memory says, which it is welcomed with). */
struct agent_orders {
    struct door door;
    int64_t workers_per_rank;
    bool own_share;
};

/* What every MPI rank but 0 is: takes part in the MPI start-up, then serves until the workers have
 * been told to leave or were drained. A coordinator that failed before it could open the door (bad
 * arguments) is no failure here: rank 0 tells the user. */
LODE_CHECKED lode_status agent_serve(int rank);

/* Late joiners, without MPI: workers for the door, with the places "host:pid:0", ":1", ... Returns
 * when they have ended; how, is in *ends. *drained: because of a signal. LODE_E_CLUSTER when the
 * coordinator does not answer; LODE_E_MEMORY when this host has not enough for so many. */
LODE_CHECKED lode_status agent_join(const struct door *door, int workers,
                                    struct supervisor_ends *ends, bool *drained);

#endif
