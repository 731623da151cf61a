/* Scheduler: what it promises, one fact a test, and a property test over random events. */
#include "tests/unit.h"

#include "coordinator/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scheduler_options habits = {.window = 2, .max_attempts = 4, .max_kills = 3};

static struct scheduler *make(int64_t n_tasks, const int64_t *costs)
{
    struct scheduler *scheduler = NULL;
    assert_ok(scheduler_create(&habits, &scheduler));
    assert_ok(scheduler_begin(scheduler, n_tasks, costs));
    return scheduler;
}

static void expect_assign(struct scheduler *scheduler, int worker, int64_t task, int attempt)
{
    const struct scheduler_action action = scheduler_next(scheduler);
    assert_int_equal(action.kind, SCHEDULER_ASSIGN);
    assert_int_equal(action.worker, worker);
    assert_int_equal(action.task, task);
    assert_int_equal(action.attempt, attempt);
}

static void expect_nothing(struct scheduler *scheduler)
{
    assert_int_equal(scheduler_next(scheduler).kind, SCHEDULER_NOTHING);
}

static bool result(struct scheduler *scheduler, int worker, int64_t task, bool failed)
{
    bool accepted = false;
    assert_ok(scheduler_result(scheduler, worker, task, failed, &accepted));
    return accepted;
}

static void nothing_is_assigned_without_workers(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(3, NULL);
    expect_nothing(scheduler);
    scheduler_destroy(scheduler);
}

static void long_tasks_go_first_and_ties_by_index(void **state)
{
    (void)state;
    const int64_t costs[] = {5, 9, 5, 7};
    struct scheduler *scheduler = make(4, costs);
    assert_ok(scheduler_joined(scheduler, 0));
    assert_ok(scheduler_joined(scheduler, 1));
    expect_assign(scheduler, 0, 1, 1);
    expect_assign(scheduler, 1, 3, 1);
    expect_assign(scheduler, 0, 0, 1);
    expect_assign(scheduler, 1, 2, 1);
    scheduler_destroy(scheduler);
}

