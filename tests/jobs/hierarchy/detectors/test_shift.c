/* Detector shift. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind shift_detector;

enum { LONG = 6000 }; /* several chunks */

static struct lode_arena *new_arena(void)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(16 << 20, &arena));
    return arena;
}

static struct detector_settings fitted(struct detector_settings settings, const double *values,
                                       int64_t n)
{
    struct lode_arena *arena = new_arena();
    const struct lode_arena_mark before = lode_arena_mark(arena);
    assert_ok(shift_detector.fit(&settings, values, n, arena));
    const struct lode_arena_mark after = lode_arena_mark(arena);
    assert_true(after.block == before.block && after.used == before.used);
    lode_arena_destroy(arena);
    return settings;
}

/* Mean 2 and variance 1 before, 5 now: 9 / (1 + 3.5). */
static void distance_is_the_squared_change_over_both_noises(void **state)
{
    const struct detector_settings settings = {
        .window = 6, .edge = 2, .noise = 6, .usual_variance = 3.5, .largest_value = 5.0};
    const double values[] = {1.0, 3.0, 1.0, 3.0, 5.0, 5.0};
    int32_t since;
    (void)state;
    assert_true(last_distance(&shift_detector, &settings, values, 6, &since) == 2.0);
    assert_int_equal(since, 4);
}

/* 36 for the newest slot, 2 x 9 for both. */
static void the_change_begins_where_the_newest_slots_differ_most(void **state)
{
    const struct detector_settings settings = {
        .window = 6, .edge = 2, .noise = 6, .usual_variance = 3.5, .largest_value = 8.0};
    const double values[] = {1.0, 3.0, 1.0, 3.0, 2.0, 8.0};
    int32_t since;
    (void)state;
    assert_true(last_distance(&shift_detector, &settings, values, 6, &since) == 2.0);
    assert_int_equal(since, 5);
}

/* The slots before the newest have variances 1 (0 2), 0 (2 2), 4 (2 6). */
static void usual_noise_is_the_mean_variance_of_training(void **state)
{
    const struct detector_settings settings = {.window = 3, .edge = 1, .noise = 3};
    const double values[] = {0.0, 2.0, 2.0, 6.0, 6.0};
    const struct detector_settings one = fitted(settings, values, 5);
    (void)state;
    assert_true(one.usual_variance == 5.0 / 3.0);
    assert_true(one.largest_value == 6.0);
    assert_true(fitted(settings, values, 2).usual_variance == 0.0); /* no full window */
}

/* D is of differences alone: a counter below 0, as a level in dBm, is as good as one above. */
static void a_level_added_to_all_values_changes_nothing(void **state)
{
    const struct detector_settings settings = {.window = 3, .edge = 1, .noise = 3};
    const double above[] = {0.0, 2.0, 2.0, 6.0, 6.0}, below[] = {-60.0, -58.0, -58.0, -54.0, -54.0};
    const struct detector_settings one = fitted(settings, above, 5);
    const struct detector_settings other = fitted(settings, below, 5);
    (void)state;
    assert_true(other.usual_variance == one.usual_variance && other.largest_value == 60.0);
    assert_true(last_distance(&shift_detector, &one, above, 4, NULL) > 0.0);
    assert_true(last_distance(&shift_detector, &one, above, 4, NULL) ==
                last_distance(&shift_detector, &other, below, 4, NULL));
}

static void a_counter_without_noise_in_training_has_no_distance(void **state)
{
    const struct detector_settings settings = {.window = 3, .edge = 1, .noise = 3};
    const double training[] = {4.0, 4.0, 4.0, 4.0}, later[] = {4.0, 5.0, 90.0};
    const struct detector_settings one = fitted(settings, training, 4);
    (void)state;
    assert_true(one.usual_variance == 0.0);
    assert_true(last_distance(&shift_detector, &one, later, 3, NULL) == 0.0);
}

/* 1e-15 of the largest value is no change; 1e-12 of it is one, as of bytes free on a large disk. */
static void rounding_is_no_change(void **state)
{
    const struct detector_settings settings = {
        .window = 4, .edge = 1, .noise = 4, .usual_variance = 1e-30, .largest_value = 0.1};
    const double constant[] = {-0.1, -0.1, -0.1, -0.1 * (1.0 + 1e-15)};
    const double moved[] = {-0.1, -0.1, -0.1, -0.1 * (1.0 + 1e-12)};
    const double rounded[] = {0.1, 0.1 * (1.0 + 1e-15), 0.1, 0.1};
    const double noisy[] = {0.1, 0.1 * (1.0 + 1e-12), 0.1, 0.1};
    (void)state;
    assert_true(last_distance(&shift_detector, &settings, constant, 4, NULL) == 0.0);
    assert_true(last_distance(&shift_detector, &settings, moved, 4, NULL) > 0.0);
    assert_true(fitted(settings, rounded, 4).usual_variance == 0.0);
    assert_true(fitted(settings, noisy, 4).usual_variance > 0.0);
}

