/* Planning: see the header. */
#include "jobs/hierarchy/detection/planning.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/slots.h"

const char *const unscored_reason_names[] = {
    "no_new_slots", "component_gone", "component_unknown", "nearly_all_empty", "counter_unknown",
    "counter_gone", "silent"};

/* Components send samples late; so many times their step is no news. */
enum { LATE_SAMPLES = 2 };

/* --- relations of components --- */

static bool is_above(const struct model *model, int64_t above, int64_t below)
{
    /* at most n steps: a parent that leads in a circle ends, too */
    for (int64_t i = 0; below >= 0 && i <= model->n_components; i++) {
        if (below == above) return true;
        below = model->components[below].parent;
    }
    return false;
}

bool planning_concerns(const struct model *model, int64_t one, int64_t other)
{
    return is_above(model, one, other) || is_above(model, other, one);
}

static void find_homes(const struct model *model, int64_t *home)
{
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *detector = &model->detectors[d];
        const struct model_member *members = model->members + detector->first_member;
        home[d] = detector->role == MODEL_LEAF ? detector->component : home[members[0].detector];
        for (int64_t m = 0; detector->role != MODEL_LEAF && m < detector->n_members; m++)
            if (home[members[m].detector] != home[d]) home[d] = -1;
    }
}

/* --- one component --- */

struct builder {
    const struct planning *planning;
    const struct planned *planned;
    struct lode_arena *arena;
    struct planned_component *to;
    const int64_t *own;           /* [n_own] its detectors, ascending */
    int64_t n_own, n_leaves, end; /* end: node; -1: it has none */
    int64_t n_manual;             /* members of manual groups */
    const bool *is_crossed;       /* [model detectors] a detector of several components holds it */
};

static struct plan_node *add_node(struct builder *b, enum plan_kind kind, const char *name,
                                  int level, int64_t detector)
{
    struct plan_component *plan = &b->to->plan;
    struct plan_node *node = &plan->nodes[plan->n_nodes];
    b->to->names[plan->n_nodes] = name;
    b->to->detectors[plan->n_nodes++] = detector;
    *node = (struct plan_node){.kind = kind,
                               .level = level,
                               .is_kept = b->planning->levels->is_kept[level],
                               .alert = b->planning->levels->alerts[level],
                               .counter = -1,
                               .first_member = plan->n_members};
    return node;
}

static void add_member(struct builder *b, struct plan_node *node, int64_t member, double weight)
{
    struct plan_component *plan = &b->to->plan;
    plan->members[plan->n_members++] = (struct plan_member){member, weight};
    node->n_members++;
}

static const char *leaf_counter(const struct builder *b, int64_t node)
{
    return b->planning->model->detectors[b->to->detectors[node]].counter;
}

/* Dead whatever the kind of detector; told once a counter. */
static bool is_dead(const struct model *model, const int64_t *own, int64_t i, int64_t n)
{
    const char *counter = model->detectors[own[i]].counter;
    if (model->detectors[own[i]].state != MODEL_DEAD) return false;
    if (i > 0 && strcmp(model->detectors[own[i - 1]].counter, counter) == 0) return false;
    for (int64_t k = i; k < n && strcmp(model->detectors[own[k]].counter, counter) == 0; k++)
        if (model->detectors[own[k]].state != MODEL_DEAD) return false;
    return true;
}

static enum plan_kind plan_kind_of(const struct model *model, const struct model_detector *detector)
{
    if (model->options.combiner == HIERARCHY_VOTES) return PLAN_VOTES;
    if (model_is_one_class(model, detector)) return PLAN_ONE_CLASS;
    return detector->role == MODEL_GROUP && model->options.combiner == HIERARCHY_LARGEST
               ? PLAN_LARGEST
               : PLAN_MEAN;
}

