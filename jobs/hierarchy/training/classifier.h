/* Classifier: that of one group while it is learned (model/one_class.h says what it is): distances
 * of training slots, and their calibration, as of a leaf. */
#ifndef LODE_JOBS_HIERARCHY_TRAINING_CLASSIFIER_H
#define LODE_JOBS_HIERARCHY_TRAINING_CLASSIFIER_H

#include "common/wire/pack.h"
#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/training/moments.h"

struct classifier {
    int64_t n;      /* members */
    double *factor; /* [one_class_size(n)] */
    double sigma, saturation;
    double *slot; /* [n] scratch */
};

/* Room for the factor, of the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status classifier_begin(int64_t n, struct lode_arena *arena,
                                          struct classifier *classifier);

/* How many windows n slots are: what moments_factor asks. At least 1. */
double classifier_windows(const struct hierarchy_options *options, int64_t n, int64_t step_ms);

/* D of slots [first, first + n) of the members' votes, into distance [n]. */
void classifier_distances(const struct classifier *classifier, double *const *votes, int64_t first,
                          int64_t n, double *distance);

/* Sets sigma and saturation by the distances of all n >= 1 training slots, in whose place E comes.
 * LODE_E_MEMORY. */
LODE_CHECKED lode_status classifier_calibrate(struct classifier *classifier, int64_t n,
                                              double share, struct lode_arena *arena,
                                              double *distance);

/* Sigma, saturation (f64 each), factor (bin of doubles), both ways; n members are expected, and
 * every number must be one that can be. LODE_E_MESSAGE, LODE_E_MEMORY. */
LODE_CHECKED lode_status classifier_pack(const struct classifier *classifier,
                                         struct lode_bytes *out);
LODE_CHECKED lode_status classifier_unpack(struct lode_unpack *in, int64_t n,
                                           struct lode_arena *arena, struct classifier *classifier);

#endif
