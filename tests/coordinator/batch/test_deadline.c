/* Deadline: three moments before the end of a batch job. */
#include "tests/unit.h"

#include "coordinator/batch/deadline.h"

static const int64_t second_us = 1000000;

static void of_a_long_job_the_last_90_30_and_10_seconds(void **state)
{
    (void)state;
    const struct deadline deadline = deadline_plan(0, 3600 * second_us);
    assert_int_equal(deadline.drain_us, 3510 * second_us);
    assert_int_equal(deadline.stop_us, 3570 * second_us);
    assert_int_equal(deadline.abandon_us, 3590 * second_us);
}

static void of_a_short_job_a_quarter_an_eighth_and_a_sixteenth_of_what_is_left(void **state)
{
    (void)state;
    const struct deadline deadline = deadline_plan(100 * second_us, 180 * second_us);
    assert_int_equal(deadline.drain_us, 160 * second_us);
    assert_int_equal(deadline.stop_us, 170 * second_us);
    assert_int_equal(deadline.abandon_us, 175 * second_us);
}

static void an_end_that_is_not_known_or_has_passed_is_none(void **state)
{
    (void)state;
    assert_int_equal(deadline_plan(5, 0).drain_us, 0);
    assert_int_equal(deadline_plan(5, 5).drain_us, 0);
    assert_int_equal(deadline_plan(5, 4).drain_us, 0);
    assert_false(deadline_is_due(0, INT64_MAX));
}

static void a_moment_is_due_from_then_on(void **state)
{
    (void)state;
    assert_false(deadline_is_due(10, 9));
    assert_true(deadline_is_due(10, 10));
    assert_true(deadline_is_due(10, 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_long_job_the_last_90_30_and_10_seconds),
        cmocka_unit_test(of_a_short_job_a_quarter_an_eighth_and_a_sixteenth_of_what_is_left),
        cmocka_unit_test(an_end_that_is_not_known_or_has_passed_is_none),
        cmocka_unit_test(a_moment_is_due_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
