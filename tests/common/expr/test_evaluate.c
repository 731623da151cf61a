/* Evaluate: one window, link, fold over events at a time, with answers by head; the examples of
 * section 3 of the paper; whole blocks. Everything at once is in test_evaluate_random.c. */
#include "tests/common/expr/one_session.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000.0

static double matched(const char *pattern, int64_t within_ms, const char *events)
{
    return value_of(events, matches(&builder, pattern_of(&builder, pattern, within_ms)));
}

static double counted(const char *pattern, int64_t within_ms, const char *events)
{
    return value_of(events, match_count(&builder, pattern_of(&builder, pattern, within_ms)));
}

/* --- of the events --- */

static void events_are_counted_and_timed(void **state)
{
    (void)state;
    const char *const events = "a10 b20 b30 c60";
    const int32_t b = select_names(&builder, "b"), bc = select_names(&builder, "bc");
    const int32_t any = select_names(&builder, NULL), none = select_names(&builder, "z");
    assert_value(2.0, value_of(events, count_of(&builder, b)));
    assert_value(3.0, value_of(events, count_of(&builder, bc)));
    assert_value(4.0, value_of(events, count_of(&builder, any)));
    assert_value(0.0, value_of(events, count_of(&builder, none)));
    assert_value(10.0, value_of(events, event_node(&builder, EXPR_EVENT_FIRST, b, -1, -1)));
    assert_value(20.0, value_of(events, event_node(&builder, EXPR_EVENT_LAST, b, -1, -1)));
    assert_value(MISSING, value_of(events, event_node(&builder, EXPR_EVENT_LAST, none, -1, -1)));
    assert_value(50.0, value_of(events, nullary(&builder, EXPR_EVENT_DURATION, -1)));
}

static void a_session_without_events_has_no_times_and_counts_none(void **state)
{
    (void)state;
    const int32_t a = select_names(&builder, "a");
    assert_value(0.0, value_of("", count_of(&builder, a)));
    assert_value(MISSING, value_of("", event_node(&builder, EXPR_EVENT_FIRST, a, -1, -1)));
    assert_value(MISSING, value_of("", nullary(&builder, EXPR_EVENT_DURATION, -1)));
    assert_value(0.0, value_of("", event_node(&builder, EXPR_EVENT_STATE_TIME, a, a, -1)));
    assert_value(0.0, matched("a", INT64_MAX, ""));
}

static double gap_of(const char *from, const char *to, const char *events)
{
    const int32_t a = select_names(&builder, from), b = select_names(&builder, to);
    return value_of(events, event_node(&builder, EXPR_EVENT_GAP, a, b, -1));
}

static void a_gap_goes_from_the_first_to_the_next_after_it(void **state)
{
    (void)state;
    assert_value(7.0, gap_of("a", "b", "b0 a10 a15 b17 b30"));
    assert_value(5.0, gap_of("a", "a", "a10 a15 a30"));
    assert_value(0.0, gap_of("a", "b", "a10 b10")); /* equal times keep their order */
    assert_value(MISSING, gap_of("a", "b", "b10 a10"));
    assert_value(MISSING, gap_of("a", "b", "b1"));
}

static double state_of(const char *from, const char *until, const char *events)
{
    const int32_t a = select_names(&builder, from), b = select_names(&builder, until);
    return value_of(events, event_node(&builder, EXPR_EVENT_STATE_TIME, a, b, -1));
}

static void a_state_lasts_until_its_end_or_the_last_event(void **state)
{
    (void)state;
    assert_value(7.0, state_of("a", "b", "a0 b5 b8 a10 b12 c20"));
    assert_value(15.0, state_of("a", "b", "a5 c9 a10 c20"));
    assert_value(0.0, state_of("a", "b", "b0 c5"));
    assert_value(20.0, state_of("ab", "b", "a0 b10 c20")); /* ends and begins at once */
}

static double window_of(enum expr_window window, const char *events)
{
    const int32_t from = select_names(&builder, "f"), until = select_names(&builder, "u");
    return value_of(events,
                    count_of(&builder, select_window(&builder, "afu", window, from, until)));
}

