/* Cluster: real worker processes on this machine, the real messages, a job of a few leaves.
 *
 * The workers run this very program: the supervisor starts /proc/self/exe as `worker --door-fd N`.
 */
#include "tests/unit.h"

#include "common/file.h"
#include "common/wire/message.h"
#include "common/wire/pack.h"
#include "coordinator/cluster.h"
#include "coordinator/engine.h"
#include "worker/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The leaves. Each gives its task's number, and fails, dies or grows as its name says. */
static lode_status number_leaf(struct lode_task *task)
{
    return lode_pack_u64(task->output, (uint64_t)task->index * 7);
}

static lode_status echo_leaf(struct lode_task *task)
{
    lode_try(lode_bytes_append(task->output, task->params, task->params_size));
    return lode_bytes_append(task->output, task->input, task->input_size);
}

static lode_status failing_leaf(struct lode_task *task)
{
    if (task->index == 3) return lode_fail(LODE_E_INPUT, "task three is rotten");
    return number_leaf(task);
}

/* Dies on the first attempt of task 2: who makes the marker file dies, its twin lives. */
static lode_status dying_leaf(struct lode_task *task)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/died", task->work_directory);
    if (task->index == 2 && open(path, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0) raise(SIGKILL);
    return number_leaf(task);
}

static lode_status deadly_leaf(struct lode_task *task)
{
    if (task->index == 1) raise(SIGKILL);
    return number_leaf(task);
}

enum { MISSING }; /* workers lack this one, as if their program were another */
static struct lode_leaf leaves[] = {[MISSING] = {"test.missing", number_leaf},
                                    {"test.number", number_leaf},
                                    {"test.echo", echo_leaf},
                                    {"test.failing", failing_leaf},
                                    {"test.dying", dying_leaf},
                                    {"test.deadly", deadly_leaf},
                                    {NULL, NULL}};

static const struct lode_job test_job = {.name = "test", .leaves = leaves};
const struct lode_job *const lode_jobs[] = {&test_job, NULL};

struct fixture {
    char directory[64], run[80];
    struct journal *journal; /* or NULL */
    struct lode_cluster *cluster;
};

static lode_status open_cluster(struct fixture *fixture)
{
    bool mpi_started = false;
    const struct cluster_options options = {.local_workers = 3,
                                            .workers_per_rank = 1,
                                            .heartbeat_ms = 500,
                                            .lease_ms = 120000,
                                            .journal = fixture->journal,
                                            .quiet = true};
    return cluster_open(&options, fixture->run, &mpi_started, &fixture->cluster);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.directory = "/tmp/lode-cluster-XXXXXX"};
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(fixture.run, sizeof fixture.run, "%s/run", fixture.directory);
    return engine_make_directory(fixture.run) || open_cluster(&fixture);
}

static lode_status take_journal(struct fixture *fixture)
{
    struct header header = {.version = "1", .job = "job", .store = "/store"};
    return journal_take(fixture->journal, &header);
}

static int set_up_with_journal(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.directory = "/tmp/lode-cluster-XXXXXX"};
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(fixture.run, sizeof fixture.run, "%s/run", fixture.directory);
    return engine_make_directory(fixture.run) || journal_create(fixture.run, &fixture.journal) ||
           take_journal(&fixture) || open_cluster(&fixture);
}

static void end(struct fixture *fixture)
{
    cluster_close(fixture->cluster);
    fixture->cluster = NULL;
    journal_close(fixture->journal);
    fixture->journal = NULL;
}

