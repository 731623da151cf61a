/* Weight fit: how much each counter counts, from few labelled slots; a logistic regression with
 * weights that are not negative.
 *
 * A row is a slot: what each counter adds to `high` there (x), and whether it is of an issue (y =
 * 1) or of none (0). First, how much `high` as it is tells, two numbers:
 *
 *     P(issue) = logistic(b + s sum_j x_j),  s >= 0
 *
 * Then, with b and s kept, a factor f_j >= 0 for each counter:
 *
 *     minimise  sum_i w_i loss(y_i, b + s sum_j f_j x_ij)  +  ridge / 2 sum_j (f_j - 1)^2
 *
 * loss(y, z) = ln(1 + e^z) - y z. The ridge pulls every factor to 1, the state without labels, and
 * makes the sum strictly convex: one answer, whatever the order of rows. As b and s fit already,
 * labels that tell nothing about single counters move nothing, and factors do not drift together.
 * Two imagined rows, at twice the E of an alert an issue in nine of ten cases, at 0 in one, keep b
 * and s finite where labels are few or one-sided; alone they say that at an alert an issue is as
 * likely as none.
 *
 * Both are solved by logistic.h: same bits on any machine.
 */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_WEIGHT_FIT_H
#define LODE_JOBS_HIERARCHY_TRAINING_WEIGHT_FIT_H

#include "common/error.h"
#include "common/memory.h"

struct weight_row {
    double weight; /* w >= 0 */
    bool is_issue; /* y */
    int64_t n;
    const int64_t *names; /* [n] counters, each once; < n_names */
    const double *x;      /* [n] >= 0 and finite */
};

struct weight_problem {
    int64_t n_names;
    int64_t n_rows;
    const struct weight_row *rows; /* [n_rows] */
    double ridge;                  /* > 0 */
};

struct weight_solution {
    double intercept, slope; /* b, s */
    double *factors;         /* [n_names] */
    double residual;         /* of the factors, as logistic_fit has it */
};

/* Everything is the arena's. LODE_E_NUMERIC as logistic_fit. Cost O(passes x values of all rows),
 * some dozens of passes. */
LODE_CHECKED lode_status weight_fit(const struct weight_problem *problem, struct lode_arena *arena,
                                    struct weight_solution *solution);

/* E at which a leaf is saturated (a score of 0.99) and, by default, `high` raises an alert: ln 100.
 */
#define WEIGHT_FIT_ALERT 4.605170185988091

#endif
