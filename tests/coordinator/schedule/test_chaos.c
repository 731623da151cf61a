/* Chaos: workers that die, hang, fall silent, come back, leave and answer twice, on a network that
 * loses messages, under a virtual clock. Whatever happens, every task is accepted exactly once, the
 * books hold together after every step, and the stage comes to its end.
 */
#include "tests/coordinator/schedule/scheduler_world.h"

#include <stdlib.h>
#include <string.h>

enum { TASKS = 40, WORKERS = 6, SLOTS = 200, STEPS = 20000 };

/* What a worker really holds, whatever the books say. */
struct slot {
    struct lode_attempt attempt;
    enum lode_held_state state;
    enum scheduler_outcome outcome; /* of a finished one */
};

struct sim_worker {
    bool process, joined; /* it lives; the scheduler was told of it */
    bool hangs, leaving;
    int n_slots;
    struct slot slots[SLOTS];
    uint64_t progress;
};

struct world {
    struct scheduler *s;
    unsigned seed;
    int64_t now_us;
    bool calm; /* nothing goes wrong any more */
    bool done;
    int accepted[TASKS], highest[TASKS];
    struct sim_worker workers[WORKERS];
};

static int dice(struct world *w, int sides)
{
    return rand_r(&w->seed) % sides;
}

static bool goes_wrong(struct world *w, int one_in)
{
    return !w->calm && dice(w, one_in) == 0;
}

static void forget_slot(struct sim_worker *worker, int at)
{
    worker->n_slots--;
    memmove(worker->slots + at, worker->slots + at + 1,
            (size_t)(worker->n_slots - at) * sizeof *worker->slots);
}

static int find_state(const struct sim_worker *worker, enum lode_held_state state)
{
    for (int i = 0; i < worker->n_slots; i++)
        if (worker->slots[i].state == state) return i;
    return -1;
}

/* A process starts what waits as soon as nothing runs. */
static void start_next(struct sim_worker *worker)
{
    const int waiting = find_state(worker, LODE_HELD_WAITING);
    if (waiting >= 0 && find_state(worker, LODE_HELD_RUNNING) < 0)
        worker->slots[waiting].state = LODE_HELD_RUNNING;
}

/* The process ends; sooner or later the scheduler hears of it, and who was to blame. */
static void die(struct world *w, int number)
{
    struct sim_worker *worker = &w->workers[number];
    const int running = find_state(worker, LODE_HELD_RUNNING);
    if (worker->joined) assert_ok(scheduler_lost(w->s, number));
    if (running >= 0)
        assert_ok(scheduler_crashed(w->s, number, &worker->slots[running].attempt, START));
    *worker = (struct sim_worker){0};
}

static void deliver(struct world *w, const struct scheduler_action *action)
{
    struct sim_worker *worker = &w->workers[action->worker];
    if (!worker->process || worker->leaving || goes_wrong(w, 20)) return; /* lost on the way */
    assert_true(worker->n_slots < SLOTS);
    worker->slots[worker->n_slots++] =
        (struct slot){.attempt = action->attempt, .state = LODE_HELD_WAITING};
    start_next(worker);
}

static void cancel(struct world *w, const struct scheduler_action *action)
{
    struct sim_worker *worker = &w->workers[action->worker];
    if (!worker->process || goes_wrong(w, 10)) return;
    for (int i = 0; i < worker->n_slots; i++) {
        struct slot *slot = &worker->slots[i];
        if (!lode_attempt_equals(&slot->attempt, &action->attempt)) continue;
        if (slot->state == LODE_HELD_WAITING) {
            forget_slot(worker, i);
        } else if (slot->state == LODE_HELD_RUNNING && action->force) {
            const bool joined = worker->joined;
            if (joined) assert_ok(scheduler_lost(w->s, action->worker));
            *worker = (struct sim_worker){.process = true};
        } else if (slot->state == LODE_HELD_RUNNING && !worker->hangs) {
            slot->state = LODE_HELD_FINISHED;
            slot->outcome = SCHEDULER_STOPPED;
        }
        break;
    }
    start_next(worker);
}

static void check_task(struct world *w, int64_t task)
{
    int wanted = 0;
    const struct scheduler_task view = look(w->s, task);
    for (int number = 0; number < WORKERS; number++) {
        struct scheduler_entry entry;
        for (int i = 0; scheduler_held(w->s, number, i, &entry); i++)
            wanted += !entry.unwanted_us && entry.attempt.task == (uint64_t)task;
    }
    assert_int_equal(view.copies, wanted);
    assert_true(wanted <= 2);
    assert_int_equal(view.state == SCHEDULER_OUT, wanted > 0);
    assert_int_equal(view.state == SCHEDULER_TASK_DONE, w->accepted[task]);
}

static void check_books(struct world *w)
{
    int64_t waiting = 0, running = 0, done = 0;
    for (int64_t task = 0; task < TASKS; task++) {
        const enum scheduler_task_state found = look(w->s, task).state;
        check_task(w, task);
        waiting += found == SCHEDULER_WAITING;
        running += found == SCHEDULER_OUT;
        done += found == SCHEDULER_TASK_DONE;
    }
    const struct scheduler_counts counts = scheduler_counts(w->s);
    assert_int_equal(counts.waiting, waiting);
    assert_int_equal(counts.running, running);
    assert_int_equal(counts.done, done);
}

