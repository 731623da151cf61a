/* Limit: Slurm's six notations of a time, by hand. */
#include "tests/unit.h"

#include "coordinator/batch/limit.h"

static void every_notation_gives_its_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {{"90", 5400},     {"1:30", 90},        {"02:30:00", 9000},
                 {"1-0", 86400},   {"1-12:30", 131400}, {"1-12:00:05", 129605},
                 {"UNLIMITED", 0}, {"infinite", 0},     {"0", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = -1;
        assert_true(limit_parse(cases[i].text, &seconds));
        assert_int_equal(seconds, cases[i].seconds);
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "5h",
                                        "1:2:3:4",
                                        "-5",
                                        "1-",
                                        "-1-2",
                                        "1:",
                                        ":1",
                                        "1.5",
                                        "1-2-3",
                                        "a-1",
                                        "1:2:3:4",
                                        "99999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t seconds = -1;
        assert_false(limit_parse(texts[i], &seconds));
        assert_int_equal(seconds, -1);
    }
}

static void the_warning_comes_two_minutes_before_the_end_or_a_fifth_of_a_short_limit(void **state)
{
    (void)state;
    assert_int_equal(limit_lead(0), 120);
    assert_int_equal(limit_lead(7200), 120);
    assert_int_equal(limit_lead(600), 120);
    assert_int_equal(limit_lead(300), 60);
    assert_int_equal(limit_lead(60), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_notation_gives_its_seconds),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_warning_comes_two_minutes_before_the_end_or_a_fifth_of_a_short_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
