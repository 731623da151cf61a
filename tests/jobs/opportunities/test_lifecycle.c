/* Life cycle classes of sessions, and the cohorts made of them. */
#include "tests/unit.h"

#include <string.h>

#include "jobs/opportunities/lifecycle.h"

static const struct lifecycle_rule gap_of_10 = {.sparse_after_ms = 10, .first_sessions = 1};

static int make_arena(void **state)
{
    struct lode_arena *arena = NULL;
    if (lode_arena_create(0, &arena) != LODE_OK) return 1;
    *state = arena;
    return 0;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* Class from its three parts. */
static int class_of(int step, int after_gap, int sparse)
{
    return step << LIFECYCLE_INDEX_SHIFT | after_gap | (sparse ? LIFECYCLE_SPARSE : 0);
}

static void sessions_are_first_second_and_later(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 4, 5}, starts[] = {0, 1, 2, 3, 0};
    uint8_t classes[5];
    lifecycle_classify(&gap_of_10, 2, offsets, starts, classes);
    assert_int_equal(classes[0], class_of(0, 0, 0));
    assert_int_equal(classes[1], class_of(1, 0, 0));
    assert_int_equal(classes[2], class_of(3, 0, 0));
    assert_int_equal(classes[3], class_of(3, 0, 0));
    assert_int_equal(classes[4], class_of(0, 0, 0));
}

static void the_third_to_kth_session_have_a_step_of_their_own(void **state)
{
    (void)state;
    const struct lifecycle_rule rule = {.sparse_after_ms = 10, .first_sessions = 4};
    const int64_t offsets[] = {0, 6}, starts[] = {0, 1, 2, 3, 4, 5};
    const int steps[] = {0, 1, 2, 2, 3, 3};
    uint8_t classes[6];
    lifecycle_classify(&rule, 1, offsets, starts, classes);
    for (int s = 0; s < 6; s++) assert_int_equal(classes[s], class_of(steps[s], 0, 0));
}

/* 10 apart is no gap, 11 apart is one; all sessions of that user are sparse. */
static void a_gap_is_longer_than_the_limit_and_marks_the_user(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 3, 5}, starts[] = {0, 10, 21, 0, 10};
    uint8_t classes[5];
    lifecycle_classify(&gap_of_10, 2, offsets, starts, classes);
    assert_int_equal(classes[0], class_of(0, 0, 1));
    assert_int_equal(classes[1], class_of(1, 0, 1));
    assert_int_equal(classes[2], class_of(3, 1, 1));
    assert_int_equal(classes[3], class_of(0, 0, 0));
    assert_int_equal(classes[4], class_of(1, 0, 0));
}

static void the_time_between_two_users_is_no_gap(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 1, 2}, starts[] = {0, 1000};
    uint8_t classes[2];
    lifecycle_classify(&gap_of_10, 2, offsets, starts, classes);
    assert_int_equal(classes[1], class_of(0, 0, 0));
}

static void an_unknown_start_has_no_gap_on_either_side(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 3}, starts[] = {INT64_MIN, INT64_MIN, 1000};
    uint8_t classes[3];
    lifecycle_classify(&gap_of_10, 1, offsets, starts, classes);
    assert_int_equal(classes[1], class_of(1, 0, 0));
    assert_int_equal(classes[2], class_of(3, 0, 0));
}

static void the_widest_gap_there_is_does_not_overflow(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 2}, starts[] = {INT64_MIN + 1, INT64_MAX};
    uint8_t classes[2];
    lifecycle_classify(&gap_of_10, 1, offsets, starts, classes);
    assert_int_equal(classes[1], class_of(1, 1, 1));
}

static void users_without_sessions_are_passed_over(void **state)
{
    (void)state;
    const int64_t offsets[] = {0, 0, 2, 2}, starts[] = {0, 100}, none[] = {0, 0};
    uint8_t classes[2] = {255, 255};
    lifecycle_classify(&gap_of_10, 1, none, starts, classes);
    assert_int_equal(classes[0], 255);
    lifecycle_classify(&gap_of_10, 3, offsets, starts, classes);
    assert_int_equal(classes[0], class_of(0, 0, 1));
    assert_int_equal(classes[1], class_of(1, 1, 1));
}

static void cohorts_come_in_the_documented_order(void **state)
{
    static const char *const names[] = {
        "all",
        "session_index=1",
        "session_index=2",
        "session_index>=3",
        "session_index>1",
        "session_index<=2",
        "sparse_user",
        "not_sparse_user",
        "session_after_gap",
        "session_not_after_gap",
        "session_index<=5",
        "session_index>5",
    };
    struct lifecycle_cohorts cohorts;
    assert_ok(lifecycle_cohorts_init(5, *state, &cohorts));
    assert_int_equal(cohorts.count, 12);
    for (int i = 0; i < 12; i++) assert_string_equal(cohorts.names[i], names[i]);
    assert_ok(lifecycle_cohorts_init(2, *state, &cohorts));
    assert_int_equal(cohorts.count, 10);
}

/* Rows 1 to 3 part all sessions; so do >1 with =1, <=2 with >=3, and each cohort with its "not". */
static void cohorts_and_their_complements_hold_every_class_once(void **state)
{
    static const int parts[][3] = {{1, 2, 3},  {1, 4, -1}, {5, 3, -1},
                                   {6, 7, -1}, {8, 9, -1}, {10, 11, -1}};
    struct lifecycle_cohorts cohorts;
    assert_ok(lifecycle_cohorts_init(5, *state, &cohorts));
    assert_int_equal(cohorts.classes[0], UINT16_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int either = 0, both = 0;
        for (int j = 0; j < 3 && parts[i][j] >= 0; j++) {
            both |= either & cohorts.classes[parts[i][j]];
            either |= cohorts.classes[parts[i][j]];
        }
        assert_int_equal(either, UINT16_MAX);
        assert_int_equal(both, 0);
    }
}

static void what_lies_within_what_is_known_without_counting(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct lifecycle_cohorts cohorts;
    enum { ALL, FIRST, SECOND, THIRD, LATER, FIRST_TWO, SPARSE, NOT_SPARSE, AFTER_GAP };
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lifecycle_cohorts_init(1, arena, &cohorts));
    const uint16_t *of = cohorts.classes;
    assert_true(lifecycle_is_within(of[FIRST], of[FIRST_TWO]));
    assert_false(lifecycle_is_within(of[FIRST_TWO], of[FIRST]));
    assert_false(lifecycle_is_within(of[FIRST], of[SECOND]));
    assert_true(lifecycle_is_within(of[AFTER_GAP], of[SPARSE])); /* who has a gap is sparse */
    assert_true(lifecycle_is_within(of[AFTER_GAP], of[LATER]));  /* nothing is before the first */
    assert_false(lifecycle_is_within(of[SPARSE], of[AFTER_GAP]));
    assert_true(lifecycle_is_within(of[THIRD], of[ALL]));
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_within_what_is_known_without_counting),
        cmocka_unit_test(sessions_are_first_second_and_later),
        cmocka_unit_test(the_third_to_kth_session_have_a_step_of_their_own),
        cmocka_unit_test(a_gap_is_longer_than_the_limit_and_marks_the_user),
        cmocka_unit_test(the_time_between_two_users_is_no_gap),
        cmocka_unit_test(an_unknown_start_has_no_gap_on_either_side),
        cmocka_unit_test(the_widest_gap_there_is_does_not_overflow),
        cmocka_unit_test(users_without_sessions_are_passed_over),
        cmocka_unit_test(cohorts_come_in_the_documented_order),
        cmocka_unit_test(cohorts_and_their_complements_hold_every_class_once),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
