/* The language: each construct gives the nodes it should, each mistake is told with its place. */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/expr/schema.h"

struct fixture {
    struct lode_arena *arena;
    struct expr_language *language;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    assert_ok(lode_arena_create(0, &fixture.arena));
    assert_ok(expr_language_create(&schema, fixture.arena, &fixture.language));
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    lode_arena_destroy(fixture->arena);
    return 0;
}

static lode_status define(void **state, const char *name, const char *text, int32_t *node)
{
    struct fixture *fixture = *state;
    const struct expr_definition definition = {
        .name = name, .text = text, .file = "spec.yaml", .line = 7, .column = 11};
    return expr_define(fixture->language, &definition, node);
}

static const struct expr_graph *graph_of(void **state)
{
    struct fixture *fixture = *state;
    return expr_language_graph(fixture->language);
}

static int32_t node_of(void **state, const char *text)
{
    int32_t node = -1;
    if (define(state, NULL, text, &node) != LODE_OK) fail_msg("%s: %s", text, lode_error_text());
    return node;
}

static const struct expr_node *made(void **state, const char *text)
{
    const int32_t node = node_of(state, text);
    return &graph_of(state)->nodes[node];
}

/* --- expressions of sessions --- */

static void every_example_of_the_language_is_read(void **state)
{
    static const char *const texts[] = {
        "hour(time) < 9 or hour(time) > 21",
        "not (payment within 10s of buy_plan) when has(buy_plan)",
        "country in {'DE', 'FR'} and os ~ '^android'",
        "count(login_retry before login_ok)",
        "time_in(rebuffer_start .. rebuffer_end) / duration()",
        "time_in(rebuffer_start..rebuffer_end) > 5s",
        "matches(buy_plan -> web_cors_error -> timeout_error within 30s)",
        "matches(search => pay without cart)",
        "matches(poll until done)",
        "first(*_error)",
        "last((pay | 'an odd \\'one\\''))",
        "gap(search, any)",
        "count(request{status != '200' and ms > 500} after login_start)",
        "count(request{url in top(20, url of request before done)} between search and done)",
        "most(cache.cpu) > 90%",
        "at(backend['node-1'].cpu within 1m) + mean(backend[region].'memory used')",
        "session_index() <= 1",
        "since_previous() > 30d or user_max_gap() > 30d",
        "previous(kpi_crash) = 1",
        "if(crash, user_sessions(), 3) or_else 0",
        "is_missing(country)",
        "min(1, 2, abs(-3))",
        "sum(ms of request{status = '500'})",
        "count(top(2, any before login_ok))",
        "number(age) >= 18",
        "lower(os) ~ '^ios'",
        "weekday(time) in {6, 7}",
        "time > date('2026-11-21') + 1w - 500ms",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) made(state, texts[i]);
}

static const struct expr_node *argument(void **state, const struct expr_node *node, int index)
{
    return &graph_of(state)->nodes[node->args[index]];
}

static void assert_same(void **state, const char *a, const char *b)
{
    const int32_t first = node_of(state, a), second = node_of(state, b);
    if (first != second) fail_msg("'%s' and '%s' are two nodes", a, b);
}

static void assert_typed(void **state, const char *type, const char *text)
{
    const struct expr_node *node = made(state, text);
    if (strcmp(expr_type_name(node->type, node->unit), type) != 0)
        fail_msg("'%s' is a %s", text, expr_type_name(node->type, node->unit));
}

static void assert_constant(void **state, double number, enum expr_unit unit, const char *text)
{
    const struct expr_node *node = made(state, text);
    assert_int_equal(EXPR_CONSTANT, node->op);
    assert_int_equal(unit, node->unit);
    if (node->number != number) fail_msg("'%s' is %.17g", text, node->number);
}

