/* Scheduler: decides which worker runs which task. A pure state machine: events in, actions out.
 *
 * No sockets, no clock (time comes in as an argument), no randomness, so that the simulator can
 * drive it through anything. One stage at a time. What it decides, and why:
 *
 * - Workers pull. Each holds one running task and a few waiting ones, as many as hide the way of a
 *   message: one when tasks are long, more when they are short. Long tasks go first.
 * - Of tasks of about that length a worker gets those first whose data it has read in an earlier
 *   stage, or its host has (locality.h). It never waits for one, nor one for it.
 * - The first good result of a task is accepted, every later one is not: nothing is merged twice.
 * - A task whose worker is lost, or that failed, is tried elsewhere. After max_attempts failures,
 *   or max_refusals for bad input (the same bytes give the same answer: the other try is for a host
 *   that sees another copy), or once it has taken max_kills workers down (crashed or hung them), it
 *   is given up: the stage fails, or with allow_partial goes on without it. A task that took a
 *   worker down travels alone, so that the charge is exact.
 * - A task that shows no progress for lease_us hangs: its worker is told to start anew.
 * - A worker with nothing to do takes over what waits at another (stealing), else repeats a task
 *   that runs longer than three times the median (speculation). The copy that is not wanted any
 *   more is cancelled.
 *
 * An attempt (stage, task, attempt number) is unique in a run. A worker is a small number of the
 * caller's. What a worker says it holds (scheduler_beat) is compared with what it was given: a task
 * lost on the way waits again, one that was given up too early is taken back into the books. Times
 * are microseconds of a clock that never shows 0.
 */
#ifndef LODE_COORDINATOR_SCHEDULER_H
#define LODE_COORDINATOR_SCHEDULER_H

#include "common/error.h"
#include "common/wire/batch.h"

#include <stdbool.h>
#include <stdint.h>

struct scheduler_options {
    int max_attempts;   /* failures of one task before it is given up */
    int max_refusals;   /* of those, failures for bad input */
    int max_kills;      /* workers one task may take down before it is given up */
    int64_t lease_us;   /* a running task without progress for so long hangs */
    int64_t transit_us; /* an assignment that the worker does not list after this time got lost */
    int64_t slow_us;    /* no task is repeated before it has run that long */
    bool speculation;
    bool allow_partial;
};

enum scheduler_action_kind {
    SCHEDULER_NOTHING,
    SCHEDULER_ASSIGN,       /* send `attempt` to `worker` */
    SCHEDULER_CANCEL,       /* tell `worker` that `attempt` is not wanted; see `force` */
    SCHEDULER_HUNG,         /* `attempt` on `worker` showed no progress: told before its CANCEL */
    SCHEDULER_RETURNED,     /* `attempt` never reached `worker`, it waits again */
    SCHEDULER_GIVEN_UP,     /* allow_partial: the stage goes on without `attempt.task` */
    SCHEDULER_STAGE_DONE,   /* all tasks have an accepted result (or were given up); told once */
    SCHEDULER_STAGE_FAILED, /* `attempt.task` was given up; told once */
    SCHEDULER_DRAINED       /* after scheduler_drain: nothing runs any more; told once */
};

enum scheduler_reason { SCHEDULER_FRESH, SCHEDULER_RETRY, SCHEDULER_STOLEN, SCHEDULER_SPECULATED };

struct scheduler_action {
    enum scheduler_action_kind kind;
    int worker;
    struct lode_attempt attempt;
    enum scheduler_reason reason; /* ASSIGN */
    bool force;                   /* CANCEL: end the process if that is what it takes */
    bool quarantined; /* GIVEN_UP, STAGE_FAILED: it took workers down, rather than failing */
};

struct scheduler;

LODE_CHECKED lode_status scheduler_create(const struct scheduler_options *options,
                                          struct scheduler **scheduler);
void scheduler_destroy(struct scheduler *scheduler); /* takes NULL */

struct scheduler_stage {
    uint64_t id;
    int64_t n_tasks;      /* >= 1 */
    const int64_t *costs; /* [n_tasks] they go out largest first, ties by index; NULL: by index */
    const bool *done;    /* [n_tasks] those that have their result already (of an earlier epoch); or
                          * NULL */
    const int64_t *keys; /* [n_tasks] what each reads (locality.h); or NULL: see below */
    bool key_is_index;   /* without keys: task i reads what has the key i; else nothing is known */
};
/* Begins a stage; what is left of the one before is not wanted any more. Arrays are copied. */
LODE_CHECKED lode_status scheduler_begin(struct scheduler *scheduler,
                                         const struct scheduler_stage *stage, int64_t now_us);

