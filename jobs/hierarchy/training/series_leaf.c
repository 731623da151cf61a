/* Leaf "hierarchy.series" (series.h has the layouts). Means and largest hold two series at a time;
 * classifiers those of a whole group, or of stretches of slots that fit, scored once for the
 * moments and again for the distances: slower, the same bytes.
 */
#include <math.h>
#include <string.h>

#include "jobs/hierarchy/model/vote.h"
#include "jobs/hierarchy/training/classifier.h"
#include "jobs/hierarchy/training/scan.h"
#include "jobs/hierarchy/training/series.h"

/* What a detector at work takes, a rule or pattern besides, as in learning; here also distances and
 * E. */
enum { SCRATCH_SERIES = 20, GIVEN_BYTES = 2 << 20 };

struct member {
    int64_t detector; /* of the component */
    double sigma, weight;
};

struct group {
    int64_t n;
    struct member *members; /* [n] */
};

/* A component at work. */
struct adding {
    struct scan *scan;
    int64_t n; /* slots with a full window */
    double *distance, *sum;
};

static lode_status unpack_group(struct adding *adding, struct lode_unpack *in, struct group *group)
{
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    group->n = n;
    lode_try(lode_take(adding->scan->task->arena, group->n, &group->members));
    for (uint32_t m = 0; m < n; m++) {
        struct member *one = &group->members[m];
        lode_try(lode_unpack_i64(in, &one->detector));
        lode_try(lode_unpack_f64(in, &one->sigma));
        lode_try(lode_unpack_f64(in, &one->weight));
        if (one->detector < 0 || one->detector >= adding->scan->n_detectors ||
            !isfinite(one->sigma) || !isfinite(one->weight))
            return lode_fail(LODE_E_MESSAGE, "detector %lld, sigma %g, weight %g",
                             (long long)one->detector, one->sigma, one->weight);
    }
    return n > 0 ? LODE_OK : lode_fail(LODE_E_MESSAGE, "a group of no members");
}

/* D of a member in the slots with a full window. */
static lode_status find_distance(struct adding *adding, const struct member *member,
                                 const double **distance)
{
    struct detector_settings settings;
    lode_try(scan_distance(adding->scan, member->detector, adding->distance, &settings));
    *distance = adding->distance + adding->scan->reach;
    return LODE_OK;
}

/* --- means and largest --- */

/* Members in their order, slot by slot, as model_combine does. */
static void add(struct adding *adding, const struct member *member, const double *distance)
{
    const struct hierarchy_options *options = &adding->scan->options;
    const bool is_largest = options->combiner == HIERARCHY_LARGEST;
    const bool is_vote = options->combiner == HIERARCHY_VOTES;
    for (int64_t i = 0; i < adding->n; i++) {
        double e = detector_e(member->sigma, distance[i]);
        if (is_vote) e = vote_of(e, options->vote);
        if (is_largest)
            adding->sum[i] = e > adding->sum[i] ? e : adding->sum[i];
        else
            adding->sum[i] += member->weight * e;
    }
}

static lode_status combine(struct adding *adding, const struct group *group)
{
    double weights = 0.0;
    for (int64_t i = 0; i < adding->n; i++) adding->sum[i] = 0.0;
    for (int64_t m = 0; m < group->n; m++) {
        const double *distance = NULL;
        lode_try(find_distance(adding, &group->members[m], &distance));
        add(adding, &group->members[m], distance);
        weights += group->members[m].weight;
    }
    if (adding->scan->options.combiner != HIERARCHY_LARGEST)
        for (int64_t i = 0; i < adding->n; i++) adding->sum[i] /= weights;
    return LODE_OK;
}

/* --- classifiers --- */

/* The votes of a group in slots [first, first + n). */
struct stretch {
    int64_t first, n, most;
    double **votes; /* [members][most] */
};

