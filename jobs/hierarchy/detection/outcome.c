/* Outcome: see the header. */
#include "jobs/hierarchy/detection/outcome.h"

#include <stdlib.h>
#include <string.h>

lode_status outcome_begin(const struct planning *planning, struct planned *planned,
                          const double *thresholds, int n_thresholds, struct lode_arena *arena,
                          struct outcome *outcome)
{
    const int n_levels = planning->levels->n;
    struct outcome made = {.planning = planning,
                           .planned = planned,
                           .arena = arena,
                           .n_thresholds = n_thresholds,
                           .thresholds = thresholds};
    size_t cells = 0;
    lode_try(lode_mul_size((uint64_t)planning->labels->n, (size_t)n_levels * (size_t)n_thresholds,
                           &cells));
    lode_try(lode_take_zero(arena, cells, &made.is_found));
    lode_try(lode_take(arena, n_levels, &made.tallies));
    for (int level = 0; level < n_levels; level++) {
        lode_try(lode_take_zero(arena, n_thresholds + 1, &made.tallies[level].firings));
        lode_try(lode_take_zero(arena, n_thresholds + 1, &made.tallies[level].inside));
    }
    *outcome = made;
    return LODE_OK;
}

/* One more item at the end of a list; what was there is copied when the room is doubled. */
static lode_status grow(struct lode_arena *arena, size_t size, int64_t n, int64_t *room,
                        void **list)
{
    void *more;
    if (n < *room) return LODE_OK;
    const int64_t wanted = *room ? 2 * *room : 64;
    lode_try(lode_arena_take_zero(arena, (size_t)wanted, size, &more));
    if (n > 0) memcpy(more, *list, (size_t)n * size);
    *list = more;
    *room = wanted;
    return LODE_OK;
}

lode_status outcome_fire(struct outcome *o, struct fired **fired)
{
    lode_try(grow(o->arena, sizeof *o->fired, o->n_fired, &o->fired_room, (void **)&o->fired));
    *fired = &o->fired[o->n_fired++];
    **fired = (struct fired){0};
    return LODE_OK;
}

static int64_t slot_time(const struct planned_component *of, int64_t slot)
{
    return of->plan.first_ms + slot * of->plan.step_ms;
}

static lode_status add_firing(struct outcome *o, const struct planned_component *of,
                              const struct detected *record)
{
    const struct firing *firing = &record->firing;
    struct lode_unpack contributors = record->contributors;
    const struct model *model = o->planning->model;
    struct fired *fired;
    lode_try(outcome_fire(o, &fired));
    fired->level = of->plan.nodes[firing->node].level;
    fired->component = model->components[of->component].name;
    fired->detector = of->names[firing->node];
    fired->start_ms = slot_time(of, firing->first);
    fired->end_ms = firing->end < 0 ? INT64_MIN : slot_time(of, firing->end);
    fired->peak_ms = slot_time(of, firing->peak_slot);
    fired->change_ms = slot_time(of, firing->change_slot);
    fired->is_cut = of->is_cut && firing->first == of->first;
    fired->peak = firing->peak;
    for (int64_t i = 0; i < of->plan.n_nodes; i++)
        fired->n_leaves += of->plan.nodes[i].kind == PLAN_LEAF;
    fired->n_main = firing->n_main;
    lode_try(lode_take(o->arena, firing->n_top, &fired->top));
    while (fired->n_top < firing->n_top) {
        struct contributor one;
        lode_try(detected_contributor(&contributors, &one));
        fired->top[fired->n_top++] =
            (struct fired_contributor){fired->component, of->names[one.node], one.e};
    }
    return LODE_OK;
}

static lode_status add_series(struct outcome *o, struct planned_component *of,
                              const struct detected *record)
{
    double **series = &of->series[record->node];
    const int64_t at = record->first - of->first;
    if (at < 0 || record->n > of->n_slots - at)
        return lode_fail(LODE_E_MESSAGE, "a series of %lld slots from %lld of %lld",
                         (long long)record->n, (long long)at, (long long)of->n_slots);
    if (!*series) lode_try(lode_take_zero(o->arena, of->n_slots, series));
    memcpy(*series + at, record->numbers, (size_t)record->n * sizeof **series);
    return LODE_OK;
}

