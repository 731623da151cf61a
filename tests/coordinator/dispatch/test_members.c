/* Members: one entry per identity, and no names that do harm. */
#include "tests/unit.h"

#include "coordinator/dispatch/members.h"

#include <stdio.h>
#include <string.h>

static struct lode_message hello_of(const char *host, const char *place, uint64_t incarnation)
{
    return (struct lode_message){.type = LODE_HELLO,
                                 .host = lode_span_text(host),
                                 .place = lode_span_text(place),
                                 .incarnation = incarnation,
                                 .pid = 99};
}

static void a_worker_that_says_hello_twice_is_one_member(void **state)
{
    (void)state;
    struct members *members = NULL;
    int first = -1, second = -1, other = -1;
    const struct lode_message hello = hello_of("n1", "n1.4", 1), newer = hello_of("n1", "n1.4", 2);
    assert_ok(members_create(&members));
    assert_int_equal(members_find(members, "n1/99/1"), -1);
    assert_ok(members_join(members, "n1/99/1", &hello, &first));
    assert_ok(members_join(members, "n1/99/1", &hello, &second));
    assert_ok(members_join(members, "n1/100/2", &newer, &other));
    assert_int_equal(first, second);
    assert_int_not_equal(first, other);
    assert_int_equal(members_count(members), 2);
    assert_int_equal(members_find(members, "n1/100/2"), other);
    assert_int_equal(members_find(members, "n2/1/1"), -1);
    assert_string_equal(members_look(members, first)->place, "n1.4");
    assert_string_equal(members_look(members, first)->host, "n1");
    assert_int_equal(members_at(members, other)->incarnation, 2);
    assert_false(members_at(members, other)->here); /* not before it says that it is ready */
    members_destroy(members);
    members_destroy(NULL);
}

/* What members_settle returned for each: the worker whose place it is. */
static void a_place_belongs_to_its_latest_incarnation(void **state)
{
    (void)state;
    struct members *members = NULL;
    int first = -1, second = -1, third = -1, other = -1;
    const struct lode_message hello = hello_of("n1", "n1.4", 1), newest = hello_of("n1", "n1.4", 3),
                              newer = hello_of("n1", "n1.4", 2), beside = hello_of("n1", "n1.5", 1);
    assert_ok(members_create(&members));
    assert_int_equal(members_places(members), 0);
    assert_ok(members_join(members, "first", &hello, &first));
    assert_int_equal(members_places(members), 0); /* it has not settled yet */
    assert_int_equal(members_settle(members, first), first);
    assert_int_equal(members_settle(members, first), first); /* said hello twice */
    assert_ok(members_join(members, "third", &newest, &third));
    assert_int_equal(members_settle(members, third), first);
    assert_int_equal(members_settle(members, third), third);
    assert_ok(members_join(members, "second", &newer, &second));
    assert_int_equal(members_settle(members, second), third); /* a hello long on its way */
    assert_int_equal(members_settle(members, first), third);
    assert_int_equal(members_places(members), 1); /* started anew is no place more */
    assert_ok(members_join(members, "other", &beside, &other));
    assert_int_equal(members_settle(members, other), other);
    assert_int_equal(members_places(members), 2);
    members_destroy(members);
}

static void a_thousand_members_are_all_found_again(void **state)
{
    (void)state;
    struct members *members = NULL;
    char identity[32], place[32];
    int worker = -1;
    assert_ok(members_create(&members));
    for (int i = 0; i < 1000; i++) {
        snprintf(identity, sizeof identity, "n/%d/1", i);
        snprintf(place, sizeof place, "n.%d", i);
        const struct lode_message hello = hello_of("n", place, 1);
        assert_ok(members_join(members, identity, &hello, &worker));
        assert_int_equal(worker, i);
        assert_int_equal(members_settle(members, worker), i);
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(identity, sizeof identity, "n/%d/1", i);
        assert_int_equal(members_find(members, identity), i);
    }
    assert_int_equal(members_places(members), 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(members_settle(members, i), i);
    members_destroy(members);
}

static void names_that_would_do_harm_in_a_log_or_a_path_are_refused(void **state)
{
    (void)state;
    struct members *members = NULL;
    int worker = -1;
    char long_place[MEMBER_PLACE_SIZE + 1];
    memset(long_place, 'p', sizeof long_place);
    long_place[MEMBER_PLACE_SIZE] = '\0';
    const char *const bad[] = {"", "a b", "a/b", "a\nb", "\x1b[2J", "\xc3\xa9", long_place};
    assert_ok(members_create(&members));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct lode_message place = hello_of("n1", bad[i], 1),
                                  host = hello_of(bad[i], "p", 1);
        assert_status(LODE_E_MESSAGE, members_join(members, "id", &place, &worker));
        assert_status(LODE_E_MESSAGE, members_join(members, "id", &host, &worker));
    }
    assert_int_equal(members_count(members), 0);
    members_destroy(members);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_says_hello_twice_is_one_member),
        cmocka_unit_test(a_place_belongs_to_its_latest_incarnation),
        cmocka_unit_test(a_thousand_members_are_all_found_again),
        cmocka_unit_test(names_that_would_do_harm_in_a_log_or_a_path_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
