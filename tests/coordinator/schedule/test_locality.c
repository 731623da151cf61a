/* Locality: a task goes where its data was read before, when that makes nobody wait. */
#include "tests/coordinator/schedule/scheduler_world.h"

#include "coordinator/schedule/locality.h"

enum { TASKS = 4 };

static void a_shelf_has_the_tasks_of_its_home_longest_first(void **state)
{
    (void)state;
    const int64_t keys[] = {7, 3, 7, 9, 7}, costs[] = {1, 5, 4, 6, 9};
    struct locality l = {0};
    assert_ok(locality_learn(&l, 7, 2, 0));
    assert_ok(locality_learn(&l, 3, 1, 0));
    assert_ok(locality_learn(&l, -1, 1, 0)); /* says nothing */
    assert_ok(locality_begin(&l, 5, keys, costs));
    const int64_t of_two[] = {4, 2, 0, -1}, of_host[] = {4, 1, 2, 0, -1};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(shelf_first(&l.by_worker, 2), of_two[i]);
        if (of_two[i] >= 0) shelf_pop(&l.by_worker, 2, costs);
    }
    for (int i = 0; i < 5; i++) {
        assert_int_equal(shelf_first(&l.by_host, 0), of_host[i]);
        if (of_host[i] >= 0) shelf_pop(&l.by_host, 0, costs);
    }
    assert_int_equal(shelf_first(&l.by_worker, 0), -1);
    assert_int_equal(shelf_first(&l.by_worker, 99), -1); /* joined since */
    assert_int_equal(shelf_first(&l.by_worker, -1), -1);
    locality_clear(&l);
}

static void who_read_it_last_is_its_home(void **state)
{
    (void)state;
    const int64_t keys[] = {LOCALITY_KEYS_MAX - 1, LOCALITY_KEYS_MAX};
    struct locality l = {0};
    assert_ok(locality_learn(&l, 5, 1, 1));
    assert_ok(locality_learn(&l, 5, 2, -1));                /* of a host that is not known */
    assert_ok(locality_learn(&l, LOCALITY_KEYS_MAX, 1, 1)); /* beyond what is remembered */
    const int64_t five[] = {5};
    assert_ok(locality_begin(&l, 1, five, NULL));
    assert_int_equal(shelf_first(&l.by_worker, 2), 0);
    assert_int_equal(shelf_first(&l.by_worker, 1), -1);
    assert_int_equal(shelf_first(&l.by_host, 1), -1);
    assert_ok(locality_begin(&l, 2, keys, NULL)); /* others: the shelves are empty */
    assert_int_equal(shelf_first(&l.by_worker, 2), -1);
    assert_ok(locality_begin(&l, 2, NULL, NULL));
    assert_int_equal(shelf_first(&l.by_worker, 2), -1);
    locality_clear(&l);
}

/* Two workers, one on each of two hosts, that did a stage of four tasks: 0 and 2 the first, 1 and 3
 * the second. */
static struct scheduler *make_second_stage(const int64_t *costs, bool key_is_index)
{
    struct scheduler *s = NULL;
    const struct scheduler_stage first = {
        .id = STAGE, .n_tasks = TASKS, .key_is_index = key_is_index};
    const struct scheduler_stage second = {
        .id = STAGE + 1, .n_tasks = TASKS, .costs = costs, .key_is_index = key_is_index};
    assert_ok(scheduler_create(&habits, &s));
    assert_ok(scheduler_begin(s, &first, START));
    for (int w = 0; w < 2; w++) {
        assert_ok(scheduler_joined(s, w, START));
        scheduler_set_host(s, w, w);
    }
    for (int i = 0; i < TASKS; i++) (void)expect(s, START, SCHEDULER_ASSIGN);
    for (uint64_t i = 0; i < TASKS; i++)
        assert_true(end(s, START + SECOND, (int)(i % 2), i, 1, SCHEDULER_OK));
    (void)expect(s, START + SECOND, SCHEDULER_STAGE_DONE);
    assert_ok(scheduler_begin(s, &second, START + SECOND));
    return s;
}

