/* Decimal: a threshold as the user wrote it, an exact fraction. `0.1` is one tenth here, not the
 * nearest double, so a pattern in exactly one tenth of the sessions is never lost to rounding.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_DECIMAL_H
#define LODE_JOBS_OPPORTUNITIES_DECIMAL_H

#include "common/error.h"
#include "common/param/param.h"

#include <stdbool.h>
#include <stdint.h>

struct decimal {
    uint64_t numerator;   /* < 10^18 */
    uint64_t denominator; /* 1, 10, ... 10^9 */
};

/* "2", "0.10", ".5": up to 9 digits before the point and 9 after it; no sign, no exponent. False
 * leaves *value alone. */
bool decimal_parse(const char *text, struct decimal *value);

/* A parameter as a decimal in [0, high]; LODE_E_USAGE names parameter and value. */
LODE_CHECKED lode_status decimal_read(const struct lode_params *params, const char *name,
                                      int64_t high, struct decimal *value);

/* The smallest count with count / total >= share; 0 <= total < 2^60. */
int64_t decimal_share_of(struct decimal share, int64_t total);

/* The 2 x 2 table of every test here: sessions with and without something, by outcome. */
struct two_by_two {
    int64_t faulty_with, normal_with;
    int64_t faulty_total, normal_total; /* each < 2^33 */
};

/* (faulty_with / faulty_total) / (normal_with / normal_total) >= ratio? True where no normal
 * session has it; false where no faulty session has it or one of the totals is 0. */
bool decimal_ratio_reached(const struct two_by_two *table, struct decimal ratio);

#endif
