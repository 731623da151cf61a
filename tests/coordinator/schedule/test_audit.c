/* Audit: leases, and what a worker's beat says against what it was given. */
#include "tests/coordinator/schedule/scheduler_world.h"

/* One task, out at worker 0 since START. */
static struct scheduler *make_running(void)
{
    struct scheduler *s = make(1);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    return s;
}

static void a_task_without_progress_hangs_and_goes_elsewhere(void **state)
{
    (void)state;
    const int64_t late = START + 10 * SECOND + 1;
    struct scheduler *s = make_running();
    assert_ok(scheduler_joined(s, 1, START));
    assert_ok(scheduler_tick(s, late - 1));
    expect_nothing(s, late - 1);
    assert_ok(scheduler_tick(s, late));
    (void)expect_about(s, late, SCHEDULER_HUNG, 0, 0, 1);
    expect_cancel(s, late, 0, 0, 1, true);
    expect_assign(s, late, 1, 0, 2, SCHEDULER_RETRY);
    expect_nothing(s, late);
    assert_int_equal(look(s, 0).kills, 1);
    assert_ok(scheduler_tick(s, late));
    expect_nothing(s, late); /* told once */
    scheduler_destroy(s);
}

static void progress_renews_the_lease_and_a_beat_without_it_does_not(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    for (int64_t i = 1; i <= 5; i++) {
        beat_with(s, START + i * 9 * SECOND, 0, 0, 1, LODE_HELD_RUNNING, (uint64_t)i);
        assert_ok(scheduler_tick(s, START + i * 9 * SECOND));
        expect_nothing(s, START + i * 9 * SECOND);
    }
    beat_with(s, START + 54 * SECOND, 0, 0, 1, LODE_HELD_RUNNING, 5);
    assert_ok(scheduler_tick(s, START + 55 * SECOND));
    expect_nothing(s, START + 55 * SECOND);
    assert_ok(scheduler_tick(s, START + 55 * SECOND + 1));
    (void)expect_about(s, START + 56 * SECOND, SCHEDULER_HUNG, 0, 0, 1);
    scheduler_destroy(s);
}

static void a_task_that_hangs_three_times_is_quarantined(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    int64_t now_us = START;
    for (int worker = 0; worker < 3; worker++) {
        assert_ok(scheduler_joined(s, worker, now_us));
        expect_assign(s, now_us, worker, 0, (uint64_t)worker + 1,
                      worker ? SCHEDULER_RETRY : SCHEDULER_FRESH);
        now_us += 11 * SECOND;
        for (int other = 0; other < worker; other++) assert_ok(scheduler_lost(s, other));
        assert_ok(scheduler_tick(s, now_us));
        (void)expect(s, now_us, SCHEDULER_HUNG);
        (void)expect(s, now_us, SCHEDULER_CANCEL);
    }
    assert_true(expect(s, now_us, SCHEDULER_STAGE_FAILED).quarantined);
    scheduler_destroy(s);
}

static void the_lease_of_a_waiting_task_begins_when_it_runs(void **state)
{
    (void)state;
    struct scheduler *s = make(2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_true(end(s, START + 9 * SECOND, 0, 0, 1, SCHEDULER_OK));
    assert_ok(scheduler_tick(s, START + 19 * SECOND));
    expect_nothing(s, START + 19 * SECOND);
    assert_ok(scheduler_tick(s, START + 19 * SECOND + 1));
    (void)expect_about(s, START + 20 * SECOND, SCHEDULER_HUNG, 0, 1, 1);
    scheduler_destroy(s);
}

static void who_does_not_obey_a_cancel_is_forced(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    const int64_t cancelled = START + SECOND;
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_FRESH);
    assert_true(end(s, cancelled, 0, 0, 1, SCHEDULER_OK));
    expect_cancel(s, cancelled, 1, 0, 2, false);
    (void)expect(s, cancelled, SCHEDULER_STAGE_DONE);
    assert_ok(scheduler_tick(s, cancelled + 2 * SECOND));
    expect_nothing(s, cancelled + 2 * SECOND);
    assert_ok(scheduler_tick(s, cancelled + 2 * SECOND + 1));
    expect_cancel(s, cancelled + 3 * SECOND, 1, 0, 2, true);
    scheduler_destroy(s);
}

static void what_is_not_listed_after_a_while_got_lost_on_the_way(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    assert_ok(scheduler_beat(s, 0, NULL, 0, 0, START + 2 * SECOND - 1));
    expect_nothing(s, START + 2 * SECOND - 1); /* it may still be on its way */
    assert_ok(scheduler_beat(s, 0, NULL, 0, 0, START + 2 * SECOND));
    (void)expect_about(s, START + 2 * SECOND, SCHEDULER_RETURNED, 0, 0, 1);
    expect_assign(s, START + 2 * SECOND, 0, 0, 2, SCHEDULER_FRESH);
    assert_int_equal(look(s, 0).failures, 0);
    scheduler_destroy(s);
}