static void numbers_have_units(void **state)
{
    assert_constant(state, 12, EXPR_NO_UNIT, "12");
    assert_constant(state, -1.5, EXPR_NO_UNIT, "-1.5");
    assert_constant(state, 2e-3, EXPR_NO_UNIT, "2e-3");
    assert_constant(state, 0.9, EXPR_NO_UNIT, "90%");
    assert_constant(state, 500, EXPR_MS, "500ms");
    assert_constant(state, 30e3, EXPR_MS, "30s");
    assert_constant(state, 3e5, EXPR_MS, "5m");
    assert_constant(state, 36e5, EXPR_MS, "1h");
    assert_constant(state, 864e5, EXPR_MS, "1d");
    assert_constant(state, 2 * 6048e5, EXPR_MS, "2w");
    assert_constant(state, 864e5, EXPR_TIME, "date('1970-01-02')");
    assert_constant(state, 1, EXPR_NO_UNIT, "true");
}

static void types_follow_the_operators(void **state)
{
    assert_typed(state, "bool", "country = 'DE'");
    assert_typed(state, "bool", "crash");
    assert_typed(state, "number", "kpi_seconds");
    assert_typed(state, "text", "country");
    assert_typed(state, "text", "previous(country)");
    assert_typed(state, "text", "country when crash");
    assert_typed(state, "time", "time");
    assert_typed(state, "number", "hour(time)");
    assert_typed(state, "duration", "time - date('2026-11-21')");
    assert_typed(state, "time", "time + 5m");
    assert_typed(state, "time", "5m + time");
    assert_typed(state, "time", "time - 5m");
    assert_typed(state, "duration", "duration() - 5m");
    assert_typed(state, "duration", "2 * duration()");
    assert_typed(state, "duration", "duration() / 2");
    assert_typed(state, "number", "duration() / 2s");
    assert_typed(state, "duration", "-duration()");
    assert_typed(state, "duration", "if(crash, 5s, duration())");
    assert_typed(state, "number", "if(crash, crash, 5)");
    assert_typed(state, "duration", "first(pay) or_else 0s");
    assert_typed(state, "number", "count(pay) + crash");
    assert_typed(state, "bool", "matches(pay)");
    assert_typed(state, "number", "count_matches(search -> pay)");
    assert_typed(state, "number", "mean(ms of request)");
    assert_typed(state, "number", "at(cache.cpu)");
}

static void operators_bind_in_their_order(void **state)
{
    assert_same(state, "1 + 2 * 3 - 4", "(1 + (2 * 3)) - 4");
    assert_same(state, "crash or crash and not crash", "crash or (crash and (not crash))");
    assert_same(state, "1 + 2 < 4 and crash", "((1 + 2) < 4) and crash");
    assert_same(state, "kpi_seconds or_else 0 > 3", "(kpi_seconds or_else 0) > 3");
    assert_same(state, "kpi_seconds or_else 1 + 2", "kpi_seconds or_else (1 + 2)");
    assert_same(state, "1 when crash or true", "1 when (crash or true)");
    assert_same(state, "- kpi_seconds * 2", "(-kpi_seconds) * 2");
    assert_same(state, "not crash = false", "not (crash = false)");
}

static void equal_expressions_are_one_node(void **state)
{
    assert_same(state, "kpi_crash", "crash");
    assert_same(state, "kpi('odd-one')", "kpi('kpi_odd-one')");
    assert_same(state, "attribute('country') = 'DE'", "country in {'DE', 'DE'}");
    assert_same(state, "country != 'DE'", "country in {'US', 'FR'}");
    assert_same(state, "country !~ '^D'", "country not in {'DE'}");
    assert_same(state, "kpi_seconds > 3", "3 < kpi_seconds");
    assert_same(state, "crash and time_in(pay .. any) > 1s", "time_in(pay .. any) > 1s and crash");
    assert_same(state, "has(pay)", "count(pay) > 0");
    assert_same(state, "count(login_*)", "count(~'^login')");
    assert_same(state, "count(login_*)", "count((login_ok | login_start | login_retry))");
    assert_same(state, "count(request{ms > 5 and url = '/a'})",
                "count(request{url = '/a' and ms > 5})");
    assert_same(state, "count(request{ms >= 5 and ms <= 5})", "count(request{ms = 5})");
    assert_same(state, "matches(no cart between search and pay)",
                "matches(search => pay without cart)");
    assert_same(state, "payment within 10s of buy_plan", "matches(buy_plan => payment within 10s)");
    assert_same(state, "weekday(time) in {6, 7}", "weekday(time) = 6 or weekday(time) = 7");
    assert_same(state, "at(cache.cpu)", "at(cache['all'].cpu within 5m)");
    assert_same(state, "1 # one\n + 2", "1 + 2");
}

