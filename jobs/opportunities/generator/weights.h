/* Weights: what people said of earlier findings, as shares of the budget.
 *
 * A template that was called useful u and noise n times, in a class with U and N (this template's
 * among them), has the points 2 (u - n) + (U - N), cut to -6..6, and the weight 2^(points / 2):
 * from 1/8 to 8, 1 for one that nobody spoke of. The budget is shared in proportion to the weights.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_WEIGHTS_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_WEIGHTS_H

#include "jobs/opportunities/generator/library.h"

/* What was said of one template; of findings without one (event patterns, static cohorts) too. */
struct generator_opinion {
    const char *template; /* its name; "": none */
    const char *class;    /* one of template_class_names */
    bool is_useful;       /* else noise */
};

/* weights [library->n]. */
void generator_weights(const struct template_library *library,
                       const struct generator_opinion *opinions, int64_t n_opinions,
                       double *weights);

/* Shares of `budget` in proportion to weights [n] (>= 0), by highest averages (Sainte-Lague; ties:
 * the first), none above its limit [n]; what one cannot use goes to the others. Their sum is the
 * budget, or the sum of the limits. */
void generator_shares(const double *weights, const int64_t *limits, int n, int64_t budget,
                      int64_t *shares);

#endif
