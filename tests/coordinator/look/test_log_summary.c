/* Log summary, and the reader of log/tasks.csv below it: what is counted, what is passed over. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/look/log_summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER                                                                                     \
    "stage,leaf,task,attempt,outcome,worker,place,host,pid,start_ms,duration_ms,cpu_ms,"           \
    "result_bytes,peak_bytes,error\n"

/* The summary of a run whose log is this text. */
static struct log_summary *summary_of(const char *text)
{
    char run[] = "log-summary-XXXXXX", path[64];
    struct log_summary *summary = NULL;
    assert_non_null(mkdtemp(run));
    snprintf(path, sizeof path, "%s/log", run);
    assert_ok(lode_directory_make(path));
    snprintf(path, sizeof path, "%s/log/tasks.csv", run);
    assert_ok(lode_file_write(path, text, strlen(text), false));
    const lode_status status = log_summary_read(run, &summary);
    assert_ok(lode_directory_remove(run));
    assert_ok(status);
    return summary;
}

static void attempts_are_counted_by_stage_and_by_worker(void **state)
{
    (void)state;
    struct log_summary *summary = summary_of(
        HEADER "1,a.leaf,0,1,ok,0,0,here,11,10.0,5.0,1,1,1,\n"
               "1,a.leaf,4,1,lost,1,1,there,12,11.0,6.5,0,0,0,\"it is gone, so it seems\"\n"
               "2,b.leaf,0,1,failed,0,0,here,11,20.0,1.0,0,0,0,no\n"
               "2,b.leaf,0,2,late,0,0,here,11,22.0,8.0,0,0,0,\n");
    assert_int_equal(summary->n_stages, 2);
    assert_string_equal(summary->stages[1].leaf, "a.leaf");
    assert_int_equal(summary->stages[1].attempts, 2);
    assert_int_equal(summary->stages[1].ok, 1);
    assert_int_equal(summary->stages[1].highest_task, 4);
    assert_true(summary->stages[1].begin_ms == 10.0 && summary->stages[1].end_ms == 17.5);
    assert_int_equal(summary->stages[2].ok, 0);
    assert_int_equal(summary->n_workers, 2);
    assert_int_equal(summary->workers[0].ok, 2);
    assert_int_equal(summary->workers[0].failed, 1);
    assert_int_equal(summary->workers[1].lost, 1);
    assert_string_equal(summary->workers[1].host, "there");
    assert_string_equal(summary->workers[1].why, "it is gone, so it seems");
    assert_true(summary->end_ms == 30.0);
    log_summary_free(summary);
}

/* The log is read while it is written, and after its writer was killed. */
static void a_line_that_is_cut_off_is_passed_over(void **state)
{
    (void)state;
    static const char *const ends[] = {"1,a.leaf,1,1,o",
                                       "1,a.leaf,1,1,lost,1,1,there,12,1,1,1,1,1,\"it"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s1,a.leaf,0,1,ok,0,0,here,11,10.0,5.0,1,1,1,\n%s", HEADER,
                 ends[i]);
        struct log_summary *summary = summary_of(text);
        assert_int_equal(summary->stages[1].attempts, 1);
        assert_int_equal(summary->n_workers, 1);
        log_summary_free(summary);
    }
}

static void numbers_out_of_range_are_passed_over(void **state)
{
    (void)state;
    struct log_summary *summary = summary_of(HEADER "0,a,0,1,ok,0,0,h,1,1,1,1,1,1,\n"
                                                    "65,a,0,1,ok,0,0,h,1,1,1,1,1,1,\n"
                                                    "1,a,-1,1,ok,0,0,h,1,1,1,1,1,1,\n"
                                                    "1,a,0,1,ok,999999999,0,h,1,1,1,1,1,1,\n"
                                                    "1,a,0,1,ok,0,0,h,1,soon,1,1,1,1,\n");
    assert_int_equal(summary->n_stages, 0);
    assert_int_equal(summary->n_workers, 0);
    log_summary_free(summary);
}

/* A task that was lost on its way to a worker is logged with a start before the run's. */
static void an_attempt_that_never_ran_has_no_time(void **state)
{
    (void)state;
    struct log_summary *summary =
        summary_of(HEADER "1,a,0,1,returned,0,0,h,1,-86400000.0,86400123.0,0,0,0,never\n"
                          "1,a,0,2,ok,0,0,h,1,5.0,2.0,1,1,1,\n");
    assert_int_equal(summary->stages[1].attempts, 2);
    assert_true(summary->stages[1].begin_ms == 5.0);
    assert_true(summary->end_ms == 7.0);
    log_summary_free(summary);
}

static void bytes_and_times_of_attempts_add_up(void **state)
{
    (void)state;
    struct log_summary *summary =
        summary_of("stage,leaf,task,attempt,outcome,worker,place,host,pid,start_ms,duration_ms,"
                   "read_bytes,written_bytes,shuffled_bytes,error\n"
                   "1,a,0,1,failed,0,0,h,1,1.0,900.0,10,20,30,no\n"
                   "1,a,0,2,ok,0,0,h,1,2.0,50.0,100,200,300,\n"
                   "1,a,7,1,ok,0,0,h,1,3.0,70.0,1000,2000,3000,\n"
                   "1,a,8,1,ok,0,0,h,1,3.0,60.0,-1,0,0,\n");
    const struct stage_summary *stage = &summary->stages[1];
    assert_true(stage->read_bytes == 1110 && stage->written_bytes == 2220);
    assert_true(stage->shuffled_bytes == 3330);
    assert_int_equal(stage->longest_task, 7);
    assert_int_equal(stage->pace.total_us, 120000);
    log_summary_free(summary);
}

static void a_log_that_is_not_there_is_an_empty_one(void **state)
{
    (void)state;
    struct log_summary *summary = NULL;
    assert_ok(log_summary_read("no-such-run", &summary));
    assert_int_equal(summary->n_stages, 0);
    log_summary_free(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_are_counted_by_stage_and_by_worker),
        cmocka_unit_test(a_line_that_is_cut_off_is_passed_over),
        cmocka_unit_test(numbers_out_of_range_are_passed_over),
        cmocka_unit_test(an_attempt_that_never_ran_has_no_time),
        cmocka_unit_test(bytes_and_times_of_attempts_add_up),
        cmocka_unit_test(a_log_that_is_not_there_is_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
