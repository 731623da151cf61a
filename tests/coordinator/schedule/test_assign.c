/* Assign: which task goes to which worker: order, batches, dangerous tasks, stealing, speculation.
 */
#include "tests/coordinator/schedule/scheduler_world.h"

enum { LOOK = 10000 }; /* idle workers that found nothing at others look again after that */

static void nothing_is_assigned_without_workers(void **state)
{
    (void)state;
    struct scheduler *s = make(3);
    expect_nothing(s, START);
    scheduler_destroy(s);
}

static void long_tasks_go_first_and_ties_by_index(void **state)
{
    (void)state;
    int64_t costs[] = {5, 9, 5, 7};
    struct scheduler *s = NULL;
    assert_ok(scheduler_create(&habits, &s));
    const struct scheduler_stage stage = {.id = STAGE, .n_tasks = 4, .costs = costs};
    assert_ok(scheduler_begin(s, &stage, START));
    for (int i = 0; i < 4; i++) costs[i] = 0; /* they were copied */
    assert_ok(scheduler_joined(s, 0, START));
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 1, 3, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 1, 2, 1, SCHEDULER_FRESH);
    assert_int_equal(look(s, 1).cost, 9);
    scheduler_destroy(s);
}

static void of_long_tasks_a_worker_holds_one_that_runs_and_one_that_waits(void **state)
{
    (void)state;
    struct scheduler *s = make(5);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    expect_nothing(s, START);
    assert_true(end(s, START + SECOND, 0, 0, 1, SCHEDULER_OK));
    expect_assign(s, START + SECOND, 0, 2, 1, SCHEDULER_FRESH);
    expect_nothing(s, START + SECOND);
    scheduler_destroy(s);
}

static int take_all(struct scheduler *s, int64_t now_us)
{
    int taken = 0;
    while (next(s, now_us).kind == SCHEDULER_ASSIGN) taken++;
    return taken;
}

static void short_tasks_are_given_many_at_a_time_and_again_when_half_are_done(void **state)
{
    (void)state;
    struct scheduler *s = make(1000);
    assert_ok(scheduler_joined(s, 0, START));
    assert_int_equal(take_all(s, START), 2);
    assert_true(end(s, START + 1000, 0, 0, 1, SCHEDULER_OK)); /* a millisecond */
    assert_int_equal(take_all(s, START + 1000), 39);
    assert_int_equal(held_count(s, 0), 40); /* two batches of twenty milliseconds */
    for (uint64_t task = 1; task <= 19; task++) {
        assert_true(end(s, START + 1000 + (int64_t)task * 1000, 0, task, 1, SCHEDULER_OK));
        assert_int_equal(take_all(s, START + 1000 + (int64_t)task * 1000), 0);
    }
    assert_true(end(s, START + 21000, 0, 20, 1, SCHEDULER_OK));
    assert_int_equal(take_all(s, START + 21000), 20);
    scheduler_destroy(s);
}

static void of_the_shortest_tasks_a_worker_holds_two_hundred(void **state)
{
    (void)state;
    struct scheduler *s = make(1000);
    assert_ok(scheduler_joined(s, 0, START));
    assert_int_equal(take_all(s, START), 2);
    assert_true(end(s, START + 1, 0, 0, 1, SCHEDULER_OK)); /* a microsecond */
    (void)take_all(s, START + 1);
    assert_int_equal(held_count(s, 0), 200);
    scheduler_destroy(s);
}

static void the_last_short_tasks_are_shared(void **state)
{
    (void)state;
    struct scheduler *s = make(20);
    for (int worker = 0; worker < 4; worker++) assert_ok(scheduler_joined(s, worker, START));
    assert_int_equal(take_all(s, START), 8);
    assert_true(end(s, START + 1000, 0, 0, 1, SCHEDULER_OK));
    (void)take_all(s, START + 1000);
    assert_true(held_count(s, 0) <= 6); /* of the twelve that waited, not all */
    scheduler_destroy(s);
}

static void a_lost_workers_tasks_go_to_another(void **state)
{
    (void)state;
    struct scheduler *s = make(2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    expect_nothing(s, START);
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_FRESH);
    expect_assign(s, START, 1, 1, 2, SCHEDULER_FRESH);
    scheduler_destroy(s);
}

