/* Series, on the coordinator: services in batches, their groups' series, and level after level on
 * them. */
#include "jobs/hierarchy/training/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/model/vote.h"
#include "jobs/hierarchy/training/classifier.h"
#include "jobs/hierarchy/training/scan.h"

/* A detector's series. */
struct track {
    int64_t detector;
    struct slots slots; /* those with a value */
    double *e;          /* [slots.n] */
};

/* Some services at a time. */
struct batch {
    struct build *build;
    struct lode_arena *arena; /* of the batch */
    const bool *is_mine;      /* [components] of a service of this batch */
    int64_t n_tracks;
    struct track *tracks; /* [n_tracks] of the level at hand, ascending */
    int64_t n_tasks;
    int64_t *partitions; /* [n_tasks] of the tasks */
    int64_t n_merged;    /* tracks so far */
};

static int64_t service_of(const struct model *model, int64_t component)
{
    while (model->components[component].parent >= 0)
        component = model->components[component].parent;
    return component;
}

static int64_t partition_of(const struct build *build, int64_t component)
{
    return lode_store_component(build->run->store, build->store_of[component])->partition;
}

/* Where groups of a level that come from a component are made. */
static int64_t scope_of(const struct build *build, int64_t component, int64_t level)
{
    const struct model *model = &build->model;
    if (level >= model->options.cross_level) return service_of(model, component);
    for (int64_t up = 1; up < level && model->components[component].parent >= 0; up++)
        component = model->components[component].parent;
    return component;
}

/* --- the stage --- */

static lode_status pack_group(const struct build *build, const struct build_span *leaves,
                              const struct model_detector *group, struct lode_bytes *out)
{
    lode_try(lode_pack_array(out, (uint32_t)group->n_members));
    for (int64_t i = 0; i < group->n_members; i++) {
        const struct model_member *member = &build_members(build, group->first_member)[i];
        lode_try(lode_pack_i64(out, member->detector - leaves->first));
        lode_try(lode_pack_f64(out, build_detector(build, member->detector)->sigma));
        lode_try(lode_pack_f64(out, member->weight));
    }
    return LODE_OK;
}

static lode_status pack_component(const struct build *build, int64_t component,
                                  struct lode_bytes *out)
{
    const struct build_span *groups = &build->groups[component];
    const int64_t index = build->store_of[component];
    lode_try(scan_pack_component(index, lode_store_component(build->run->store, index), out));
    lode_try(lode_pack_array(out, (uint32_t)groups->n));
    for (int64_t g = 0; g < groups->n; g++)
        lode_try(pack_group(build, &build->leaves[component],
                            build_detector(build, groups->first + g), out));
    return LODE_OK;
}

static bool is_of(const struct batch *batch, int64_t component, int64_t partition)
{
    return batch->is_mine[component] && batch->build->groups[component].n > 0 &&
           partition_of(batch->build, component) == partition;
}

static lode_status pack_task(const struct batch *batch, int64_t partition, struct lode_bytes *out)
{
    const int64_t n = batch->build->model.n_components;
    uint32_t n_mine = 0;
    for (int64_t c = 0; c < n; c++) n_mine += is_of(batch, c, partition);
    lode_try(lode_pack_i64(out, partition));
    lode_try(lode_pack_array(out, n_mine));
    for (int64_t c = 0; c < n; c++)
        if (is_of(batch, c, partition)) lode_try(pack_component(batch->build, c, out));
    return LODE_OK;
}

/* The classifier of a group, which the run keeps. */
static void set_classifier(const struct build *build, int64_t group,
                           const struct classifier *classifier)
{
    struct model_detector *of = build_detector(build, group);
    of->factor = classifier->factor;
    of->sigma = classifier->sigma;
    of->saturation = classifier->saturation;
}

static lode_status merge_classifier(const struct build *build, int64_t group,
                                    struct lode_unpack *in)
{
    struct classifier classifier;
    if (build->model.options.combiner != HIERARCHY_ONE_CLASS) return LODE_OK;
    lode_try(classifier_unpack(in, build_detector(build, group)->n_members, build->run->arena,
                               &classifier));
    set_classifier(build, group, &classifier);
    return LODE_OK;
}

