/* Logistic: see the header. */
#include "jobs/hierarchy/training/logistic.h"

#include <math.h>

#include "jobs/hierarchy/detectors/natural_exp.h"
#include "jobs/hierarchy/detectors/natural_log.h"

enum { MOST_STEPS = 200, MOST_SWEEPS = 1000, MOST_HALVINGS = 60 };
/* A step is looked for until what is left of its gradient is so small beside that of the sum. */
static const double inexactness = 1e-3;
/* It is long enough where it goes down by such a share of what its slope promises, or where so
 * little of the slope is left: near the end sums differ by rounding alone. */
static const double sufficient = 1e-4, flat = 0.1;
/* No z moves further in a step: where all rows are told for sure the model knows no bounds. */
static const double furthest = 1000.0;
/* Derivatives beside the sums that they are of, whose rounding is some 1e-16 times the root of
 * their length. */
static const double tolerance = 1e-11;

struct solver {
    const struct logistic_problem *problem;
    double *theta, *next;           /* [n_columns] */
    double *z, *next_z, *curvature; /* [n_rows] */
    double *wrong;                  /* [n_rows] w (p - y) */
    double *gradient, *diagonal;    /* [n_columns] of the sum; of the second derivatives */
    double *next_gradient;          /* [n_columns] */
    double *scale;                  /* [n_columns] what a derivative may be at most */
    double *step;                   /* [n_columns] */
    double *step_z;                 /* [n_rows] what the step adds to z */
};

double logistic(double z)
{
    const double small = natural_exp(-fabs(z)); /* of what is not above 0 */
    return z >= 0 ? 1.0 / (1.0 + small) : small / (1.0 + small);
}

static lode_status begin(const struct logistic_problem *problem, struct lode_arena *arena,
                         double *theta, struct solver *s)
{
    *s = (struct solver){.problem = problem, .theta = theta};
    lode_try(lode_take(arena, problem->n_columns, &s->next));
    lode_try(lode_take(arena, problem->n_columns, &s->gradient));
    lode_try(lode_take(arena, problem->n_columns, &s->next_gradient));
    lode_try(lode_take(arena, problem->n_columns, &s->diagonal));
    lode_try(lode_take(arena, problem->n_columns, &s->scale));
    lode_try(lode_take(arena, problem->n_columns, &s->step));
    lode_try(lode_take(arena, problem->n_rows, &s->z));
    lode_try(lode_take(arena, problem->n_rows, &s->next_z));
    lode_try(lode_take(arena, problem->n_rows, &s->curvature));
    lode_try(lode_take(arena, problem->n_rows, &s->wrong));
    return lode_take(arena, problem->n_rows, &s->step_z);
}

static void find_scale(const struct solver *s)
{
    const struct logistic_problem *p = s->problem;
    for (int64_t j = 0; j < p->n_columns; j++) {
        s->scale[j] = p->ridge;
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            s->scale[j] += p->weight[p->row[at]] * fabs(p->x[at]);
        if (!(s->scale[j] > 0)) s->scale[j] = 1.0; /* no row has it */
    }
}

static void find_z(const struct solver *s, const double *theta, double *z)
{
    const struct logistic_problem *p = s->problem;
    for (int64_t i = 0; i < p->n_rows; i++) z[i] = p->offset;
    for (int64_t j = 0; j < p->n_columns; j++)
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            z[p->row[at]] += p->x[at] * theta[j];
}

static double objective(const struct solver *s, const double *theta, const double *z)
{
    const struct logistic_problem *p = s->problem;
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++)
        sum += p->weight[i] * (fmax(z[i], 0.0) + natural_log(1.0 + natural_exp(-fabs(z[i]))) -
                               p->target[i] * z[i]);
    for (int64_t j = 0; j < p->n_columns; j++)
        squares += (theta[j] - p->centre) * (theta[j] - p->centre);
    return sum + p->ridge / 2 * squares;
}

static void find_gradient(const struct solver *s, const double *theta, const double *z,
                          double *gradient)
{
    const struct logistic_problem *p = s->problem;
    for (int64_t i = 0; i < p->n_rows; i++)
        s->wrong[i] = p->weight[i] * (logistic(z[i]) - p->target[i]);
    for (int64_t j = 0; j < p->n_columns; j++) {
        gradient[j] = p->ridge * (theta[j] - p->centre);
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            gradient[j] += p->x[at] * s->wrong[p->row[at]];
    }
}

