/* Scoring: see the header. */
#include "jobs/hierarchy/detection/scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/store/counters.h"
#include "jobs/hierarchy/detectors/families.h"

/* Of the arena: a stretch takes at most one part, the rest is scratch of detectors. */
enum { STRETCH_PARTS = 4, LONGEST_STRETCH = 1 << 16, LOOK_BACK = 256 };
/* A counter that hardly moved in training: so much counts as one deviation at least. And values
 * beyond count as this, so that squares and sums of them are finite. */
static const double least_deviation = 1e-6, largest_value = 1e100;

/* First sample at or after a time. */
static int64_t sample_at(const struct scoring *s, int64_t time_ms)
{
    int64_t low = 0, high = s->about->n_times;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->times[middle] < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t slot_time(const struct scoring *s, int64_t slot)
{
    return s->slots.first_ms + slot * s->slots.step_ms;
}

static bool reads_counter(const struct plan_node *node)
{
    return node->kind == PLAN_LEAF || node->kind == PLAN_DEVIATION;
}

static int compare_numbers(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Which nodes' counters the component has. */
static lode_status find_counters(struct scoring *s)
{
    struct lode_arena *arena = s->task->arena;
    const int64_t n = s->about->n_counters;
    int64_t *sorted = NULL;
    lode_try(lode_take_zero(arena, s->plan->n_nodes, &s->is_there));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(lode_take(arena, n, &sorted));
    for (int64_t i = 0; i < n; i++) sorted[i] = s->about->counters[i];
    if (n > 1) qsort(sorted, (size_t)n, sizeof *sorted, compare_numbers);
    for (int64_t i = 0; i < s->plan->n_nodes && n > 0; i++)
        s->is_there[i] =
            reads_counter(&s->plan->nodes[i]) &&
            bsearch(&s->plan->nodes[i].counter, sorted, (size_t)n, sizeof *sorted, compare_numbers);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static double limited(double value)
{
    return fmin(fmax(value, -largest_value), largest_value);
}

/* Which of what is given the component has. */
static lode_status find_given(struct scoring *s)
{
    const struct given_component of = {.name = s->about->name,
                                       .step_ms = s->plan->step_ms,
                                       .counters = s->about->counters,
                                       .n_counters = s->about->n_counters};
    for (int64_t i = 0; i < s->plan->n_nodes; i++) {
        const struct plan_node *node = &s->plan->nodes[i];
        if (node->kind != PLAN_GIVEN) continue;
        if (node->given >= given_count(s->given))
            return lode_fail(LODE_E_MESSAGE, "rule or pattern %lld of %lld", (long long)node->given,
                             (long long)given_count(s->given));
        s->is_there[i] = given_fits(s->given, node->given, &of);
    }
    return LODE_OK;
}

/* Mean and deviation of a counter's samples of training. */
static lode_status measure_training(struct scoring *s, int64_t node)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n = sample_at(s, s->plan->trained_ms + 1);
    double *values = NULL;
    int64_t count = 0;
    lode_try(lode_counters_some_values(s->counters, s->block, s->plan->nodes[node].counter, 0, n,
                                       arena, &values));
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(values[i])) {
            values[count] = limited(values[i]);
            sum += values[count++];
        }
    s->mean[node] = count > 0 ? sum / (double)count : 0.0;
    for (int64_t i = 0; i < count; i++)
        squares += (values[i] - s->mean[node]) * (values[i] - s->mean[node]);
    s->deviation[node] = fmax(count > 0 ? sqrt(squares / (double)count) : 0.0, least_deviation);
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, n);
}

static lode_status measure_deviations(struct scoring *s)
{
    lode_try(lode_take_zero(s->task->arena, s->plan->n_nodes, &s->mean));
    lode_try(lode_take_zero(s->task->arena, s->plan->n_nodes, &s->deviation));
    for (int64_t i = 0; i < s->plan->n_nodes; i++)
        if (s->plan->nodes[i].kind == PLAN_DEVIATION && s->is_there[i])
            lode_try(measure_training(s, i));
    return LODE_OK;
}