static void nodes_are_counted_before_they_are_merged(void **state)
{
    node_of(state, "hour(time) < 9 or hour(time) > 21");
    const struct expr_graph *graph = graph_of(state);
    assert_int_equal(9, graph->n_asked); /* 2 times, 2 hours, 2 numbers, 2 comparisons, or */
    assert_int_equal(7, graph->n_nodes);
}

static void a_test_on_a_text_is_a_table_over_its_words(void **state)
{
    const struct expr_node *node = made(state, "lower(os) ~ '^(ios|android 12)'");
    assert_int_equal(EXPR_WORD_TABLE, node->op);
    assert_int_equal(4, node->n_table);
    assert_true(node->table[0] == 1 && node->table[1] == 0 && node->table[2] == 1 &&
                node->table[3] == 0);
    node = made(state, "number(age)");
    assert_true(node->table[0] == 7 && node->table[1] == 12.5 && isnan(node->table[2]));
    node = made(state, "os = 'it\\'s odd'");
    assert_true(node->table[3] == 1 && node->table[0] == 0);
    node = made(state, "os ~ '\\'s'"); /* behind ~ a backslash stands for itself, but for \' */
    assert_true(node->table[3] == 1 && node->table[0] == 0);
}

static void a_word_that_no_session_has_is_no_mistake(void **state)
{
    const struct expr_node *node = made(state, "country = 'XX'");
    for (int i = 0; i < 3; i++) assert_true(node->table[i] == 0);
}

static const struct expr_selector *selector_of(void **state, const char *text)
{
    const struct expr_node *node = made(state, text);
    return &graph_of(state)->selectors[node->selectors[0]];
}

static void selectors_have_names_conditions_and_windows(void **state)
{
    const struct expr_selector *selector = selector_of(
        state, "count(request{status != '200' and ms > 500 and not is_missing(url)} after "
               "login_start)");
    assert_int_equal(1, selector->names[9]);
    assert_int_equal(0, selector->names[0]);
    assert_int_equal(3, selector->n_conditions);
    const struct expr_condition *status = &selector->conditions[0], *ms = &selector->conditions[1];
    assert_memory_equal("\0\1\1\0", status->words, 4); /* the last: no value */
    assert_true(ms->low > 500 && ms->low < 500.0001 && isinf(ms->high));
    assert_memory_equal("\1\1\1\0", selector->conditions[2].words, 4);
    assert_int_equal(EXPR_AFTER, selector->window);
    assert_int_equal(1, graph_of(state)->selectors[selector->from].names[0]);
    selector = selector_of(state, "count(any)");
    assert_null(selector->names);
    assert_int_equal(EXPR_ALWAYS, selector->window);
    selector = selector_of(state, "count('before'{is_missing(url)} between search and pay)");
    assert_memory_equal("\0\0\0\1", selector->conditions[0].words, 4);
    assert_int_equal(EXPR_BETWEEN, selector->window);
    assert_int_equal(1, graph_of(state)->selectors[selector->until].names[12]);
}

static void tops_name_the_selector_they_count_in(void **state)
{
    const struct expr_selector *selector =
        selector_of(state, "count(request{url in top(20, url of request before done)})");
    assert_int_equal(0, selector->conditions[0].top);
    assert_null(selector->conditions[0].words);
    const struct expr_top *top = &graph_of(state)->tops[0];
    assert_int_equal(20, top->n);
    assert_int_equal(2, top->attribute);
    assert_int_equal(EXPR_BEFORE, graph_of(state)->selectors[top->selector].window);
    selector = selector_of(state, "count(top(3, any){ms < 1})");
    assert_int_equal(1, selector->top);
    assert_int_equal(-1, graph_of(state)->tops[1].attribute);
}

