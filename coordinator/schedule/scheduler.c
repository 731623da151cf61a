/* Scheduler: events in. assign.c decides who gets what, audit.c compares what workers say and what
 * time says with the books; the books are in scheduler_private.h.
 */
#include "coordinator/schedule/scheduler_private.h"

#include "common/memory.h"

#include <stdlib.h>
#include <string.h>

lode_status scheduler_create(const struct scheduler_options *options, struct scheduler **scheduler)
{
    struct scheduler *created = calloc(1, sizeof *created);
    if (!created) return lode_fail(LODE_E_MEMORY, "no memory for the scheduler");
    created->options = *options;
    created->failed_task = -1;
    *scheduler = created;
    return LODE_OK;
}

void scheduler_destroy(struct scheduler *s)
{
    if (!s) return;
    backlog_clear(&s->backlog);
    locality_clear(&s->locality);
    free(s->tasks);
    free(s->costs);
    free(s->keys);
    for (int w = 0; w < s->n_workers; w++) free(s->workers[w].entries);
    free(s->workers);
    free(s->told);
    free(s);
}

bool scheduler_is_open(const struct scheduler *s, const struct lode_attempt *attempt)
{
    if (attempt->stage != s->stage || attempt->task >= (uint64_t)s->n_tasks) return false;
    const enum scheduler_task_state state = s->tasks[attempt->task].state;
    return state == SCHEDULER_WAITING || state == SCHEDULER_OUT;
}

lode_status scheduler_tell(struct scheduler *s, enum scheduler_action_kind kind, int worker,
                           const struct lode_attempt *attempt, bool force)
{
    if (s->n_told == s->told_capacity) {
        const int64_t wanted = 2 * s->told_capacity + 16;
        struct scheduler_action *grown = realloc(s->told, (size_t)wanted * sizeof *grown);
        if (!grown)
            return lode_fail(LODE_E_MEMORY, "no memory for %lld actions", (long long)wanted);
        s->told = grown;
        s->told_capacity = wanted;
    }
    s->told[s->n_told++] = (struct scheduler_action){
        .kind = kind, .worker = worker, .attempt = *attempt, .force = force};
    return LODE_OK;
}

static int depth(const struct scheduler *s)
{
    if (s->pace.count == 0 || s->n_here == 0) return 1; /* nothing is known yet */
    int64_t deep = BATCH_US / (s->median_us > 0 ? s->median_us : 1);
    const int64_t fair = 1 + s->n_waiting / (2 * (int64_t)s->n_here);
    if (deep > fair) deep = fair;
    if (deep > DEPTH_MAX) deep = DEPTH_MAX;
    return deep < 1 ? 1 : (int)deep;
}

/* Filled up to two batches, refilled once half is done: so that short tasks travel many to a
 * message. A worker that holds a dangerous task, or is busy with one that nobody wants, gets
 * nothing. */
static bool may_be_given(const struct scheduler *s, const struct worker *worker)
{
    if (!worker->here || worker->leaving || !worker->filling || worker->n_held == HELD_MAX)
        return false;
    if (worker->n_held == 0) return true;
    const struct scheduler_entry *first = &worker->held[0];
    return !first->unwanted_us && scheduler_is_open(s, &first->attempt) &&
           s->tasks[first->attempt.task].kills == 0;
}

void scheduler_refresh(struct scheduler *s, int worker)
{
    struct worker *w = &s->workers[worker];
    const int deep = depth(s);
    if (w->n_held <= deep) w->filling = true;
    if (w->n_held >= 2 * deep) w->filling = false;
    const bool room = may_be_given(s, w);
    s->n_room += room - w->has_room;
    w->has_room = room;
}

/* Remembers that the task went wrong on this worker. */
static void note_tried(struct task *task, int worker)
{
    if (scheduler_was_tried(task, worker)) return;
    task->tried[task->n_tried++ % TRIED_MAX] = worker;
}

bool scheduler_was_tried(const struct task *task, int worker)
{
    for (int i = 0; i < task->n_tried && i < TRIED_MAX; i++)
        if (task->tried[i] == worker) return true;
    return false;
}

