/* Series: joins of a moment or an interval with the samples of a counter, by binary search. */
#ifndef LODE_COMMON_EXPR_SERIES_H
#define LODE_COMMON_EXPR_SERIES_H

#include "common/expr/evaluate.h"

/* Last value at or before `time`, not older than max_age_ms; NaN: none. Cost O(log n), and the
 * samples without a value that are passed over. */
double expr_series_at(const struct expr_samples *samples, int64_t time, int64_t max_age_ms);

/* Mean, most, least or sum (EXPR_SERIES_...) of the samples in [from, to]; NaN: none. Sums go in
 * order of time. Cost O(log n + samples in it). */
double expr_series_over(const struct expr_samples *samples, enum expr_op op, int64_t from,
                        int64_t to);

#endif