static void patterns_have_steps_links_and_a_limit(void **state)
{
    const struct expr_node *node =
        made(state, "matches(search -> cart => pay without (poll | done) within 1m)");
    const struct expr_pattern *pattern = &graph_of(state)->patterns[node->index];
    assert_int_equal(3, pattern->n_steps);
    assert_int_equal(60000, pattern->within_ms);
    assert_int_equal(EXPR_NEXT, pattern->steps[1].link);
    assert_int_equal(EXPR_LATER, pattern->steps[2].link);
    assert_int_equal(-1, pattern->steps[1].without);
    assert_int_equal(1, graph_of(state)->selectors[pattern->steps[2].without].names[14]);
    node = made(state, "matches(poll until done)");
    pattern = &graph_of(state)->patterns[node->index];
    assert_true(pattern->steps[0].repeats && !pattern->steps[1].repeats);
    assert_int_equal(EXPR_NEXT, pattern->steps[1].link);
    assert_true(pattern->within_ms == INT64_MAX);
}

static void series_name_source_component_and_counter(void **state)
{
    const struct expr_node *node = made(state, "most(backend['node-2'].'memory used')");
    const struct expr_series *series = &graph_of(state)->series[node->index];
    assert_int_equal(EXPR_SERIES_MOST, node->op);
    assert_int_equal(0, series->source);
    assert_int_equal(1, series->component);
    assert_int_equal(1, series->counter);
    node = made(state, "at(backend[region].cpu within 2m)");
    series = &graph_of(state)->series[node->index];
    assert_int_equal(-1, series->component);
    assert_int_equal(3, series->by);
    assert_int_equal(120000, series->max_age_ms);
}

static void definitions_use_the_names_of_those_before(void **state)
{
    int32_t night, both;
    assert_ok(define(state, "night", "hour(time) < 9 or hour(time) > 21", &night));
    assert_ok(define(state, "both", "night and not crash", &both));
    const struct expr_node *node = &graph_of(state)->nodes[both];
    assert_int_equal(EXPR_AND, node->op);
    assert_true(node->args[0] == night || node->args[1] == night);
    assert_int_equal(EXPR_NOT, argument(state, node, node->args[0] == night)->op);
}

static void a_definition_that_fails_leaves_nothing_behind(void **state)
{
    int32_t node;
    node_of(state, "hour(time) < 9");
    const struct expr_graph before = *graph_of(state);
    assert_status(LODE_E_USAGE,
                  define(state, "bad", "count(search) + sum(ms of request) + nothing", &node));
    assert_int_equal(before.n_nodes, graph_of(state)->n_nodes);
    assert_int_equal(before.n_selectors, graph_of(state)->n_selectors);
    assert_int_equal(before.n_asked, graph_of(state)->n_asked);
    assert_int_equal(before.n_nodes, node_of(state, "count(search)"));
    assert_int_equal(before.n_nodes + 1, node_of(state, "minute(time)"));
    assert_ok(define(state, "bad", "minute(time)", &node));
}

static void definitions_that_are_alike_take_no_memory(void **state)
{
    static const char text[] =
        "count(request{status != '500'} between pay and (any before done)) > 1 "
        "or matches(search => pay without *_error) or os ~ 'ios'";
    struct fixture *fixture = *state;
    const int32_t first = node_of(state, text);
    node_of(state, text); /* once more, since arrays that are just full grow before they look */
    const size_t peak = lode_arena_peak(fixture->arena);
    for (int i = 0; i < 1000; i++) assert_int_equal(first, node_of(state, text));
    assert_int_equal(peak, lode_arena_peak(fixture->arena));
}

static lode_status define_occurrences(void **state, const char *text, int32_t *node)
{
    struct fixture *fixture = *state;
    const struct expr_definition definition = {
        .text = text, .file = "rates.yaml", .line = 2, .column = 9};
    return expr_define_occurrences(fixture->language, &definition, node);
}

