/* Executor: one leaf at a time, its memory gone afterwards, its error kept as text. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/wire/message.h"
#include "worker/executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET = EXECUTOR_LEAST_BYTES - EXECUTOR_PROCESS_BYTES };

static lode_status echo(struct lode_task *task)
{
    return lode_bytes_append(task->output, task->input, task->input_size);
}

static lode_status greedy(struct lode_task *task)
{
    char *memory = NULL;
    return lode_take(task->arena, 2 * BUDGET, &memory);
}

static lode_status large(struct lode_task *task)
{
    lode_try(lode_bytes_reserve(task->output, LODE_INLINE_LIMIT + 1));
    memset(task->output->data, 'x', LODE_INLINE_LIMIT + 1);
    task->output->size = LODE_INLINE_LIMIT + 1;
    return LODE_OK;
}

static lode_status failing(struct lode_task *task)
{
    lode_try(lode_bytes_append(task->output, "half", 4));
    return lode_fail(LODE_E_INPUT, "row 7 is rotten");
}

static lode_status obedient(struct lode_task *task)
{
    return lode_task_advance(task, 1);
}

struct fixture {
    char directory[64];
    struct executor *executor;
    atomic_llong progress;
    atomic_bool stop;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    atomic_store(&fixture.stop, false);
    snprintf(fixture.directory, sizeof fixture.directory, "%s", "/tmp/lode-executor-XXXXXX");
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    const struct executor_options options = {.memory_bytes = BUDGET + EXECUTOR_PROCESS_BYTES,
                                             .directory = fixture.directory,
                                             .epoch = 4,
                                             .progress = &fixture.progress};
    return executor_create(&options, &fixture.executor) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    executor_destroy(fixture->executor);
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

static struct executor_outcome run(void **state, lode_leaf_fn leaf)
{
    struct fixture *fixture = *state;
    struct executor_outcome outcome;
    const struct executor_request request = {.leaf = leaf,
                                             .stage = 1,
                                             .task = 2,
                                             .attempt = 3,
                                             .input = (const uint8_t *)"in",
                                             .input_size = 2,
                                             .stop = &fixture->stop};
    executor_count_begin(fixture->executor);
    executor_run(fixture->executor, &request, &outcome);
    executor_count(fixture->executor, &outcome);
    return outcome;
}

static void a_small_result_stays_in_memory(void **state)
{
    const struct executor_outcome outcome = run(state, echo);
    assert_int_equal(outcome.status, LODE_OK);
    assert_int_equal(outcome.size, 2);
    assert_memory_equal(outcome.bytes, "in", 2);
}

static void a_large_result_goes_to_a_file_with_its_hash(void **state)
{
    struct fixture *fixture = *state;
    char path[256];
    struct lode_bytes bytes = {0};
    const struct executor_outcome outcome = run(state, large);
    assert_int_equal(outcome.status, LODE_OK);
    assert_null(outcome.bytes);
    const struct executor_attempt attempt = {.epoch = 4, .stage = 1, .task = 2, .attempt = 3};
    executor_result_path(path, sizeof path, fixture->directory, &attempt);
    assert_ok(lode_file_read(path, (size_t)1 << 30, &bytes));
    assert_int_equal(bytes.size, outcome.size);
    assert_true(lode_hash(bytes.data, bytes.size) == outcome.file_hash);
    lode_bytes_clear(&bytes);
}

static void a_failed_leaf_leaves_its_error_and_no_result(void **state)
{
    struct executor_outcome outcome = run(state, failing);
    assert_int_equal(outcome.status, LODE_E_INPUT);
    assert_string_equal(outcome.error, "row 7 is rotten");
    assert_null(outcome.bytes);
    assert_int_equal(outcome.size, 0);
    outcome = run(state, echo); /* and the next task is not harmed */
    assert_int_equal(outcome.status, LODE_OK);
    assert_int_equal(outcome.size, 2);
}

static void a_leaf_over_its_budget_fails_by_name(void **state)
{
    const struct executor_outcome outcome = run(state, greedy);
    assert_int_equal(outcome.status, LODE_E_MEMORY);
    assert_non_null(strstr(outcome.error, "a worker's budget of 48 MB; take more --memory"));
    assert_non_null(strstr(outcome.error, "needs 52 MB more, holds 0 bytes of a budget of 26 MB"));
}

static void a_leaf_sees_that_its_result_is_not_wanted(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(run(state, obedient).status, LODE_OK);
    atomic_store(&fixture->stop, true);
    assert_int_equal(run(state, obedient).status, LODE_E_STOPPED);
}

enum { MOVED = 300000 };

/* Writes a file of MOVED bytes and reads it twice; a third of it counts as shuffled. */
static lode_status busy(struct lode_task *task)
{
    char path[256];
    struct lode_bytes bytes = {0};
    static const uint8_t zeros[MOVED];
    snprintf(path, sizeof path, "%s/moved-%s", task->work_directory, task->attempt);
    lode_status status = lode_file_write(path, zeros, sizeof zeros, false);
    for (int i = 0; i < 2 && !status; i++) status = lode_file_read(path, MOVED, &bytes);
    lode_bytes_clear(&bytes);
    task->engine->shuffled_bytes += MOVED / 3;
    return status;
}

static void what_a_leaf_reads_and_writes_is_counted_to_the_byte(void **state)
{
    const struct executor_outcome first = run(state, echo), outcome = run(state, busy);
    assert_int_equal(first.read_bytes + first.written_bytes + first.shuffled_bytes, 0);
    assert_int_equal(outcome.status, LODE_OK);
    assert_int_equal(outcome.read_bytes, 2 * MOVED);
    assert_int_equal(outcome.written_bytes, MOVED - MOVED / 3);
    assert_int_equal(outcome.shuffled_bytes, MOVED / 3);
}

static void a_large_result_counts_as_written(void **state)
{
    const struct executor_outcome outcome = run(state, large);
    assert_int_equal(outcome.written_bytes, LODE_INLINE_LIMIT + 1);
}

int main(void)
{
#define with_executor(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_executor(a_small_result_stays_in_memory),
        with_executor(a_large_result_goes_to_a_file_with_its_hash),
        with_executor(a_failed_leaf_leaves_its_error_and_no_result),
        with_executor(a_leaf_over_its_budget_fails_by_name),
        with_executor(a_leaf_sees_that_its_result_is_not_wanted),
        with_executor(what_a_leaf_reads_and_writes_is_counted_to_the_byte),
        with_executor(a_large_result_counts_as_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