/* The tracks of a component, as its task tells them. */
static lode_status merge_component(struct batch *batch, int64_t component, struct lode_unpack *in)
{
    const struct build *build = batch->build;
    const struct model_component *about = &build->model.components[component];
    const struct lode_component *stored =
        lode_store_component(build->run->store, build->store_of[component]);
    const struct build_span *groups = &build->groups[component];
    int64_t reach = 0;
    lode_try(lode_unpack_i64(in, &reach));
    if (reach < 0 || reach >= about->n_slots)
        return lode_fail(LODE_E_MESSAGE, "%lld slots of %lld before the first window",
                         (long long)reach, (long long)about->n_slots);
    const struct slots slots = {stored->first_ms + reach * about->step_ms, about->step_ms,
                                about->n_slots - reach};
    for (int64_t g = 0; g < groups->n; g++) {
        struct track *track = &batch->tracks[batch->n_merged++];
        const uint8_t *data = NULL;
        size_t size = 0;
        *track = (struct track){.detector = groups->first + g, .slots = slots};
        lode_try(merge_classifier(build, track->detector, in));
        lode_try(lode_unpack_bin(in, &data, &size));
        if (size != (size_t)slots.n * sizeof *track->e)
            return lode_fail(LODE_E_MESSAGE, "%zu bytes of %lld slots", size, (long long)slots.n);
        lode_try(lode_take(batch->arena, slots.n, &track->e));
        memcpy(track->e, data, size);
        for (int64_t i = 0; i < slots.n; i++)
            if (!isfinite(track->e[i]) || track->e[i] < 0)
                return lode_fail(LODE_E_MESSAGE, "E of slot %lld is %g", (long long)i, track->e[i]);
    }
    return LODE_OK;
}

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct batch *batch = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t c = 0; c < batch->build->model.n_components; c++)
        if (is_of(batch, c, batch->partitions[task])) lode_try(merge_component(batch, c, &in));
    return lode_unpack_end(&in);
}

/* The partitions that hold groups of the batch, and how many tracks these are. */
static lode_status find_tasks(struct batch *batch)
{
    const struct build *build = batch->build;
    const int64_t n = lode_store_partitions(build->run->store);
    bool *is_needed = NULL;
    batch->n_tracks = batch->n_tasks = batch->n_merged = 0;
    lode_try(lode_take_zero(batch->arena, n, &is_needed));
    lode_try(lode_take(batch->arena, n, &batch->partitions));
    for (int64_t c = 0; c < build->model.n_components; c++) {
        if (!batch->is_mine[c] || build->groups[c].n == 0) continue;
        batch->n_tracks += build->groups[c].n;
        is_needed[partition_of(build, c)] = true;
    }
    for (int64_t p = 0; p < n; p++)
        if (is_needed[p]) batch->partitions[batch->n_tasks++] = p;
    return lode_take(batch->arena, batch->n_tracks, &batch->tracks);
}

static int compare_tracks(const void *left, const void *right)
{
    const struct track *a = left, *b = right;
    return (a->detector > b->detector) - (a->detector < b->detector);
}

static void sort_tracks(struct track *tracks, int64_t n)
{
    if (n > 0) qsort(tracks, (size_t)n, sizeof *tracks, compare_tracks);
}

static lode_status load_tracks(struct batch *batch)
{
    struct lode_run *run = batch->build->run;
    struct lode_stage stage = {.leaf = "hierarchy.series", .title = "scoring groups"};
    struct lode_bytes *inputs = NULL;
    lode_status status = LODE_OK;
    lode_try(find_tasks(batch));
    lode_try(lode_take_zero(batch->arena, batch->n_tasks, &inputs));
    lode_try_done(scan_pack_params(run->store, run->params, batch->build->given, &stage.params));
    for (int64_t t = 0; t < batch->n_tasks; t++)
        lode_try_done(pack_task(batch, batch->partitions[t], &inputs[t]));
    stage.n_tasks = batch->n_tasks;
    stage.inputs = inputs;
    stage.keys = batch->partitions;
    lode_try_done(lode_map(run, &stage, merge, batch));
    sort_tracks(batch->tracks, batch->n_tracks);
done:
    for (int64_t t = 0; t < batch->n_tasks; t++) lode_bytes_clear(&inputs[t]);
    lode_bytes_clear(&stage.params);
    return status;
}

