/* 1475492419000 ms is 2016-10-03T11:00:19Z. */
#include "tests/unit.h"

#include "jobs/stage/moment.h"

#include <stdlib.h>
#include <string.h>

static int64_t moment(const struct moment_rule *rule, const char *text)
{
    int64_t time_ms = -1;
    const char *reject = moment_read(rule, text, strlen(text), &time_ms);
    if (reject) fail_msg("%s: %s", text, reject);
    return time_ms;
}

static const char *reject(const struct moment_rule *rule, const char *text)
{
    int64_t time_ms = 0;
    return moment_read(rule, text, strlen(text), &time_ms);
}

static void a_number_counts_milliseconds_unless_the_column_says_seconds(void **state)
{
    (void)state;
    assert_true(moment(&(struct moment_rule){0}, "1475492419000") == 1475492419000);
    assert_true(moment(&(struct moment_rule){.in_seconds = true}, "1475492419") == 1475492419000);
}

static void a_given_unit_beats_the_name_of_the_column(void **state)
{
    (void)state;
    assert_true(moment(&(struct moment_rule){.unit = STAGE_TIME_MS, .in_seconds = true}, "5") == 5);
    assert_true(moment(&(struct moment_rule){.unit = STAGE_TIME_S}, "5") == 5000);
}

static void fractions_of_a_second_are_kept_to_the_millisecond(void **state)
{
    (void)state;
    assert_true(moment(&(struct moment_rule){.unit = STAGE_TIME_S}, "1.5") == 1500);
    assert_true(moment(&(struct moment_rule){.unit = STAGE_TIME_S}, "-0.0004") == 0);
}

static void a_time_without_offset_is_of_the_given_zone(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    struct moment_rule east = {0};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_zone_make("+02:00", NULL, 0, arena, &east.zone));
    assert_true(moment(&(struct moment_rule){0}, "2016-10-03T11:00:19Z") == 1475492419000);
    assert_true(moment(&east, "2016-10-03 13:00:19") == 1475492419000);
    assert_true(moment(&east, "2016-10-03T11:00:19Z") == 1475492419000);
    assert_true(moment(&east, "2016-10-03T12:00:19+01:00") == 1475492419000);
    assert_true(moment(&east, "2016-10-03T10:00:19-01:00") == 1475492419000);
    lode_arena_destroy(arena);
}

static void what_is_no_time_is_rejected_with_the_reason(void **state)
{
    (void)state;
    assert_string_equal(reject(&(struct moment_rule){0}, "yesterday"), "not a time");
    assert_string_equal(reject(&(struct moment_rule){.unit = STAGE_TIME_S}, "2016-10-03"),
                        "text in a number");
    assert_string_equal(reject(&(struct moment_rule){.unit = STAGE_TIME_ISO}, "1475492419"),
                        "not a time");
    assert_string_equal(reject(&(struct moment_rule){0}, "9223372036854775807"),
                        "time out of range");
    assert_string_equal(reject(&(struct moment_rule){.in_seconds = true}, "9223372036854775"),
                        "time out of range");
}

/* Each length takes another way to the digits; each place is tried with what stands beside the
 * digits among the characters. */
static void digits_are_read_as_numbers_of_any_length(void **state)
{
    (void)state;
    static const char digits[] = "9876543210123456789";
    const struct moment_rule rule = {.unit = STAGE_TIME_MS};
    for (size_t size = 1; size <= 18; size++) {
        char text[24] = {0};
        char wrong[24];
        int64_t time_ms = 0;
        memcpy(text, digits + 19 - size, size);
        const int64_t expected = strtoll(text, NULL, 10);
        const char *reason = moment_read(&rule, text, size, &time_ms);
        if (expected <= INT64_C(1) << 53)
            assert_true(reason == NULL && time_ms == expected);
        else
            assert_string_equal(reason, "time out of range");
        for (size_t i = 0; i < size; i++)
            for (int c = 1; c < 256; c++) {
                if (c >= '0' && c <= '9') continue;
                if (strchr("+-.eE", c) != NULL) continue; /* these have a meaning in some places */
                memcpy(wrong, text, sizeof wrong);
                wrong[i] = (char)c;
                assert_string_equal(moment_read(&rule, wrong, size, &time_ms), "text in a number");
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_counts_milliseconds_unless_the_column_says_seconds),
        cmocka_unit_test(a_given_unit_beats_the_name_of_the_column),
        cmocka_unit_test(fractions_of_a_second_are_kept_to_the_millisecond),
        cmocka_unit_test(a_time_without_offset_is_of_the_given_zone),
        cmocka_unit_test(what_is_no_time_is_rejected_with_the_reason),
        cmocka_unit_test(digits_are_read_as_numbers_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
