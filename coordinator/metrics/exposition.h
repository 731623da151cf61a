/* Exposition: metrics as text, in the Prometheus exposition format 0.0.4. Pure.
 *
 *   # HELP lode_workers Workers that are there.
 *   # TYPE lode_workers gauge
 *   lode_workers{run="/data/run1"} 8
 *
 * All samples of a family follow its head. A label's value may be any bytes: what is not UTF-8
 * becomes U+FFFD, for the format knows nothing else.
 */
#ifndef LODE_COORDINATOR_EXPOSITION_H
#define LODE_COORDINATOR_EXPOSITION_H

#include "common/memory.h"

#include <stdint.h>

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM };

struct exposition_label {
    const char *name, *value;
};
enum { EXPOSITION_LABELS_MAX = 6 };
struct exposition_labels {
    struct exposition_label list[EXPOSITION_LABELS_MAX];
    int n;
};
/* The labels with one more, at most EXPOSITION_LABELS_MAX; texts are borrowed. */
struct exposition_labels exposition_with(struct exposition_labels labels, const char *name,
                                         const char *value);

/* A family's head. `help` is one line without a line feed or backslash. */
LODE_CHECKED lode_status exposition_family(struct lode_bytes *out, const char *name,
                                           enum exposition_type type, const char *help);
/* One sample; NaN and the infinities have their words. */
LODE_CHECKED lode_status exposition_sample(struct lode_bytes *out, const char *name,
                                           const struct exposition_labels *labels, double value);

/* What was observed, by upper bounds. */
struct exposition_histogram {
    const double *bounds;  /* [n_bounds] rising, each included */
    const int64_t *counts; /* [n_bounds + 1] of each bucket alone, the last beyond all bounds */
    int n_bounds;
    double sum;
};
/* The samples NAME_bucket (which add up, with `le`), NAME_sum and NAME_count. */
LODE_CHECKED lode_status exposition_histogram(struct lode_bytes *out, const char *name,
                                              const struct exposition_labels *labels,
                                              const struct exposition_histogram *histogram);

#endif
