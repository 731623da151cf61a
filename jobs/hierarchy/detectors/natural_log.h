/* Natural logarithm with the same bits on every machine.
 *
 * The C library's differs in its last bit between processors with and without fused multiply-add,
 * and a leaf's answer may not. No branch and no table, so that loops around it become vector code.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_NATURAL_LOG_H
#define LODE_JOBS_HIERARCHY_DETECTORS_NATURAL_LOG_H

#include <stdint.h>
#include <string.h>

/* ln x of a normal x > 0, error below 2 units in the last place.
 *
 * x = 2^k m, sqrt 1/2 <= m < sqrt 2, ln m = 2 artanh s = 2 (s + s^3 / 3 + ..), s = (m - 1) / (m +
 * 1): |s| <= 0.172, so that the terms left out after s^21 are below 2^-60. k is taken from the bits
 * by whole-number arithmetic and made a double by writing it below the exponent of 2^52. */
static inline double natural_log(double x)
{
    const uint64_t one = 0x3ff0000000000000U, half_root = 0x3fe6a09e667f3bcdU; /* sqrt 1/2 */
    const uint64_t two_52 = 0x4330000000000000U;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t biased = (bits + (one - half_root)) >> 52; /* k + 1023 */
    const uint64_t m_bits = bits - (biased << 52) + one, k_bits = biased | two_52;
    double m, k;
    memcpy(&m, &m_bits, sizeof m);
    memcpy(&k, &k_bits, sizeof k);
    k -= 4503599627370496.0 + 1023.0;
    const double s = (m - 1.0) / (m + 1.0), z = s * s;
    double sum = 1.0 / 21.0;
    sum = 1.0 / 19.0 + z * sum;
    sum = 1.0 / 17.0 + z * sum;
    sum = 1.0 / 15.0 + z * sum;
    sum = 1.0 / 13.0 + z * sum;
    sum = 1.0 / 11.0 + z * sum;
    sum = 1.0 / 9.0 + z * sum;
    sum = 1.0 / 7.0 + z * sum;
    sum = 1.0 / 5.0 + z * sum;
    sum = 1.0 / 3.0 + z * sum;
    const double ln2_high = 0x1.62e42fefa3800p-1, ln2_low = 0x1.ef35793c76730p-45;
    return k * ln2_high + (2.0 * s + (2.0 * s * (z * sum) + k * ln2_low));
}

#endif
