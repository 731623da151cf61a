/* Ledger: the log of tasks, the words for a failure, statistics. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char directory[64];
    struct ledger ledger;
    struct lode_stage stage;
};

static void describe(const void *context, int64_t task, char *text, size_t size)
{
    snprintf(text, size, "%s-%d.h5", (const char *)context, (int)task);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    char log[80];
    fixture = (struct fixture){.stage = {.leaf = "test.leaf",
                                         .title = "testing",
                                         .n_tasks = 16,
                                         .describe = describe,
                                         .describe_context = "part"}};
    snprintf(fixture.directory, sizeof fixture.directory, "%s", "/tmp/lode-ledger-XXXXXX");
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(log, sizeof log, "%s/log", fixture.directory);
    if (lode_directory_make(log) || ledger_open(&fixture.ledger, fixture.directory, 1, 1000000))
        return -1;
    return ledger_begin(&fixture.ledger, &fixture.stage, 3000000) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    ledger_close(&fixture->ledger);
    ledger_close(&fixture->ledger); /* of a closed one too */
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

/* An attempt on worker n1.0 that took wall_us; outcome NULL: its result was merged. */
static void note(struct fixture *f, int64_t task, int64_t attempt, const char *outcome,
                 const char *text, int64_t wall_us)
{
    struct report report = {.kind = outcome ? REPORT_ATTEMPT : REPORT_RESULT,
                            .outcome = outcome ? outcome : "ok",
                            .task = task,
                            .attempt = attempt,
                            .place = "n1.0",
                            .host = "n1",
                            .pid = 4711,
                            .start_us = 3500000,
                            .wall_us = wall_us,
                            .cpu_us = wall_us / 2,
                            .peak_bytes = (uint64_t)task,
                            .read_bytes = 100 * (uint64_t)task,
                            .written_bytes = 200,
                            .shuffled_bytes = 100,
                            .status = outcome ? LODE_E_INPUT : LODE_OK};
    char *copy = text ? strdup(text) : NULL;
    report.text = copy;
    assert_ok(ledger_attempt(&f->ledger, &f->stage, &report));
    free(copy);
}

static void expect_explained(const struct fixture *f, int64_t task, const char *words)
{
    struct lode_bytes text = {0};
    assert_ok(ledger_explain(&f->ledger, task, &text));
    assert_ok(lode_bytes_append(&text, "", 1));
    assert_string_equal((const char *)text.data, words);
    lode_bytes_clear(&text);
}

static void attempts_that_went_the_same_way_are_told_once(void **state)
{
    struct fixture *f = *state;
    note(f, 3, 1, "failed", "row 7 is rotten", 1);
    note(f, 4, 1, "failed", "another task", 1);
    note(f, 3, 2, "failed", "row 7 is rotten", 1);
    expect_explained(f, 3,
                     "2 attempts went the same way (attempt 1 failed on worker n1.0 of n1, attempt "
                     "2 failed on worker n1.0 of n1): row 7 is rotten");
    expect_explained(f, 4, "attempt 1 failed on worker n1.0 of n1: another task");
    expect_explained(f, 5, "");
}

static void attempts_that_went_differently_are_told_one_by_one(void **state)
{
    struct fixture *f = *state;
    note(f, 3, 1, "failed", "row 7 is rotten", 1);
    note(f, 3, 2, "lost", "its connection is gone", 1);
    note(f, 3, 3, "hung", NULL, 1);
    note(f, 3, 4, "late", NULL, 1); /* no fault of its own */
    note(f, 3, 5, "returned", "it never reached the worker", 1);
    expect_explained(f, 3,
                     "attempt 1 failed on worker n1.0 of n1: row 7 is rotten; attempt 2 lost on "
                     "worker n1.0 of n1: its connection is gone; attempt 3 hung on worker n1.0 of "
                     "n1");
}

static void a_new_stage_forgets_what_went_wrong_in_the_old_one(void **state)
{
    struct fixture *f = *state;
    note(f, 3, 1, "failed", "row 7 is rotten", 1);
    assert_ok(ledger_begin(&f->ledger, &f->stage, 9000000));
    expect_explained(f, 3, "");
}

static void the_status_is_that_of_the_last_failure_of_its_own(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ledger_status(&f->ledger, 3), LODE_E_CLUSTER);
    note(f, 3, 1, "lost", "gone", 1);
    assert_int_equal(ledger_status(&f->ledger, 3), LODE_E_CLUSTER);
    note(f, 3, 2, "failed", "rotten", 1);
    note(f, 3, 3, "lost", "gone", 1);
    assert_int_equal(ledger_status(&f->ledger, 3), LODE_E_INPUT);
}

