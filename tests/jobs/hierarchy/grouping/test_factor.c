#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/grouping/factor.h"
#include "reference.h"
#include "tests/unit.h"

enum { SERIES = 21, SLOTS = 60 };

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void noise_gram(uint64_t seed, struct lode_arena *arena, double **gram)
{
    struct lode_random random = lode_random_begin(seed, 1);
    double x[SERIES][SLOTS];
    for (int i = 0; i < SERIES; i++)
        for (int t = 0; t < SLOTS; t++) x[i][t] = lode_random_normal(&random);
    assert_ok(lode_take_zero(arena, SERIES * SERIES, gram));
    for (int i = 0; i < SERIES; i++)
        for (int j = 0; j < SERIES; j++)
            for (int t = 0; t < SLOTS; t++) (*gram)[i * SERIES + j] += x[i][t] * x[j][t] / SLOTS;
}

static double gram_at(const struct factor *f, int64_t i, int64_t j)
{
    return f->gram[f->order[i] * f->p + f->order[j]];
}

/* Both promises of the header, by position. */
static void check_factor(const struct factor *f)
{
    const int64_t k = f->n_active;
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = 0; j < f->n; j++) {
            double product = 0, inverse = 0;
            for (int64_t m = 0; m < k; m++) product += f->lower[m][i] * f->lower[m][j];
            assert_true(fabs(product - gram_at(f, i, j)) < 1e-12);
            if (j >= k) continue;
            for (int64_t m = 0; m < k; m++)
                for (int64_t l = 0; l < k; l++)
                    inverse += f->inverse[m][i] * f->inverse[m][l] * gram_at(f, l, j);
            assert_true(fabs(inverse - (i == j)) < 1e-11);
        }
}

/* L^-1 times the values 1, 2, .. of the series themselves and times ones. */
static void carry(const struct factor *f, double *const *carried)
{
    for (int64_t m = 0; m < f->n_active; m++) {
        carried[0][m] = carried[1][m] = 0;
        for (int64_t i = 0; i <= m; i++) {
            carried[0][m] += f->inverse[m][i] * (f->order[i] + 1);
            carried[1][m] += f->inverse[m][i];
        }
    }
}

static void adding_and_dropping_in_any_order_keeps_the_factorisation(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct lode_random random = lode_random_begin(seed, 2);
        struct factor f;
        double *gram, first[SERIES], second[SERIES], third[SERIES], fourth[SERIES];
        double *const carried[] = {first, second}, *const anew[] = {third, fourth};
        bool added;
        noise_gram(seed, *state, &gram);
        assert_ok(factor_create(gram, SERIES, *state, &f));
        factor_begin(&f, (int64_t)seed % SERIES);
        assert_int_equal(f.n, SERIES - 1);
        for (int step = 0; step < 60; step++) {
            const uint64_t open = (uint64_t)(f.n - f.n_active);
            if (f.n_active > 0 && (open == 0 || lode_random_chance(&random, 0.4))) {
                carry(&f, carried);
                factor_drop(&f, (int64_t)lode_random_below(&random, (uint64_t)f.n_active), carried);
                carry(&f, anew);
                for (int64_t m = 0; m < f.n_active; m++) /* rows are unique but for their sign */
                    assert_true(fabs(fabs(first[m]) - fabs(third[m])) < 1e-10 &&
                                fabs(fabs(second[m]) - fabs(fourth[m])) < 1e-10);
            } else {
                factor_swap(&f, f.n_active, f.n_active + (int64_t)lode_random_below(&random, open));
                assert_ok(factor_add(&f, &added));
                assert_true(added);
            }
            check_factor(&f);
        }
    }
}

static void a_series_that_depends_on_the_active_ones_is_not_added(void **state)
{
    const double gram[] = {1, 2, 0, 2, 4, 0, 0, 0, 0}; /* 1 is twice 0, 2 is constant */
    struct factor f;
    bool added;
    assert_ok(factor_create(gram, 3, *state, &f));
    factor_begin(&f, -1);
    assert_ok(factor_add(&f, &added));
    assert_true(added);
    assert_ok(factor_add(&f, &added));
    assert_false(added);
    factor_swap(&f, 1, 2);
    assert_ok(factor_add(&f, &added));
    assert_false(added);
    assert_int_equal(f.n_active, 1);
}

/* The row of the ninth series, whose vectors are subtracted eight rows at a time, by a plain loop.
 */
static void rows_have_the_bits_of_a_plain_loop(void **state)
{
    struct factor f;
    double *gram;
    bool added;
    noise_gram(7, *state, &gram);
    assert_ok(factor_create(gram, SERIES, *state, &f));
    factor_begin(&f, -1);
    for (int k = 0; k < SERIES; k++) {
        assert_ok(factor_add(&f, &added));
        const double by = 1.0 / f.lower[k][k];
        for (int i = k + 1; i < SERIES; i++) {
            double left = gram[k * SERIES + i];
            for (int m = 0; m < k; m++) left -= f.lower[m][k] * f.lower[m][i];
            assert_true(f.lower[k][i] == left * by);
        }
        for (int i = 0; i < k; i++) {
            double sum = 0;
            for (int m = i; m < k; m++) sum -= f.lower[m][k] * f.inverse[m][i];
            assert_true(f.inverse[k][i] == sum * by);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(adding_and_dropping_in_any_order_keeps_the_factorisation),
        TEST(a_series_that_depends_on_the_active_ones_is_not_added),
        TEST(rows_have_the_bits_of_a_plain_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
