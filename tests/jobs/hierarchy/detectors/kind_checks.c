#include "tests/jobs/hierarchy/detectors/kind_checks.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "tests/unit.h"

enum { SLOTS = 400, SORTS = 5 };

/* Series of several sorts, all from fixed seeds. */
static void make_series(int sort, double *values)
{
    struct lode_random random = lode_random_begin(8, (uint64_t)sort);
    for (int i = 0; i < SLOTS; i++) {
        const double normal = lode_random_normal(&random), uniform = lode_random_uniform(&random);
        switch (sort) {
        case 0: /* normal noise */
            values[i] = 100.0 + normal;
            break;
        case 1: /* mostly zeros, with bursts */
            values[i] = uniform < (i % 97 < 20 ? 0.5 : 0.03) ? floor(1.0 + 20.0 * uniform) : 0.0;
            break;
        case 2: /* few levels */
            values[i] = floor(4.0 * uniform) - 1.0;
            break;
        case 3: /* a step and a slope */
            values[i] = (i < 200 ? 5.0 : 9.0) + 0.01 * i + 0.5 * normal;
            break;
        default: /* constant, but for one change and one spike */
            values[i] = i == 300 ? 50.0 : i < 150 ? 7.0 : 8.0;
            break;
        }
    }
}

void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12 * fmax(1.0, fabs(expected))))
        fail_msg("%.17g, expected %.17g", value, expected);
}

static struct lode_arena *new_arena(void)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(16 << 20, &arena));
    return arena;
}

double last_distance(const struct detector_kind *kind, const struct detector_settings *settings,
                     const double *values, int64_t n, int32_t *since)
{
    double distance[SLOTS];
    int32_t changes[SLOTS];
    struct lode_arena *arena = new_arena();
    assert_true(n >= 1 && n <= SLOTS);
    assert_ok(kind->scan(settings, values, n, arena, distance, changes));
    if (since) *since = changes[n - 1];
    lode_arena_destroy(arena);
    return distance[n - 1];
}

void check_against_plain(const struct detector_kind *kind, const struct detector_settings *settings,
                         plain_distance_fn plain, double tolerance)
{
    double values[SLOTS], distance[SLOTS];
    struct lode_arena *arena = new_arena();
    for (int sort = 0; sort < SORTS; sort++) {
        make_series(sort, values);
        assert_ok(kind->scan(settings, values, SLOTS, arena, distance, NULL));
        for (int64_t i = settings->window - 1; i < SLOTS; i++) {
            const double expected = plain(settings, values + i - settings->window + 1);
            if (!(fabs(distance[i] - expected) <= tolerance * fmax(1.0, expected)))
                fail_msg("%s, sort %d, slot %d: %.17g, expected %.17g", kind->name, sort, (int)i,
                         distance[i], expected);
        }
    }
    lode_arena_destroy(arena);
}

static void check_constants(const struct detector_kind *kind,
                            const struct detector_settings *settings, struct lode_arena *arena)
{
    static const double levels[] = {0.0, 0.1, -3.7, 1e17, DBL_MAX};
    double values[SLOTS], distance[SLOTS];
    int32_t since[SLOTS];
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
        for (int i = 0; i < SLOTS; i++) values[i] = levels[level];
        assert_ok(kind->scan(settings, values, SLOTS, arena, distance, since));
        for (int i = 0; i < SLOTS; i++) assert_true(distance[i] == 0.0 && since[i] == 0);
    }
}

static void check_reach(const struct detector_kind *kind, const struct detector_settings *settings,
                        struct lode_arena *arena)
{
    double values[SLOTS], whole[SLOTS], part[SLOTS];
    int32_t since[SLOTS], since_part[SLOTS];
    const int64_t reach = kind->reach(settings);
    for (int sort = 0; sort < SORTS; sort++) {
        make_series(sort, values);
        assert_ok(kind->scan(settings, values, SLOTS, arena, whole, since));
        for (int64_t i = 0; i < SLOTS; i++) {
            assert_true(whole[i] >= 0.0 && isfinite(whole[i]));
            assert_true(since[i] >= 0 && since[i] <= reach);
            if (i < reach) assert_true(whole[i] == 0.0 && since[i] == 0);
        }
        for (int64_t first = 1; first + reach < SLOTS; first += 31) {
            const int64_t n = SLOTS - first;
            assert_ok(kind->scan(settings, values + first, n, arena, part, since_part));
            assert_memory_equal(part + reach, whole + first + reach,
                                (size_t)(n - reach) * sizeof *part);
            assert_memory_equal(since_part + reach, since + first + reach,
                                (size_t)(n - reach) * sizeof *since);
            assert_ok(kind->scan(settings, values + first, n, arena, part, NULL));
            assert_true(part[n - 1] == whole[SLOTS - 1]);
        }
    }
}

/* Differences overflow, squares overflow and underflow. */
static void check_extremes(const struct detector_kind *kind,
                           const struct detector_settings *settings, struct lode_arena *arena)
{
    static const double extremes[] = {DBL_MAX, -DBL_MAX, DBL_TRUE_MIN, 0.0, -0.0, DBL_MIN, 1e160};
    double values[SLOTS], distance[SLOTS];
    struct lode_random random = lode_random_begin(9, 0);
    for (int i = 0; i < SLOTS; i++)
        values[i] = extremes[lode_random_below(&random, i < 200 ? 7 : 3)];
    assert_ok(kind->scan(settings, values, SLOTS, arena, distance, NULL));
    for (int i = 0; i < SLOTS; i++) assert_true(distance[i] >= 0.0 && isfinite(distance[i]));
}

void check_promises(const struct detector_kind *kind, const struct detector_settings *settings)
{
    struct lode_arena *arena = new_arena();
    const struct lode_arena_mark before = lode_arena_mark(arena);
    check_constants(kind, settings, arena);
    check_reach(kind, settings, arena);
    check_extremes(kind, settings, arena);
    const double few[] = {1.0, 2.0};
    double distance[2];
    assert_ok(kind->scan(settings, few, 0, arena, distance, NULL));
    assert_ok(kind->scan(settings, few, 2, arena, distance, NULL));
    const struct lode_arena_mark after = lode_arena_mark(arena);
    assert_true(after.block == before.block && after.used == before.used);
    lode_arena_destroy(arena);
    assert_int_equal(detector_kinds[detector_kind_find(kind->name)] == kind, 1);
}