/* As long as fits beside all else. */
static lode_status take_stretch(struct adding *adding, const struct group *group,
                                struct stretch *stretch)
{
    struct lode_arena *arena = adding->scan->task->arena;
    const double scratch = SCRATCH_SERIES * sizeof(double) * (double)adding->scan->slots.n +
                           (adding->scan->n_given > 0 ? GIVEN_BYTES : 0);
    const double adding_up = MOMENTS_SCRATCH * (double)(group->n + 8);
    const double left = (double)lode_arena_left(arena) - scratch - adding_up;
    const double most = left / sizeof(double) / (double)group->n;
    *stretch = (struct stretch){.most = adding->n};
    if (most < (double)adding->n) stretch->most = (int64_t)most / MOMENTS_BLOCK * MOMENTS_BLOCK;
    if (stretch->most < 1)
        return lode_fail(LODE_E_MEMORY, "votes of %lld members do not fit", (long long)group->n);
    lode_try(lode_take(arena, group->n, &stretch->votes));
    for (int64_t m = 0; m < group->n; m++)
        lode_try(lode_take(arena, stretch->most, &stretch->votes[m]));
    return LODE_OK;
}

/* Moves on to slots from `first`; those that are there already stay. */
static lode_status fill_stretch(struct adding *adding, const struct group *group, int64_t first,
                                struct stretch *stretch)
{
    const double c = adding->scan->options.vote;
    const int64_t left = adding->n - first;
    if (stretch->n > 0 && stretch->first == first) return LODE_OK;
    stretch->first = first;
    stretch->n = left < stretch->most ? left : stretch->most;
    for (int64_t m = 0; m < group->n; m++) {
        const double *distance = NULL;
        lode_try(find_distance(adding, &group->members[m], &distance));
        for (int64_t i = 0; i < stretch->n; i++)
            stretch->votes[m][i] =
                vote_of(detector_e(group->members[m].sigma, distance[first + i]), c);
    }
    return LODE_OK;
}

/* The slots of the block that begins with slot `at`, and where they lie in the stretch. */
static lode_status next_block(struct adding *adding, const struct group *group, int64_t at,
                              struct stretch *stretch, int64_t *first, int64_t *n)
{
    const int64_t left = adding->n - at;
    lode_try(fill_stretch(adding, group, at / stretch->most * stretch->most, stretch));
    *first = at - stretch->first;
    *n = left < MOMENTS_BLOCK ? left : MOMENTS_BLOCK;
    return lode_task_advance(adding->scan->task, *n);
}

static lode_status classify(struct adding *adding, const struct group *group,
                            struct classifier *classifier)
{
    const struct scan *scan = adding->scan;
    const double windows = classifier_windows(&scan->options, adding->n, scan->slots.step_ms);
    struct lode_arena *arena = scan->task->arena;
    struct moments moments;
    struct stretch stretch;
    int64_t first = 0, n = 0;
    lode_try(moments_begin(group->n, arena, &moments));
    lode_try(classifier_begin(group->n, arena, classifier));
    lode_try(take_stretch(adding, group, &stretch));
    for (int64_t at = 0; at < adding->n; at += n) {
        lode_try(next_block(adding, group, at, &stretch, &first, &n));
        lode_try(moments_add(&moments, stretch.votes, first, n));
    }
    lode_try(moments_factor(&moments, windows, classifier->factor));
    for (int64_t at = 0; at < adding->n; at += n) {
        lode_try(next_block(adding, group, at, &stretch, &first, &n));
        classifier_distances(classifier, stretch.votes, first, n, adding->sum + at);
    }
    return classifier_calibrate(classifier, adding->n, scan->options.saturation, arena,
                                adding->sum);
}

/* --- a component, a task --- */

static lode_status make_group(struct adding *adding, struct lode_unpack *in, struct lode_bytes *out)
{
    struct lode_arena *arena = adding->scan->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct group group;
    struct classifier classifier;
    lode_try(unpack_group(adding, in, &group));
    if (adding->scan->options.combiner == HIERARCHY_ONE_CLASS) {
        lode_try(classify(adding, &group, &classifier));
        lode_try(classifier_pack(&classifier, out));
    } else {
        lode_try(combine(adding, &group));
    }
    lode_arena_rewind(arena, mark);
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
    return scan_each(task, make_component);
}