static void occurrences_are_events_or_patterns(void **state)
{
    static const char *const alike[][2] = {
        {"search", "count(search)"},
        {"request{status != '200' and ms > 5}", "count(request{status != '200' and ms > 5})"},
        {"(cart | pay) after search", "count((cart | pay) after search)"},
        {"cart -> pay", "count_matches(cart -> pay)"},
        {"login_retry until login_ok", "count_matches(login_retry until login_ok)"},
        {"cart => pay without poll within 30s",
         "count_matches(cart => pay without poll within 30s)"},
        {"no poll between cart and pay", "count_matches(no poll between cart and pay)"},
        {"pay within 10s of cart", "count_matches(cart => pay within 10s)"},
    };
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        int32_t node = -1;
        if (define_occurrences(state, alike[i][0], &node) != LODE_OK)
            fail_msg("%s: %s", alike[i][0], lode_error_text());
        assert_int_equal(node, node_of(state, alike[i][1]));
    }
}

static void what_is_no_occurrence_is_told_by_its_place(void **state)
{
    static const char *const mistakes[][2] = {
        {"crash", "rates.yaml:2:9: no event has the name 'crash'"},
        {"cart -> ", "rates.yaml:2:17: an event belongs here"},
        {"cart > 2", "rates.yaml:2:14: an operator or the end belongs here, not '>'"},
        {"request{stauts = '1'}",
         "rates.yaml:2:17: unknown event attribute 'stauts', did you mean 'status'?"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        int32_t node = -7;
        assert_status(LODE_E_USAGE, define_occurrences(state, mistakes[i][0], &node));
        assert_non_null(strstr(lode_error_text(), mistakes[i][1]));
        assert_int_equal(node, -7);
    }
}

/* --- mistakes --- */

static void assert_mistake(void **state, const char *text, const char *message)
{
    int32_t node = -7;
    const lode_status status = define(state, NULL, text, &node);
    if (status == LODE_OK) fail_msg("'%s' was taken", text);
    assert_int_equal(LODE_E_USAGE, status);
    if (strcmp(message, lode_error_text()) != 0)
        fail_msg("'%s':\n  %s\ninstead of\n  %s", text, lode_error_text(), message);
    assert_int_equal(-7, node);
}

static void unknown_names_are_told_with_the_nearest(void **state)
{
    assert_mistake(state, "contry = 'DE'",
                   "spec.yaml:7:11: unknown name 'contry', did you mean 'country'?");
    assert_mistake(state, "1 +\n  crsh",
                   "spec.yaml:8:3: unknown name 'crsh', did you mean 'crash'?");
    assert_mistake(state, "xyzxyz", "spec.yaml:7:11: unknown name 'xyzxyz'");
    assert_mistake(state, "payment",
                   "spec.yaml:7:11: 'payment' is an event: write has(payment), "
                   "count(payment), ...");
    assert_mistake(state, "attribute('od name') = ''",
                   "spec.yaml:7:21: unknown attribute 'od name', did you mean 'odd name'?");
    assert_mistake(state, "kpi('kpi_second')",
                   "spec.yaml:7:15: unknown KPI 'kpi_second', did you mean 'kpi_seconds'?");
    assert_mistake(state, "cuont(pay)",
                   "spec.yaml:7:11: unknown function 'cuont', did you mean 'count'?");
    assert_mistake(
        state, "has(web_cors_eror)",
        "spec.yaml:7:15: no event has the name 'web_cors_eror', did you mean 'web_cors_error'?");
    assert_mistake(state, "has(paymnt*)",
                   "spec.yaml:7:15: no event has a name like 'paymnt*', did you mean 'payment'?");
    assert_mistake(state, "has(~'^qqqqq')",
                   "spec.yaml:7:16: no event has a name that matches '^qqqqq'");
    assert_mistake(state, "count(request{stauts = '1'})",
                   "spec.yaml:7:25: unknown event attribute 'stauts', did you mean 'status'?");
    assert_mistake(state, "at(bakend.cpu)",
                   "spec.yaml:7:14: unknown source 'bakend', did you mean 'backend'?");
    assert_mistake(state, "at(cache.cpi)",
                   "spec.yaml:7:20: unknown counter 'cpi', did you mean 'cpu'?");
    assert_mistake(state, "at(backend['node-3'].cpu)",
                   "spec.yaml:7:22: unknown component 'node-3', did you mean 'node-1'?");
    assert_mistake(state, "at(backend.cpu)",
                   "spec.yaml:7:14: source 'backend' has 2 components: write backend['NAME'], or "
                   "backend[attribute] for the one that the session names");
}

static void a_definition_is_a_candidate_too(void **state)
{
    int32_t node;
    assert_ok(define(state, "retries", "count(login_retry)", &node));
    assert_mistake(state, "retires > 2",
                   "spec.yaml:7:11: unknown name 'retires', did you mean 'retries'?");
}

static void types_that_do_not_fit_are_told(void **state)
{
    assert_mistake(state, "1 and crash", "spec.yaml:7:13: 'and' takes a bool here, not a number");
    assert_mistake(state, "not kpi_seconds",
                   "spec.yaml:7:11: 'not' takes a bool here, not a number");
    assert_mistake(state, "duration() > 30",
                   "spec.yaml:7:22: '<' takes two of a kind, not a number and a duration: a "
                   "duration is written with its unit, such as 30s");
    assert_mistake(state, "time + time", "spec.yaml:7:16: '+' cannot be of a time and a time");
    assert_mistake(state, "time * 2", "spec.yaml:7:16: '*' cannot be of a time and a number");
    assert_mistake(state, "5s * 5s", "spec.yaml:7:14: '*' cannot be of a duration and a duration");
    assert_mistake(state, "1 / 5s", "spec.yaml:7:13: '/' cannot be of a number and a duration");
    assert_mistake(state, "hour(5s)", "spec.yaml:7:11: 'hour' takes a time here, not a duration");
    assert_mistake(state, "if(crash, 1, 5s)",
                   "spec.yaml:7:11: 'if' takes two of a kind, not a number and a duration: a "
                   "duration is written with its unit, such as 30s");
    assert_mistake(state, "country = os",
                   "spec.yaml:7:19: '=' takes texts of one attribute, not of two");
    assert_mistake(state, "country < 'DE'",
                   "spec.yaml:7:21: a text stands behind =, !=, in or ~ only, such as in os = "
                   "'android'");
    assert_mistake(state, "country + 1",
                   "spec.yaml:7:19: '+' takes a number, a duration or a time here, not a text");
    assert_mistake(state, "crash = 'x'", "spec.yaml:7:19: a text is compared with a bool");
    assert_mistake(state, "crash ~ 'x'", "spec.yaml:7:17: '~' tests a text, this is a bool");
    assert_mistake(state, "number(crash)", "spec.yaml:7:11: 'number' takes a text, not a bool");
    assert_mistake(state, "lower(crash) = 'x'", "spec.yaml:7:11: 'lower' takes a text");
    assert_mistake(state, "1 + lower(os)",
                   "spec.yaml:7:15: 'lower' is for tests only, such as lower(os) = 'android'");
    assert_mistake(state, "sum(url of request)",
                   "spec.yaml:7:15: event attribute 'url' is a text, not a number");
    assert_mistake(state, "count(request{ms > 5s})",
                   "spec.yaml:7:30: an event attribute is a plain number, it is not compared with "
                   "a duration");
    assert_mistake(
        state, "count(request{ms != 5})",
        "spec.yaml:7:28: a number of an event is tested by <, <=, >, >= or =, not by !=");
    assert_mistake(state, "5s%", "spec.yaml:7:13: a duration has no percents");
    assert_mistake(state, "date('soon')",
                   "spec.yaml:7:16: 'soon' is no time: write '2026-11-21' or "
                   "'2026-11-21T10:17:31+01:00'");
}

static void wrong_numbers_of_arguments_are_told(void **state)
{
    assert_mistake(state, "hour()", "spec.yaml:7:11: 'hour' takes 1 argument");
    assert_mistake(state, "hour(time, 1)", "spec.yaml:7:11: 'hour' takes 1 argument");
    assert_mistake(state, "duration(1)", "spec.yaml:7:11: 'duration' takes 0 arguments");
    assert_mistake(state, "1 + if(crash, 2)", "spec.yaml:7:15: 'if' takes 3 arguments");
    assert_mistake(state, "min(1)", "spec.yaml:7:11: 'min' takes 2 or more arguments");
    assert_mistake(state, "number(age, 1)", "spec.yaml:7:11: 'number' takes 1 argument");
    assert_mistake(state, "gap(pay)", "spec.yaml:7:18: ',' is missing before ')'");
}

static void texts_that_are_no_expressions_are_told(void **state)
{
    assert_mistake(state, "", "spec.yaml:7:11: a value is missing at the end");
    assert_mistake(state, "1 +", "spec.yaml:7:14: a value is missing at the end");
    assert_mistake(state, "1 2", "spec.yaml:7:13: an operator or the end belongs here, not '2'");
    assert_mistake(state, "1 + )", "spec.yaml:7:15: a value belongs here, not ')'");
    assert_mistake(state, "(1 + 2", "spec.yaml:7:17: ')' is missing before the end");
    assert_mistake(state, "1 < 2 < 3",
                   "spec.yaml:7:17: one comparison behind another: join two by 'and'");
    assert_mistake(state, "1 & 2", "spec.yaml:7:13: unknown character '&'");
    assert_mistake(state, "\"DE\"",
                   "spec.yaml:7:11: unknown character '\"': texts stand in single quotes");
    assert_mistake(state, "country = 'DE",
                   "spec.yaml:7:21: the quote that begins here is not closed on its line");
    assert_mistake(
        state, "country = 'D\\E'",
        "spec.yaml:7:23: unknown escape: there are \\' \\\\ \\n \\r \\t and \\x01 to \\xff");
    assert_mistake(state, "30sec",
                   "spec.yaml:7:13: unknown unit 'sec': a number ends in ms, s, m, "
                   "h, d, w or %");
    assert_mistake(state, "'é' + é", "spec.yaml:7:17: unknown character 'é'");
    assert_mistake(state, "1e999", "spec.yaml:7:11: a number that is too large");
    assert_mistake(state, "\xff", "spec.yaml:7:11: a definition not in UTF-8");
    assert_mistake(state, "count(pay{})", "spec.yaml:7:21: an attribute of the event belongs here");
    assert_mistake(state, "count()", "spec.yaml:7:17: an event belongs here, not ')'");
    assert_mistake(state, "count(between)",
                   "spec.yaml:7:17: an event belongs here; if 'between' is "
                   "one, put it in quotes");
    assert_mistake(state, "matches(pay -> done without cart)",
                   "spec.yaml:7:31: 'without' is for steps behind =>: nothing lies before the very "
                   "next event");
    assert_mistake(state, "count((pay{ms > 1} | done))",
                   "spec.yaml:7:30: alternatives are names only; conditions and windows of all of "
                   "them stand behind the bracket: (a | b){...}");
    assert_mistake(state, "count(pay before done after cart)",
                   "spec.yaml:7:33: ')' is missing before 'after'");
    assert_mistake(state, "count((pay before done) after cart)",
                   "spec.yaml:7:35: these events have a window already");
    assert_mistake(state, "count(top(0, any))",
                   "spec.yaml:7:21: top takes a count of 1 to 100,000");
    assert_mistake(state, "matches(pay within 5)",
                   "spec.yaml:7:30: a duration such as 30s belongs here");
}

static void regular_expressions_are_checked_before_they_cost(void **state)
{
    int32_t node;
    assert_status(LODE_E_USAGE, define(state, NULL, "country ~ '('", &node));
    assert_memory_equal("spec.yaml:7:21: regular expression '(': ", lode_error_text(), 40);
    assert_mistake(state, "country ~ '((a{1,90}){1,90}){1,90}'",
                   "spec.yaml:7:21: regular expression '((a{1,90}){1,90}){1,90}': it repeats too "
                   "much");
    assert_mistake(
        state, "country ~ '(a)\\1'",
        "spec.yaml:7:21: regular expression '(a)\\1': there are no references to groups");
    made(state, "country ~ '^([[:alpha:]]+|[]{9,9}x])?{2}$'");
}

static void names_of_definitions_must_be_free(void **state)
{
    static const struct {
        const char *name, *message;
    } cases[] = {
        {"two words", "'two words' cannot be a name: letters, digits and _, not a digit first"},
        {"between", "'between' is a word of the language: choose another name"},
        {"country", "'country' is an attribute of the store: choose another name"},
        {"crash", "'crash' is a KPI of the store: choose another name"},
        {"taken", "'taken' is defined already: choose another name"},
    };
    int32_t node;
    assert_ok(define(state, "taken", "1", &node));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_USAGE, define(state, cases[i].name, "1", &node));
        assert_string_equal(cases[i].message, lode_error_text() + strlen("spec.yaml:7:11: "));
    }
}

