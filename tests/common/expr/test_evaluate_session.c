/* Evaluate: operators, times, words and users, with answers by head. Events and patterns are in
 * test_evaluate.c. */
#include "tests/common/expr/one_session.h"

#define DAY_MS 86400000.0
#define THURSDAY_MS INT64_C(1600387199000) /* 2020-09-17T23:59:59Z, the last second of one */

static double binary_of(enum expr_op op, double x, double y)
{
    return value_of("", binary(&builder, op, constant(&builder, x), constant(&builder, y)));
}

static void arithmetic_is_missing_where_an_argument_is(void **state)
{
    (void)state;
    assert_value(7.0, binary_of(EXPR_ADD, 3.0, 4.0));
    assert_value(-1.0, binary_of(EXPR_SUBTRACT, 3.0, 4.0));
    assert_value(12.0, binary_of(EXPR_MULTIPLY, 3.0, 4.0));
    assert_value(0.75, binary_of(EXPR_DIVIDE, 3.0, 4.0));
    assert_value(3.0, binary_of(EXPR_MIN, 3.0, 4.0));
    assert_value(4.0, binary_of(EXPR_MAX, 3.0, 4.0));
    for (enum expr_op op = EXPR_ADD; op <= EXPR_DIVIDE; op++)
        assert_value(MISSING, binary_of(op, MISSING, 4.0));
    assert_value(MISSING, binary_of(EXPR_MIN, 3.0, MISSING));
    assert_value(MISSING, binary_of(EXPR_MAX, MISSING, 3.0));
    assert_value(MISSING, binary_of(EXPR_LESS, MISSING, 3.0));
    assert_value(MISSING, binary_of(EXPR_NOT_EQUAL, MISSING, MISSING));
}

static void a_division_by_zero_is_missing(void **state)
{
    (void)state;
    assert_value(MISSING, binary_of(EXPR_DIVIDE, 3.0, 0.0));
    assert_value(MISSING, binary_of(EXPR_DIVIDE, 0.0, -0.0));
}

static void comparisons_are_true_or_false(void **state)
{
    (void)state;
    assert_value(1.0, binary_of(EXPR_LESS, 3.0, 4.0));
    assert_value(0.0, binary_of(EXPR_LESS, 4.0, 4.0));
    assert_value(1.0, binary_of(EXPR_LESS_EQUAL, 4.0, 4.0));
    assert_value(1.0, binary_of(EXPR_EQUAL, 4.0, 4.0));
    assert_value(0.0, binary_of(EXPR_NOT_EQUAL, 4.0, 4.0));
}

static void and_or_know_missing(void **state)
{
    (void)state;
    /* false, true, missing by false, true, missing */
    static const double values[] = {0.0, 1.0, MISSING};
    static const double both[] = {0.0, 0.0, 0.0, 0.0, 1.0, MISSING, 0.0, MISSING, MISSING};
    static const double either[] = {0.0, 1.0, MISSING, 1.0, 1.0, 1.0, MISSING, 1.0, MISSING};
    for (int i = 0; i < 9; i++) {
        assert_value(both[i], binary_of(EXPR_AND, values[i / 3], values[i % 3]));
        assert_value(either[i], binary_of(EXPR_OR, values[i / 3], values[i % 3]));
    }
}

static double if_of(double condition)
{
    const int32_t c = constant(&builder, condition);
    return value_of(
        "", ternary(&builder, EXPR_IF, c, constant(&builder, 5.0), constant(&builder, 6.0)));
}

