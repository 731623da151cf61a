/* Agent: start-up, then signals and supervisor; see supervisor.h for fork, exec and waitpid. */
#include "worker/agent.h"

#include "common/log.h"
#include "common/machine.h"
#include "common/wire/mpi.h"
#include "worker/executor.h"
#include "worker/reach.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { POLL_US = 20000, REACH_TIMEOUT_MS = 3000 };

/* Signals so far; all that the handler below can reach. Process-wide because signals are. */
static volatile sig_atomic_t drain_signals, stop_signals;

static void note_signal(int number)
{
    drain_signals = 1;
    if (number != SIGUSR1) stop_signals = stop_signals < 2 ? stop_signals + 1 : 2;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1};
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask); /* the counting above is not interrupted */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

/* Until all children have ended, or a second signal asks not to wait for them. */
static lode_status look_after(struct supervisor *supervisor)
{
    bool draining = false;
    int alive = 1;
    while (alive > 0 && stop_signals < 2) {
        if (drain_signals && !draining) {
            draining = true;
            lode_log_info("draining the workers");
            supervisor_drain(supervisor);
        }
        lode_try(supervisor_poll(supervisor, &alive));
        if (alive > 0) usleep(POLL_US); /* ended early by a signal */
    }
    return LODE_OK;
}

/* Budget of each worker of this host's ranks: its memory divided by their workers. The coordinator,
 * where it is here too, has its part of what is not divided. */
static int64_t share_here(const struct agent_orders *orders)
{
    char host[DOOR_HOST_SIZE] = "";
    gethostname(host, sizeof host - 1);
    const bool with_coordinator = strcmp(host, orders->door.host) == 0;
    const int64_t ranks = lode_mpi_ranks_here() - with_coordinator;
    return (int64_t)lode_machine_share(lode_machine_memory().bytes,
                                       ranks * orders->workers_per_rank);
}

lode_status agent_serve(int rank)
{
    struct agent_orders orders = {0};
    struct supervisor *supervisor = NULL;
    lode_status status = LODE_OK;
    bool go = false;
    char name[32];

    catch_signals(); /* first: mpirun may pass USR1 on at any moment, and it must not kill us */
    snprintf(name, sizeof name, "agent %d", rank);
    lode_log_name(name);
    lode_try_done(lode_mpi_start(NULL, NULL, &orders, sizeof orders, &go));
    if (!go || drain_signals) goto done;
    if (orders.own_share) orders.door.memory_bytes = share_here(&orders);
    lode_try_done(supervisor_start(&orders.door, (int)orders.workers_per_rank,
                                   (rank - 1) * orders.workers_per_rank, &supervisor));
    status = look_after(supervisor);
done:
    explicit_bzero(&orders, sizeof orders);
    supervisor_stop(supervisor, 0);
    return status;
}

/* This host may have less than those that the run began with. */
static lode_status take_share(struct door *door, int workers)
{
    const struct lode_machine_memory memory = lode_machine_memory();
    door->memory_bytes = (int64_t)lode_machine_share(memory.bytes, workers);
    if (door->memory_bytes >= EXECUTOR_LEAST_BYTES) return LODE_OK;
    return lode_fail(LODE_E_MEMORY,
                     "%d worker%s on this host with %" PRId64 " MB each, of %" PRId64
                     " MB: a worker needs %d MB; take fewer --workers",
                     workers, workers == 1 ? "" : "s", door->memory_bytes >> 20, memory.bytes >> 20,
                     EXECUTOR_LEAST_BYTES >> 20);
}

lode_status agent_join(const struct door *door, int workers, struct supervisor_ends *ends,
                       bool *drained)
{
    struct supervisor *supervisor = NULL;
    struct door own = *door;
    char host[DOOR_HOST_SIZE] = "host";
    lode_status status = LODE_OK;

    catch_signals();
    *ends = (struct supervisor_ends){0};
    gethostname(host, sizeof host - 1);
    snprintf(own.place, sizeof own.place, "%s:%d", host, (int)getpid());
    lode_try_done(take_share(&own, workers));
    lode_try_done(reach_narrow(&own, REACH_TIMEOUT_MS));
    if (!drain_signals) {
        lode_try_done(supervisor_start(&own, workers, 0, &supervisor));
        status = look_after(supervisor);
        *ends = supervisor_ends(supervisor);
    }
    *drained = drain_signals != 0;
done:
    explicit_bzero(&own, sizeof own);
    supervisor_stop(supervisor, 0);
    return status;
}