lode_status scheduler_wait_again(struct scheduler *s, int64_t task)
{
    struct task *waiting = &s->tasks[task];
    if (waiting->state != SCHEDULER_OUT || waiting->copies > 0) return LODE_OK;
    waiting->state = SCHEDULER_WAITING;
    s->n_waiting++;
    return waiting->n_tried ? backlog_push_again(&s->backlog, task)
                            : backlog_push(&s->backlog, task);
}

lode_status scheduler_add(struct worker *w, const struct scheduler_entry *entry)
{
    if (w->held > w->entries && w->held + w->n_held == w->entries + w->capacity) {
        memmove(w->entries, w->held, (size_t)w->n_held * sizeof *w->held);
        w->held = w->entries;
    }
    if (w->n_held == w->capacity) {
        const int wanted = 2 * w->capacity + 4;
        struct scheduler_entry *grown = realloc(w->entries, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d attempts", wanted);
        w->entries = w->held = grown;
        w->capacity = wanted;
    }
    w->held[w->n_held++] = *entry;
    return LODE_OK;
}

lode_status scheduler_give(struct scheduler *s, int worker, int64_t task, int64_t now_us,
                           struct lode_attempt *attempt)
{
    struct worker *w = &s->workers[worker];
    struct task *given = &s->tasks[task];
    *attempt = (struct lode_attempt){
        .stage = s->stage, .task = (uint64_t)task, .attempt = (uint64_t)given->attempts + 1};
    const bool runs = w->n_held == 0;
    const struct scheduler_entry entry = {.attempt = *attempt,
                                          .assigned_us = now_us,
                                          .started_us = runs ? now_us : 0,
                                          .progress_us = runs ? now_us : 0};
    lode_try(scheduler_add(w, &entry));
    if (given->state == SCHEDULER_WAITING) s->n_waiting--;
    given->state = SCHEDULER_OUT;
    given->copies++;
    given->attempts++;
    scheduler_refresh(s, worker);
    return LODE_OK;
}

void scheduler_drop(struct scheduler *s, int worker, int i, int64_t now_us)
{
    struct worker *w = &s->workers[worker];
    const struct scheduler_entry entry = w->held[i];
    w->n_held--;
    if (w->n_held == 0)
        w->held = w->entries;
    else if (i == 0)
        w->held++;
    else
        memmove(w->held + i, w->held + i + 1, (size_t)(w->n_held - i) * sizeof *w->held);
    if (i == 0 && w->n_held > 0) w->held[0].started_us = w->held[0].progress_us = now_us;
    if (!entry.unwanted_us && entry.attempt.stage == s->stage)
        s->tasks[entry.attempt.task].copies--;
    scheduler_refresh(s, worker);
}

lode_status scheduler_unwant(struct scheduler *s, int worker, int i, int64_t now_us, bool force)
{
    struct scheduler_entry *entry = &s->workers[worker].held[i];
    if (i > 0) {
        const struct lode_attempt waiting = entry->attempt;
        scheduler_drop(s, worker, i, now_us);
        return scheduler_tell(s, SCHEDULER_CANCEL, worker, &waiting, false);
    }
    if (!entry->unwanted_us && entry->attempt.stage == s->stage)
        s->tasks[entry->attempt.task].copies--;
    entry->unwanted_us = now_us;
    entry->hung = force;
    scheduler_refresh(s, worker);
    return scheduler_tell(s, SCHEDULER_CANCEL, worker, &entry->attempt, force);
}

/* No attempt at the task is wanted any more. */
static lode_status unwant_copies(struct scheduler *s, int64_t task, int64_t now_us)
{
    for (int w = 0; w < s->n_workers && s->tasks[task].copies > 0; w++)
        for (int i = s->workers[w].n_held - 1; i >= 0; i--) {
            const struct scheduler_entry *entry = &s->workers[w].held[i];
            if (entry->attempt.stage != s->stage || entry->attempt.task != (uint64_t)task) continue;
            if (!entry->unwanted_us) lode_try(scheduler_unwant(s, w, i, now_us, false));
        }
    return LODE_OK;
}

/* The task failed too often or took too many workers down. */
static lode_status give_up(struct scheduler *s, int64_t task, bool quarantined, int64_t now_us)
{
    const struct lode_attempt attempt = {.stage = s->stage, .task = (uint64_t)task};
    if (!s->options.allow_partial) {
        if (s->failed_task < 0) {
            s->failed_task = task;
            s->failed_quarantined = quarantined;
        }
        return LODE_OK;
    }
    lode_try(unwant_copies(s, task, now_us));
    if (s->tasks[task].state == SCHEDULER_WAITING) s->n_waiting--;
    s->tasks[task].state = SCHEDULER_MISSING;
    s->n_missing++;
    lode_try(scheduler_tell(s, SCHEDULER_GIVEN_UP, NOBODY, &attempt, false));
    s->told[s->n_told - 1].quarantined = quarantined;
    return LODE_OK;
}

/* What workers still hold of the stage before is not wanted, and counts for none of the new. */
static lode_status forget_stage(struct scheduler *s, int64_t now_us)
{
    for (int w = 0; w < s->n_workers; w++)
        for (int i = s->workers[w].n_held - 1; i >= 0; i--)
            if (!s->workers[w].held[i].unwanted_us)
                lode_try(scheduler_unwant(s, w, i, now_us, false));
    return LODE_OK;
}

/* The tables of a stage, before it begins. */
struct tables {
    struct task *tasks;
    int64_t *costs, *keys;
};

static void clear_tables(struct tables *tables)
{
    free(tables->tasks);
    free(tables->costs);
    free(tables->keys);
}

static lode_status make_tables(const struct scheduler_stage *stage, struct tables *tables)
{
    size_t task_bytes = 0, number_bytes = 0;
    const int64_t n = stage->n_tasks;
    const bool has_keys = stage->keys || stage->key_is_index;
    if (n < 1) return lode_fail(LODE_E_BUG, "a stage of %lld tasks", (long long)n);
    lode_try(lode_mul_size((uint64_t)n, sizeof *tables->tasks, &task_bytes));
    lode_try(lode_mul_size((uint64_t)n, sizeof *tables->costs, &number_bytes));
    *tables = (struct tables){.tasks = calloc(1, task_bytes),
                              .costs = stage->costs ? malloc(number_bytes) : NULL,
                              .keys = has_keys ? malloc(number_bytes) : NULL};
    if (!tables->tasks || (stage->costs && !tables->costs) || (has_keys && !tables->keys)) {
        clear_tables(tables);
        return lode_fail(LODE_E_MEMORY, "no memory for %lld tasks", (long long)n);
    }
    if (stage->costs) memcpy(tables->costs, stage->costs, number_bytes);
    if (stage->keys) memcpy(tables->keys, stage->keys, number_bytes);
    for (int64_t i = 0; has_keys && !stage->keys && i < n; i++) tables->keys[i] = i;
    for (int64_t i = 0; i < n; i++) tables->tasks[i].by = NOBODY;
    return LODE_OK;
}

/* Who handed in a result has read what its task reads. */
static lode_status learn_homes(struct scheduler *s)
{
    for (int64_t i = 0; s->keys && i < s->n_tasks; i++) {
        const int by = s->tasks[i].by;
        if (by != NOBODY)
            lode_try(locality_learn(&s->locality, s->keys[i], by, s->workers[by].host));
    }
    return LODE_OK;
}

static void take_tables(struct scheduler *s, const struct scheduler_stage *stage,
                        struct tables *tables)
{
    free(s->tasks);
    free(s->costs);
    free(s->keys);
    s->tasks = tables->tasks;
    s->costs = tables->costs;
    s->keys = tables->keys;
    s->stage = stage->id;
    s->n_tasks = s->n_waiting = stage->n_tasks;
}

lode_status scheduler_begin(struct scheduler *s, const struct scheduler_stage *stage,
                            int64_t now_us)
{
    struct tables tables = {0};
    lode_try(forget_stage(s, now_us));
    lode_try(learn_homes(s));
    lode_try(make_tables(stage, &tables));
    take_tables(s, stage, &tables);
    s->n_done = s->n_missing = s->median_us = s->n_local = 0;
    s->failed_task = -1;
    s->running = true;
    s->drained = s->recalled = false;
    s->cursor = 0;
    s->pace = (struct pace){0};
    for (int64_t i = 0; stage->done && i < s->n_tasks; i++) {
        if (!stage->done[i]) continue;
        s->tasks[i].state = SCHEDULER_TASK_DONE; /* where it lies is skipped when met */
        s->n_done++;
        s->n_waiting--;
    }
    for (int w = 0; w < s->n_workers; w++) scheduler_refresh(s, w);
    lode_try(locality_begin(&s->locality, s->n_tasks, s->keys, s->costs));
    return backlog_fill(&s->backlog, s->n_tasks, s->costs);
}

lode_status scheduler_joined(struct scheduler *s, int worker, int64_t now_us)
{
    (void)now_us;
    if (worker < 0) return lode_fail(LODE_E_BUG, "worker %d", worker);
    if (worker >= s->n_workers) {
        const int wanted = worker + 16;
        struct worker *grown = realloc(s->workers, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d workers", wanted);
        memset(grown + s->n_workers, 0, (size_t)(wanted - s->n_workers) * sizeof *grown);
        for (int w = s->n_workers; w < wanted; w++) grown[w].host = NOBODY;
        s->workers = grown;
        s->n_workers = wanted;
    }
    if (s->workers[worker].here) return LODE_OK; /* said hello twice */
    s->workers[worker].here = true;
    s->workers[worker].leaving = false;
    s->workers[worker].n_held = 0;
    s->workers[worker].held = s->workers[worker].entries;
    s->n_here++;
    scheduler_refresh(s, worker);
    return LODE_OK;
}

void scheduler_set_host(struct scheduler *s, int worker, int host)
{
    if (worker >= 0 && worker < s->n_workers) s->workers[worker].host = host;
}

static bool is_here(const struct scheduler *s, int worker)
{
    return worker >= 0 && worker < s->n_workers && s->workers[worker].here;
}

/* Takes the worker's entries from `first` on out of the books; their tasks wait again. */
static lode_status take_back(struct scheduler *s, int worker, int first)
{
    while (s->workers[worker].n_held > first) {
        const int last = s->workers[worker].n_held - 1;
        const struct scheduler_entry entry = s->workers[worker].held[last];
        scheduler_drop(s, worker, last, entry.assigned_us);
        if (scheduler_is_open(s, &entry.attempt))
            lode_try(scheduler_wait_again(s, (int64_t)entry.attempt.task));
    }
    return LODE_OK;
}

lode_status scheduler_lost(struct scheduler *s, int worker)
{
    if (!is_here(s, worker)) return LODE_OK;
    lode_try(take_back(s, worker, 0));
    s->workers[worker].here = false;
    s->n_here--;
    scheduler_refresh(s, worker);
    return LODE_OK;
}

lode_status scheduler_leaving(struct scheduler *s, int worker)
{
    if (!is_here(s, worker) || s->workers[worker].leaving) return LODE_OK;
    s->workers[worker].leaving = true;
    scheduler_refresh(s, worker);
    return take_back(s, worker, 1);
}

lode_status scheduler_crashed(struct scheduler *s, int worker, const struct lode_attempt *attempt,
                              int64_t now_us)
{
    if (!scheduler_is_open(s, attempt)) return LODE_OK;
    struct task *task = &s->tasks[attempt->task];
    note_tried(task, worker);
    if (++task->kills < s->options.max_kills) return LODE_OK;
    return give_up(s, (int64_t)attempt->task, true, now_us);
}

static int find_entry(const struct scheduler *s, int worker, const struct lode_attempt *attempt)
{
    if (!is_here(s, worker)) return -1;
    const struct worker *w = &s->workers[worker];
    for (int i = 0; i < w->n_held; i++)
        if (lode_attempt_equals(&w->held[i].attempt, attempt)) return i;
    return -1;
}

static lode_status accept(struct scheduler *s, int64_t task, int64_t now_us)
{
    if (s->tasks[task].state == SCHEDULER_WAITING) s->n_waiting--;
    lode_try(unwant_copies(s, task, now_us));
    s->tasks[task].state = SCHEDULER_TASK_DONE;
    s->n_done++;
    return LODE_OK;
}

static lode_status count_failure(struct scheduler *s, int worker, int64_t task, bool is_refusal,
                                 int64_t now_us)
{
    struct task *failed = &s->tasks[task];
    note_tried(failed, worker);
    failed->failures++;
    failed->refusals += is_refusal;
    if (failed->failures >= s->options.max_attempts || failed->refusals >= s->options.max_refusals)
        return give_up(s, task, false, now_us);
    return scheduler_wait_again(s, task);
}

lode_status scheduler_result(struct scheduler *s, int worker, const struct lode_attempt *attempt,
                             enum scheduler_outcome outcome, int64_t now_us, bool *accepted,
                             bool *held)
{
    *accepted = *held = false;
    if (attempt->stage == s->stage && attempt->task >= (uint64_t)s->n_tasks)
        return lode_fail(LODE_E_MESSAGE, "a result of task %llu, the stage has %lld",
                         (unsigned long long)attempt->task, (long long)s->n_tasks);
    const int at = find_entry(s, worker, attempt);
    const int64_t task = (int64_t)attempt->task;
    bool wanted = false;
    int64_t ran_us = -1;
    *held = at >= 0;
    if (at >= 0) {
        const struct scheduler_entry *entry = &s->workers[worker].held[at];
        wanted = entry->unwanted_us == 0;
        if (entry->started_us) ran_us = now_us - entry->started_us;
        scheduler_drop(s, worker, at, now_us);
        s->cursor = worker;
    }
    if (!scheduler_is_open(s, attempt)) return LODE_OK;
    if (outcome == SCHEDULER_OK) {
        *accepted = true;
        if (ran_us >= 0) {
            pace_add(&s->pace, ran_us);
            if (s->pace.count < 64 || s->pace.count % 32 == 0)
                s->median_us = pace_median_us(&s->pace);
        }
        lode_try(accept(s, task, now_us));
        s->tasks[task].by = worker >= 0 && worker < s->n_workers ? worker : NOBODY;
        if (at >= 0) scheduler_refresh(s, worker);
        return LODE_OK;
    }
    if (!wanted) return LODE_OK; /* it was given up on already */
    if (outcome == SCHEDULER_STOPPED && s->tasks[task].attempts < STOPS_MAX)
        return scheduler_wait_again(s, task);
    return count_failure(s, worker, task, outcome == SCHEDULER_REFUSED, now_us);
}

void scheduler_abandon(struct scheduler *s)
{
    s->running = false;
}

void scheduler_drain(struct scheduler *s)
{
    s->draining = true;
}

struct scheduler_counts scheduler_counts(const struct scheduler *s)
{
    return (struct scheduler_counts){.tasks = s->n_tasks,
                                     .done = s->n_done,
                                     .missing = s->n_missing,
                                     .running =
                                         s->n_tasks - s->n_done - s->n_missing - s->n_waiting,
                                     .waiting = s->n_waiting,
                                     .workers = s->n_here,
                                     .median_us = s->median_us,
                                     .local = s->n_local};
}

bool scheduler_task(const struct scheduler *s, int64_t task, struct scheduler_task *view)
{
    if (task < 0 || task >= s->n_tasks) return false;
    const struct task *found = &s->tasks[task];
    *view = (struct scheduler_task){.state = found->state,
                                    .attempts = found->attempts,
                                    .failures = found->failures,
                                    .kills = found->kills,
                                    .copies = found->copies,
                                    .cost = s->costs ? s->costs[task] : 0};
    return true;
}

bool scheduler_held(const struct scheduler *s, int worker, int i, struct scheduler_entry *entry)
{
    if (!is_here(s, worker) || i < 0 || i >= s->workers[worker].n_held) return false;
    *entry = s->workers[worker].held[i];
    return true;
}
