#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"
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

static const struct neighbourhood_options above = {.rule = NEIGHBOURHOOD_ABOVE, .fraction = 0.1};
static const struct neighbourhood_options explained = {.rule = NEIGHBOURHOOD_EXPLAINED,
                                                       .fraction = 0.3};

/* 0 and 1 are one signal with noise, 2 is alone: the bound of 2 is its variance. */
static void a_series_alone_has_no_neighbours(void **state)
{
    const double gram[] = {2, 1, 0, 1, 2, 0, 0, 0, 3};
    struct neighbourhoods out;
    assert_ok(neighbourhoods_fit(gram, 3, &explained, *state, &out));
    assert_int_equal(out.n_edges, 2);
    assert_int_equal(out.edges[0].target, 0);
    assert_int_equal(out.edges[0].source, 1);
    /* mse0 = 2 - 1/2; mse = 3/2 + lambda^2 / 2 <= 3/2 + 0.3 / 2 */
    assert_true(fabs(out.least_error[0] - 1.5) < 1e-15);
    assert_true(fabs(out.lambda[0] - sqrt(0.3)) < 1e-15);
    assert_true(fabs(out.error[0] - 1.65) < 1e-15);
    assert_true(fabs(out.edges[0].coefficient - (1 - sqrt(0.3)) / 2) < 1e-15);
    assert_true(out.lambda[2] == 0.0 && out.error[2] == 3.0 && out.variance[2] == 3.0);
}

static void targets_in_ranges_are_those_of_all(void **state)
{
    struct reference_series s;
    struct neighbourhoods all, part;
    double *least;
    int64_t edge = 0;
    random_series(4, 20, 100, *state, &s);
    assert_ok(lode_take(*state, s.p, &least));
    assert_ok(gram_least_errors(s.gram, s.p, *state, least));
    assert_ok(neighbourhoods_fit(s.gram, s.p, &above, *state, &all));
    for (int64_t first = 0; first < 20; first += 7) {
        const int64_t count = first + 7 < 20 ? 7 : 20 - first;
        assert_ok(
            neighbourhoods_fit_range(s.gram, s.p, least, &above, first, count, *state, &part));
        assert_memory_equal(part.lambda, all.lambda + first, (size_t)count * sizeof(double));
        assert_memory_equal(part.error, all.error + first, (size_t)count * sizeof(double));
        for (int64_t e = 0; e < part.n_edges; e++, edge++) {
            assert_int_equal(part.edges[e].target, all.edges[edge].target);
            assert_int_equal(part.edges[e].source, all.edges[edge].source);
            assert_true(part.edges[e].coefficient == all.edges[edge].coefficient);
        }
    }
    assert_int_equal(edge, all.n_edges);
}

static void errors_stay_within_the_bound(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct reference_series s;
        struct neighbourhoods out;
        lode_arena_reset(*state);
        random_series(seed, 3 + (int64_t)seed % 30, 200, *state, &s);
        assert_ok(neighbourhoods_fit(s.gram, s.p, &explained, *state, &out));
        assert_int_equal(out.n_inexact, 0);
        for (int64_t i = 0; i < s.p; i++) {
            const double least = out.least_error[i], variance = out.variance[i];
            const double bound = least + 0.3 * (variance - least);
            if (out.error[i] > bound + 1e-12 * variance || least > variance * (1 + 1e-12))
                fail_msg("seed %d target %d: error %g, bound %g, least %g", (int)seed, (int)i,
                         out.error[i], bound, least);
        }
    }
}

static void covariances_that_are_not_finite_are_refused(void **state)
{
    const double gram[] = {1, (double)NAN, (double)NAN, 1};
    const double least[] = {1, 1};
    struct neighbourhoods out = {.p = 77};
    assert_status(LODE_E_NUMERIC,
                  neighbourhoods_fit_range(gram, 2, least, &above, 0, 2, *state, &out));
    assert_non_null(strstr(lode_error_text(), "detector 0"));
    assert_int_equal(out.p, 77);
}