static lode_status take_stretch(struct scoring *s)
{
    struct lode_arena *arena = s->task->arena;
    const int64_t n_nodes = s->plan->n_nodes;
    const size_t slot = (size_t)n_nodes * sizeof(double) + 1;
    const size_t fits = lode_arena_left(arena) / STRETCH_PARTS / slot;
    s->most = fits < LONGEST_STRETCH ? (int64_t)fits : LONGEST_STRETCH;
    if (s->most > s->end - s->first) s->most = s->end - s->first;
    if (s->most < 1)
        return lode_fail(LODE_E_MEMORY,
                         "component '%s': one slot of %lld detectors does not fit into the %zu "
                         "bytes that a task has left (more --memory, or fewer workers)",
                         s->about->name, (long long)n_nodes, lode_arena_left(arena));
    lode_try(lode_take_zero(arena, n_nodes, &s->e));
    lode_try(lode_take(arena, 2 * s->plan->n_members, &s->scratch));
    for (int64_t i = 0; i < n_nodes; i++) lode_try(lode_take(arena, s->most, &s->e[i]));
    return LODE_OK;
}

/* The first slot to be scored: from the seam on, and from that time on. */
static int64_t first_from(const struct scoring *s, int64_t from_ms)
{
    int64_t first = s->seam;
    if (from_ms != INT64_MIN && slots_of(&s->slots, from_ms) > first)
        first = slots_of(&s->slots, from_ms);
    while (first > s->seam && first < s->end && slot_time(s, first) < from_ms) first++;
    return first < s->end ? first : s->end;
}

lode_status scoring_begin(struct lode_task *task, struct lode_counters *counters,
                          const struct plan_component *plan, const struct given *given,
                          struct scoring *scoring)
{
    struct scoring s = {.task = task, .counters = counters, .plan = plan, .given = given};
    s.block = lode_counters_find(counters, plan->component);
    if (s.block < 0)
        return lode_fail(LODE_E_MESSAGE, "component %lld is not in the partition",
                         (long long)plan->component);
    s.about = lode_counters_block(counters, s.block);
    lode_try(slots_make(plan->first_ms, plan->last_ms, plan->step_ms, &s.slots));
    lode_try(lode_counters_times(counters, s.block, task->arena, &s.times));
    lode_try(find_counters(&s));
    lode_try(find_given(&s));
    const int64_t trained = slots_of(&s.slots, plan->trained_ms);
    int64_t sample = sample_at(&s, plan->trained_ms + 1);
    s.fresh = sample;
    lode_try(lode_take(task->arena, plan->n_nodes, &s.latest));
    for (int64_t i = 0; i < plan->n_nodes; i++) s.latest[i] = -1;
    while (sample < s.about->n_times && slots_of(&s.slots, s.times[sample]) <= trained) sample++;
    s.end = s.slots.n;
    s.seam = sample < s.about->n_times ? slots_of(&s.slots, s.times[sample]) : s.end;
    if (s.seam < 0) s.seam = 0;
    s.gap = trained < 0 || s.seam <= trained ? 0 : s.seam - trained - 1;
    s.first = first_from(&s, plan->from_ms);
    s.at = s.first;
    if (s.first < s.end) {
        lode_try(measure_deviations(&s));
        lode_try(take_stretch(&s));
    }
    *scoring = s;
    return LODE_OK;
}

lode_status scoring_look_back(struct scoring *s, int64_t counter, int64_t before, int64_t *sample,
                              double *value)
{
    struct lode_arena *arena = s->task->arena;
    *value = (double)NAN;
    *sample = -1;
    for (int64_t step = LOOK_BACK; before > 0 && isnan(*value); step *= 2) {
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        const int64_t n = before < step ? before : step;
        double *values = NULL;
        lode_try(lode_counters_some_values(s->counters, s->block, counter, before - n, n, arena,
                                           &values));
        before -= n;
        for (int64_t i = n - 1; i >= 0 && isnan(*value); i--) {
            *value = values[i];
            *sample = isnan(values[i]) ? -1 : before + i;
        }
        lode_arena_rewind(arena, mark);
    }
    return LODE_OK;
}

