/* Crossing: see the header. */
#include "jobs/hierarchy/detection/crossing.h"

#include <math.h>
#include <string.h>

/* A series that is there already. */
struct source {
    struct slots slots;
    const double *e;
    bool is_cut;
};

struct combining {
    struct outcome *outcome;
    struct crossing *crossing;
    int64_t *place;             /* [model detectors] index into crossing; -1 */
    struct lode_arena *scratch; /* series of the members of the detector at hand */
};

static int64_t floor_slot(int64_t time_ms, int64_t step_ms)
{
    return time_ms >= 0 ? time_ms / step_ms : -((-time_ms - 1) / step_ms) - 1;
}

/* The series of a member; n 0: it has no new slots. */
static struct source source_of(const struct combining *c, int64_t detector)
{
    const struct planned *planned = c->outcome->planned;
    struct source source = {0};
    const int64_t home = planned->home[detector];
    if (home < 0) {
        const struct crossing_detector *of = &c->crossing->list[c->place[detector]];
        return (struct source){of->slots, of->e, of->is_cut};
    }
    if (planned->place[home] < 0) return source;
    const struct planned_component *of = &planned->list[planned->place[home]];
    source.e = of->series[planned->node[detector]];
    if (!source.e) return source;
    source.is_cut = of->is_cut;
    source.slots = (struct slots){of->plan.first_ms + of->first * of->plan.step_ms,
                                  of->plan.step_ms, of->n_slots};
    return source;
}

static lode_status find_slots(const struct combining *c, const struct model_detector *detector,
                              struct crossing_detector *of)
{
    const struct model_member *members =
        c->outcome->planning->model->members + detector->first_member;
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN, step_ms = 0;
    for (int64_t m = 0; m < detector->n_members; m++) {
        const struct source source = source_of(c, members[m].detector);
        const int64_t n = source.slots.n;
        if (n == 0) continue;
        of->is_cut = of->is_cut || source.is_cut;
        const int64_t last = source.slots.first_ms + (n - 1) * source.slots.step_ms;
        if (source.slots.step_ms > step_ms) step_ms = source.slots.step_ms;
        if (source.slots.first_ms < first_ms) first_ms = source.slots.first_ms;
        if (last > last_ms) last_ms = last;
    }
    if (step_ms == 0) return LODE_OK;
    return slots_make(floor_slot(first_ms, step_ms) * step_ms,
                      floor_slot(last_ms, step_ms) * step_ms, step_ms, &of->slots);
}

/* A member's E in the slots of the whole. */
static void place_source(const struct source *source, const struct slots *slots, double *placed)
{
    for (int64_t i = 0; i < slots->n; i++) placed[i] = 0.0;
    for (int64_t i = 0; i < source->slots.n; i++) {
        const int64_t time_ms = source->slots.first_ms + i * source->slots.step_ms;
        placed[(time_ms - slots->first_ms) / slots->step_ms] = source->e[i];
    }
}

/* The members of a detector as nodes of a plan, so that firings and contributions are computed as
 * inside a component. */
struct members {
    struct plan_component plan; /* nodes: members, then the detector */
    double **e;                 /* [n_nodes][slots.n] */
    double *scratch;            /* [2 n_members] */
};

/* Its leaves vote where they are, not again. */
static enum plan_kind kind_of(const struct model *model, const struct model_detector *detector)
{
    if (model_is_one_class(model, detector)) return PLAN_ONE_CLASS;
    return detector->role == MODEL_GROUP && model->options.combiner == HIERARCHY_LARGEST
               ? PLAN_LARGEST
               : PLAN_MEAN;
}

