#include "tests/unit.h"

#include "jobs/opportunities/decimal.h"

static struct decimal decimal_of(const char *text)
{
    struct decimal value = {0};
    assert_true(decimal_parse(text, &value));
    return value;
}

static void a_decimal_is_read_as_an_exact_fraction(void **state)
{
    (void)state;
    assert_true(decimal_of("2").numerator == 2 && decimal_of("2").denominator == 1);
    assert_true(decimal_of("0.10").numerator == 10 && decimal_of("0.10").denominator == 100);
    assert_true(decimal_of(".5").numerator == 5 && decimal_of(".5").denominator == 10);
    assert_true(decimal_of("123456789.123456789").numerator == 123456789123456789U);
}

static void text_that_is_no_plain_decimal_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"",   ".",     "-1",         "+1",           "1e3", "0.1 ",
                               " 1", "1.2.3", "1234567890", "0.1234567890", "inf", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct decimal value = {7, 7};
        assert_false(decimal_parse(bad[i], &value));
        assert_true(value.numerator == 7);
    }
}

static void a_tenth_of_thirty_is_three_and_of_thirty_one_is_four(void **state)
{
    (void)state;
    assert_int_equal(decimal_share_of(decimal_of("0.10"), 30), 3); /* 0.1 * 30 > 3 in doubles */
    assert_int_equal(decimal_share_of(decimal_of("0.10"), 31), 4);
    assert_int_equal(decimal_share_of(decimal_of("0"), 31), 0);
    assert_int_equal(decimal_share_of(decimal_of("1"), 31), 31);
    assert_int_equal(decimal_share_of(decimal_of("0.000000001"), 31), 1);
}

static void a_ratio_of_exactly_two_reaches_two(void **state)
{
    (void)state;
    struct two_by_two table = {
        .faulty_with = 2, .normal_with = 7, .faulty_total = 3, .normal_total = 21}; /* 2/3 : 1/3 */
    assert_true(decimal_ratio_reached(&table, decimal_of("2")));
    assert_false(decimal_ratio_reached(&table, decimal_of("2.000000001")));
    table.normal_with = 8;
    assert_false(decimal_ratio_reached(&table, decimal_of("2")));
}

static void counts_near_their_limit_do_not_overflow(void **state)
{
    (void)state;
    const int64_t most = 4294967295;
    const struct two_by_two table = {
        .faulty_with = most, .normal_with = most - 1, .faulty_total = most, .normal_total = most};
    assert_true(decimal_ratio_reached(&table, decimal_of("1.000000000")));
    assert_false(decimal_ratio_reached(&table, decimal_of("1.000000001"))); /* it is 1 + 2.3e-10 */
    assert_false(decimal_ratio_reached(&table, decimal_of("999999999.999999999")));
}

static void what_no_normal_session_has_reaches_every_ratio(void **state)
{
    (void)state;
    struct two_by_two table = {
        .faulty_with = 1, .normal_with = 0, .faulty_total = 3, .normal_total = 21};
    assert_true(decimal_ratio_reached(&table, decimal_of("1000")));
    table.faulty_with = 0;
    assert_false(decimal_ratio_reached(&table, decimal_of("1000")));
    table = (struct two_by_two){.faulty_with = 1, .faulty_total = 3};
    assert_false(decimal_ratio_reached(&table, decimal_of("1"))); /* no normal session at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_is_read_as_an_exact_fraction),
        cmocka_unit_test(text_that_is_no_plain_decimal_is_refused),
        cmocka_unit_test(a_tenth_of_thirty_is_three_and_of_thirty_one_is_four),
        cmocka_unit_test(a_ratio_of_exactly_two_reaches_two),
        cmocka_unit_test(counts_near_their_limit_do_not_overflow),
        cmocka_unit_test(what_no_normal_session_has_reaches_every_ratio),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