/* A worker is there (again). */
LODE_CHECKED lode_status scheduler_joined(struct scheduler *scheduler, int worker, int64_t now_us);
/* Which host it is on, any small number >= 0, equal for workers of one host. Until then it is
 * alone. */
void scheduler_set_host(struct scheduler *scheduler, int worker, int host);
/* The worker is gone; what it held waits again. */
LODE_CHECKED lode_status scheduler_lost(struct scheduler *scheduler, int worker);
/* It is certain that the attempt took its worker's process down. */
LODE_CHECKED lode_status scheduler_crashed(struct scheduler *scheduler, int worker,
                                           const struct lode_attempt *attempt, int64_t now_us);
/* The worker wants to leave: it finishes what it runs, its waiting tasks wait here again. */
LODE_CHECKED lode_status scheduler_leaving(struct scheduler *scheduler, int worker);

enum scheduler_outcome { SCHEDULER_OK, SCHEDULER_FAILED, SCHEDULER_REFUSED, SCHEDULER_STOPPED };
/* An attempt ended. REFUSED: it failed, for its input is bad. STOPPED: it obeyed a cancel, or was
 * handed back (again and again: a failure). *accepted: the first good result of its task, to be
 * merged. *held: the books had it with this worker; else it was told before, or is late.
 * LODE_E_MESSAGE for a task that the stage does not have. */
LODE_CHECKED lode_status scheduler_result(struct scheduler *scheduler, int worker,
                                          const struct lode_attempt *attempt,
                                          enum scheduler_outcome outcome, int64_t now_us,
                                          bool *accepted, bool *held);
/* What the worker says it holds: waiting, running (with its progress), or finished and not yet
 * acknowledged. */
LODE_CHECKED lode_status scheduler_beat(struct scheduler *scheduler, int worker,
                                        const struct lode_held *held, int n_held, uint64_t progress,
                                        int64_t now_us);
/* The stage is over, whatever is missing: nothing of it is given out or told any more. */
void scheduler_abandon(struct scheduler *scheduler);
/* Gives out nothing more and recalls what waits at workers; see SCHEDULER_DRAINED. */
void scheduler_drain(struct scheduler *scheduler);

/* Time went by: looks at leases. Call a few times a second. */
LODE_CHECKED lode_status scheduler_tick(struct scheduler *scheduler, int64_t now_us);

/* The next thing to do at this time, or SCHEDULER_NOTHING. Call until nothing is left after every
 * event above. */
LODE_CHECKED lode_status scheduler_next(struct scheduler *scheduler, int64_t now_us,
                                        struct scheduler_action *action);

/* For those who look: the status page, the log, tests. */
struct scheduler_counts {
    int64_t tasks, done, missing, running, waiting;
    int workers;
    int64_t median_us; /* of the tasks that ended in this stage; 0: none yet */
    int64_t local;     /* tasks of this stage given where their data was read before */
};
struct scheduler_counts scheduler_counts(const struct scheduler *scheduler);

enum scheduler_task_state {
    SCHEDULER_WAITING,
    SCHEDULER_OUT,
    SCHEDULER_TASK_DONE,
    SCHEDULER_MISSING
};
struct scheduler_task {
    enum scheduler_task_state state;
    int attempts, failures, kills; /* failures: refusals among them */
    int copies;                    /* attempts under way */
    int64_t cost;
};
/* False when the stage has no such task. */
bool scheduler_task(const struct scheduler *scheduler, int64_t task, struct scheduler_task *view);

/* One attempt that a worker holds. The first of a worker's is the one it runs. */
struct scheduler_entry {
    struct lode_attempt attempt;
    int64_t assigned_us, started_us, progress_us; /* started 0: it waits there */
    int64_t unwanted_us;                          /* since when; 0: it is wanted */
    bool hung;                                    /* not wanted because its lease is over */
    uint64_t progress;                            /* as the worker told it last */
};
/* The i-th attempt of the worker; false when it has no more. */
bool scheduler_held(const struct scheduler *scheduler, int worker, int i,
                    struct scheduler_entry *entry);

#endif
