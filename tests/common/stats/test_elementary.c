/* Exponential and logarithm of our own, beside those of the C library. */
#include "tests/unit.h"

#include <float.h>
#include <math.h>

#include "common/stats/elementary.h"
#include "common/stats/random.h"

/* In units of the last place of the expected value; long double has 11 bits more. */
static double places_off(double value, long double expected)
{
    const double place = fabs((double)expected) * DBL_EPSILON;
    return place > 0.0 ? (double)fabsl((long double)value - expected) / place : fabs(value);
}

static void exponential_is_that_of_the_library_within_two_places(void **state)
{
    struct lode_random random = lode_random_begin(1, 0);
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const double x = 1400.0 * lode_random_uniform(&random) - 700.0;
        assert_true(places_off(lode_exp(x), expl((long double)x)) < 2.0);
        assert_true(places_off(lode_exp(x / 700.0), expl((long double)(x / 700.0))) < 2.0);
    }
}

static void logarithm_is_that_of_the_library_within_two_places(void **state)
{
    struct lode_random random = lode_random_begin(2, 0);
    (void)state;
    for (int i = 0; i < 100000; i++) {
        const double x = ldexp(0.5 + lode_random_uniform(&random), (int)(i % 2000) - 1000);
        assert_true(places_off(lode_log(x), logl((long double)x)) < 2.0);
    }
}

static void many_at_once_have_the_same_bits(void **state)
{
    struct lode_random random = lode_random_begin(4, 0);
    double x[1001], alone[1001];
    (void)state;
    for (int i = 0; i < 1001; i++) x[i] = 1600.0 * lode_random_uniform(&random) - 800.0;
    x[7] = (double)NAN;
    x[8] = -(double)INFINITY;
    for (int i = 0; i < 1001; i++) alone[i] = lode_exp(x[i]);
    lode_exp_each(x, 1001);
    assert_memory_equal(x, alone, sizeof x);
}

static void special_values_are_exact(void **state)
{
    (void)state;
    assert_true(lode_exp(0.0) == 1.0);
    assert_true(lode_exp(-709.0) == 0.0);
    assert_true(isinf(lode_exp(710.0)));
    assert_true(isnan(lode_exp((double)NAN)));
    assert_true(lode_log(1.0) == 0.0);
    assert_true(isinf(lode_log(0.0)) && lode_log(0.0) < 0.0);
    assert_true(isnan(lode_log(-1.0)));
    assert_true(isnan(lode_log((double)NAN)));
    assert_true(isinf(lode_log((double)INFINITY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_is_that_of_the_library_within_two_places),
        cmocka_unit_test(logarithm_is_that_of_the_library_within_two_places),
        cmocka_unit_test(many_at_once_have_the_same_bits),
        cmocka_unit_test(special_values_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
