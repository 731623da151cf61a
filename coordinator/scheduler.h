/* Scheduler: decides which worker runs which task. A pure state machine: events in, actions out.
 *
 * No sockets, no clock, no randomness, so that a test (and later a simulator) can drive it through
 * anything. One stage at a time. Workers pull: each may hold `window` tasks (one running, the rest
 * waiting at the worker, which hides the way of a message). Long tasks go first. The first result
 * of a task is accepted, every later one is not, so nothing is merged twice. A task is tried again
 * elsewhere when its worker is lost or it fails; after `max_attempts` failures, or after it has
 * taken `max_kills` workers down with it, the stage fails and names it.
 */
#ifndef LODE_COORDINATOR_SCHEDULER_H
#define LODE_COORDINATOR_SCHEDULER_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

struct scheduler_options {
    int window;       /* 1..8 tasks a worker holds at once */
    int max_attempts; /* failures of one task before the stage fails */
    int max_kills;    /* workers one task may take down before the stage fails */
};

enum scheduler_action_kind {
    SCHEDULER_NOTHING,
    SCHEDULER_ASSIGN,      /* send `task`, attempt `attempt`, to `worker` */
    SCHEDULER_STAGE_DONE,  /* all tasks have an accepted result; told once */
    SCHEDULER_STAGE_FAILED /* `task` failed for good, see `quarantined`; told once */
};

struct scheduler_action {
    enum scheduler_action_kind kind;
    int worker;
    int64_t task;
    int attempt;      /* 1.. over all tries of the task */
    bool quarantined; /* SCHEDULER_STAGE_FAILED: it killed workers, rather than failing */
};

struct scheduler;

LODE_CHECKED lode_status scheduler_create(const struct scheduler_options *options,
                                          struct scheduler **scheduler);
void scheduler_destroy(struct scheduler *scheduler); /* takes NULL */

/* Begins a stage of n_tasks >= 1 tasks; what is left of the one before is forgotten. costs
 * [n_tasks] (copied) orders them, largest first, ties by index; NULL: by index. */
LODE_CHECKED lode_status scheduler_begin(struct scheduler *scheduler, int64_t n_tasks,
                                         const int64_t *costs);

/* A worker, named by a small number of the caller's (reused only after scheduler_lost). */
LODE_CHECKED lode_status scheduler_joined(struct scheduler *scheduler, int worker);
/* The worker is gone; what it held waits again, before everything else of its cost. The task that
 * it was running (the oldest it held) is charged with the loss if `crashed`. */
LODE_CHECKED lode_status scheduler_lost(struct scheduler *scheduler, int worker, bool crashed);
/* A result came. *accepted: it is the first good one of its task and is to be merged. */
LODE_CHECKED lode_status scheduler_result(struct scheduler *scheduler, int worker, int64_t task,
                                          bool failed, bool *accepted);

/* The next thing to do, or SCHEDULER_NOTHING. Call until nothing is left after every event. */
struct scheduler_action scheduler_next(struct scheduler *scheduler);

/* Workers that are here; tasks of the stage that have an accepted result. */
int scheduler_workers(const struct scheduler *scheduler);
int64_t scheduler_done(const struct scheduler *scheduler);
/* The tasks that `worker` holds, oldest first; returns how many (at most `limit` are written). */
int scheduler_held(const struct scheduler *scheduler, int worker, int64_t *tasks, int limit);

#endif
