/* Assign: what goes out next, and to whom.
 *
 * First the tasks that went wrong before (few, and each may only go to a worker where it did not),
 * then the fresh ones to the workers in turn: each gets the longest that waits, or one of about
 * that length whose data it has read in an earlier stage, or its host. When nothing waits, a worker
 * without work takes over a waiting task of another, or repeats one that runs too long.
 */
#include "coordinator/schedule/scheduler_private.h"

/* The worker with room that holds least; `task` may not have gone wrong there, unless it did at all
 * that are here. A task that took a worker down goes to an empty one. */
static int other_worker(const struct scheduler *s, const struct task *task)
{
    int best = NOBODY, fewest = 0;
    bool untried = false;
    for (int w = 0; w < s->n_workers; w++)
        untried = untried ||
                  (s->workers[w].here && !s->workers[w].leaving && !scheduler_was_tried(task, w));
    for (int w = 0; w < s->n_workers; w++) {
        const struct worker *worker = &s->workers[w];
        if (!worker->has_room || (untried && scheduler_was_tried(task, w))) continue;
        if (task->kills > 0 && worker->n_held > 0) continue;
        if (best != NOBODY && worker->n_held >= fewest) continue;
        best = w;
        fewest = worker->n_held;
    }
    return best;
}

static lode_status assign(struct scheduler *s, int worker, int64_t task,
                          enum scheduler_reason reason, int64_t now_us,
                          struct scheduler_action *action)
{
    *action =
        (struct scheduler_action){.kind = SCHEDULER_ASSIGN, .worker = worker, .reason = reason};
    return scheduler_give(s, worker, task, now_us, &action->attempt);
}

static lode_status assign_again(struct scheduler *s, int64_t now_us,
                                struct scheduler_action *action)
{
    for (int64_t i = 0; i < s->backlog.n_again; i++) {
        const int64_t task = s->backlog.again[i];
        if (s->tasks[task].state != SCHEDULER_WAITING) {
            backlog_remove_again(&s->backlog, i--);
            continue;
        }
        const int worker = other_worker(s, &s->tasks[task]);
        if (worker == NOBODY) continue;
        backlog_remove_again(&s->backlog, i);
        return assign(s, worker, task, SCHEDULER_RETRY, now_us, action);
    }
    return LODE_OK;
}

/* The next fresh task, or -1; what does not wait any more, or went wrong since, is sorted out. */
static lode_status next_fresh(struct scheduler *s, int64_t *task)
{
    while ((*task = backlog_first(&s->backlog)) >= 0) {
        const struct task *first = &s->tasks[*task];
        if (first->state == SCHEDULER_WAITING && first->n_tried == 0) return LODE_OK;
        backlog_pop(&s->backlog);
        if (first->state == SCHEDULER_WAITING) lode_try(backlog_push_again(&s->backlog, *task));
    }
    return LODE_OK;
}

/* In turn from the cursor on, which stands at the worker that handed in a result last. */
static int next_in_turn(struct scheduler *s)
{
    for (int i = 0; i < s->n_workers; i++) {
        const int w = (s->cursor + i) % s->n_workers;
        if (!s->workers[w].has_room) continue;
        s->cursor = (w + 1) % s->n_workers;
        return w;
    }
    return NOBODY;
}

/* The first fresh task on a shelf, or -1; what does not wait there any more is sorted out. */
static int64_t first_on_shelf(struct scheduler *s, struct shelf *shelf, int home)
{
    int64_t task = -1;
    while ((task = shelf_first(shelf, home)) >= 0) {
        const struct task *first = &s->tasks[task];
        if (first->state == SCHEDULER_WAITING && first->n_tried == 0) return task;
        shelf_pop(shelf, home, s->costs);
    }
    return task;
}

/* Long tasks must not be left to the end because nobody calls them his own. */
static bool is_long_enough(const struct scheduler *s, int64_t task, int64_t longest)
{
    return !s->costs || s->costs[task] >= s->costs[longest] / LOCAL_FACTOR;
}

/* The task for this worker: `longest`, the first of the backlog, or one that is local to it. */
static int64_t take_for(struct scheduler *s, int worker, int64_t longest)
{
    struct shelf *const shelves[] = {&s->locality.by_worker, &s->locality.by_host};
    const int homes[] = {worker, s->workers[worker].host};
    for (int i = 0; i < 2; i++) {
        const int64_t task = first_on_shelf(s, shelves[i], homes[i]);
        if (task < 0 || !is_long_enough(s, task, longest)) continue;
        shelf_pop(shelves[i], homes[i], s->costs); /* the backlog skips it when it meets it */
        s->n_local++;
        return task;
    }
    backlog_pop(&s->backlog);
    return longest;
}

static int idle_worker(const struct scheduler *s)
{
    for (int w = 0; w < s->n_workers; w++)
        if (s->workers[w].has_room && s->workers[w].n_held == 0) return w;
    return NOBODY;
}

/* The last task that waits at the worker who has most of them waiting, and has been at its running
 * one for half the median: with short tasks it would otherwise be on its way already. */
