/* Elementary: the argument is taken apart into a power of two and a small rest, for which a series
 * is added up from its smallest term. */
#include "common/stats/elementary.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the first has zeros at its end, so that its product with an exponent is exact.
 */
static const double ln2_high = 0x1.62e42fee00000p-1, ln2_low = 0x1.a39ef35793c76p-33;

/* Without a branch, so that a loop of it becomes vectors; wrong beyond -708 .. 709. */
static inline double exp_within(double x)
{
    static const double inverse[] = {0.0,      1.0,      1.0 / 2,  1.0 / 3,  1.0 / 4,
                                     1.0 / 5,  1.0 / 6,  1.0 / 7,  1.0 / 8,  1.0 / 9,
                                     1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14};
    static const double to_whole = 0x1.8p52; /* adding it rounds to a whole number, */
    const double shifted = x * M_LOG2E + to_whole, whole = shifted - to_whole;
    const double rest = (x - whole * ln2_high) - whole * ln2_low; /* |rest| <= 0.347 */
    double sum = 1.0; /* of rest^k / k! to k = 14: the next is 1e-19 */
    for (int k = 14; k >= 2; k--) sum = 1.0 + sum * (rest * inverse[k]);
    uint64_t bits;
    double power;
    memcpy(&bits, &shifted, sizeof bits); /* which stands in its lowest bits: an exponent */
    bits = (bits + 1023) << 52;
    memcpy(&power, &bits, sizeof power);
    return (1.0 + rest * sum) * power;
}

double lode_exp(double x)
{
    if (x < -708.0) return 0.0;
    if (x > 709.0) return (double)INFINITY;
    return isnan(x) ? x : exp_within(x);
}

void lode_exp_each(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double at = x[i], within = exp_within(at);
        const double low = at < -708.0 ? 0.0 : within;
        x[i] = at > 709.0 ? (double)INFINITY : isnan(at) ? at : low;
    }
}

double lode_log(double x)
{
    if (x < 0.0 || isnan(x)) return (double)NAN;
    if (x <= 0.0) return -(double)INFINITY;
    if (isinf(x)) return x;
    int exponent;
    double mantissa = frexp(x, &exponent);
    if (mantissa < M_SQRT1_2) {
        mantissa *= 2.0;
        exponent--;
    }
    /* ln m = 2 artanh s; |s| <= 0.172, so the first term left out is 1e-19 of the first. */
    const double s = (mantissa - 1.0) / (mantissa + 1.0), square = s * s;
    double sum = 0.0;
    for (int k = 25; k >= 3; k -= 2) sum = (sum + 1.0 / (double)k) * square;
    const double whole = (double)exponent;
    return whole * ln2_high + ((2.0 * s * sum + whole * ln2_low) + 2.0 * s);
}
