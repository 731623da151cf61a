/* Mann-Kendall and Theil-Sen against values by hand and from SciPy 1.10.1 (kendalltau with method
 * exact, theilslopes) and, with ties, from the formula written out in NumPy. */
#include "tests/unit.h"

#include <math.h>

#include "common/stats/trend.h"

static const double none = (double)NAN;

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

static void assert_near(double seen, double expected, double relative)
{
    if (!(fabs(seen - expected) <= relative * fabs(expected)))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

static struct lode_mann_kendall kendall(void **state, const double *y, int64_t n)
{
    struct lode_mann_kendall result;
    assert_ok(lode_mann_kendall(y, n, *state, &result));
    return result;
}

static struct lode_theil_sen line(void **state, const double *y, int64_t n)
{
    struct lode_theil_sen result;
    assert_ok(lode_theil_sen(y, n, 0.95, *state, &result));
    return result;
}

/* Of the 24 orders of four values, one rises throughout and one falls throughout: p = 2 / 24. */
static void four_rising_values_have_p_of_one_twelfth(void **state)
{
    const double rising[] = {1, 2, 3, 4}, falling[] = {9, 7, 3, 1};
    const struct lode_mann_kendall up = kendall(state, rising, 4),
                                   down = kendall(state, falling, 4);
    assert_int_equal(up.s, 6);
    assert_int_equal(down.s, -6);
    assert_true(up.is_exact && down.is_exact);
    assert_near(up.p, 1.0 / 12, 1e-15);
    assert_near(down.p, 1.0 / 12, 1e-15);
}

static void small_series_without_ties_agree_with_scipy_exactly(void **state)
{
    const double seven[] = {1, 3, 2, 5, 4, 6, 7};
    assert_near(kendall(state, seven, 7).p, 0.010714285714285714, 1e-14);
    const double twelve[] = {2.5, 1, 3, 4.5, 2, 7.5, 6, 8.5, 7, 9.5, 11, 10};
    assert_near(kendall(state, twelve, 12).p, 0.00024002425044091711, 1e-13);
}

/* z takes one from S towards 0; equal values lower the variance. */
static void equal_values_use_the_normal_form_with_their_correction(void **state)
{
    const double y[] = {12, 14, 11, 15, 15, 13, 18, 17, 19, 16, 21, 20, 22, 20};
    const struct lode_mann_kendall result = kendall(state, y, 14);
    assert_false(result.is_exact);
    assert_int_equal(result.s, 65);
    assert_near(result.variance, 331.66666666666669, 1e-15);
    assert_near(result.z, 3.514220929839015, 1e-14);
    assert_near(result.p, 0.0004410458271368143, 1e-12);
}

static void missing_slots_are_left_out_and_keep_their_distance(void **state)
{
    double y[21];
    const int at[] = {0, 1, 3, 4, 5, 8, 9, 10, 12, 13, 14, 20};
    const double values[] = {2.5, 1, 3, 4.5, 2, 7.5, 6, 8.5, 7, 9.5, 11, 10};
    for (int i = 0; i < 21; i++) y[i] = none;
    for (int i = 0; i < 12; i++) y[at[i]] = values[i];
    assert_int_equal(kendall(state, y, 21).n, 12);
    assert_int_equal(kendall(state, y, 21).s, 50);
    const struct lode_theil_sen found = line(state, y, 21);
    assert_near(found.slope, 0.5505050505050505, 1e-14);
    assert_near(found.low, 0.36363636363636365, 1e-14);
    assert_near(found.high, 0.7692307692307693, 1e-14);
}

static void the_line_agrees_with_scipy_where_values_are_equal(void **state)
{
    const double y[] = {12, 14, 11, 15, 15, 13, 18, 17, 19, 16, 21, 20, 22, 20};
    const struct lode_theil_sen found = line(state, y, 14);
    assert_near(found.slope, 0.75, 1e-15);
    assert_near(found.low, 0.5, 1e-15);
    assert_near(found.high, 1.0, 1e-15);
    assert_near(found.intercept, 12.0, 1e-15); /* method `joint` */
}

static void one_wild_value_moves_neither(void **state)
{
    double y[40];
    for (int i = 0; i < 40; i++) y[i] = 5 + 0.25 * i;
    y[17] = 1e12;
    assert_near(line(state, y, 40).slope, 0.25, 1e-12);
    assert_true(kendall(state, y, 40).p < 1e-12);
}

static void what_cannot_be_tested_has_no_p_and_no_slope(void **state)
{
    const double equal[] = {3, 3, 3, 3, 3}, two[] = {1, none, 2}, empty[] = {none, none};
    assert_true(isnan(kendall(state, equal, 5).p));
    assert_true(isnan(kendall(state, two, 3).p));
    assert_true(isnan(kendall(state, empty, 2).p));
    assert_true(isnan(kendall(state, empty, 0).p));
    assert_true(isnan(line(state, empty, 2).slope));
    assert_true(isnan(line(state, empty, 0).slope));
    assert_true(line(state, equal, 5).slope == 0.0); /* exact: differences of equal values */
}

static void turning_a_series_round_turns_the_sign_alone(void **state)
{
    const double y[] = {2, 1, 4, 4, 3, 7, 6, 9, 8, 8, 12, 10};
    double back[12];
    for (int i = 0; i < 12; i++) back[i] = y[11 - i];
    const struct lode_mann_kendall a = kendall(state, y, 12), b = kendall(state, back, 12);
    assert_true(a.s == -b.s && a.z == -b.z && a.p == b.p); /* exact: the same operations */
    assert_true(line(state, y, 12).slope == -line(state, back, 12).slope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_rising_values_have_p_of_one_twelfth),
        cmocka_unit_test(small_series_without_ties_agree_with_scipy_exactly),
        cmocka_unit_test(equal_values_use_the_normal_form_with_their_correction),
        cmocka_unit_test(missing_slots_are_left_out_and_keep_their_distance),
        cmocka_unit_test(the_line_agrees_with_scipy_where_values_are_equal),
        cmocka_unit_test(one_wild_value_moves_neither),
        cmocka_unit_test(what_cannot_be_tested_has_no_p_and_no_slope),
        cmocka_unit_test(turning_a_series_round_turns_the_sign_alone),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