static void expect_second(struct scheduler *s, int worker, uint64_t task)
{
    const struct scheduler_action action = expect(s, START + SECOND, SCHEDULER_ASSIGN);
    assert_int_equal(action.worker, worker);
    assert_int_equal(action.attempt.task, task);
}

static void a_worker_gets_first_what_it_has_read_before(void **state)
{
    (void)state;
    struct scheduler *s = make_second_stage(NULL, true);
    assert_ok(scheduler_lost(s, 0)); /* comes back: turns begin with it all the same */
    assert_ok(scheduler_joined(s, 0, START + SECOND));
    expect_second(s, 0, 0);
    expect_second(s, 1, 1);
    expect_second(s, 0, 2);
    expect_second(s, 1, 3);
    assert_int_equal(scheduler_counts(s).local, 4);
    scheduler_destroy(s);
}

static void nobody_waits_for_its_own_and_nothing_waits_for_its_home(void **state)
{
    (void)state;
    struct scheduler *s = make_second_stage(NULL, true);
    assert_ok(scheduler_lost(s, 1));
    expect_second(s, 0, 0); /* its own first */
    expect_second(s, 0, 2);
    const struct lode_attempt mine[] = {{STAGE + 1, 0, 1}, {STAGE + 1, 2, 1}};
    for (int i = 0; i < 2; i++) {
        bool accepted = false, held = false;
        assert_ok(scheduler_result(s, 0, &mine[i], SCHEDULER_OK, START + SECOND, &accepted, &held));
        assert_true(accepted);
    }
    expect_second(s, 0, 1); /* then what the lost one had read */
    expect_second(s, 0, 3);
    assert_int_equal(scheduler_counts(s).local, 2);
    scheduler_destroy(s);
}

static void a_task_more_than_twice_as_long_goes_before_a_local_one(void **state)
{
    (void)state;
    const int64_t costs[TASKS] = {4, 9, 5, 3};
    struct scheduler *s = make_second_stage(costs, true);
    assert_ok(scheduler_lost(s, 1));
    expect_second(s, 0, 2); /* 5, its own; 9 is not twice as long */
    expect_second(s, 0, 0);
    scheduler_destroy(s);
    const int64_t steep[TASKS] = {4, 90, 5, 3};
    s = make_second_stage(steep, true);
    assert_ok(scheduler_lost(s, 1));
    expect_second(s, 0, 1);
    expect_second(s, 0, 2);
    scheduler_destroy(s);
}

static void another_worker_of_the_host_is_the_next_best(void **state)
{
    (void)state;
    struct scheduler *s = make_second_stage(NULL, true);
    assert_ok(scheduler_lost(s, 0));
    assert_ok(scheduler_lost(s, 1));
    assert_ok(scheduler_joined(s, 5, START + SECOND));
    scheduler_set_host(s, 5, 1);
    expect_second(s, 5, 1); /* what worker 1 had read: the file is in the cache of their host */
    expect_second(s, 5, 3);
    assert_int_equal(scheduler_counts(s).local, 2);
    scheduler_destroy(s);
}

static void without_keys_the_order_is_that_of_the_index(void **state)
{
    (void)state;
    struct scheduler *s = make_second_stage(NULL, false);
    assert_ok(scheduler_lost(s, 0));
    expect_second(s, 1, 0);
    expect_second(s, 1, 1);
    assert_int_equal(scheduler_counts(s).local, 0);
    scheduler_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shelf_has_the_tasks_of_its_home_longest_first),
        cmocka_unit_test(who_read_it_last_is_its_home),
        cmocka_unit_test(a_worker_gets_first_what_it_has_read_before),
        cmocka_unit_test(nobody_waits_for_its_own_and_nothing_waits_for_its_home),
        cmocka_unit_test(a_task_more_than_twice_as_long_goes_before_a_local_one),
        cmocka_unit_test(another_worker_of_the_host_is_the_next_best),
        cmocka_unit_test(without_keys_the_order_is_that_of_the_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
