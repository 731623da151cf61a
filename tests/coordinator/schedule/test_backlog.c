/* Backlog: the order of the fresh tasks, and the short list of those that went wrong. */
#include "tests/unit.h"

#include "coordinator/schedule/backlog.h"

static void expect_order(struct backlog *backlog, const int64_t *order, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(backlog_first(backlog), order[i]);
        backlog_pop(backlog);
    }
    assert_int_equal(backlog_first(backlog), -1);
}

static void the_costliest_comes_first_and_ties_by_index(void **state)
{
    (void)state;
    const int64_t costs[] = {1, 8, 3, 8, 0, 3}, order[] = {1, 3, 2, 5, 0, 4};
    struct backlog backlog = {0};
    assert_ok(backlog_fill(&backlog, 6, costs));
    expect_order(&backlog, order, 6);
    backlog_clear(&backlog);
}

static void without_costs_the_order_is_that_of_the_index(void **state)
{
    (void)state;
    const int64_t order[] = {0, 1, 2, 3, 4, 5, 6};
    struct backlog backlog = {0};
    assert_ok(backlog_fill(&backlog, 7, NULL));
    expect_order(&backlog, order, 7);
    backlog_clear(&backlog);
}

static void what_comes_back_takes_its_place_again(void **state)
{
    (void)state;
    const int64_t costs[] = {4, 9, 6, 2}, order[] = {1, 2, 0, 3};
    struct backlog backlog = {0};
    assert_ok(backlog_fill(&backlog, 4, costs));
    backlog_pop(&backlog);
    backlog_pop(&backlog);
    assert_ok(backlog_push(&backlog, 2));
    assert_ok(backlog_push(&backlog, 1));
    expect_order(&backlog, order, 4);
    backlog_clear(&backlog);
}

static void many_tasks_come_out_sorted(void **state)
{
    (void)state;
    enum { TASKS = 5000 };
    static int64_t costs[TASKS];
    struct backlog backlog = {0};
    for (int64_t i = 0; i < TASKS; i++) costs[i] = (i * 7919) % 100;
    assert_ok(backlog_fill(&backlog, TASKS, costs));
    int64_t before = backlog_first(&backlog);
    for (int i = 1; i < TASKS; i++) {
        backlog_pop(&backlog);
        const int64_t task = backlog_first(&backlog);
        assert_true(costs[task] < costs[before] || (costs[task] == costs[before] && task > before));
        before = task;
    }
    backlog_clear(&backlog);
}

static void tasks_to_try_again_keep_their_order_when_one_is_taken_out(void **state)
{
    (void)state;
    struct backlog backlog = {0};
    for (int64_t task = 0; task < 40; task++) assert_ok(backlog_push_again(&backlog, task));
    backlog_remove_again(&backlog, 39);
    backlog_remove_again(&backlog, 5);
    backlog_remove_again(&backlog, 0);
    assert_int_equal(backlog.n_again, 37);
    assert_int_equal(backlog.again[0], 1);
    assert_int_equal(backlog.again[4], 6);
    assert_int_equal(backlog.again[36], 38);
    backlog_clear(&backlog);
}

static void a_new_fill_forgets_everything(void **state)
{
    (void)state;
    const int64_t order[] = {0, 1};
    struct backlog backlog = {0};
    assert_ok(backlog_fill(&backlog, 9, NULL));
    assert_ok(backlog_push_again(&backlog, 3));
    assert_ok(backlog_fill(&backlog, 2, NULL));
    assert_int_equal(backlog.n_again, 0);
    expect_order(&backlog, order, 2);
    backlog_clear(&backlog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_costliest_comes_first_and_ties_by_index),
        cmocka_unit_test(without_costs_the_order_is_that_of_the_index),
        cmocka_unit_test(what_comes_back_takes_its_place_again),
        cmocka_unit_test(many_tasks_come_out_sorted),
        cmocka_unit_test(tasks_to_try_again_keep_their_order_when_one_is_taken_out),
        cmocka_unit_test(a_new_fill_forgets_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