static void if_when_or_else_choose(void **state)
{
    (void)state;
    assert_value(5.0, if_of(1.0));
    assert_value(6.0, if_of(0.0));
    assert_value(MISSING, if_of(MISSING));
    assert_value(3.0, binary_of(EXPR_WHEN, 3.0, 1.0));
    assert_value(MISSING, binary_of(EXPR_WHEN, 3.0, 0.0));
    assert_value(MISSING, binary_of(EXPR_WHEN, 3.0, MISSING));
    assert_value(3.0, binary_of(EXPR_OR_ELSE, 3.0, 4.0));
    assert_value(4.0, binary_of(EXPR_OR_ELSE, MISSING, 4.0));
    const int32_t missing = constant(&builder, MISSING), one = constant(&builder, 1.0);
    assert_value(1.0, value_of("", unary(&builder, EXPR_IS_MISSING, missing)));
    assert_value(0.0, value_of("", unary(&builder, EXPR_IS_MISSING, one)));
    assert_value(MISSING, value_of("", unary(&builder, EXPR_NOT, missing)));
    assert_value(0.0, value_of("", unary(&builder, EXPR_NOT, one)));
    assert_value(-1.0, value_of("", unary(&builder, EXPR_NEGATE, one)));
    assert_value(1.0, value_of("", unary(&builder, EXPR_ABS, unary(&builder, EXPR_NEGATE, one))));
}

static double part_of_time(enum expr_op op, double ms)
{
    return value_of("", unary(&builder, op, constant(&builder, ms)));
}

static void a_time_has_hour_minute_weekday_day_and_month(void **state)
{
    (void)state;
    const double time = (double)THURSDAY_MS;
    assert_value(23.0, part_of_time(EXPR_HOUR, time));
    assert_value(59.0, part_of_time(EXPR_MINUTE, time));
    assert_value(4.0, part_of_time(EXPR_WEEKDAY, time));
    assert_value(17.0, part_of_time(EXPR_DAY, time));
    assert_value(9.0, part_of_time(EXPR_MONTH, time));
    assert_value(0.0, part_of_time(EXPR_HOUR, time + 1000.0));
    assert_value(5.0, part_of_time(EXPR_WEEKDAY, time + 1000.0));
    assert_value(29.0, part_of_time(EXPR_DAY, 951782400000.0)); /* 2000-02-29 */
    assert_value(2.0, part_of_time(EXPR_MONTH, 951782400000.0));
    assert_value(31.0, part_of_time(EXPR_DAY, -1.0)); /* 1969-12-31T23:59:59.999 */
    assert_value(12.0, part_of_time(EXPR_MONTH, -1.0));
    assert_value(3.0, part_of_time(EXPR_WEEKDAY, -1.0));
    assert_value(MISSING, part_of_time(EXPR_HOUR, MISSING));
    assert_value(MISSING, part_of_time(EXPR_HOUR, 1e18));
}

static void hours_are_those_of_the_zone(void **state)
{
    (void)state;
    struct lode_bytes rules = {0};
    struct lode_arena *arena;
    const struct lode_zone *berlin;
    struct expr_program *program;
    double values[2], *out = values;
    part_session(&part, 1585443600000, ""); /* 2020-03-29T01:00Z: clocks go from 2 to 3 */
    part_session(&part, 1585443599999, "");
    const int32_t hour = unary(&builder, EXPR_HOUR, nullary(&builder, EXPR_START, -1));
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_zone_read("Europe/Berlin", &rules));
    assert_ok(lode_zone_make("Europe/Berlin", rules.data, rules.size, arena, &berlin));
    builder.graph.zone = "Europe/Berlin";

    assert_ok(expr_program_make(&builder.graph, &hour, 1, berlin, arena, &program));
    assert_ok(expr_program_run(program, &part.columns, 0, 1, arena, &out));
    assert_value(3.0, values[0]);
    assert_value(1.0, values[1]);
    assert_status(LODE_E_INPUT, expr_program_make(&builder.graph, &hour, 1, NULL, arena, &program));

    lode_bytes_clear(&rules);
    lode_arena_destroy(arena);
}

static void text_is_looked_up_in_a_table_of_its_words(void **state)
{
    (void)state;
    double table[] = {10.0, MISSING, 12.0}, values[4];
    for (int i = 0; i < 4; i++) part_session(&part, 0, "");
    const uint32_t codes[] = {2, 1, LODE_NO_CODE, 7}; /* 7: a word newer than the table */
    memcpy(part.codes[0], codes, sizeof codes);
    const int32_t node =
        add_node(&builder, (struct expr_node){.op = EXPR_WORD_TABLE,
                                              .n_args = 1,
                                              .args = {nullary(&builder, EXPR_ATTRIBUTE, 0)},
                                              .table = table,
                                              .n_table = 3});
    evaluate(&builder, &part, node, values);
    assert_value(12.0, values[0]);
    for (int i = 1; i < 4; i++) assert_value(MISSING, values[i]);
}

