/* Cuts: numbers into cohorts with names a person can read. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/opportunities/derive/cuts.h"

enum { MOST = 1000 };

static int set_up(void **state)
{
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    *state = arena;
    return 0;
}

static int tear_down(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* The names of the cohorts of a sample, each followed by a blank. */
static void expect_names(struct lode_arena *arena, const double *sample, int64_t n, int64_t bins,
                         enum expr_unit unit, const char *wanted)
{
    struct cuts cuts;
    struct lode_bytes found = {0};
    double values[MOST];
    char **names;
    if (n > 0) memcpy(values, sample, (size_t)n * sizeof *values);
    assert_ok(cuts_make(values, n, bins, arena, &cuts));
    assert_ok(cuts_names(&cuts, unit, arena, &names));
    for (int64_t i = 0; i <= cuts.n; i++) assert_ok(lode_bytes_printf(&found, "%s ", names[i]));
    assert_string_equal((const char *)found.data, wanted);
    lode_bytes_clear(&found);
}

static void a_number_of_few_values_has_a_cohort_for_each(void **state)
{
    static const double sample[] = {2, 0, 1, 1, 0, 2, 2};
    expect_names(*state, sample, 7, 3, EXPR_NO_UNIT, "0 1 2 other ");
}

static void one_of_many_values_is_cut_at_quantiles_of_the_sample(void **state)
{
    static const double sample[] = {8, 3, 5, 1, 7, 2, 6, 4};
    /* 2 of 8 lie below 3, 4 below 5, 6 below 7 */
    expect_names(*state, sample, 8, 4, EXPR_NO_UNIT, "<3 3..5 5..7 >=7 ");
}

static void equal_cuts_are_one(void **state)
{
    static const double sample[] = {1, 2, 5, 5, 5, 5, 5, 9, 10, 11};
    expect_names(*state, sample, 10, 5, EXPR_NO_UNIT, "<5 5..10 >=10 ");
}

static void a_heap_of_the_least_value_is_a_cohort_of_its_own(void **state)
{
    static const double sample[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    expect_names(*state, sample, 12, 3, EXPR_NO_UNIT, "<1 >=1 ");
}

static void without_a_value_in_the_sample_all_values_are_others(void **state)
{
    struct cuts cuts;
    expect_names(*state, NULL, 0, 5, EXPR_NO_UNIT, "other ");
    assert_ok(cuts_make(NULL, 0, 5, *state, &cuts));
    assert_int_equal(cuts_cohort(&cuts, 17), 0);
}

static void durations_have_the_largest_unit_that_says_them_shortly(void **state)
{
    static const double sample[] = {0, 0.5, 250, 1234, 12000, 90000, 100000, 86400000.0 * 30};
    expect_names(*state, sample, 8, 8, EXPR_MS, "0s 0.5ms 250ms 1.234s 12s 1.5m 100s 30d other ");
}

static void times_are_iso_8601(void **state)
{
    static const double sample[] = {0, 1500, 1767225600000.0, 1e300};
    expect_names(*state, sample, 4, 4, EXPR_TIME,
                 "1970-01-01T00:00:00Z 1970-01-01T00:00:01.500Z 2026-01-01T00:00:00Z 1e+300 "
                 "other ");
}

static void every_value_falls_into_the_cohort_whose_name_holds_it(void **state)
{
    double sample[] = {1, 2, 3, 4, 5, 6, 7, 8}, few[] = {1, 3};
    struct cuts cuts;
    assert_ok(cuts_make(sample, 8, 4, *state, &cuts)); /* 3, 5, 7 */
    assert_int_equal(cuts_cohort(&cuts, -(double)INFINITY), 0);
    assert_int_equal(cuts_cohort(&cuts, 2.9), 0);
    assert_int_equal(cuts_cohort(&cuts, 3), 1);
    assert_int_equal(cuts_cohort(&cuts, 6.9), 2);
    assert_int_equal(cuts_cohort(&cuts, 7), 3);
    assert_int_equal(cuts_cohort(&cuts, (double)INFINITY), 3);
    assert_ok(cuts_make(few, 2, 4, *state, &cuts));
    assert_int_equal(cuts_cohort(&cuts, 0), 2);
    assert_int_equal(cuts_cohort(&cuts, 1), 0);
    assert_int_equal(cuts_cohort(&cuts, 2), 2);
    assert_int_equal(cuts_cohort(&cuts, 3), 1);
    assert_int_equal(cuts_cohort(&cuts, 4), 2);
}

/* Each cohort of a sample without ties has its share of it, give or take one. */
static void cohorts_are_equally_large(void **state)
{
    for (int64_t bins = 2; bins <= 50; bins++) {
        double sample[MOST];
        int64_t counts[64] = {0};
        struct cuts cuts;
        for (int i = 0; i < MOST; i++) sample[i] = (i * 617) % MOST;
        assert_ok(cuts_make(sample, MOST, bins, *state, &cuts));
        assert_int_equal(cuts.n, bins - 1);
        for (int i = 0; i < MOST; i++) counts[cuts_cohort(&cuts, i)]++;
        for (int64_t c = 0; c < bins; c++) assert_in_range(counts[c], MOST / bins, MOST / bins + 1);
    }
}

int main(void)
{
#define with_arena(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_arena(a_number_of_few_values_has_a_cohort_for_each),
        with_arena(one_of_many_values_is_cut_at_quantiles_of_the_sample),
        with_arena(equal_cuts_are_one),
        with_arena(a_heap_of_the_least_value_is_a_cohort_of_its_own),
        with_arena(without_a_value_in_the_sample_all_values_are_others),
        with_arena(durations_have_the_largest_unit_that_says_them_shortly),
        with_arena(times_are_iso_8601),
        with_arena(every_value_falls_into_the_cohort_whose_name_holds_it),
        with_arena(cohorts_are_equally_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
