/* Evidence: means around a change. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/hierarchy/alerts/evidence.h"

static const int64_t times[] = {10, 20, 30, 40};

static void a_mean_is_of_times_from_the_first_to_before_the_last(void **state)
{
    (void)state;
    const double values[] = {1.0, 2.0, 4.0, 100.0};
    assert_true(evidence_mean(times, values, 4, 20, 40) == 3.0);
    assert_true(evidence_mean(times, values, 4, INT64_MIN, 21) == 1.5);
}

static void missing_values_are_left_out(void **state)
{
    (void)state;
    const double values[] = {1.0, (double)NAN, 3.0, (double)NAN};
    assert_true(evidence_mean(times, values, 4, 10, 50) == 2.0);
}

static void without_a_value_there_is_no_mean(void **state)
{
    (void)state;
    const double values[] = {1.0, (double)NAN, 3.0, 4.0};
    assert_true(isnan(evidence_mean(times, values, 4, 20, 30)));
    assert_true(isnan(evidence_mean(times, values, 4, 50, 60)));
    assert_true(isnan(evidence_mean(times, values, 0, 0, 60)));
}

static void the_first_time_that_is_not_before_another_is_found(void **state)
{
    (void)state;
    assert_int_equal(evidence_find(times, 4, 5), 0);
    assert_int_equal(evidence_find(times, 4, 20), 1);
    assert_int_equal(evidence_find(times, 4, 21), 2);
    assert_int_equal(evidence_find(times, 4, 41), 4);
    assert_int_equal(evidence_find(times, 0, 20), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mean_is_of_times_from_the_first_to_before_the_last),
        cmocka_unit_test(missing_values_are_left_out),
        cmocka_unit_test(without_a_value_there_is_no_mean),
        cmocka_unit_test(the_first_time_that_is_not_before_another_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
