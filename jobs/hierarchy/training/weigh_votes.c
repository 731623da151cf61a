/* Votes for weighing: see the header. Reads top to bottom: leaves and their shares, events, hours,
 * the stage.
 */
#include "jobs/hierarchy/training/weigh_votes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/detection/planning.h"
#include "jobs/hierarchy/training/scan.h"

enum {
    HOUR_MS = 3600000,
    MOST_HOURS = 1 << 24,
    MOST_VALUES = 4 << 20,        /* of votes of hours: 32 MiB */
    MOST_EVENT_VALUES = 16 << 20, /* likewise of issues and marks */
};

struct finding {
    struct lode_run *run;
    const struct given *given;
    const struct model *model;
    const double *members;
    struct weigh_votes *votes;
    /* tasks: partitions with components */
    int64_t n_tasks;
    int64_t *partitions, *costs;
};

/* --- leaves and their shares --- */

/* Shares of leaves in an end, added to share [n_detectors]. */
static void add_shares(const struct finding *f, const struct model_detector *end, double *share)
{
    const struct model *model = f->model;
    double sum = 0.0;
    for (int64_t i = 0; i < end->n_members; i++) sum += f->members[end->first_member + i];
    for (int64_t i = end->first_member; i < end->first_member + end->n_members; i++) {
        const int64_t member = model->members[i].detector;
        const struct model_detector *group = &model->detectors[member];
        const double of_end = f->members[i] / sum;
        double inside = 0.0;
        if (group->role == MODEL_LEAF) share[member] += of_end;
        for (int64_t m = 0; m < group->n_members; m++)
            inside += f->members[group->first_member + m];
        for (int64_t m = group->first_member; m < group->first_member + group->n_members; m++)
            share[model->members[m].detector] += of_end * (f->members[m] / inside);
    }
}

/* first_leaf [components]. */
static lode_status add_component(const struct finding *f, const struct model_detector *end,
                                 const int64_t *first_leaf, double *share)
{
    struct weigh_component *made = &f->votes->components[f->votes->n_components++];
    struct lode_arena *arena = f->run->arena;
    int64_t n = 0;
    *made =
        (struct weigh_component){.component = end->component, .first = first_leaf[end->component]};
    made->stored =
        lode_store_find_component(f->run->store, f->model->components[end->component].name);
    if (made->stored < 0) return lode_fail(LODE_E_BUG, "an end of no component of the store");
    made->partition = lode_store_component(f->run->store, made->stored)->partition;
    add_shares(f, end, share);
    const struct model_detector *leaf = &f->model->detectors[made->first];
    while (made->first + n < f->model->n_detectors && leaf[n].role == MODEL_LEAF &&
           leaf[n].component == end->component)
        made->n_leaves += share[made->first + n++] > 0;
    lode_try(lode_take(arena, made->n_leaves, &made->leaves));
    lode_try(lode_take(arena, made->n_leaves, &made->shares));
    lode_try(lode_take(arena, made->n_leaves, &made->names));
    made->n_leaves = 0;
    for (int64_t i = made->first; i < made->first + n; i++) {
        if (!(share[i] > 0)) continue;
        made->leaves[made->n_leaves] = i;
        made->shares[made->n_leaves++] = share[i];
    }
    return LODE_OK;
}