/* --- a scope --- */

/* The slots that all tracks [n] have, as long as the longest of theirs; .n 0: none. */
static struct slots common_slots(struct track *const *tracks, int64_t n)
{
    struct slots common = tracks[0]->slots;
    int64_t end_ms = INT64_MAX;
    for (int64_t i = 0; i < n; i++) {
        const struct slots *one = &tracks[i]->slots;
        const int64_t last_ms = one->first_ms + (one->n - 1) * one->step_ms;
        if (one->step_ms > common.step_ms) common.step_ms = one->step_ms;
        if (one->first_ms > common.first_ms) common.first_ms = one->first_ms;
        if (last_ms < end_ms) end_ms = last_ms;
    }
    common.n = end_ms < common.first_ms ? 0 : (end_ms - common.first_ms) / common.step_ms + 1;
    return common;
}

/* Its newest value at the time of each of the common slots. */
static double newest(const struct track *track, const struct slots *common, int64_t slot)
{
    const int64_t time_ms = common->first_ms + slot * common->step_ms;
    return track->e[(time_ms - track->slots.first_ms) / track->slots.step_ms];
}

/* Scores of the tracks [n] and their covariances, both the scratch arena's. */
static lode_status scope_gram(struct track *const *tracks, int64_t n, const struct slots *slots,
                              struct lode_arena *scratch, double ***scores, double **gram)
{
    double **series = NULL, *means = NULL;
    lode_try(lode_take(scratch, n, &series));
    *scores = series;
    lode_try(lode_take(scratch, n, &means));
    lode_try(lode_take(scratch, n * n, gram));
    for (int64_t i = 0; i < n; i++) {
        lode_try(lode_take(scratch, slots->n, &series[i]));
        for (int64_t s = 0; s < slots->n; s++)
            series[i][s] = detector_score(newest(tracks[i], slots, s));
    }
    return gram_of_series((const double *const *)series, n, slots->n, NULL, scratch, means, *gram);
}

/* A group that was just made, and its members' tracks. */
struct making {
    const struct model_detector *group;
    const struct model_member *members;
    const struct track **tracks; /* [group->n_members] */
    const struct slots *slots;
};

static lode_status find_tracks(const struct build *build, struct track *const *tracks, int64_t n,
                               struct making *making)
{
    making->members = build_members(build, making->group->first_member);
    lode_try(lode_take(build->scratch, making->group->n_members, &making->tracks));
    for (int64_t m = 0, t = 0; m < making->group->n_members; m++) {
        for (t = 0; t < n && tracks[t]->detector != making->members[m].detector;) t++;
        if (t == n) return lode_fail(LODE_E_BUG, "a member without a series");
        making->tracks[m] = tracks[t];
    }
    return LODE_OK;
}

static void combine(const struct making *making, bool is_largest, double *e)
{
    double weights = 0.0;
    for (int64_t s = 0; s < making->slots->n; s++) e[s] = 0.0;
    for (int64_t m = 0; m < making->group->n_members; m++) {
        const double weight = making->members[m].weight;
        for (int64_t s = 0; s < making->slots->n; s++) {
            const double one = newest(making->tracks[m], making->slots, s);
            e[s] = is_largest ? fmax(e[s], one) : e[s] + weight * one;
        }
        weights += weight;
    }
    for (int64_t s = 0; s < making->slots->n && !is_largest; s++) e[s] /= weights;
}

