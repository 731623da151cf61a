/* The language: each construct gives the nodes it should, each mistake is told with its place. */
#include "tests/unit.h"

#include <math.h>
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
        "count(request{url in top(20, url of request between login_start and login_ok)} between "
        "login_start and login_ok)",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_example_of_the_language_is_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
