/* Detector mmd. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/stats.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind mmd_detector;

/* Width 0: k tells equal values from others. Older all 1, newest all 2: A = B = 1, C = 0, so D = 2
 * h with h = 2 x 4 / 6. */
static void sides_without_a_value_in_common_are_twice_their_size_apart(void **state)
{
    const struct detector_settings settings = {.window = 6, .edge = 2, .least_side = 2};
    const double values[] = {1, 1, 1, 1, 2, 2};
    int32_t since;
    (void)state;
    assert_near(last_distance(&mmd_detector, &settings, values, 6, &since), 16.0 / 6.0);
    assert_int_equal(since, 4);
}

/* The same mean, another spread. */
static void spread_alone_is_a_difference(void **state)
{
    const struct detector_settings settings = {.window = 24, .edge = 4, .least_side = 4};
    double values[24];
    (void)state;
    for (int i = 0; i < 20; i++) values[i] = i % 3 - 1.0;
    for (int i = 20; i < 24; i++) values[i] = i % 2 ? 10.0 : -10.0;
    assert_true(last_distance(&mmd_detector, &settings, values, 24, NULL) > 2.0);
}

static void one_newest_slot_is_refused(void **state)
{
    const struct detector_settings settings = {.window = 24, .edge = 1, .least_side = 4};
    struct lode_arena *arena = NULL;
    double distance[1];
    (void)state;
    assert_ok(lode_arena_create(1 << 20, &arena));
    assert_status(LODE_E_USAGE, mmd_detector.scan(&settings, distance, 0, arena, distance, NULL));
    assert_non_null(strstr(lode_error_text(), "takes 2"));
    lode_arena_destroy(arena);
}

static double kernel(double x, double y, double width)
{
    return x == y ? 1.0 : width > 0.0 ? exp(-(x - y) * (x - y) / (2.0 * width * width)) : 0.0;
}

static double plain(const struct detector_settings *settings, const double *window)
{
    const int64_t r = settings->edge, n = settings->window - r, m = n / 2;
    double gaps[64], a = 0.0, b = 0.0, c = 0.0;
    for (int64_t i = 0; i < m; i++) gaps[i] = fabs(window[i] - window[i + m]);
    const double width = lode_median(gaps, m);
    for (int64_t i = 0; i < m; i++) b += kernel(window[i], window[i + m], width) / (double)m;
    for (int64_t j = n; j < n + r; j++) {
        for (int64_t k = n; k < n + r; k++)
            if (j != k) a += kernel(window[j], window[k], width) / (double)(r * (r - 1));
        for (int64_t i = 0; i < n; i++) c += kernel(window[i], window[j], width) / (double)(n * r);
    }
    return (double)(r * n) / (double)(r + n) * fmax(0.0, a + b - 2.0 * c);
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 34, .edge = 5, .least_side = 5};
    (void)state;
    check_against_plain(&mmd_detector, &settings, plain, 1e-12);
    check_promises(&mmd_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_without_a_value_in_common_are_twice_their_size_apart),
        cmocka_unit_test(spread_alone_is_a_difference),
        cmocka_unit_test(one_newest_slot_is_refused),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
