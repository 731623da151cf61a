/* Sorted window: the values of a sliding window in order of size.
 *
 * What is read of it depends on the values in it alone, not on how they came, so detectors that
 * slide it give every slot the same bits wherever a scan begins.
 */
#ifndef LODE_JOBS_HIERARCHY_DETECTORS_SORTED_WINDOW_H
#define LODE_JOBS_HIERARCHY_DETECTORS_SORTED_WINDOW_H

#include <stdint.h>

struct sorted_window {
    int64_t n;
    double *sorted; /* [n] ascending; the caller's memory */
};

/* Sorts n >= 1 values (no NaN) into `memory` [n]. O(n log n). */
void sorted_window_init(struct sorted_window *window, const double *values, int64_t n,
                        double *memory);
/* Takes `gone`, which must be in it, out and puts `come` in. O(log n) and the values between. */
void sorted_window_slide(struct sorted_window *window, double gone, double come);

/* How many values are < x, <= x. O(log n). */
int64_t sorted_window_below(const struct sorted_window *window, double x);
int64_t sorted_window_up_to(const struct sorted_window *window, double x);

/* Mean of the two middle ones where n is even. */
double sorted_window_median(const struct sorted_window *window);
/* Median of |x - median|, likewise. O(n). */
double sorted_window_mad(const struct sorted_window *window);

#endif
