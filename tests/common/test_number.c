/* Numbers, durations and sizes from text, and doubles back to text; strtod is the oracle. */
#include "tests/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

enum { RANDOM_CASES = 200000 };

static bool to_i64(const char *text, int64_t *value)
{
    return lode_text_to_i64(text, strlen(text), value);
}

static bool to_f64(const char *text, double *value)
{
    return lode_text_to_f64(text, strlen(text), value);
}

static int64_t i64(const char *text)
{
    int64_t value = 0;
    if (!to_i64(text, &value)) fail_msg("'%s' is a whole number", text);
    return value;
}

static double f64(const char *text)
{
    double value = 0;
    if (!to_f64(text, &value)) fail_msg("'%s' is a number", text);
    return value;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t printed_seed(void)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    print_message("LODE_SEED=%" PRIu64 "\n", seed);
    return seed;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void whole_numbers_of_every_size_are_read(void **state)
{
    (void)state;
    assert_true(i64("0") == 0);
    assert_true(i64("-0") == 0);
    assert_true(i64("+17") == 17);
    assert_true(i64("000000000000000000000000042") == 42);
    assert_true(i64("999999999999999999") == INT64_C(999999999999999999));
    assert_true(i64("9223372036854775807") == INT64_MAX);
    assert_true(i64("-9223372036854775808") == INT64_MIN);
}

static void what_is_no_whole_number_leaves_the_value_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "-",
                                        "+",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "1e3",
                                        "0x10",
                                        "--1",
                                        "1-",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "18446744073709551616",
                                        "99999999999999999999999",
                                        "\xd9\xa1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t value = 7;
        assert_false(to_i64(wrong[i], &value));
        assert_true(value == 7);
    }
}

static void only_the_bytes_within_the_size_are_read(void **state)
{
    (void)state;
    int64_t whole;
    double real;
    assert_true(lode_text_to_i64("123456", 3, &whole) && whole == 123);
    assert_true(lode_text_to_f64("1.2567", 3, &real) && same_bits(real, 1.2));
    assert_false(lode_text_to_i64("1\0", 2, &whole));
}

static void doubles_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "-1.5",
        "+.5",
        "5.",
        "0.1",
        "0.30000000000000004",
        "1e22",
        "1e23",
        "1e-22",
        "9007199254740993",
        "9007199254740992",
        "123456789012345678",
        "1.7976931348623157e308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062329e-324",
        "2.2250738585072011e-308",
        "1e-400",
        "0e999999999999",
        "0.000000000000000000000000000000000001",
        "1E5",
        "1e+5",
        "8.5e-1",
        "100000000000000000000000000000000000000000",
        "00000000000000000000000000000.5",
        /* halfway between two doubles, and a hair above */
        "9007199254740993.00000000000000000000000000000000000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!same_bits(f64(texts[i]), strtod(texts[i], NULL))) fail_msg("%s", texts[i]);
}

/* 1 + 2^-53 lies half way between two doubles; its decimal form and 1,000 zeros, with and without
 * a last digit 1, must fall to the two sides. */
static void digits_far_behind_the_point_still_decide_a_tie(void **state)
{
    (void)state;
    char text[1200];
    int size =
        snprintf(text, sizeof text, "1.00000000000000011102230246251565404236316680908203125");
    memset(text + size, '0', 1000);
    double below, above;
    assert_true(lode_text_to_f64(text, (size_t)size + 1000, &below));
    text[size + 999] = '1';
    assert_true(lode_text_to_f64(text, (size_t)size + 1000, &above));
    assert_true(same_bits(below, 1.0));
    assert_true(same_bits(above, nextafter(1.0, 2.0)));
}

static void what_is_no_finite_number_leaves_the_value_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        ".",
                                        "-",
                                        "e5",
                                        "1e",
                                        "1e+",
                                        "1.2.3",
                                        "1,5",
                                        " 1",
                                        "1 ",
                                        "inf",
                                        "nan",
                                        "NaN",
                                        "0x1p3",
                                        "1e309",
                                        "-1e309",
                                        "1e99999999999999999999",
                                        "1d5",
                                        "1_000",
                                        "+-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double value = 7;
        if (to_f64(wrong[i], &value)) fail_msg("'%s' is no number", wrong[i]);
        assert_true(same_bits(value, 7));
    }
}

