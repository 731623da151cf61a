/* Zone: clocks that are set forward and back, and files that are none. The e2e test t0024 compares
 * with Python's zoneinfo. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/text.h"
#include "common/zone.h"
#include "common/zone_rule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int make_arena(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void put_number(struct lode_bytes *out, int64_t value, int size)
{
    for (int i = size - 1; i >= 0; i--) {
        const uint8_t byte = (uint8_t)((uint64_t)value >> (8 * i));
        assert_ok(lode_bytes_append(out, &byte, 1));
    }
}

static void put_header(struct lode_bytes *out, int64_t times, int64_t types, int64_t chars)
{
    const int64_t counts[] = {0, 0, 0, times, types, chars};
    assert_ok(lode_bytes_append(out, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20));
    for (int i = 0; i < 6; i++) put_number(out, counts[i], 4);
}

/* A place that went from +01:00 to +02:00 in 2000-01-01T00:00Z and has `rule` since. */
static void put_file(struct lode_bytes *out, const char *rule)
{
    put_header(out, 0, 1, 1);
    assert_ok(lode_bytes_append(out, "\0\0\0\0\0\0\0", 7));
    put_header(out, 1, 2, 4);
    put_number(out, INT64_C(946684800), 8);
    put_number(out, 1, 1);
    put_number(out, 3600, 4);
    put_number(out, 0, 2);
    put_number(out, 7200, 4);
    put_number(out, 0, 2);
    assert_ok(lode_bytes_append(out, "ABC", 4));
    assert_ok(lode_bytes_printf(out, "\n%s\n", rule));
}

static const struct lode_zone *make_zone(struct lode_arena *arena, const char *rule)
{
    struct lode_bytes file = {0};
    const struct lode_zone *zone = NULL;
    put_file(&file, rule);
    assert_ok(lode_zone_make("Test/Place", file.data, file.size, arena, &zone));
    lode_bytes_clear(&file);
    return zone;
}

static int64_t ms_of(const char *iso)
{
    int64_t ms = 0;
    assert_true(lode_text_iso_to_ms(iso, strlen(iso), &ms));
    return ms;
}

static void expect_utc(const struct lode_zone *zone, const char *clock, const char *utc)
{
    const int64_t got = lode_zone_utc_ms(zone, ms_of(clock)), wanted = ms_of(utc);
    if (got != wanted) fail_msg("%s: %lld ms from %s", clock, (long long)(got - wanted), utc);
}