static lode_status find_components(const struct finding *f)
{
    const struct model *model = f->model;
    struct lode_arena *arena = f->run->arena;
    int64_t *first_leaf;
    double *share;
    lode_try(lode_take(arena, model->n_components, &first_leaf));
    lode_try(lode_take(arena, model->n_components, &f->votes->components));
    lode_try(lode_take_zero(arena, model->n_detectors, &share));
    for (int64_t d = model->n_detectors - 1; d >= 0; d--)
        if (model->detectors[d].role == MODEL_LEAF) first_leaf[model->detectors[d].component] = d;
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model->detectors[d].role == MODEL_END)
            lode_try(add_component(f, &model->detectors[d], first_leaf, share));
    return LODE_OK;
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static lode_status find_names(const struct finding *f)
{
    struct weigh_votes *votes = f->votes;
    int64_t n = 0, n_names = 0;
    for (int64_t c = 0; c < votes->n_components; c++) n += votes->components[c].n_leaves;
    lode_try(lode_take(f->run->arena, n, &votes->names));
    n = 0;
    for (int64_t c = 0; c < votes->n_components; c++)
        for (int64_t l = 0; l < votes->components[c].n_leaves; l++)
            votes->names[n++] = f->model->detectors[votes->components[c].leaves[l]].name;
    if (n > 0) qsort(votes->names, (size_t)n, sizeof *votes->names, compare_texts);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || strcmp(votes->names[i], votes->names[n_names - 1]) != 0)
            votes->names[n_names++] = votes->names[i];
    votes->n_names = n_names;
    for (int64_t c = 0; c < votes->n_components; c++)
        for (int64_t l = 0; l < votes->components[c].n_leaves; l++) {
            const char *name = f->model->detectors[votes->components[c].leaves[l]].name;
            const char *const *found =
                bsearch(&name, votes->names, (size_t)n_names, sizeof *votes->names, compare_texts);
            votes->components[c].names[l] = found - votes->names;
        }
    return LODE_OK;
}

/* --- events and hours --- */

static bool is_meant(const struct finding *f, const struct weigh_event *event,
                     const struct weigh_component *component, int64_t leaf)
{
    const char *counter = f->model->detectors[component->leaves[leaf]].counter;
    for (int64_t i = 0; i < event->n_meant; i++)
        if (strcmp(event->meant[i], counter) == 0) return true;
    return event->n_meant == 0;
}

static bool concerns(const struct finding *f, const struct weigh_event *event,
                     const struct weigh_component *component)
{
    if (!planning_concerns(f->model, event->label->component, component->component)) return false;
    for (int64_t l = 0; l < component->n_leaves; l++)
        if (is_meant(f, event, component, l)) return true;
    return false;
}

static lode_status place_events(const struct finding *f)
{
    int64_t n_values = 0;
    for (int64_t c = 0; c < f->votes->n_components; c++) {
        struct weigh_component *one = &f->votes->components[c];
        lode_try(lode_take(f->run->arena, f->votes->n_events, &one->events));
        for (int64_t e = 0; e < f->votes->n_events; e++) {
            if (!concerns(f, &f->votes->events[e], one)) continue;
            one->events[one->n_events++] = e;
            n_values += one->n_leaves;
            if (n_values > MOST_EVENT_VALUES)
                return lode_fail(LODE_E_MEMORY,
                                 "%lld issues and marks are more than %d values of counters (fewer "
                                 "labels, or nearer to the components they are about)",
                                 (long long)f->votes->n_events, MOST_EVENT_VALUES);
        }
    }
    return LODE_OK;
}

static int64_t hours_of(const struct finding *f, const struct weigh_component *one, int64_t hour)
{
    return (f->model->components[one->component].n_slots - 1) / hour + 1;
}

/* An hour, or as many as keep the votes of all within MOST_VALUES. */
static void find_hours(const struct finding *f)
{
    for (int64_t hours = 1, n_values = 0; hours <= MOST_HOURS; hours *= 2, n_values = 0) {
        for (int64_t c = 0; c < f->votes->n_components; c++) {
            struct weigh_component *one = &f->votes->components[c];
            one->hour = hours * HOUR_MS / f->model->components[one->component].step_ms;
            if (one->hour < 1) one->hour = 1;
            n_values += one->n_leaves * hours_of(f, one, one->hour);
        }
        if (n_values <= MOST_VALUES) return;
    }
}

/* --- the stage --- */