/* First and second derivatives at theta. Returns the residual. */
static double differentiate(const struct solver *s)
{
    const struct logistic_problem *p = s->problem;
    double worst = 0.0;
    find_gradient(s, s->theta, s->z, s->gradient);
    for (int64_t i = 0; i < p->n_rows; i++) {
        const double one = logistic(s->z[i]);
        s->curvature[i] = p->weight[i] * one * (1.0 - one);
    }
    for (int64_t j = 0; j < p->n_columns; j++) {
        const double g = s->gradient[j];
        const double wrong = s->theta[j] > p->lowest[j] ? fabs(g) : fmax(-g, 0.0);
        worst = fmax(worst, wrong / s->scale[j]);
        s->diagonal[j] = p->ridge;
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            s->diagonal[j] += p->x[at] * p->x[at] * s->curvature[p->row[at]];
    }
    return worst;
}

/* One pass over the step; returns the largest gradient of the model that was met, beside its scale.
 */
static double sweep(const struct solver *s)
{
    const struct logistic_problem *p = s->problem;
    double worst = 0.0;
    for (int64_t j = 0; j < p->n_columns; j++) {
        if (!(s->diagonal[j] > 0)) continue; /* no row has it */
        double gradient = s->gradient[j] + p->ridge * s->step[j];
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            gradient += p->x[at] * s->curvature[p->row[at]] * s->step_z[p->row[at]];
        const double moved =
            fmax(s->step[j] - gradient / s->diagonal[j], p->lowest[j] - s->theta[j]) - s->step[j];
        if (moved == 0.0) continue; /* exactly: nothing follows */
        worst = fmax(worst, fabs(moved) * s->diagonal[j] / s->scale[j]);
        s->step[j] += moved;
        for (int64_t at = p->begin[j]; at < p->begin[j + 1]; at++)
            s->step_z[p->row[at]] += moved * p->x[at];
    }
    return worst;
}

static void find_step(const struct solver *s, double residual)
{
    for (int64_t j = 0; j < s->problem->n_columns; j++) s->step[j] = 0.0;
    for (int64_t i = 0; i < s->problem->n_rows; i++) s->step_z[i] = 0.0;
    for (int i = 0; i < MOST_SWEEPS; i++)
        if (sweep(s) <= inexactness * residual) return;
}

/* Along the way to `next`, by one gradient or the other: how fast the sum changes. */
static double slope_of(const struct solver *s, const double *gradient)
{
    double sum = 0.0;
    for (int64_t j = 0; j < s->problem->n_columns; j++)
        sum += gradient[j] * (s->next[j] - s->theta[j]);
    return sum;
}

/* Is so much of the slope gone that the end of the way is near? */
static bool is_flat(const struct solver *s, double promise)
{
    find_gradient(s, s->next, s->next_z, s->next_gradient);
    return fabs(slope_of(s, s->next_gradient)) <= flat * fabs(promise);
}

/* Goes along the step, as far as is down. */
static void walk(struct solver *s)
{
    const struct logistic_problem *p = s->problem;
    const double here = objective(s, s->theta, s->z);
    double length = 1.0, reach = 0.0;
    for (int64_t i = 0; i < p->n_rows; i++) reach = fmax(reach, fabs(s->step_z[i]));
    if (reach > furthest) length = furthest / reach;
    for (int i = 0; i < MOST_HALVINGS; i++, length /= 2) {
        for (int64_t j = 0; j < p->n_columns; j++)
            s->next[j] = fmax(s->theta[j] + length * s->step[j], p->lowest[j]);
        find_z(s, s->next, s->next_z);
        const double promise = slope_of(s, s->gradient);
        if (objective(s, s->next, s->next_z) <= here + sufficient * promise || is_flat(s, promise))
            break;
    }
    for (int64_t j = 0; j < p->n_columns; j++) s->theta[j] = s->next[j];
    for (int64_t i = 0; i < p->n_rows; i++) s->z[i] = s->next_z[i];
}

lode_status logistic_fit(const struct logistic_problem *problem, struct lode_arena *arena,
                         double *theta, double *residual)
{
    struct solver s;
    lode_try(begin(problem, arena, theta, &s));
    find_scale(&s);
    find_z(&s, theta, s.z);
    for (int i = 0; i < MOST_STEPS; i++) {
        *residual = differentiate(&s);
        if (*residual <= tolerance) return LODE_OK;
        find_step(&s, *residual);
        walk(&s);
    }
    return lode_fail(LODE_E_NUMERIC,
                     "a regression of %lld columns and %lld rows is %g from its optimum after %d "
                     "steps",
                     (long long)problem->n_columns, (long long)problem->n_rows, *residual,
                     MOST_STEPS);
}