static void windows_leave_out_what_begins_and_ends_them(void **state)
{
    (void)state;
    assert_value(2.0, window_of(EXPR_BEFORE, "a1 a2 f3 a4 f5"));
    assert_value(2.0, window_of(EXPR_BEFORE, "a1 a2"));
    assert_value(2.0, window_of(EXPR_AFTER, "a1 f3 a4 f5"));
    assert_value(0.0, window_of(EXPR_AFTER, "a1 a2"));
    assert_value(1.0, window_of(EXPR_BETWEEN, "a1 f2 a3 u4 a5"));
    assert_value(3.0, window_of(EXPR_BETWEEN, "a1 f2 a3 u4 a5 f6 a7 a8"));
    assert_value(2.0, window_of(EXPR_BETWEEN, "f1 f2 a3 u4"));
    assert_value(1.0, window_of(EXPR_AFTER, "f1 a1")); /* equal times keep their order */
    assert_value(0.0, window_of(EXPR_AFTER, "a1 f1"));
}

static double folded(enum expr_op op)
{
    static double values[PART_SESSIONS];
    part_begin(&part);
    part_user(&part);
    part_session(&part, 0, "a1 a2 a3 b4");
    const double numbers[] = {4.0, MISSING, 1.0, 100.0};
    memcpy(part.event_numbers[0], numbers, sizeof numbers);
    part_session(&part, 0, "b1");
    const int32_t a = select_names(&builder, "a");
    evaluate(&builder, &part, event_node(&builder, op, a, -1, PART_COLUMNS), values);
    assert_value(op == EXPR_EVENT_SUM ? 0.0 : MISSING, values[1]); /* of no event */
    return values[0];
}

static void numbers_of_events_are_folded_without_missing_ones(void **state)
{
    (void)state;
    assert_value(5.0, folded(EXPR_EVENT_SUM));
    assert_value(2.5, folded(EXPR_EVENT_MEAN));
    assert_value(1.0, folded(EXPR_EVENT_LEAST));
    assert_value(4.0, folded(EXPR_EVENT_MOST));
}

static void conditions_are_on_words_and_numbers_of_events(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    uint8_t not_200[] = {0, 1, 1}; /* 200, 404, no value */
    part_session(&part, 0, "r1 r2 r3 r4 x5");
    const uint32_t status[] = {1, 0, LODE_NO_CODE, 1, 1};
    const double ms[] = {600.0, 700.0, 800.0, 500.0, 900.0};
    memcpy(part.event_codes[0], status, sizeof status);
    memcpy(part.event_numbers[0], ms, sizeof ms);
    const int32_t slow = select_names(&builder, "r");
    add_condition(&builder, slow,
                  (struct expr_condition){.words = not_200, .n_words = 2, .top = -1});
    add_condition(&builder, slow,
                  (struct expr_condition){.attribute = PART_COLUMNS,
                                          .top = -1,
                                          .low = nextafter(500.0, (double)INFINITY),
                                          .high = (double)INFINITY});
    evaluate(&builder, &part, count_of(&builder, slow), values);
    assert_value(2.0, values[0]); /* r1 (404, 600) and r3 (no status, 800) */
}

/* --- patterns --- */

static void next_is_the_very_next_and_later_any_later(void **state)
{
    (void)state;
    assert_value(1.0, matched("a>b>c", INT64_MAX, "x0 a1 b2 c3"));
    assert_value(0.0, matched("a>b>c", INT64_MAX, "a1 b2 x3 c4"));
    assert_value(1.0, matched("a>b=>c", INT64_MAX, "a1 b2 x3 c4"));
    assert_value(0.0, matched("a=>b", INT64_MAX, "b1 a2"));
    assert_value(1.0, matched("a=>b", INT64_MAX, "a2 b2"));
    assert_value(0.0, matched("a=>b", INT64_MAX, "b2 a2")); /* equal times keep their order */
}

static void ignored_events_are_not_there_for_patterns(void **state)
{
    (void)state;
    builder.ignored['x' - 'a'] = 1;
    builder.graph.ignored = builder.ignored;
    assert_value(1.0, matched("a>b", INT64_MAX, "a1 x2 x3 b4"));
    assert_value(0.0, matched("x", INT64_MAX, "x2"));
    assert_value(1.0, value_of("a1 x2", count_of(&builder, select_names(&builder, "x"))));
}

