/* Metrics: the file while the run goes on and at its end; what is asked for is checked before. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/metrics/metrics.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char directory[64], file[96];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    snprintf(fixture.directory, sizeof fixture.directory, "%s", "/tmp/lode-metrics-XXXXXX");
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(fixture.file, sizeof fixture.file, "%s/run.prom", fixture.directory);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

static const struct metrics_run run = {.name = "/data/r", .job = "test", .epoch = 1};

static bool file_has(const struct fixture *f, const char *words)
{
    struct lode_bytes text = {0};
    bool has = false;
    if (lode_file_read(f->file, 1 << 20, &text) == LODE_OK) {
        assert_ok(lode_bytes_append(&text, "", 1));
        has = strstr((const char *)text.data, words) != NULL;
    }
    lode_bytes_clear(&text);
    return has;
}

static void what_was_not_asked_for_is_nothing_to_anybody(void **state)
{
    (void)state;
    struct metrics *metrics = NULL;
    const struct metrics_options options = {.interval_ms = 100};
    const struct metrics_cluster cluster = {0};
    static const struct ledger ledger;
    assert_ok(metrics_check(&options));
    assert_ok(metrics_open(&options, &run, true, &metrics));
    assert_null(metrics);
    metrics_take_ledger(metrics, &ledger, 0);
    metrics_take_cluster(metrics, &cluster);
    metrics_end(metrics, "done", 0);
    metrics_close(metrics);
}

static void the_file_follows_the_run_and_says_how_it_ended(void **state)
{
    struct fixture *f = *state;
    struct metrics *metrics = NULL;
    const struct metrics_options options = {.file = f->file, .interval_ms = 1};
    const struct metrics_cluster cluster = {.workers = 3, .joined = 3};
    struct ledger *ledger = calloc(1, sizeof *ledger);
    assert_non_null(ledger);
    ledger->n_stages = 1;
    ledger->stages[0] = (struct stage_statistics){
        .leaf = "test.leaf", .title = "testing", .tasks = 4, .outcomes = {4}};
    assert_ok(metrics_open(&options, &run, false, &metrics));
    metrics_take_cluster(metrics, &cluster);
    while (!file_has(f, "\nlode_workers{run=\"/data/r\"} 3\n")) sched_yield();
    assert_false(file_has(f, "lode_stage_tasks"));
    metrics_take_ledger(metrics, ledger, 77);
    while (!file_has(f, "\nlode_journal_bytes{run=\"/data/r\"} 77\n")) sched_yield();
    assert_true(file_has(f, "\nlode_tasks_total{run=\"/data/r\",stage=\"1\",result=\"ok\"} 4\n"));
    assert_true(file_has(f, "\nlode_run_state{run=\"/data/r\",state=\"running\"} 1\n"));
    metrics_end(metrics, "failed", 3);
    metrics_end(metrics, "done", 0); /* the first word counts */
    assert_true(file_has(f, "\nlode_run_exit_status{run=\"/data/r\"} 3\n"));
    assert_true(file_has(f, "\nlode_run_state{run=\"/data/r\",state=\"failed\"} 1\n"));
    assert_true(file_has(f, "\nlode_workers{run=\"/data/r\"} 0\n"));
    assert_true(file_has(f, "\nlode_workers_joined_total{run=\"/data/r\"} 3\n"));
    metrics_close(metrics);
    free(ledger);
}

static void a_file_that_cannot_be_written_is_refused_before_the_run(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct metrics_options options = {.file = path};
    snprintf(path, sizeof path, "%s/none/run.prom", f->directory);
    assert_status(LODE_E_DISK, metrics_check(&options));
    assert_non_null(strstr(lode_error_text(), "No such file"));
    options.file = f->directory;
    assert_status(LODE_E_USAGE, metrics_check(&options));
}

/* The folder goes away under the run: it is a warning, and the run ends as it would. */
static void a_file_that_cannot_be_written_any_more_does_not_end_the_run(void **state)
{
    struct fixture *f = *state;
    struct metrics *metrics = NULL;
    const struct metrics_options options = {.file = f->file, .interval_ms = 1};
    assert_ok(metrics_open(&options, &run, false, &metrics));
    while (access(f->file, F_OK)) sched_yield();
    while (access(f->directory, F_OK) == 0) /* it may be writing just now */
        if (lode_directory_remove(f->directory)) lode_error_clear();
    metrics_end(metrics, "done", 0);
    metrics_close(metrics);
    assert_int_not_equal(access(f->file, F_OK), 0);
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_asked_for_is_nothing_to_anybody),
        with_folder(the_file_follows_the_run_and_says_how_it_ended),
        with_folder(a_file_that_cannot_be_written_is_refused_before_the_run),
        with_folder(a_file_that_cannot_be_written_any_more_does_not_end_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
