/* Detector ks. */
#include "tests/unit.h"

#include <math.h>

#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind ks_detector;

/* All of the 2 newest are above all of the 6 others: K = 1, h = 12 / 8. */
static void distance_of_separate_sides_is_four_times_half_the_harmonic_size(void **state)
{
    const struct detector_settings settings = {.window = 8, .edge = 2, .least_side = 2};
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8};
    int32_t since;
    (void)state;
    assert_near(last_distance(&ks_detector, &settings, values, 8, &since), 6.0);
    assert_int_equal(since, 6);
}

/* {1, 3} within {1, 2, 3, 4}: shares up to 1, 2, 3, 4 are 1/2 1/2 1 1 and 1/4 1/2 3/4 1. */
static void largest_gap_of_both_shares_counts(void **state)
{
    const struct detector_settings settings = {.window = 6, .edge = 2, .least_side = 2};
    const double values[] = {4, 3, 2, 1, 3, 1};
    (void)state;
    assert_near(last_distance(&ks_detector, &settings, values, 6, NULL), 4.0 * (8.0 / 6.0) / 16.0);
}

static double plain(const struct detector_settings *settings, const double *window)
{
    const int64_t n = settings->window, old = n - settings->edge;
    double largest = 0.0;
    for (int64_t at = 0; at < n; at++) {
        double before = 0.0, after = 0.0;
        for (int64_t i = 0; i < old; i++) before += (window[i] <= window[at]) / (double)old;
        for (int64_t i = old; i < n; i++) after += (window[i] <= window[at]) / (double)(n - old);
        largest = fmax(largest, fabs(before - after));
    }
    return 4.0 * (double)(n - old) * (double)old / (double)n * largest * largest;
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 33, .edge = 5, .least_side = 5};
    const struct detector_settings one = {.window = 12, .edge = 1, .least_side = 1};
    (void)state;
    check_against_plain(&ks_detector, &settings, plain, 1e-11);
    check_against_plain(&ks_detector, &one, plain, 1e-11);
    check_promises(&ks_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_of_separate_sides_is_four_times_half_the_harmonic_size),
        cmocka_unit_test(largest_gap_of_both_shares_counts),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
