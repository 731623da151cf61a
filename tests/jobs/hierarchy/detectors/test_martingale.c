/* Detector martingale. */
#include "tests/unit.h"

#include <math.h>

#include "common/stats/stats.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind martingale_detector;

static const double bets[] = {0.1, 0.3, 0.5, 0.7, 0.9};

/* The window is 2 3, then 2 9. Median 2.5: 9 is stranger than both, p = 1/2 / 3; 2 is as strange as
 * both, p = 3/2 / 3, which wins nothing. */
static void capital_is_that_of_the_bets_on_one_strange_slot(void **state)
{
    const struct detector_settings settings = {.window = 4, .edge = 1, .least_side = 1};
    const double values[] = {1, 2, 3, 2, 9};
    double mean = 0.0;
    int32_t since;
    (void)state;
    for (int e = 0; e < 5; e++) mean += fmax(1.0, bets[e] * pow(1.0 / 6.0, bets[e] - 1.0)) / 5.0;
    assert_near(last_distance(&martingale_detector, &settings, values, 5, &since), 2.0 * log(mean));
    assert_int_equal(since, 3);
}

static void strange_slots_in_a_row_win_more_and_more(void **state)
{
    const struct detector_settings settings = {.window = 40, .edge = 2, .least_side = 2};
    double values[40], before = 0.0;
    int32_t since;
    (void)state;
    for (int i = 0; i < 40; i++) values[i] = i < 20 ? (double)(i * 5 % 11) : 5.0;
    for (int length = 1; length <= 20; length++) {
        for (int i = 40 - length; i < 40; i++) values[i] = 100.0;
        const double distance = last_distance(&martingale_detector, &settings, values, 40, &since);
        assert_true(distance > before);
        assert_int_equal(since, 40 - length);
        before = distance;
    }
}

static double plain(const struct detector_settings *settings, const double *window)
{
    const int64_t w = settings->window, older = w - w / 2;
    double copy[64], p[64], mean = 0.0;
    for (int64_t i = 0; i < older; i++) copy[i] = window[i];
    const double median = lode_median(copy, older);
    for (int64_t i = older; i < w; i++) {
        double count = 0.5;
        for (int64_t j = 0; j < older; j++) {
            /* mirrored, as rounding could make two equal deviations differ */
            const double mirrored = median + (median - window[i]);
            const double low = fmin(window[i], mirrored), high = fmax(window[i], mirrored);
            if (window[j] < low || window[j] > high) count += 1.0;
            if (window[j] == low || window[j] == high) count += 0.5; /* as strange */
        }
        p[i] = count / ((double)older + 1.0);
    }
    for (int e = 0; e < 5; e++) {
        double capital = 1.0, most = 1.0;
        for (int64_t i = w - 1; i >= older; i--) {
            capital *= bets[e] * pow(p[i], bets[e] - 1.0);
            most = fmax(most, capital);
        }
        mean += most / 5.0;
    }
    return 2.0 * log(mean);
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 37, .edge = 3, .least_side = 3};
    (void)state;
    check_against_plain(&martingale_detector, &settings, plain, 1e-11);
    check_promises(&martingale_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capital_is_that_of_the_bets_on_one_strange_slot),
        cmocka_unit_test(strange_slots_in_a_row_win_more_and_more),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