static lode_status place_members(const struct combining *c, int64_t detector,
                                 const struct slots *slots, struct members *members)
{
    const struct model *model = c->outcome->planning->model;
    struct lode_arena *arena = c->scratch;
    const struct model_detector *of = &model->detectors[detector];
    const int64_t n = of->n_members;
    struct plan_component *plan = &members->plan;
    *plan = (struct plan_component){.n_nodes = n + 1, .n_members = n, .vote = model->options.vote};
    lode_try(lode_take(arena, 2 * n, &members->scratch));
    lode_try(lode_take_zero(arena, n + 1, &plan->nodes));
    lode_try(lode_take(arena, n, &plan->members));
    lode_try(lode_take(arena, n + 1, &members->e));
    for (int64_t m = 0; m < n; m++) lode_try(lode_take(arena, slots->n, &members->e[m]));
    lode_try(lode_take(c->outcome->arena, slots->n, &members->e[n])); /* its own stays */
    for (int64_t m = 0; m < n; m++) {
        const struct model_member *member = &model->members[of->first_member + m];
        const struct source source = source_of(c, member->detector);
        plan->nodes[m].kind = PLAN_LEAF;
        plan->members[m] = (struct plan_member){m, member->weight};
        place_source(&source, slots, members->e[m]);
    }
    plan->nodes[n] = (struct plan_node){
        .kind = kind_of(model, of), .n_members = n, .sigma = of->sigma, .factor = of->factor};
    plan_combine(plan, n, slots->n, members->e, members->scratch);
    return LODE_OK;
}

/* --- what comes of it --- */

static lode_status add_firing(const struct combining *c, const struct crossing_detector *of,
                              const struct members *members, const struct firing *firing)
{
    struct outcome *o = c->outcome;
    const struct model *model = o->planning->model;
    const struct model_detector *detector = &model->detectors[of->detector];
    struct fired *fired;
    lode_try(outcome_fire(o, &fired));
    fired->level = of->level;
    fired->component = model->components[detector->component].name;
    fired->detector = detector->name;
    fired->start_ms = of->slots.first_ms + firing->first * of->slots.step_ms;
    fired->end_ms =
        firing->end < 0 ? INT64_MIN : of->slots.first_ms + firing->end * of->slots.step_ms;
    fired->peak_ms = of->slots.first_ms + firing->peak_slot * of->slots.step_ms;
    fired->change_ms = fired->start_ms;
    fired->peak = firing->peak;
    fired->n_leaves = members->plan.n_nodes - 1;
    fired->n_main = firing->n_main;
    fired->is_crossing = true;
    fired->is_cut = of->is_cut && firing->first == 0;
    lode_try(lode_take(o->arena, firing->n_top, &fired->top));
    for (int64_t i = 0; i < firing->n_top; i++) {
        const int64_t member =
            model->members[detector->first_member + firing->top[i].node].detector;
        fired->top[fired->n_top++] =
            (struct fired_contributor){model->components[model->detectors[member].component].name,
                                       model->detectors[member].name, firing->top[i].e};
    }
    return LODE_OK;
}

