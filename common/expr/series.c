/* Series: see the header; samples without a value (NaN) are as if they were not there. */
#include "common/expr/series.h"

#include <math.h>

/* How many samples are before `time`, or with `or_at` at it too. */
static int64_t count_before(const struct expr_samples *samples, int64_t time, bool or_at)
{
    int64_t low = 0, high = samples->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2, at = samples->times[middle];
        if (at < time || (or_at && at == time))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double expr_series_at(const struct expr_samples *samples, int64_t time, int64_t max_age_ms)
{
    for (int64_t i = count_before(samples, time, true) - 1; i >= 0; i--) {
        const uint64_t age = (uint64_t)time - (uint64_t)samples->times[i];
        if (max_age_ms < 0 || age > (uint64_t)max_age_ms) return (double)NAN;
        if (!isnan(samples->values[i])) return samples->values[i];
    }
    return (double)NAN;
}

double expr_series_over(const struct expr_samples *samples, enum expr_op op, int64_t from,
                        int64_t to)
{
    double value = 0.0;
    int64_t n = 0;
    for (int64_t i = count_before(samples, from, false); i < samples->n && samples->times[i] <= to;
         i++) {
        const double sample = samples->values[i];
        if (isnan(sample)) continue;
        if (op == EXPR_SERIES_MOST || op == EXPR_SERIES_LEAST) {
            const bool is_better = op == EXPR_SERIES_MOST ? sample > value : sample < value;
            if (n == 0 || is_better) value = sample;
        } else {
            value += sample;
        }
        n++;
    }
    if (n == 0) return (double)NAN;
    return op == EXPR_SERIES_MEAN ? value / (double)n : value;
}
