/* Protocol: the coordinator's side of the conversation with workers, as a pure state machine.
 *
 * Messages and the passing of time go in; messages to send and reports for the job come out. No
 * socket, no clock, no thread: dispatch.c puts it on a ROUTER, the simulator on a network that
 * loses, doubles and reorders. The other side is worker/protocol.h.
 *
 * Nothing depends on a message arriving. A hello is repeated until it is answered, a result until
 * it is taken; every beat lists what the worker holds, and the scheduler compares that with its
 * books. A worker that is silent for three heartbeats is lost and its tasks go elsewhere; one that
 * speaks again is taken in again.
 */
#ifndef LODE_COORDINATOR_PROTOCOL_H
#define LODE_COORDINATOR_PROTOCOL_H

#include "coordinator/dispatch/members.h"
#include "coordinator/dispatch/report.h"
#include "coordinator/schedule/scheduler.h"
#include "jobs/job.h"

struct protocol_options {
    struct scheduler_options scheduling;
    int64_t heartbeat_us;
    int64_t start_timeout_us;   /* how long to wait for the first worker, or for one to come back */
    uint64_t memory_bytes;      /* budget of each worker */
    uint64_t epoch;             /* of the run; workers put it into the names of their files */
    int64_t n_partitions;       /* of the store; 0: there is none */
    const char *work_directory; /* the run's stages/, absolute; borrowed */
    const char *library;        /* absolute path of the job's; borrowed. NULL: there is none */
    uint64_t library_hash;      /* XXH3 of that file */
    struct lode_span landmarks; /* what every worker must see (landmark.h); borrowed */
};

/* A stage under way; borrowed until its end was reported. `message` is the encoded LODE_STAGE. */
struct protocol_stage {
    uint64_t id;
    const struct lode_stage *stage;
    const bool *done; /* [n_tasks] those that have their result already; NULL: none */
    const struct lode_bytes *message;
};

enum protocol_output_kind { PROTOCOL_SEND, PROTOCOL_REPORT };
struct protocol_output {
    enum protocol_output_kind kind;
    char identity[LODE_IDENTITY_SIZE]; /* SEND: to whom */
    struct lode_bytes bytes;           /* SEND: the message, the taker's to clear */
    struct report *report;             /* REPORT: the taker's to free */
};

struct protocol;

LODE_CHECKED lode_status protocol_create(const struct protocol_options *options, int64_t now_us,
                                         struct protocol **protocol);
void protocol_destroy(struct protocol *protocol); /* takes NULL */

/* The next stage; the one before has ended. */
LODE_CHECKED lode_status protocol_begin(struct protocol *protocol,
                                        const struct protocol_stage *stage, int64_t now_us);
/* The stage is not wanted any more: nothing of it is looked at from here on. */
LODE_CHECKED lode_status protocol_forget(struct protocol *protocol);
/* A message came in from `identity`. A bad one is the sender's problem: it is counted and its
 * worker dropped; the status is LODE_OK. */
LODE_CHECKED lode_status protocol_message(struct protocol *protocol, const char *identity,
                                          const void *data, size_t size, int64_t now_us);
/* Time went by; call at least every tenth of a heartbeat. */
LODE_CHECKED lode_status protocol_tick(struct protocol *protocol, int64_t now_us);
/* The network says that this peer is gone. */
LODE_CHECKED lode_status protocol_unreachable(struct protocol *protocol, const char *identity,
                                              int64_t now_us);
/* Workers that left because they are of no use to the run (they do not see its disk), of those that
 * were launched with it. */
int64_t protocol_unfit(const struct protocol *protocol);
/* All workers that were launched with the run have ended for good. */
LODE_CHECKED lode_status protocol_no_children(struct protocol *protocol);
/* Gives out nothing more and reports REPORT_DRAINED once nothing runs. */
void protocol_drain(struct protocol *protocol);
/* The run is over: everybody is told to leave, also those who come later. */
LODE_CHECKED lode_status protocol_dismiss(struct protocol *protocol);

/* What there is to do, in order; false: nothing. Call until then after every call above. */
LODE_CHECKED lode_status protocol_next(struct protocol *protocol, int64_t now_us,
                                       struct protocol_output *output, bool *more);

/* For the status page and the log. */
const struct scheduler *protocol_scheduler(const struct protocol *protocol);
const struct members *protocol_members(const struct protocol *protocol);
/* The stage under way and when it began; NULL: none. */
const struct protocol_stage *protocol_stage(const struct protocol *protocol, int64_t *begin_us);
int64_t protocol_bad_messages(const struct protocol *protocol);
int64_t protocol_refused_workers(const struct protocol *protocol);

#endif