/* Whatever the value and the lengths of windows: the bound is that of the sums. */
static void constant_values_have_neither_noise_nor_distance(void **state)
{
    double values[LONG], distance[LONG];
    struct lode_random random = lode_random_begin(46, 0);
    struct lode_arena *arena = new_arena();
    (void)state;
    for (int round = 0; round < 60; round++) {
        const double level = lode_random_normal(&random) * pow(10.0, round % 30 - 10);
        struct detector_settings settings = {.window = 9 + (int64_t)lode_random_below(&random, 900),
                                             .edge = 1 + (int64_t)lode_random_below(&random, 8)};
        settings.noise = settings.edge + 16 + (int64_t)lode_random_below(&random, 2000);
        for (int i = 0; i < LONG; i++) values[i] = level;
        assert_true(fitted(settings, values, LONG).usual_variance == 0.0);
        settings.usual_variance = 1e-40 * level * level;
        settings.largest_value = fabs(level);
        assert_ok(shift_detector.scan(&settings, values, LONG, arena, distance, NULL));
        for (int i = 0; i < LONG; i++) assert_true(distance[i] == 0.0);
    }
    lode_arena_destroy(arena);
}

/* Two passes over the slots from..t, as the definition is written. */
static double variance(const double *x, int64_t from, int64_t end, double *mean)
{
    double squares = 0.0;
    *mean = 0.0;
    for (int64_t i = from; i < end; i++) *mean += x[i] / (double)(end - from);
    for (int64_t i = from; i < end; i++) squares += pow(x[i] - *mean, 2.0);
    return squares / (double)(end - from);
}

static double plain(const struct detector_settings *s, const double *x, int64_t t)
{
    double a, b, unused;
    const double largest = s->largest_value;
    variance(x, t - s->edge + 1, t + 1, &a);
    variance(x, t - s->window + 1, t - s->edge + 1, &b);
    const double v = variance(x, t - s->noise + 1, t - s->edge + 1, &unused);
    if (fabs(a - b) <= 1e-14 * largest || s->usual_variance == 0.0) return 0.0;
    return (a - b) * (a - b) / (v + s->usual_variance);
}

static void check_long(const struct detector_settings *settings, const double *values)
{
    double distance[LONG], part[LONG];
    struct lode_arena *arena = new_arena();
    const int64_t trained = LONG / 2;
    const struct detector_settings one = fitted(*settings, values, trained);
    const int64_t first = shift_detector.reach(settings);
    double noise = 0.0, mean;
    for (int64_t t = first; t < trained; t++)
        noise += variance(values, t - one.noise + 1, t - one.edge + 1, &mean);
    assert_near(one.usual_variance, noise / (double)(trained - first));
    assert_ok(shift_detector.scan(&one, values, LONG, arena, distance, NULL));
    for (int64_t t = first; t < LONG; t++) {
        const double expected = plain(&one, values, t);
        if (!(fabs(distance[t] - expected) <= 1e-9 * fmax(1.0, expected)))
            fail_msg("slot %d: %.17g, expected %.17g", (int)t, distance[t], expected);
    }
    for (int64_t later = 1; later + first < LONG; later += 997) {
        assert_ok(shift_detector.scan(&one, values + later, LONG - later, arena, part, NULL));
        assert_memory_equal(part + first, distance + later + first,
                            (size_t)(LONG - later - first) * sizeof *part);
    }
    lode_arena_destroy(arena);
}

/* Over several chunks; a scan that begins later, as detection's does, gives the same bits. */
static void every_slot_is_as_the_formula_says_wherever_a_scan_begins(void **state)
{
    const struct detector_settings settings[] = {
        {.window = 60, .edge = 3, .noise = 120},
        {.window = 12, .edge = 1, .noise = 24},
        {.window = 130, .edge = 5, .noise = 70},
        {.window = 2500, .edge = 40, .noise = 56},
    };
    double values[LONG];
    struct lode_random random = lode_random_begin(45, 0);
    (void)state;
    for (int i = 0; i < LONG; i++)
        values[i] = 1e6 + (i % 700 < 30 ? 50.0 : 3.0) * lode_random_normal(&random) +
                    (i > 4000 ? 20.0 : 0.0);
    for (size_t s = 0; s < sizeof settings / sizeof *settings; s++)
        check_long(&settings[s], values);
}

static void shift_keeps_what_every_kind_promises(void **state)
{
    const struct detector_settings settings = {
        .window = 30, .edge = 3, .noise = 40, .usual_variance = 0.5, .largest_value = 100.0};
    (void)state;
    check_promises(&shift_detector, &settings);
}

static void settings_that_leave_no_slots_before_the_newest_are_refused(void **state)
{
    const struct detector_settings bad[] = {{.window = 5, .edge = 5, .noise = 9},
                                            {.window = 9, .edge = 5, .noise = 5},
                                            {.window = 9, .edge = 0, .noise = 5}};
    double values[10] = {0}, distance[10];
    struct lode_arena *arena = new_arena();
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(LODE_E_BUG, shift_detector.scan(&bad[i], values, 10, arena, distance, NULL));
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_the_squared_change_over_both_noises),
        cmocka_unit_test(the_change_begins_where_the_newest_slots_differ_most),
        cmocka_unit_test(usual_noise_is_the_mean_variance_of_training),
        cmocka_unit_test(a_level_added_to_all_values_changes_nothing),
        cmocka_unit_test(a_counter_without_noise_in_training_has_no_distance),
        cmocka_unit_test(rounding_is_no_change),
        cmocka_unit_test(constant_values_have_neither_noise_nor_distance),
        cmocka_unit_test(every_slot_is_as_the_formula_says_wherever_a_scan_begins),
        cmocka_unit_test(shift_keeps_what_every_kind_promises),
        cmocka_unit_test(settings_that_leave_no_slots_before_the_newest_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