/* --- reference answers: columns rule, f, target, lambda, mse, mse0, then the weights --- */

static double weight_of(const struct neighbourhoods *out, int64_t target, int64_t source)
{
    for (int64_t e = 0; e < out->n_edges; e++)
        if (out->edges[e].target == target && out->edges[e].source == source)
            return out->edges[e].coefficient;
    return 0;
}

static void assert_near(double got, double want, double absolute, double relative)
{
    if (!(fabs(got - want) <= absolute + relative * fabs(want)))
        fail_msg("%.17g is not %.17g", got, want);
}

static void compare_target(const struct neighbourhoods *out, const struct reference *want,
                           int64_t row, int64_t target)
{
    enum { LAMBDA = 3, ERROR, LEAST, WEIGHTS };
    const double f = reference_number(want, row, 1), least = reference_number(want, row, LEAST);
    if (strcmp(want->cells[row * want->n_columns], "above") == 0 && least < 1e-8) {
        assert_true(out->error[target] <= (1 + f) * least * (1 + 1e-6)); /* ill-conditioned */
        return;
    }
    assert_near(out->least_error[target], least, 0, 1e-6);
    assert_near(out->lambda[target], reference_number(want, row, LAMBDA), 0, 1e-3);
    assert_near(out->error[target], reference_number(want, row, ERROR), 0, 1e-4);
    for (int64_t j = 0; j < out->p; j++)
        assert_near(weight_of(out, target, j), reference_number(want, row, WEIGHTS + j), 1e-4, 0);
}

/* At least 99 % of pairs by the promise of the reference; measured: all of them. */
static void compare_adjacency(const struct neighbourhoods *out, const char *name,
                              struct lode_arena *arena)
{
    struct reference want;
    reference_load(name, arena, &want);
    assert_int_equal(want.n_rows, out->p);
    for (int64_t i = 0; i < out->p; i++)
        for (int64_t j = 0; j < out->p; j++) {
            const bool is_edge = weight_of(out, i, j) != 0 || weight_of(out, j, i) != 0;
            assert_int_equal(is_edge, (int)reference_number(&want, i, j + 1));
        }
}

static void compare_set(int set, struct lode_arena *arena)
{
    char name[64];
    struct reference_series s;
    struct reference want;
    struct neighbourhoods outs[2];
    snprintf(name, sizeof name, "lasso_%d_input.csv", set);
    reference_load_series(name, arena, &s);
    assert_ok(neighbourhoods_fit(s.gram, s.p, &above, arena, &outs[0]));
    assert_ok(neighbourhoods_fit(s.gram, s.p, &explained, arena, &outs[1]));
    snprintf(name, sizeof name, "lasso_%d_expected.csv", set);
    reference_load(name, arena, &want);
    assert_int_equal(want.n_rows, 2 * s.p);
    for (int64_t r = 0; r < want.n_rows; r++) {
        const char *rule = want.cells[r * want.n_columns];
        const int is_explained = strcmp(rule, "explained") == 0;
        assert_true(reference_number(&want, r, 1) == (is_explained ? 0.3 : 0.1));
        compare_target(&outs[is_explained], &want, r, r % s.p);
    }
    snprintf(name, sizeof name, "lasso_%d_adjacency_or_above.csv", set);
    compare_adjacency(&outs[0], name, arena);
    snprintf(name, sizeof name, "lasso_%d_adjacency_or_explained.csv", set);
    compare_adjacency(&outs[1], name, arena);
}

static void neighbourhoods_are_those_of_scikit_learn(void **state)
{
    compare_set(1, *state);
    compare_set(2, *state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_series_alone_has_no_neighbours),
        TEST(targets_in_ranges_are_those_of_all),
        TEST(errors_stay_within_the_bound),
        TEST(covariances_that_are_not_finite_are_refused),
        TEST(neighbourhoods_are_those_of_scikit_learn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
