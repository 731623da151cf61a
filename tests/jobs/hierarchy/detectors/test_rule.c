/* Rules: compiled against the counters of a store, evaluated over the slots of a component. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/detectors/rule.h"

enum { CPU, ERRORS, LATENCY, ODD, COUNTERS, SLOTS = 8 };
#define MINUTE INT64_C(60000)

static const struct lode_counter counters[COUNTERS] = {
    [CPU] = {.name = "cpu", .unit = "%"},
    [ERRORS] = {.name = "errors", .unit = ""},
    [LATENCY] = {.name = "latency", .unit = "s"},
    [ODD] = {.name = "disk-0.reads", .unit = "MiB"},
};
#define NONE ((double)NAN)
static const double cpu[SLOTS] = {50, 95, 95, 91, NONE, 99, 10, 90};
static const double errors[SLOTS] = {0, 9, 5, 6, 9, NONE, 9, 6};
static const double latency[SLOTS] = {0.1, 0.6, 0.7, 0.1, 0.6, NONE, 0.6, 0.6};
static const double odd[SLOTS] = {1, 2, 3, 4, 5, 6, 7, 8};
static const double *const all[COUNTERS] = {cpu, errors, latency, odd};
/* A slot of 5 minutes each; two are missing before the last one. */
static const int64_t times[SLOTS] = {0,           5 * MINUTE,  10 * MINUTE, 15 * MINUTE,
                                     20 * MINUTE, 25 * MINUTE, 30 * MINUTE, 45 * MINUTE};

static int make(void **state)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(32 << 20, &arena));
    *state = arena;
    return 0;
}

