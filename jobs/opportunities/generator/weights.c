/* Weights: see the header. */
#include "jobs/opportunities/generator/weights.h"

#include <math.h>
#include <string.h>

enum { POINTS_MAX = 6 };

void generator_weights(const struct template_library *library,
                       const struct generator_opinion *opinions, int64_t n_opinions,
                       double *weights)
{
    for (int t = 0; t < library->n; t++) {
        const struct template *template = &library->templates[t];
        int64_t points = 0;
        for (int64_t i = 0; i < n_opinions; i++) {
            const int64_t sign = opinions[i].is_useful ? 1 : -1;
            if (strcmp(opinions[i].template, template->name) == 0) points += 2 * sign;
            if (strcmp(opinions[i].class, template_class_names[template->class]) == 0)
                points += sign;
        }
        points = points > POINTS_MAX ? POINTS_MAX : points < -POINTS_MAX ? -POINTS_MAX : points;
        /* an odd half is a factor of sqrt 2, which is one constant everywhere */
        weights[t] = ldexp(points % 2 ? M_SQRT2 : 1, (int)(points - (points % 2 != 0)) / 2);
    }
}

/* The one that is furthest below its part; -1: all are full. */
static int neediest(const double *weights, const int64_t *limits, int n, const int64_t *shares)
{
    int best = -1;
    double best_quotient = 0;
    for (int i = 0; i < n; i++) {
        /* the next item's price in weight: highest averages with a half (Sainte-Lague), which needs
         * no total that changes when one is full */
        const double quotient = weights[i] / (2.0 * (double)shares[i] + 1.0);
        if (shares[i] >= limits[i] || weights[i] <= 0 || quotient <= best_quotient) continue;
        best = i;
        best_quotient = quotient;
    }
    return best;
}

void generator_shares(const double *weights, const int64_t *limits, int n, int64_t budget,
                      int64_t *shares)
{
    for (int i = 0; i < n; i++) shares[i] = 0;
    for (; budget > 0; budget--) {
        const int next = neediest(weights, limits, n, shares);
        if (next < 0) return;
        shares[next]++;
    }
}
