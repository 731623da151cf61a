/* Distances of the families against the Bhattacharyya integral; the choice of a family on samples;
 * the logarithm against the C library's. */
#include "tests/unit.h"

#include <float.h>
#include <math.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/natural_log.h"

static double distance_of(enum detector_family family, double a, double b, double v, double w)
{
    const struct family_sides sides = {
        .n = 1, .sum = {&a, &b}, .square = {&v, &w}, .inverse = {1.0, 1.0}};
    double distance;
    family_distances(family, &sides, &distance);
    return distance;
}

static double normal(double x, double mean, double variance)
{
    return exp(-(x - mean) * (x - mean) / (2 * variance)) / sqrt(2 * M_PI * variance);
}

/* -2 ln of the integral of sqrt(p q), by steps of 0.001 (the error is far below 1e-6). */
static double integrated(enum detector_family family, double a, double b, double v, double w)
{
    double sum = 0.0;
    for (int i = -100000; i < 100000; i++) {
        const double x = (i + 0.5) * 0.001;
        if (family == DETECTOR_GAUSSIAN)
            sum += sqrt(normal(x, a, v) * normal(x, b, w)) * 0.001;
        else if (x > 0)
            sum += sqrt(exp(-x / a) / a * exp(-x / b) / b) * 0.001;
    }
    return -2 * log(sum);
}

static void assert_near(double seen, double expected, double absolute)
{
    if (!(fabs(seen - expected) <= absolute)) fail_msg("expected %.17g, got %.17g", expected, seen);
}

static void distances_are_those_of_the_integral(void **state)
{
    (void)state;
    const double cases[][4] = {{1, 2, 1, 1}, {3, 3, 0.5, 4}, {5, 1, 2, 0.3}, {0.5, 4, 3, 3}};
    for (int i = 0; i < 4; i++) {
        const double *c = cases[i];
        assert_near(distance_of(DETECTOR_GAUSSIAN, c[0], c[1], c[2], c[3]),
                    integrated(DETECTOR_GAUSSIAN, c[0], c[1], c[2], c[3]), 1e-6);
        assert_near(distance_of(DETECTOR_EXPONENTIAL, c[0], c[1], 0, 0),
                    integrated(DETECTOR_EXPONENTIAL, c[0], c[1], 0, 0), 1e-5);
    }
    /* two Poissons of means 4 and 9: sum of sqrt(p q) = exp(-D / 2) */
    double sum = 0.0, p = exp(-4), q = exp(-9);
    for (int k = 0; k < 60; k++) {
        sum += sqrt(p * q);
        p *= 4.0 / (k + 1);
        q *= 9.0 / (k + 1);
    }
    assert_near(distance_of(DETECTOR_POISSON, 4, 9, 0, 0), -2 * log(sum), 1e-12);
    assert_near(distance_of(DETECTOR_POISSON, 4, 9, 0, 0), 1.0, 1e-15);
}

static void a_side_without_spread_or_mean_gives_a_finite_distance(void **state)
{
    (void)state;
    const double step = distance_of(DETECTOR_GAUSSIAN, 1, 3, 0, 0);
    assert_near(step, 4 / (2 * 0.008), 1e-9); /* variances of a thousandth of (1 - 3)^2 */
    const double zero = distance_of(DETECTOR_EXPONENTIAL, 0, 5, 0, 0);
    assert_near(zero, 2 * log(1.001 / (2 * sqrt(0.001))), 1e-12);
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++) {
        assert_true(distance_of(family, 0, 0, 0, 0) == 0.0);
        assert_true(distance_of(family, 7, 7, 0, 0) == 0.0);
        const double most = FAMILY_LARGEST;
        assert_true(isfinite(distance_of(family, most, 0, most * most, 0)));
        assert_true(isfinite(distance_of(family, most, most / 2, 1, most * most)));
    }
}

static void rounding_is_no_distance(void **state)
{
    (void)state;
    const double x = 0.1, y = x * (1 + 8 * DBL_EPSILON);
    assert_true(distance_of(DETECTOR_POISSON, x, y, 0, 0) == 0.0);
    assert_true(distance_of(DETECTOR_EXPONENTIAL, x, y, 0, 0) == 0.0);
    assert_true(distance_of(DETECTOR_GAUSSIAN, x, y, 1e-34, 0) == 0.0);
}

static void the_logarithm_is_right_within_two_units(void **state)
{
    (void)state;
    struct lode_random random = lode_random_begin(3, 0);
    for (int i = 0; i < 100000; i++) {
        const int e = (int)lode_random_below(&random, i % 2 ? 4 : 1900) - (i % 2 ? 2 : 950);
        const double x = ldexp(1.0 + lode_random_uniform(&random), e), expected = log(x);
        if (!(fabs(natural_log(x) - expected) <= 2 * DBL_EPSILON * fabs(expected)))
            fail_msg("ln %.17g: %.17g, expected %.17g", x, natural_log(x), expected);
    }
    assert_true(natural_log(1.0) == 0.0);
    assert_near(natural_log(DBL_MIN), log(DBL_MIN), 1e-12);
    assert_near(natural_log(DBL_MAX), log(DBL_MAX), 1e-12);
}

static double sample(enum detector_family family, struct lode_random *random)
{
    if (family == DETECTOR_GAUSSIAN) return 50 + 12 * lode_random_normal(random);
    if (family == DETECTOR_EXPONENTIAL) return 7 * lode_random_exponential(random);
    if (family == DETECTOR_LOGNORMAL) return exp(1 + 0.8 * lode_random_normal(random));
    if (family == DETECTOR_PARETO) return 2 * exp(lode_random_exponential(random) / 2.5);
    double sum = 0.0, product = 1.0; /* Poisson of mean 6: uniforms until the product is e^-6 */
    while ((product *= lode_random_uniform(random)) > exp(-6)) sum += 1.0;
    return sum;
}

static void the_family_of_a_sample_is_recognised(void **state)
{
    (void)state;
    double x[2000];
    for (enum detector_family family = DETECTOR_POISSON; family < DETECTOR_AUTO; family++)
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct lode_random random = lode_random_begin(seed, (uint64_t)family);
            for (int i = 0; i < 2000; i++) x[i] = sample(family, &random);
            const enum detector_family chosen = detector_choose_family(x, 2000);
            if (chosen != family)
                fail_msg("%s, seed %d: %s", detector_family_names[family], (int)seed,
                         detector_family_names[chosen]);
        }
}

static void a_family_that_cannot_have_made_a_value_is_not_chosen(void **state)
{
    (void)state;
    double x[] = {1, 2, 4, 8, 16, -1};
    assert_int_equal(detector_choose_family(x, 6), DETECTOR_GAUSSIAN); /* one is negative */
    const double constant[] = {3, 3, 3}, negative[] = {-3, -3}, huge[] = {1e300, -1e300};
    assert_int_equal(detector_choose_family(constant, 3), DETECTOR_POISSON);
    assert_int_equal(detector_choose_family(negative, 2), DETECTOR_GAUSSIAN);
    assert_int_equal(detector_choose_family(huge, 2), DETECTOR_GAUSSIAN);
    assert_int_equal(detector_choose_family(NULL, 0), DETECTOR_POISSON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_integral),
        cmocka_unit_test(a_side_without_spread_or_mean_gives_a_finite_distance),
        cmocka_unit_test(rounding_is_no_distance),
        cmocka_unit_test(the_logarithm_is_right_within_two_units),
        cmocka_unit_test(the_family_of_a_sample_is_recognised),
        cmocka_unit_test(a_family_that_cannot_have_made_a_value_is_not_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
