/* Progress: rate and time left, by a clock that stands where the test puts it. */
#include "tests/unit.h"

#include "coordinator/progress.h"

#include <math.h>
#include <string.h>

enum { SECOND = 1000000 };

static const int64_t costs[] = {800, 100, 50, 50}; /* long ones first */

static struct progress begin(int64_t n_tasks, const int64_t *task_costs, const char *units)
{
    struct progress progress = {.is_terminal = false};
    progress_begin(&progress, "counting", n_tasks, task_costs, units, 10 * SECOND);
    return progress;
}

static void expect_line(const struct progress *progress, int64_t seconds, const char *words)
{
    char line[PROGRESS_LINE_SIZE];
    progress_line(progress, 2, 10 * SECOND + seconds * SECOND, false, line);
    if (!strstr(line, words)) fail_msg("'%s' does not say '%s'", line, words);
}

static void time_left_goes_by_costs_not_by_tasks(void **state)
{
    (void)state;
    struct progress progress = begin(4, costs, "events");
    progress_task(&progress, 0, false);
    /* 800 of 1000 in 8 s: 2 s for the other three tasks (by tasks it would be 24 s) */
    assert_float_equal(progress_seconds_left(&progress, 18 * SECOND), 2.0, 1e-9);
    expect_line(&progress, 8, "1/4 tasks (80 %)  2 workers  8.0 s  100 events/s  2 s left");
}

static void without_costs_all_tasks_count_alike(void **state)
{
    (void)state;
    struct progress progress = begin(4, NULL, "events");
    progress_task(&progress, 3, false);
    expect_line(&progress, 4, "1/4 tasks (25 %)  2 workers  4.0 s  0.2 tasks/s  12 s left");
}

static void costs_that_are_all_nothing_count_as_none(void **state)
{
    (void)state;
    const int64_t none[] = {0, -5};
    struct progress progress = begin(2, none, "bytes");
    progress_task(&progress, 1, false);
    expect_line(&progress, 1, "1/2 tasks (50 %)  2 workers  1.0 s  1.0 tasks/s  1 s left");
}

static void bytes_are_told_in_megabytes(void **state)
{
    (void)state;
    const int64_t bytes[] = {5000000, 5000000};
    struct progress progress = begin(2, bytes, "bytes");
    progress_task(&progress, 0, false);
    expect_line(&progress, 2, "2.5 MB/s");
}

static void replayed_tasks_are_done_but_no_part_of_the_rate(void **state)
{
    (void)state;
    struct progress progress = begin(4, costs, "events");
    progress_task(&progress, 0, true);
    assert_true(isnan(progress_seconds_left(&progress, 11 * SECOND)));
    progress_task(&progress, 1, false);
    /* 100 in 5 s; 100 are left */
    assert_float_equal(progress_seconds_left(&progress, 15 * SECOND), 5.0, 1e-9);
    expect_line(&progress, 5, "2/4 tasks (90 %)");
    expect_line(&progress, 5, "20 events/s  (1 from before)  5 s left");
}

static void nothing_is_promised_before_the_first_task(void **state)
{
    (void)state;
    char line[PROGRESS_LINE_SIZE];
    const struct progress progress = begin(4, costs, "events");
    progress_line(&progress, 1, 15 * SECOND, false, line);
    assert_null(strstr(line, "left"));
    assert_null(strstr(line, "/s"));
    assert_non_null(strstr(line, "0/4 tasks (0 %)  1 worker  5.0 s"));
}

static void hundred_percent_is_said_only_when_all_tasks_are_done(void **state)
{
    (void)state;
    const int64_t uneven[] = {1000000, 0};
    struct progress progress = begin(2, uneven, NULL);
    progress_task(&progress, 0, false);
    expect_line(&progress, 1, "1/2 tasks (99 %)");
    progress_task(&progress, 1, false);
    expect_line(&progress, 1, "2/2 tasks (100 %)");
}

static void long_times_are_told_in_minutes_and_hours(void **state)
{
    (void)state;
    const int64_t hours[] = {1, 20, 7200};
    struct progress progress = begin(3, hours, "events");
    progress_task(&progress, 0, false);
    expect_line(&progress, 1, "2 h 00 min left");
    progress = begin(2, hours, "events");
    progress_task(&progress, 0, false);
    expect_line(&progress, 10, "3 min 20 s left");
}

static void a_plain_line_comes_per_5_percent_or_minute(void **state)
{
    (void)state;
    int64_t ones[100];
    for (int i = 0; i < 100; i++) ones[i] = 1;
    struct progress progress = begin(100, ones, NULL);
    for (int i = 0; i < 4; i++) progress_task(&progress, i, false);
    assert_false(progress_is_due(&progress, 20 * SECOND));
    assert_true(progress_is_due(&progress, 70 * SECOND)); /* a minute */
    progress_task(&progress, 4, false);
    assert_true(progress_is_due(&progress, 20 * SECOND));               /* 5 % */
    assert_false(progress_is_due(&progress, 10 * SECOND + SECOND / 2)); /* at most one a second */
}

static void a_live_line_comes_ten_times_a_second(void **state)
{
    (void)state;
    struct progress progress = begin(4, costs, NULL);
    progress.is_terminal = true;
    assert_false(progress_is_due(&progress, 10 * SECOND + 99999));
    assert_true(progress_is_due(&progress, 10 * SECOND + 100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_left_goes_by_costs_not_by_tasks),
        cmocka_unit_test(without_costs_all_tasks_count_alike),
        cmocka_unit_test(costs_that_are_all_nothing_count_as_none),
        cmocka_unit_test(bytes_are_told_in_megabytes),
        cmocka_unit_test(replayed_tasks_are_done_but_no_part_of_the_rate),
        cmocka_unit_test(nothing_is_promised_before_the_first_task),
        cmocka_unit_test(hundred_percent_is_said_only_when_all_tasks_are_done),
        cmocka_unit_test(long_times_are_told_in_minutes_and_hours),
        cmocka_unit_test(a_plain_line_comes_per_5_percent_or_minute),
        cmocka_unit_test(a_live_line_comes_ten_times_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
