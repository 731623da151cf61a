/* What the tests of the scheduler share: one with the habits of the tests, and the words in which
 * they say what must come out of it. */
#ifndef LODE_TESTS_SCHEDULER_WORLD_H
#define LODE_TESTS_SCHEDULER_WORLD_H

#include "tests/unit.h"

#include "coordinator/schedule/scheduler.h"

enum { SECOND = 1000000, START = 50 * SECOND, STAGE = 1 };

static const struct scheduler_options habits = {.max_attempts = 4,
                                                .max_refusals = 2,
                                                .max_kills = 3,
                                                .lease_us = 10 * SECOND,
                                                .transit_us = 2 * SECOND,
                                                .slow_us = 2 * SECOND,
                                                .speculation = true};

static inline struct scheduler *make_with(const struct scheduler_options *options, int64_t n_tasks)
{
    struct scheduler *scheduler = NULL;
    assert_ok(scheduler_create(options, &scheduler));
    const struct scheduler_stage stage = {.id = STAGE, .n_tasks = n_tasks};
    assert_ok(scheduler_begin(scheduler, &stage, START));
    return scheduler;
}

static inline struct scheduler *make(int64_t n_tasks)
{
    return make_with(&habits, n_tasks);
}

static inline struct lode_attempt attempt_of(uint64_t task, uint64_t attempt)
{
    return (struct lode_attempt){.stage = STAGE, .task = task, .attempt = attempt};
}

static inline struct scheduler_action next(struct scheduler *scheduler, int64_t now_us)
{
    struct scheduler_action action;
    assert_ok(scheduler_next(scheduler, now_us, &action));
    return action;
}

static inline struct scheduler_action expect(struct scheduler *scheduler, int64_t now_us,
                                             enum scheduler_action_kind kind)
{
    const struct scheduler_action action = next(scheduler, now_us);
    assert_int_equal(action.kind, kind);
    return action;
}

static inline void expect_nothing(struct scheduler *scheduler, int64_t now_us)
{
    (void)expect(scheduler, now_us, SCHEDULER_NOTHING);
}

static inline struct scheduler_action expect_about(struct scheduler *scheduler, int64_t now_us,
                                                   enum scheduler_action_kind kind, int worker,
                                                   uint64_t task, uint64_t attempt)
{
    const struct scheduler_action action = expect(scheduler, now_us, kind);
    assert_int_equal(action.worker, worker);
    assert_int_equal(action.attempt.stage, STAGE);
    assert_int_equal(action.attempt.task, task);
    assert_int_equal(action.attempt.attempt, attempt);
    return action;
}

static inline void expect_assign(struct scheduler *scheduler, int64_t now_us, int worker,
                                 uint64_t task, uint64_t attempt, enum scheduler_reason reason)
{
    const struct scheduler_action action =
        expect_about(scheduler, now_us, SCHEDULER_ASSIGN, worker, task, attempt);
    assert_int_equal(action.reason, reason);
}

static inline void expect_cancel(struct scheduler *scheduler, int64_t now_us, int worker,
                                 uint64_t task, uint64_t attempt, bool force)
{
    const struct scheduler_action action =
        expect_about(scheduler, now_us, SCHEDULER_CANCEL, worker, task, attempt);
    assert_int_equal(action.force, force);
}

/* An attempt ends; was it accepted? */
static inline bool end(struct scheduler *scheduler, int64_t now_us, int worker, uint64_t task,
                       uint64_t attempt, enum scheduler_outcome outcome)
{
    bool accepted = false, held = false;
    const struct lode_attempt ended = attempt_of(task, attempt);
    assert_ok(scheduler_result(scheduler, worker, &ended, outcome, now_us, &accepted, &held));
    return accepted;
}

/* A beat that lists one attempt of the stage. */
static inline void beat_with(struct scheduler *scheduler, int64_t now_us, int worker, uint64_t task,
                             uint64_t attempt, enum lode_held_state state, uint64_t progress)
{
    const struct lode_held held = {attempt_of(task, attempt), state};
    assert_ok(scheduler_beat(scheduler, worker, &held, 1, progress, now_us));
}

static inline struct scheduler_task look(const struct scheduler *scheduler, int64_t task)
{
    struct scheduler_task view = {0};
    assert_true(scheduler_task(scheduler, task, &view));
    return view;
}

static inline int held_count(const struct scheduler *scheduler, int worker)
{
    struct scheduler_entry entry;
    int count = 0;
    while (scheduler_held(scheduler, worker, count, &entry)) count++;
    return count;
}

#endif