/* E of the group by a classifier of its own, which `classifier` is then. */
static lode_status classify(const struct build *build, const struct making *making,
                            struct classifier *classifier, double *e)
{
    const struct hierarchy_options *options = &build->model.options;
    const int64_t p = making->group->n_members, n = making->slots->n;
    const double windows = classifier_windows(options, n, making->slots->step_ms);
    struct moments moments;
    double **votes;
    lode_try(moments_begin(p, build->scratch, &moments));
    lode_try(classifier_begin(p, build->run->arena, classifier));
    lode_try(lode_take(build->scratch, p, &votes));
    for (int64_t m = 0; m < p; m++) {
        lode_try(lode_take(build->scratch, n, &votes[m]));
        for (int64_t s = 0; s < n; s++)
            votes[m][s] = vote_of(newest(making->tracks[m], making->slots, s), options->vote);
    }
    for (int64_t s = 0; s < n; s += MOMENTS_BLOCK)
        lode_try(moments_add(&moments, votes, s, n - s < MOMENTS_BLOCK ? n - s : MOMENTS_BLOCK));
    lode_try(moments_factor(&moments, windows, classifier->factor));
    classifier_distances(classifier, votes, 0, n, e);
    return classifier_calibrate(classifier, n, options->saturation, build->scratch, e);
}

/* The series of a group that was just made, of the scope's tracks [n]. */
static lode_status make_track(const struct batch *batch, int64_t detector,
                              struct track *const *tracks, int64_t n, const struct slots *slots,
                              struct track *made)
{
    const struct build *build = batch->build;
    const enum hierarchy_combiner combiner = build->model.options.combiner;
    const struct lode_arena_mark mark = lode_arena_mark(build->scratch);
    struct making making = {.group = build_detector(build, detector), .slots = slots};
    struct classifier classifier;
    *made = (struct track){.detector = detector, .slots = *slots};
    lode_try(lode_take(batch->arena, slots->n, &made->e));
    lode_try(find_tracks(build, tracks, n, &making));
    if (combiner == HIERARCHY_ONE_CLASS) {
        lode_try(classify(build, &making, &classifier, made->e));
        set_classifier(build, detector, &classifier);
    } else {
        combine(&making, combiner == HIERARCHY_LARGEST, made->e);
    }
    lode_arena_rewind(build->scratch, mark);
    return LODE_OK;
}

/* --- levels --- */

/* Tracks of the next level on their way. */
struct next {
    struct track *tracks; /* room for twice the tracks of this level: groups may overlap */
    int64_t n, room;
};

static lode_status keep(struct batch *batch, struct next *next, const struct track *track)
{
    if (next->n == next->room) {
        struct track *more = NULL;
        lode_try(lode_take(batch->arena, 2 * next->room + 8, &more));
        if (next->n > 0) memcpy(more, next->tracks, (size_t)next->n * sizeof *more);
        next->tracks = more;
        next->room = 2 * next->room + 8;
    }
    next->tracks[next->n++] = *track;
    return LODE_OK;
}

/* Groups of the tracks [n] of one scope; one alone waits for a wider scope. */
static lode_status group_scope(struct batch *batch, int64_t level, int64_t component,
                               struct track *const *tracks, int64_t n, struct next *next)
{
    struct build *build = batch->build;
    const struct slots slots = common_slots(tracks, n);
    const int64_t first = build_detectors(build);
    int64_t *items = NULL;
    double *gram = NULL, **scores = NULL;
    if (n == 1) return keep(batch, next, tracks[0]);
    if (slots.n == 0) return LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(build->scratch);
    lode_try(lode_take(build->scratch, n, &items));
    for (int64_t i = 0; i < n; i++) items[i] = tracks[i]->detector;
    lode_try(scope_gram(tracks, n, &slots, build->scratch, &scores, &gram));
    const struct build_scope scope = {.level = (int32_t)level,
                                      .component = (int32_t)component,
                                      .n = n,
                                      .items = items,
                                      .gram = gram,
                                      .series = (const double *const *)scores,
                                      .n_slots = slots.n,
                                      .step_ms = slots.step_ms};
    build_level(build, level)->detectors += n;
    lode_try(build_scope_groups(build, &scope));
    for (int64_t d = first; d < build_detectors(build); d++) {
        struct track made;
        lode_try(make_track(batch, d, tracks, n, &slots, &made));
        lode_try(keep(batch, next, &made));
    }
    lode_arena_rewind(build->scratch, mark);
    return LODE_OK;
}

struct placed {
    int64_t scope; /* component */
    struct track *track;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->scope != b->scope) return a->scope < b->scope ? -1 : 1;
    return compare_tracks(a->track, b->track);
}

