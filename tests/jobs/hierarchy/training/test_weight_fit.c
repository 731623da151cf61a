/* Weight fit: answers that a person or another way of solving can check. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/training/weight_fit.h"

enum { MOST_ROWS = 200, MOST_NAMES = 8 };

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance)) fail_msg("%.17g, not %.17g", seen, expected);
}

/* Rows of a few names each; x [MOST_ROWS][MOST_NAMES]. */
struct world {
    struct lode_arena *arena;
    struct weight_row rows[MOST_ROWS];
    double x[MOST_ROWS][MOST_NAMES];
    struct weight_problem problem;
};

static const int64_t all_names[MOST_NAMES] = {0, 1, 2, 3, 4, 5, 6, 7};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.problem = {.ridge = 3.0, .rows = world.rows}};
    assert_ok(lode_arena_create(0, &world.arena));
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    lode_arena_destroy(((struct world *)*state)->arena);
    return 0;
}

static void add(struct world *w, bool is_issue, double weight, int n, const double *x)
{
    const int64_t row = w->problem.n_rows++;
    assert_in_range(row, 0, MOST_ROWS - 1);
    for (int j = 0; j < n; j++) w->x[row][j] = x[j];
    w->rows[row] = (struct weight_row){weight, is_issue, n, all_names, w->x[row]};
    if (n > w->problem.n_names) w->problem.n_names = n;
}

/* The derivative of the sum by one factor, by the C library's exponential. */
static double derivative(const struct world *w, const struct weight_solution *solution, int64_t j)
{
    double sum = w->problem.ridge * (solution->factors[j] - 1.0);
    for (int64_t i = 0; i < w->problem.n_rows; i++) {
        const struct weight_row *row = &w->rows[i];
        double z = solution->intercept;
        for (int64_t k = 0; k < row->n; k++)
            z += solution->slope * solution->factors[k] * row->x[k];
        if (j < row->n)
            sum += row->weight * solution->slope * row->x[j] *
                   (1.0 / (1.0 + exp(-z)) - (row->is_issue ? 1.0 : 0.0));
    }
    return sum;
}

/* The conditions of an optimum hold: no factor below 0, no way down. */
static struct weight_solution solve(struct world *w)
{
    struct weight_solution solution = {0};
    assert_ok(weight_fit(&w->problem, w->arena, &solution));
    assert_true(solution.slope >= 0);
    for (int64_t j = 0; j < w->problem.n_names; j++) {
        const double down = derivative(w, &solution, j);
        const double tolerance = 1e-8 * fmax(1.0, w->problem.ridge);
        assert_true(solution.factors[j] >= 0);
        assert_true(down > -tolerance && (down < tolerance || solution.factors[j] == 0.0));
    }
    return solution;
}

/* Issues in which names 0 and 1 are high, marks in which name 2 is, quiet time. */
static void add_usual(struct world *w)
{
    for (int i = 0; i < 6; i++) {
        add(w, true, 1.0, 4, (double[]){3.0 + 0.1 * i, 3.0, 0.2, 0.1});
        add(w, false, 1.0, 4, (double[]){0.2, 0.2, 5.0 + 0.1 * i, 0.1});
    }
    for (int i = 0; i < 30; i++) add(w, false, 0.2, 4, (double[]){0.3, 0.2, 0.2, 0.02 * i});
}

static void without_rows_every_factor_is_1_and_an_alert_is_an_issue_half_the_time(void **state)
{
    struct world *w = *state;
    w->problem.n_names = 3;
    const struct weight_solution solution = solve(w);
    for (int j = 0; j < 3; j++)
        assert_true(solution.factors[j] == 1.0); /* exactly: nothing moves */
    assert_near(solution.intercept, -log(9), 1e-6);
    assert_near(solution.intercept + solution.slope * WEIGHT_FIT_ALERT, 0.0, 1e-6);
}

static void what_issues_show_gains_and_what_marks_show_loses(void **state)
{
    struct world *w = *state;
    add_usual(w);
    const struct weight_solution solution = solve(w);
    assert_true(solution.factors[0] > 1.1);
    assert_true(solution.factors[1] > 1.1);
    assert_true(solution.factors[2] < 0.9);
    assert_near(solution.factors[3], 1.0, 0.1);
}

static void a_firmer_ridge_moves_less(void **state)
{
    struct world *w = *state;
    add_usual(w);
    const double loose = solve(w).factors[2];
    w->problem.ridge = 1000.0;
    const double firm = solve(w).factors[2];
    assert_true(loose < firm);
    assert_near(firm, 1.0, 0.02);
}

/* With one name the gradient is a function of one number: halve the interval, by the C library's
 * exponential. */
