/* Detector lof. */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "tests/jobs/hierarchy/detectors/kind_checks.h"

extern const struct detector_kind lof_detector;

/* Shapes of one slot, W = 13: H = 6, k = 3. Slots 0, 1, 2, .. have the 3 nearest of the 6 before
 * them at distance 3, also the newest; at 15 instead of 12 its own is 6: F = 2. */
static void distance_is_how_many_times_farther_than_its_neighbours(void **state)
{
    const struct detector_settings settings = {.window = 13, .edge = 1, .least_side = 1};
    double values[13];
    int32_t since;
    (void)state;
    for (int i = 0; i < 13; i++) values[i] = (double)i;
    assert_true(last_distance(&lof_detector, &settings, values, 13, NULL) == 0.0);
    values[12] = 15.0;
    assert_near(last_distance(&lof_detector, &settings, values, 13, &since), 1.0);
    assert_int_equal(since, 12);
}

/* Up, down, up, down: a shape of two ups in a row has no like, though each value has many. */
static void shape_of_usual_values_in_an_unusual_order_is_far_away(void **state)
{
    const struct detector_settings settings = {.window = 40, .edge = 2, .least_side = 2};
    double values[40];
    (void)state;
    for (int i = 0; i < 40; i++) values[i] = (double)(i % 2);
    assert_true(last_distance(&lof_detector, &settings, values, 40, NULL) == 0.0);
    values[39] = values[38];
    assert_true(last_distance(&lof_detector, &settings, values, 40, NULL) == 999.0);
}

static void too_short_a_window_is_refused_with_the_length_it_takes(void **state)
{
    const struct detector_settings settings = {.window = 24, .edge = 5, .least_side = 5};
    struct lode_arena *arena = NULL;
    double distance[1];
    (void)state;
    assert_ok(lode_arena_create(1 << 20, &arena));
    assert_status(LODE_E_USAGE, lof_detector.scan(&settings, distance, 0, arena, distance, NULL));
    assert_non_null(strstr(lode_error_text(), "24 slots"));
    assert_non_null(strstr(lode_error_text(), "it takes 25"));
    const struct detector_settings enough = {.window = 25, .edge = 5, .least_side = 5};
    assert_ok(lof_detector.scan(&enough, distance, 0, arena, distance, NULL));
    lode_arena_destroy(arena);
}

struct neighbour {
    double distance;
    int64_t age;
    const double *end;
};

static int compare(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1; /* ties: by age */
    return (a->age > b->age) - (a->age < b->age);
}

/* The references of the shapelet that ends at `end`, nearest first. */
static void sort_neighbours(const double *end, int64_t length, int64_t references,
                            struct neighbour *list)
{
    for (int64_t age = 0; age < references; age++) {
        const double *other = end - length - age;
        double squared = 0.0;
        for (int64_t slot = 0; slot < length; slot++)
            squared += pow(end[-slot] - other[-slot], 2.0);
        list[age] = (struct neighbour){sqrt(squared), age, other};
    }
    qsort(list, (size_t)references, sizeof *list, compare);
}

static double plain(const struct detector_settings *settings, const double *window)
{
    const int64_t length = settings->edge, references = (settings->window + 2 - 3 * length) / 2;
    const int64_t k = references / 8 < 3 ? 3 : references / 8 > 20 ? 20 : references / 8;
    struct neighbour mine[64], theirs[64];
    double local = 0.0, all = 0.0;
    sort_neighbours(window + settings->window - 1, length, references, mine);
    for (int64_t i = 0; i < references; i++) {
        sort_neighbours(mine[i].end, length, references, theirs);
        if (i < k) local += theirs[k - 1].distance / (double)k;
        all += theirs[k - 1].distance / (double)references;
    }
    if (mine[k - 1].distance == 0.0) return 0.0; /* equal shapes */
    return fmax(0.0, fmin(1000.0, mine[k - 1].distance / fmax(local, all / 10.0)) - 1.0);
}

static void every_slot_is_as_the_formula_says(void **state)
{
    const struct detector_settings settings = {.window = 50, .edge = 4, .least_side = 4};
    const struct detector_settings longer = {.window = 101, .edge = 3, .least_side = 4};
    (void)state;
    check_against_plain(&lof_detector, &settings, plain, 1e-11);
    check_against_plain(&lof_detector, &longer, plain, 1e-11);
    check_promises(&lof_detector, &settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_is_how_many_times_farther_than_its_neighbours),
        cmocka_unit_test(shape_of_usual_values_in_an_unusual_order_is_far_away),
        cmocka_unit_test(too_short_a_window_is_refused_with_the_length_it_takes),
        cmocka_unit_test(every_slot_is_as_the_formula_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
