/* Statistics against values worked out by hand, published tables and plain loops. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/stats/stats.h"

static const double no_value = (double)NAN;

static struct lode_arena *arena_of(void **state)
{
    return *state;
}

/* (assert_float_equal compares as float.) */
static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

static int make_arena(void **state)
{
    struct lode_arena *arena = NULL;
    if (lode_arena_create(0, &arena) != LODE_OK) return 1;
    *state = arena;
    return 0;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* A fixed generator (Knuth's MMIX constants): the tests are the same everywhere. */
static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* By hand: 0.01 x 4 / 1 = 0.04, 0.02 x 4 / 2 = 0.04, 0.03 x 4 / 3 = 0.04, 0.8 x 4 / 4. */
static void q_is_p_times_n_over_rank(void **state)
{
    const double p[] = {0.8, 0.01, 0.03, 0.02};
    double q[4];
    assert_ok(lode_benjamini_hochberg(p, 4, arena_of(state), q));
    assert_true(q[0] == 0.8); /* exact: times 4 over 4 */
    for (int i = 1; i < 4; i++) assert_near(q[i], 0.04, 1e-15);
}

/* 0.04 alone would get 0.04 x 3 / 1 = 0.12, but 0.05 of rank 3 gets 0.05. */
static void a_larger_p_can_lower_the_q_of_a_smaller(void **state)
{
    const double p[] = {0.04, 0.05, 0.05};
    double q[3];
    assert_ok(lode_benjamini_hochberg(p, 3, arena_of(state), q));
    for (int i = 0; i < 3; i++) assert_near(q[i], 0.05, 1e-15);
}

static void q_is_never_above_1(void **state)
{
    const double p[] = {0.9, 1.0, 0.95};
    double q[3];
    assert_ok(lode_benjamini_hochberg(p, 3, arena_of(state), q));
    for (int i = 0; i < 3; i++) assert_true(q[i] <= 1.0);
}

/* Two tests, not four: 0.01 x 2 / 1. */
static void nan_is_no_test_and_does_not_count(void **state)
{
    const double p[] = {no_value, 0.01, no_value, 0.5};
    double q[4];
    assert_ok(lode_benjamini_hochberg(p, 4, arena_of(state), q));
    assert_true(isnan(q[0]) && isnan(q[2]));
    assert_near(q[1], 0.02, 1e-15);
    assert_near(q[3], 0.5, 1e-15);
    assert_ok(lode_benjamini_hochberg(p, 1, arena_of(state), q));
    assert_true(isnan(q[0]));
    assert_ok(lode_benjamini_hochberg(p, 0, arena_of(state), q));
}

static void zero_and_minus_zero_are_one_p(void **state)
{
    const double p[] = {0.0, -0.0, 0.5};
    double q[3];
    assert_ok(lode_benjamini_hochberg(p, 3, arena_of(state), q));
    assert_true(q[0] == 0.0 && q[1] == 0.0); /* exact: 0 stays 0 */
    assert_near(q[2], 0.5, 1e-15);
}

/* The header's formula, one p at a time. */
static double q_by_definition(const double *p, int n, int i)
{
    double least = 1.0;
    for (int j = 0; j < n; j++) {
        if (p[j] < p[i]) continue;
        int rank = 0;
        for (int k = 0; k < n; k++) rank += p[k] <= p[j];
        least = fmin(least, p[j] * n / rank);
    }
    return least;
}

/* 10,000 tests, said as 700 weighted ones and one by one. */
static void a_weighted_p_counts_as_often_as_its_weight(void **state)
{
    enum { N = 700, MANY = 20000 };
    static double p[N], q[N], every_p[MANY], every_q[MANY];
    static int64_t weights[N];
    uint64_t seed = 23;
    int64_t n = 0;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < N; i++) {
        p[i] = i % 50 == 0 ? no_value : (double)(next_random(&seed) % 2000) / 1999.0;
        weights[i] = 1 + (int64_t)(next_random(&seed) % 25);
        for (int64_t w = 0; w < weights[i]; w++) every_p[n++] = p[i];
    }
    assert_ok(lode_benjamini_hochberg_weighted(p, weights, N, arena_of(state), q));
    assert_ok(lode_benjamini_hochberg(every_p, n, arena_of(state), every_q));
    n = 0;
    for (int i = 0; i < N; i++) {
        if (isnan(p[i]))
            assert_true(isnan(q[i]));
        else
            assert_true(q[i] == every_q[n]); /* exact: the same ranks */
        n += weights[i];
    }
}

/* Many distinct values: the table of groups grows more than once. */
static void q_agrees_with_its_definition_on_random_p(void **state)
{
    enum { N = 700, MANY = 20000 };
    static double p[MANY], q[MANY], again[MANY];
    uint64_t seed = 17;
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < N; i++) p[i] = (double)(next_random(&seed) % 500) / 499.0;
    assert_ok(lode_benjamini_hochberg(p, N, arena_of(state), q));
    for (int i = 0; i < N; i++) assert_near(q[i], q_by_definition(p, N, i), 1e-15);

    for (int i = 0; i < MANY; i++) p[i] = (double)next_random(&seed) / 2147483648.0;
    assert_ok(lode_benjamini_hochberg(p, MANY, arena_of(state), q));
    for (int i = 1; i < MANY; i++)
        assert_true((p[i] < p[i - 1]) ? q[i] <= q[i - 1] : q[i] >= q[i - 1]);
    for (int i = 0; i < MANY / 2; i++) {
        const double kept = p[i];
        p[i] = p[MANY - 1 - i];
        p[MANY - 1 - i] = kept;
    }
    assert_ok(lode_benjamini_hochberg(p, MANY, arena_of(state), again));
    for (int i = 0; i < MANY; i++) assert_true(again[i] == q[MANY - 1 - i]); /* exact: any order */
}