static void one_factor_is_where_its_gradient_is_0(void **state)
{
    struct world *w = *state;
    const double xs[] = {4.0, 6.0, 1.0, 2.0, 7.0};
    const bool issues[] = {true, true, false, false, false};
    for (int i = 0; i < 5; i++) add(w, issues[i], 1.0 + 0.5 * i, 1, &xs[i]);
    const struct weight_solution solution = solve(w);
    double low = 0.0, high = 10.0;
    for (int step = 0; step < 100; step++) {
        const double f = (low + high) / 2;
        double gradient = w->problem.ridge * (f - 1.0);
        for (int i = 0; i < 5; i++) {
            const double z = solution.intercept + solution.slope * f * xs[i];
            gradient += (1.0 + 0.5 * i) * solution.slope * xs[i] *
                        (1.0 / (1.0 + exp(-z)) - (issues[i] ? 1.0 : 0.0));
        }
        if (gradient > 0)
            high = f;
        else
            low = f;
    }
    assert_near(solution.factors[0], low, 1e-8);
}

static void copies_of_a_counter_share_what_is_learned(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 8; i++) {
        const double x = 2.0 + 0.3 * i;
        add(w, true, 1.0, 3, (double[]){x, x, 0.5});
        add(w, false, 1.0, 3, (double[]){0.4, 0.4, 3.0 + 0.1 * i});
    }
    const struct weight_solution solution = solve(w);
    assert_near(solution.factors[0], solution.factors[1], 1e-9);
    assert_true(solution.factors[0] > 1.0);
}

/* Marks are issues plus name 1: best would be to take it off. */
static void a_factor_ends_at_0_and_not_below(void **state)
{
    struct world *w = *state;
    w->problem.ridge = 0.01;
    for (int i = 0; i < 20; i++) {
        add(w, true, 1.0, 2, (double[]){4.0, 0.0});
        add(w, false, 0.5, 2, (double[]){4.0, 2.0});
        add(w, false, 1.0, 2, (double[]){0.1, 0.1});
    }
    const struct weight_solution solution = solve(w);
    assert_true(solution.slope > 0);
    assert_true(solution.factors[1] == 0.0);      /* exactly: it was cut off there */
    assert_true(derivative(w, &solution, 1) > 0); /* more weight would only cost */
}

static void labels_against_all_that_is_seen_move_nothing(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        add(w, true, 1.0, 2, (double[]){0.1, 0.0});
        add(w, false, 1.0, 2, (double[]){6.0, 2.0 + 0.1 * i});
    }
    const struct weight_solution solution = solve(w);
    assert_true(solution.slope == 0.0); /* exactly: it was cut off there */
    assert_true(solution.factors[0] == 1.0 && solution.factors[1] == 1.0);
}

/* Random rows: the answer is an optimum, and the order of rows does not matter. */
static void any_rows_are_solved_in_any_order(void **state)
{
    struct world *w = *state;
    struct lode_random random = lode_random_begin(17, 1);
    for (int i = 0; i < MOST_ROWS; i++) {
        double x[MOST_NAMES];
        for (int j = 0; j < MOST_NAMES; j++) {
            const double u = lode_random_uniform(&random);
            x[j] = u * u * u * 12.0;
        }
        const bool is_issue = lode_random_uniform(&random) < (x[0] > 3 ? 0.7 : 0.2);
        add(w, is_issue, 0.1 + lode_random_uniform(&random), MOST_NAMES, x);
    }
    const struct weight_solution forth = solve(w);
    for (int i = 0; i < MOST_ROWS / 2; i++) {
        const struct weight_row row = w->rows[i];
        w->rows[i] = w->rows[MOST_ROWS - 1 - i];
        w->rows[MOST_ROWS - 1 - i] = row;
    }
    const struct weight_solution back = solve(w);
    assert_true(forth.factors[0] > 1.0);
    for (int j = 0; j < MOST_NAMES; j++) assert_near(forth.factors[j], back.factors[j], 1e-7);
}

/* A leaf at a million times its usual change has a vote of some hundreds. */
static void votes_beyond_all_measure_are_no_trouble(void **state)
{
    struct world *w = *state;
    add_usual(w);
    for (int i = 0; i < 4; i++) add(w, i % 2 == 0, 1.0, 4, (double[]){400.0, 0.0, 300.0, 0.0});
    const struct weight_solution solution = solve(w);
    for (int j = 0; j < 4; j++) assert_true(isfinite(solution.factors[j]));
}

#define weight_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        weight_test(without_rows_every_factor_is_1_and_an_alert_is_an_issue_half_the_time),
        weight_test(what_issues_show_gains_and_what_marks_show_loses),
        weight_test(a_firmer_ridge_moves_less),
        weight_test(one_factor_is_where_its_gradient_is_0),
        weight_test(copies_of_a_counter_share_what_is_learned),
        weight_test(a_factor_ends_at_0_and_not_below),
        weight_test(labels_against_all_that_is_seen_move_nothing),
        weight_test(any_rows_are_solved_in_any_order),
        weight_test(votes_beyond_all_measure_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
