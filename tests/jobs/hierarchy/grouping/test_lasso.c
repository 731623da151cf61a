#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/grouping/lasso.h"
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

/* How far weights are from the conditions of an optimum; written apart from lasso_residual. */
static double violation(const struct reference_series *s, int64_t target, double lambda,
                        const double *weights)
{
    double worst = 0;
    for (int64_t j = 0; j < s->p; j++) {
        double left = s->gram[target * s->p + j];
        if (j == target) continue;
        for (int64_t i = 0; i < s->p; i++) left -= s->gram[j * s->p + i] * weights[i];
        if (weights[j] > 0)
            worst = fmax(worst, fabs(left - lambda));
        else if (weights[j] < 0)
            worst = fmax(worst, fabs(left + lambda));
        else
            worst = fmax(worst, fabs(left) - lambda);
    }
    return worst;
}

static double plain_error(const struct reference_series *s, int64_t target, const double *weights)
{
    double error = s->gram[target * s->p + target];
    for (int64_t j = 0; j < s->p; j++) {
        double product = 0;
        for (int64_t i = 0; i < s->p; i++) product += s->gram[j * s->p + i] * weights[i];
        error += weights[j] * (product - 2 * s->gram[target * s->p + j]);
    }
    return error;
}

static double objective(const struct reference_series *s, int64_t target, double lambda,
                        const double *weights)
{
    double sum = 0;
    for (int64_t j = 0; j < s->p; j++) sum += fabs(weights[j]);
    return plain_error(s, target, weights) / 2 + lambda * sum;
}

/* y = 2 a - b with a, b uncorrelated of variance 1: soft thresholds of 2 and -1. */
static void uncorrelated_series_get_their_soft_thresholds(void **state)
{
    const double gram[] = {5, 2, -1, 2, 1, 0, -1, 0, 1};
    struct lasso lasso;
    double weights[3];
    assert_ok(lasso_create(gram, 3, *state, &lasso));
    lasso_begin(&lasso, 0);
    assert_true(lasso.largest == 2.0);
    assert_ok(lasso_descend(&lasso, 1.5, -1));
    lasso_weights(&lasso, weights);
    assert_true(weights[1] == 0.5 && weights[2] == 0.0);
    assert_ok(lasso_descend(&lasso, 0.25, -1));
    lasso_weights(&lasso, weights);
    assert_true(weights[1] == 1.75 && weights[2] == -0.75);
    /* what is left: two parts of lambda = 0.25 each */
    assert_true(fabs(lasso_error(&lasso) - 2 * 0.0625) < 1e-15);
}

/* The error in the test above is lambda^2 + 1 while only one series is in, 2 lambda^2 below 1. */
static void lambda_is_solved_for_a_wanted_error(void **state)
{
    const double gram[] = {5, 2, -1, 2, 1, 0, -1, 0, 1};
    struct lasso lasso;
    assert_ok(lasso_create(gram, 3, *state, &lasso));
    lasso_begin(&lasso, 0);
    assert_ok(lasso_descend(&lasso, 0, 5.0));
    assert_true(lasso.lambda == 2.0);
    assert_ok(lasso_descend(&lasso, 0, 1 + 2.25));
    assert_true(fabs(lasso.lambda - 1.5) < 1e-15);
    assert_ok(lasso_descend(&lasso, 0, 0.5));
    assert_true(fabs(lasso.lambda - 0.5) < 1e-15);
    assert_ok(lasso_descend(&lasso, 0, 0.0)); /* as near as it goes */
    assert_true(lasso.lambda == 1e-10 * 2.0);
}

static void a_constant_target_has_no_path(void **state)
{
    const double gram[] = {0, 0, 0, 1};
    struct lasso lasso;
    assert_ok(lasso_create(gram, 2, *state, &lasso));
    lasso_begin(&lasso, 0);
    assert_ok(lasso_descend(&lasso, 0, 0.0));
    assert_true(lasso.lambda == 0.0 && lasso_error(&lasso) == 0.0);
}