static lode_status explain(const struct combining *c, const struct members *members,
                           struct firing *firing)
{
    struct lode_arena *arena = c->outcome->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t n = members->plan.n_nodes;
    double *e, *contributions;
    struct contributor *order;
    lode_try(lode_take(arena, n, &e));
    lode_try(lode_take(arena, n, &contributions));
    lode_try(lode_take(arena, n, &order));
    for (int64_t i = 0; i < n; i++) e[i] = members->e[i][firing->peak_slot];
    plan_contributions(&members->plan, n - 1, e, members->scratch, contributions);
    firing_contributions(contributions, n, order, firing);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status find_firings(const struct combining *c, const struct crossing_detector *of,
                                const struct members *members)
{
    const double threshold = c->outcome->planning->levels->alerts[of->level];
    struct firing_state state = {0};
    if (isinf(threshold)) return LODE_OK;
    lode_try(lode_take(c->scratch, members->plan.n_nodes, &state.firing.top));
    for (int64_t i = 0; i < of->slots.n;) {
        bool is_peak = false;
        i = firing_scan(of->e, of->slots.n, i, 0, threshold, &state, &is_peak);
        if (is_peak) lode_try(explain(c, members, &state.firing));
        if (i < of->slots.n) lode_try(add_firing(c, of, members, &state.firing));
    }
    return state.is_open ? add_firing(c, of, members, &state.firing) : LODE_OK;
}

static int64_t slot_from(const struct slots *slots, int64_t time_ms)
{
    if (time_ms <= slots->first_ms) return 0;
    const int64_t slot = floor_slot(time_ms - slots->first_ms - 1, slots->step_ms) + 1;
    return slot < slots->n ? slot : slots->n;
}

static lode_status count_firings(const struct combining *c, const struct crossing_detector *of)
{
    struct outcome *o = c->outcome;
    const struct planning *planning = o->planning;
    const int64_t component = planning->model->detectors[of->detector].component;
    const int64_t n_labels = planning->labels->n;
    struct lode_arena *arena = o->arena;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct tally_series series = {.e = of->e, .n = of->slots.n};
    struct tally_place place = {0};
    uint8_t *is_inside;
    struct issue_slots *issues;
    int64_t **covers, *labels;
    if (o->n_thresholds == 0) return LODE_OK;
    lode_try(lode_take_zero(arena, of->slots.n, &is_inside));
    lode_try(lode_take(arena, n_labels, &issues));
    lode_try(lode_take(arena, n_labels, &covers));
    lode_try(lode_take(arena, n_labels, &labels));
    for (int64_t i = 0; i < n_labels; i++) {
        const struct label *label = &planning->labels->list[i];
        if (!planning_concerns(planning->model, label->component, component)) continue;
        const struct issue_slots slots = {slot_from(&of->slots, label->start_ms),
                                          slot_from(&of->slots, label->end_ms)};
        memset(is_inside + slots.first, 1, (size_t)(slots.end - slots.first));
        lode_try(lode_take_zero(arena, o->n_thresholds + 1, &covers[series.n_issues]));
        labels[series.n_issues] = i;
        issues[series.n_issues++] = slots;
    }
    series.is_inside = is_inside;
    series.issues = issues;
    tally_add(o->thresholds, o->n_thresholds, &series, &place, &o->tallies[of->level], covers);
    for (int64_t k = 0; k < series.n_issues; k++) {
        uint8_t *found =
            o->is_found + (labels[k] * planning->levels->n + of->level) * o->n_thresholds;
        thresholds_sum(covers[k], o->n_thresholds);
        for (int t = 0; t < o->n_thresholds; t++) found[t] |= covers[k][t] > 0;
    }
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

static lode_status combine_one(struct combining *c, int64_t detector)
{
    const struct model *model = c->outcome->planning->model;
    struct crossing_detector *of = &c->crossing->list[c->crossing->n];
    struct members members;
    *of = (struct crossing_detector){
        .detector = detector,
        .level = levels_of(c->outcome->planning->levels, &model->detectors[detector])};
    lode_try(find_slots(c, &model->detectors[detector], of));
    c->place[detector] = c->crossing->n++;
    if (of->slots.n == 0) return LODE_OK;
    lode_try(place_members(c, detector, &of->slots, &members));
    of->e = members.e[members.plan.n_nodes - 1];
    lode_try(find_firings(c, of, &members));
    lode_arena_reset(c->scratch);
    return count_firings(c, of);
}

lode_status crossing_combine(struct outcome *outcome, struct crossing *crossing)
{
    const struct model *model = outcome->planning->model;
    struct combining c = {.outcome = outcome, .crossing = crossing};
    int64_t n = 0;
    for (int64_t d = 0; d < model->n_detectors; d++) n += outcome->planned->home[d] < 0;
    *crossing = (struct crossing){0};
    lode_try(lode_take(outcome->arena, n, &crossing->list));
    lode_try(lode_take(outcome->arena, model->n_detectors, &c.place));
    lode_try(lode_arena_create(0, &c.scratch));
    lode_status status = LODE_OK;
    for (int64_t d = 0; d < model->n_detectors && !status; d++)
        if (outcome->planned->home[d] < 0) status = combine_one(&c, d);
    lode_arena_destroy(c.scratch);
    return status;
}