static lode_status group_level(struct batch *batch, int64_t level)
{
    const struct build *build = batch->build;
    const int64_t n = batch->n_tracks;
    struct next next = {0};
    struct placed *placed = NULL;
    struct track **mine = NULL;
    lode_try(lode_take(batch->arena, n, &placed));
    lode_try(lode_take(batch->arena, n, &mine));
    for (int64_t t = 0; t < n; t++) {
        const int64_t from = build_detector(build, batch->tracks[t].detector)->component;
        placed[t] = (struct placed){scope_of(build, from, level), &batch->tracks[t]};
    }
    if (n > 0) qsort(placed, (size_t)n, sizeof *placed, compare_placed);
    for (int64_t t = 0; t < n; t++) mine[t] = placed[t].track;
    for (int64_t first = 0, end = 0; first < n; first = end) {
        const int64_t scope = placed[first].scope;
        while (end < n && placed[end].scope == scope) end++;
        lode_try(group_scope(batch, level, scope, mine + first, end - first, &next));
    }
    batch->tracks = next.tracks;
    batch->n_tracks = next.n;
    sort_tracks(batch->tracks, batch->n_tracks);
    return LODE_OK;
}

static lode_status group_batch(struct batch *batch)
{
    const struct hierarchy_options *options = &batch->build->model.options;
    lode_try(load_tracks(batch));
    for (int64_t level = 2; level <= options->max_levels && batch->n_tracks > 1; level++)
        lode_try(group_level(batch, level));
    return LODE_OK;
}

/* --- services --- */

/* Of a component that is a service: what lies below it. */
struct load {
    int64_t n_groups;
    uint64_t bytes; /* of their series */
};

static void weigh_services(const struct build *build, struct load *loads)
{
    const struct model *model = &build->model;
    for (int64_t c = 0; c < model->n_components; c++) {
        const uint64_t n = (uint64_t)build->groups[c].n;
        struct load *load = &loads[service_of(model, c)];
        load->n_groups += build->groups[c].n;
        load->bytes += n * (uint64_t)model->components[c].n_slots * sizeof(double);
    }
}

static lode_status run_batch(struct build *build, const bool *is_mine)
{
    struct batch batch = {.build = build, .is_mine = is_mine};
    lode_try(lode_arena_create(0, &batch.arena));
    const lode_status status = group_batch(&batch);
    lode_arena_destroy(batch.arena);
    return status;
}

/* The batch of every service, from 0 on; of one that has less than `least` groups -1. Returns how
 * many. */
static int64_t fill_batches(const struct load *loads, int64_t n, int64_t least, int64_t *batch_of)
{
    uint64_t bytes = 0;
    int64_t n_batches = 0;
    for (int64_t s = 0; s < n; s++) {
        batch_of[s] = -1;
        if (loads[s].n_groups < least) continue;
        if (n_batches == 0 || bytes + loads[s].bytes > SERIES_BATCH_BYTES) {
            n_batches++;
            bytes = 0;
        }
        bytes += loads[s].bytes;
        batch_of[s] = n_batches - 1;
    }
    return n_batches;
}

lode_status series_levels(struct build *build)
{
    const struct model *model = &build->model;
    const int64_t n = model->n_components;
    struct load *loads = NULL;
    int64_t *batch_of = NULL;
    bool *is_mine = NULL;
    const bool is_one_class = model->options.combiner == HIERARCHY_ONE_CLASS;
    if (model->options.max_levels < 2 && !is_one_class) return LODE_OK;
    lode_try(lode_take_zero(build->run->arena, n, &loads));
    lode_try(lode_take(build->run->arena, n, &batch_of));
    lode_try(lode_take(build->run->arena, n, &is_mine));
    weigh_services(build, loads);
    const int64_t n_batches = fill_batches(loads, n, is_one_class ? 1 : 2, batch_of);
    for (int64_t b = 0; b < n_batches; b++) {
        for (int64_t c = 0; c < n; c++) is_mine[c] = batch_of[service_of(model, c)] == b;
        lode_try(run_batch(build, is_mine));
    }
    return LODE_OK;
}
