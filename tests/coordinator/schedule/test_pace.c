/* Pace: the median, to the width of a bucket, at any magnitude. */
#include "tests/unit.h"

#include "coordinator/schedule/pace.h"

static void nothing_has_no_median(void **state)
{
    (void)state;
    const struct pace pace = {0};
    assert_int_equal(pace_median_us(&pace), 0);
}

static void one_value_is_its_own_median(void **state)
{
    (void)state;
    for (int64_t value = 0; value < (int64_t)1 << 60; value = value * 3 / 2 + 1) {
        struct pace pace = {0};
        pace_add(&pace, value);
        /* past the last bucket its end is all that is known */
        assert_int_equal(pace_median_us(&pace),
                         value < (int64_t)1 << 50 ? value : ((int64_t)1 << 50) - 1);
    }
}

static void the_median_is_right_to_an_eighth(void **state)
{
    (void)state;
    for (int64_t value = 1; value < (int64_t)1 << 48; value = value * 9 / 8 + 1) {
        struct pace pace = {0};
        for (int i = 0; i < 3; i++) pace_add(&pace, value);
        pace_add(&pace, value * 4);
        pace_add(&pace, value * 5);
        assert_true(pace_median_us(&pace) >= value);
        assert_true(pace_median_us(&pace) <= value + value / 8);
    }
}

static void few_slow_tasks_do_not_move_the_median(void **state)
{
    (void)state;
    struct pace pace = {0};
    for (int i = 0; i < 60; i++) pace_add(&pace, 5);
    for (int i = 0; i < 40; i++) pace_add(&pace, 100000000);
    assert_int_equal(pace_median_us(&pace), 5);
    assert_int_equal(pace.count, 100);
    assert_int_equal(pace.longest_us, 100000000);
    assert_int_equal(pace.total_us, 60 * 5 + 40 * (int64_t)100000000);
}

static void a_clock_that_went_back_counts_as_no_time(void **state)
{
    (void)state;
    struct pace pace = {0};
    pace_add(&pace, -5);
    assert_int_equal(pace.count, 1);
    assert_int_equal(pace.total_us, 0);
    assert_int_equal(pace_median_us(&pace), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_has_no_median),
        cmocka_unit_test(one_value_is_its_own_median),
        cmocka_unit_test(the_median_is_right_to_an_eighth),
        cmocka_unit_test(few_slow_tasks_do_not_move_the_median),
        cmocka_unit_test(a_clock_that_went_back_counts_as_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
