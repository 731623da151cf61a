/* The pruned search of all splits against the plain one: every split of every window, computed from
 * range sums, the first largest. Equal to the last bit, on series that are hard to prune. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/families.h"
#include "jobs/hierarchy/detectors/range_sums.h"
#include "jobs/hierarchy/detectors/splits.h"

enum { N = 700, LEVELS = 10 };

struct plain {
    double levels[LEVELS * N];
    double distance[N];
    int32_t split[N];
};

static void scan_plainly(const double *x, int64_t n, int64_t window, int64_t least_side,
                         struct plain *plain)
{
    const struct range_levels ranges = {n, range_level_count(window), plain->levels};
    memcpy(plain->levels, x, (size_t)n * sizeof *x);
    range_levels_build(&ranges);
    for (int64_t i = 0; i + window <= n; i++) {
        double best = 0.0;
        int64_t at = 0;
        for (int64_t s = least_side; s <= window - least_side; s++) {
            const double left = range_sum(&ranges, i, s) * (1.0 / (double)s);
            const double right =
                range_sum(&ranges, i + s, window - s) * (1.0 / (double)(window - s));
            const double d = family_poisson(left, right);
            if (d > best) {
                best = d;
                at = s;
            }
        }
        plain->distance[i] = best;
        plain->split[i] = (int32_t)at;
    }
}

static void compare(const char *what, const double *x, int64_t n, int64_t window, int64_t least)
{
    static struct plain plain;
    double distance[N];
    int32_t split[N];
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    scan_plainly(x, n, window, least, &plain);
    assert_ok(splits_scan(x, n, window, least, arena, distance, split));
    lode_arena_destroy(arena);
    for (int64_t i = 0; i + window <= n; i++)
        if (distance[i] != plain.distance[i] || split[i] != plain.split[i])
            fail_msg("%s, W %lld, m %lld, window %lld: %.17g at %d, expected %.17g at %d", what,
                     (long long)window, (long long)least, (long long)i, distance[i], split[i],
                     plain.distance[i], plain.split[i]);
}

static double value(int kind, int i, struct lode_random *random)
{
    switch (kind) {
    case 0:
        return floor(1000 + 100 * lode_random_normal(random)); /* counts */
    case 1:
        return 1000 + 100 * lode_random_normal(random);
    case 2:
        return 0.1; /* sums round */
    case 3:
        return i % 2 ? 3.0 : 0.1; /* ties everywhere */
    case 4:
        return lode_random_chance(random, 0.02) ? 7.0 : 0.0; /* mostly zero */
    case 5:
        return i % 97 == 0 ? 1e15 : 0.1 + 1e-9 * i; /* large hides small */
    case 6:
        return i / 150 % 2 ? 1e50 : 1e-50;
    case 7:
        return exp(30 * lode_random_uniform(random));
    case 8:
        return (double)(i / 100 % 2); /* steps, zero sides */
    default:
        return 5.0 + 1e-15 * (double)lode_random_below(random, 3);
    }
}

static void the_pruned_search_finds_what_the_plain_one_finds(void **state)
{
    (void)state;
    static double x[N];
    const int64_t shapes[][2] = {{2, 1},  {3, 1},   {10, 5},  {11, 5},
                                 {60, 5}, {120, 5}, {120, 1}, {257, 10}};
    for (int kind = 0; kind < 10; kind++) {
        char what[32];
        snprintf(what, sizeof what, "series %d", kind);
        struct lode_random random = lode_random_begin(11, (uint64_t)kind);
        for (int i = 0; i < N; i++) x[i] = fmax(0.0, value(kind, i, &random));
        for (int s = 0; s < 8; s++) compare(what, x, N, shapes[s][0], shapes[s][1]);
        compare(what, x, 60, 60, 5); /* one window */
    }
}

static void random_series_of_few_values_agree_too(void **state)
{
    (void)state;
    double x[N];
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct lode_random random = lode_random_begin(12, seed);
        char what[32];
        snprintf(what, sizeof what, "seed %d", (int)seed);
        const double unit = seed % 2 ? 0.1 : 1.0;
        for (int i = 0; i < 120; i++) x[i] = unit * (double)lode_random_below(&random, 3);
        compare(what, x, 120, 2 + (int64_t)(seed % 60), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pruned_search_finds_what_the_plain_one_finds),
        cmocka_unit_test(random_series_of_few_values_agree_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
