/* The canonical text: as a person would write it, and read again it is the same node. */
#include "tests/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/common/expr/random_text.h"
#include "tests/common/expr/schema.h"

enum { RANDOM_CASES = 20000, PER_LANGUAGE = 500 };

static lode_status define(struct expr_language *language, const char *text, int32_t *node)
{
    const struct expr_definition definition = {.text = text, .line = 1, .column = 1};
    return expr_define(language, &definition, node);
}

static void assert_printed(struct expr_language *language, const char *text, const char *expected)
{
    struct lode_bytes out = {0};
    int32_t node;
    assert_ok(define(language, text, &node));
    assert_ok(expr_print(&schema, expr_language_graph(language), node, &out));
    assert_ok(lode_bytes_append(&out, "", 1));
    assert_string_equal(expected, (char *)out.data);
    lode_bytes_clear(&out);
}

static void brackets_stand_only_where_they_must(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_language *language;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_language_create(&schema, arena, &language));
    assert_printed(language, "((1 + (2 * 3)) - 4)", "1 + 2 * 3 - 4");
    assert_printed(language, "1 - (2 - 3)", "1 - (2 - 3)");
    assert_printed(language, "(hour(time) < 9) or hour(time) > 21",
                   "hour(time) < 9 or hour(time) > 21");
    assert_printed(language, "not (crash or true)", "not (kpi_crash or true)");
    assert_printed(language, "-(5)", "-(5)");
    assert_printed(language, "country = 'DE'", "country = 'DE'");
    assert_printed(language, "country ~ 'E|F'", "country != 'US'");
    assert_printed(language, "os ~ 'z'", "os in {}");
    lode_arena_destroy(arena);
}

/* The language of rules: sessions are slots, KPIs are counters, one of them a duration. */
static void slots_are_printed_as_written(void **state)
{
    static const struct lode_kpi counters[] = {{"cpu", false, 0}, {"a-b", false, 0}};
    static const enum expr_unit units[] = {EXPR_NO_UNIT, EXPR_MS};
    static const struct expr_schema slots = {
        .n_kpis = 2, .kpis = counters, .kpi_units = units, .of_slots = true};
    static const char *const texts[] = {
        "most(cpu within 15m) > 0.9 and previous(cpu) < 0.5",
        "counter('a-b') > 500ms or least(counter('a-b') within 1h) = 1s",
        "mean(cpu within 1d) < sum(cpu within 5m) / 2",
    };
    (void)state;
    struct lode_arena *arena;
    struct expr_language *language;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_language_create(&slots, arena, &language));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lode_bytes out = {0};
        int32_t node, again;
        assert_ok(define(language, texts[i], &node));
        assert_ok(expr_print(&slots, expr_language_graph(language), node, &out));
        assert_ok(lode_bytes_append(&out, "", 1));
        assert_string_equal(texts[i], (char *)out.data);
        assert_ok(define(language, (char *)out.data, &again));
        assert_int_equal(node, again);
        lode_bytes_clear(&out);
    }
    lode_arena_destroy(arena);
}

static void events_and_patterns_are_printed_as_written(void **state)
{
    static const char *const texts[] = {
        "has(pay)",
        "count(any{is_missing(url)} before (pay after 'before'))",
        "count(request{status = '200' and ms > 500} between login_start and login_ok)",
        "count(request{ms >= 5 and ms < 7.5})",
        "count(request{url in top(20, url of request after login_start)})",
        "count(top(3, any))",
        "matches(search -> cart => pay without (poll | done) within 1m)",
        "matches(poll until done)",
        "time_in(rebuffer_start .. rebuffer_end) > 1500ms",
        "gap(pay, done) / 2",
        "sum(ms of request)",
        "at(backend['node-1'].cpu within 2m)",
        "most(cache.'memory used') > 0.9",
        "time > date('2026-11-21T09:17:31.250Z')",
        "attribute('odd name') = 'DE'",
        "kpi('kpi_odd-one')",
    };
    (void)state;
    struct lode_arena *arena;
    struct expr_language *language;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_language_create(&schema, arena, &language));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_printed(language, texts[i], texts[i]);
    lode_arena_destroy(arena);
}

static void check_round_trip(struct expr_language *language, uint64_t seed)
{
    static const char kinds[] = "BNDTX";
    struct random_text text = {.seed = seed};
    struct lode_bytes printed = {0};
    int32_t node, again;
    random_part(&text, kinds[random_below(&text, 5)], 4);
    assert_ok(lode_bytes_append(&text.bytes, "", 1));
    if (define(language, (char *)text.bytes.data, &node) != LODE_OK) {
        /* the only mistakes that random texts make */
        if (!strstr(lode_error_text(), "window") && !strstr(lode_error_text(), "alternatives"))
            fail_msg("%s: %s", (char *)text.bytes.data, lode_error_text());
    } else {
        assert_ok(expr_print(&schema, expr_language_graph(language), node, &printed));
        assert_ok(lode_bytes_append(&printed, "", 1));
        if (define(language, (char *)printed.data, &again) != LODE_OK)
            fail_msg("LODE_SEED=%" PRIu64 ": %s: %s", seed, (char *)printed.data,
                     lode_error_text());
        if (node != again)
            fail_msg("LODE_SEED=%" PRIu64 ": %s\nis another node than\n%s", seed,
                     (char *)printed.data, (char *)text.bytes.data);
    }
    lode_bytes_clear(&printed);
    lode_bytes_clear(&text.bytes);
}

static void what_is_printed_is_read_as_the_same_node(void **state)
{
    (void)state;
    const char *given = getenv("LODE_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    struct lode_arena *arena;
    struct expr_language *language = NULL;
    print_message("LODE_SEED=%" PRIu64 "\n", seed);
    assert_ok(lode_arena_create(0, &arena));
    for (uint64_t i = 0; i < RANDOM_CASES; i++) {
        if (i % PER_LANGUAGE == 0) {
            lode_arena_reset(arena);
            assert_ok(expr_language_create(&schema, arena, &language));
        }
        check_round_trip(language, seed + i);
    }
    lode_arena_destroy(arena);
}

/* Doubling 40 times would be a text of 10^12 names. */
static void a_text_without_end_is_cut(void **state)
{
    (void)state;
    struct lode_arena *arena;
    struct expr_language *language;
    struct lode_bytes out = {0};
    char name[8], text[32];
    int32_t node = -1;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(expr_language_create(&schema, arena, &language));
    assert_ok(lode_bytes_append(&out, ">", 1));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "x%d", i);
        snprintf(text, sizeof text, i ? "x%d * x%d" : "kpi_seconds", i - 1, i - 1);
        const struct expr_definition definition = {name, text, NULL, 1, 1};
        assert_ok(expr_define(language, &definition, &node));
    }
    assert_ok(expr_print(&schema, expr_language_graph(language), node, &out));
    assert_int_equal(1 + (64 << 10), out.size);
    assert_memory_equal("...", out.data + out.size - 3, 3);
    lode_bytes_clear(&out);
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_stand_only_where_they_must),
        cmocka_unit_test(slots_are_printed_as_written),
        cmocka_unit_test(events_and_patterns_are_printed_as_written),
        cmocka_unit_test(what_is_printed_is_read_as_the_same_node),
        cmocka_unit_test(a_text_without_end_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
