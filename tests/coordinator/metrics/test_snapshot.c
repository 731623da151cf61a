/* Snapshot: which numbers of a run go where. That the text is well formed is checked by Prometheus'
 * own parser, in tests/e2e. */
#include "tests/unit.h"

#include "coordinator/metrics/snapshot.h"

#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000000 };

/* Two stages: one over, one under way for 4 s. */
static struct metrics_snapshot *make(void)
{
    struct metrics_snapshot *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->run = "r";
    s->job = "test";
    s->version = "1.2";
    s->epoch = 2;
    s->state = "running";
    s->exit_status = 1;
    s->start_us = 10 * SECOND;
    s->now_us = 30 * SECOND;
    s->n_lost = 3;
    s->cluster = (struct metrics_cluster){
        .workers = 4, .stage = 2, .running = 5, .waiting = 6, .done = 7, .given_up = 1};
    s->n_stages = 2;
    s->stages[0] = (struct stage_statistics){.leaf = "test.one",
                                             .title = "counting",
                                             .tasks = 10,
                                             .known = 2,
                                             .missing = 1,
                                             .outcomes = {7, 4},
                                             .begin_us = 11 * SECOND,
                                             .wall_us = 14 * SECOND,
                                             .cpu_us = SECOND / 4,
                                             .traffic = {100, 200, 300}};
    s->stages[1] = (struct stage_statistics){
        .leaf = "test.two", .title = "more", .tasks = 19, .begin_us = 26 * SECOND};
    return s;
}

/* Each of the lines, whole, stands in the text; one that begins with ! does not. */
static void expect_lines(struct metrics_snapshot *s, const char *const *lines)
{
    struct lode_bytes out = {0};
    assert_ok(lode_bytes_append(&out, "\n", 1));
    assert_ok(snapshot_text(s, &out));
    assert_ok(lode_bytes_append(&out, "", 1));
    for (int i = 0; lines[i]; i++) {
        char line[200];
        const bool is_absent = lines[i][0] == '!';
        snprintf(line, sizeof line, "\n%s%s", lines[i] + is_absent, is_absent ? "" : "\n");
        if ((strstr((const char *)out.data, line) == NULL) != is_absent)
            fail_msg("%s\n%s", lines[i], (const char *)out.data);
    }
    lode_bytes_clear(&out);
    free(s);
}

static void a_run_under_way_has_its_state_and_no_exit_status(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "lode_run_info{run=\"r\",lode_job=\"test\",version=\"1.2\",epoch=\"2\"} 1",
        "lode_run_state{run=\"r\",state=\"running\"} 1",
        "lode_run_state{run=\"r\",state=\"done\"} 0",
        "lode_run_elapsed_seconds{run=\"r\"} 20",
        "lode_workers{run=\"r\"} 4",
        "lode_workers_lost_total{run=\"r\"} 3",
        "lode_root_step{run=\"r\"} 0",
        "!lode_run_exit_status",
        NULL};
    expect_lines(make(), lines);
}

static void a_run_that_failed_says_so_with_its_exit_status(void **state)
{
    (void)state;
    struct metrics_snapshot *s = make();
    s->state = "failed";
    static const char *const lines[] = {"lode_run_state{run=\"r\",state=\"running\"} 0",
                                        "lode_run_state{run=\"r\",state=\"failed\"} 1",
                                        "lode_run_exit_status{run=\"r\"} 1", NULL};
    expect_lines(s, lines);
}

static void tasks_of_the_stage_under_way_are_the_dispatchers(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "lode_stage_tasks{run=\"r\",stage=\"2\",state=\"waiting\"} 6",
        "lode_stage_tasks{run=\"r\",stage=\"2\",state=\"running\"} 5",
        "lode_stage_tasks{run=\"r\",stage=\"2\",state=\"done\"} 7",
        "lode_stage_tasks{run=\"r\",stage=\"2\",state=\"given_up\"} 1",
        "lode_stage_elapsed_seconds{run=\"r\",stage=\"2\"} 4",
        NULL};
    expect_lines(make(), lines);
}

static void tasks_of_a_stage_that_is_over_are_the_ledgers(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "lode_stage_info{run=\"r\",stage=\"1\",leaf=\"test.one\",title=\"counting\"} 1",
        "lode_stage_tasks{run=\"r\",stage=\"1\",state=\"waiting\"} 0",
        "lode_stage_tasks{run=\"r\",stage=\"1\",state=\"running\"} 0",
        "lode_stage_tasks{run=\"r\",stage=\"1\",state=\"done\"} 9",
        "lode_stage_tasks{run=\"r\",stage=\"1\",state=\"given_up\"} 1",
        "lode_stage_elapsed_seconds{run=\"r\",stage=\"1\"} 14",
        NULL};
    expect_lines(make(), lines);
}

static void attempts_and_bytes_have_their_stage(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "lode_tasks_total{run=\"r\",stage=\"1\",result=\"ok\"} 7",
        "lode_tasks_total{run=\"r\",stage=\"1\",result=\"failed\"} 4",
        "lode_tasks_total{run=\"r\",stage=\"2\",result=\"ok\"} 0",
        "lode_bytes_read_total{run=\"r\",stage=\"1\"} 100",
        "lode_bytes_written_total{run=\"r\",stage=\"1\"} 200",
        "lode_bytes_shuffled_total{run=\"r\",stage=\"1\"} 300",
        "lode_task_cpu_seconds_total{run=\"r\",stage=\"1\"} 0.25",
        "lode_task_duration_seconds_count{run=\"r\",stage=\"2\"} 0",
        NULL};
    expect_lines(make(), lines);
}

static void between_stages_the_coordinator_computes(void **state)
{
    (void)state;
    struct metrics_snapshot *s = make();
    s->stages[1].wall_us = SECOND;
    static const char *const lines[] = {"lode_root_step{run=\"r\"} 1", NULL};
    expect_lines(s, lines);
}

static void before_the_first_stage_there_are_no_families_of_stages(void **state)
{
    (void)state;
    struct metrics_snapshot *s = make();
    s->n_stages = 0;
    static const char *const lines[] = {"lode_root_step{run=\"r\"} 1", "!lode_stage_tasks",
                                        "!# HELP lode_stage_info", "!# HELP lode_bytes", NULL};
    expect_lines(s, lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_under_way_has_its_state_and_no_exit_status),
        cmocka_unit_test(a_run_that_failed_says_so_with_its_exit_status),
        cmocka_unit_test(tasks_of_the_stage_under_way_are_the_dispatchers),
        cmocka_unit_test(tasks_of_a_stage_that_is_over_are_the_ledgers),
        cmocka_unit_test(attempts_and_bytes_have_their_stage),
        cmocka_unit_test(between_stages_the_coordinator_computes),
        cmocka_unit_test(before_the_first_stage_there_are_no_families_of_stages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
