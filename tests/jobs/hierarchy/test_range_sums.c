/* Range sums, moments and minima against plain loops; their bits against a shifted array. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/detectors/range_sums.h"

enum { N = 300 };

static void fill(uint64_t seed, double *x)
{
    struct lode_random random = lode_random_begin(seed, 0);
    for (int i = 0; i < N; i++) x[i] = 1e6 + lode_random_normal(&random);
}

static void every_range_is_what_a_loop_adds_up(void **state)
{
    (void)state;
    double x[N], scratch[4 * N], sums[N], squares[N], same[N], least[N];
    fill(1, x);
    for (int64_t length = 1; length <= 70; length++) {
        range_moments(x, N, length, scratch, sums, squares);
        range_sums(x, N, length, scratch, same);
        range_minima(x, N, length, scratch, least);
        assert_memory_equal(sums, same, (size_t)(N - length + 1) * sizeof *sums);
        for (int64_t i = 0; i + length <= N; i++) {
            double sum = 0.0, square = 0.0, low = x[i];
            for (int64_t k = i; k < i + length; k++) {
                sum += x[k] - 1e6;
                low = fmin(low, x[k]);
            }
            const double mean = sum / (double)length;
            for (int64_t k = i; k < i + length; k++)
                square += (x[k] - 1e6 - mean) * (x[k] - 1e6 - mean);
            assert_true(fabs(sums[i] - 1e6 * (double)length - sum) < 1e-7);
            /* values of 1e6 with a spread of 1: naive squares would have no right digit at 1e-4 */
            assert_true(fabs(squares[i] - square) <= 1e-7);
            assert_true(least[i] == low);
        }
    }
}

static void a_range_has_the_same_bits_wherever_it_lies(void **state)
{
    (void)state;
    double x[N], scratch[4 * N], sums[N], squares[N], later_sums[N], later_squares[N];
    double levels[7 * N];
    const struct range_levels ranges = {.n = N, .levels = range_level_count(100), .sums = levels};
    fill(2, x);
    assert_int_equal(ranges.levels, 7);
    memcpy(levels, x, sizeof x);
    range_levels_build(&ranges);
    const int64_t lengths[] = {1, 2, 7, 64, 100};
    for (int l = 0; l < 5; l++) {
        range_moments(x, N, lengths[l], scratch, sums, squares);
        range_moments(x + 13, N - 13, lengths[l], scratch, later_sums, later_squares);
        const size_t bytes = (size_t)(N - 13 - lengths[l] + 1) * sizeof *sums;
        assert_memory_equal(sums + 13, later_sums, bytes);
        assert_memory_equal(squares + 13, later_squares, bytes);
        for (int64_t i = 0; i + lengths[l] <= N; i++)
            assert_true(range_sum(&ranges, i, lengths[l]) == sums[i]);
    }
}

/* The difference of running sums would leave 1e16 - 1e16 of noise here. */
static void what_is_small_survives_beside_what_is_large(void **state)
{
    (void)state;
    double x[N] = {1e16}, scratch[2 * N], sums[N];
    for (int i = 1; i < N; i++) x[i] = i % 3 == 0 ? 0.1 : 0.0;
    range_sums(x, N, 2, scratch, sums);
    assert_true(sums[1] == 0.0 && sums[2] == 0.1 && sums[4] == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_is_what_a_loop_adds_up),
        cmocka_unit_test(a_range_has_the_same_bits_wherever_it_lies),
        cmocka_unit_test(what_is_small_survives_beside_what_is_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
