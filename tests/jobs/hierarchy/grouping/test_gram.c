#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/job.h"
#include "reference.h"
#include "tests/unit.h"

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* Slot by slot within 256 of them, then these sums. */
static double plain_covariance(const struct reference_series *s, int64_t i, int64_t j)
{
    const double *x = s->series[i], *y = s->series[j];
    double sum = 0;
    for (int64_t from = 0; from < s->n; from += 256) {
        double tile = 0;
        for (int64_t t = from; t < s->n && t < from + 256; t++)
            tile += (x[t] - s->means[i]) * (y[t] - s->means[j]);
        sum += tile;
    }
    return sum / (double)s->n;
}

/* Sizes around tiles, panels and groups of rows; not a bit may depend on vectors. */
static void covariances_are_those_of_a_plain_loop(void **state)
{
    const int64_t sizes[][2] = {{1, 1}, {3, 2}, {8, 256}, {9, 257}, {21, 700}, {32, 513}};
    for (int k = 0; k < 6; k++) {
        struct reference_series s;
        random_series((uint64_t)k, sizes[k][0], sizes[k][1], *state, &s);
        for (int64_t i = 0; i < s.p; i++)
            for (int64_t j = 0; j < s.p; j++)
                assert_true(s.gram[i * s.p + j] ==
                            (i < j ? plain_covariance(&s, i, j) : plain_covariance(&s, j, i)));
    }
}

static void means_are_those_of_the_values(void **state)
{
    const double a[] = {1, 2, 6}, b[] = {4, 4, 4};
    const double *const series[] = {a, b};
    double means[2], gram[4];
    assert_ok(gram_of_series(series, 2, 3, NULL, *state, means, gram));
    assert_true(means[0] == 3.0 && means[1] == 4.0);
    assert_true(gram[0] == 14.0 / 3 && gram[1] == 0.0 && gram[2] == 0.0 && gram[3] == 0.0);
}

static void ranges_of_rows_give_the_bits_of_the_whole(void **state)
{
    struct reference_series s;
    double *parts;
    random_series(11, 21, 700, *state, &s);
    assert_ok(lode_take_zero(*state, s.p * s.p, &parts));
    const double *const *series = (const double *const *)s.series;
    assert_ok(gram_rows(series, s.means, s.p, s.n, 0, 3, *state, parts));
    assert_ok(gram_rows(series, s.means, s.p, s.n, 3, 17, *state, parts));
    assert_ok(gram_rows(series, s.means, s.p, s.n, 17, 21, *state, parts));
    gram_mirror(parts, s.p);
    assert_memory_equal(parts, s.gram, (size_t)(s.p * s.p) * sizeof *parts);
}

static void a_value_that_is_not_finite_is_named(void **state)
{
    struct reference_series s;
    random_series(1, 5, 40, *state, &s);
    s.series[3][7] = (double)NAN;
    assert_status(LODE_E_NUMERIC, gram_of_series((const double *const *)s.series, s.p, s.n, NULL,
                                                 *state, s.means, s.gram));
    assert_non_null(strstr(lode_error_text(), "series 3"));
}

/* --- least errors --- */

/* x1 = x0 + u with u of variance 1 apart from x0: each leaves of the other what regression says. */
static void least_errors_of_two_series_are_those_of_regression(void **state)
{
    const double gram[] = {4, 4, 4, 5};
    double error[2];
    assert_ok(gram_least_errors(gram, 2, *state, error));
    assert_true(fabs(error[0] - (4 - 16.0 / 5)) < 1e-15);
    assert_true(fabs(error[1] - (5 - 16.0 / 4)) < 1e-15);
}

/* 0 and 1 are one series, 2 = 3 + 4, 5 is constant, 6 is alone. */
static void series_that_others_give_exactly_have_no_error(void **state)
{
    struct reference_series s;
    double error[7];
    random_series(5, 7, 500, *state, &s);
    struct reference_series free_ones;
    random_series(77, 2, 500, *state, &free_ones);
    for (int64_t t = 0; t < s.n; t++) {
        s.series[0][t] = free_ones.series[0][t];
        s.series[1][t] = s.series[0][t];
        s.series[3][t] = free_ones.series[1][t];
        s.series[4][t] = sin((double)(t * t));
        s.series[2][t] = s.series[3][t] + s.series[4][t];
        s.series[5][t] = 3.0;
        s.series[6][t] = cos((double)(7 * t * t));
    }
    assert_ok(
        gram_of_series((const double *const *)s.series, s.p, s.n, NULL, *state, s.means, s.gram));
    assert_ok(gram_least_errors(s.gram, 7, *state, error));
    for (int i = 0; i < 6; i++) assert_true(error[i] < 1e-12);
    assert_true(error[6] > 0.4 && error[6] <= s.gram[6 * 7 + 6]);
}

