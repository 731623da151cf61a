/* Lasso: one series as a weighted sum of few others, from their Gram matrix, exactly.
 *
 * The solution of
 *
 *     minimise |y - X b|^2 / (2 n) + lambda |b|_1
 *
 * is piecewise linear in lambda. The path starts where all b are 0, lambda = max |x_j'y| / n, and
 * goes down from one place to the next at which a series enters (its correlation with what is left
 * reaches lambda) or leaves (its weight reaches 0). Between two of them, with A the series of
 * weights other than 0 and s their signs, G_AA and c_A from the Gram matrix,
 *
 *     b = G_AA^-1 c_A - lambda G_AA^-1 s      mse = variance - |w|^2 + lambda^2 |z|^2
 *
 * where w = L^-1 c_A, z = L^-1 s, G_AA = L L': so the lambda of a wanted error is solved for, not
 * searched. Series that depend on those in A (copies of one) stay out until one of A leaves: their
 * correlations follow lambda without them.
 *
 * Source: Osborne, Presnell and Turlach, IMA J. Numerical Analysis 20, 2000; Efron, Hastie,
 * Johnstone and Tibshirani, Annals of Statistics 32(2), 2004, section 3.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_LASSO_H
#define LODE_JOBS_HIERARCHY_GROUPING_LASSO_H

#include "jobs/hierarchy/grouping/factor.h"

/* Where a path is. One is made for many targets of a matrix. Arrays are by position (factor.h). */
struct lasso {
    int64_t target;
    double variance;
    double largest; /* lambda at which the first series enters */
    double lambda;  /* now */
    struct factor factor;
    int64_t n_open;        /* positions from here on depend on active ones */
    double *limit, *slope; /* b = limit - lambda slope of active ones; of the others their
                              correlation with what is left, limit + lambda slope */
    double *sign;          /* of active ones */
    double *carried[2];    /* w and z */
    double *scratch;
    int64_t n_steps; /* series that have entered or left so far */
    int64_t newest;  /* the series that has entered last, at the present lambda; -1 */
};

/* Borrows gram [p x p], full and symmetric, and the arena, of which it takes 100 bytes a series now
 * and 16 for each series and active one as they come. LODE_E_MEMORY. */
LODE_CHECKED lode_status lasso_create(const double *gram, int64_t p, struct lode_arena *arena,
                                      struct lasso *lasso);

/* The start of the path of a target, on all other series. A constant target has largest = 0. */
void lasso_begin(struct lasso *lasso, int64_t target);

/* Down to the largest lambda, at most the present one, with lambda <= floor or mse <= bound; and no
 * further than 1e-10 of the largest, where weights are those of least squares as far as doubles can
 * say. floor >= 0; bound < 0: none.
 * LODE_E_NUMERIC (more steps than a path can have: ties without end), LODE_E_MEMORY. */
LODE_CHECKED lode_status lasso_descend(struct lasso *lasso, double floor, double bound);

/* Mean squared error at the present lambda. */
double lasso_error(const struct lasso *lasso);

/* All weights at the present lambda [p]; 0 at the target. */
void lasso_weights(const struct lasso *lasso, double *weights);

/* How far weights [p] are from an optimum at lambda, whoever made them: the largest of
 * | c_j - (G b)_j - lambda sign(b_j) | where b_j is not 0, and | c_j - (G b)_j | - lambda
 * elsewhere; 0 at least. scratch [p]. Cost p times the number of weights that are not 0. */
double lasso_residual(const double *gram, int64_t p, int64_t target, double lambda,
                      const double *weights, double *scratch);

#endif