static void add_detectors(struct builder *b)
{
    const struct model *model = b->planning->model;
    for (int64_t i = 0; i < b->n_own; i++) {
        const struct model_detector *detector = &model->detectors[b->own[i]];
        const bool is_leaf = detector->role == MODEL_LEAF;
        const enum plan_kind kind = model_is_given(detector) ? PLAN_GIVEN
                                    : is_leaf                ? PLAN_LEAF
                                                             : plan_kind_of(model, detector);
        struct plan_node *node =
            add_node(b, kind, detector->name, levels_of(b->planning->levels, detector), b->own[i]);
        node->is_kept = node->is_kept || b->is_crossed[b->own[i]];
        node->sigma = detector->sigma;
        node->factor = detector->factor;
        if (is_leaf) {
            if (detector->rule)
                node->given = detector->rule - model->options.rules;
            else if (detector->pattern)
                node->given =
                    model->options.n_rules + (detector->pattern - model->options.patterns);
            else
                node->counter = lode_store_find_counter(b->planning->store, detector->counter);
            node->settings = detector->settings;
            node->is_dead = is_dead(model, b->own, i, b->n_leaves);
        }
        for (int64_t m = 0; !is_leaf && m < detector->n_members; m++) {
            const struct model_member *member = &model->members[detector->first_member + m];
            add_member(b, node, b->planned->node[member->detector], member->weight);
        }
        if (detector->role == MODEL_END) b->end = i;
    }
}

static void add_manual(struct builder *b, int level)
{
    const struct manual_groups *manual = b->planning->manual;
    const char *component = b->planning->model->components[b->to->component].name;
    for (int64_t g = 0; g < manual->n_groups; g++) {
        struct plan_node *node = NULL;
        for (int64_t i = 0; i < b->n_leaves; i++) {
            if (!manual_groups_has(manual, g, component, leaf_counter(b, i))) continue;
            if (!node) node = add_node(b, PLAN_MEAN, manual->groups[g], level, -1);
            add_member(b, node, i, 1.0);
        }
    }
}

/* Of what the end is made of; among votes, of groups alone. */
static void add_largest(struct builder *b)
{
    struct plan_component *plan = &b->to->plan;
    const struct plan_node *end = &plan->nodes[b->end];
    struct plan_node *largest = NULL;
    for (int64_t m = 0; m < end->n_members; m++) {
        const int64_t member = plan->members[end->first_member + m].node;
        if (end->kind == PLAN_VOTES && plan_is_leaf(&plan->nodes[member])) continue;
        if (!largest)
            largest = add_node(b, PLAN_LARGEST, "high_max",
                               levels_find(b->planning->levels, "high_max"), -1);
        add_member(b, largest, member, 1.0);
    }
}

/* The plain mean of the votes of all counters' leaves that live. */
static void add_flat(struct builder *b)
{
    struct plan_node *flat = NULL;
    for (int64_t i = 0; i < b->n_leaves; i++) {
        if (!(b->to->plan.nodes[i].sigma > 0.0) || b->to->plan.nodes[i].kind == PLAN_GIVEN)
            continue;
        if (!flat)
            flat = add_node(b, PLAN_VOTES, "flat", levels_find(b->planning->levels, "flat"), -1);
        add_member(b, flat, i, 1.0);
    }
}

static void add_comparisons(struct builder *b)
{
    const struct levels *levels = b->planning->levels;
    struct plan_component *plan = &b->to->plan;
    const int manual = levels_find(levels, "manual");
    const int thresholds = levels_find(levels, "counter_thresholds");
    if (b->end >= 0) add_largest(b);
    if (levels_find(levels, "flat") >= 0) add_flat(b);
    if (b->n_leaves > 0) {
        struct plan_node *mean = add_node(b, PLAN_MEAN, "mean", levels_find(levels, "mean"), -1);
        for (int64_t i = 0; i < b->n_leaves; i++)
            if (plan->nodes[i].kind == PLAN_LEAF) add_member(b, mean, i, 1.0);
    }
    if (manual >= 0) add_manual(b, manual);
    for (int64_t i = 0; thresholds >= 0 && i < b->n_leaves; i++) {
        if (plan->nodes[i].kind == PLAN_GIVEN) continue;
        if (i > 0 && strcmp(leaf_counter(b, i), leaf_counter(b, i - 1)) == 0) continue;
        struct plan_node *node = add_node(b, PLAN_DEVIATION, leaf_counter(b, i), thresholds, -1);
        node->counter = plan->nodes[i].counter;
    }
}