static char *repeated(const char *before, const char *middle, const char *after, int times)
{
    struct lode_bytes text = {0};
    for (int i = 0; i < times; i++) assert_ok(lode_bytes_append(&text, before, strlen(before)));
    assert_ok(lode_bytes_append(&text, middle, strlen(middle)));
    for (int i = 0; i < times; i++) assert_ok(lode_bytes_append(&text, after, strlen(after)));
    assert_ok(lode_bytes_append(&text, "", 1));
    return (char *)text.data;
}

static void depth_and_length_have_limits(void **state)
{
    const struct {
        char *text;
        const char *what;
    } cases[] = {
        {repeated("(", "1", ")", 64), "more than 64 brackets"},
        {repeated("-", "kpi_seconds", "", 65), "more than 64 brackets"},
        {repeated("not ", "crash", "", 65), "more than 64 brackets"},
        {repeated("", "count", "(", 1000), "more than 64 brackets"},
        {repeated("", "kpi_seconds", " + kpi_seconds", 1000), "more than 1000 operations"},
        {repeated(" ", "1", "", 65536), "a definition longer than 64 KiB"},
    };
    int32_t node;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_USAGE, define(state, NULL, cases[i].text, &node));
        if (!strstr(lode_error_text(), cases[i].what)) fail_msg("%s", lode_error_text());
        free(cases[i].text);
    }
    char *well = repeated("(", "1", ")", 63);
    node_of(state, well);
    free(well);
}

