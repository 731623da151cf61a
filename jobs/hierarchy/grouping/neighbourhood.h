/* Neighbourhoods: which detectors does each one need to be told by the others?
 *
 * Meinshausen and Buhlmann's neighbourhood selection: the Lasso of every detector (target) on all
 * others (sources), of which few get a coefficient; these are its neighbours. How strong the
 * penalty lambda is follows from the error that it costs: the largest lambda whose mean squared
 * error stays within a bound that is set relative to mse0, the error of least squares.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_NEIGHBOURHOOD_H
#define LODE_JOBS_HIERARCHY_GROUPING_NEIGHBOURHOOD_H

#include "common/memory.h"

#include <stdint.h>

struct lode_task;

/* How far a solution may be from the conditions of an optimum, as a share of the target's largest
 * covariance (lasso_residual). On random series with copies, sums and noise of 1e-3 of them, 2 of
 * 67,000 paths missed it, at their very end. */
#define NEIGHBOURHOOD_RESIDUAL 1e-7

enum neighbourhood_rule {
    NEIGHBOURHOOD_ABOVE,    /* mse <= (1 + f) mse0: collapses where others give a target exactly */
    NEIGHBOURHOOD_EXPLAINED /* mse <= mse0 + f (variance - mse0) */
};
struct neighbourhood_options {
    enum neighbourhood_rule rule;
    double fraction;        /* f >= 0 */
    struct lode_task *task; /* whose lease is renewed target by target; NULL: none */
};

/* A coefficient beyond 1e-6 (scores lie in [0, 1]). */
struct neighbourhood_edge {
    int32_t target, source;
    double coefficient;
};

/* Arrays are the arena's. Of targets first .. first + n_targets - 1, in this order. */
struct neighbourhoods {
    int64_t p; /* of all detectors */
    int64_t first, n_targets;
    double *lambda;      /* [n_targets] chosen; 0 for a constant target */
    double *error;       /* [n_targets] mean squared error there */
    double *least_error; /* [n_targets] mse0 */
    double *variance;    /* [n_targets] */
    int64_t n_inexact;   /* targets whose solution is beyond NEIGHBOURHOOD_RESIDUAL: to be told */
    double residual;     /* the largest of all targets */
    int64_t n_edges;
    struct neighbourhood_edge *edges; /* [n_edges] by target, then source */
};

/* All targets.
 *
 *   gram     [p x p] covariances, full and symmetric (gram.h); not changed; p <= INT32_MAX
 *   arena    what `out` has, and scratch that is given back: 16 bytes for each pair of a detector
 *            and one that is ever active at once with others, 100 a detector
 *
 * Exact: lambda is solved for, not searched, and every solution is held against the conditions of
 * an optimum. LODE_E_NUMERIC (a covariance is not finite, a path without end; names the target),
 * LODE_E_BUG (f < 0), LODE_E_MEMORY; `out` is then as before. Cost p^3 / 3, and for a target with k
 * neighbours about p k^2 / 2. Same bits on any machine.
 * Source: Meinshausen and Buhlmann, Annals of Statistics 34(3), 2006, section 2. */
LODE_CHECKED lode_status neighbourhoods_fit(const double *gram, int64_t p,
                                            const struct neighbourhood_options *options,
                                            struct lode_arena *arena, struct neighbourhoods *out);

/* The same for targets first .. first + count - 1, for tasks; least_error [p] from
 * gram_least_errors. */
LODE_CHECKED lode_status neighbourhoods_fit_range(const double *gram, int64_t p,
                                                  const double *least_error,
                                                  const struct neighbourhood_options *options,
                                                  int64_t first, int64_t count,
                                                  struct lode_arena *arena,
                                                  struct neighbourhoods *out);

#endif
