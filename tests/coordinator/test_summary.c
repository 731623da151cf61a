/* Summary: where the time of a run went, by hand-made ledgers. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SECOND = 1000000 };

struct fixture {
    char directory[64];
    struct ledger ledger;
    struct lode_stage stage;
};

/* A stage that begins at second 10 of the clock. */
static int set_up(void **state)
{
    static struct fixture fixture;
    char log[80];
    fixture = (struct fixture){.stage = {.leaf = "test.leaf", .title = "testing", .n_tasks = 16}};
    snprintf(fixture.directory, sizeof fixture.directory, "%s", "/tmp/lode-summary-XXXXXX");
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(log, sizeof log, "%s/log", fixture.directory);
    if (mkdir(log, 0700) || ledger_open(&fixture.ledger, fixture.directory, 1, 10 * SECOND))
        return -1;
    return ledger_begin(&fixture.ledger, &fixture.stage, 10 * SECOND) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    ledger_close(&fixture->ledger);
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

struct attempt {
    int64_t task, attempt;
    int worker;
    const char *outcome; /* NULL: merged */
    double start, took;  /* seconds, on the clock */
};

static void note(struct fixture *f, const struct attempt *a)
{
    struct report report = {.kind = a->outcome ? REPORT_ATTEMPT : REPORT_RESULT,
                            .outcome = a->outcome ? a->outcome : "ok",
                            .task = a->task,
                            .attempt = a->attempt,
                            .worker = a->worker,
                            .host = "n1",
                            .start_us = (int64_t)llround(a->start * SECOND),
                            .wall_us = (int64_t)llround(a->took * SECOND),
                            .read_bytes = 1000000,
                            .workers = 2};
    snprintf(report.place, sizeof report.place, "%d", a->worker);
    assert_ok(ledger_attempt(&f->ledger, &f->stage, &report));
}

/* Two workers, ten seconds: worker 0 computes for 4 of them and then waits for worker 1, who has a
 * task of 6 seconds that failed after 2 before. */
static void note_waiting(struct fixture *f)
{
    const struct attempt attempts[] = {{0, 1, 0, NULL, 10.5, 3.5},
                                       {1, 1, 1, "failed", 10.5, 2},
                                       {2, 1, 1, NULL, 12.5, 1.0},
                                       {1, 2, 1, NULL, 13.5, 6}};
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) note(f, &attempts[i]);
    ledger_end(&f->ledger, &f->stage, 20 * SECOND);
}

static void efficiency_is_merged_time_over_what_the_workers_had(void **state)
{
    struct fixture *f = *state;
    note_waiting(f);
    const double had = 2 * 10, merged = 3.5 + 1 + 6;
    assert_true(fabs(summary_efficiency(&f->ledger.stages[0]) - merged / had) < 1e-12);
}

static void a_stage_without_a_merged_result_has_no_efficiency(void **state)
{
    struct fixture *f = *state;
    ledger_end(&f->ledger, &f->stage, 20 * SECOND);
    assert_true(isnan(summary_efficiency(&f->ledger.stages[0])));
    assert_int_equal(summary_wait_us(&f->ledger.stages[0]), 0);
    assert_int_equal(summary_alone_us(&f->ledger.stages[0]), 0);
}

static void waiting_is_told_for_the_first_attempt_and_for_the_last_worker(void **state)
{
    struct fixture *f = *state;
    note_waiting(f);
    assert_int_equal(summary_wait_us(&f->ledger.stages[0]), SECOND / 2);
    assert_int_equal(summary_alone_us(&f->ledger.stages[0]), 5500000);
}

/* Results come in any order: here the last to end is told first. */
static void the_last_worker_is_found_in_any_order_of_arrival(void **state)
{
    struct fixture *f = *state;
    const struct attempt attempts[] = {
        {0, 1, 0, NULL, 11, 8}, {1, 1, 1, NULL, 11, 5}, {2, 1, 1, NULL, 11, 1}};
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) note(f, &attempts[i]);
    ledger_end(&f->ledger, &f->stage, 20 * SECOND);
    assert_int_equal(f->ledger.stages[0].tail.worker, 0);
    assert_int_equal(summary_alone_us(&f->ledger.stages[0]), 3 * SECOND);
}

