/* Audit: the books against what a worker says it holds, and against the clock. */
#include "coordinator/schedule/scheduler_private.h"

/* Lists and books have the same order but for a few: `hint` is where the last one was found. */
static bool is_listed(const struct lode_held *held, int n_held, const struct lode_attempt *attempt,
                      int *hint)
{
    for (int i = 0; i < n_held; i++) {
        const int at = (*hint + i) % n_held;
        if (!lode_attempt_equals(&held[at].attempt, attempt)) continue;
        *hint = at + 1;
        return true;
    }
    return false;
}

/* What the worker was given a while ago and does not list never came, or went with a message. */
static lode_status find_missing(struct scheduler *s, int worker, const struct lode_held *held,
                                int n_held, int64_t now_us)
{
    int hint = 0;
    for (int i = 0; i < s->workers[worker].n_held;) {
        const struct scheduler_entry entry = s->workers[worker].held[i];
        if (now_us - entry.assigned_us < s->options.transit_us ||
            is_listed(held, n_held, &entry.attempt, &hint)) {
            i++;
            continue;
        }
        scheduler_drop(s, worker, i, now_us);
        if (entry.unwanted_us || !scheduler_is_open(s, &entry.attempt)) continue;
        lode_try(scheduler_wait_again(s, (int64_t)entry.attempt.task));
        lode_try(scheduler_tell(s, SCHEDULER_RETURNED, worker, &entry.attempt, false));
    }
    return LODE_OK;
}

static bool is_booked(const struct worker *w, const struct lode_attempt *attempt, int *hint)
{
    for (int i = 0; i < w->n_held; i++) {
        const int at = (*hint + i) % w->n_held;
        if (!lode_attempt_equals(&w->held[at].attempt, attempt)) continue;
        *hint = at + 1;
        return true;
    }
    return false;
}

/* An attempt that the worker runs and the books do not know. It is booked in any case, for it keeps
 * the worker busy: as a copy of its task, or as one that is not wanted. */
static lode_status book(struct scheduler *s, int worker, const struct lode_attempt *attempt,
                        struct task *task, int64_t now_us)
{
    struct worker *w = &s->workers[worker];
    if (w->n_held == HELD_MAX) return scheduler_tell(s, SCHEDULER_CANCEL, worker, attempt, false);
    const struct scheduler_entry entry = {.attempt = *attempt,
                                          .assigned_us = now_us,
                                          .started_us = now_us,
                                          .progress_us = now_us,
                                          .unwanted_us = task ? 0 : now_us};
    lode_try(scheduler_add(w, &entry));
    if (!task) {
        scheduler_refresh(s, worker);
        return scheduler_tell(s, SCHEDULER_CANCEL, worker, attempt, false);
    }
    if (task->state == SCHEDULER_WAITING) s->n_waiting--;
    task->state = SCHEDULER_OUT;
    task->copies++;
    scheduler_refresh(s, worker);
    return LODE_OK;
}

/* The worker was thought lost, or is slow to hear: what it runs is as good as anybody's while the
 * task is open and has no second copy. What only waits there is better given out anew. */
static lode_status find_surplus(struct scheduler *s, int worker, const struct lode_held *held,
                                int n_held, int64_t now_us)
{
    int hint = 0;
    for (int i = 0; i < n_held; i++) {
        const struct lode_attempt *attempt = &held[i].attempt;
        if (held[i].state == LODE_HELD_FINISHED || is_booked(&s->workers[worker], attempt, &hint))
            continue;
        if (held[i].state == LODE_HELD_WAITING) {
            lode_try(scheduler_tell(s, SCHEDULER_CANCEL, worker, attempt, false));
            continue;
        }
        struct task *task = scheduler_is_open(s, attempt) ? &s->tasks[attempt->task] : NULL;
        const bool welcome = task && task->copies < 2 && !s->draining && attempt->attempt >= 1 &&
                             attempt->attempt <= (uint64_t)task->attempts;
        lode_try(book(s, worker, attempt, welcome ? task : NULL, now_us));
    }
    return LODE_OK;
}

/* The running attempt stands first, whatever order the books had; its progress renews its lease. */
static void note_running(struct scheduler *s, int worker, const struct lode_attempt *attempt,
                         uint64_t progress, int64_t now_us)
{
    struct worker *w = &s->workers[worker];
    for (int i = 0; i < w->n_held; i++) {
        if (!lode_attempt_equals(&w->held[i].attempt, attempt)) continue;
        struct scheduler_entry running = w->held[i];
        for (int j = i; j > 0; j--) w->held[j] = w->held[j - 1];
        if (running.started_us == 0) running.started_us = running.progress_us = now_us;
        if (progress != running.progress) running.progress_us = now_us;
        running.progress = progress;
        w->held[0] = running;
    }
    scheduler_refresh(s, worker);
}

lode_status scheduler_beat(struct scheduler *s, int worker, const struct lode_held *held,
                           int n_held, uint64_t progress, int64_t now_us)
{
    if (worker < 0 || worker >= s->n_workers || !s->workers[worker].here) return LODE_OK;
    lode_try(find_missing(s, worker, held, n_held, now_us));
    lode_try(find_surplus(s, worker, held, n_held, now_us));
    for (int i = 0; i < n_held; i++)
        if (held[i].state == LODE_HELD_RUNNING)
            note_running(s, worker, &held[i].attempt, progress, now_us);
    return LODE_OK;
}

/* The lease of what the worker runs is over: its process has to start anew. */
static lode_status end_lease(struct scheduler *s, int worker, int64_t now_us)
{
    const struct lode_attempt attempt = s->workers[worker].held[0].attempt;
    lode_try(scheduler_tell(s, SCHEDULER_HUNG, worker, &attempt, false));
    lode_try(scheduler_unwant(s, worker, 0, now_us, true));
    if (!scheduler_is_open(s, &attempt)) return LODE_OK;
    lode_try(scheduler_crashed(s, worker, &attempt, now_us));
    if (!scheduler_is_open(s, &attempt)) return LODE_OK;
    return scheduler_wait_again(s, (int64_t)attempt.task);
}

lode_status scheduler_tick(struct scheduler *s, int64_t now_us)
{
    for (int w = 0; w < s->n_workers; w++) {
        struct worker *worker = &s->workers[w];
        if (!worker->here || worker->n_held == 0) continue;
        struct scheduler_entry *first = &worker->held[0];
        if (!first->unwanted_us) {
            if (now_us - first->progress_us > s->options.lease_us)
                lode_try(end_lease(s, w, now_us));
        } else if (now_us - first->unwanted_us > s->options.slow_us) {
            /* asked to stop, and still at it: others need the worker */
            first->unwanted_us = now_us;
            lode_try(scheduler_tell(s, SCHEDULER_CANCEL, w, &first->attempt, true));
        }
    }
    return LODE_OK;
}