/* R. Newcombe, Stat. Med. 17, 873-890 (1998), table II, method 10; four digits are printed there.
 */
static void rate_intervals_agree_with_the_published_table(void **state)
{
    (void)state;
    static const struct {
        int64_t a, n, b, m;
        double low, high;
    } published[] = {
        {56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090},
        {6, 7, 2, 7, 0.0582, 0.8062},     {5, 56, 0, 29, -0.0381, 0.1926},
        {0, 10, 0, 20, -0.1611, 0.2775},  {0, 10, 0, 10, -0.2775, 0.2775},
        {10, 10, 0, 20, 0.6791, 1.0000},  {10, 10, 0, 10, 0.6075, 1.0000},
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        double low, high;
        lode_rate_difference_interval(published[i].a, published[i].n, published[i].b,
                                      published[i].m, 0.95, &low, &high);
        assert_near(low, published[i].low, 5.1e-5);
        assert_near(high, published[i].high, 5.1e-5);
    }
}

static void a_higher_level_gives_a_wider_interval(void **state)
{
    (void)state;
    double low95, high95, low99, high99;
    lode_rate_difference_interval(56, 70, 48, 80, 0.95, &low95, &high95);
    lode_rate_difference_interval(56, 70, 48, 80, 0.99, &low99, &high99);
    assert_true(low99 < low95 && high95 < high99);
}

/* 1 2 3 4 against 2 4 6 8 10: t = -2.2514, 5.5208 degrees of freedom (incomplete beta function in
 * 30 digits). */
static void welch_agrees_with_the_incomplete_beta_function(void **state)
{
    (void)state;
    assert_near(lode_welch_p(4, 10, 30, 5, 30, 220), 0.069133593192392413, 1e-12);
    assert_near(lode_welch_p(5, 30, 220, 4, 10, 30), 0.069133593192392413, 1e-12);
}

static void welch_of_equal_means_is_1(void **state)
{
    (void)state;
    assert_near(lode_welch_p(3, 6, 14, 3, 6, 20), 1.0, 1e-12);
}

static void welch_without_spread_or_values_is_nan(void **state)
{
    (void)state;
    assert_true(isnan(lode_welch_p(1, 5, 25, 4, 10, 30)));
    assert_true(isnan(lode_welch_p(4, 10, 30, 0, 0, 0)));
    assert_true(isnan(lode_welch_p(3, 6, 12, 3, 9, 27))); /* 2 2 2 against 3 3 3 */
    assert_true(lode_welch_p(3, 6, 12, 4, 10, 30) > 0.0); /* one side may be constant */
}