static lode_status add_issues(struct builder *b)
{
    const struct labels *labels = b->planning->labels;
    struct plan_component *plan = &b->to->plan;
    int64_t n = 0;
    for (int64_t pass = 0; pass < 2; pass++) {
        if (pass == 1) lode_try(lode_take(b->arena, n, &plan->issues));
        for (int64_t i = 0; i < labels->n; i++) {
            const struct label *label = &labels->list[i];
            if (!planning_concerns(b->planning->model, label->component, b->to->component))
                continue;
            if (pass == 0)
                n++;
            else
                plan->issues[plan->n_issues++] =
                    (struct plan_issue){label->start_ms, label->end_ms, i};
        }
    }
    return LODE_OK;
}

/* Room for all nodes and members, counted before: the model's, and those for comparison. */
static lode_status take_room(struct builder *b)
{
    const struct model *model = b->planning->model;
    struct plan_component *plan = &b->to->plan;
    int64_t nodes = b->n_own + b->n_leaves + b->planning->manual->n_groups + 3;
    int64_t members = b->n_leaves * (2 + b->planning->manual->n_groups);
    for (int64_t i = 0; i < b->n_own; i++) {
        const struct model_detector *detector = &model->detectors[b->own[i]];
        if (detector->role != MODEL_LEAF)
            members += detector->n_members * (detector->role == MODEL_END ? 2 : 1);
    }
    lode_try(lode_take(b->arena, nodes, &plan->nodes));
    lode_try(lode_take(b->arena, nodes, &b->to->detectors));
    lode_try(lode_take(b->arena, nodes, &b->to->names));
    lode_try(lode_take_zero(b->arena, nodes, &b->to->series));
    return lode_take(b->arena, members, &plan->members);
}

static lode_status build(struct builder *b)
{
    const struct planning *planning = b->planning;
    const struct model_component *known = &planning->model->components[b->to->component];
    const struct lode_component *about =
        lode_store_component(planning->store, b->to->plan.component);
    struct plan_component *plan = &b->to->plan;
    plan->first_ms = about->first_ms <= known->last_ms ? about->first_ms : known->last_ms;
    plan->step_ms = known->step_ms;
    plan->trained_ms = known->last_ms;
    plan->last_ms = about->last_ms;
    plan->from_ms = b->planned->from_ms;
    plan->vote = planning->model->options.vote;
    b->end = -1;
    for (int64_t i = 0; i < b->n_own; i++)
        b->n_leaves += planning->model->detectors[b->own[i]].role == MODEL_LEAF;
    lode_try(take_room(b));
    add_detectors(b);
    add_comparisons(b);
    return add_issues(b);
}

/* --- all of them --- */

static void add_unscored(struct planned *planned, const char *component, int64_t home,
                         enum unscored_reason reason, int64_t since_ms)
{
    planned->unscored[planned->n_unscored++] = (struct unscored){.component = component,
                                                                 .counter = "",
                                                                 .reason = reason,
                                                                 .since_ms = since_ms,
                                                                 .home = home};
}

static int compare_unscored(const void *left, const void *right)
{
    const struct unscored *a = left, *b = right;
    const int order = strcmp(a->component, b->component);
    return order ? order : (int)a->reason - (int)b->reason;
}

static int compare_planned(const void *left, const void *right)
{
    const struct planned_component *a = left, *b = right;
    if (a->partition != b->partition) return a->partition < b->partition ? -1 : 1;
    return (a->component > b->component) - (a->component < b->component);
}

