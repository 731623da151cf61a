/* Detector burst. */
#include "tests/unit.h"

#include <math.h>

#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind burst_detector;

/* Older half 1 .. 10: q = 9 and one slot above, so p = 1.5 / 11. The last three slots are high: D =
 * 2 x 3 ln(11 / 1.5). */
static void distance_is_the_likelihood_ratio_of_the_burst(void **state)
{
    const struct detector_settings settings = {.window = 20, .edge = 2, .least_side = 2};
    const double values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0, 0, 11, 12, 9.5};
    int32_t since;
    (void)state;
    assert_near(last_distance(&burst_detector, &settings, values, 20, &since),
                6.0 * log(11.0 / 1.5));
    assert_int_equal(since, 17);
}

static void longer_burst_is_farther_away_than_a_shorter_one(void **state)
{
    const struct detector_settings settings = {.window = 40, .edge = 2, .least_side = 2};
    double values[40], before = 0.0;
    (void)state;
    for (int i = 0; i < 40; i++) values[i] = i < 20 ? (double)(i % 7) : 3.0;
    for (int length = 2; length <= 20; length++) {
        for (int i = 40 - length; i < 40; i++) values[i] = 100.0;
        const double distance = last_distance(&burst_detector, &settings, values, 40, NULL);
        assert_true(distance > before);
        before = distance;
    }
}

static void quiet_after_a_burst_is_no_burst(void **state)
{
    const struct detector_settings settings = {.window = 20, .edge = 2, .least_side = 2};
    const double values[] = {9, 8, 9, 8, 9, 8, 9, 8, 9, 8, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
    (void)state;
    assert_true(last_distance(&burst_detector, &settings, values, 20, NULL) == 0.0);
}

static double divergence(double a, double b)
{
    return a > 0.0 ? a * log(a / b) : 0.0;
}

static double plain(const struct detector_settings *settings, const double *window)
{
    const int64_t newer = settings->window / 2, older = settings->window - newer;
    double high = (double)INFINITY, best = 0.0;
    int64_t above = 0;
    for (int64_t i = 0; i < older; i++) { /* the least value that nine tenths are not above */
        int64_t up_to = 0;
        for (int64_t j = 0; j < older; j++) up_to += window[j] <= window[i];
        if (10 * up_to >= 9 * older) high = fmin(high, window[i]);
    }
    for (int64_t i = 0; i < older; i++) above += window[i] > high;
    const double p = ((double)above + 0.5) / ((double)older + 1.0);
    for (int64_t slots = settings->edge; slots <= newer; slots++) {
        double k = 0.0;
        for (int64_t i = settings->window - slots; i < settings->window; i++) k += window[i] > high;
        const double rate = k / (double)slots;
        if (rate > p)
            best =
                fmax(best, (double)slots * (divergence(rate, p) + divergence(1.0 - rate, 1.0 - p)));
    }
    return 2.0 * best;
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 41, .edge = 3, .least_side = 3};
    (void)state;
    check_against_plain(&burst_detector, &settings, plain, 1e-11);
    check_promises(&burst_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_the_likelihood_ratio_of_the_burst),
        cmocka_unit_test(longer_burst_is_farther_away_than_a_shorter_one),
        cmocka_unit_test(quiet_after_a_burst_is_no_burst),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
