/* Watch: every reason to act, at the time when it has to be acted on. */
#include "tests/unit.h"

#include "coordinator/watch.h"

enum { SECOND = 1000000 };

static void nothing_is_done_to_a_run_that_goes_well(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.state = VERDICT_RUNNING;
    news.now_us = 3600LL * SECOND;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.state = VERDICT_ENDED;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += WATCH_LINGER_US;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
}

static void a_lingering_mpirun_gets_term_then_kill_once(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1, .state = VERDICT_ENDED};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += WATCH_LINGER_US + 1;
    assert_int_equal(watch_step(&watch, &news), WATCH_TERM);
    news.now_us += WATCH_GRACE_US - 1;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += 1;
    assert_int_equal(watch_step(&watch, &news), WATCH_KILL);
    news.now_us += SECOND;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
}

static void a_run_without_its_coordinator_is_ended_at_once(void **state)
{
    (void)state;
    struct watch watch = {0};
    const struct watch_news news = {.now_us = 1, .state = VERDICT_RUNNING, .is_orphaned = true};
    assert_int_equal(watch_step(&watch, &news), WATCH_TERM);
    assert_true(watch.is_leaderless);
}

/* `ended` is written just before the process goes: read again, it explains the absence. */
static void a_coordinator_that_left_a_verdict_is_not_missed(void **state)
{
    (void)state;
    struct watch watch = {0};
    const struct watch_news news = {.now_us = 1, .state = VERDICT_ENDED, .is_orphaned = true};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    assert_false(watch.is_leaderless);
}

static void the_first_stop_drains_and_the_second_ends(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1, .state = VERDICT_RUNNING, .stops = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT); /* told once */
    news.stops = 2;
    assert_int_equal(watch_step(&watch, &news), WATCH_TERM);
    news.now_us += WATCH_HURRY_US;
    assert_int_equal(watch_step(&watch, &news), WATCH_KILL);
}

static void two_stops_at_once_end_it_without_a_drain(void **state)
{
    (void)state;
    struct watch watch = {0};
    const struct watch_news news = {.now_us = 1, .stops = 2};
    assert_int_equal(watch_step(&watch, &news), WATCH_TERM);
}

static void every_warning_is_passed_on(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1, .state = VERDICT_RUNNING, .warnings = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.warnings = 2;
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
    news.stops = 1; /* a drain as well; the second of its kind would end the run */
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
}

static void a_drain_waits_until_the_coordinator_is_up(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1, .stops = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += SECOND;
    news.state = VERDICT_RUNNING;
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
}

static void a_drain_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct watch watch = {0};
    struct watch_news news = {.now_us = 1, .stops = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += WATCH_HOLD_US - 1;
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
    news.now_us += 1;
    assert_int_equal(watch_step(&watch, &news), WATCH_DRAIN);
}

static void a_drain_after_the_verdict_is_dropped(void **state)
{
    (void)state;
    struct watch watch = {0};
    const struct watch_news news = {.now_us = 1, .state = VERDICT_ENDED, .stops = 1};
    assert_int_equal(watch_step(&watch, &news), WATCH_WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_done_to_a_run_that_goes_well),
        cmocka_unit_test(a_lingering_mpirun_gets_term_then_kill_once),
        cmocka_unit_test(a_run_without_its_coordinator_is_ended_at_once),
        cmocka_unit_test(a_coordinator_that_left_a_verdict_is_not_missed),
        cmocka_unit_test(the_first_stop_drains_and_the_second_ends),
        cmocka_unit_test(two_stops_at_once_end_it_without_a_drain),
        cmocka_unit_test(every_warning_is_passed_on),
        cmocka_unit_test(a_drain_waits_until_the_coordinator_is_up),
        cmocka_unit_test(a_drain_does_not_wait_for_ever),
        cmocka_unit_test(a_drain_after_the_verdict_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
