/* What the files of the scheduler share: the books.
 *
 * Invariants: a task is waiting (in the backlog), out (copies > 0 wanted attempts are held by
 * workers), done or missing. A worker's entries are in the order in which it was given them, so
 * the first is what it runs. An unwanted entry is still held (it may keep its worker busy) but
 * counts for no task.
 */
#ifndef LODE_COORDINATOR_SCHEDULER_PRIVATE_H
#define LODE_COORDINATOR_SCHEDULER_PRIVATE_H

#include "coordinator/schedule/backlog.h"
#include "coordinator/schedule/locality.h"
#include "coordinator/schedule/pace.h"
#include "coordinator/schedule/scheduler.h"

enum {
    NOBODY = -1,
    HELD_MAX = 200,   /* attempts of one worker */
    DEPTH_MAX = 100,  /* short tasks that a batch holds at most */
    STOPS_MAX = 8,    /* attempts from which on stopping unasked is a failure */
    LOOK_US = 10000,  /* how often idle workers look at others in vain */
    BATCH_US = 20000, /* a batch of short tasks is worth that much time */
    TRIED_MAX = 4,    /* workers remembered for which a task went wrong */
    SLOW_FACTOR = 3,  /* of the median: from there on a task is worth a second copy */
    LOCAL_FACTOR = 2  /* a task that is longer by more than that goes before a local one */
};

struct task {
    enum scheduler_task_state state;
    int copies, attempts, failures, refusals, kills;
    int n_tried, tried[TRIED_MAX];
    int by; /* whose result was accepted; NOBODY: none was */
};

struct worker {
    bool here, leaving;
    bool filling;  /* it may be given more, see refresh_worker */
    bool has_room; /* counted in scheduler.n_room */
    int n_held, capacity;
    int host;                     /* or NOBODY */
    struct scheduler_entry *held; /* inside `entries`, for the first goes all the time */
    struct scheduler_entry *entries;
};

struct scheduler {
    struct scheduler_options options;
    uint64_t stage;
    struct task *tasks;
    int64_t *costs; /* NULL: all alike */
    int64_t *keys;  /* what each task reads; NULL: nothing is known */
    int64_t n_tasks, n_done, n_missing, n_waiting;
    struct backlog backlog;
    struct locality locality;
    int64_t n_local;
    struct worker *workers;
    int n_workers, n_here, n_room, cursor;
    struct pace pace;
    int64_t median_us;
    int64_t looked_us;             /* when idle workers found nothing at others */
    struct scheduler_action *told; /* to be handed out by scheduler_next, in order */
    int64_t n_told, next_told, told_capacity;
    int64_t failed_task; /* or -1 */
    bool failed_quarantined;
    bool running; /* a stage is under way: its end has not been told */
    bool draining, recalled, drained;
};

/* Whether the attempt is of a task of the current stage that is neither done nor missing. */
bool scheduler_is_open(const struct scheduler *s, const struct lode_attempt *attempt);
/* Puts one action at the end of what scheduler_next hands out. */
LODE_CHECKED lode_status scheduler_tell(struct scheduler *s, enum scheduler_action_kind kind,
                                        int worker, const struct lode_attempt *attempt, bool force);
/* Books the next attempt of the task on the worker. */
LODE_CHECKED lode_status scheduler_give(struct scheduler *s, int worker, int64_t task,
                                        int64_t now_us, struct lode_attempt *attempt);
/* One entry more at the end of the worker's list. */
LODE_CHECKED lode_status scheduler_add(struct worker *worker, const struct scheduler_entry *entry);
/* Takes the i-th entry out of the worker's list; a wanted one becomes a copy less. */
void scheduler_drop(struct scheduler *s, int worker, int i, int64_t now_us);
/* The result of the entry is not needed: tells the worker so. What runs stays in the books, for it
 * keeps its worker busy; what waits is taken out (a worker that has begun it says so). */
LODE_CHECKED lode_status scheduler_unwant(struct scheduler *s, int worker, int i, int64_t now_us,
                                          bool force);
/* A task without copies that is neither done nor missing waits again. */
LODE_CHECKED lode_status scheduler_wait_again(struct scheduler *s, int64_t task);
/* Has the task gone wrong on this worker? */
bool scheduler_was_tried(const struct task *task, int worker);
/* Brings the flags and counters of a worker up to date after any change to it. */
void scheduler_refresh(struct scheduler *s, int worker);

#endif
