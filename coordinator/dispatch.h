/* Dispatch: the coordinator's network thread. Owns the ROUTER, the workers' membership and the
 * scheduler; does what the scheduler decides. The main thread, which runs the job, gives it stages
 * and takes its reports through a PAIR, so a long root step never makes the cluster look dead.
 */
#ifndef LODE_COORDINATOR_DISPATCH_H
#define LODE_COORDINATOR_DISPATCH_H

#include "common/memory.h"
#include "common/wire/zmq.h"
#include "jobs/job.h"
#include "worker/door.h"

#include <signal.h>

struct dispatch_options {
    const char *bind_address;   /* "127.0.0.1" when all workers are here, else "*" */
    const char *work_directory; /* the run's stages/, absolute */
    int64_t heartbeat_ms;
    int64_t start_timeout_ms; /* how long to wait for the first worker, or for one to come back */
    uint64_t memory_bytes;    /* budget of each worker; 0: none */
    const volatile sig_atomic_t *stop_signal; /* not 0: stop */
};

/* A stage for the thread; borrowed until its end was reported. */
struct dispatch_stage {
    uint64_t id;
    const struct lode_stage *stage;
};

enum dispatch_report_kind {
    DISPATCH_RESULT,  /* first good result of a task: to be merged */
    DISPATCH_ATTEMPT, /* an attempt ended otherwise: failed, lost, or late */
    DISPATCH_STAGE_DONE,
    DISPATCH_STAGE_FAILED,
    DISPATCH_NO_WORKERS, /* none came, or none came back, in time */
    DISPATCH_STOPPED,    /* a signal */
    DISPATCH_BROKEN      /* the thread itself failed and has ended */
};

/* One report, allocated by the thread; the taker frees it with dispatch_report_free. */
struct dispatch_report {
    enum dispatch_report_kind kind;
    const char *outcome; /* "ok", "failed", "lost", "late" */
    int64_t task, attempt;
    int worker;
    int64_t slot, pid;
    char host[64];
    int64_t start_us, wall_us, cpu_us; /* start on the clock of lode_clock_us */
    uint64_t peak_bytes;
    lode_status status;
    char *text;                    /* the error; NULL when well */
    struct lode_bytes bytes;       /* the result ... */
    uint64_t file_size, file_hash; /* ... or, when file_size is not 0, what its file must be */
    int workers;                   /* here at this moment */
};
void dispatch_report_free(struct dispatch_report *report);

struct dispatch;

/* Binds the door; *door is complete but for slot and incarnation when bound to 127.0.0.1, else the
 * caller puts the address that workers reach into the endpoint (port is returned). */
LODE_CHECKED lode_status dispatch_open(struct lode_zmq *zmq, const struct dispatch_options *options,
                                       struct door *door, int *port, struct dispatch **dispatch);
/* Starts the thread, and with it `local_workers` processes on this machine (0: none). `expected`
 * workers in all: at the end the thread waits a little for those that have not come yet, to tell
 * them that they need not. */
LODE_CHECKED lode_status dispatch_start(struct dispatch *dispatch, const struct door *door,
                                        int local_workers, int64_t expected);
/* Tells all workers to leave, ends the thread, ends local workers. Takes NULL. */
void dispatch_close(struct dispatch *dispatch);

LODE_CHECKED lode_status dispatch_begin(struct dispatch *dispatch,
                                        const struct dispatch_stage *stage);
/* The next report, or NULL after timeout_ms. */
LODE_CHECKED lode_status dispatch_next(struct dispatch *dispatch, int timeout_ms,
                                       struct dispatch_report **report);

#endif
