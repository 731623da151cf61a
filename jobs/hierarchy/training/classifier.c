/* Classifier: see the header. */
#include "jobs/hierarchy/training/classifier.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/model/one_class.h"

static const double saturated = 0.99; /* a score */

lode_status classifier_begin(int64_t n, struct lode_arena *arena, struct classifier *classifier)
{
    *classifier = (struct classifier){.n = n};
    lode_try(lode_take(arena, one_class_size(n), &classifier->factor));
    return lode_take(arena, n, &classifier->slot);
}

double classifier_windows(const struct hierarchy_options *options, int64_t n, int64_t step_ms)
{
    return fmax((double)n * (double)step_ms / (double)options->window_ms, 1.0);
}

void classifier_distances(const struct classifier *classifier, double *const *votes, int64_t first,
                          int64_t n, double *distance)
{
    for (int64_t t = 0; t < n; t++) {
        for (int64_t i = 0; i < classifier->n; i++) classifier->slot[i] = votes[i][first + t];
        distance[t] = one_class_distance(classifier->factor, classifier->n, classifier->slot);
    }
}

lode_status classifier_calibrate(struct classifier *classifier, int64_t n, double share,
                                 struct lode_arena *arena, double *distance)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    int64_t above = 0;
    double *sorted;
    lode_try(lode_take(arena, n, &sorted));
    memcpy(sorted, distance, (size_t)n * sizeof *sorted);
    classifier->sigma = detector_sigma(sorted, n, share);
    for (int64_t t = 0; t < n; t++) {
        distance[t] = detector_e(classifier->sigma, distance[t]);
        above += detector_score(distance[t]) > saturated;
    }
    classifier->saturation = (double)above / (double)n;
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status classifier_pack(const struct classifier *classifier, struct lode_bytes *out)
{
    const size_t size = (size_t)one_class_size(classifier->n) * sizeof *classifier->factor;
    lode_try(lode_pack_f64(out, classifier->sigma));
    lode_try(lode_pack_f64(out, classifier->saturation));
    return lode_pack_bin(out, classifier->factor, size);
}

lode_status classifier_unpack(struct lode_unpack *in, int64_t n, struct lode_arena *arena,
                              struct classifier *classifier)
{
    const int64_t n_numbers = one_class_size(n);
    const uint8_t *data = NULL;
    size_t size = 0;
    lode_try(classifier_begin(n, arena, classifier));
    lode_try(lode_unpack_f64(in, &classifier->sigma));
    lode_try(lode_unpack_f64(in, &classifier->saturation));
    lode_try(lode_unpack_bin(in, &data, &size));
    if (size != (size_t)n_numbers * sizeof *classifier->factor)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of a classifier of %lld members", size,
                         (long long)n);
    memcpy(classifier->factor, data, size);
    if (!isfinite(classifier->sigma) || classifier->sigma < 0 ||
        !(classifier->saturation >= 0 && classifier->saturation <= 1))
        return lode_fail(LODE_E_MESSAGE, "sigma %g, saturation %g", classifier->sigma,
                         classifier->saturation);
    for (int64_t i = 0; i < n_numbers; i++)
        if (!(fabs(classifier->factor[i]) <= ONE_CLASS_MOST))
            return lode_fail(LODE_E_MESSAGE, "number %lld of a classifier is %g", (long long)i,
                             classifier->factor[i]);
    return LODE_OK;
}
