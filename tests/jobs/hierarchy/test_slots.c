/* Slots: where samples go, and which components have too many of them. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/hierarchy/slots.h"

static const int64_t minute_ms = 60000, year_2100_ms = 4102444800000;

static void a_sample_goes_to_the_nearest_slot(void **state)
{
    (void)state;
    struct slots slots;
    assert_ok(slots_make(-1000, 9000, 1000, &slots));
    assert_int_equal(slots.n, 11);
    assert_int_equal(slots_of(&slots, -1000), 0);
    assert_int_equal(slots_of(&slots, -501), 0);
    assert_int_equal(slots_of(&slots, -500), 1); /* halfway: the later one */
    assert_int_equal(slots_of(&slots, -1501), -1);
    assert_int_equal(slots_of(&slots, 9400), 10);
}

static void the_later_of_two_samples_counts_and_a_missing_one_does_not(void **state)
{
    (void)state;
    const int64_t times[] = {-5000, 0, 100, 900, 1100, 3000, 9000};
    const double values[] = {9, 1, 2, 3, (double)NAN, 4, 9};
    const struct slots slots = {0, 1000, 4};
    double placed[4];
    slots_place(&slots, times, values, 7, placed);
    assert_true(placed[0] == 2 && placed[1] == 3 && isnan(placed[2]) && placed[3] == 4);
}

static void times_at_the_ends_of_the_range_do_not_overflow(void **state)
{
    (void)state;
    struct slots slots;
    assert_status(LODE_E_INPUT, slots_make(INT64_MIN, INT64_MAX, 1, &slots));
    assert_status(LODE_E_INPUT, slots_make(0, INT64_MAX, 1, &slots));
    assert_status(LODE_E_BUG, slots_make(1, 0, 1, &slots));
    slots = (struct slots){INT64_MAX - 5, 1000, 1};
    assert_int_equal(slots_of(&slots, INT64_MIN), -1);
    slots.first_ms = INT64_MIN;
    assert_int_equal(slots_of(&slots, INT64_MAX), INT64_MAX);
}

static struct lode_component component(int64_t n_times, int64_t first_ms, int64_t last_ms)
{
    return (struct lode_component){
        .n_times = n_times, .first_ms = first_ms, .last_ms = last_ms, .step_ms = minute_ms};
}

static void one_time_of_another_century_makes_a_component_hollow(void **state)
{
    (void)state;
    const int64_t month = 30 * 24 * 60, now_ms = 1700000000000;
    struct lode_component one = component(month, now_ms, now_ms + month * minute_ms);
    assert_false(slots_are_hollow(&one));
    one = component(month + 1, now_ms, year_2100_ms);
    assert_true(slots_are_hollow(&one));
    one = component(month + 1, 0, now_ms);
    assert_true(slots_are_hollow(&one));
    one = component(2, INT64_MIN, INT64_MAX);
    assert_true(slots_are_hollow(&one));
}

/* A sample a day in a store of minutes, for 10 years: 5 million slots, most of them empty. */
static void few_slots_are_never_hollow_and_many_samples_neither(void **state)
{
    (void)state;
    const int64_t ten_years = 3650 * 24 * 60;
    struct lode_component one = component(3650, 0, ten_years * minute_ms);
    assert_false(slots_are_hollow(&one));
    one = component(ten_years, 0, 9 * ten_years * minute_ms);
    assert_false(slots_are_hollow(&one));
    one.step_ms = 0;
    assert_false(slots_are_hollow(&one));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_goes_to_the_nearest_slot),
        cmocka_unit_test(the_later_of_two_samples_counts_and_a_missing_one_does_not),
        cmocka_unit_test(times_at_the_ends_of_the_range_do_not_overflow),
        cmocka_unit_test(one_time_of_another_century_makes_a_component_hollow),
        cmocka_unit_test(few_slots_are_never_hollow_and_many_samples_neither),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
