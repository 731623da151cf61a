/* Logistic: logistic regression with a ridge and lower bounds.
 *
 *     minimise over t >= lowest:  sum_i w_i loss(y_i, o_i + sum_j x_ij t_j)
 *                                 + ridge / 2 sum_j (t_j - centre)^2
 *
 * loss(y, z) = ln(1 + e^z) - y z. Strictly convex where ridge > 0: one answer.
 *
 * Newton's method: the quadratic model of the sum at t is minimised within the bounds one t_j at a
 * time, from columns, and a step that does not go down far enough is halved (as in glmnet:
 * Friedman, Hastie, Tibshirani, J. Stat. Softw. 33(1), 2010, section 3). Same bits on any machine.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_LOGISTIC_H
#define LODE_JOBS_HIERARCHY_TRAINING_LOGISTIC_H

#include "common/error.h"
#include "common/memory.h"

struct logistic_problem {
    int64_t n_rows, n_columns;
    const double *weight; /* [n_rows] w >= 0 */
    const double *target; /* [n_rows] y, 0 to 1 */
    double offset;        /* o, of all rows */
    /* what is not 0 of x, column by column: [begin[j], begin[j + 1]) */
    const int64_t *begin; /* [n_columns + 1] */
    const int64_t *row;
    const double *x;
    double ridge, centre;
    const double *lowest; /* [n_columns]; -INFINITY: no bound */
};

/* 1 / (1 + e^-z). */
double logistic(double z);

/* theta [n_columns]: start value in, within the bounds; solution out. residual: the largest
 * |derivative| there, at a bound of what would leave it alone, each beside ridge + sum_i w_i
 * |x_ij|; at most 1e-11. Scratch is the arena's. LODE_E_NUMERIC: no such point in 200 steps. Cost
 * O(sweeps x values of x), some dozens to hundreds of sweeps.
 */
LODE_CHECKED lode_status logistic_fit(const struct logistic_problem *problem,
                                      struct lode_arena *arena, double *theta, double *residual);

#endif