static void the_median_is_the_middle_or_the_mean_of_two(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2}, one[] = {7}, two[] = {3, 1};
    double huge[] = {1.5e308, 1.7e308};
    assert_true(lode_median(odd, 3) == 5.0);
    assert_true(lode_median(even, 4) == 2.5);
    assert_true(lode_median(one, 1) == 7.0);
    assert_true(lode_median(two, 2) == 2.0);
    assert_near(lode_median(huge, 2) / 1.6e308, 1.0, 1e-15);
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void the_median_agrees_with_sorting(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int n = 1; n <= 300; n++) {
        double x[300], sorted[300];
        const uint64_t distinct = n % 3 == 0 ? 3 : 1000; /* many ties, too */
        for (int i = 0; i < n; i++) sorted[i] = x[i] = (double)(next_random(&seed) % distinct);
        qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
        assert_true(lode_median(x, n) == 0.5 * (sorted[n / 2] + sorted[(n - 1) / 2]));
    }
}

/* Median 3, distances 2 1 0 1 97, MAD 1. */
static void robust_z_is_distance_over_scaled_mad(void **state)
{
    const double x[] = {1, 2, 3, 4, 100};
    double z[5];
    assert_ok(lode_robust_z(x, 5, arena_of(state), z));
    assert_near(z[0], -2 / 1.4826, 1e-15);
    assert_true(z[2] == 0.0);
    assert_near(z[4], 97 / 1.4826, 1e-12);
}

static void a_value_that_is_nan_is_no_sibling(void **state)
{
    const double x[] = {1, no_value, 2, 3, no_value};
    double z[5];
    assert_ok(lode_robust_z(x, 5, arena_of(state), z));
    assert_true(isnan(z[1]) && isnan(z[4]));
    assert_true(z[2] == 0.0);
    assert_near(z[3], 1 / 1.4826, 1e-15);
}

static void without_spread_there_is_no_robust_z(void **state)
{
    const double x[] = {5, 5, 5, 9}, nothing[] = {no_value, no_value};
    double z[4];
    assert_ok(lode_robust_z(x, 4, arena_of(state), z));
    for (int i = 0; i < 4; i++) assert_true(isnan(z[i]));
    assert_ok(lode_robust_z(nothing, 2, arena_of(state), z));
    assert_true(isnan(z[0]));
    assert_ok(lode_robust_z(nothing, 0, arena_of(state), z));
}

/* 1e16 swallows each 1.0 added to it alone; the blocks after the first must survive. */
static void sum_keeps_small_terms_beside_a_large_one(void **state)
{
    (void)state;
    double x[1024];
    for (int i = 0; i < 1024; i++) x[i] = 1.0;
    x[0] = 1e16;
    assert_true(lode_sum(x, 1024) == 1e16 + (1024 - 256));
}

static void sum_of_whole_numbers_is_exact_at_any_length(void **state)
{
    (void)state;
    static double x[5000];
    for (int i = 0; i < 5000; i++) x[i] = i;
    for (int64_t n = 0; n <= 5000; n += 37)
        assert_true(lode_sum(x, n) == (double)(n * (n - 1) / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(q_is_p_times_n_over_rank),
        cmocka_unit_test(a_larger_p_can_lower_the_q_of_a_smaller),
        cmocka_unit_test(q_is_never_above_1),
        cmocka_unit_test(nan_is_no_test_and_does_not_count),
        cmocka_unit_test(zero_and_minus_zero_are_one_p),
        cmocka_unit_test(q_agrees_with_its_definition_on_random_p),
        cmocka_unit_test(a_weighted_p_counts_as_often_as_its_weight),
        cmocka_unit_test(rate_intervals_agree_with_the_published_table),
        cmocka_unit_test(a_higher_level_gives_a_wider_interval),
        cmocka_unit_test(welch_agrees_with_the_incomplete_beta_function),
        cmocka_unit_test(welch_of_equal_means_is_1),
        cmocka_unit_test(welch_without_spread_or_values_is_nan),
        cmocka_unit_test(the_median_is_the_middle_or_the_mean_of_two),
        cmocka_unit_test(the_median_agrees_with_sorting),
        cmocka_unit_test(robust_z_is_distance_over_scaled_mad),
        cmocka_unit_test(a_value_that_is_nan_is_no_sibling),
        cmocka_unit_test(without_spread_there_is_no_robust_z),
        cmocka_unit_test(sum_keeps_small_terms_beside_a_large_one),
        cmocka_unit_test(sum_of_whole_numbers_is_exact_at_any_length),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
