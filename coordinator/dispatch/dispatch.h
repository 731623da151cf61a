/* Dispatch: the coordinator's network thread. Owns the ROUTER, the gate, the workers that were
 * started here and the protocol, and does what the protocol says. The main thread, which runs the
 * job, gives it stages and takes its reports through a PAIR, so a long root step never makes the
 * cluster look dead.
 */
#ifndef LODE_COORDINATOR_DISPATCH_H
#define LODE_COORDINATOR_DISPATCH_H

#include "common/wire/zmq.h"
#include "coordinator/batch/deadline.h"
#include "coordinator/dispatch/protocol.h"
#include "coordinator/metrics/metrics.h"
#include "worker/door.h"

struct dispatch_options {
    struct protocol_options protocol;
    struct metrics *metrics;  /* told how the cluster is; or NULL */
    bool under_mpirun;        /* what signals mean: signals.h */
    struct deadline deadline; /* of the batch job */
    /* Called on the thread when the main thread does not react to the wish to stop now (it is deep
     * in a root step): ends the process. signal_number 0: the batch job's time is up. */
    void (*abandon)(void *context, int signal_number);
    void *context;
};

struct dispatch;

/* Makes the keys of the run and binds the door ("127.0.0.1" when all workers are here, else "*");
 * fills in what *door says of them (port, keys, heartbeat), not the addresses. */
LODE_CHECKED lode_status dispatch_open(struct lode_zmq *zmq, const struct dispatch_options *options,
                                       const char *bind_address, struct door *door,
                                       struct dispatch **dispatch);
/* Starts the thread, and with it `local_workers` processes on this machine (0: none). `expected`
 * workers in all: at the end the thread waits a little for those that have not come yet, to tell
 * them that they need not. */
LODE_CHECKED lode_status dispatch_start(struct dispatch *dispatch, const struct door *door,
                                        int local_workers, int64_t expected);
/* Tells all workers to leave, ends the thread, ends local workers. Takes NULL. */
void dispatch_close(struct dispatch *dispatch);

/* A stage for the thread; `stage` and `done` ([n_tasks] those that need not be run; NULL: none) are
 * borrowed until its end was reported. */
LODE_CHECKED lode_status dispatch_begin(struct dispatch *dispatch, uint64_t id,
                                        const struct lode_stage *stage, const bool *done);
/* The stage is not wanted any more (its merge failed): on return nobody looks at it. */
LODE_CHECKED lode_status dispatch_forget(struct dispatch *dispatch);
/* The next report, or NULL after timeout_ms. */
LODE_CHECKED lode_status dispatch_next(struct dispatch *dispatch, int timeout_ms,
                                       struct report **report);

#endif