/* Values of slots [from, end) of a leaf's counter without gaps, as training had them. */
static lode_status load(struct scoring *s, int64_t node, int64_t from, int64_t end, double **filled)
{
    struct lode_arena *arena = s->task->arena;
    const int64_t counter = s->plan->nodes[node].counter;
    const struct slots some = {slot_time(s, from), s->slots.step_ms, end - from};
    const int64_t first = sample_at(s, slot_time(s, from - 1));
    const int64_t last = sample_at(s, slot_time(s, end));
    double *values = NULL, before = (double)NAN;
    int64_t sample = last;
    lode_try(lode_take(arena, some.n, filled));
    lode_try(lode_counters_some_values(s->counters, s->block, counter, first, last - first, arena,
                                       &values));
    slots_place(&some, s->times + first, values, last - first, *filled);
    while (--sample > s->latest[node] && sample >= first)
        if (!isnan(values[sample - first])) s->latest[node] = sample;
    if (isnan((*filled)[0])) {
        lode_try(scoring_look_back(s, counter, sample_at(s, some.first_ms), &sample, &before));
        (*filled)[0] = before;
    }
    detector_fill(*filled, some.n);
    return LODE_OK;
}

/* Slots [from, end) as a window sees them: the slots of training come right before the first new
 * one, without the gap between, in which nothing was measured. Slot numbers before the seam are
 * that much too high then; from >= s->gap. */
static lode_status load_window(struct scoring *s, int64_t node, int64_t from, int64_t end,
                               double **joined)
{
    struct lode_arena *arena = s->task->arena;
    const int64_t n_before = s->seam - from;
    double *before = NULL, *after = NULL;
    if (s->gap == 0 || n_before <= 0) return load(s, node, from, end, joined);
    lode_try(lode_take(arena, end - from, joined));
    lode_try(load(s, node, from - s->gap, s->seam - s->gap, &before));
    lode_try(load(s, node, s->seam, end, &after));
    memcpy(*joined, before, (size_t)n_before * sizeof *before);
    memcpy(*joined + n_before, after, (size_t)(end - s->seam) * sizeof *after);
    return LODE_OK;
}

static lode_status score_leaf(struct scoring *s, int64_t node)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct plan_node *leaf = &s->plan->nodes[node];
    const struct detector_kind *kind = detector_kinds[leaf->settings.kind];
    const int64_t reach = kind->reach(&leaf->settings);
    const int64_t from = s->at - reach > s->gap ? s->at - reach : s->gap;
    const int64_t n = s->at + s->n - from, skipped = s->at - from;
    double *values = NULL, *distance = NULL;
    lode_try(load_window(s, node, from, s->at + s->n, &values));
    lode_try(lode_take(arena, n, &distance));
    lode_try(kind->scan(&leaf->settings, values, n, arena, distance, NULL));
    for (int64_t i = 0; i < s->n; i++)
        s->e[node][i] = detector_e(leaf->sigma, distance[skipped + i]);
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, n);
}

static lode_status score_given(struct scoring *s, int64_t node)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct plan_node *leaf = &s->plan->nodes[node];
    const int64_t reach = given_reach(s->given, leaf->given, s->slots.step_ms);
    const int64_t from = s->at > reach ? s->at - reach : 0, end = s->at + s->n;
    const int64_t first = sample_at(s, slot_time(s, from - 1));
    const struct given_slots where = {.counters = s->counters,
                                      .block = s->block,
                                      .slots = {slot_time(s, from), s->slots.step_ms, end - from},
                                      .times = s->times,
                                      .first_sample = first,
                                      .n = sample_at(s, slot_time(s, end)) - first};
    double *distance = NULL;
    lode_try(lode_take(arena, end - from, &distance));
    lode_try(given_scan(s->given, leaf->given, &where, arena, distance));
    for (int64_t i = 0; i < s->n; i++)
        s->e[node][i] = detector_e(leaf->sigma, distance[s->at - from + i]);
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, end - from);
}

static lode_status score_deviation(struct scoring *s, int64_t node)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double *values = NULL;
    lode_try(load(s, node, s->at, s->at + s->n, &values));
    for (int64_t i = 0; i < s->n; i++)
        s->e[node][i] = fabs(limited(values[i]) - s->mean[node]) / s->deviation[node];
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, s->n);
}