static lode_status pack_event(const struct finding *f, const struct weigh_component *one,
                              const struct weigh_event *event, struct lode_bytes *out)
{
    uint32_t n = 0;
    lode_try(lode_pack_i64(out, event->label->start_ms));
    lode_try(lode_pack_i64(out, event->label->end_ms));
    for (int64_t l = 0; l < one->n_leaves && event->n_meant > 0; l++)
        n += is_meant(f, event, one, l);
    lode_try(lode_pack_array(out, n));
    for (int64_t l = 0; l < one->n_leaves && event->n_meant > 0; l++)
        if (is_meant(f, event, one, l)) lode_try(lode_pack_i64(out, l));
    return LODE_OK;
}

static lode_status pack_component(const struct finding *f, const struct weigh_component *one,
                                  struct lode_bytes *out)
{
    lode_try(
        scan_pack_component(one->stored, lode_store_component(f->run->store, one->stored), out));
    lode_try(lode_pack_array(out, (uint32_t)one->n_leaves));
    for (int64_t l = 0; l < one->n_leaves; l++) {
        lode_try(lode_pack_i64(out, one->leaves[l] - one->first));
        lode_try(lode_pack_f64(out, f->model->detectors[one->leaves[l]].sigma));
        lode_try(lode_pack_f64(out, one->shares[l]));
    }
    lode_try(lode_pack_i64(out, one->hour));
    lode_try(lode_pack_array(out, (uint32_t)one->n_events));
    for (int64_t e = 0; e < one->n_events; e++)
        lode_try(pack_event(f, one, &f->votes->events[one->events[e]], out));
    return LODE_OK;
}

static lode_status pack_task(const struct finding *f, int64_t partition, struct lode_bytes *out)
{
    uint32_t n = 0;
    for (int64_t c = 0; c < f->votes->n_components; c++)
        n += f->votes->components[c].partition == partition;
    lode_try(lode_pack_i64(out, partition));
    lode_try(lode_pack_array(out, n));
    for (int64_t c = 0; c < f->votes->n_components; c++)
        if (f->votes->components[c].partition == partition)
            lode_try(pack_component(f, &f->votes->components[c], out));
    return LODE_OK;
}

/* Rows of votes [n_leaves] each; NULL: none. */
static lode_status unpack_votes(const struct finding *f, const struct weigh_component *one,
                                int64_t most_rows, struct lode_unpack *in, double **votes,
                                int64_t *n_rows)
{
    const size_t row = (size_t)one->n_leaves * sizeof **votes;
    const uint8_t *data = NULL;
    size_t size = 0;
    lode_try(lode_unpack_bin(in, &data, &size));
    if (row == 0 || size % row != 0 || size / row > (size_t)most_rows)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of votes of %lld leaves", size,
                         (long long)one->n_leaves);
    *n_rows = (int64_t)(size / row);
    *votes = NULL;
    if (size == 0) return LODE_OK;
    lode_try(lode_arena_take(f->run->arena, size, 1, (void **)votes));
    memcpy(*votes, data, size);
    for (size_t i = 0; i < size / sizeof **votes; i++)
        if (!isfinite((*votes)[i]) || (*votes)[i] < 0)
            return lode_fail(LODE_E_MESSAGE, "vote %zu is %g", i, (*votes)[i]);
    return LODE_OK;
}

/* Of an issue that concerns several components the strongest slot of all. */
static lode_status merge_event(const struct finding *f, const struct weigh_component *one,
                               struct weigh_event *event, struct lode_unpack *in)
{
    double *votes = NULL, high = 0.0;
    int64_t n_rows = 0;
    lode_try(unpack_votes(f, one, 1, in, &votes, &n_rows));
    if (n_rows == 0) return LODE_OK;
    for (int64_t l = 0; l < one->n_leaves; l++) high += one->shares[l] * votes[l];
    if (event->of && event->high >= high) return LODE_OK;
    event->of = one;
    event->high = high;
    event->votes = votes;
    return LODE_OK;
}