static void a_leaving_worker_keeps_what_it_runs_and_hands_back_the_rest(void **state)
{
    (void)state;
    struct scheduler *s = make(3);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_leaving(s, 0));
    expect_nothing(s, START);
    assert_int_equal(held_count(s, 0), 1);
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 1, 2, SCHEDULER_FRESH);
    expect_assign(s, START, 1, 2, 1, SCHEDULER_FRESH);
    assert_true(end(s, START, 0, 0, 1, SCHEDULER_OK));
    expect_nothing(s, START); /* nothing more for who leaves */
    scheduler_destroy(s);
}

/* Two workers with two tasks each; the first dies of task 0. */
static struct scheduler *make_dangerous(void)
{
    const struct lode_attempt deadly = attempt_of(0, 1);
    struct scheduler *s = make(4);
    assert_ok(scheduler_joined(s, 0, START));
    assert_ok(scheduler_joined(s, 1, START));
    assert_int_equal(take_all(s, START), 4);
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_crashed(s, 0, &deadly, START));
    return s;
}

static void a_dangerous_task_goes_to_an_empty_worker(void **state)
{
    (void)state;
    struct scheduler *s = make_dangerous();
    expect_nothing(s, START);
    assert_true(end(s, START + SECOND, 1, 1, 1, SCHEDULER_OK));
    expect_assign(s, START + SECOND, 1, 2, 2, SCHEDULER_FRESH); /* it holds task 3: not task 0 */
    assert_true(end(s, START + SECOND, 1, 3, 1, SCHEDULER_OK));
    expect_nothing(s, START + SECOND);
    assert_true(end(s, START + SECOND, 1, 2, 2, SCHEDULER_OK));
    expect_assign(s, START + SECOND, 1, 0, 2, SCHEDULER_RETRY);
    scheduler_destroy(s);
}

static void a_dangerous_task_travels_alone(void **state)
{
    (void)state;
    struct scheduler *s = make_dangerous();
    assert_ok(scheduler_joined(s, 2, START));
    expect_assign(s, START, 2, 0, 2, SCHEDULER_RETRY);
    expect_nothing(s, START); /* task 2 waits, worker 2 would have room */
    assert_int_equal(scheduler_counts(s).waiting, 1);
    assert_true(end(s, START, 2, 0, 2, SCHEDULER_OK));
    expect_assign(s, START, 2, 2, 2, SCHEDULER_FRESH);
    scheduler_destroy(s);
}

static void an_idle_worker_takes_over_what_waits_at_another(void **state)
{
    (void)state;
    struct scheduler *s = make(2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 1, 2, SCHEDULER_STOLEN);
    expect_cancel(s, START, 0, 1, 1, false);
    expect_nothing(s, START);
    assert_int_equal(held_count(s, 0), 1); /* what waits and is cancelled is out of the books */
    assert_int_equal(look(s, 1).copies, 1);
    assert_true(end(s, START, 0, 1, 1, SCHEDULER_OK)); /* the cancel came too late: as good */
    expect_cancel(s, START, 1, 1, 2, false);
    scheduler_destroy(s);
}

static void what_runs_is_not_stolen(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_joined(s, 1, START));
    expect_nothing(s, START);
    scheduler_destroy(s);
}

static void
idle_workers_that_found_nothing_look_at_others_again_after_ten_milliseconds(void **state)
{
    (void)state;
    struct scheduler *s = make(3);
    assert_ok(scheduler_joined(s, 0, START));
    assert_int_equal(take_all(s, START), 2);
    assert_true(end(s, START + SECOND, 0, 0, 1, SCHEDULER_OK));
    expect_assign(s, START + SECOND, 0, 2, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_joined(s, 1, START));
    const int64_t looked = START + SECOND + SECOND / 2 - 1; /* half the median, but for one */
    expect_nothing(s, looked);
    expect_nothing(s, looked + LOOK - 1);
    expect_assign(s, looked + LOOK, 1, 2, 2, SCHEDULER_STOLEN);
    scheduler_destroy(s);
}

