/* Detector trend. */
#include "tests/unit.h"

#include "common/memory.h"
#include "common/stats/trend.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind trend_detector;

/* All 10 pairs rise: S = 10, V = 5 x 4 x 15 / 18, z^2 = 81 / V. */
static void distance_is_the_squared_score_of_kendalls_test(void **state)
{
    const struct detector_settings settings = {.window = 5, .edge = 1, .least_side = 1};
    const double rising[] = {1.0, 2.0, 4.0, 8.0, 9.0}, falling[] = {9.0, 8.0, 4.0, 2.0, 1.0};
    (void)state;
    assert_near(last_distance(&trend_detector, &settings, rising, 5, NULL), 81.0 * 18.0 / 300.0);
    assert_near(last_distance(&trend_detector, &settings, falling, 5, NULL), 81.0 * 18.0 / 300.0);
}

static void one_wild_slot_makes_no_trend(void **state)
{
    const struct detector_settings settings = {.window = 9, .edge = 1, .least_side = 1};
    const double values[] = {3, 1, 2, 3, 1, 2, 3, 1, 1e9};
    (void)state;
    assert_true(last_distance(&trend_detector, &settings, values, 9, NULL) < 1.0);
}

static double plain(const struct detector_settings *settings, const double *window)
{
    struct lode_arena *arena = NULL;
    struct lode_mann_kendall test;
    assert_ok(lode_arena_create(1 << 20, &arena));
    assert_ok(lode_mann_kendall(window, settings->window, arena, &test));
    lode_arena_destroy(arena);
    return test.z * test.z;
}

static void every_slot_is_the_test_of_its_window(void **state)
{
    const struct detector_settings settings = {.window = 24, .edge = 3, .least_side = 3};
    (void)state;
    check_against_plain(&trend_detector, &settings, plain, 1e-12);
    check_promises(&trend_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_the_squared_score_of_kendalls_test),
        cmocka_unit_test(one_wild_slot_makes_no_trend),
        cmocka_unit_test(every_slot_is_the_test_of_its_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
