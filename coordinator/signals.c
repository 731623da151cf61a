/* Signals: three counters. They are process-wide because signals are: the same exception from "no
 * mutable file-scope state" as in cluster.c.
 */
#include "coordinator/signals.h"

#include <signal.h>
#include <stdatomic.h>

/* lock-free, so a handler may count; atomic, for another thread than the interrupted one looks */
static atomic_int stops, last_stop, warnings;

/* All three are blocked while it runs: no count is lost to another one. */
static void note(int number)
{
    if (number == SIGUSR1) {
        atomic_fetch_add(&warnings, 1);
        return;
    }
    atomic_store(&last_stop, number);
    atomic_fetch_add(&stops, 1);
}

void signals_catch(void)
{
    struct sigaction action = {.sa_handler = note};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaddset(&action.sa_mask, SIGUSR1);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

struct signals_seen signals_seen(void)
{
    return (struct signals_seen){.stops = atomic_load(&stops),
                                 .last_stop = atomic_load(&last_stop),
                                 .warnings = atomic_load(&warnings)};
}

struct signals_wish signals_wish(bool under_mpirun)
{
    const struct signals_seen seen = signals_seen();
    const int enough = under_mpirun ? 1 : 2;
    return (struct signals_wish){.drain = seen.warnings > 0 || seen.stops > 0,
                                 .stop = seen.stops >= enough ? seen.last_stop : 0};
}
