/* Detector spike. */
#include "tests/unit.h"

#include <math.h>

#include "common/stats/stats.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind spike_detector;

/* Median 3, deviations 2 1 0 1 7: MAD 1. The newest slot is 7 MADs away. */
static void distance_is_the_squared_deviation_in_units_of_the_mad(void **state)
{
    const struct detector_settings settings = {.window = 5, .edge = 1, .least_side = 1};
    const double values[] = {1.0, 2.0, 3.0, 4.0, 10.0};
    int32_t since;
    (void)state;
    assert_near(last_distance(&spike_detector, &settings, values, 5, &since),
                49.0 / (1.482602218505602 * 1.482602218505602));
    assert_int_equal(since, 4);
}

/* Four of five slots are equal: MAD 0, mean deviation 5 / 5 = 1; z = 5 / 1.2533. */
static void mean_deviation_stands_in_where_the_mad_is_zero(void **state)
{
    const struct detector_settings settings = {.window = 5, .edge = 2, .least_side = 1};
    const double values[] = {0.0, 0.0, 0.0, 0.0, 5.0};
    (void)state;
    assert_near(last_distance(&spike_detector, &settings, values, 5, NULL),
                25.0 / 1.5707963267948966);
}

/* The median is the normal level again: what is left is a deviation of 0. */
static void return_to_normal_does_not_count(void **state)
{
    const struct detector_settings settings = {.window = 7, .edge = 1, .least_side = 1};
    const double values[] = {1.0, 2.0, 3.0, 1.0, 90.0, 90.0, 2.0};
    (void)state;
    assert_true(last_distance(&spike_detector, &settings, values, 7, NULL) == 0.0);
}

static double plain(const struct detector_settings *settings, const double *window)
{
    double copy[64], sum = 0.0, spread = 0.0;
    const int64_t n = settings->window;
    for (int64_t i = 0; i < n; i++) copy[i] = window[i];
    const double median = lode_median(copy, n);
    for (int64_t i = 0; i < n; i++) copy[i] = fabs(window[i] - median);
    for (int64_t i = 0; i < n; i++) sum += copy[i] / (double)n;
    const double mad = lode_median(copy, n);
    spread = mad > 0.0 ? 1.482602218505602 * mad : sqrt(M_PI / 2.0) * sum;
    sum = 0.0;
    for (int64_t i = n - settings->edge; i < n; i++) sum += pow((window[i] - median) / spread, 2.0);
    return spread > 0.0 ? sum : 0.0;
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 30, .edge = 3, .least_side = 3};
    const struct detector_settings odd = {.window = 31, .edge = 1, .least_side = 1};
    (void)state;
    check_against_plain(&spike_detector, &settings, plain, 1e-12);
    check_against_plain(&spike_detector, &odd, plain, 1e-12);
    check_promises(&spike_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_the_squared_deviation_in_units_of_the_mad),
        cmocka_unit_test(mean_deviation_stands_in_where_the_mad_is_zero),
        cmocka_unit_test(return_to_normal_does_not_count),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
