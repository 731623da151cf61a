/* Exponential with the same bits on every machine: see natural_log.h for why and how. */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_NATURAL_EXP_H
#define LODE_JOBS_HIERARCHY_DETECTORS_NATURAL_EXP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* e^x of x <= 0 (x below -708 and NaN count as -708), error below 2 units in the last place.
 *
 * x = k ln 2 + r, |r| <= 0.347, e^r by its series to r^14 / 14!: what is left out is below 2^-60.
 * Adding 1.5 x 2^52 rounds to a whole number, which then stands in the lowest bits. */
static inline double natural_exp(double x)
{
    const double to_whole = 0x1.8p52, ln2_high = 0x1.62e42fefa3800p-1,
                 ln2_low = 0x1.ef35793c76730p-45;
    x = x > -708.0 ? x : -708.0;
    const double shifted = x * M_LOG2E + to_whole, k = shifted - to_whole;
    const double r = (x - k * ln2_high) - k * ln2_low;
    double sum = 1.0 / 87178291200.0, power;
    sum = 1.0 / 6227020800.0 + r * sum;
    sum = 1.0 / 479001600.0 + r * sum;
    sum = 1.0 / 39916800.0 + r * sum;
    sum = 1.0 / 3628800.0 + r * sum;
    sum = 1.0 / 362880.0 + r * sum;
    sum = 1.0 / 40320.0 + r * sum;
    sum = 1.0 / 5040.0 + r * sum;
    sum = 1.0 / 720.0 + r * sum;
    sum = 1.0 / 120.0 + r * sum;
    sum = 1.0 / 24.0 + r * sum;
    sum = 1.0 / 6.0 + r * sum;
    sum = 1.0 / 2.0 + r * sum;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return (1.0 + (r + r * r * sum)) * power;
}

#endif