static void what_ended_and_was_not_taken_yet_is_not_lost(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    beat_with(s, START + 5 * SECOND, 0, 0, 1, LODE_HELD_FINISHED, 0);
    expect_nothing(s, START + 5 * SECOND);
    assert_int_equal(look(s, 0).copies, 1);
    scheduler_destroy(s);
}

static void what_a_worker_that_comes_back_runs_counts_again(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    assert_ok(scheduler_lost(s, 0));
    assert_int_equal(scheduler_counts(s).waiting, 1);
    assert_ok(scheduler_joined(s, 0, START));
    beat_with(s, START, 0, 0, 1, LODE_HELD_RUNNING, 7);
    assert_ok(scheduler_joined(s, 1, START));
    expect_nothing(s, START); /* no second copy */
    assert_int_equal(scheduler_counts(s).waiting, 0);
    assert_int_equal(scheduler_counts(s).running, 1);
    assert_true(end(s, START, 0, 0, 1, SCHEDULER_OK));
    (void)expect(s, START, SCHEDULER_STAGE_DONE);
    scheduler_destroy(s);
}

static void what_only_waits_at_a_worker_that_comes_back_is_given_out_anew(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_joined(s, 0, START));
    beat_with(s, START, 0, 0, 1, LODE_HELD_WAITING, 0);
    expect_cancel(s, START, 0, 0, 1, false);
    expect_assign(s, START, 0, 0, 2, SCHEDULER_FRESH);
    scheduler_destroy(s);
}

static void an_attempt_that_was_never_given_is_not_taken_into_the_books(void **state)
{
    (void)state;
    struct scheduler *s = make_running();
    const struct lode_held held[] = {{attempt_of(0, 1), LODE_HELD_WAITING},
                                     {attempt_of(0, 9), LODE_HELD_RUNNING},
                                     {attempt_of(70, 1), LODE_HELD_RUNNING}};
    assert_ok(scheduler_beat(s, 0, held, 3, 0, START));
    expect_cancel(s, START, 0, 0, 9, false);
    expect_cancel(s, START, 0, 70, 1, false);
    assert_int_equal(look(s, 0).copies, 1);
    scheduler_destroy(s);
}

/* Found by reading: what ran beside the books kept the worker busy, the books called it idle, and
 * the lease of the innocent task that waited behind was over. */
static void a_worker_busy_with_what_nobody_wants_is_given_nothing(void **state)
{
    (void)state;
    struct scheduler *s = make(2);
    assert_ok(scheduler_joined(s, 0, START));
    expect_assign(s, START, 0, 0, 1, SCHEDULER_FRESH);
    expect_assign(s, START, 0, 1, 1, SCHEDULER_FRESH);
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_joined(s, 1, START));
    expect_assign(s, START, 1, 0, 2, SCHEDULER_FRESH);
    expect_assign(s, START, 1, 1, 2, SCHEDULER_FRESH);
    assert_true(end(s, START, 1, 0, 2, SCHEDULER_OK));
    assert_ok(scheduler_joined(s, 0, START));
    beat_with(s, START, 0, 0, 1, LODE_HELD_RUNNING, 7);
    expect_cancel(s, START, 0, 0, 1, false);
    expect_nothing(s, START); /* nothing stolen for it */
    beat_with(s, START + SECOND, 0, 0, 1, LODE_HELD_RUNNING, 7);
    expect_nothing(s, START + SECOND); /* said once */
    assert_ok(scheduler_tick(s, START + 2 * SECOND + 1));
    expect_cancel(s, START + 3 * SECOND, 0, 0, 1, true);
    scheduler_destroy(s);
}

static void a_beat_of_a_worker_that_is_not_here_changes_nothing(void **state)
{
    (void)state;
    struct scheduler *s = make(1);
    beat_with(s, START, 5, 0, 1, LODE_HELD_RUNNING, 0);
    beat_with(s, START, -1, 0, 1, LODE_HELD_RUNNING, 0);
    expect_nothing(s, START);
    assert_int_equal(scheduler_counts(s).waiting, 1);
    scheduler_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_without_progress_hangs_and_goes_elsewhere),
        cmocka_unit_test(progress_renews_the_lease_and_a_beat_without_it_does_not),
        cmocka_unit_test(a_task_that_hangs_three_times_is_quarantined),
        cmocka_unit_test(the_lease_of_a_waiting_task_begins_when_it_runs),
        cmocka_unit_test(who_does_not_obey_a_cancel_is_forced),
        cmocka_unit_test(what_is_not_listed_after_a_while_got_lost_on_the_way),
        cmocka_unit_test(what_ended_and_was_not_taken_yet_is_not_lost),
        cmocka_unit_test(what_a_worker_that_comes_back_runs_counts_again),
        cmocka_unit_test(what_only_waits_at_a_worker_that_comes_back_is_given_out_anew),
        cmocka_unit_test(an_attempt_that_was_never_given_is_not_taken_into_the_books),
        cmocka_unit_test(a_worker_busy_with_what_nobody_wants_is_given_nothing),
        cmocka_unit_test(a_beat_of_a_worker_that_is_not_here_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
