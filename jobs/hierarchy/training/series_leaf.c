/* Leaf "hierarchy.series" (series.h has the layouts). Two series are held at a time. */
#include <math.h>

#include "jobs/hierarchy/model/vote.h"
#include "jobs/hierarchy/training/scan.h"
#include "jobs/hierarchy/training/series.h"

/* What the E of members add up to, slot by slot, in order of the members as model_combine does. */
struct adding {
    struct scan *scan;
    int64_t n; /* slots with a full window */
    double *distance, *sum;
    double weights;
};

static void add(struct adding *adding, double sigma, double weight)
{
    const double *distance = adding->distance + adding->scan->reach;
    const struct hierarchy_options *options = &adding->scan->options;
    const bool is_largest = options->combiner == HIERARCHY_LARGEST;
    const bool is_vote = options->combiner == HIERARCHY_VOTES;
    for (int64_t i = 0; i < adding->n; i++) {
        double e = detector_e(sigma, distance[i]);
        if (is_vote) e = vote_of(e, options->vote);
        if (is_largest)
            adding->sum[i] = e > adding->sum[i] ? e : adding->sum[i];
        else
            adding->sum[i] += weight * e;
    }
    adding->weights += weight;
}

static lode_status add_member(struct adding *adding, struct lode_unpack *in)
{
    int64_t detector = 0;
    double sigma = 0.0, weight = 0.0;
    struct detector_settings settings;
    lode_try(lode_unpack_i64(in, &detector));
    lode_try(lode_unpack_f64(in, &sigma));
    lode_try(lode_unpack_f64(in, &weight));
    if (detector < 0 || detector >= adding->scan->n_detectors || !isfinite(sigma) ||
        !isfinite(weight))
        return lode_fail(LODE_E_MESSAGE, "detector %lld, sigma %g, weight %g", (long long)detector,
                         sigma, weight);
    lode_try(scan_distance(adding->scan, detector, adding->distance, &settings));
    add(adding, sigma, weight);
    return LODE_OK;
}

static lode_status make_group(struct adding *adding, struct lode_unpack *in, struct lode_bytes *out)
{
    uint32_t n_members = 0;
    lode_try(lode_unpack_array(in, &n_members));
    for (int64_t i = 0; i < adding->n; i++) adding->sum[i] = 0.0;
    adding->weights = 0.0;
    for (uint32_t m = 0; m < n_members; m++) lode_try(add_member(adding, in));
    if (adding->scan->options.combiner != HIERARCHY_LARGEST)
        for (int64_t i = 0; i < adding->n; i++) adding->sum[i] /= adding->weights;
    return lode_pack_bin(out, adding->sum, (size_t)adding->n * sizeof *adding->sum);
}

static lode_status make_component(struct scan *scan, struct lode_unpack *in, struct lode_bytes *out)
{
    struct lode_arena *arena = scan->task->arena;
    struct adding adding = {.scan = scan};
    uint32_t n_groups = 0;
    if (!scan_is_fit(scan)) return lode_fail(LODE_E_MESSAGE, "groups without a full window");
    adding.n = scan->slots.n - scan->reach;
    lode_try(lode_take(arena, scan->slots.n, &adding.distance));
    lode_try(lode_take(arena, adding.n, &adding.sum));
    lode_try(lode_pack_i64(out, scan->reach));
    lode_try(lode_unpack_array(in, &n_groups));
    for (uint32_t g = 0; g < n_groups; g++) lode_try(make_group(&adding, in, out));
    return LODE_OK;
}

lode_status hierarchy_series_leaf(struct lode_task *task)
{
    struct scan scan;
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    lode_status status = LODE_OK;
    int64_t partition = 0;
    uint32_t n = 0;
    lode_try(lode_unpack_i64(&in, &partition));
    lode_try(scan_begin(task, partition, &scan));
    lode_try_done(lode_unpack_array(&in, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct lode_arena_mark mark = lode_arena_mark(task->arena);
        lode_try_done(scan_component(&scan, &in));
        status = make_component(&scan, &in, task->output);
        if (status) status = scan_note(&scan, status);
        if (status) goto done;
        lode_arena_rewind(task->arena, mark);
    }
    lode_try_done(lode_unpack_end(&in));
done:
    scan_end(&scan);
    return status;
}