static void a_worker_holds_no_more_than_its_window(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(3, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    expect_assign(scheduler, 0, 0, 1);
    expect_assign(scheduler, 0, 1, 1);
    expect_nothing(scheduler);
    assert_true(result(scheduler, 0, 0, false));
    expect_assign(scheduler, 0, 2, 1);
    scheduler_destroy(scheduler);
}

static void a_lost_workers_tasks_go_to_another(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(2, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    expect_assign(scheduler, 0, 0, 1);
    expect_assign(scheduler, 0, 1, 1);
    assert_ok(scheduler_lost(scheduler, 0, true));
    expect_nothing(scheduler);
    assert_ok(scheduler_joined(scheduler, 1));
    expect_assign(scheduler, 1, 0, 2);
    expect_assign(scheduler, 1, 1, 2);
    scheduler_destroy(scheduler);
}

static void the_first_result_wins_and_a_second_is_not_merged(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(1, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    expect_assign(scheduler, 0, 0, 1);
    assert_ok(scheduler_lost(scheduler, 0, false));
    assert_ok(scheduler_joined(scheduler, 1));
    expect_assign(scheduler, 1, 0, 2);
    assert_true(result(scheduler, 0, 0, false)); /* the lost one was alive after all */
    assert_false(result(scheduler, 1, 0, false));
    assert_int_equal(scheduler_next(scheduler).kind, SCHEDULER_STAGE_DONE);
    expect_nothing(scheduler); /* told once */
    scheduler_destroy(scheduler);
}

static void a_late_result_takes_its_task_from_the_waiting_ones(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(1, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    expect_assign(scheduler, 0, 0, 1);
    assert_ok(scheduler_lost(scheduler, 0, false));
    assert_true(result(scheduler, 0, 0, false));
    assert_ok(scheduler_joined(scheduler, 1));
    assert_int_equal(scheduler_next(scheduler).kind, SCHEDULER_STAGE_DONE);
    scheduler_destroy(scheduler);
}

static void a_failed_task_is_tried_elsewhere(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(1, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    assert_ok(scheduler_joined(scheduler, 1));
    expect_assign(scheduler, 0, 0, 1);
    assert_false(result(scheduler, 0, 0, true));
    expect_assign(scheduler, 1, 0, 2);
    scheduler_destroy(scheduler);
}

static void four_failures_fail_the_stage_and_name_the_task(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(2, NULL);
    assert_ok(scheduler_joined(scheduler, 0));
    expect_assign(scheduler, 0, 0, 1);
    expect_assign(scheduler, 0, 1, 1);
    for (int attempt = 1; attempt <= 4; attempt++) {
        assert_false(result(scheduler, 0, 1, true));
        if (attempt < 4) expect_assign(scheduler, 0, 1, attempt + 1);
    }
    const struct scheduler_action action = scheduler_next(scheduler);
    assert_int_equal(action.kind, SCHEDULER_STAGE_FAILED);
    assert_int_equal(action.task, 1);
    assert_false(action.quarantined);
    scheduler_destroy(scheduler);
}

static void a_task_that_takes_three_workers_down_is_quarantined(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(1, NULL);
    for (int worker = 0; worker < 3; worker++) {
        assert_ok(scheduler_joined(scheduler, worker));
        expect_assign(scheduler, worker, 0, worker + 1);
        assert_ok(scheduler_lost(scheduler, worker, true));
    }
    const struct scheduler_action action = scheduler_next(scheduler);
    assert_int_equal(action.kind, SCHEDULER_STAGE_FAILED);
    assert_true(action.quarantined);
    scheduler_destroy(scheduler);
}

static void only_the_running_task_is_charged_with_a_crash(void **state)
{
    (void)state;
    struct scheduler *scheduler = make(2, NULL);
    for (int worker = 0; worker < 2; worker++) {
        assert_ok(scheduler_joined(scheduler, worker));
        expect_assign(scheduler, worker, 0, worker + 1);
        expect_assign(scheduler, worker, 1, worker + 1);
        assert_ok(scheduler_lost(scheduler, worker, true));
    }
    assert_ok(scheduler_joined(scheduler, 2));
    expect_assign(scheduler, 2, 0, 3);
    assert_true(result(scheduler, 2, 0, false));
    expect_assign(scheduler, 2, 1, 3);
    assert_ok(scheduler_lost(scheduler, 2, true)); /* the first crash of task 1 */
    assert_ok(scheduler_joined(scheduler, 3));
    expect_assign(scheduler, 3, 1, 4);
    scheduler_destroy(scheduler);
}

static void a_result_of_a_task_that_is_not_there_is_refused(void **state)
{
    (void)state;
    bool accepted = true;
    struct scheduler *scheduler = make(2, NULL);
    assert_status(LODE_E_MESSAGE, scheduler_result(scheduler, 0, 2, false, &accepted));
    assert_status(LODE_E_MESSAGE, scheduler_result(scheduler, 0, -1, false, &accepted));
    assert_false(accepted);
    scheduler_destroy(scheduler);
}

/* Random joins, losses, failures, late and doubled results: every task is accepted exactly once. */
static void chaos(unsigned seed)
{
    enum { TASKS = 40, WORKERS = 6, STEPS = 200000 };
    struct scheduler *scheduler = NULL;
    const struct scheduler_options patient = {.window = 2, .max_attempts = 1000, .max_kills = 1000};
    int accepted_count[TASKS] = {0}, failures = 0;
    assert_ok(scheduler_create(&patient, &scheduler));
    assert_ok(scheduler_begin(scheduler, TASKS, NULL));
    bool done = false;
    for (int step = 0; step < STEPS && !done; step++) {
        const int worker = rand_r(&seed) % WORKERS, dice = rand_r(&seed) % 20;
        int64_t held[8];
        if (dice < 3) {
            assert_ok(scheduler_joined(scheduler, worker));
        } else if (dice == 3) {
            assert_ok(scheduler_lost(scheduler, worker, rand_r(&seed) % 2 == 0));
        } else {
            const int n = scheduler_held(scheduler, worker, held, 8);
            const bool stray = dice == 4; /* a task it may not hold (any more) */
            const int64_t task = stray ? rand_r(&seed) % TASKS : n > 0 ? held[0] : -1;
            const bool failed = !stray && failures < 100 && dice == 5;
            if (task >= 0) {
                failures += failed;
                accepted_count[task] += result(scheduler, worker, task, failed);
            }
        }
        for (;;) {
            const struct scheduler_action action = scheduler_next(scheduler);
            done = done || action.kind == SCHEDULER_STAGE_DONE;
            if (action.kind == SCHEDULER_NOTHING || done) break;
            assert_int_equal(action.kind, SCHEDULER_ASSIGN);
            assert_int_equal(accepted_count[action.task], 0);
        }
    }
    assert_true(done);
    for (int i = 0; i < TASKS; i++) assert_int_equal(accepted_count[i], 1);
    scheduler_destroy(scheduler);
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
        cmocka_unit_test(nothing_is_assigned_without_workers),
        cmocka_unit_test(long_tasks_go_first_and_ties_by_index),
        cmocka_unit_test(a_worker_holds_no_more_than_its_window),
        cmocka_unit_test(a_lost_workers_tasks_go_to_another),
        cmocka_unit_test(the_first_result_wins_and_a_second_is_not_merged),
        cmocka_unit_test(a_late_result_takes_its_task_from_the_waiting_ones),
        cmocka_unit_test(a_failed_task_is_tried_elsewhere),
        cmocka_unit_test(four_failures_fail_the_stage_and_name_the_task),
        cmocka_unit_test(a_task_that_takes_three_workers_down_is_quarantined),
        cmocka_unit_test(only_the_running_task_is_charged_with_a_crash),
        cmocka_unit_test(a_result_of_a_task_that_is_not_there_is_refused),
        cmocka_unit_test(every_task_is_accepted_exactly_once_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
