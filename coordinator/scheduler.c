/* Scheduler: tasks wait in a heap ordered by (cost descending, index ascending); workers hold a
 * few.
 *
 * Invariants: a task is waiting, held by exactly one worker, or done. A worker's `held` is in the
 * order in which it was given, so held[0] is what it runs. Nothing here depends on time: whether a
 * worker is lost is for the caller to decide.
 */
#include "coordinator/scheduler.h"

#include "common/memory.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_MAX = 8, NOBODY = -1 };

struct task {
    int64_t cost;
    int holder;      /* worker, or NOBODY */
    int last_worker; /* where it failed last: somebody else is asked first */
    int attempts, failures, kills;
    bool done;
};

struct worker {
    bool here;
    int n_held;
    int64_t held[WINDOW_MAX];
};

struct scheduler {
    struct scheduler_options options;
    struct task *tasks;
    int64_t n_tasks, n_done;
    int64_t *heap; /* waiting tasks */
    int64_t n_heap;
    struct worker *workers;
    int n_workers, n_here;
    int64_t failed_task; /* or -1 */
    bool running;        /* a stage is under way: its end has not been told */
};

lode_status scheduler_create(const struct scheduler_options *options, struct scheduler **scheduler)
{
    if (options->window < 1 || options->window > WINDOW_MAX)
        return lode_fail(LODE_E_BUG, "a window of %d tasks a worker", options->window);
    struct scheduler *created = calloc(1, sizeof *created);
    if (!created) return lode_fail(LODE_E_MEMORY, "no memory for the scheduler");
    created->options = *options;
    created->failed_task = -1;
    *scheduler = created;
    return LODE_OK;
}

void scheduler_destroy(struct scheduler *scheduler)
{
    if (!scheduler) return;
    free(scheduler->tasks);
    free(scheduler->heap);
    free(scheduler->workers);
    free(scheduler);
}

static bool goes_before(const struct scheduler *s, int64_t a, int64_t b)
{
    if (s->tasks[a].cost != s->tasks[b].cost) return s->tasks[a].cost > s->tasks[b].cost;
    return a < b;
}

static void heap_swap(struct scheduler *s, int64_t i, int64_t j)
{
    const int64_t kept = s->heap[i];
    s->heap[i] = s->heap[j];
    s->heap[j] = kept;
}

