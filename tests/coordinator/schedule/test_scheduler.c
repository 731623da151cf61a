/* Scheduler: what it promises of results, failures and crashes, one fact a test. Who gets what is
 * in test_assign.c, leases and beats in test_audit.c, everything at once in test_chaos.c. */
#include "tests/coordinator/schedule/scheduler_world.h"

static void the_first_result_wins_and_the_other_copy_is_cancelled(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_FRESH);
    assert_true(end(s, START + 1, 0, 0, 1, SCHEDULER_OK)); /* the lost one was alive after all */
    expect_cancel(s, START + 1, 1, 0, 2, false);
    (void)expect(s, START + 1, SCHEDULER_STAGE_DONE);
    assert_false(end(s, START + 2, 1, 0, 2, SCHEDULER_OK));
    expect_nothing(s, START + 2); /* the end is told once */
    scheduler_destroy(s);
}

static void a_late_result_takes_its_task_from_the_waiting_ones(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    assert_int_equal(scheduler_counts(s).waiting, 1);
    assert_true(end(s, START, 0, 0, 1, SCHEDULER_OK));
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_OK)); /* said twice, accepted once */
    assert_ok(scheduler_joined(s, 1, START));
    assert_int_equal(scheduler_counts(s).waiting, 0);
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    expect_nothing(s, START);
    scheduler_destroy(s);
}

static void a_failed_task_is_tried_elsewhere(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_FAILED));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_RETRY);
    assert_false(end(s, START, 1, 0, 2, SCHEDULER_FAILED));
    expect_assign(s, START, 0, 0, 3, SCHEDULER_RETRY); /* failed with all that are here */
    assert_int_equal(look(s, 0).failures, 2);
    scheduler_destroy(s);
}

static void a_failure_that_is_late_is_not_counted(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_FAILED));
    assert_int_equal(look(s, 0).failures, 0);
    assert_int_equal(scheduler_counts(s).waiting, 1);
    scheduler_destroy(s);
}

static void four_failures_fail_the_stage_and_name_the_task(void **state)
{
    (void)state;
    struct scheduler *s = make(2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    for (uint64_t attempt = 1; attempt <= 4; attempt++) {
        assert_false(end(s, START, 0, 1, attempt, SCHEDULER_FAILED));
        if (attempt < 4) expect_assign(s, START, 0, 1, attempt + 1, SCHEDULER_RETRY);
    }
    const struct scheduler_action action = expect(s, START, SCHEDULER_STAGE_FAILED);
    assert_int_equal(action.attempt.task, 1);
    assert_false(action.quarantined);
    expect_nothing(s, START);
    scheduler_destroy(s);
}

static void a_task_that_takes_three_workers_down_is_quarantined(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    for (int worker = 0; worker < 3; worker++) {
        const struct lode_attempt running = attempt_of(0, (uint64_t)worker + 1);
        assert_ok(scheduler_joined(s, worker, START));
        expect_assign(s, START, worker, 0, running.attempt,
                      worker ? SCHEDULER_RETRY : SCHEDULER_FRESH);
        assert_ok(scheduler_lost(s, worker));
        assert_ok(scheduler_crashed(s, worker, &running, START));
    }
    const struct scheduler_action action = expect(s, START, SCHEDULER_STAGE_FAILED);
    assert_int_equal(action.attempt.task, 0);
    assert_true(action.quarantined);
    scheduler_destroy(s);
}

static void a_lost_worker_alone_charges_nobody(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    for (int round = 0; round < 20; round++) {
        assert_ok(scheduler_joined(s, 0, START));
        expect_assign(s, START, 0, 0, (uint64_t)round + 1, SCHEDULER_FRESH);
        assert_ok(scheduler_lost(s, 0));
    }
    assert_int_equal(look(s, 0).kills, 0);
    assert_int_equal(look(s, 0).attempts, 20);
    scheduler_destroy(s);
}

static void a_result_of_a_task_that_is_not_there_is_refused(void **state)
{
    (void)state;
    bool accepted = true, held = true;
    const struct lode_attempt none = attempt_of(2, 1), huge = attempt_of(UINT64_MAX, 1);
    struct scheduler *s = make(2);
    assert_status(LODE_E_MESSAGE,
                  scheduler_result(s, 0, &none, SCHEDULER_OK, START, &accepted, &held));
    assert_status(LODE_E_MESSAGE,
                  scheduler_result(s, 0, &huge, SCHEDULER_OK, START, &accepted, &held));
    assert_false(accepted);
    assert_false(held);
    scheduler_destroy(s);
}

static void bad_input_is_tried_once_more_elsewhere_and_then_told(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    for (int w = 0; w < 3; w++) assert_ok(scheduler_joined(s, w, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_REFUSED));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_RETRY);
    assert_false(end(s, START, 1, 0, 2, SCHEDULER_REFUSED));
    assert_int_equal(expect(s, START, SCHEDULER_STAGE_FAILED).attempt.task, 0);
    assert_int_equal(look(s, 0).failures, 2);
    scheduler_destroy(s);
}