static void check_assign(struct world *w, const struct scheduler_action *action)
{
    const struct scheduler_task view = look(w->s, (int64_t)action->attempt.task);
    const uint64_t task = action->attempt.task;
    assert_int_equal(w->accepted[task], 0);
    assert_int_equal(action->attempt.attempt, w->highest[task] + 1); /* never given twice */
    w->highest[task]++;
    if (view.kills > 0) assert_int_equal(held_count(w->s, action->worker), 1);
    if (action->reason == SCHEDULER_FRESH || action->reason == SCHEDULER_RETRY)
        assert_int_equal(view.copies, 1);
}

static void do_actions(struct world *w)
{
    for (;;) {
        const struct scheduler_action action = next(w->s, w->now_us);
        if (action.kind == SCHEDULER_NOTHING) break;
        assert_true(action.kind == SCHEDULER_ASSIGN || action.kind == SCHEDULER_CANCEL ||
                    action.kind == SCHEDULER_HUNG || action.kind == SCHEDULER_RETURNED ||
                    action.kind == SCHEDULER_STAGE_DONE);
        if (action.kind == SCHEDULER_ASSIGN) {
            check_assign(w, &action);
            deliver(w, &action);
        }
        if (action.kind == SCHEDULER_CANCEL) cancel(w, &action);
        if (action.kind == SCHEDULER_STAGE_DONE) {
            assert_false(w->done);
            w->done = true;
        }
    }
}

/* What runs ends, well or not, and the worker says so; one in a few times unheard. */
static void finish(struct world *w, int number)
{
    struct sim_worker *worker = &w->workers[number];
    const int running = find_state(worker, LODE_HELD_RUNNING);
    if (running < 0 || worker->hangs) return;
    worker->slots[running].state = LODE_HELD_FINISHED;
    worker->slots[running].outcome = goes_wrong(w, 10) ? SCHEDULER_FAILED : SCHEDULER_OK;
    start_next(worker);
}

static void send_results(struct world *w, int number)
{
    struct sim_worker *worker = &w->workers[number];
    for (int i = 0; i < worker->n_slots;) {
        const struct slot slot = worker->slots[i];
        bool accepted = false, held = false;
        if (slot.state != LODE_HELD_FINISHED || goes_wrong(w, 5)) {
            i++;
            continue;
        }
        assert_ok(scheduler_result(w->s, number, &slot.attempt, slot.outcome, w->now_us, &accepted,
                                   &held));
        w->accepted[slot.attempt.task] += accepted;
        if (goes_wrong(w, 5))
            i++; /* TAKEN got lost: it is said again */
        else
            forget_slot(worker, i);
        do_actions(w);
    }
}

static void send_beat(struct world *w, int number)
{
    struct lode_held held[SLOTS];
    struct sim_worker *worker = &w->workers[number];
    if (!worker->process || !worker->joined || goes_wrong(w, 5)) return;
    if (!worker->hangs) worker->progress++;
    for (int i = 0; i < worker->n_slots; i++)
        held[i] = (struct lode_held){worker->slots[i].attempt, worker->slots[i].state};
    if (worker->leaving) assert_ok(scheduler_leaving(w->s, number));
    assert_ok(scheduler_beat(w->s, number, held, worker->n_slots, worker->progress, w->now_us));
}

static void drain_worker(struct sim_worker *worker)
{
    worker->leaving = true;
    for (int at; (at = find_state(worker, LODE_HELD_WAITING)) >= 0;) forget_slot(worker, at);
}

static void trouble(struct world *w, int number)
{
    struct sim_worker *worker = &w->workers[number];
    if (!worker->process) return;
    if (goes_wrong(w, 60)) {
        die(w, number);
    } else if (worker->joined && goes_wrong(w, 40)) { /* silent for a while, and alive */
        assert_ok(scheduler_lost(w->s, number));
        worker->joined = false;
    } else if (goes_wrong(w, 80)) {
        worker->hangs = find_state(worker, LODE_HELD_RUNNING) >= 0;
    } else if (goes_wrong(w, 100)) {
        drain_worker(worker);
    } else if (worker->leaving && worker->n_slots == 0) {
        die(w, number); /* it has left */
    }
}

static void step(struct world *w)
{
    const int number = dice(w, WORKERS);
    struct sim_worker *worker = &w->workers[number];
    w->now_us += dice(w, 200000);
    trouble(w, number);
    if (!worker->process && dice(w, 3) == 0) *worker = (struct sim_worker){.process = true};
    if (worker->process && !worker->joined && dice(w, 3) == 0) {
        assert_ok(scheduler_joined(w->s, number, w->now_us));
        worker->joined = true;
    }
    if (worker->process && dice(w, 2)) finish(w, number);
    if (worker->process && worker->joined) send_results(w, number);
    send_beat(w, number);
    assert_ok(scheduler_tick(w->s, w->now_us));
    do_actions(w);
    check_books(w);
}

static void chaos(unsigned seed)
{
    struct world w = {.seed = seed, .now_us = START};
    struct scheduler_options patient = habits;
    patient.max_attempts = patient.max_refusals = patient.max_kills = 1000000;
    w.s = make_with(&patient, TASKS);
    for (int i = 0; i < STEPS && !w.done; i++) {
        w.calm = i > 300 * (int)(seed % 5); /* what went wrong until then must not stay so */
        step(&w);
    }
    if (!w.done) fail_msg("seed %u: the stage did not end", seed);
    for (int i = 0; i < TASKS; i++) assert_int_equal(w.accepted[i], 1);
    scheduler_destroy(w.s);
}

static void every_task_is_accepted_exactly_once_whatever_happens(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 300; seed++) {
        if (seed % 100 == 1) print_message("seeds from %u\n", seed);
        chaos(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_is_accepted_exactly_once_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