static lode_status add_unscored(struct outcome *o, const struct planned_component *of,
                                const char *counter, enum unscored_reason reason, int64_t since_ms)
{
    lode_try(grow(o->arena, sizeof *o->unscored, o->n_unscored, &o->unscored_room,
                  (void **)&o->unscored));
    o->unscored[o->n_unscored++] =
        (struct unscored){.component = o->planning->model->components[of->component].name,
                          .counter = counter,
                          .reason = reason,
                          .since_ms = since_ms,
                          .home = of->component,
                          .is_news = reason == UNSCORED_SILENT};
    return LODE_OK;
}

static const char *counter_of(const struct outcome *o, const struct planned_component *of,
                              int64_t node)
{
    const int64_t detector = of->detectors[node];
    return detector >= 0 ? o->planning->model->detectors[detector].counter : of->names[node];
}

/* How many leaves there are to watch the component; those that cannot are taken off later. */
static void add_slots(struct planned_component *of, const struct detected *record)
{
    of->first = record->first;
    of->n_slots = record->n;
    of->is_cut = record->is_cut != 0;
    for (int64_t i = 0; i < of->plan.n_nodes && record->n > 0; i++) {
        const struct plan_node *node = &of->plan.nodes[i];
        of->n_alive += plan_is_leaf(node) && node->sigma > 0.0;
        of->n_speaking += node->kind == PLAN_LEAF;
    }
    of->n_watched = of->n_alive;
}

static void take_off(struct planned_component *of, int64_t node)
{
    of->n_watched -= of->plan.nodes[node].sigma > 0.0;
    of->n_speaking -= of->plan.nodes[node].kind == PLAN_LEAF;
}

/* A leaf whose counter is not there, or silent; told once a counter, whatever the kinds of
 * detectors on it. */
static lode_status add_deaf(struct outcome *o, struct planned_component *of, int64_t node,
                            enum unscored_reason reason, int64_t since_ms)
{
    const char *counter = counter_of(o, of, node);
    take_off(of, node);
    if (node > 0 && strcmp(counter, counter_of(o, of, node - 1)) == 0) return LODE_OK;
    return add_unscored(o, of, counter, reason, since_ms);
}

static lode_status add_unknown(struct outcome *o, const struct planned_component *of,
                               int64_t counter)
{
    const struct lode_counter *about = lode_store_counter(o->planning->store, counter);
    if (!about) return lode_fail(LODE_E_MESSAGE, "counter %lld", (long long)counter);
    return add_unscored(o, of, about->name, UNSCORED_COUNTER_UNKNOWN, INT64_MIN);
}

static lode_status add_woken(struct outcome *o, const struct planned_component *of,
                             const struct detected *record)
{
    lode_try(grow(o->arena, sizeof *o->woken, o->n_woken, &o->woken_room, (void **)&o->woken));
    o->woken[o->n_woken++] =
        (struct woken){o->planning->model->components[of->component].name,
                       counter_of(o, of, record->node), of->component, record->waking};
    return LODE_OK;
}

static void add_tally(struct outcome *o, const struct detected *record)
{
    const struct tally *tally = &o->tallies[record->level];
    for (int i = 0; i <= o->n_thresholds; i++) {
        int64_t firings = 0, inside = 0;
        memcpy(&firings, record->firings + (size_t)i * sizeof firings, sizeof firings);
        memcpy(&inside, record->inside + (size_t)i * sizeof inside, sizeof inside);
        tally->firings[i] += firings;
        tally->inside[i] += inside;
    }
}

