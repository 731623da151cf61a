/* Members: one entry per identity, and the attempts it was given. */
#include "tests/unit.h"

#include "coordinator/members.h"

static void a_worker_that_says_hello_twice_is_one_member(void **state)
{
    (void)state;
    struct members *members = NULL;
    int first = -1, second = -1, other = -1;
    const struct lode_message hello = {.type = LODE_HELLO, .slot = 4, .incarnation = 1, .pid = 99};
    assert_ok(members_create(&members));
    assert_ok(members_join(members, "n1/99/1", &hello, &first));
    assert_ok(members_join(members, "n1/99/1", &hello, &second));
    assert_ok(members_join(members, "n1/100/2", &hello, &other));
    assert_int_equal(first, second);
    assert_int_not_equal(first, other);
    assert_int_equal(members_count(members), 2);
    assert_int_equal(members_slots(members), 1); /* the second is the first, started anew */
    assert_int_equal(members_find(members, "n1/100/2"), other);
    assert_int_equal(members_find(members, "n2/1/1"), -1);
    assert_int_equal(members_at(members, first)->slot, 4);
    members_destroy(members);
}

static void the_latest_attempt_of_a_task_is_found(void **state)
{
    (void)state;
    struct member member = {0};
    int64_t start = -1;
    for (int64_t task = 0; task < 20; task++) members_assigned(&member, task, 1, 100 + task);
    members_assigned(&member, 19, 2, 500);
    assert_int_equal(members_attempt(&member, 19, &start), 2);
    assert_int_equal(start, 500);
    assert_int_equal(members_attempt(&member, 18, &start), 1);
    assert_int_equal(start, 118);
    assert_int_equal(members_attempt(&member, 3, &start), 0); /* forgotten */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_says_hello_twice_is_one_member),
        cmocka_unit_test(the_latest_attempt_of_a_task_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
