/* Random: published values, keys, and coarse shapes (bounds of five standard deviations). */
#include "tests/unit.h"

#include "common/stats/random.h"

#include <math.h>

/* The first three numbers of splitmix64 from state 0, as published with its reference source. */
static void stream_is_splitmix64(void **state)
{
    (void)state;
    struct lode_random random = {.state = 0};
    assert_true(lode_random_next(&random) == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(lode_random_next(&random) == UINT64_C(0x6e789e6aa1b965f4));
    assert_true(lode_random_next(&random) == UINT64_C(0x06c45d188009454f));
}

static void stream_of_an_item_does_not_depend_on_other_items(void **state)
{
    (void)state;
    struct lode_random before = lode_random_begin(7, 6);
    for (int i = 0; i < 100; i++) lode_random_next(&before);
    struct lode_random alone = lode_random_begin(7, 7);
    struct lode_random again = lode_random_begin(7, 7);
    for (int i = 0; i < 100; i++) assert_true(lode_random_next(&alone) == lode_random_next(&again));
}

/* Seed and item may not be interchangeable, nor 0 a special case. */
static void every_key_has_a_stream_of_its_own(void **state)
{
    (void)state;
    enum { SIDE = 30 };
    uint64_t firsts[SIDE * SIDE];
    for (uint64_t seed = 0; seed < SIDE; seed++)
        for (uint64_t item = 0; item < SIDE; item++) {
            struct lode_random random = lode_random_begin(seed, item);
            firsts[seed * SIDE + item] = lode_random_next(&random);
        }
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int j = 0; j < i; j++) assert_true(firsts[i] != firsts[j]);
}

/* 100,000 draws into 10 cells: 10,000 each, standard deviation 95. */
static void below_fills_all_cells_alike(void **state)
{
    (void)state;
    int cells[10] = {0};
    struct lode_random random = lode_random_begin(1, 2);
    for (int i = 0; i < 100000; i++) {
        const uint64_t x = lode_random_below(&random, 10);
        assert_true(x < 10);
        cells[x]++;
    }
    for (int i = 0; i < 10; i++) assert_in_range(cells[i], 10000 - 475, 10000 + 475);
}

static void below_one_is_zero(void **state)
{
    (void)state;
    struct lode_random random = lode_random_begin(1, 2);
    for (int i = 0; i < 10; i++) assert_true(lode_random_below(&random, 1) == 0);
}

/* n = 3 x 2^62: without the second draw the lower third would come twice as often. */
static void below_a_large_number_has_no_bias(void **state)
{
    (void)state;
    const uint64_t third = UINT64_C(1) << 62;
    int lower = 0;
    struct lode_random random = lode_random_begin(3, 4);
    for (int i = 0; i < 30000; i++) lower += lode_random_below(&random, 3 * third) < third;
    assert_in_range(lower, 10000 - 410, 10000 + 410);
}

static void uniform_lies_in_the_unit_interval_with_mean_a_half(void **state)
{
    (void)state;
    double sum = 0.0;
    struct lode_random random = lode_random_begin(5, 6);
    for (int i = 0; i < 100000; i++) {
        const double x = lode_random_uniform(&random);
        assert_true(x >= 0.0 && x < 1.0);
        sum += x;
    }
    assert_true(fabs(sum / 100000 - 0.5) < 5 * 0.2887 / sqrt(100000));
}

/* P(x > t) = e^-t at three places, and the mean. */
static void exponential_has_the_right_tail(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    const double places[] = {0.5, 1.0, 3.0};
    int above[3] = {0};
    double sum = 0.0;
    struct lode_random random = lode_random_begin(7, 8);
    for (int i = 0; i < DRAWS; i++) {
        const double x = lode_random_exponential(&random);
        for (int k = 0; k < 3; k++) above[k] += x > places[k];
        sum += x;
    }
    for (int k = 0; k < 3; k++) {
        const double p = exp(-places[k]);
        assert_true(fabs((double)above[k] / DRAWS - p) < 5 * sqrt(p * (1 - p) / DRAWS));
    }
    assert_true(fabs(sum / DRAWS - 1.0) < 5 / sqrt(DRAWS));
}

static void normal_has_the_right_quantiles(void **state)
{
    (void)state;
    enum { DRAWS = 100000 };
    const double places[] = {-1.96, 0.0, 1.0, 2.0}, chances[] = {0.02500, 0.5, 0.84134, 0.97725};
    int below[4] = {0};
    struct lode_random random = lode_random_begin(9, 10);
    for (int i = 0; i < DRAWS; i++) {
        const double x = lode_random_normal(&random);
        for (int k = 0; k < 4; k++) below[k] += x < places[k];
    }
    for (int k = 0; k < 4; k++) {
        const double p = chances[k];
        assert_true(fabs((double)below[k] / DRAWS - p) < 5 * sqrt(p * (1 - p) / DRAWS));
    }
}

/* p = 1/4: mean 3, variance (1 - p) / p^2 = 12. */
static void geometric_has_the_right_mean(void **state)
{
    (void)state;
    int64_t sum = 0;
    struct lode_random random = lode_random_begin(11, 12);
    for (int i = 0; i < 40000; i++) sum += lode_random_geometric(&random, 0.25);
    assert_true(fabs((double)sum / 40000 - 3.0) < 5 * sqrt(12.0 / 40000));
}

static void chance_of_one_is_certain_and_of_zero_never(void **state)
{
    (void)state;
    struct lode_random random = lode_random_begin(13, 14);
    for (int i = 0; i < 1000; i++) {
        assert_true(lode_random_chance(&random, 1.0));
        assert_false(lode_random_chance(&random, 0.0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_is_splitmix64),
        cmocka_unit_test(stream_of_an_item_does_not_depend_on_other_items),
        cmocka_unit_test(every_key_has_a_stream_of_its_own),
        cmocka_unit_test(below_fills_all_cells_alike),
        cmocka_unit_test(below_one_is_zero),
        cmocka_unit_test(below_a_large_number_has_no_bias),
        cmocka_unit_test(uniform_lies_in_the_unit_interval_with_mean_a_half),
        cmocka_unit_test(exponential_has_the_right_tail),
        cmocka_unit_test(normal_has_the_right_quantiles),
        cmocka_unit_test(geometric_has_the_right_mean),
        cmocka_unit_test(chance_of_one_is_certain_and_of_zero_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
