/* Trial: when workers are killed, and which repeats are counted. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/trial.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void kills_are_spread_over_the_whole_run(void **state)
{
    (void)state;
    int64_t times[4];
    for (uint64_t seed = 0; seed < 1000; seed++) {
        trial_kill_times(seed, 5, 4, 4000, times);
        for (int i = 0; i < 4; i++)
            assert_true(times[i] >= INT64_C(1000) * i && times[i] < INT64_C(1000) * (i + 1));
    }
}

static void equal_seeds_kill_at_equal_times(void **state)
{
    (void)state;
    int64_t first[3], again[3], other_seed[3], other_item[3];
    trial_kill_times(7, 2, 3, 1000000, first);
    trial_kill_times(7, 2, 3, 1000000, again);
    trial_kill_times(8, 2, 3, 1000000, other_seed);
    trial_kill_times(7, 5, 3, 1000000, other_item);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other_seed, sizeof first);
    assert_memory_not_equal(first, other_item, sizeof first);
}

static lode_status count(const char *text, int64_t *repeated)
{
    char path[64];
    snprintf(path, sizeof path, "tasks-%d.csv", (int)getpid());
    assert_ok(lode_file_write(path, text, strlen(text), false));
    const lode_status status = trial_count_repeated(path, repeated);
    unlink(path);
    return status;
}

static void lost_and_failed_attempts_are_repeats(void **state)
{
    (void)state;
    int64_t repeated = -1;
    assert_ok(count("task,attempt,outcome,error\n"
                    "0,1,ok,\n"
                    "1,1,lost,\"gone, for good\"\n"
                    "2,2,late,\n"
                    "1,2,ok,\n"
                    "3,11,ok,\n"
                    "4,2,failed,\"a line\nends in here\"\n",
                    &repeated));
    assert_int_equal(repeated, 2);
    assert_ok(count("outcome,attempt\nok,1\nstopped,2\n", &repeated));
    assert_int_equal(repeated, 0);
}

static void a_file_that_is_no_log_of_tasks_is_refused(void **state)
{
    (void)state;
    int64_t repeated = -1;
    assert_status(LODE_E_INPUT, count("task,attempt\n0,1\n", &repeated));
    assert_status(LODE_E_INPUT, count("", &repeated));
    assert_status(LODE_E_INPUT, trial_count_repeated("there-is-no-such-file", &repeated));
    assert_int_equal(repeated, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kills_are_spread_over_the_whole_run),
        cmocka_unit_test(equal_seeds_kill_at_equal_times),
        cmocka_unit_test(lost_and_failed_attempts_are_repeats),
        cmocka_unit_test(a_file_that_is_no_log_of_tasks_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
