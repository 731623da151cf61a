/* Exact sums against values that plain addition gets wrong. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/opportunities/exact_sum.h"

static double total(const double *x, int n)
{
    struct exact_sum sum = {0};
    for (int i = 0; i < n; i++) exact_sum_add(&sum, x[i]);
    return exact_sum_value(&sum);
}

/* Neumaier's example: plain addition and Kahan's give 0. */
static void a_small_term_survives_between_two_large_ones(void **state)
{
    (void)state;
    const double x[] = {1.0, 1e100, 1.0, -1e100};
    assert_true(total(x, 4) == 2.0); /* exact: that is the point */
}

static void ten_tenths_are_one(void **state)
{
    (void)state;
    double x[10];
    for (int i = 0; i < 10; i++) x[i] = 0.1;
    assert_true(total(x, 10) == 1.0); /* exact: plain addition gives 0.9999999999999999 */
}

static void merging_two_sums_keeps_what_both_lost(void **state)
{
    (void)state;
    struct exact_sum left = {0}, right = {0};
    exact_sum_add(&left, 1e16);
    exact_sum_add(&left, 1.0);
    exact_sum_add(&right, -1e16);
    exact_sum_add(&right, 1.0);
    exact_sum_merge(&left, &right);
    assert_true(exact_sum_value(&left) == 2.0); /* exact */
}

static void an_infinite_term_makes_the_sum_infinite(void **state)
{
    (void)state;
    const double x[] = {1.0, (double)INFINITY, 2.0};
    assert_true(total(x, 3) == (double)INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_term_survives_between_two_large_ones),
        cmocka_unit_test(ten_tenths_are_one),
        cmocka_unit_test(merging_two_sums_keeps_what_both_lost),
        cmocka_unit_test(an_infinite_term_makes_the_sum_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