/* The model's component of a name; -1: it has none. */
static int64_t find_known(const struct model *model, const char *name)
{
    int64_t low = 0, high = model->n_components;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(model->components[middle].name, name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* From the first slot of training on, in steps of the model's. */
static bool is_hollow(const struct lode_component *about, const struct model_component *known)
{
    struct lode_component counted = *about;
    counted.step_ms = known->step_ms;
    if (known->last_ms < counted.first_ms) counted.first_ms = known->last_ms;
    return slots_are_hollow(&counted);
}

static int64_t last_sample(const struct planning *planning, const struct planned_component *of)
{
    return lode_store_component(planning->store, of->plan.component)->last_ms;
}

/* From where on slots are scored; components that have none there have no new slots. */
static void find_newest(const struct planning *planning, struct planned *planned)
{
    int64_t n = 0;
    planned->newest_ms = planned->from_ms = INT64_MIN;
    for (int64_t i = 0; i < planned->n; i++) {
        const int64_t last_ms = last_sample(planning, &planned->list[i]);
        if (last_ms > planned->newest_ms) planned->newest_ms = last_ms;
    }
    if (planning->newest_ms == 0 || planned->n == 0) return;
    planned->from_ms = planned->newest_ms - planning->newest_ms + 1;
    for (int64_t i = 0; i < planned->n; i++) {
        const struct planned_component *of = &planned->list[i];
        const int64_t last_ms = last_sample(planning, of);
        if (last_ms >= planned->from_ms)
            planned->list[n++] = *of;
        else
            add_unscored(planned, planning->model->components[of->component].name, of->component,
                         UNSCORED_NO_SLOTS, last_ms);
    }
    planned->n = n;
}

/* Components that have fallen silent: they have samples, but none in a window of theirs before the
 * newest sample of all. What they have is scored, but nobody knows how they are now. One that sent
 * nothing new at all is told from the third sample on that it misses. */
static void find_silent(const struct planning *planning, struct planned *planned)
{
    const struct model *model = planning->model;
    for (int64_t i = 0; i < planned->n; i++) {
        struct planned_component *of = &planned->list[i];
        const struct model_component *known = &model->components[of->component];
        const int64_t last_ms = last_sample(planning, of);
        const int64_t window =
            hierarchy_settings(&model->options, model->options.kinds[0], known->step_ms).window;
        of->is_silent = planned->newest_ms - last_ms > window * known->step_ms;
        if (of->is_silent)
            add_unscored(planned, known->name, of->component, UNSCORED_SILENT, last_ms);
    }
    for (int64_t i = 0; i < planned->n_unscored; i++) {
        struct unscored *of = &planned->unscored[i];
        const bool is_late =
            of->reason == UNSCORED_NO_SLOTS && planned->n > 0 &&
            (planned->newest_ms - of->since_ms) / model->components[of->home].step_ms >
                LATE_SAMPLES;
        of->is_news = is_late || of->reason == UNSCORED_SILENT;
    }
}

/* Which components are scored, in order; and those that are not. */
static lode_status choose(const struct planning *planning, struct lode_arena *arena,
                          struct planned *planned)
{
    const struct model *model = planning->model;
    const int64_t n_staged = lode_store_components(planning->store);
    lode_try(lode_take_zero(arena, model->n_components, &planned->list));
    lode_try(lode_take(arena, model->n_components + n_staged, &planned->unscored)); /* once each */
    for (int64_t c = 0; c < model->n_components; c++) {
        const struct model_component *known = &model->components[c];
        if (known->step_ms == 0) continue;
        const int64_t staged = lode_store_find_component(planning->store, known->name);
        const struct lode_component *about =
            staged >= 0 ? lode_store_component(planning->store, staged) : NULL;
        if (!about || about->partition < 0) {
            add_unscored(planned, known->name, c, UNSCORED_COMPONENT_GONE, INT64_MIN);
        } else if (about->last_ms <= known->last_ms) {
            add_unscored(planned, known->name, c, UNSCORED_NO_SLOTS, about->last_ms);
        } else if (is_hollow(about, known)) {
            add_unscored(planned, known->name, c, UNSCORED_HOLLOW, INT64_MIN);
        } else {
            struct planned_component *one = &planned->list[planned->n++];
            one->component = c;
            one->partition = about->partition;
            one->plan.component = staged;
        }
    }
    for (int64_t c = 0; c < n_staged; c++) {
        const struct lode_component *about = lode_store_component(planning->store, c);
        const int64_t home = about->partition >= 0 ? find_known(model, about->name) : -1;
        if (about->partition >= 0 && (home < 0 || model->components[home].step_ms == 0))
            add_unscored(planned, about->name, home, UNSCORED_COMPONENT_UNKNOWN, INT64_MIN);
    }
    find_newest(planning, planned);
    find_silent(planning, planned);
    if (planned->n > 1)
        qsort(planned->list, (size_t)planned->n, sizeof *planned->list, compare_planned);
    if (planned->n_unscored > 1)
        qsort(planned->unscored, (size_t)planned->n_unscored, sizeof *planned->unscored,
              compare_unscored);
    return LODE_OK;
}

/* Detectors by home, ascending in each: own[first[c] .. first[c + 1]). */
static lode_status sort_by_home(const struct model *model, struct planned *planned,
                                struct lode_arena *arena, int64_t **first, int64_t **own)
{
    int64_t *next;
    lode_try(lode_take_zero(arena, model->n_components + 1, first));
    lode_try(lode_take(arena, model->n_components + 1, &next));
    lode_try(lode_take(arena, model->n_detectors, own));
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (planned->home[d] >= 0) (*first)[planned->home[d] + 1]++;
    for (int64_t c = 0; c < model->n_components; c++) (*first)[c + 1] += (*first)[c];
    memcpy(next, *first, (size_t)(model->n_components + 1) * sizeof *next);
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const int64_t home = planned->home[d];
        if (home < 0) continue;
        planned->node[d] = next[home] - (*first)[home];
        (*own)[next[home]++] = d;
    }
    return LODE_OK;
}

/* Which detectors are members of one that has no home. */
static lode_status find_crossed(const struct model *model, const struct planned *planned,
                                struct lode_arena *arena, bool **is_crossed)
{
    lode_try(lode_take_zero(arena, model->n_detectors, is_crossed));
    for (int64_t d = 0; d < model->n_detectors; d++)
        for (int64_t m = 0; planned->home[d] < 0 && m < model->detectors[d].n_members; m++)
            (*is_crossed)[model->members[model->detectors[d].first_member + m].detector] = true;
    return LODE_OK;
}

lode_status planning_make(const struct planning *planning, struct lode_arena *arena,
                          struct planned *planned)
{
    const struct model *model = planning->model;
    struct planned made = {0};
    int64_t *first, *own;
    bool *is_crossed;
    lode_try(choose(planning, arena, &made));
    lode_try(lode_take(arena, model->n_detectors, &made.home));
    lode_try(lode_take_zero(arena, model->n_detectors, &made.node));
    lode_try(lode_take(arena, model->n_components, &made.place));
    for (int64_t c = 0; c < model->n_components; c++) made.place[c] = -1;
    find_homes(model, made.home);
    lode_try(sort_by_home(model, &made, arena, &first, &own));
    lode_try(find_crossed(model, &made, arena, &is_crossed));
    for (int64_t i = 0; i < made.n; i++) {
        const int64_t c = made.list[i].component;
        struct builder b = {.planning = planning,
                            .planned = &made,
                            .arena = arena,
                            .to = &made.list[i],
                            .own = own + first[c],
                            .n_own = first[c + 1] - first[c],
                            .is_crossed = is_crossed};
        lode_try(build(&b));
        made.place[c] = i;
    }
    *planned = made;
    return LODE_OK;
}