static void within_is_met_by_the_latest_start(void **state)
{
    (void)state;
    assert_value(1.0, matched("a=>b", 10, "a0 a5 b15"));
    assert_value(0.0, matched("a=>b", 9, "a0 a5 b15"));
    assert_value(1.0, matched("a=>b=>c", 10, "a0 b1 a5 b6 c15"));
    assert_value(0.0, matched("a=>b=>c", 10, "a0 b1 a5 c15")); /* b is of the first a */
    assert_value(1.0, matched("a>b", 0, "a3 b3"));
}

static void until_is_one_or_more_in_a_row(void **state)
{
    (void)state;
    assert_value(1.0, matched("p+>d", INT64_MAX, "p1 p2 p3 d4"));
    assert_value(0.0, matched("p+>d", INT64_MAX, "p1 x2 d3"));
    assert_value(1.0, matched("s>p+>d", INT64_MAX, "s0 p1 p2 d3"));
    assert_value(0.0, matched("s>p+>d", INT64_MAX, "s0 p1 x2 p3 d4"));
    assert_value(0.0, matched("s>p+>d", INT64_MAX, "s0 d3"));
}

static int32_t pattern_without(const char *from, const char *to, const char *without)
{
    const int32_t p = add_pattern(&builder, INT64_MAX);
    const int32_t first = select_names(&builder, from), last = select_names(&builder, to);
    const int32_t forbidden = select_names(&builder, without);
    add_step(&builder, p, (struct expr_step){.selector = first, .without = -1});
    add_step(&builder, p,
             (struct expr_step){.selector = last, .link = EXPR_LATER, .without = forbidden});
    return p;
}

static void without_forbids_what_is_strictly_between(void **state)
{
    (void)state;
    const int32_t node = matches(&builder, pattern_without("s", "p", "c"));
    assert_value(1.0, value_of("s1 x2 p3", node));
    assert_value(0.0, value_of("s1 c2 p3", node));
    assert_value(1.0, value_of("s1 c2 s3 p4", node));
    assert_value(1.0, value_of("c1 s1 p1 c1", node));
    /* the ends may be what is forbidden between them */
    assert_value(1.0, value_of("a1 a2", matches(&builder, pattern_without("a", "a", "a"))));
}

static void occurrences_that_are_counted_do_not_overlap(void **state)
{
    (void)state;
    assert_value(2.0, counted("a>a", INT64_MAX, "a1 a2 a3 a4 a5")); /* by the automaton */
    assert_value(2.0, counted("a=>a", INT64_MAX, "a1 x2 a3 a4 a5"));
    assert_value(1.0, counted("a=>b", INT64_MAX, "a1 a2 b3 b4"));
    assert_value(2.0, counted("a=>b", 5, "a1 b3 a10 b20 a21 b22"));
    assert_value(1.0, counted("a>b>a", INT64_MAX, "a1 b2 a3 b4 a5"));
    assert_value(3.0, counted("a", INT64_MAX, "a1 b2 a3 a4"));
}

/* Nothing of one session is left for the next. */
struct heard {
    char text[64];
};

static void hear(void *context, int32_t root, int64_t event)
{
    struct heard *heard = context;
    const size_t size = strlen(heard->text);
    snprintf(heard->text + size, sizeof heard->text - size, "%d@%lld ", (int)root,
             (long long)part.event_times[event]);
}

static void an_occurrence_is_at_the_time_of_its_last_event(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_program *program;
    struct heard heard = {""};
    const int32_t b = count_of(&builder, select_names(&builder, "b"));
    const int32_t roots[] = {b, match_count(&builder, pattern_of(&builder, "a>b", INT64_MAX)), b,
                             match_count(&builder, pattern_of(&builder, "a=c", 10))};
    part_session(&part, 0, "a1 b2 c3 b4");
    part_session(&part, 0, "b5 a6 c20 a21 c22");
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_program_make(&builder.graph, roots, 4, NULL, arena, &program));
    assert_ok(expr_program_occurrences(program, &part.columns, 0, 2, arena, hear, &heard));
    assert_string_equal(heard.text, "0@2 2@2 1@2 3@3 0@4 2@4 0@5 2@5 3@22 ");
    lode_arena_destroy(arena);
}