static void heap_push(struct scheduler *s, int64_t task)
{
    int64_t at = s->n_heap++;
    s->heap[at] = task;
    while (at > 0 && goes_before(s, s->heap[at], s->heap[(at - 1) / 2])) {
        heap_swap(s, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static int64_t heap_pop(struct scheduler *s)
{
    const int64_t first = s->heap[0];
    s->heap[0] = s->heap[--s->n_heap];
    for (int64_t at = 0;;) {
        int64_t best = at;
        for (int64_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < s->n_heap && goes_before(s, s->heap[child], s->heap[best])) best = child;
        if (best == at) return first;
        heap_swap(s, at, best);
        at = best;
    }
}

lode_status scheduler_begin(struct scheduler *s, int64_t n_tasks, const int64_t *costs)
{
    size_t task_bytes = 0, heap_bytes = 0;
    if (n_tasks < 1) return lode_fail(LODE_E_BUG, "a stage of %lld tasks", (long long)n_tasks);
    lode_try(lode_mul_size((uint64_t)n_tasks, sizeof *s->tasks, &task_bytes));
    lode_try(lode_mul_size((uint64_t)n_tasks, sizeof *s->heap, &heap_bytes));
    struct task *tasks = malloc(task_bytes);
    int64_t *heap = malloc(heap_bytes);
    if (!tasks || !heap) {
        free(tasks);
        free(heap);
        return lode_fail(LODE_E_MEMORY, "no memory for %lld tasks", (long long)n_tasks);
    }
    free(s->tasks);
    free(s->heap);
    s->tasks = tasks;
    s->heap = heap;
    s->n_tasks = n_tasks;
    s->n_done = s->n_heap = 0;
    s->failed_task = -1;
    s->running = true;
    for (int64_t i = 0; i < n_tasks; i++) {
        tasks[i] =
            (struct task){.cost = costs ? costs[i] : 0, .holder = NOBODY, .last_worker = NOBODY};
        heap_push(s, i);
    }
    for (int i = 0; i < s->n_workers; i++) s->workers[i].n_held = 0;
    return LODE_OK;
}

lode_status scheduler_joined(struct scheduler *s, int worker)
{
    if (worker < 0) return lode_fail(LODE_E_BUG, "worker %d", worker);
    if (worker >= s->n_workers) {
        const int wanted = worker + 16;
        struct worker *grown = realloc(s->workers, (size_t)wanted * sizeof *grown);
        if (!grown) return lode_fail(LODE_E_MEMORY, "no memory for %d workers", wanted);
        memset(grown + s->n_workers, 0, (size_t)(wanted - s->n_workers) * sizeof *grown);
        s->workers = grown;
        s->n_workers = wanted;
    }
    if (s->workers[worker].here) return LODE_OK; /* said hello twice */
    s->workers[worker] = (struct worker){.here = true};
    s->n_here++;
    return LODE_OK;
}

static void wait_again(struct scheduler *s, int64_t task)
{
    s->tasks[task].holder = NOBODY;
    heap_push(s, task);
}

static void fail_stage(struct scheduler *s, int64_t task)
{
    if (s->failed_task < 0) s->failed_task = task;
}

lode_status scheduler_lost(struct scheduler *s, int worker, bool crashed)
{
    if (worker < 0 || worker >= s->n_workers || !s->workers[worker].here) return LODE_OK;
    struct worker *lost = &s->workers[worker];
    for (int i = 0; i < lost->n_held; i++) {
        struct task *task = &s->tasks[lost->held[i]];
        if (i == 0 && crashed) {
            task->last_worker = worker;
            if (++task->kills >= s->options.max_kills) fail_stage(s, lost->held[i]);
        }
        wait_again(s, lost->held[i]);
    }
    *lost = (struct worker){0};
    s->n_here--;
    return LODE_OK;
}

/* Takes the task off the worker's list; false when the worker does not hold it (any more). */
static bool let_go(struct scheduler *s, int worker, int64_t task)
{
    if (worker < 0 || worker >= s->n_workers) return false;
    struct worker *holder = &s->workers[worker];
    for (int i = 0; i < holder->n_held; i++) {
        if (holder->held[i] != task) continue;
        memmove(holder->held + i, holder->held + i + 1,
                (size_t)(holder->n_held - i - 1) * sizeof *holder->held);
        holder->n_held--;
        return true;
    }
    return false;
}

/* A task that was given up on (its worker was thought lost) may wait again, or be held by another,
 * when its late result comes: a good one is as good as any. */
static void take_from_waiting(struct scheduler *s, int64_t task)
{
    const int64_t n = s->n_heap;
    s->n_heap = 0;
    for (int64_t i = 0; i < n; i++)
        if (s->heap[i] != task) heap_push(s, s->heap[i]);
}

lode_status scheduler_result(struct scheduler *s, int worker, int64_t task, bool failed,
                             bool *accepted)
{
    *accepted = false;
    if (task < 0 || task >= s->n_tasks)
        return lode_fail(LODE_E_MESSAGE, "a result of task %lld, the stage has %lld",
                         (long long)task, (long long)s->n_tasks);
    struct task *found = &s->tasks[task];
    const bool held = let_go(s, worker, task);
    if (found->done) return LODE_OK;
    if (failed) {
        if (!held) return LODE_OK; /* was given up on already */
        found->last_worker = worker;
        if (++found->failures >= s->options.max_attempts) fail_stage(s, task);
        wait_again(s, task);
        return LODE_OK;
    }
    if (found->holder == NOBODY)
        take_from_waiting(s, task);
    else if (!held)
        let_go(s, found->holder, task);
    found->holder = NOBODY;
    found->done = true;
    s->n_done++;
    *accepted = true;
    return LODE_OK;
}

/* The emptiest worker with room, lowest number first; NOBODY when all are full. */
static int freest(const struct scheduler *s, int except)
{
    int best = NOBODY;
    for (int i = 0; i < s->n_workers; i++) {
        const struct worker *worker = &s->workers[i];
        if (!worker->here || i == except || worker->n_held >= s->options.window) continue;
        if (best == NOBODY || worker->n_held < s->workers[best].n_held) best = i;
    }
    return best;
}

struct scheduler_action scheduler_next(struct scheduler *s)
{
    struct scheduler_action action = {.kind = SCHEDULER_NOTHING};
    if (!s->running) return action;
    if (s->failed_task >= 0) {
        s->running = false;
        action.kind = SCHEDULER_STAGE_FAILED;
        action.task = s->failed_task;
        action.attempt = s->tasks[s->failed_task].attempts;
        action.quarantined = s->tasks[s->failed_task].kills >= s->options.max_kills;
        return action;
    }
    if (s->n_done == s->n_tasks) {
        s->running = false;
        action.kind = SCHEDULER_STAGE_DONE;
        return action;
    }
    if (s->n_heap == 0) return action;

    const int last = s->tasks[s->heap[0]].last_worker;
    const int chosen = freest(s, s->n_here > 1 ? last : NOBODY);
    if (chosen == NOBODY) return action;
    const int64_t task = heap_pop(s);
    struct worker *worker = &s->workers[chosen];
    worker->held[worker->n_held++] = task;
    s->tasks[task].holder = chosen;
    action.kind = SCHEDULER_ASSIGN;
    action.worker = chosen;
    action.task = task;
    action.attempt = ++s->tasks[task].attempts;
    return action;
}

int scheduler_workers(const struct scheduler *s)
{
    return s->n_here;
}

int64_t scheduler_done(const struct scheduler *s)
{
    return s->n_done;
}

int scheduler_held(const struct scheduler *s, int worker, int64_t *tasks, int limit)
{
    if (worker < 0 || worker >= s->n_workers) return 0;
    const struct worker *holder = &s->workers[worker];
    for (int i = 0; i < holder->n_held && i < limit; i++) tasks[i] = holder->held[i];
    return holder->n_held;
}
