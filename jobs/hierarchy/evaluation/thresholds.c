/* Thresholds: see the header. */
#include "jobs/hierarchy/evaluation/thresholds.h"

#include <math.h>

void thresholds_make(double *thresholds)
{
    const double low = 0.02, high = 5000.0;
    const double step = log(high / low) / (EVALUATION_THRESHOLDS - 1);
    for (int i = 0; i < EVALUATION_THRESHOLDS; i++) thresholds[i] = low * exp(step * i);
    thresholds[0] = low;
    thresholds[EVALUATION_THRESHOLDS - 1] = high;
}

int32_t thresholds_reached(const double *thresholds, int32_t n, double e)
{
    int32_t low = 0, high = n;
    if (!(e >= thresholds[0])) return 0; /* most slots of most detectors; NaN too */
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (thresholds[middle] <= e)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The slot fires at thresholds [from, to). */
static void mark(int64_t *differences, int32_t from, int32_t to)
{
    differences[from]++;
    differences[to]--;
}

void tally_add(const double *thresholds, int32_t n_thresholds, const struct tally_series *series,
               struct tally_place *place, const struct tally *tally, int64_t *const *covers)
{
    int32_t before = place->reached;
    for (int64_t i = 0; i < series->n; i++) {
        const int32_t reached = thresholds_reached(thresholds, n_thresholds, series->e[i]);
        if (reached > before) {
            mark(tally->firings, before, reached);
            if (series->is_inside && series->is_inside[i]) {
                mark(tally->inside, before, reached);
                for (int64_t k = 0; k < series->n_issues; k++)
                    if (i >= series->issues[k].first && i < series->issues[k].end)
                        mark(covers[k], before, reached);
            }
        }
        before = reached;
    }
    place->reached = before;
}

void thresholds_sum(int64_t *differences, int32_t n)
{
    for (int32_t i = 1; i < n; i++) differences[i] += differences[i - 1];
}
