/* What all detectors share: gaps, calibration, the list of kinds. */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "jobs/hierarchy/detectors/detector.h"

static const double nan_value = (double)NAN, infinite = (double)INFINITY;

static void assert_near(double seen, double expected)
{
    if (!(fabs(seen - expected) <= 1e-15 * fabs(expected)))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

static void gaps_take_the_value_before_and_at_the_start_the_first(void **state)
{
    (void)state;
    double x[] = {nan_value, infinite, 3, nan_value, -infinite, 5, nan_value};
    const double filled[] = {3, 3, 3, 3, 3, 5, 5};
    assert_true(detector_fill(x, 7));
    assert_memory_equal(x, filled, sizeof x);
}

static void a_counter_without_values_is_zero_and_says_so(void **state)
{
    (void)state;
    double x[] = {nan_value, nan_value};
    assert_false(detector_fill(x, 2));
    assert_true(x[0] == 0.0 && x[1] == 0.0);
    assert_false(detector_fill(x, 0));
}

static void sigma_lets_a_share_of_the_slots_saturate(void **state)
{
    (void)state;
    double one[] = {4}; /* k = floor(0.001 x 1) = 0: it scores 0.99 exactly */
    const double sigma = detector_sigma(one, 1, 0.001);
    assert_near(sigma, 2 * log(100) / 4);
    assert_near(detector_e(sigma, 4), log(100));
    assert_near(detector_score(detector_e(sigma, 4)), 0.99);
    double distance[] = {0, 0, 8, 0, 0, 2, 0, 0, 0, 0};
    assert_near(detector_sigma(distance, 10, 0.1), 2 * log(100) / 2);
}

static int compare_falling(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

static void sigma_is_that_of_the_quantile_of_all_distances_in_order(void **state)
{
    (void)state;
    enum { MOST = 200 };
    uint32_t seed = 1;
    for (int64_t n = 1; n <= MOST; n++)
        for (int tenths = 0; tenths <= 10; tenths++) {
            const double share = tenths / 10.0;
            double distance[MOST], sorted[MOST];
            for (int64_t i = 0; i < n; i++) { /* few values: many are equal, some are 0 */
                seed = seed * 1664525 + 1013904223;
                distance[i] = sorted[i] = seed >> 28;
            }
            qsort(sorted, (size_t)n, sizeof *sorted, compare_falling);
            const int64_t k = (int64_t)floor(share * (double)n);
            const double of = k < n && sorted[k] > 0 ? sorted[k] : sorted[0];
            assert_near(detector_sigma(distance, n, share), of > 0 ? 2 * log(100) / of : 0);
        }
}

static void sigma_takes_the_largest_where_the_quantile_is_zero(void **state)
{
    (void)state;
    double rare[] = {0, 0, 8, 0, 0, 0, 0, 0, 0, 0}, dead[] = {0, 0};
    assert_near(detector_sigma(rare, 10, 0.1), 2 * log(100) / 8);
    assert_true(detector_sigma(rare, 0, 0.1) == 0.0);
    assert_true(detector_sigma(dead, 2, 0.1) == 0.0 && detector_score(0.0) == 0.0);
}

static void sigma_and_e_are_finite_whatever_the_distances(void **state)
{
    (void)state;
    double denormal[] = {5e-324, 5e-324, 0}, mixed[] = {4, 5e-324, 0}, huge[] = {1e300, 1e300};
    assert_true(detector_sigma(denormal, 3, 0) == 0.0); /* 2 ln 100 / D is infinite */
    assert_near(detector_sigma(mixed, 3, 0.5), 2 * log(100) / 4);
    double one[] = {2e-200};
    const double sigma = detector_sigma(one, 1, 0);
    assert_true(isfinite(sigma) && sigma > 0);
    assert_true(detector_e(sigma, 1e300) == 1e100);
    assert_true(detector_score(detector_e(sigma, 1e300)) == 1.0);
    assert_near(detector_e(detector_sigma(huge, 2, 0), 1e300), log(100));
}

static void kinds_are_found_by_name_and_hellinger_is_the_default(void **state)
{
    (void)state;
    assert_int_equal(detector_kind_find("hellinger"), 0);
    assert_int_equal(detector_kind_find("hellinge"), -1);
    for (int i = 0; detector_kinds[i]; i++)
        assert_int_equal(detector_kind_find(detector_kinds[i]->name), i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaps_take_the_value_before_and_at_the_start_the_first),
        cmocka_unit_test(a_counter_without_values_is_zero_and_says_so),
        cmocka_unit_test(sigma_lets_a_share_of_the_slots_saturate),
        cmocka_unit_test(sigma_is_that_of_the_quantile_of_all_distances_in_order),
        cmocka_unit_test(sigma_takes_the_largest_where_the_quantile_is_zero),
        cmocka_unit_test(sigma_and_e_are_finite_whatever_the_distances),
        cmocka_unit_test(kinds_are_found_by_name_and_hellinger_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