/* --- leases --- */

static void a_lease_is_renewed_for_every_256_slots_and_what_nobody_wants_ends(void **state)
{
    struct reference_series s;
    atomic_llong progress = 0;
    atomic_bool stop = false;
    struct lode_task_private engine = {.progress = &progress, .stop = &stop};
    struct lode_task task = {.engine = &engine};
    random_series(5, 3, 600, *state, &s);
    const double *const *series = (const double *const *)s.series;
    assert_ok(gram_of_series(series, 3, 600, &task, *state, s.means, s.gram));
    assert_int_equal(progress, 600);
    stop = true;
    assert_status(LODE_E_STOPPED, gram_of_series(series, 3, 600, &task, *state, s.means, s.gram));
    assert_int_equal(progress, 600 + 256);
}

/* --- resampling --- */

/* The reference draws nothing: it finds the blocks of a replicate by trying all ways to repeat two
 * of them. */
static void a_replicate_is_the_gram_matrix_of_whole_blocks(void **state)
{
    struct reference_series s;
    const struct gram_resampling resampling = {.replicates = 8, .block_length = 5, .seed = 3};
    double *grams[8], means[2], gram[4];
    int found = 0;
    random_series(2, 2, 8, *state, &s); /* blocks of 5 and 3 slots */
    for (int k = 0; k < 8; k++) assert_ok(lode_take(*state, 4, &grams[k]));
    const double *const *series = (const double *const *)s.series;
    assert_ok(gram_resample(series, 2, 8, &resampling, *state, grams));
    for (int first = 0; first < 2; first++)
        for (int second = first; second < 2; second++) {
            double a[10], b[10];
            int64_t n = 0;
            for (int i = 0; i < 2; i++) {
                const int block = i == 0 ? first : second;
                for (int t = block * 5; t < (block ? 8 : 5); t++, n++) {
                    a[n] = series[0][t];
                    b[n] = series[1][t];
                }
            }
            const double *const drawn[] = {a, b};
            assert_ok(gram_of_series(drawn, 2, n, NULL, *state, means, gram));
            for (int k = 0; k < 8; k++) {
                double worst = 0;
                for (int i = 0; i < 4; i++) worst = fmax(worst, fabs(grams[k][i] - gram[i]));
                found += worst < 1e-14;
            }
        }
    assert_int_equal(found, 8);
}

static void replicates_follow_from_seed_and_number_alone(void **state)
{
    struct reference_series s;
    double *many[3], *one[1];
    random_series(2, 4, 90, *state, &s);
    for (int k = 0; k < 3; k++) assert_ok(lode_take(*state, 16, &many[k]));
    assert_ok(lode_take(*state, 16, &one[0]));
    const double *const *series = (const double *const *)s.series;
    struct gram_resampling resampling = {.replicates = 3, .block_length = 7, .seed = 9};
    assert_ok(gram_resample(series, 4, 90, &resampling, *state, many));
    resampling.replicates = 1;
    assert_ok(gram_resample(series, 4, 90, &resampling, *state, one));
    assert_memory_equal(many[0], one[0], 16 * sizeof(double));
    assert_memory_not_equal(many[1], one[0], 16 * sizeof(double));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(covariances_are_those_of_a_plain_loop),
        TEST(means_are_those_of_the_values),
        TEST(ranges_of_rows_give_the_bits_of_the_whole),
        TEST(a_value_that_is_not_finite_is_named),
        TEST(least_errors_of_two_series_are_those_of_regression),
        TEST(series_that_others_give_exactly_have_no_error),
        TEST(a_lease_is_renewed_for_every_256_slots_and_what_nobody_wants_ends),
        TEST(a_replicate_is_the_gram_matrix_of_whole_blocks),
        TEST(replicates_follow_from_seed_and_number_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