static void add_found(struct outcome *o, const struct planned_component *of,
                      const struct detected *record)
{
    const int64_t label = of->plan.issues[record->issue].label;
    uint8_t *found =
        o->is_found + (label * o->planning->levels->n + record->level) * o->n_thresholds;
    for (int i = 0; i < o->n_thresholds; i++) found[i] |= record->is_found[i];
}

static lode_status add_record(struct outcome *o, struct planned_component *of,
                              const struct detected *record)
{
    switch (record->kind) {
    case DETECTED_SLOTS:
        add_slots(of, record);
        return LODE_OK;
    case DETECTED_SERIES:
        return add_series(o, of, record);
    case DETECTED_FIRING:
        return add_firing(o, of, record);
    case DETECTED_WAKING:
        return add_woken(o, of, record);
    case DETECTED_COUNTER:
        return add_unknown(o, of, record->counter);
    case DETECTED_MISSING:
        return add_deaf(o, of, record->node, UNSCORED_COUNTER_GONE, INT64_MIN);
    case DETECTED_SILENT:
        return add_deaf(o, of, record->node, UNSCORED_SILENT, record->since_ms);
    case DETECTED_TALLY:
        add_tally(o, record);
        return LODE_OK;
    case DETECTED_FOUND:
        add_found(o, of, record);
        return LODE_OK;
    }
    return lode_fail(LODE_E_BUG, "record of kind %d", (int)record->kind);
}

lode_status outcome_add(struct outcome *o, int64_t first, int64_t n, const uint8_t *result,
                        size_t size)
{
    struct lode_unpack in = lode_unpack_begin(result, size);
    struct planned_component *of = NULL;
    int64_t seen = 0;
    while (in.at < in.end) {
        struct detected_limits limits = {.n_levels = o->planning->levels->n,
                                         .n_thresholds = o->n_thresholds};
        struct detected record;
        if (of) limits.n_nodes = of->plan.n_nodes;
        if (of) limits.n_issues = of->plan.n_issues;
        lode_try(detected_next(&in, &limits, &record));
        if (record.kind == DETECTED_SLOTS) of = seen < n ? &o->planned->list[first + seen] : NULL;
        seen += record.kind == DETECTED_SLOTS;
        if (!of)
            return lode_fail(LODE_E_MESSAGE, "a record of kind %d of no component",
                             (int)record.kind);
        lode_try(add_record(o, of, &record));
    }
    if (seen == n) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "results of %lld components, not %lld", (long long)seen,
                     (long long)n);
}

static int compare_fired(const void *left, const void *right)
{
    const struct fired *a = left, *b = right;
    if (a->level != b->level) return a->level < b->level ? -1 : 1;
    int order = strcmp(a->component, b->component);
    if (order == 0) order = strcmp(a->detector, b->detector);
    if (order != 0) return order;
    return (a->start_ms > b->start_ms) - (a->start_ms < b->start_ms);
}

void outcome_end(struct outcome *o)
{
    for (int level = 0; level < o->planning->levels->n; level++) {
        thresholds_sum(o->tallies[level].firings, o->n_thresholds);
        thresholds_sum(o->tallies[level].inside, o->n_thresholds);
    }
    if (o->n_fired > 1) qsort(o->fired, (size_t)o->n_fired, sizeof *o->fired, compare_fired);
}

static bool has_slot_range(const struct planned_component *of, int64_t time_ms)
{
    return of->n_slots > 0 && time_ms >= slot_time(of, of->first) &&
           time_ms <= slot_time(of, of->first + of->n_slots - 1);
}

bool outcome_counts(const struct outcome *o, const struct label *label)
{
    const struct model *model = o->planning->model;
    const int64_t own = o->planned->place[label->component];
    if (own >= 0) return has_slot_range(&o->planned->list[own], label->start_ms);
    if (model->components[label->component].step_ms > 0) return false; /* had no new slots */
    for (int64_t i = 0; i < o->planned->n; i++)
        if (planning_concerns(model, label->component, o->planned->list[i].component) &&
            has_slot_range(&o->planned->list[i], label->start_ms))
            return true;
    return false;
}