static lode_status steal(struct scheduler *s, int thief, int64_t now_us,
                         struct scheduler_action *action)
{
    int victim = NOBODY, at = 0, most = 0;
    for (int w = 0; w < s->n_workers; w++) {
        const struct worker *worker = &s->workers[w];
        int wanted = 0, last = 0;
        if (w == thief || worker->n_held < 2) continue;
        if (2 * (now_us - worker->held[0].started_us) < s->median_us) continue;
        for (int i = 1; i < worker->n_held; i++) {
            const struct scheduler_entry *entry = &worker->held[i];
            if (entry->unwanted_us || !scheduler_is_open(s, &entry->attempt) ||
                s->tasks[entry->attempt.task].n_tried)
                continue;
            wanted++;
            last = i;
        }
        if (wanted <= most) continue;
        most = wanted;
        victim = w;
        at = last;
    }
    if (victim == NOBODY) return LODE_OK;
    const int64_t task = (int64_t)s->workers[victim].held[at].attempt.task;
    lode_try(scheduler_unwant(s, victim, at, now_us, false));
    return assign(s, thief, task, SCHEDULER_STOLEN, now_us, action);
}

/* The task that has run longest of those that are slow, have one copy and never went wrong. */
static lode_status speculate(struct scheduler *s, int idle, int64_t now_us,
                             struct scheduler_action *action)
{
    int64_t slow_us = SLOW_FACTOR * s->median_us, longest = 0, task = -1;
    if (!s->options.speculation || s->pace.count == 0) return LODE_OK;
    if (slow_us < s->options.slow_us) slow_us = s->options.slow_us;
    for (int w = 0; w < s->n_workers; w++) {
        if (w == idle || s->workers[w].n_held == 0) continue;
        const struct scheduler_entry *entry = &s->workers[w].held[0];
        if (entry->unwanted_us) continue;
        if (!scheduler_is_open(s, &entry->attempt)) continue;
        const struct task *running = &s->tasks[entry->attempt.task];
        const int64_t elapsed = now_us - entry->started_us;
        if (elapsed <= slow_us || elapsed <= longest) continue;
        if (running->copies > 1 || running->n_tried > 0) continue;
        longest = elapsed;
        task = (int64_t)entry->attempt.task;
    }
    return task < 0 ? LODE_OK : assign(s, idle, task, SCHEDULER_SPECULATED, now_us, action);
}

static lode_status assign_next(struct scheduler *s, int64_t now_us, struct scheduler_action *action)
{
    int64_t task = -1;
    if (s->n_room == 0) return LODE_OK;
    lode_try(next_fresh(s, &task)); /* first: it may find tasks to be tried again */
    lode_try(assign_again(s, now_us, action));
    if (action->kind != SCHEDULER_NOTHING) return LODE_OK;
    if (task >= 0) {
        const int worker = next_in_turn(s);
        if (worker == NOBODY) return LODE_OK;
        return assign(s, worker, take_for(s, worker, task), SCHEDULER_FRESH, now_us, action);
    }
    /* looking at everybody after every result of the last tasks would cost thousands of workers
     * squared */
    if (now_us - s->looked_us < LOOK_US) return LODE_OK;
    const int idle = idle_worker(s);
    if (idle == NOBODY) return LODE_OK;
    lode_try(steal(s, idle, now_us, action));
    if (action->kind == SCHEDULER_NOTHING) lode_try(speculate(s, idle, now_us, action));
    if (action->kind == SCHEDULER_NOTHING) s->looked_us = now_us;
    return LODE_OK;
}

/* Draining: what runs is finished; what only waits at a worker is not begun any more. */
static lode_status recall_waiting(struct scheduler *s, int64_t now_us)
{
    s->recalled = true;
    for (int w = 0; w < s->n_workers; w++)
        for (int i = s->workers[w].n_held - 1; i > 0; i--) {
            const struct scheduler_entry entry = s->workers[w].held[i];
            if (entry.unwanted_us || !scheduler_is_open(s, &entry.attempt)) continue;
            lode_try(scheduler_unwant(s, w, i, now_us, false));
            lode_try(scheduler_wait_again(s, (int64_t)entry.attempt.task));
        }
    return LODE_OK;
}

static bool nothing_is_out(const struct scheduler *s)
{
    return s->n_done + s->n_missing + s->n_waiting == s->n_tasks;
}

lode_status scheduler_next(struct scheduler *s, int64_t now_us, struct scheduler_action *action)
{
    *action = (struct scheduler_action){.kind = SCHEDULER_NOTHING, .worker = NOBODY};
    if (s->draining && !s->recalled) lode_try(recall_waiting(s, now_us));
    if (s->next_told < s->n_told) {
        *action = s->told[s->next_told++];
        return LODE_OK;
    }
    s->n_told = s->next_told = 0;
    if (!s->running) return LODE_OK;
    if (s->failed_task >= 0) {
        s->running = false;
        action->kind = SCHEDULER_STAGE_FAILED;
        action->attempt =
            (struct lode_attempt){.stage = s->stage, .task = (uint64_t)s->failed_task};
        action->quarantined = s->failed_quarantined;
        return LODE_OK;
    }
    if (s->n_done + s->n_missing == s->n_tasks) {
        s->running = false;
        action->kind = SCHEDULER_STAGE_DONE;
        return LODE_OK;
    }
    if (!s->draining) return assign_next(s, now_us, action);
    if (nothing_is_out(s) && !s->drained) {
        s->drained = true;
        action->kind = SCHEDULER_DRAINED;
    }
    return LODE_OK;
}