#define WITH_LANGUAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LANGUAGE(every_example_of_the_language_is_read),
        WITH_LANGUAGE(numbers_have_units),
        WITH_LANGUAGE(types_follow_the_operators),
        WITH_LANGUAGE(operators_bind_in_their_order),
        WITH_LANGUAGE(equal_expressions_are_one_node),
        WITH_LANGUAGE(nodes_are_counted_before_they_are_merged),
        WITH_LANGUAGE(a_test_on_a_text_is_a_table_over_its_words),
        WITH_LANGUAGE(a_word_that_no_session_has_is_no_mistake),
        WITH_LANGUAGE(selectors_have_names_conditions_and_windows),
        WITH_LANGUAGE(tops_name_the_selector_they_count_in),
        WITH_LANGUAGE(patterns_have_steps_links_and_a_limit),
        WITH_LANGUAGE(series_name_source_component_and_counter),
        WITH_LANGUAGE(definitions_use_the_names_of_those_before),
        WITH_LANGUAGE(a_definition_that_fails_leaves_nothing_behind),
        WITH_LANGUAGE(definitions_that_are_alike_take_no_memory),
        WITH_LANGUAGE(occurrences_are_events_or_patterns),
        WITH_LANGUAGE(what_is_no_occurrence_is_told_by_its_place),
        WITH_LANGUAGE(unknown_names_are_told_with_the_nearest),
        WITH_LANGUAGE(a_definition_is_a_candidate_too),
        WITH_LANGUAGE(types_that_do_not_fit_are_told),
        WITH_LANGUAGE(wrong_numbers_of_arguments_are_told),
        WITH_LANGUAGE(texts_that_are_no_expressions_are_told),
        WITH_LANGUAGE(regular_expressions_are_checked_before_they_cost),
        WITH_LANGUAGE(names_of_definitions_must_be_free),
        WITH_LANGUAGE(depth_and_length_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