static lode_status score_node(struct scoring *s, int64_t i)
{
    const struct plan_node *node = &s->plan->nodes[i];
    if (node->kind == PLAN_GIVEN && s->is_there[i]) return score_given(s, i);
    if (!reads_counter(node) && node->kind != PLAN_GIVEN) {
        plan_combine(s->plan, i, s->n, s->e, s->scratch);
        return lode_task_advance(s->task, s->n);
    }
    if (s->is_there[i] && node->kind == PLAN_DEVIATION) return score_deviation(s, i);
    if (s->is_there[i] && node->sigma > 0.0) return score_leaf(s, i);
    for (int64_t k = 0; k < s->n; k++) s->e[i][k] = 0.0;
    return LODE_OK;
}

lode_status scoring_next(struct scoring *s, bool *more)
{
    s->at += s->n;
    s->n = s->end - s->at < s->most ? s->end - s->at : s->most;
    *more = s->n > 0;
    for (int64_t i = 0; *more && i < s->plan->n_nodes; i++) lode_try(score_node(s, i));
    return LODE_OK;
}

/* A value as the node's detector sees it: for most families of hellinger what is negative is 0, and
 * a counter that is never above 0 never moves. */
static double as_seen(const struct plan_node *node, double value)
{
    const bool is_hellinger = node->settings.kind == detector_kind_find("hellinger");
    if (is_hellinger && node->settings.family != DETECTOR_GAUSSIAN) value = fmax(value, 0.0);
    return fmin(fmax(value, -FAMILY_LARGEST), FAMILY_LARGEST);
}

/* By more than rounding, as training has seen it: else it may have done so there, too. */
static bool has_moved(const struct plan_node *node, double before, double value)
{
    if (isnan(before)) return true;
    const double from = as_seen(node, before), to = as_seen(node, value);
    const double gap = to - from, largest = fmax(fabs(from), fabs(to));
    return gap * gap > FAMILY_ROUNDING * (largest * largest);
}

lode_status scoring_waking(struct scoring *s, int64_t node, struct waking *waking)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct plan_node *of = &s->plan->nodes[node];
    const int64_t counter = of->counter;
    const int64_t scored = sample_at(s, slot_time(s, s->first - 1) + 1);
    const int64_t first = scored > s->fresh ? scored : s->fresh;
    const int64_t n = s->about->n_times - first;
    int64_t sample = -1;
    double *values = NULL;
    *waking = (struct waking){0};
    if (!s->is_there[node]) return LODE_OK;
    lode_try(scoring_look_back(s, counter, s->fresh, &sample, &waking->before));
    lode_try(lode_counters_some_values(s->counters, s->block, counter, first, n, arena, &values));
    for (int64_t i = 0; i < n && !waking->is_awake; i++) {
        if (isnan(values[i]) || !has_moved(of, waking->before, values[i])) continue;
        if (slots_of(&s->slots, s->times[first + i]) < s->first) continue;
        waking->is_awake = true;
        waking->time_ms = s->times[first + i];
        waking->after = values[i];
    }
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, n);
}

lode_status scoring_change(struct scoring *s, int64_t node, int64_t i, int64_t *slot)
{
    struct lode_arena *arena = s->task->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct plan_node *leaf = &s->plan->nodes[node];
    const struct detector_kind *kind = detector_kinds[leaf->settings.kind];
    struct detector_settings settings = leaf->settings;
    const int64_t at = s->at + i, reach = kind->reach(&settings);
    double *values = NULL, *distance = NULL;
    int32_t *since = NULL;
    *slot = at;
    if (leaf->kind == PLAN_GIVEN && given_pattern(s->given, leaf->given) >= 0)
        *slot = at - given_reach(s->given, leaf->given, s->slots.step_ms);
    if (*slot < 0) *slot = 0; /* at a threshold of 0 a firing needs no match */
    if (leaf->kind != PLAN_LEAF || !s->is_there[node] || at - reach < s->gap) return LODE_OK;
    settings.splits = DETECTOR_SPLITS_MAX;
    settings.least_side = 1;
    lode_try(load_window(s, node, at - reach, at + 1, &values));
    lode_try(lode_take(arena, reach + 1, &distance));
    lode_try(lode_take_zero(arena, reach + 1, &since));
    lode_try(kind->scan(&settings, values, reach + 1, arena, distance, since));
    if (since[reach] > 0) *slot = at - reach + since[reach];
    if (*slot < s->seam) *slot -= s->gap;
    lode_arena_rewind(arena, mark);
    return lode_task_advance(s->task, reach);
}