static int destroy(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static lode_status compile(struct lode_arena *arena, const char *text, struct rules *rules)
{
    const struct lode_definition definition = {
        .name = "it", .text = text, .file = "spec.yaml", .line = 7, .column = 9};
    return rules_compile(&definition, 1, counters, COUNTERS, "UTC", arena, rules);
}

/* The slots where the rule holds, as a row of 0 and 1; scanned alike after a journey as bytes. */
static void check_holds(struct lode_arena *arena, const char *text, const char *expected)
{
    const struct rule_series series = {.n = SLOTS, .times = times, .values = all};
    struct lode_bytes packed = {0}, again = {0};
    struct rules rules, there;
    double distance[SLOTS], *list[] = {distance};
    char row[SLOTS + 1] = "";
    assert_ok(compile(arena, text, &rules));
    assert_ok(rules_pack(&rules, &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    assert_ok(rules_unpack(&in, arena, &there));
    assert_ok(rules_pack(&there, &again));
    assert_int_equal(packed.size, again.size);
    assert_memory_equal(packed.data, again.data, packed.size);
    lode_bytes_clear(&packed);
    lode_bytes_clear(&again);
    assert_ok(rules_scan(&there, &series, arena, list));
    for (int i = 0; i < SLOTS; i++) row[i] = distance[i] == 1.0 ? '1' : '0';
    if (strcmp(row, expected) != 0) fail_msg("%s: %s, expected %s", text, row, expected);
}

static void rule_holds_where_it_is_true_and_not_where_it_is_missing(void **state)
{
    check_holds(*state, "cpu > 90% and errors > 5", "01010000");
    check_holds(*state, "cpu > 90% or errors > 5", "01111111");
    check_holds(*state, "not (errors > 5)", "10100000");
    check_holds(*state, "is_missing(cpu)", "00001000");
}

static void units_of_counters_are_those_of_the_language(void **state)
{
    check_holds(*state, "latency > 500ms", "01101011");
    check_holds(*state, "latency * 2 >= 1.4s", "00100000");
    check_holds(*state, "cpu >= 90%", "01110101");
    check_holds(*state, "cpu / 2 > 0.49", "00000100");
}

static void odd_names_stand_in_quotes(void **state)
{
    check_holds(*state, "counter('disk-0.reads') > 6", "00000011");
}

static void slots_before_can_be_asked_for(void **state)
{
    check_holds(*state, "previous(errors) > 5 and errors > 5", "00001001");
    check_holds(*state, "since_previous() > 5m and errors > 0", "00000001");
    check_holds(*state, "hour(time) = 0 and minute(time) >= 30 and errors > 0", "00000011");
}

/* In Berlin 1970 began at 1 o'clock, and in summer clocks there are two hours ahead. */
static void hours_are_those_of_the_zone_also_in_summer(void **state)
{
    enum { N = 2 };
    const int64_t winter_and_summer[N] = {0, INT64_C(1750000000000)}; /* 2025-06-15 15:06 UTC */
    const double ones[N] = {1, 1};
    const double *const values[COUNTERS] = {[ERRORS] = ones};
    const struct rule_series series = {.n = N, .times = winter_and_summer, .values = values};
    const struct lode_definition definitions[] = {
        {"winter", "errors > 0 and hour(time) = 1", "spec.yaml", 1, 1},
        {"summer", "errors > 0 and hour(time) = 17", "spec.yaml", 2, 1},
    };
    double winter[N], summer[N], *list[] = {winter, summer};
    struct lode_bytes packed = {0};
    struct rules rules, there;
    assert_ok(rules_compile(definitions, 2, counters, COUNTERS, "Europe/Berlin", *state, &rules));
    assert_ok(rules_pack(&rules, &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    assert_ok(rules_unpack(&in, *state, &there)); /* as on a host without time zones */
    assert_ok(rules_scan(&there, &series, *state, list));
    assert_true(winter[0] == 1.0 && winter[1] == 0.0);
    assert_true(summer[0] == 0.0 && summer[1] == 1.0);
    packed.data[packed.size - 1] ^= 0xff; /* the end of the zone's rules */
    in = lode_unpack_begin(packed.data, packed.size);
    assert_status(LODE_E_MESSAGE, rules_unpack(&in, *state, &there));
    lode_bytes_clear(&packed);
}

static void a_zone_that_is_none_is_refused_with_the_nearest(void **state)
{
    const struct lode_definition definition = {"it", "errors > 5", "spec.yaml", 1, 1};
    struct rules rules;
    assert_status(LODE_E_USAGE, rules_compile(&definition, 1, counters, COUNTERS, "Europe/Berlni",
                                              *state, &rules));
    assert_non_null(strstr(lode_error_text(), "parameter timezone"));
    assert_non_null(strstr(lode_error_text(), "Europe/Berlin"));
}

/* Within 15m: this slot and the two before it; the last one stands alone. */
static void spans_are_of_the_slots_that_began_less_than_their_length_before(void **state)
{
    check_holds(*state, "least(cpu within 15m) > 90%", "00011100");
    check_holds(*state, "most(errors within 10m) > 5", "01111111");
    check_holds(*state, "sum(errors within 15m) >= 20", "00011000");
    check_holds(*state, "mean(latency within 10m) = latency", "10000011");
}

static void reach_is_what_a_batch_must_read_before_its_first_slot(void **state)
{
    struct lode_arena *arena = *state;
    struct rules rules;
    assert_ok(compile(arena, "cpu > 90% and previous(previous(errors)) > 5", &rules));
    assert_int_equal(rules.list[0].reach_slots, 2);
    assert_int_equal(rules.list[0].reach_ms, 0);
    assert_int_equal(rules.list[0].n_counters, 2);
    assert_ok(compile(arena, "previous(most(cpu within 15m)) > 90%", &rules));
    assert_int_equal(rules.list[0].reach_slots, 1);
    assert_int_equal(rules.list[0].reach_ms, 15 * MINUTE);
    assert_int_equal(rule_reach(&rules.list[0], 5 * MINUTE), 3); /* 5, 10, 15 minutes before */
    assert_int_equal(rule_reach(&rules.list[0], 4 * MINUTE), 4);
    assert_int_equal(rule_reach(&rules.list[0], 60 * MINUTE), 1);
    assert_string_equal(rules.list[0].text, "previous(most(cpu within 15m)) > 0.9");
}

/* Slots 3.. of a series that begins at slot 2, one slot of reach. */
static void bits_do_not_depend_on_where_a_series_begins(void **state)
{
    const double *const later[COUNTERS] = {cpu + 2, errors + 2, latency + 2, odd + 2};
    const struct rule_series whole = {.n = SLOTS, .times = times, .values = all};
    const struct rule_series part = {.n = SLOTS - 2, .times = times + 2, .values = later};
    double a[SLOTS], b[SLOTS], *list_a[] = {a}, *list_b[] = {b};
    struct rules rules;
    assert_ok(compile(*state, "previous(errors) > 5 or cpu > 90%", &rules));
    assert_ok(rules_scan(&rules, &whole, *state, list_a));
    assert_ok(rules_scan(&rules, &part, *state, list_b));
    assert_memory_equal(a + 3, b + 1, (SLOTS - 3) * sizeof *a);
}

static void rule_applies_to_components_that_have_all_its_counters(void **state)
{
    const double *const without[COUNTERS] = {[CPU] = cpu, [LATENCY] = latency};
    const struct rule_series series = {.n = SLOTS, .times = times, .values = without};
    const struct lode_definition definitions[] = {
        {"hot", "cpu > 90%", "spec.yaml", 1, 1},
        {"bad", "hot and errors > 5", "spec.yaml", 2, 1},
    };
    double distance[SLOTS], *list[] = {distance, NULL};
    struct rules rules;
    assert_ok(rules_compile(definitions, 2, counters, COUNTERS, "UTC", *state, &rules));
    assert_true(rule_applies(&rules.list[0], without));
    assert_false(rule_applies(&rules.list[1], without));
    assert_ok(rules_scan(&rules, &series, *state, list));
    assert_true(distance[1] == 1.0 && distance[0] == 0.0);
}

/* A model keeps text alone; `bad` speaks of `hot` no more. */
static void text_of_a_rule_compiled_again_is_the_rule(void **state)
{
    const struct rule_series series = {.n = SLOTS, .times = times, .values = all};
    const struct lode_definition definitions[] = {
        {"hot", "cpu > 90% or most(latency within 10m) > 650ms", "spec.yaml", 1, 1},
        {"bad", "hot and counter('disk-0.reads') > 3", "spec.yaml", 2, 1},
    };
    double a[SLOTS], b[SLOTS], *list_a[] = {NULL, a}, *list_b[] = {b};
    struct rules rules, again;
    assert_ok(rules_compile(definitions, 2, counters, COUNTERS, "UTC", *state, &rules));
    assert_ok(compile(*state, rules.list[1].text, &again));
    assert_string_equal(rules.list[1].text, again.list[0].text);
    assert_ok(rules_scan(&rules, &series, *state, list_a));
    assert_ok(rules_scan(&again, &series, *state, list_b));
    assert_memory_equal(a, b, sizeof a);
}

static void check_refused(struct lode_arena *arena, const char *text, const char *message)
{
    struct rules rules;
    const lode_status status = compile(arena, text, &rules);
    if (status != LODE_E_USAGE || !strstr(lode_error_text(), message))
        fail_msg("%s: %s", text, lode_error_text());
}

static void errors_name_place_reason_and_nearest_name(void **state)
{
    struct lode_arena *arena = *state;
    check_refused(arena, "cpu > 90% and erors > 5",
                  "spec.yaml:7:23: unknown name 'erors', did you mean 'errors'?");
    check_refused(arena, "counter('disk-1.reads') > 5",
                  "spec.yaml:7:17: unknown counter 'disk-1.reads', did you mean 'disk-0.reads'?");
    check_refused(arena, "latency > 500", "a duration is written with its unit");
    check_refused(arena, "cpu + errors", "spec.yaml:7:9: rule 'it' is a number, not a condition");
    check_refused(arena, "hour(time) < 9", "reads no counter");
    check_refused(arena, "errors > 5 and count(any) > 1",
                  "spec.yaml:7:24: 'count' speaks of sessions and events");
    check_refused(arena, "session_index() > 1 and cpu > 1%", "speaks of sessions");
    check_refused(arena, "most(backend.cpu) > 1", "unknown name 'backend'");
    check_refused(arena, "most(cpu + errors within 5m) > 1", "'most' takes one counter");
    check_refused(arena, "most(cpu within 0s) > 1%", "a duration above 0");
    check_refused(arena, "leest(cpu within 5m) > 1%", "did you mean 'least'?");
}

static void share_is_not_compared_with_what_looks_like_percents(void **state)
{
    struct lode_arena *arena = *state;
    check_refused(arena, "errors > 1 and cpu > 90", "write 90%");
    check_refused(arena, "most(cpu within 5m) > 90", "write 90%");
}

/* Every cut of the bytes, and every changed byte, is refused or gives rules that can be scanned. */
static void damaged_bytes_are_refused_or_harmless(void **state)
{
    const struct rule_series series = {.n = SLOTS, .times = times, .values = all};
    struct lode_bytes packed = {0};
    struct rules rules, there;
    double distance[SLOTS], *list[] = {distance};
    assert_ok(compile(*state, "least(cpu within 15m) > 90% and previous(errors) > 5", &rules));
    assert_ok(rules_pack(&rules, &packed));
    for (size_t at = 0; at < packed.size; at++) {
        const struct lode_arena_mark mark = lode_arena_mark(*state);
        struct lode_unpack cut = lode_unpack_begin(packed.data, at);
        assert_int_not_equal(rules_unpack(&cut, *state, &there), LODE_OK);
        packed.data[at] ^= 0x15;
        struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
        if (rules_unpack(&in, *state, &there) == LODE_OK && there.n == 1 &&
            there.n_counters == COUNTERS)
            (void)!rules_scan(&there, &series, *state, list);
        packed.data[at] ^= 0x15;
        lode_arena_rewind(*state, mark);
    }
    lode_bytes_clear(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_holds_where_it_is_true_and_not_where_it_is_missing),
        cmocka_unit_test(units_of_counters_are_those_of_the_language),
        cmocka_unit_test(odd_names_stand_in_quotes),
        cmocka_unit_test(slots_before_can_be_asked_for),
        cmocka_unit_test(hours_are_those_of_the_zone_also_in_summer),
        cmocka_unit_test(a_zone_that_is_none_is_refused_with_the_nearest),
        cmocka_unit_test(spans_are_of_the_slots_that_began_less_than_their_length_before),
        cmocka_unit_test(reach_is_what_a_batch_must_read_before_its_first_slot),
        cmocka_unit_test(bits_do_not_depend_on_where_a_series_begins),
        cmocka_unit_test(rule_applies_to_components_that_have_all_its_counters),
        cmocka_unit_test(text_of_a_rule_compiled_again_is_the_rule),
        cmocka_unit_test(errors_name_place_reason_and_nearest_name),
        cmocka_unit_test(share_is_not_compared_with_what_looks_like_percents),
        cmocka_unit_test(damaged_bytes_are_refused_or_harmless),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