/* The chain of task 1 is 2 + 6 s; the run had 5 s outside of its stages. */
static void the_critical_path_is_the_longest_chain_of_each_stage_and_the_coordinator(void **state)
{
    struct fixture *f = *state;
    note_waiting(f);
    assert_ok(ledger_begin(&f->ledger, &f->stage, 22 * SECOND));
    note(f, &(struct attempt){0, 1, 0, NULL, 22, 3});
    ledger_end(&f->ledger, &f->stage, 25 * SECOND);
    assert_int_equal(summary_coordinator_us(&f->ledger, 18 * SECOND), 5 * SECOND);
    assert_int_equal(summary_critical_us(&f->ledger, 18 * SECOND), (5 + 8 + 3) * SECOND);
}

static void expect_summary(const struct fixture *f, int64_t wall_us, const char *words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    summary_write(&f->ledger, wall_us, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, words);
    free(text);
}

static void the_summary_has_a_line_for_each_stage_and_for_each_long_wait(void **state)
{
    struct fixture *f = *state;
    note_waiting(f);
    expect_summary(
        f, 10020000,
        "stage                            tasks       wall  task time  workers  in use  longest "
        "task\n"
        "testing                             16     10.0 s     10.5 s        2    52 %  6.0 s task "
        "1 of 16, worker 1 of n1\n"
        "tasks read 4.0 MB, wrote 0.0 MB, shuffled 0.0 MB\n"
        "critical path: 8.0 s of 10.0 s (longest tasks 8.0 s, coordinator outside of stages 20 "
        "ms); "
        "no number of workers makes it shorter\n"
        "waited: 5.5 s at the end of 'testing' for worker 1 of n1 alone, with task 1 of 16\n"
        "repeated: 1 attempt, lost or gone wrong\n");
}

static void a_run_that_came_to_no_stage_has_no_summary(void **state)
{
    struct fixture *f = *state;
    f->ledger.n_stages = 0;
    expect_summary(f, SECOND, "");
}

static void lost_workers_stragglers_and_missing_tasks_are_told(void **state)
{
    struct fixture *f = *state;
    struct report lost = {.kind = REPORT_WORKER_LOST, .place = "n2.1", .host = "n2", .pid = 99};
    struct lode_bytes why = {0};
    char *gone = strdup("gone");
    lost.text = gone;
    for (int i = 0; i < 6; i++) assert_ok(ledger_lost(&f->ledger, &lost));
    for (int i = 0; i < 5; i++) note(f, &(struct attempt){i, 1, 0, NULL, 10, 0.5});
    note(f, &(struct attempt){6, 1, 1, NULL, 10, 1.7});
    assert_ok(lode_bytes_printf(&why, "it is rotten"));
    assert_ok(ledger_missing(&f->ledger, &f->stage, 7, &why));
    lode_bytes_clear(&why);
    free(gone);
    ledger_end(&f->ledger, &f->stage, 12200000);
    expect_summary(
        f, 2200000,
        "stage                            tasks       wall  task time  workers  in use  longest "
        "task\n"
        "testing                             16      2.2 s      4.2 s        2    95 %  1.7 s task "
        "6 of 16, worker 1 of n1\n"
        "tasks read 6.0 MB, wrote 0.0 MB, shuffled 0.0 MB\n"
        "critical path: 1.7 s of 2.2 s (longest tasks 1.7 s, coordinator outside of stages 0 ms); "
        "no "
        "number of workers makes it shorter\n"
        "waited: 1.2 s at the end of 'testing' for worker 1 of n1 alone, with task 6 of 16\n"
        "lost: worker n2.1 of n2 (pid 99): gone\nlost: worker n2.1 of n2 (pid 99): gone\n"
        "lost: worker n2.1 of n2 (pid 99): gone\nlost: worker n2.1 of n2 (pid 99): gone\n"
        "lost: worker n2.1 of n2 (pid 99): gone\nlost: 1 workers more\n"
        "straggler: testing, task 6 of 16 took 1.7 s on worker 1 of n1, the median is 0.5 s\n"
        "MISSING: testing, task 7 of 16: it is rotten\n");
}

int main(void)
{
#define with_ledger(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_ledger(efficiency_is_merged_time_over_what_the_workers_had),
        with_ledger(a_stage_without_a_merged_result_has_no_efficiency),
        with_ledger(waiting_is_told_for_the_first_attempt_and_for_the_last_worker),
        with_ledger(the_last_worker_is_found_in_any_order_of_arrival),
        with_ledger(the_critical_path_is_the_longest_chain_of_each_stage_and_the_coordinator),
        with_ledger(the_summary_has_a_line_for_each_stage_and_for_each_long_wait),
        with_ledger(a_run_that_came_to_no_stage_has_no_summary),
        with_ledger(lost_workers_stragglers_and_missing_tasks_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