/* --- of the user --- */

static void sessions_of_a_user_know_each_other(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    part_session(&part, 100, "");
    part_session(&part, 130, "");
    part_session(&part, INT64_MIN, "");
    part_user(&part); /* without sessions */
    part_user(&part);
    part_session(&part, 500, "");
    part.numbers[0][0] = 1.0;
    part.numbers[0][1] = 2.0;
    part.numbers[0][2] = 3.0;
    const double index[] = {1.0, 2.0, 3.0, 1.0}, sessions[] = {3.0, 3.0, 3.0, 1.0};
    const double since[] = {MISSING, 30.0, MISSING, MISSING};
    const double longest[] = {30.0, 30.0, 30.0, MISSING};
    const double previous[] = {MISSING, 1.0, 2.0, MISSING};
    const int32_t kpi = nullary(&builder, EXPR_KPI, 0);
    const int32_t nodes[] = {
        nullary(&builder, EXPR_SESSION_INDEX, -1), nullary(&builder, EXPR_USER_SESSIONS, -1),
        nullary(&builder, EXPR_SINCE_PREVIOUS, -1), nullary(&builder, EXPR_USER_MAX_GAP, -1),
        unary(&builder, EXPR_PREVIOUS, kpi)};
    const double *expected[] = {index, sessions, since, longest, previous};
    for (int i = 0; i < 5; i++) {
        evaluate(&builder, &part, nodes[i], values);
        for (int s = 0; s < 4; s++) assert_value(expected[i][s], values[s]);
    }
}

/* Blocks have 1,024 sessions at most, less in a small arena; the user does not care. */
static void a_user_of_many_sessions_goes_over_blocks(void **state)
{
    (void)state;
    enum { SESSIONS = 4000 };
    static double values[2][PART_SESSIONS];
    double *out[] = {values[0], values[1]};
    struct lode_arena *arena;
    struct expr_program *program;
    for (int s = 0; s < SESSIONS; s++) {
        part_session(&part, (int64_t)s * (s + 1) / 2, "a1");
        part.numbers[0][s] = s;
    }
    const int32_t roots[] = {unary(&builder, EXPR_PREVIOUS, nullary(&builder, EXPR_KPI, 0)),
                             nullary(&builder, EXPR_USER_MAX_GAP, -1)};
    assert_ok(lode_arena_create(128 << 10, &arena));
    assert_ok(expr_program_make(&builder.graph, roots, 2, NULL, arena, &program));
    assert_ok(expr_program_run(program, &part.columns, 0, 1, arena, out));
    assert_value(MISSING, values[0][0]);
    for (int s = 1; s < SESSIONS; s++) {
        assert_value(s - 1.0, values[0][s]);
        assert_value(SESSIONS - 1.0, values[1][s]);
    }
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(arithmetic_is_missing_where_an_argument_is, begin),
        cmocka_unit_test_setup(a_division_by_zero_is_missing, begin),
        cmocka_unit_test_setup(comparisons_are_true_or_false, begin),
        cmocka_unit_test_setup(and_or_know_missing, begin),
        cmocka_unit_test_setup(if_when_or_else_choose, begin),
        cmocka_unit_test_setup(a_time_has_hour_minute_weekday_day_and_month, begin),
        cmocka_unit_test_setup(hours_are_those_of_the_zone, begin),
        cmocka_unit_test_setup(text_is_looked_up_in_a_table_of_its_words, begin),
        cmocka_unit_test_setup(sessions_of_a_user_know_each_other, begin),
        cmocka_unit_test_setup(a_user_of_many_sessions_goes_over_blocks, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