static void only_counts_have_occurrences(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_program *program;
    const int32_t has = matches(&builder, pattern_of(&builder, "a>b", INT64_MAX));
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_program_make(&builder.graph, &has, 1, NULL, arena, &program));
    assert_status(LODE_E_BUG,
                  expr_program_occurrences(program, &part.columns, 0, 0, arena, hear, NULL));
    lode_arena_destroy(arena);
}

static void a_pattern_does_not_go_over_sessions(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    part_session(&part, 0, "a1");
    part_session(&part, 0, "b2");
    part_session(&part, 0, "a1 b2");
    const char *const patterns[] = {"a>b", "a=>b", "a+>b"};
    for (int i = 0; i < 3; i++) {
        evaluate(&builder, &part, matches(&builder, pattern_of(&builder, patterns[i], INT64_MAX)),
                 values);
        assert_value(0.0, values[0]);
        assert_value(0.0, values[1]);
        assert_value(1.0, values[2]);
    }
}

/* --- series --- */

static void a_session_is_joined_with_the_samples_of_a_component(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    const int64_t times[] = {0, 100, 200, 200, 300};
    const double loads[] = {0.1, 0.5, 0.8, 0.9, MISSING};
    const struct expr_samples components[] = {{5, times, loads}, {0, NULL, NULL}};
    part.series[0] = (struct expr_series_column){.n_components = 2, .components = components};
    builder.graph.n_series = 1;
    builder.series[0] = (struct expr_series){.component = -1, .by = 0, .max_age_ms = 50};
    part_session(&part, 250, "");            /* the last of equal times */
    part_session(&part, 251, "a251 a400");   /* too old; nothing but a missing one in it */
    part_session(&part, 100, "a110 a200");   /* both ends are in */
    part_session(&part, INT64_MIN, "a0 a1"); /* no start: from the first event */
    part_session(&part, 100, "a100");        /* a component without samples */
    part_session(&part, 100, "a100");        /* no component */
    part.codes[0][4] = 1;
    part.codes[0][5] = LODE_NO_CODE;
    const double at[] = {0.9, MISSING, 0.5, MISSING, MISSING, MISSING};
    const double most[] = {MISSING, MISSING, 0.9, 0.1, MISSING, MISSING};
    const double mean[] = {MISSING, MISSING, (0.5 + 0.8 + 0.9) / 3.0, 0.1, MISSING, MISSING};
    const double *expected[] = {at, most, mean};
    const enum expr_op ops[] = {EXPR_SERIES_AT, EXPR_SERIES_MOST, EXPR_SERIES_MEAN};
    for (int i = 0; i < 3; i++) {
        evaluate(&builder, &part, nullary(&builder, ops[i], 0), values);
        for (int s = 0; s < 6; s++) assert_value(expected[i][s], values[s]);
    }
}

/* --- the examples of section 3 of the paper --- */

/* night = (hour(e) < 9) OR (hour(e) > 21) */
static void example_night(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    const int64_t hour = 3600000;
    for (int64_t h = 0; h < 24; h++) part_session(&part, INT64_C(432000000) + h * hour + 1, "");
    part_session(&part, INT64_MIN, "");
    const int32_t of_start = unary(&builder, EXPR_HOUR, nullary(&builder, EXPR_START, -1));
    const int32_t early = binary(&builder, EXPR_LESS, of_start, constant(&builder, 9.0));
    const int32_t late = binary(&builder, EXPR_LESS, constant(&builder, 21.0), of_start);
    evaluate(&builder, &part, binary(&builder, EXPR_OR, early, late), values);
    for (int h = 0; h < 24; h++) assert_value(h < 9 || h > 21, values[h]);
    assert_value(MISSING, values[24]);
}

