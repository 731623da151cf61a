/* Pattern: matching against a plain loop, what it leaves aside, and what is like nothing. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/detector.h"
#include "jobs/hierarchy/detectors/pattern.h"

enum { SLOTS = 600, SHAPE = 6 };
#define MINUTE INT64_C(60000)

/* A tooth of a saw; its standard deviation is sqrt(35 / 12). */
static const double tooth[SHAPE] = {0, 1, 2, 3, 4, 5};

static int make(void **state)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(16 << 20, &arena));
    *state = arena;
    return 0;
}

static int destroy(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static struct pattern pattern_of(const double *values, int64_t n)
{
    return (struct pattern){
        .name = "it", .where = "*", .step_ms = MINUTE, .n = n, .values = values};
}

static void scan_at(struct lode_arena *arena, struct pattern *pattern, int64_t step_ms,
                    const double *values, int64_t n, double *distance)
{
    const struct patterns patterns = {.n = 1, .list = pattern, .match = 0.9, .amplitude = 0.5};
    const struct lode_arena_mark before = lode_arena_mark(arena);
    assert_ok(pattern_scan(&patterns, 0, step_ms, values, n, arena, distance));
    const struct lode_arena_mark after = lode_arena_mark(arena);
    assert_true(after.block == before.block && after.used == before.used);
}

static void scan(struct lode_arena *arena, const double *marked, int64_t n_marked,
                 const double *values, int64_t n, double *distance)
{
    struct pattern pattern = pattern_of(marked, n_marked);
    scan_at(arena, &pattern, MINUTE, values, n, distance);
}

/* D of the window [n], by definition. */
static double plain(const double *marked, const double *window, int64_t n)
{
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    for (int64_t i = 0; i < n; i++) {
        a += marked[i] / (double)n;
        b += window[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++) {
        aa += (marked[i] - a) * (marked[i] - a);
        bb += (window[i] - b) * (window[i] - b);
        ab += (marked[i] - a) * (window[i] - b);
    }
    if (bb < 0.25 * aa) return 0;
    return fmax(1 + (ab / sqrt(aa * bb) - 0.9) / 0.1, 0);
}

/* A walk that turns now and then: windows of all likenesses. */
static void walk(uint64_t seed, double *values, int64_t n)
{
    struct lode_random random = lode_random_begin(seed, 0);
    double at = 50;
    for (int64_t i = 0; i < n; i++) values[i] = at += lode_random_normal(&random);
}

static void distances_are_those_of_a_plain_loop(void **state)
{
    static const int64_t widths[] = {PATTERN_LEAST, 8, 31, 60, 255};
    double values[SLOTS], distance[SLOTS];
    int64_t n_matches = 0, n_near = 0;
    walk(7, values, SLOTS);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        const int64_t n = widths[w];
        scan(*state, values + 100, n, values, SLOTS, distance);
        for (int64_t i = 0; i < n - 1; i++) assert_true(distance[i] == 0);
        for (int64_t i = n - 1; i < SLOTS; i++) {
            const double expected = plain(values + 100, values + i - n + 1, n);
            assert_true(fabs(distance[i] - expected) < 1e-9);
            n_matches += expected >= 1;
            n_near += expected > 0 && expected < 1;
        }
    }
    assert_true(n_matches > 10 && n_near > 10);
}

static void what_was_marked_is_found_at_its_end_with_an_r_of_one(void **state)
{
    double values[40] = {0}, distance[40];
    memcpy(values + 20, tooth, sizeof tooth);
    scan(*state, values + 20, SHAPE, values, 40, distance);
    for (int64_t i = 0; i < 40; i++)
        if (i == 25)
            assert_true(fabs(distance[i] - 2) < 1e-12);
        else
            assert_true(distance[i] < 2 - 1e-3);
}

static void height_and_scale_are_left_aside(void **state)
{
    double values[SLOTS], moved[SLOTS], distance[SLOTS], again[SLOTS];
    walk(8, values, SLOTS);
    for (int64_t i = 0; i < SLOTS; i++) moved[i] = 3 * values[i] - 1e6;
    scan(*state, values + 40, 30, values, SLOTS, distance);
    scan(*state, moved + 40, 30, moved, SLOTS, again);
    for (int64_t i = 0; i < SLOTS; i++) assert_true(fabs(distance[i] - again[i]) < 1e-7);
    scan(*state, values + 40, 30, moved, SLOTS,
         again); /* thrice as high: as like, and never flat */
    for (int64_t i = 0; i < SLOTS; i++)
        if (distance[i] > 0) assert_true(fabs(distance[i] - again[i]) < 1e-7);
}

static void a_stretch_of_less_than_the_share_is_like_nothing(void **state)
{
    double small[SHAPE], distance[SHAPE];
    for (int i = 0; i < SHAPE; i++) small[i] = 10 + 0.501 * tooth[i];
    scan(*state, tooth, SHAPE, small, SHAPE, distance);
    assert_true(fabs(distance[SHAPE - 1] - 2) < 1e-12);
    for (int i = 0; i < SHAPE; i++) small[i] = 10 + 0.499 * tooth[i];
    scan(*state, tooth, SHAPE, small, SHAPE, distance);
    assert_true(distance[SHAPE - 1] == 0);
}

static void one_value_throughout_is_like_nothing_however_small_the_share(void **state)
{
    static const double heights[] = {0, 0.1, -1e15, 1e100, 1e-300};
    struct pattern pattern = pattern_of(tooth, SHAPE);
    const struct patterns patterns = {.n = 1, .list = &pattern, .match = 0.9, .amplitude = 1e-12};
    double values[50], distance[50];
    for (size_t h = 0; h < sizeof heights / sizeof *heights; h++) {
        for (int i = 0; i < 50; i++) values[i] = heights[h];
        assert_ok(pattern_scan(&patterns, 0, MINUTE, values, 50, *state, distance));
        for (int i = 0; i < 50; i++) assert_true(distance[i] == 0);
    }
}

/* As detection reads on from wherever a batch begins. */
static void bits_of_a_slot_are_those_of_its_window(void **state)
{
    enum { WIDTH = 37 };
    double values[SLOTS], distance[SLOTS], some[SLOTS];
    walk(9, values, SLOTS);
    values[300] = values[301] = values[350] = (double)NAN;
    scan(*state, values + 40, WIDTH, values, SLOTS, distance);
    for (int64_t first = 250; first < 360; first++) {
        scan(*state, values + 40, WIDTH, values + first, SLOTS - first, some);
        for (int64_t i = first + WIDTH - 1; i < SLOTS; i++)
            assert_true(some[i - first] == distance[i]);
    }
}

static void a_gap_has_the_value_before_and_too_many_are_like_nothing(void **state)
{
    const double none = (double)NAN;
    const double marked[] = {0, 0, 0, 0, 5, 5, 5, 5};
    const double two[] = {0, 0, none, 0, 5, 5, none, 5};
    const double three[] = {0, 0, none, 0, 5, none, none, 5};
    const double first[] = {none, 0, 0, 0, 5, 5, 5, 5};
    double distance[8];
    scan(*state, marked, 8, two, 8, distance);
    assert_true(fabs(distance[7] - 2) < 1e-12);
    scan(*state, marked, 8, three, 8, distance);
    assert_true(distance[7] == 0);
    scan(*state, marked, 8, first, 8, distance);
    assert_true(distance[7] == 0);
}

static void in_shorter_slots_each_marked_one_lasts(void **state)
{
    enum { STAIRS = 2 * SHAPE };
    struct pattern pattern = pattern_of(tooth, SHAPE);
    double stairs[STAIRS], distance[STAIRS];
    for (int i = 0; i < STAIRS; i++) stairs[i] = tooth[i / 2];
    assert_int_equal(pattern_slots(&pattern, MINUTE / 2), STAIRS);
    scan_at(*state, &pattern, MINUTE / 2, stairs, STAIRS, distance);
    assert_true(fabs(distance[STAIRS - 1] - 2) < 1e-12);
}

/* Ten minutes are five slots of two minutes, or seven of 86 seconds. */
static void in_longer_slots_each_has_the_mean_over_its_time(void **state)
{
    const double marked[] = {0, 2, 6, 8, 1, 1, 3, 7, 9, 9}, means[] = {1, 7, 1, 5, 9};
    struct pattern pattern = pattern_of(marked, 10);
    double distance[7];
    scan_at(*state, &pattern, 2 * MINUTE, means, 5, distance);
    assert_true(fabs(distance[4] - 2) < 1e-12);
    const double tenths[] = {0 * 7 + 2 * 3, 2 * 4 + 6 * 6,         6 * 1 + 8 * 7 + 1 * 2,
                             1 * 5 + 1 * 5, 1 * 2 + 3 * 7 + 7 * 1, 7 * 6 + 9 * 4,
                             9 * 3 + 9 * 7};
    assert_int_equal(pattern_slots(&pattern, 86000), 7);
    scan_at(*state, &pattern, 86000, tenths, 7, distance);
    assert_true(fabs(distance[6] - 2) < 1e-12);
}

static void a_length_that_is_too_few_or_too_many_slots_is_possible_nowhere(void **state)
{
    const struct pattern pattern = pattern_of(tooth, SHAPE);
    const struct pattern endless = {.n = PATTERN_MOST, .step_ms = INT64_MAX / 2};
    (void)state;
    assert_int_equal(pattern_slots(&pattern, MINUTE), SHAPE);
    assert_int_equal(pattern_slots(&pattern, 6 * MINUTE / 5), 5);
    assert_int_equal(pattern_slots(&pattern, 2 * MINUTE), 0);
    assert_int_equal(pattern_slots(&pattern, SHAPE * MINUTE / PATTERN_MOST), PATTERN_MOST);
    assert_int_equal(pattern_slots(&pattern, 200), 0);
    assert_int_equal(pattern_slots(&endless, MINUTE), 0);
}

static void values_of_any_size_give_a_number_from_0_to_2(void **state)
{
    static const double sizes[] = {0, -1, 1e-300, 1e99, -1e100, 1e300, -1.7e308, 5e-324};
    const double marked[] = {1e100, -1e100, 1e100, 1e100, -1e100};
    const double tiny[] = {1e-300, 0, 0, 1e-300, 0};
    double values[SLOTS], distance[SLOTS];
    struct lode_random random = lode_random_begin(11, 0);
    for (int i = 0; i < SLOTS; i++) values[i] = sizes[lode_random_below(&random, 8)];
    for (int round = 0; round < 2; round++) {
        scan(*state, round ? tiny : marked, 5, values, SLOTS, distance);
        for (int i = 0; i < SLOTS; i++) assert_true(distance[i] >= 0 && distance[i] <= 2);
    }
}

static void e_is_ln_100_where_r_is_the_match_and_tells_r(void **state)
{
    const struct patterns patterns = {.match = 0.9};
    (void)state;
    assert_true(fabs(detector_score(detector_e(PATTERN_SIGMA, 1)) - 0.99) < 1e-15);
    assert_true(fabs(pattern_likeness(&patterns, detector_e(PATTERN_SIGMA, 1)) - 0.9) < 1e-15);
    assert_true(fabs(pattern_likeness(&patterns, detector_e(PATTERN_SIGMA, 2)) - 1.0) < 1e-15);
    assert_true(fabs(pattern_likeness(&patterns, detector_e(PATTERN_SIGMA, 0)) - 0.8) < 1e-15);
}

/* Packs one pattern as a hostile coordinator might. */
static lode_status send(struct lode_arena *arena, const struct patterns *patterns,
                        struct patterns *there)
{
    struct lode_bytes packed = {0};
    assert_ok(patterns_pack(patterns, &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    const lode_status status = patterns_unpack(&in, arena, there);
    lode_bytes_clear(&packed);
    return status;
}

static void patterns_arrive_as_they_were_sent(void **state)
{
    struct pattern pattern = pattern_of(tooth, SHAPE);
    struct patterns patterns = {.n = 1, .list = &pattern, .match = 0.8, .amplitude = 0.1}, there;
    pattern.where = "web-*";
    pattern.index = 3;
    assert_ok(send(*state, &patterns, &there));
    assert_true(there.n == 1 && there.match == 0.8 && there.amplitude == 0.1);
    assert_string_equal(there.list[0].name, "it");
    assert_string_equal(there.list[0].where, "web-*");
    assert_int_equal(there.list[0].index, 3);
    assert_int_equal(there.list[0].step_ms, MINUTE);
    assert_int_equal(there.list[0].n, SHAPE);
    assert_memory_equal(there.list[0].values, tooth, sizeof tooth);
}

static void patterns_that_cannot_be_looked_for_are_refused(void **state)
{
    const double flat[SHAPE] = {0}, endless[SHAPE] = {0, 1, 2, (double)INFINITY, 4, 5};
    const double holes[SHAPE] = {0, 1, 2, (double)NAN, 4, 5};
    const double *const values[] = {flat, endless, holes, tooth};
    struct pattern pattern;
    struct patterns patterns = {.n = 1, .list = &pattern, .match = 0.8, .amplitude = 0.1}, there;
    for (int i = 0; i < 4; i++) {
        pattern = pattern_of(values[i], i < 3 ? SHAPE : PATTERN_LEAST - 1);
        assert_status(LODE_E_MESSAGE, send(*state, &patterns, &there));
    }
    pattern = pattern_of(tooth, SHAPE);
    pattern.step_ms = 0;
    assert_status(LODE_E_MESSAGE, send(*state, &patterns, &there));
    pattern.step_ms = 1;
    patterns.match = 1;
    assert_status(LODE_E_MESSAGE, send(*state, &patterns, &there));
    patterns.match = 0.8;
    patterns.amplitude = (double)NAN;
    assert_status(LODE_E_MESSAGE, send(*state, &patterns, &there));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(distances_are_those_of_a_plain_loop),
        TEST(what_was_marked_is_found_at_its_end_with_an_r_of_one),
        TEST(height_and_scale_are_left_aside),
        TEST(a_stretch_of_less_than_the_share_is_like_nothing),
        TEST(one_value_throughout_is_like_nothing_however_small_the_share),
        TEST(bits_of_a_slot_are_those_of_its_window),
        TEST(a_gap_has_the_value_before_and_too_many_are_like_nothing),
        TEST(in_shorter_slots_each_marked_one_lasts),
        TEST(in_longer_slots_each_has_the_mean_over_its_time),
        TEST(a_length_that_is_too_few_or_too_many_slots_is_possible_nowhere),
        TEST(values_of_any_size_give_a_number_from_0_to_2),
        TEST(e_is_ln_100_where_r_is_the_match_and_tells_r),
        TEST(patterns_arrive_as_they_were_sent),
        TEST(patterns_that_cannot_be_looked_for_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
