/* Worker protocol: the worker's side of the conversation with the coordinator, as a pure state
 * machine. Messages, ended tasks and the passing of time go in; messages to send and tasks to run
 * come out. No socket, no clock, no thread: worker.c puts it on a DEALER and beside a computing
 * thread, the simulator on a network that loses, doubles and reorders.
 *
 * It says hello until it is welcomed, repeats results until they are taken, and lists in every beat
 * what it holds. Tasks run one after the other in the order in which they came; all that wait are
 * handed to the computing thread together, so that short tasks do not wait for threads to switch.
 * Times are microseconds of a clock that never shows 0.
 */
#ifndef LODE_WORKER_PROTOCOL_H
#define LODE_WORKER_PROTOCOL_H

#include "common/wire/batch.h"
#include "common/wire/message.h"
#include "jobs/job.h"

#include <stdatomic.h>
#include <stdbool.h>

struct worker_options {
    const char *version, *host, *place; /* borrowed */
    uint64_t pid, incarnation;
    int64_t heartbeat_us;
    int64_t silence_us; /* without a word from the coordinator for so long: it is gone */
};

/* A stage as the coordinator announced it; kept until the worker ends (stages are few). */
struct worker_stage {
    struct worker_stage *next;
    uint64_t id;
    char leaf[128];
    struct lode_bytes params;      /* the parameters, or the path of their file */
    uint64_t file_size, file_hash; /* of the file; size 0: there is none */
    lode_leaf_fn leaf_run;         /* who runs tasks keeps here what the leaf's name means */
};

/* One task on its way through the worker. */
struct worker_task {
    struct worker_task *next; /* of those that were handed out together; fixed from then on */
    atomic_bool stop;         /* its result is not wanted any more: do not begin, or end soon */
    struct worker_stage *stage;
    struct lode_attempt attempt;
    struct lode_bytes input;
};

enum worker_action_kind {
    WORKER_NOTHING,
    WORKER_PREPARE, /* welcomed: make ready to run tasks; see directory, memory_bytes, worker */
    WORKER_SEND,    /* send `bytes` to the coordinator */
    WORKER_RUN,     /* run `task` and those that follow it, see worker_protocol_ended */
    WORKER_AGAIN,   /* end the process under what runs, to be started anew: it does not stop */
    WORKER_LEAVE    /* end the process with `status`, because of `why` */
};

struct worker_action {
    enum worker_action_kind kind;
    struct lode_bytes bytes;        /* SEND: the taker's to clear */
    const struct worker_task *task; /* RUN: each borrowed until told to have ended */
    char directory[4096];           /* PREPARE: the run's stages/ */
    char library[4096];             /* PREPARE: absolute path of the job's; "": none */
    uint64_t library_hash;          /* PREPARE: XXH3 of that file */
    struct lode_span landmarks;     /* PREPARE: what it must see (landmark.h); borrowed */
    uint64_t memory_bytes, worker;  /* PREPARE */
    uint64_t epoch;                 /* PREPARE: part of the names of all files that it writes */
    lode_status status;             /* LEAVE */
    const char *why;                /* LEAVE with a failure; borrowed */
};

struct worker_protocol;

LODE_CHECKED lode_status worker_protocol_create(const struct worker_options *options,
                                                int64_t now_us, struct worker_protocol **protocol);
void worker_protocol_destroy(struct worker_protocol *protocol); /* takes NULL */

/* A message from the coordinator. LODE_E_MESSAGE: bytes that no coordinator sends. */
LODE_CHECKED lode_status worker_protocol_message(struct worker_protocol *protocol, const void *data,
                                                 size_t size, int64_t now_us);
/* The next n_ended of the tasks that run have ended; results: of each of them, in that order
 * (lode_result_append; status LODE_E_STOPPED where `stop` was obeyed). Taken over. */
LODE_CHECKED lode_status worker_protocol_ended(struct worker_protocol *protocol, int n_ended,
                                               struct lode_bytes *results);
/* Time went by; progress: of what runs, as leaves count it; it never falls. */
LODE_CHECKED lode_status worker_protocol_tick(struct worker_protocol *protocol, uint64_t progress,
                                              int64_t now_us);
/* Finish what runs, hand back the rest, leave. */
void worker_protocol_drain(struct worker_protocol *protocol);
/* We are of no use to this coordinator, and leave: `why`, which it is told. */
void worker_protocol_refused(struct worker_protocol *protocol, const char *why);

/* The next thing to do; call until WORKER_NOTHING after every call above. */
LODE_CHECKED lode_status worker_protocol_next(struct worker_protocol *protocol, int64_t now_us,
                                              struct worker_action *action);
/* The first of the tasks that run, or NULL. */
const struct worker_task *worker_protocol_running(const struct worker_protocol *protocol);

#endif
