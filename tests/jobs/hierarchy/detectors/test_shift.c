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

static void negative_values_count_as_zero(void **state)
{
    const struct detector_settings settings = {.window = 3, .edge = 1, .noise = 3};
    const double values[] = {-7.0, 2.0, 2.0, 6.0, 6.0}, zero[] = {0.0, 2.0, 2.0, 6.0, 6.0};
    const struct detector_settings one = fitted(settings, values, 5);
    (void)state;
    assert_true(one.usual_variance == 5.0 / 3.0 && one.largest_value == 6.0);
    assert_true(last_distance(&shift_detector, &one, values, 3, NULL) ==
                last_distance(&shift_detector, &one, zero, 3, NULL));
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

/* 1e-10 of the largest value is no change; 1e-8 of it is one. */
static void rounding_is_no_change(void **state)
{
    const struct detector_settings settings = {
        .window = 4, .edge = 1, .noise = 4, .usual_variance = 1e-30, .largest_value = 0.1};
    const double constant[] = {0.1, 0.1, 0.1, 0.1 * (1.0 + 1e-10)};
    const double moved[] = {0.1, 0.1, 0.1, 0.1 * (1.0 + 1e-8)};
    const double noisy[] = {0.1, 0.1 * (1.0 + 1e-10), 0.1, 0.1};
    (void)state;
    assert_true(last_distance(&shift_detector, &settings, constant, 4, NULL) == 0.0);
    assert_true(last_distance(&shift_detector, &settings, moved, 4, NULL) > 0.0);
    assert_true(fitted(settings, noisy, 4).usual_variance == 0.0);
}

/* Two passes over the slots from..t, as the definition is written. */
static double variance(const double *x, int64_t from, int64_t end, double *mean)
{
    double squares = 0.0;
    *mean = 0.0;
    for (int64_t i = from; i < end; i++) *mean += fmax(x[i], 0.0) / (double)(end - from);
    for (int64_t i = from; i < end; i++) squares += pow(fmax(x[i], 0.0) - *mean, 2.0);
    return squares / (double)(end - from);
}

static double plain(const struct detector_settings *s, const double *x, int64_t t)
{
    double a, b, unused;
    const double largest = s->largest_value;
    variance(x, t - s->edge + 1, t + 1, &a);
    variance(x, t - s->window + 1, t - s->edge + 1, &b);
    double v = variance(x, t - s->noise + 1, t - s->edge + 1, &unused);
    if (fabs(a - b) <= 1e-9 * largest || s->usual_variance == 0.0) return 0.0;
    if (v <= 1e-12 * largest * largest) v = 0.0;
    return (a - b) * (a - b) / (v + s->usual_variance);
}

static void check_long(const struct detector_settings *settings, const double *values)
{
    double distance[LONG], part[LONG];
    struct lode_arena *arena = new_arena();
    const struct detector_settings one = fitted(*settings, values, LONG / 2);
    const int64_t first = shift_detector.reach(settings);
    double noise = 0.0, mean;
    for (int64_t t = first; t < LONG / 2; t++)
        noise += variance(values, t - one.noise + 1, t - one.edge + 1, &mean);
    assert_near(one.usual_variance, noise / (double)(LONG / 2 - first));
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
        cmocka_unit_test(negative_values_count_as_zero),
        cmocka_unit_test(a_counter_without_noise_in_training_has_no_distance),
        cmocka_unit_test(rounding_is_no_change),
        cmocka_unit_test(every_slot_is_as_the_formula_says_wherever_a_scan_begins),
        cmocka_unit_test(shift_keeps_what_every_kind_promises),
        cmocka_unit_test(settings_that_leave_no_slots_before_the_newest_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