/* session duration; time spent in rebuffering, as a share of it */
static void example_rebuffering(void **state)
{
    (void)state;
    const int32_t from = select_names(&builder, "r"), until = select_names(&builder, "e");
    const int32_t share =
        binary(&builder, EXPR_DIVIDE, event_node(&builder, EXPR_EVENT_STATE_TIME, from, until, -1),
               nullary(&builder, EXPR_EVENT_DURATION, -1));
    assert_value(0.3, value_of("p0 r1000 e3000 r9000 e10000", share));
    assert_value(0.0, value_of("p0 p10", share));
    assert_value(MISSING, value_of("p0", share)); /* no duration to divide by */
}

/* number of retries before success: count(login_retry before login_ok) */
static void example_retries_before_success(void **state)
{
    (void)state;
    const int32_t ok = select_names(&builder, "o");
    const int32_t retries = count_of(&builder, select_window(&builder, "r", EXPR_BEFORE, ok, -1));
    assert_value(2.0, value_of("l0 r1 r2 o3 r4", retries));
    assert_value(0.0, value_of("l0 o3 r4", retries));
    assert_value(3.0, value_of("l0 r1 r2 r3", retries)); /* never a success: all of them */
}

/* not (payment within 10s of buy_plan) when has(buy_plan) */
static void example_slow_payment(void **state)
{
    (void)state;
    const int32_t fast = matches(&builder, pattern_of(&builder, "b=>p", 10000));
    const int32_t has = binary(&builder, EXPR_LESS, constant(&builder, 0.0),
                               count_of(&builder, select_names(&builder, "b")));
    const int32_t slow = binary(&builder, EXPR_WHEN, unary(&builder, EXPR_NOT, fast), has);
    assert_value(0.0, value_of("b0 x1 p10000", slow));
    assert_value(1.0, value_of("b0 x1 p10001", slow));
    assert_value(1.0, value_of("b0", slow));
    assert_value(MISSING, value_of("p0", slow));
}

/* Example 1: buy_plan > web_cors_error > timeout_error */
static void example_errors_while_buying(void **state)
{
    (void)state;
    const int32_t node = matches(&builder, pattern_of(&builder, "b>w>t", INT64_MAX));
    assert_value(1.0, value_of("h0 b1 w2 t3", node));
    assert_value(0.0, value_of("h0 b1 w2 h3 t3", node));
}

/* a transient phase of the lifecycle: the second session, after a long pause, of a user that failed
 * in the first */
static void example_lifecycle(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    part_session(&part, 0, "");
    part_session(&part, 31 * 86400000LL, "");
    part_session(&part, 32 * 86400000LL, "");
    part.numbers[0][0] = 1.0;
    const int32_t second = binary(&builder, EXPR_EQUAL, nullary(&builder, EXPR_SESSION_INDEX, -1),
                                  constant(&builder, 2.0));
    const int32_t sparse = binary(&builder, EXPR_LESS, constant(&builder, 30.0 * DAY_MS),
                                  nullary(&builder, EXPR_SINCE_PREVIOUS, -1));
    const int32_t failed =
        binary(&builder, EXPR_EQUAL, unary(&builder, EXPR_PREVIOUS, nullary(&builder, EXPR_KPI, 0)),
               constant(&builder, 1.0));
    const int32_t both = binary(&builder, EXPR_AND, second, sparse);
    evaluate(&builder, &part, binary(&builder, EXPR_AND, both, failed), values);
    assert_value(0.0, values[0]); /* not the second: false, whatever is missing */
    assert_value(1.0, values[1]);
    assert_value(0.0, values[2]);
}

/* a session that ran while the backend's nodes had a high load */
static void example_backend_load(void **state)
{
    (void)state;
    static double values[PART_SESSIONS];
    const int64_t times[] = {0, 60000, 120000};
    const double loads[] = {0.2, 0.95, 0.3};
    const struct expr_samples samples = {3, times, loads};
    part.series[0] = (struct expr_series_column){.n_components = 1, .components = &samples};
    builder.graph.n_series = 1;
    builder.series[0] = (struct expr_series){.component = 0, .by = -1, .max_age_ms = 60000};
    part_session(&part, 1000, "a1000 b61000");
    part_session(&part, 61000, "a61000 b130000");
    const int32_t hot = binary(&builder, EXPR_LESS, constant(&builder, 0.9),
                               nullary(&builder, EXPR_SERIES_MOST, 0));
    evaluate(&builder, &part, hot, values);
    assert_value(1.0, values[0]);
    assert_value(0.0, values[1]);
}

