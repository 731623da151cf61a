/* Logistic: optima that are known in closed form, bounds, starts from far away. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/hierarchy/training/logistic.h"

enum { ROWS = 8 };

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) fail_msg("%.17g, not %.17g", seen, expected);
}

/* One column x over ROWS rows of weight 1. */
static struct logistic_problem one_column(const double *x, const double *target)
{
    static const double weight[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1};
    static const int64_t begin[] = {0, ROWS}, row[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const double unbounded[] = {(double)-INFINITY};
    return (struct logistic_problem){.n_rows = ROWS,
                                     .n_columns = 1,
                                     .weight = weight,
                                     .target = target,
                                     .begin = begin,
                                     .row = row,
                                     .x = x,
                                     .lowest = unbounded};
}

static double fit(const struct logistic_problem *problem, double start)
{
    struct lode_arena *arena = NULL;
    double residual = 1.0;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(logistic_fit(problem, arena, &start, &residual));
    assert_true(residual <= 1e-11);
    lode_arena_destroy(arena);
    return start;
}

static const double ones[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1};

static void a_constant_alone_is_the_log_of_the_odds(void **state)
{
    (void)state;
    const double target[ROWS] = {1, 1, 0, 0, 0, 0, 0, 0};
    const struct logistic_problem problem = one_column(ones, target);
    assert_near(fit(&problem, 0.0), log(2.0 / 6.0), 1e-9);
}

static void shares_are_targets_too(void **state)
{
    (void)state;
    const double target[ROWS] = {0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9};
    const struct logistic_problem problem = one_column(ones, target);
    assert_near(fit(&problem, 0.0), log(9), 1e-9);
}

/* Newton's full step from here goes beyond all bounds: p (1 - p) is 1e-13. */
static void a_start_far_away_comes_home(void **state)
{
    (void)state;
    const double target[ROWS] = {1, 1, 0, 0, 0, 0, 0, 0};
    const struct logistic_problem problem = one_column(ones, target);
    assert_near(fit(&problem, 30.0), log(2.0 / 6.0), 1e-9);
    assert_near(fit(&problem, -30.0), log(2.0 / 6.0), 1e-9);
}

static void the_ridge_pulls_to_its_centre(void **state)
{
    (void)state;
    const double target[ROWS] = {1, 1, 1, 1, 0, 0, 0, 0}; /* alone: 0 */
    struct logistic_problem problem = one_column(ones, target);
    problem.centre = 1.0;
    problem.ridge = 1e9;
    assert_near(fit(&problem, 0.0), 1.0, 1e-6);
    problem.ridge = 1e-6;
    assert_near(fit(&problem, 0.0), 0.0, 1e-5);
}

static void a_bound_is_kept_and_reached(void **state)
{
    (void)state;
    static const double lowest[] = {0.0};
    const double target[ROWS] = {0, 0, 0, 0, 0, 0, 1, 1}; /* alone: below 0 */
    struct logistic_problem problem = one_column(ones, target);
    problem.lowest = lowest;
    assert_true(fit(&problem, 2.0) == 0.0); /* exactly: it was cut off there */
}

/* What separates both kinds would go on for ever; the ridge ends it. */
static void kinds_that_are_apart_have_an_end(void **state)
{
    (void)state;
    const double x[ROWS] = {-400, -3, -2, -1, 1, 2, 3, 400},
                 target[ROWS] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct logistic_problem problem = one_column(x, target);
    problem.ridge = 0.01;
    const double theta = fit(&problem, 0.0);
    assert_true(theta > 1.0 && theta < 100.0);
}

static void what_has_no_end_is_an_error(void **state)
{
    (void)state;
    const double target[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1};
    const struct logistic_problem problem = one_column(ones, target);
    struct lode_arena *arena = NULL;
    double theta = 0.0, residual = 0.0;
    assert_ok(lode_arena_create(0, &arena));
    const lode_status status = logistic_fit(&problem, arena, &theta, &residual);
    /* so far out that doubles tell no derivative, or given up: never a small answer */
    assert_true(status == LODE_E_NUMERIC || theta > 20);
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_alone_is_the_log_of_the_odds),
        cmocka_unit_test(shares_are_targets_too),
        cmocka_unit_test(a_start_far_away_comes_home),
        cmocka_unit_test(the_ridge_pulls_to_its_centre),
        cmocka_unit_test(a_bound_is_kept_and_reached),
        cmocka_unit_test(kinds_that_are_apart_have_an_end),
        cmocka_unit_test(what_has_no_end_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
