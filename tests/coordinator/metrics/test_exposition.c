/* Exposition: the text format to the byte. */
#include "tests/unit.h"

#include "coordinator/metrics/exposition.h"

#include <math.h>
#include <string.h>

static void expect(struct lode_bytes *out, const char *words)
{
    assert_ok(lode_bytes_append(out, "", 1));
    assert_string_equal((const char *)out->data, words);
    lode_bytes_clear(out);
}

static const struct exposition_labels none;

static void a_family_says_its_help_and_type_first(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(exposition_family(&out, "lode_x_total", EXPOSITION_COUNTER, "How many x."));
    assert_ok(exposition_sample(&out, "lode_x_total", &none, 7));
    expect(&out, "# HELP lode_x_total How many x.\n# TYPE lode_x_total counter\nlode_x_total 7\n");
}

static void labels_come_in_their_order(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const struct exposition_labels one = exposition_with(none, "run", "/data/r1");
    const struct exposition_labels two = exposition_with(one, "stage", "3");
    assert_ok(exposition_sample(&out, "lode_x", &two, 0.25));
    assert_ok(exposition_sample(&out, "lode_x", &one, 1));
    expect(&out, "lode_x{run=\"/data/r1\",stage=\"3\"} 0.25\nlode_x{run=\"/data/r1\"} 1\n");
}

static void what_would_end_a_label_is_escaped(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const struct exposition_labels labels =
        exposition_with(none, "run", "a\"b\\c\nd\xff\xc3\xa4\xc3");
    assert_ok(exposition_sample(&out, "lode_x", &labels, 1));
    expect(&out, "lode_x{run=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\"} 1\n");
}

static void values_are_exact_and_have_words_where_they_are_no_numbers(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const double values[] = {9007199254740992.0, 0.1, (double)NAN, (double)INFINITY,
                             -(double)INFINITY};
    for (int i = 0; i < 5; i++) assert_ok(exposition_sample(&out, "x", &none, values[i]));
    expect(&out, "x 9007199254740992\nx 0.1\nx NaN\nx +Inf\nx -Inf\n");
}

static void buckets_of_a_histogram_add_up(void **state)
{
    (void)state;
    static const double bounds[] = {0.001, 1, 1000};
    static const int64_t counts[] = {2, 0, 3, 1};
    struct lode_bytes out = {0};
    const struct exposition_labels labels = exposition_with(none, "stage", "1");
    const struct exposition_histogram histogram = {
        .bounds = bounds, .counts = counts, .n_bounds = 3, .sum = 1234.5};
    assert_ok(exposition_histogram(&out, "t_seconds", &labels, &histogram));
    expect(&out, "t_seconds_bucket{stage=\"1\",le=\"0.001\"} 2\n"
                 "t_seconds_bucket{stage=\"1\",le=\"1\"} 2\n"
                 "t_seconds_bucket{stage=\"1\",le=\"1000\"} 5\n"
                 "t_seconds_bucket{stage=\"1\",le=\"+Inf\"} 6\n"
                 "t_seconds_sum{stage=\"1\"} 1234.5\nt_seconds_count{stage=\"1\"} 6\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_says_its_help_and_type_first),
        cmocka_unit_test(labels_come_in_their_order),
        cmocka_unit_test(what_would_end_a_label_is_escaped),
        cmocka_unit_test(values_are_exact_and_have_words_where_they_are_no_numbers),
        cmocka_unit_test(buckets_of_a_histogram_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