/* --- what is refused --- */

static void a_graph_that_is_none_is_refused(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_program *program;
    assert_ok(lode_arena_create(0, &arena));
    const int32_t one = constant(&builder, 1.0);
    const int32_t self = unary(&builder, EXPR_NOT, one + 1);
    const int32_t derived = nullary(&builder, EXPR_DERIVED, 0);
    const int32_t selector = count_of(&builder, 99);
    const int32_t pattern = matches(&builder, 99);
    const int32_t few = add_node(&builder, (struct expr_node){.op = EXPR_ADD, .n_args = 1});
    const int32_t series = nullary(&builder, EXPR_SERIES_AT, 0);
    const int32_t attribute = nullary(&builder, EXPR_ATTRIBUTE, -2);
    const int32_t after_itself = select_window(&builder, "a", EXPR_AFTER, 0, -1);
    const int32_t count = count_of(&builder, after_itself);
    const int32_t bad[] = {self, derived, selector, pattern, few, series, attribute, count, 1000};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(LODE_E_BUG,
                      expr_program_make(&builder.graph, &bad[i], 1, NULL, arena, &program));
    assert_ok(expr_program_make(&builder.graph, &one, 1, NULL, arena, &program));
    lode_arena_destroy(arena);
}

static void a_needed_column_that_is_not_there_is_refused(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_program *program;
    double values[1], *out = values;
    part_session(&part, 0, "a1");
    const int32_t sum = event_node(&builder, EXPR_EVENT_SUM, select_names(&builder, "a"), -1, 0);
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_program_make(&builder.graph, &sum, 1, NULL, arena, &program));
    const size_t before = lode_arena_peak(arena);
    /* event attribute 0 is text */
    assert_status(LODE_E_BUG, expr_program_run(program, &part.columns, 0, 1, arena, &out));
    assert_int_equal(lode_arena_peak(arena), before);
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(events_are_counted_and_timed, begin),
        cmocka_unit_test_setup(a_session_without_events_has_no_times_and_counts_none, begin),
        cmocka_unit_test_setup(a_gap_goes_from_the_first_to_the_next_after_it, begin),
        cmocka_unit_test_setup(a_state_lasts_until_its_end_or_the_last_event, begin),
        cmocka_unit_test_setup(windows_leave_out_what_begins_and_ends_them, begin),
        cmocka_unit_test_setup(numbers_of_events_are_folded_without_missing_ones, begin),
        cmocka_unit_test_setup(conditions_are_on_words_and_numbers_of_events, begin),
        cmocka_unit_test_setup(next_is_the_very_next_and_later_any_later, begin),
        cmocka_unit_test_setup(ignored_events_are_not_there_for_patterns, begin),
        cmocka_unit_test_setup(within_is_met_by_the_latest_start, begin),
        cmocka_unit_test_setup(until_is_one_or_more_in_a_row, begin),
        cmocka_unit_test_setup(without_forbids_what_is_strictly_between, begin),
        cmocka_unit_test_setup(occurrences_that_are_counted_do_not_overlap, begin),
        cmocka_unit_test_setup(an_occurrence_is_at_the_time_of_its_last_event, begin),
        cmocka_unit_test_setup(only_counts_have_occurrences, begin),
        cmocka_unit_test_setup(a_pattern_does_not_go_over_sessions, begin),
        cmocka_unit_test_setup(a_session_is_joined_with_the_samples_of_a_component, begin),
        cmocka_unit_test_setup(example_night, begin),
        cmocka_unit_test_setup(example_rebuffering, begin),
        cmocka_unit_test_setup(example_retries_before_success, begin),
        cmocka_unit_test_setup(example_slow_payment, begin),
        cmocka_unit_test_setup(example_errors_while_buying, begin),
        cmocka_unit_test_setup(example_lifecycle, begin),
        cmocka_unit_test_setup(example_backend_load, begin),
        cmocka_unit_test_setup(a_graph_that_is_none_is_refused, begin),
        cmocka_unit_test_setup(a_needed_column_that_is_not_there_is_refused, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