/* The run ends, and another coordinator goes on with it. */
static void go_on(struct fixture *fixture)
{
    end(fixture);
    assert_ok(journal_open(fixture->run, &fixture->journal));
    assert_ok(take_journal(fixture));
    assert_ok(open_cluster(fixture));
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    cluster_close(fixture->cluster);
    journal_close(fixture->journal);
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

struct collected {
    int64_t count;
    uint64_t sum;
    size_t bytes;
    bool in_order;
};

static lode_status collect_numbers(void *context, int64_t task, const uint8_t *data, size_t size)
{
    struct collected *collected = context;
    struct lode_unpack in = lode_unpack_begin(data, size);
    uint64_t value = 0;
    lode_try(lode_unpack_u64(&in, &value));
    collected->in_order =
        collected->in_order && task == collected->count && value == (uint64_t)task * 7;
    collected->count++;
    collected->sum += value;
    return LODE_OK;
}

static lode_status collect_bytes(void *context, int64_t task, const uint8_t *data, size_t size)
{
    struct collected *collected = context;
    (void)task;
    collected->count++;
    collected->bytes += size;
    collected->in_order =
        collected->in_order && size > 0 && data[0] == 'p' && data[size - 1] == 'i';
    return LODE_OK;
}

static lode_status map(struct fixture *fixture, const char *leaf, int64_t n_tasks,
                       struct collected *collected)
{
    const struct lode_stage stage = {.leaf = leaf, .title = leaf, .n_tasks = n_tasks};
    *collected = (struct collected){.in_order = true};
    return cluster_map(fixture->cluster, &stage, collect_numbers, collected);
}

static void results_are_merged_once_and_in_task_order(void **state)
{
    struct collected collected;
    assert_ok(map(*state, "test.number", 500, &collected));
    assert_int_equal(collected.count, 500);
    assert_true(collected.in_order);
}

/* Parameters and results that are files. */
static void map_large(struct fixture *fixture)
{
    struct lode_bytes inputs[4] = {{0}};
    const size_t size = LODE_INLINE_LIMIT + 1000;
    char *params = malloc(size);
    assert_non_null(params);
    memset(params, 'p', size);
    for (int i = 0; i < 4; i++) assert_ok(lode_bytes_append(&inputs[i], "i", 1));
    const struct lode_stage stage = {.leaf = "test.echo",
                                     .title = "echo",
                                     .n_tasks = 4,
                                     .params = {(uint8_t *)params, size, size},
                                     .inputs = inputs};
    struct collected collected = {.in_order = true};
    assert_ok(cluster_map(fixture->cluster, &stage, collect_bytes, &collected));
    assert_int_equal(collected.count, 4);
    assert_int_equal(collected.bytes, 4 * (size + 1));
    assert_true(collected.in_order);
    for (int i = 0; i < 4; i++) lode_bytes_clear(&inputs[i]);
    free(params);
}

static void large_parameters_and_results_travel_as_files(void **state)
{
    map_large(*state);
}

static const struct stage_statistics *latest(const struct fixture *fixture)
{
    const struct ledger *ledger = cluster_ledger(fixture->cluster);
    return &ledger->stages[ledger->n_stages - 1];
}

static void what_the_journal_knows_is_merged_and_not_computed_again(void **state)
{
    struct fixture *fixture = *state;
    struct collected collected;
    assert_ok(map(fixture, "test.number", 500, &collected));
    map_large(fixture);
    go_on(fixture);
    assert_ok(map(fixture, "test.number", 500, &collected));
    assert_int_equal(collected.count, 500);
    assert_true(collected.in_order);
    assert_int_equal(latest(fixture)->known, 500);
    assert_int_equal(latest(fixture)->attempts, 0);
    map_large(fixture);
    assert_int_equal(latest(fixture)->known, 4);
    assert_ok(map(fixture, "test.number", 20, &collected)); /* as far as the journal goes */
    assert_int_equal(latest(fixture)->known, 0);
    assert_true(latest(fixture)->attempts >= 20); /* an idle worker may have taken one over */
}

static void what_was_done_of_a_stage_that_failed_is_known(void **state)
{
    struct fixture *fixture = *state;
    struct collected collected;
    assert_status(LODE_E_INPUT, map(fixture, "test.failing", 8, &collected));
    const int64_t done = latest(fixture)->pace.count;
    go_on(fixture);
    assert_status(LODE_E_INPUT, map(fixture, "test.failing", 8, &collected));
    assert_true(latest(fixture)->known >= done);
    assert_true(latest(fixture)->known <= 7);
}

static void a_result_file_that_is_gone_is_computed_again(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    map_large(fixture);
    end(fixture); /* a task's twin may still be writing its file until then */
    snprintf(path, sizeof path, "%s/stages", fixture->run);
    assert_ok(lode_directory_remove(path));
    assert_ok(lode_directory_make(path));
    go_on(fixture);
    map_large(fixture);
    assert_int_equal(latest(fixture)->known, 0);
    go_on(fixture); /* the journal has them twice by now */
    map_large(fixture);
    assert_int_equal(latest(fixture)->known, 4);
}

static void another_stage_in_its_place_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct collected collected;
    assert_ok(map(fixture, "test.number", 5, &collected));
    go_on(fixture);
    assert_status(LODE_E_BUG, map(fixture, "test.number", 6, &collected));
    assert_non_null(strstr(lode_error_text(), "the journal has 'test.number' with 5"));
}

