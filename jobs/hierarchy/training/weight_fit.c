/* Weight fit: see the header. Two regressions, of two columns and of one a counter. */
#include "jobs/hierarchy/training/weight_fit.h"

#include <math.h>

#include "jobs/hierarchy/training/logistic.h"

/* Imagined rows: how often it is an issue at twice an alert, and at 0. */
enum { IMAGINED = 2 };
static const double imagined[IMAGINED] = {0.9, 0.1};
static const double log_9 = 2.1972245773362196; /* the odds of both */

/* Columns on their way. */
struct columns {
    int64_t *begin, *row;
    double *x, *weight, *target;
};

static lode_status take_columns(int64_t n_columns, int64_t n_rows, int64_t n_values,
                                struct lode_arena *arena, struct columns *columns)
{
    lode_try(lode_take_zero(arena, n_columns + 1, &columns->begin));
    lode_try(lode_take(arena, n_values, &columns->row));
    lode_try(lode_take(arena, n_values, &columns->x));
    lode_try(lode_take(arena, n_rows, &columns->weight));
    return lode_take(arena, n_rows, &columns->target);
}

static double sum_of(const struct weight_row *row)
{
    double sum = 0.0;
    for (int64_t k = 0; k < row->n; k++) sum += row->x[k];
    return sum;
}

/* Columns 1 and `high`, of all rows and those that are imagined. */
static lode_status fit_slope(const struct weight_problem *problem, struct lode_arena *arena,
                             struct weight_solution *solution)
{
    const int64_t n = problem->n_rows + IMAGINED;
    const double lowest[] = {(double)-INFINITY, 0.0};
    double theta[] = {-log_9, log_9 / WEIGHT_FIT_ALERT}, residual = 0.0;
    struct columns columns;
    lode_try(take_columns(2, n, 2 * n, arena, &columns));
    columns.begin[1] = n;
    columns.begin[2] = 2 * n;
    for (int64_t i = 0; i < n; i++) {
        const int64_t extra = i - problem->n_rows;
        const struct weight_row *row = extra < 0 ? &problem->rows[i] : NULL;
        columns.row[i] = columns.row[n + i] = i;
        columns.x[i] = 1.0;
        columns.x[n + i] = row ? sum_of(row) : extra == 0 ? 2 * WEIGHT_FIT_ALERT : 0.0;
        columns.weight[i] = row ? row->weight : 1.0;
        columns.target[i] = row ? row->is_issue : imagined[extra];
    }
    const struct logistic_problem of_two = {.n_rows = n,
                                            .n_columns = 2,
                                            .weight = columns.weight,
                                            .target = columns.target,
                                            .begin = columns.begin,
                                            .row = columns.row,
                                            .x = columns.x,
                                            .lowest = lowest};
    lode_try(logistic_fit(&of_two, arena, theta, &residual));
    solution->intercept = theta[0];
    solution->slope = theta[1];
    return LODE_OK;
}

/* Rows to columns, times the slope. */
static lode_status turn(const struct weight_problem *problem, double slope,
                        struct lode_arena *arena, struct columns *columns)
{
    int64_t n_values = 0, *next;
    for (int64_t i = 0; i < problem->n_rows; i++) n_values += problem->rows[i].n;
    lode_try(take_columns(problem->n_names, problem->n_rows, n_values, arena, columns));
    lode_try(lode_take(arena, problem->n_names, &next));
    for (int64_t i = 0; i < problem->n_rows; i++)
        for (int64_t k = 0; k < problem->rows[i].n; k++)
            columns->begin[problem->rows[i].names[k] + 1]++;
    for (int64_t j = 0; j < problem->n_names; j++) {
        next[j] = columns->begin[j];
        columns->begin[j + 1] += columns->begin[j];
    }
    for (int64_t i = 0; i < problem->n_rows; i++) {
        const struct weight_row *row = &problem->rows[i];
        columns->weight[i] = row->weight;
        columns->target[i] = row->is_issue;
        for (int64_t k = 0; k < row->n; k++) {
            const int64_t at = next[row->names[k]]++;
            columns->row[at] = i;
            columns->x[at] = slope * row->x[k];
        }
    }
    return LODE_OK;
}

static lode_status fit_factors(const struct weight_problem *problem, struct lode_arena *arena,
                               struct weight_solution *solution)
{
    struct columns columns;
    double *lowest;
    lode_try(turn(problem, solution->slope, arena, &columns));
    lode_try(lode_take_zero(arena, problem->n_names, &lowest));
    lode_try(lode_take(arena, problem->n_names, &solution->factors));
    for (int64_t j = 0; j < problem->n_names; j++) solution->factors[j] = 1.0;
    const struct logistic_problem of_names = {.n_rows = problem->n_rows,
                                              .n_columns = problem->n_names,
                                              .weight = columns.weight,
                                              .target = columns.target,
                                              .offset = solution->intercept,
                                              .begin = columns.begin,
                                              .row = columns.row,
                                              .x = columns.x,
                                              .ridge = problem->ridge,
                                              .centre = 1.0,
                                              .lowest = lowest};
    return logistic_fit(&of_names, arena, solution->factors, &solution->residual);
}

lode_status weight_fit(const struct weight_problem *problem, struct lode_arena *arena,
                       struct weight_solution *solution)
{
    struct weight_solution fit = {0};
    lode_try(fit_slope(problem, arena, &fit));
    lode_try(fit_factors(problem, arena, &fit));
    *solution = fit;
    return LODE_OK;
}
