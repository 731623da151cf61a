/* History: what is known of every task, and what no journal of ours says. */
#include "tests/unit.h"

#include "coordinator/journal/history.h"

#include <string.h>

static int set_up(void **state)
{
    static struct history history;
    const struct entry stage = {
        .kind = ENTRY_STAGE, .stage = 1, .n_tasks = 4, .hash = 9, .text = lode_span_text("leaf")};
    history = (struct history){0};
    *state = &history;
    return history_take(&history, 1, &stage, 0) != LODE_OK;
}

static int tear_down(void **state)
{
    history_clear(*state);
    return 0;
}

static struct entry result_of(uint64_t stage, uint64_t task)
{
    return (struct entry){.kind = ENTRY_RESULT,
                          .stage = stage,
                          .task = task,
                          .attempt = 2,
                          .bytes = lode_span_text("abc")};
}

static void a_result_is_known_by_where_it_lies(void **state)
{
    struct history *history = *state;
    int64_t index[4];
    const struct entry entry = result_of(1, 2);
    assert_ok(history_take(history, 3, &entry, 777));
    const struct history_stage *stage = history_find(history, 1);
    assert_non_null(stage);
    assert_string_equal(stage->leaf, "leaf");
    assert_int_equal(stage->hash, 9);
    assert_ok(history_index(stage, index));
    assert_int_equal(index[2], 0);
    assert_int_equal(index[0], -1);
    const struct history_task *task = &stage->tasks[index[2]];
    assert_int_equal(task->epoch, 3);
    assert_int_equal(task->offset, 777);
    assert_int_equal(task->size, 3);
    assert_int_equal(task->attempt, 2);
    assert_false(task->given_up);
}

static void a_task_that_was_given_up_stays_so(void **state)
{
    struct history *history = *state;
    int64_t index[4];
    const struct entry entry = {
        .kind = ENTRY_GIVEN_UP, .stage = 1, .task = 1, .text = lode_span_text("rotten")};
    assert_ok(history_take(history, 1, &entry, 50));
    const struct history_stage *stage = history_find(history, 1);
    assert_ok(history_index(stage, index));
    assert_true(stage->tasks[index[1]].given_up);
    assert_int_equal(stage->tasks[index[1]].size, 6);
}

static void a_task_twice_in_one_epoch_is_refused(void **state)
{
    struct history *history = *state;
    int64_t index[4];
    const struct entry entry = result_of(1, 2);
    assert_ok(history_take(history, 1, &entry, 10));
    assert_ok(history_take(history, 1, &entry, 20));
    assert_status(LODE_E_INPUT, history_index(history_find(history, 1), index));
}

/* The file with the first result was gone, so the second epoch computed it again. */
static void of_two_epochs_the_later_counts(void **state)
{
    struct history *history = *state;
    int64_t index[4];
    const struct entry entry = result_of(1, 2);
    assert_ok(history_take(history, 1, &entry, 10));
    assert_ok(history_take(history, 2, &entry, 20));
    assert_ok(history_index(history_find(history, 1), index));
    assert_int_equal(history_find(history, 1)->tasks[index[2]].epoch, 2);
}

static void what_cannot_be_is_refused(void **state)
{
    struct history *history = *state;
    const struct entry wrong[] = {
        result_of(1, 4),
        result_of(0, 1),
        result_of(2, 1),
        {.kind = ENTRY_STAGE, .stage = 3, .n_tasks = 1, .text = lode_span_text("leaf")},
        {.kind = ENTRY_STAGE, .stage = 1, .n_tasks = 1, .text = lode_span_text("leaf")},
        {.kind = ENTRY_STAGE, .stage = 2, .n_tasks = 0, .text = lode_span_text("leaf")},
        {.kind = ENTRY_STAGE, .stage = 2, .n_tasks = UINT64_MAX, .text = lode_span_text("leaf")},
        {.kind = ENTRY_HEADER},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_status(LODE_E_MESSAGE, history_take(history, 1, &wrong[i], 0));
    assert_null(history_find(history, 0));
    assert_null(history_find(history, 2));
}

/* A journal may claim any number of tasks; memory is taken for what it says of them. */
static void a_stage_of_very_many_tasks_costs_nothing(void **state)
{
    struct history *history = *state;
    const struct entry stage = {
        .kind = ENTRY_STAGE, .stage = 2, .n_tasks = INT64_MAX, .text = lode_span_text("leaf")};
    const struct entry entry = result_of(2, INT64_MAX - 1);
    assert_ok(history_take(history, 1, &stage, 0));
    assert_ok(history_take(history, 1, &entry, 0));
    assert_int_equal(history_find(history, 2)->capacity, 16);
}

int main(void)
{
#define with_history(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_history(a_result_is_known_by_where_it_lies),
        with_history(a_task_that_was_given_up_stays_so),
        with_history(a_task_twice_in_one_epoch_is_refused),
        with_history(of_two_epochs_the_later_counts),
        with_history(what_cannot_be_is_refused),
        with_history(a_stage_of_very_many_tasks_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