/* Two failures of another kind before it do not make the first refusal the last. */
static void only_refusals_count_against_their_limit(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_FAILED));
    expect_assign(s, START, 0, 0, 2, SCHEDULER_RETRY);
    assert_false(end(s, START, 0, 0, 2, SCHEDULER_FAILED));
    expect_assign(s, START, 0, 0, 3, SCHEDULER_RETRY);
    assert_false(end(s, START, 0, 0, 3, SCHEDULER_REFUSED));
    expect_assign(s, START, 0, 0, 4, SCHEDULER_RETRY);
    assert_false(end(s, START, 0, 0, 4, SCHEDULER_REFUSED));
    (void)expect(s, START, SCHEDULER_STAGE_FAILED);
    scheduler_destroy(s);
}

static void a_result_is_held_by_the_books_until_it_has_come(void **state)
{
    (void)state;
    bool accepted = true, held = false;
    const struct lode_attempt ended = attempt_of(0, 1);
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_result(s, 0, &ended, SCHEDULER_FAILED, START, &accepted, &held));
    assert_false(accepted);
    assert_true(held);
    assert_ok(scheduler_result(s, 0, &ended, SCHEDULER_FAILED, START, &accepted, &held));
    assert_false(held); /* said twice */
    assert_int_equal(look(s, 0).failures, 1);
    scheduler_destroy(s);
}

/* Handed back by a worker that leaves, or cancelled on the way out of the books: no fault of its
 * own. But who does nothing else is not tried for ever. */
static void
an_attempt_that_stops_unasked_waits_again_and_is_a_failure_from_the_eighth_on(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    for (uint64_t attempt = 1; attempt <= 8; attempt++) {
        assert_int_equal(look(s, 0).failures, 0);
        expect_assign(s, START, 0, 0, attempt, SCHEDULER_FRESH);
        assert_false(end(s, START, 0, 0, attempt, SCHEDULER_STOPPED));
    }
    assert_int_equal(look(s, 0).failures, 1);
    expect_assign(s, START, 0, 0, 9, SCHEDULER_RETRY);
    scheduler_destroy(s);
}

static void with_allow_partial_the_stage_goes_on_without_the_task(void **state)
{
    (void)state;
    struct scheduler_options partial = habits;
    partial.allow_partial = true;
    partial.max_attempts = 1;
    struct scheduler *s = make_with(&partial, 2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_FAILED));
    const struct scheduler_action action = expect(s, START, SCHEDULER_GIVEN_UP);
    assert_int_equal(action.attempt.task, 0);
    assert_false(action.quarantined);
    expect_nothing(s, START);
    assert_int_equal(look(s, 0).state, SCHEDULER_MISSING);
    assert_true(end(s, START, 0, 1, 1, SCHEDULER_OK));
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    assert_int_equal(scheduler_counts(s).missing, 1);
    assert_int_equal(scheduler_counts(s).done, 1);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_OK)); /* too late: it was given up */
    scheduler_destroy(s);
}

static void with_allow_partial_a_quarantined_task_is_given_up_too(void **state)
{
    (void)state;
    struct scheduler_options partial = habits;
    partial.allow_partial = true;
    partial.max_kills = 1;
    const struct lode_attempt deadly = attempt_of(0, 1);
    struct scheduler *s = make_with(&partial, 1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_crashed(s, 0, &deadly, START));
    assert_true(expect(s, START, SCHEDULER_GIVEN_UP).quarantined);
    assert_ok(scheduler_crashed(s, 0, &deadly, START)); /* told once */
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    assert_int_equal(scheduler_counts(s).waiting, 0);
    scheduler_destroy(s);
}