static void random_decimals_are_read_as_strtod_reads_them(void **state)
{
    (void)state;
    uint64_t seed = printed_seed();
    for (int i = 0; i < RANDOM_CASES; i++) {
        char text[64];
        const uint64_t mantissa = next_random(&seed) >> (next_random(&seed) % 64);
        const int point = (int)(next_random(&seed) % 5);
        const int exponent = (int)(next_random(&seed) % 61) - 30;
        snprintf(text, sizeof text, "%s%" PRIu64 ".%0*" PRIu64 "e%d", i % 2 ? "-" : "",
                 mantissa / 1000, point, mantissa % 1000, exponent);
        if (!same_bits(f64(text), strtod(text, NULL))) fail_msg("case %d: %s", i, text);
    }
}

/* Text of a double in `text`, zero-terminated. */
static void append(double value, char text[64])
{
    struct lode_bytes out = {0};
    assert_ok(lode_text_append_f64(&out, value));
    assert_true(out.size < 64);
    if (out.size > 0) memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    lode_bytes_clear(&out);
}

static void doubles_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-12345.0, "-12345"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {1e15, "1e+15"},
        {999999999999999.0, "999999999999999"},
        {5e-324, "4.94065645841247e-324"},
        {HUGE_VAL, "inf"},
        {-HUGE_VAL, "-inf"},
        {(double)NAN, ""},
        {2.5e-7, "2.5e-07"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        append(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void random_doubles_survive_writing_and_reading(void **state)
{
    (void)state;
    uint64_t seed = printed_seed();
    for (int i = 0; i < RANDOM_CASES; i++) {
        char text[64];
        double value;
        const uint64_t bits = next_random(&seed);
        memcpy(&value, &bits, sizeof value);
        if (i % 3 == 0) value = (double)(int64_t)bits / 1024.0; /* not only extreme exponents */
        if (!isfinite(value)) continue;
        append(value, text);
        if (!same_bits(f64(text), value)) fail_msg("case %d: %a written as %s", i, value, text);
    }
}

static void durations_are_read_in_every_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"30d", INT64_C(2592000000)},
                 {"2h", 7200000},
                 {"15m", 900000},
                 {"10s", 10000},
                 {"500ms", 500},
                 {"7", 7000},
                 {"0", 0},
                 {"1.5h", 5400000},
                 {"0.25", 250}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        assert_true(lode_text_to_duration_ms(cases[i].text, strlen(cases[i].text), &ms));
        assert_true(ms == cases[i].ms);
    }
    static const char *const wrong[] = {
        "", "s", "-1s", "+1s", "1 s", "1S", "1x", "1min", "1e3s", "1msx", "99999999999999d"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ms = -1;
        assert_false(lode_text_to_duration_ms(wrong[i], strlen(wrong[i]), &ms));
        assert_true(ms == -1);
    }
}

static void sizes_are_powers_of_1024(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } cases[] = {{"512", 512},       {"512B", 512}, {"64M", 64u << 20}, {"64MB", 64u << 20},
                 {"1GiB", 1u << 30}, {"1k", 1024},  {"1.5K", 1536},     {"2T", UINT64_C(2) << 40}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t bytes = 1;
        assert_true(lode_text_to_bytes(cases[i].text, strlen(cases[i].text), &bytes));
        assert_true(bytes == cases[i].bytes);
    }
    static const char *const wrong[] = {"",    "M",  "-1",   "1 M", "1Mi",
                                        "1iB", "1X", "1MBs", "1e3", "99999999T"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint64_t bytes = 1;
        assert_false(lode_text_to_bytes(wrong[i], strlen(wrong[i]), &bytes));
        assert_true(bytes == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_of_every_size_are_read),
        cmocka_unit_test(what_is_no_whole_number_leaves_the_value_alone),
        cmocka_unit_test(only_the_bytes_within_the_size_are_read),
        cmocka_unit_test(doubles_are_read_as_strtod_reads_them),
        cmocka_unit_test(digits_far_behind_the_point_still_decide_a_tie),
        cmocka_unit_test(what_is_no_finite_number_leaves_the_value_alone),
        cmocka_unit_test(random_decimals_are_read_as_strtod_reads_them),
        cmocka_unit_test(doubles_are_written_in_their_shortest_form),
        cmocka_unit_test(random_doubles_survive_writing_and_reading),
        cmocka_unit_test(durations_are_read_in_every_unit),
        cmocka_unit_test(sizes_are_powers_of_1024),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
