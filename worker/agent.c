/* Agent: MPI start-up, then fork, exec and waitpid; see supervisor.h. */
#include "worker/agent.h"

#include "common/log.h"
#include "common/wire/mpi.h"
#include "worker/supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { POLL_US = 20000 };

lode_status agent_serve(int rank)
{
    struct agent_orders orders = {0};
    struct supervisor *supervisor = NULL;
    bool go = false;
    int alive = 1;
    char name[32];

    snprintf(name, sizeof name, "agent %d", rank);
    lode_log_name(name);
    lode_try(lode_mpi_start(NULL, NULL, &orders, sizeof orders, &go));
    if (!go) return LODE_OK;
    lode_try(supervisor_start(&orders.door, (int)orders.workers_per_rank,
                              (rank - 1) * orders.workers_per_rank, &supervisor));
    lode_status status = LODE_OK;
    while (alive > 0 && !status) {
        status = supervisor_poll(supervisor, &alive);
        if (alive > 0) usleep(POLL_US);
    }
    supervisor_stop(supervisor, 0);
    return status;
}