static void of_two_copies_one_gets_the_weight(void **state)
{
    const double gram[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct lasso lasso;
    double weights[3];
    assert_ok(lasso_create(gram, 3, *state, &lasso));
    lasso_begin(&lasso, 0);
    assert_ok(lasso_descend(&lasso, 0.25, -1));
    lasso_weights(&lasso, weights);
    assert_true(weights[1] == 0.75 && weights[2] == 0.0);
}

static void check_random(uint64_t seed, struct lode_arena *arena, int *left)
{
    struct reference_series s;
    struct lasso lasso;
    double *weights, *scratch;
    const int64_t p = 3 + (int64_t)(seed % 40), n = 6 + (int64_t)(seed * 7 % 60);
    random_series(seed, p, n, arena, &s);
    assert_ok(lode_take(arena, p, &weights));
    assert_ok(lode_take(arena, p, &scratch));
    assert_ok(lasso_create(s.gram, p, arena, &lasso));
    for (int64_t target = 0; target < p; target++) {
        lasso_begin(&lasso, target);
        for (int k = 0; k <= 24; k++) {
            const double lambda = lasso.largest * pow(10, -k / 4.0);
            if (lasso_descend(&lasso, lambda, -1) != LODE_OK)
                fail_msg("seed %d: %s", (int)seed, lode_error_text());
            lasso_weights(&lasso, weights);
            const double worst = violation(&s, target, lambda, weights);
            /* weights of nearly equal series grow as lambda falls, and rounding with them */
            if (worst > (k <= 12 ? 1e-11 : 1e-7) * lasso.largest + 1e-14)
                fail_msg("seed %d p %d n %d target %d lambda %g of %g: off by %g", (int)seed,
                         (int)p, (int)n, (int)target, lambda, lasso.largest, worst);
            const double error = plain_error(&s, target, weights);
            double sum = 0; /* of nearly equal series weights are large, and cancel in the error */
            for (int64_t j = 0; j < p; j++) sum += fabs(weights[j]);
            if (fabs(error - lasso_error(&lasso)) > 1e-9 * (1 + lasso.variance) + 1e-14 * sum * sum)
                fail_msg("seed %d target %d lambda %g: error %.15g, not %.15g", (int)seed,
                         (int)target, lambda, lasso_error(&lasso), error);
            const double told = lasso_residual(s.gram, p, target, lambda, weights, scratch);
            assert_true(fabs(told - worst) < 1e-12 * (1 + lasso.largest + sum));
        }
        *left += lasso.n_steps > lasso.factor.n_active;
    }
}

/* Copies, mirrored copies, sums, constants, more series than slots; 9,000 paths, lambda down to
 * 1e-6 of the largest. */
static void every_solution_of_random_paths_is_an_optimum(void **state)
{
    int left = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        lode_arena_reset(*state);
        check_random(seed, *state, &left);
    }
    assert_true(left > 100); /* paths on which series were dropped or set aside */
}

/* --- reference answers --- */

static int64_t column_of(const struct reference *table, const char *name)
{
    for (int64_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->names[i], name) == 0) return i;
    fail_msg("no column %s", name);
    return -1;
}

/* Columns target, lambda, then the weights: 1e-6 each, the objective to 1e-10 of it. */
static void compare_fixed(int set, struct lode_arena *arena)
{
    char name[64];
    struct reference_series s;
    struct reference want;
    struct lasso lasso;
    double *weights, *wanted;
    snprintf(name, sizeof name, "lasso_%d_input.csv", set);
    reference_load_series(name, arena, &s);
    snprintf(name, sizeof name, "lasso_%d_fixed_lambda.csv", set);
    reference_load(name, arena, &want);
    assert_int_equal(want.n_columns, s.p + 2);
    assert_int_equal(want.n_rows, 12);
    assert_ok(lode_take(arena, s.p, &weights));
    assert_ok(lode_take(arena, s.p, &wanted));
    assert_ok(lasso_create(s.gram, s.p, arena, &lasso));
    for (int64_t r = 0; r < want.n_rows; r++) {
        const int64_t target = column_of(&want, want.cells[r * want.n_columns]) - 2;
        const double lambda = reference_number(&want, r, 1);
        lasso_begin(&lasso, target);
        assert_ok(lasso_descend(&lasso, lambda, -1));
        lasso_weights(&lasso, weights);
        for (int64_t j = 0; j < s.p; j++) {
            wanted[j] = reference_number(&want, r, j + 2);
            assert_true(fabs(weights[j] - wanted[j]) <= 1e-6);
        }
        const double best = objective(&s, target, lambda, wanted);
        assert_true(fabs(objective(&s, target, lambda, weights) - best) <= 1e-10 * best);
    }
}

static void weights_at_a_lambda_are_those_of_scikit_learn(void **state)
{
    compare_fixed(1, *state);
    compare_fixed(2, *state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(uncorrelated_series_get_their_soft_thresholds),
        TEST(lambda_is_solved_for_a_wanted_error),
        TEST(a_constant_target_has_no_path),
        TEST(of_two_copies_one_gets_the_weight),
        TEST(every_solution_of_random_paths_is_an_optimum),
        TEST(weights_at_a_lambda_are_those_of_scikit_learn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