static void a_leafs_error_is_the_runs_with_its_own_status(void **state)
{
    struct collected collected;
    assert_status(LODE_E_INPUT, map(*state, "test.failing", 8, &collected));
    assert_non_null(strstr(lode_error_text(), "task three is rotten"));
    assert_non_null(strstr(lode_error_text(), "task 3 of 8"));
}

static void a_worker_that_dies_changes_nothing(void **state)
{
    struct collected collected;
    assert_ok(map(*state, "test.dying", 50, &collected));
    assert_int_equal(collected.count, 50);
    assert_true(collected.in_order);
    const struct ledger *ledger = cluster_ledger(((struct fixture *)*state)->cluster);
    assert_true(ledger->stages[ledger->n_stages - 1].attempts > 50); /* something was repeated */
    /* a twin may have finished the stage before the loss was heard of */
    for (int i = 0; i < 1000 && ledger->n_lost == 0; i++)
        assert_ok(map(*state, "test.number", 10, &collected));
    assert_int_equal(ledger->n_lost, 1);
}

static void a_task_that_kills_three_workers_fails_the_run_by_name(void **state)
{
    struct collected collected;
    assert_status(LODE_E_RUN, map(*state, "test.deadly", 4, &collected));
    assert_non_null(strstr(lode_error_text(), "task 1 of 4"));
    assert_non_null(strstr(lode_error_text(), "took its worker down"));
}

static void the_cluster_goes_on_after_a_failed_stage(void **state)
{
    struct collected collected;
    assert_status(LODE_E_INPUT, map(*state, "test.failing", 8, &collected));
    assert_ok(map(*state, "test.number", 20, &collected));
    assert_int_equal(collected.count, 20);
}

static void a_leaf_that_workers_lack_ends_the_run_not_the_patience(void **state)
{
    struct collected collected;
    const lode_status status = map(*state, "test.missing", 2, &collected);
    assert_true(status == LODE_E_CLUSTER || status == LODE_E_RUN);
}

static void a_leaf_that_no_job_has_is_refused_by_name(void **state)
{
    struct collected collected;
    assert_status(LODE_E_BUG, map(*state, "test.mising", 2, &collected));
    assert_non_null(strstr(lode_error_text(), "asks for leaf 'test.mising'"));
    assert_ok(map(*state, "test.number", 2, &collected));
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "worker") == 0) {
        struct door door;
        leaves[MISSING].name = "test.another";
        const lode_status status = door_read((int)strtol(argv[3], NULL, 10), &door);
        return lode_exit_status(status ? status : worker_serve(&door));
    }
#define with_cluster(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define with_journal(test) cmocka_unit_test_setup_teardown(test, set_up_with_journal, tear_down)
    const struct CMUnitTest tests[] = {
        with_cluster(results_are_merged_once_and_in_task_order),
        with_cluster(large_parameters_and_results_travel_as_files),
        with_cluster(a_leafs_error_is_the_runs_with_its_own_status),
        with_cluster(a_worker_that_dies_changes_nothing),
        with_cluster(a_task_that_kills_three_workers_fails_the_run_by_name),
        with_cluster(the_cluster_goes_on_after_a_failed_stage),
        with_cluster(a_leaf_that_workers_lack_ends_the_run_not_the_patience),
        with_cluster(a_leaf_that_no_job_has_is_refused_by_name),
        with_journal(what_the_journal_knows_is_merged_and_not_computed_again),
        with_journal(what_was_done_of_a_stage_that_failed_is_known),
        with_journal(a_result_file_that_is_gone_is_computed_again),
        with_journal(another_stage_in_its_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