static void an_offset_is_a_zone_without_rules(void **state)
{
    const struct {
        const char *name, *utc;
    } cases[] = {{"UTC", "2026-01-01T12:00:00Z"},    {"Z", "2026-01-01T12:00:00Z"},
                 {"+02:00", "2026-01-01T10:00:00Z"}, {"-03:30", "2026-01-01T15:30:00Z"},
                 {"+0545", "2026-01-01T06:15:00Z"},  {"-11", "2026-01-01T23:00:00Z"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lode_bytes rules = {0};
        const struct lode_zone *zone = NULL;
        assert_ok(lode_zone_read(cases[i].name, &rules));
        assert_int_equal(rules.size, 0);
        assert_ok(lode_zone_make(cases[i].name, NULL, 0, *state, &zone));
        expect_utc(zone, "2026-01-01T12:00:00", cases[i].utc);
    }
}

static void a_listed_change_holds_from_its_second_on(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2");
    expect_utc(zone, "1999-12-31T12:00:00", "1999-12-31T11:00:00Z");
    expect_utc(zone, "2000-01-01T00:59:59", "1999-12-31T23:59:59Z");
    expect_utc(zone, "2000-01-01T02:00:00", "2000-01-01T00:00:00Z");
    expect_utc(zone, "2500-07-01T00:00:00", "2500-06-30T22:00:00Z");
}

static void a_time_that_never_comes_is_read_by_the_offset_from_before(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    /* 2026-03-29, 03:00 becomes 04:00 */
    expect_utc(zone, "2026-03-29T02:59:59.999", "2026-03-29T00:59:59.999Z");
    expect_utc(zone, "2026-03-29T03:30:00", "2026-03-29T01:30:00Z");
    expect_utc(zone, "2026-03-29T04:00:00", "2026-03-29T01:00:00Z");
}

static void a_time_that_comes_twice_is_the_first_of_the_two(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    /* 2026-10-25, 04:00 becomes 03:00 */
    expect_utc(zone, "2026-10-25T02:59:59", "2026-10-24T23:59:59Z");
    expect_utc(zone, "2026-10-25T03:30:00", "2026-10-25T00:30:00Z");
    expect_utc(zone, "2026-10-25T04:00:00", "2026-10-25T02:00:00Z");
}

static void expect_clock(const struct lode_zone *zone, const char *utc, const char *clock)
{
    const int64_t got = lode_zone_local_ms(zone, ms_of(utc)), wanted = ms_of(clock);
    if (got != wanted) fail_msg("%s: %lld ms from %s", utc, (long long)(got - wanted), clock);
}

static void a_clock_shows_every_moment(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    expect_clock(zone, "1999-12-31T23:59:59.999Z", "2000-01-01T00:59:59.999");
    expect_clock(zone, "2000-01-01T00:00:00Z", "2000-01-01T02:00:00");
    expect_clock(zone, "2026-03-29T00:59:59.999Z", "2026-03-29T02:59:59.999");
    expect_clock(zone, "2026-03-29T01:00:00Z", "2026-03-29T04:00:00");
    expect_clock(zone, "2026-10-25T00:30:00Z", "2026-10-25T03:30:00"); /* shown twice */
    expect_clock(zone, "2026-10-25T01:30:00Z", "2026-10-25T03:30:00");
    expect_clock(zone, "2403-07-01T09:00:00Z", "2403-07-01T12:00:00");
    expect_clock(zone, "9999-12-01T10:00:00Z", "9999-12-01T12:00:00");
}

/* Hours of 500 years but the ones that are shown twice. */
static void a_moment_is_found_again_from_its_clock(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    const int64_t hour = 3600000, end = ms_of("2500-01-01T00:00:00Z");
    for (int64_t utc = ms_of("2000-01-02T00:00:00Z"); utc < end; utc += 7 * hour) {
        const int64_t clock = lode_zone_local_ms(zone, utc);
        if (lode_zone_local_ms(zone, utc - hour) == clock) continue;
        assert_int_equal(lode_zone_utc_ms(zone, clock), utc);
    }
}

static void the_rule_holds_for_ever(void **state)
{
    const struct lode_zone *zone = make_zone(*state, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    const int years[] = {2001, 2100, 2401, 2402, 2403, 5000, 9999};
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        char clock[32], utc[32];
        snprintf(clock, sizeof clock, "%d-07-01T12:00:00", years[i]);
        snprintf(utc, sizeof utc, "%d-07-01T09:00:00Z", years[i]);
        expect_utc(zone, clock, utc);
        snprintf(clock, sizeof clock, "%d-12-01T12:00:00", years[i]);
        snprintf(utc, sizeof utc, "%d-12-01T10:00:00Z", years[i]);
        expect_utc(zone, clock, utc);
    }
}

static void rules_are_read_in_all_their_forms(void **state)
{
    (void)state;
    struct lode_zone_rule rule;
    int64_t start, end;
    assert_true(lode_zone_rule_parse("<+0330>-3:30", &rule));
    assert_int_equal(rule.standard, 12600);
    assert_false(rule.has_daylight);
    assert_true(lode_zone_rule_parse("NST3:30NDT2:30,M3.2.0/0:01,J305/-1", &rule));
    assert_int_equal(rule.standard, -12600);
    assert_int_equal(rule.daylight, -9000);
    lode_zone_rule_year(&rule, 2026, &start, &end);
    assert_int_equal(start, ms_of("2026-03-08T03:31:00Z") / 1000);
    assert_int_equal(end, ms_of("2026-11-01T01:30:00Z") / 1000);
    assert_true(lode_zone_rule_parse("A0B", &rule) == false);
    assert_true(lode_zone_rule_parse("AAA0BBB,59,J60", &rule)); /* 59: the 60th day from 0 */
    lode_zone_rule_year(&rule, 2024, &start, &end);
    assert_int_equal(start, ms_of("2024-02-29T02:00:00Z") / 1000);
    assert_int_equal(end, ms_of("2024-03-01T01:00:00Z") / 1000);
}

static void texts_that_are_no_rule_are_refused(void **state)
{
    (void)state;
    struct lode_zone_rule rule;
    const char *const texts[] = {"",
                                 "CET",
                                 "CET-1CEST",
                                 "CET-1CEST,M3.5.0",
                                 "CET-200",
                                 "C-1",
                                 "<+1-1",
                                 "CET-1CEST,M13.5.0,M1.1.1",
                                 "CET-1:60",
                                 "CET-1X",
                                 "CET-1CEST,M3.6.0,M1.1.1",
                                 "CET-1CEST,J0,J1",
                                 "CET-1CEST,366,1",
                                 "CET-1CEST,M3.5.0,M10.5.0/3 "};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (lode_zone_rule_parse(texts[i], &rule)) fail_msg("taken: '%s'", texts[i]);
}

static void a_file_that_is_cut_anywhere_is_refused(void **state)
{
    struct lode_bytes file = {0};
    const struct lode_zone *zone = NULL;
    put_file(&file, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    for (size_t size = 1; size < file.size; size++)
        assert_status(LODE_E_INPUT, lode_zone_make("x/y", file.data, size, *state, &zone));
    assert_status(LODE_E_INPUT, lode_zone_make("x/y", NULL, 0, *state, &zone));
    lode_bytes_clear(&file);
}

/* Whatever a byte becomes: refused, or a zone that answers. The sanitizers look on. */
static void no_changed_byte_breaks_anything(void **state)
{
    struct lode_bytes file = {0};
    put_file(&file, "EET-2EEST,M3.5.0/3,M10.5.0/4");
    for (size_t at = 0; at < file.size; at++)
        for (int change = 1; change < 256; change += 51) {
            const struct lode_zone *zone = NULL;
            const struct lode_arena_mark mark = lode_arena_mark(*state);
            file.data[at] = (uint8_t)(file.data[at] ^ change);
            if (lode_zone_make("x/y", file.data, file.size, *state, &zone) == LODE_OK)
                (void)lode_zone_utc_ms(zone, INT64_C(1) << 53);
            file.data[at] = (uint8_t)(file.data[at] ^ change);
            lode_arena_rewind(*state, mark);
        }
    lode_bytes_clear(&file);
}

static void changes_out_of_order_are_refused(void **state)
{
    struct lode_bytes file = {0};
    const struct lode_zone *zone = NULL;
    put_header(&file, 0, 1, 1);
    assert_ok(lode_bytes_append(&file, "\0\0\0\0\0\0\0", 7));
    put_header(&file, 2, 1, 4);
    put_number(&file, 100, 8);
    put_number(&file, 100, 8);
    put_number(&file, 0, 2);
    put_number(&file, 3600, 4);
    put_number(&file, 0, 2);
    assert_ok(lode_bytes_append(&file, "ABC\0\n\n", 6));
    assert_status(LODE_E_INPUT, lode_zone_make("x/y", file.data, file.size, *state, &zone));
    assert_non_null(strstr(lode_error_text(), "not in order"));
    lode_bytes_clear(&file);
}

/* A zoneinfo folder of the test's own. */
static void names_are_looked_up_in_the_folder_and_nowhere_else(void **state)
{
    (void)state;
    char folder[] = "/tmp/lode-test-zone-XXXXXX", path[64];
    struct lode_bytes rules = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Berlin", folder);
    assert_ok(lode_file_write(path, "rules", 5, false));
    snprintf(path, sizeof path, "%s/zone.tab", folder);
    assert_ok(lode_file_write(path, "# c\nDE\t+1\tBerlin\tx\n", 19, false));
    assert_int_equal(setenv("TZDIR", folder, 1), 0);

    assert_ok(lode_zone_read("Berlin", &rules));
    assert_int_equal(rules.size, 5);
    const char *const bad[] = {"Berlni", "", "/etc/passwd", "../Berlin", "a b", "+2:00", "+25:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(LODE_E_USAGE, lode_zone_read(bad[i], &rules));
    assert_status(LODE_E_USAGE, lode_zone_read("Berlni", &rules));
    assert_non_null(strstr(lode_error_text(), "did you mean 'Berlin'?"));

    unsetenv("TZDIR");
    lode_bytes_clear(&rules);
    assert_ok(lode_directory_remove(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offset_is_a_zone_without_rules),
        cmocka_unit_test(a_listed_change_holds_from_its_second_on),
        cmocka_unit_test(a_time_that_never_comes_is_read_by_the_offset_from_before),
        cmocka_unit_test(a_time_that_comes_twice_is_the_first_of_the_two),
        cmocka_unit_test(a_clock_shows_every_moment),
        cmocka_unit_test(a_moment_is_found_again_from_its_clock),
        cmocka_unit_test(the_rule_holds_for_ever),
        cmocka_unit_test(rules_are_read_in_all_their_forms),
        cmocka_unit_test(texts_that_are_no_rule_are_refused),
        cmocka_unit_test(a_file_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(no_changed_byte_breaks_anything),
        cmocka_unit_test(changes_out_of_order_are_refused),
        cmocka_unit_test(names_are_looked_up_in_the_folder_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
