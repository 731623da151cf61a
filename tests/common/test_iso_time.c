/* ISO 8601 times; timegm is the oracle for the calendar. */
#include "tests/unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

static int64_t ms(const char *text)
{
    int64_t value = -1;
    if (!lode_text_iso_to_ms(text, strlen(text), &value)) fail_msg("'%s' is a time", text);
    return value;
}

static void a_time_is_milliseconds_since_1970(void **state)
{
    (void)state;
    assert_true(ms("1970-01-01") == 0);
    assert_true(ms("1970-01-02T00:00:00Z") == 86400000);
    assert_true(ms("2001-09-09T01:46:40Z") == INT64_C(1000000000000));
    assert_true(ms("2026-11-21 10:17:31") == INT64_C(1795256251000));
    assert_true(ms("1969-12-31T23:59:59.999Z") == -1);
}

static void fractions_beyond_a_millisecond_are_cut(void **state)
{
    (void)state;
    assert_true(ms("1970-01-01T00:00:00.5") == 500);
    assert_true(ms("1970-01-01T00:00:00.123456789Z") == 123);
    assert_true(ms("1970-01-01T00:00:00.9999") == 999);
    assert_true(ms("1969-12-31T23:59:59.0005") == -1000);
}

static void offsets_lead_back_to_utc(void **state)
{
    (void)state;
    assert_true(ms("1970-01-01T01:00:00+01:00") == 0);
    assert_true(ms("1969-12-31T18:30:00-05:30") == 0);
    assert_true(ms("1970-01-01T05:45:00+0545") == 0);
    assert_true(ms("1970-01-01T02:00:00.250+02") == 250);
}

/* Every day from 0000-03-01 to 9999-12-31, by month ends and leap years as timegm knows them. */
static void the_calendar_is_that_of_the_c_library(void **state)
{
    (void)state;
    for (int year = 0; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            char text[32];
            struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = 28};
            snprintf(text, sizeof text, "%04d-%02d-28", year, month);
            assert_true(ms(text) == (int64_t)timegm(&date) * 1000);
        }
    assert_true(ms("2024-02-29") == ms("2024-03-01") - 86400000);
}

static void what_is_no_time_leaves_the_value_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-21T",
        "2026-11-21x",
        "2026-1-21",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "2026-11-00",
        "26-11-21",
        "20261121",
        "2026-11-21T10:17",
        "2026-11-21T24:00:00",
        "2026-11-21T10:60:00",
        "2026-11-21T10:17:61",
        "2026-11-21T10:17:31.",
        "2026-11-21T10:17:31.Z",
        "2026-11-21T10:17:31z",
        "2026-11-21T10:17:31+",
        "2026-11-21T10:17:31+1",
        "2026-11-21T10:17:31+01:",
        "2026-11-21T10:17:31+24:00",
        "2026-11-21T10:17:31+01:60",
        "2026-11-21T10:17:31ZZ",
        " 2026-11-21",
        "2026-11-21 ",
        "2026-11-21Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t value = 7;
        if (lode_text_iso_to_ms(wrong[i], strlen(wrong[i]), &value))
            fail_msg("'%s' is no time", wrong[i]);
        assert_true(value == 7);
    }
}

static void a_leap_second_is_the_next_minute(void **state)
{
    (void)state;
    assert_true(ms("2016-12-31T23:59:60Z") == ms("2017-01-01T00:00:00Z"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_milliseconds_since_1970),
        cmocka_unit_test(fractions_beyond_a_millisecond_are_cut),
        cmocka_unit_test(offsets_lead_back_to_utc),
        cmocka_unit_test(the_calendar_is_that_of_the_c_library),
        cmocka_unit_test(what_is_no_time_leaves_the_value_alone),
        cmocka_unit_test(a_leap_second_is_the_next_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