static void a_new_stage_knows_nothing_of_the_old_one(void **state)
{
    (void)state;
    struct scheduler *s = make(3);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    const struct scheduler_stage next_stage = {.id = STAGE + 1, .n_tasks = 1};
    assert_ok(scheduler_begin(s, &next_stage, START));
    expect_cancel(s, START, 0, 1, 1, false);
    expect_cancel(s, START, 0, 0, 1, false);
    expect_nothing(s, START); /* the worker is busy with what nobody wants */
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_OK));
    assert_false(end(s, START, 0, 1, 1, SCHEDULER_STOPPED));
    assert_int_equal(scheduler_counts(s).done, 0);
    const struct scheduler_action action = expect(s, START, SCHEDULER_ASSIGN);
    assert_int_equal(action.attempt.stage, STAGE + 1);
    assert_int_equal(action.attempt.attempt, 1);
    assert_false(end(s, START, 0, 2, 1, SCHEDULER_OK)); /* the old stage's third task */
    scheduler_destroy(s);
}

static void drained_is_told_once_and_not_before_all_that_is_out_has_ended(void **state)
{
    (void)state;
    struct scheduler *s = make(4);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    scheduler_drain(s);
    (void)expect_about(s, START, SCHEDULER_CANCEL, 0, 1, 1); /* it only waits there */
    expect_nothing(s, START);
    assert_true(end(s, START, 0, 0, 1, SCHEDULER_OK));
    (void)expect(s, START, SCHEDULER_DRAINED);
    expect_nothing(s, START);
    scheduler_destroy(s);
}

/* Of an earlier epoch: their results are in the journal. */
static void tasks_that_are_done_already_are_not_given_out(void **state)
{
    (void)state;
    const bool done[4] = {true, false, true, false};
    struct scheduler *s = NULL;
    assert_ok(scheduler_create(&habits, &s));
    const struct scheduler_stage stage = {.id = STAGE, .n_tasks = 4, .done = done};
    assert_ok(scheduler_begin(s, &stage, START));
    assert_int_equal(scheduler_counts(s).done, 2);
    assert_int_equal(scheduler_counts(s).waiting, 2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_true(end(s, START, 0, 1, 1, SCHEDULER_OK));
    expect_assign(s, START, 0, 3, 1, SCHEDULER_FRESH);
    assert_false(end(s, START, 0, 0, 1, SCHEDULER_OK)); /* an attempt that nobody asked for */
    assert_true(end(s, START, 0, 3, 1, SCHEDULER_OK));
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    scheduler_destroy(s);
}

static void a_stage_that_is_done_already_ends_at_once(void **state)
{
    (void)state;
    const bool done[2] = {true, true};
    struct scheduler *s = NULL;
    assert_ok(scheduler_create(&habits, &s));
    const struct scheduler_stage stage = {.id = STAGE, .n_tasks = 2, .done = done};
    assert_ok(scheduler_begin(s, &stage, START));
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    expect_nothing(s, START);
    scheduler_destroy(s);
}

static void a_stage_without_tasks_is_refused(void **state)
{
    (void)state;
    struct scheduler *s = NULL;
    assert_ok(scheduler_create(&habits, &s));
    const struct scheduler_stage stage = {.id = STAGE};
    assert_status(LODE_E_BUG, scheduler_begin(s, &stage, START));
    expect_nothing(s, START);
    scheduler_destroy(s);
    scheduler_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_result_wins_and_the_other_copy_is_cancelled),
        cmocka_unit_test(a_late_result_takes_its_task_from_the_waiting_ones),
        cmocka_unit_test(a_failed_task_is_tried_elsewhere),
        cmocka_unit_test(a_failure_that_is_late_is_not_counted),
        cmocka_unit_test(four_failures_fail_the_stage_and_name_the_task),
        cmocka_unit_test(bad_input_is_tried_once_more_elsewhere_and_then_told),
        cmocka_unit_test(only_refusals_count_against_their_limit),
        cmocka_unit_test(a_task_that_takes_three_workers_down_is_quarantined),
        cmocka_unit_test(a_lost_worker_alone_charges_nobody),
        cmocka_unit_test(a_result_of_a_task_that_is_not_there_is_refused),
        cmocka_unit_test(a_result_is_held_by_the_books_until_it_has_come),
        cmocka_unit_test(
            an_attempt_that_stops_unasked_waits_again_and_is_a_failure_from_the_eighth_on),
        cmocka_unit_test(with_allow_partial_the_stage_goes_on_without_the_task),
        cmocka_unit_test(with_allow_partial_a_quarantined_task_is_given_up_too),
        cmocka_unit_test(a_new_stage_knows_nothing_of_the_old_one),
        cmocka_unit_test(drained_is_told_once_and_not_before_all_that_is_out_has_ended),
        cmocka_unit_test(tasks_that_are_done_already_are_not_given_out),
        cmocka_unit_test(a_stage_that_is_done_already_ends_at_once),
        cmocka_unit_test(a_stage_without_tasks_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
