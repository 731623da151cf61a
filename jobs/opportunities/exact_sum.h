/* Exact sum: a floating sum that carries its rounding errors in a second double.
 *
 * Compensated summation after Neumaier, each addition by Knuth's two-sum, which is right whichever
 * term is larger and has no branch. Error of the value: 2^-53 relative, plus n 2^-106 sum |x|.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EXACT_SUM_H
#define LODE_JOBS_OPPORTUNITIES_EXACT_SUM_H

#include <math.h>

/* Zero-initialise. */
struct exact_sum {
    double sum;  /* rounded after every addition */
    double rest; /* what the roundings lost */
};

static inline void exact_sum_add(struct exact_sum *s, double x)
{
    const double sum = s->sum + x;
    const double grown = sum - s->sum;
    s->rest += (s->sum - (sum - grown)) + (x - grown);
    s->sum = sum;
}

static inline void exact_sum_merge(struct exact_sum *s, const struct exact_sum *other)
{
    exact_sum_add(s, other->sum);
    s->rest += other->rest;
}

/* Infinite terms leave no rest: the sum is then infinite or NaN, as a plain one would be. */
static inline double exact_sum_value(const struct exact_sum *s)
{
    return isfinite(s->rest) ? s->sum + s->rest : s->sum;
}

#endif