static lode_status unpack_hours(const struct finding *f, struct weigh_component *one,
                                struct lode_unpack *in)
{
    const struct model_component *about = &f->model->components[one->component];
    const int64_t first_ms = lode_store_component(f->run->store, one->stored)->first_ms;
    uint32_t n = 0;
    lode_try(lode_unpack_array(in, &n));
    if (n > hours_of(f, one, one->hour)) return lode_fail(LODE_E_MESSAGE, "%u hours", n);
    lode_try(lode_take(f->run->arena, n, &one->times_ms));
    for (uint32_t h = 0; h < n; h++) {
        int64_t slot = 0;
        lode_try(lode_unpack_i64(in, &slot));
        if (slot < 0 || slot >= about->n_slots)
            return lode_fail(LODE_E_MESSAGE, "slot %lld of %lld", (long long)slot,
                             (long long)about->n_slots);
        one->times_ms[h] = first_ms + slot * about->step_ms;
    }
    lode_try(unpack_votes(f, one, n, in, &one->votes, &one->n_hours));
    return one->n_hours == n ? LODE_OK : lode_fail(LODE_E_MESSAGE, "votes of %u hours", n);
}

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct finding *f = context;
    struct lode_unpack in = lode_unpack_begin(result, size);
    for (int64_t c = 0; c < f->votes->n_components; c++) {
        struct weigh_component *one = &f->votes->components[c];
        if (one->partition != f->partitions[task]) continue;
        for (int64_t e = 0; e < one->n_events; e++)
            lode_try(merge_event(f, one, &f->votes->events[one->events[e]], &in));
        lode_try(unpack_hours(f, one, &in));
    }
    return lode_unpack_end(&in);
}

static lode_status find_tasks(struct finding *f)
{
    const int64_t n = lode_store_partitions(f->run->store);
    int64_t *costs;
    lode_try(lode_take_zero(f->run->arena, n, &costs));
    lode_try(lode_take(f->run->arena, n, &f->partitions));
    lode_try(lode_take(f->run->arena, n, &f->costs));
    for (int64_t c = 0; c < f->votes->n_components; c++) {
        const struct weigh_component *one = &f->votes->components[c];
        costs[one->partition] += one->n_leaves * f->model->components[one->component].n_slots;
    }
    for (int64_t p = 0; p < n; p++) {
        if (costs[p] == 0) continue;
        f->costs[f->n_tasks] = costs[p];
        f->partitions[f->n_tasks++] = p;
    }
    return LODE_OK;
}

static lode_status run_stage(struct finding *f)
{
    struct lode_stage stage = {
        .leaf = "hierarchy.weigh", .title = "weighing counters", .cost_units = "scores"};
    struct lode_bytes *inputs = NULL;
    lode_status status = LODE_OK;
    lode_try(find_tasks(f));
    lode_try(lode_take_zero(f->run->arena, f->n_tasks, &inputs));
    lode_try_done(scan_pack_params(f->run->store, f->run->params, f->given, &stage.params));
    for (int64_t t = 0; t < f->n_tasks; t++)
        lode_try_done(pack_task(f, f->partitions[t], &inputs[t]));
    stage.n_tasks = f->n_tasks;
    stage.inputs = inputs;
    stage.keys = f->partitions;
    stage.costs = f->costs;
    lode_try_done(lode_map(f->run, &stage, merge, f));
done:
    for (int64_t t = 0; t < f->n_tasks; t++) lode_bytes_clear(&inputs[t]);
    lode_bytes_clear(&stage.params);
    return status;
}

lode_status weigh_votes_find(struct lode_run *run, const struct given *given,
                             const struct model *model, const double *members,
                             struct weigh_votes *votes)
{
    struct finding f = {run, given, model, members, votes, 0, NULL, NULL};
    lode_try(find_components(&f));
    lode_try(find_names(&f));
    lode_try(place_events(&f));
    find_hours(&f);
    return f.votes->n_components > 0 ? run_stage(&f) : LODE_OK;
}
