/* Elementary: exponential and logarithm with the same bits on every processor.
 *
 * Those of the C library choose code by what the processor can (fused multiply-add), and their last
 * bit differs between machines; what leaves compute must not. Only additions, multiplications and
 * divisions here, each rounded once, in one order.
 */
#ifndef LODE_COMMON_STATS_ELEMENTARY_H
#define LODE_COMMON_STATS_ELEMENTARY_H

#include <stdint.h>

/* e^x, within 2 units of the last place; 0 below -708 (where the result would be subnormal),
 * infinite above 709; NaN of NaN. */
double lode_exp(double x);
/* The same of each of x [n], in its place. */
void lode_exp_each(double *x, int64_t n);

/* Natural logarithm, within 2 units of the last place; -infinity of 0, NaN below and of NaN,
 * infinite of infinity. */
double lode_log(double x);

#endif