static void a_task_is_named_by_what_it_reads(void **state)
{
    struct fixture *f = *state;
    char name[LEDGER_WHAT_SIZE];
    ledger_name_task(&f->stage, 3, name, sizeof name);
    assert_string_equal(name, "task 3 of 16 (part-3.h5)");
    f->stage.describe = NULL;
    ledger_name_task(&f->stage, 3, name, sizeof name);
    assert_string_equal(name, "task 3 of 16");
}

static void the_log_has_a_line_for_every_attempt(void **state)
{
    struct fixture *f = *state;
    char path[96];
    struct lode_bytes log = {0};
    note(f, 3, 1, "failed", "row 7, column \"x\"", 250000);
    note(f, 3, 2, NULL, NULL, 1000);
    assert_ok(ledger_flush(&f->ledger));
    snprintf(path, sizeof path, "%s/log/tasks.csv", f->directory);
    assert_ok(lode_file_read(path, 1 << 20, &log)); /* while the run goes on */
    assert_ok(lode_bytes_append(&log, "", 1));
    assert_string_equal(
        (const char *)log.data,
        "stage,leaf,task,attempt,outcome,worker,place,host,pid,start_ms,"
        "duration_ms,cpu_ms,result_bytes,peak_bytes,epoch,read_bytes,"
        "written_bytes,shuffled_bytes,error\n"
        "1,test.leaf,3,1,failed,0,n1.0,n1,4711,2500.000,250.000,125.000,0,3,1,300,200,100,"
        "\"row 7, column \"\"x\"\"\"\n"
        "1,test.leaf,3,2,ok,0,n1.0,n1,4711,2500.000,1.000,0.500,0,3,1,300,200,100,\n");
    lode_bytes_clear(&log);
}

/* The coordinator died in the middle of a line; another goes on. */
static void a_log_that_goes_on_is_cut_after_its_last_whole_line(void **state)
{
    struct fixture *f = *state;
    char path[96];
    struct lode_bytes log = {0};
    note(f, 3, 1, NULL, NULL, 1000);
    fputs("1,test.leaf,4,1,ok,0,n1", f->ledger.tasks_log);
    ledger_close(&f->ledger);
    assert_ok(ledger_open(&f->ledger, f->directory, 2, 1000000));
    assert_ok(ledger_begin(&f->ledger, &f->stage, 9000000));
    note(f, 4, 1, NULL, NULL, 1000);
    assert_ok(ledger_flush(&f->ledger));
    snprintf(path, sizeof path, "%s/log/tasks.csv", f->directory);
    assert_ok(lode_file_read(path, 1 << 20, &log));
    assert_ok(lode_bytes_append(&log, "", 1));
    assert_string_equal(
        strchr((const char *)log.data, '\n'),
        "\n1,test.leaf,3,1,ok,0,n1.0,n1,4711,2500.000,1.000,0.500,0,3,1,300,200,100,\n"
        "1,test.leaf,4,1,ok,0,n1.0,n1,4711,2500.000,1.000,0.500,0,4,2,400,200,100,\n");
    lode_bytes_clear(&log);
}

static void statistics_count_merged_results(void **state)
{
    struct fixture *f = *state;
    note(f, 0, 1, NULL, NULL, 1000);
    note(f, 1, 1, "failed", "x", 9000);
    note(f, 1, 2, NULL, NULL, 4000);
    const struct stage_statistics *s = &f->ledger.stages[0];
    assert_int_equal(s->tasks, 16);
    assert_int_equal(s->attempts, 3);
    assert_int_equal(s->repeated, 1);
    assert_int_equal(s->cpu_us, 2500);
    assert_int_equal(s->peak_bytes, 1);
    assert_int_equal(s->slowest_task, 1);
    assert_string_equal(s->slowest_what, "task 1 of 16 (part-1.h5)");
    assert_int_equal(s->pace.count, 2);
}

int main(void)
{
#define with_ledger(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_ledger(attempts_that_went_the_same_way_are_told_once),
        with_ledger(attempts_that_went_differently_are_told_one_by_one),
        with_ledger(a_new_stage_forgets_what_went_wrong_in_the_old_one),
        with_ledger(the_status_is_that_of_the_last_failure_of_its_own),
        with_ledger(a_task_is_named_by_what_it_reads),
        with_ledger(the_log_has_a_line_for_every_attempt),
        with_ledger(a_log_that_goes_on_is_cut_after_its_last_whole_line),
        with_ledger(statistics_count_merged_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