/* Task 0 runs at worker 0 since START; task 1 took worker 1 `pace_us`. */
static struct scheduler *make_straggler(const struct scheduler_options *options, int64_t pace_us)
{
    struct scheduler *s = make_with(options, 2);
    assert_ok(scheduler_joined(s, 0, START));
    assert_ok(scheduler_joined(s, 1, START));
    assert_int_equal(take_all(s, START), 2);
    assert_true(end(s, START + pace_us, 1, 1, 1, SCHEDULER_OK));
    return s;
}

static void a_task_is_repeated_after_three_times_the_median_and_not_before(void **state)
{
    (void)state;
    struct scheduler *s = make_straggler(&habits, SECOND);
    assert_int_equal(scheduler_counts(s).median_us, SECOND);
    expect_nothing(s, START + 3 * SECOND);
    expect_assign(s, START + 3 * SECOND + LOOK, 1, 0, 2, SCHEDULER_SPECULATED);
    assert_ok(scheduler_joined(s, 2, START + 4 * SECOND));
    expect_nothing(s, START + 9 * SECOND); /* two copies, no more */
    assert_true(end(s, START + 5 * SECOND, 1, 0, 2, SCHEDULER_OK));
    expect_cancel(s, START + 5 * SECOND, 0, 0, 1, false);
    (void)expect(s, START + 5 * SECOND, SCHEDULER_STAGE_DONE);
    assert_false(end(s, START + 6 * SECOND, 0, 0, 1, SCHEDULER_OK));
    scheduler_destroy(s);
}

static void a_short_task_is_not_repeated_before_it_is_slow_for_a_person(void **state)
{
    (void)state;
    struct scheduler *s = make_straggler(&habits, SECOND / 100);
    expect_nothing(s, START + 2 * SECOND);
    expect_assign(s, START + 2 * SECOND + LOOK, 1, 0, 2, SCHEDULER_SPECULATED);
    scheduler_destroy(s);
}

static void the_copy_that_fails_leaves_the_other_alone(void **state)
{
    (void)state;
    struct scheduler *s = make_straggler(&habits, SECOND);
    expect_assign(s, START + 4 * SECOND, 1, 0, 2, SCHEDULER_SPECULATED);
    assert_false(end(s, START + 5 * SECOND, 1, 0, 2, SCHEDULER_FAILED));
    expect_nothing(s, START + 9 * SECOND); /* it went wrong once: not repeated beside the other */
    assert_int_equal(look(s, 0).copies, 1);
    assert_true(end(s, START + 9 * SECOND, 0, 0, 1, SCHEDULER_OK));
    (void)expect(s, START + 9 * SECOND, SCHEDULER_STAGE_DONE);
    scheduler_destroy(s);
}

static void nothing_is_repeated_when_speculation_is_off(void **state)
{
    (void)state;
    struct scheduler_options plain = habits;
    plain.speculation = false;
    struct scheduler *s = make_straggler(&plain, SECOND);
    expect_nothing(s, START + 9 * SECOND);
    scheduler_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_assigned_without_workers),
        cmocka_unit_test(long_tasks_go_first_and_ties_by_index),
        cmocka_unit_test(of_long_tasks_a_worker_holds_one_that_runs_and_one_that_waits),
        cmocka_unit_test(short_tasks_are_given_many_at_a_time_and_again_when_half_are_done),
        cmocka_unit_test(of_the_shortest_tasks_a_worker_holds_two_hundred),
        cmocka_unit_test(the_last_short_tasks_are_shared),
        cmocka_unit_test(a_lost_workers_tasks_go_to_another),
        cmocka_unit_test(a_leaving_worker_keeps_what_it_runs_and_hands_back_the_rest),
        cmocka_unit_test(a_dangerous_task_goes_to_an_empty_worker),
        cmocka_unit_test(a_dangerous_task_travels_alone),
        cmocka_unit_test(an_idle_worker_takes_over_what_waits_at_another),
        cmocka_unit_test(what_runs_is_not_stolen),
        cmocka_unit_test(
            idle_workers_that_found_nothing_look_at_others_again_after_ten_milliseconds),
        cmocka_unit_test(a_task_is_repeated_after_three_times_the_median_and_not_before),
        cmocka_unit_test(a_short_task_is_not_repeated_before_it_is_slow_for_a_person),
        cmocka_unit_test(the_copy_that_fails_leaves_the_other_alone),
        cmocka_unit_test(nothing_is_repeated_when_speculation_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
