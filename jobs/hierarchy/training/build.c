/* Build: see the header. */
#include "jobs/hierarchy/training/build.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/training/partitions.h"
#include "jobs/hierarchy/training/scope.h"

struct named {
    const char *name;
    int64_t component;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct named *)left)->name, ((const struct named *)right)->name);
}

static lode_status add_components(struct build *build)
{
    const struct lode_store *store = build->run->store;
    struct lode_arena *arena = build->run->arena;
    const int64_t n = lode_store_components(store);
    struct named *sorted = NULL;
    lode_try(lode_take(arena, n, &sorted));
    lode_try(lode_take(arena, n, &build->store_of));
    lode_try(lode_take(arena, n, &build->component_of));
    lode_try(lode_take(arena, n, &build->model.components));
    lode_try(lode_take_zero(arena, n, &build->leaves));
    lode_try(lode_take_zero(arena, n, &build->groups));
    for (int64_t i = 0; i < n; i++)
        sorted[i] = (struct named){lode_store_component(store, i)->name, i};
    if (n > 0) qsort(sorted, (size_t)n, sizeof *sorted, compare_names);
    for (int64_t i = 0; i < n; i++) build->component_of[sorted[i].component] = i;
    for (int64_t i = 0; i < n; i++) {
        const struct lode_component *one = lode_store_component(store, sorted[i].component);
        const bool has_samples = one->partition >= 0 && one->n_times > 0;
        build->store_of[i] = sorted[i].component;
        build->model.components[i] = (struct model_component){
            .name = one->name,
            .parent = one->parent >= 0 ? build->component_of[one->parent] : -1,
            .last_ms = has_samples ? one->last_ms : INT64_MIN,
            .step_ms = partitions_can_use(one, &build->model.options) ? one->step_ms : 0};
    }
    build->model.n_components = n;
    return LODE_OK;
}

lode_status build_begin(struct build *build, struct lode_run *run,
                        const struct hierarchy_options *options)
{
    *build = (struct build){.run = run, .model = {.options = *options}};
    lode_try(lode_arena_create(0, &build->scratch));
    lode_try(lode_take_zero(run->arena, options->max_levels, &build->levels));
    return add_components(build);
}

void build_clear(struct build *build)
{
    lode_bytes_clear(&build->detectors);
    lode_bytes_clear(&build->members);
    lode_bytes_clear(&build->edges);
    lode_arena_destroy(build->scratch);
}

int64_t build_detectors(const struct build *build)
{
    return (int64_t)(build->detectors.size / sizeof(struct model_detector));
}

struct model_detector *build_detector(const struct build *build, int64_t detector)
{
    return (struct model_detector *)(void *)build->detectors.data + detector;
}

const struct model_member *build_members(const struct build *build, int64_t first)
{
    return (const struct model_member *)(const void *)build->members.data + first;
}

struct tree_level *build_level(struct build *build, int64_t level)
{
    return &build->levels[level - 1];
}

lode_status build_add_detector(struct build *build, const struct model_detector *detector)
{
    struct build_span *span = detector->role == MODEL_LEAF ? &build->leaves[detector->component]
                              : detector->role == MODEL_GROUP && detector->level == 1
                                  ? &build->groups[detector->component]
                                  : NULL;
    if (span && span->n++ == 0) span->first = build_detectors(build);
    return lode_bytes_append(&build->detectors, detector, sizeof *detector);
}

lode_status build_name_leaf(struct build *build, const char *counter, const char *kind,
                            const char **name)
{
    struct lode_bytes text = {0};
    char *copy = NULL;
    *name = counter;
    if (!kind) return LODE_OK;
    lode_status status = lode_bytes_printf(&text, "%s:%s", counter, kind);
    if (!status)
        status = lode_arena_text(build->run->arena, (const char *)text.data, text.size, &copy);
    lode_bytes_clear(&text);
    *name = copy;
    return status;
}

/* --- groups --- */

static double weight_of(const struct build *build, int64_t detector)
{
    const struct model_detector *member = build_detector(build, detector);
    return build->model.options.combiner == HIERARCHY_WEIGHTED && member->role == MODEL_LEAF
               ? member->weight
               : 1.0;
}

/* Severity of a detector that holds others: the largest of theirs. */
static lode_status add_member(struct build *build, struct model_detector *holder, int64_t detector,
                              double weight)
{
    const struct model_member member = {detector, weight};
    const struct model_detector *held = build_detector(build, detector);
    if (held->severity > holder->severity) holder->severity = held->severity;
    if (held->level >= holder->level) holder->level = held->level + 1;
    holder->n_members++;
    return lode_bytes_append(&build->members, &member, sizeof member);
}

/* A detector without members yet, which come next. */
static struct model_detector begin_holder(const struct build *build, enum model_role role,
                                          int32_t component, const char *name)
{
    return (struct model_detector){
        .role = role,
        .component = component,
        .name = name,
        .state = MODEL_TOP,
        .weight = 1.0,
        .exemplar = -1,
        .first_member = (int64_t)(build->members.size / sizeof(struct model_member))};
}

/* What is found in a scope. */
struct found {
    struct scope_edges edges;
    struct hints hints; /* of level 1 */
    struct groups groups;
    const double *shares; /* of edges.graph; NULL: not asked for */
};

/* As operators named it, else by its number. */
static lode_status name_group(const struct build *build, const struct found *found, int64_t group,
                              const char **name)
{
    const struct groups *groups = &found->groups;
    const int32_t *given = found->hints.given;
    const int32_t first = groups->members[groups->begin[group]];
    char text[32], *copy = NULL;
    if (given && given[first] >= 0) {
        *name = found->hints.names[given[first]];
        return LODE_OK;
    }
    const int length = snprintf(text, sizeof text, "group-%lld", (long long)group + 1);
    lode_try(lode_arena_text(build->run->arena, text, (size_t)length, &copy));
    *name = copy;
    return LODE_OK;
}

static lode_status add_group(struct build *build, const struct build_scope *scope,
                             const struct found *found, int64_t group)
{
    const struct groups *groups = &found->groups;
    const char *name = NULL;
    lode_try(name_group(build, found, group, &name));
    struct model_detector made = begin_holder(build, MODEL_GROUP, scope->component, name);
    made.exemplar = scope->items[groups->exemplar[group]];
    for (int64_t i = groups->begin[group]; i < groups->begin[group + 1]; i++) {
        const int64_t item = scope->items[groups->members[i]];
        lode_try(add_member(build, &made, item, weight_of(build, item)));
        build_detector(build, item)->state = MODEL_USED;
    }
    made.level = scope->level;
    return build_add_detector(build, &made);
}

/* Share of bootstraps that join two items: in the row of one, which is ascending. */
static double share_of(const struct found *found, const struct neighbourhood_edge *edge)
{
    const struct affinity_graph *graph = &found->edges.graph;
    if (!found->shares) return (double)NAN;
    for (int64_t i = graph->begin[edge->target]; i < graph->begin[edge->target + 1]; i++)
        if (graph->to[i] == edge->source) return found->shares[i];
    return 0.0; /* one direction where both are needed */
}

static lode_status add_edges(struct build *build, const struct build_scope *scope,
                             const struct found *found)
{
    const struct neighbourhoods *fit = &found->edges.fit;
    for (int64_t i = 0; i < fit->n_edges; i++) {
        const struct neighbourhood_edge *one = &fit->edges[i];
        const struct tree_edge edge = {.target = scope->items[one->target],
                                       .source = scope->items[one->source],
                                       .level = scope->level,
                                       .scope = scope->component,
                                       .lambda = fit->lambda[one->target],
                                       .coefficient = one->coefficient,
                                       .stability = share_of(found, one)};
        lode_try(lode_bytes_append(&build->edges, &edge, sizeof edge));
    }
    return LODE_OK;
}

static void count_scope(struct tree_level *level, const struct found *found)
{
    level->scopes++;
    level->edges += found->edges.fit.n_edges;
    level->groups += found->groups.n_groups;
    level->members += found->groups.begin[found->groups.n_groups];
    level->not_converged += !found->groups.clustering.is_converged;
    for (int64_t i = 0; i < found->groups.n_items; i++) {
        level->isolated += found->groups.fate[i] == GROUP_ISOLATED;
        level->alone += found->groups.fate[i] == GROUP_ALONE;
    }
}

static lode_status find_shares(const struct build *build, const struct build_scope *scope,
                               struct found *found)
{
    const struct hierarchy_options *options = &build->model.options;
    const int64_t n = found->edges.graph.begin[scope->n];
    double *shares = NULL;
    found->shares = scope->shares;
    if (scope->shares && scope->n_shares != n)
        return lode_fail(LODE_E_MESSAGE, "%lld shares of %lld edges", (long long)scope->n_shares,
                         (long long)n);
    if (!scope->series || options->replicates == 0) return LODE_OK;
    lode_try(scope_stability(&found->edges, scope->series, scope->n_slots, scope->step_ms, options,
                             build->scratch, &shares));
    found->shares = shares;
    return LODE_OK;
}

static lode_status find_hints(const struct build *build, const struct build_scope *scope,
                              struct hints *hints)
{
    struct lode_arena *arena = build->run->arena;
    const char **leaves;
    lode_try(lode_take(arena, scope->n, &leaves));
    for (int64_t i = 0; i < scope->n; i++)
        leaves[i] = build_detector(build, scope->items[i])->counter;
    return hints_find(&build->model.options, build->model.components[scope->component].name, leaves,
                      scope->n, arena, hints);
}

static lode_status find_groups(const struct build *build, const struct build_scope *scope,
                               struct found *found)
{
    const struct hierarchy_options *options = &build->model.options;
    lode_try(scope_join(scope->gram, scope->n, options, build->run, build->scratch, &found->edges));
    lode_try(find_shares(build, scope, found));
    if (scope->level > 1)
        return scope_cluster(&found->edges, options, NULL, build->scratch, &found->groups);
    lode_try(find_hints(build, scope, &found->hints));
    return scope_cluster(&found->edges, options, &found->hints, build->scratch, &found->groups);
}

lode_status build_scope_groups(struct build *build, const struct build_scope *scope)
{
    const struct lode_arena_mark mark = lode_arena_mark(build->scratch);
    struct found found = {0};
    if (scope->n == 0) return LODE_OK;
    const lode_status status = find_groups(build, scope, &found);
    if (status)
        return lode_note(status, "level %d of '%s'", scope->level,
                         build->model.components[scope->component].name);
    for (int64_t i = 0; i < scope->n; i++) {
        struct model_detector *item = build_detector(build, scope->items[i]);
        if (found.groups.fate[i] == GROUP_ISOLATED) item->state = MODEL_ISOLATED;
        if (found.groups.fate[i] == GROUP_ALONE) item->state = MODEL_ALONE;
    }
    lode_try(add_edges(build, scope, &found));
    for (int64_t g = 0; g < found.groups.n_groups; g++)
        lode_try(add_group(build, scope, &found, g));
    count_scope(build_level(build, scope->level), &found);
    if (found.groups.n_groups > 0 && scope->level > build->highest) build->highest = scope->level;
    lode_arena_rewind(build->scratch, mark);
    return LODE_OK;
}

/* --- ends and wholes --- */

/* Over its groups of level 1; without any, over its leaves with a sigma; with votes over both.
 * What is given counts through groups alone: by itself it fires, and mostly it does not. Ends and
 * wholes are beside the tree: of a detector that is in no group, why stays told. */
static lode_status add_end(struct build *build, int64_t component)
{
    struct model_detector end = begin_holder(build, MODEL_END, (int32_t)component, "end");
    const struct build_span groups = build->groups[component], leaves = build->leaves[component];
    const bool votes = build->model.options.combiner == HIERARCHY_VOTES;
    for (int64_t g = 0; g < groups.n; g++) {
        const double size = (double)build_detector(build, groups.first + g)->n_members;
        lode_try(add_member(build, &end, groups.first + g, votes ? sqrt(size) : 1.0));
    }
    for (int64_t i = 0; i < leaves.n && (groups.n == 0 || votes); i++) {
        const struct model_detector *leaf = build_detector(build, leaves.first + i);
        if (leaf->sigma > 0 && leaf->state != MODEL_USED && !model_is_given(leaf))
            lode_try(add_member(build, &end, leaves.first + i, 1.0));
    }
    return end.n_members > 0 ? build_add_detector(build, &end) : LODE_OK;
}

lode_status build_ends(struct build *build)
{
    for (int64_t c = 0; c < build->model.n_components; c++) lode_try(add_end(build, c));
    return LODE_OK;
}

/* Components that stand for themselves in the component above: their whole, or their end. */
struct above {
    int64_t *height;  /* [components] 0: no children */
    int64_t *stands;  /* [components] detector; -1: none */
    int64_t *child;   /* [components] first child, in order of names; -1 */
    int64_t *sibling; /* [components] next child of its parent; -1 */
    int64_t highest;
};

/* Heights by as many passes as there are components in the longest line of ancestors. */
static void find_heights(const struct model *model, struct above *above)
{
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (int64_t c = 0; c < model->n_components; c++) {
            const int64_t parent = model->components[c].parent;
            if (parent < 0 || above->height[parent] > above->height[c]) continue;
            above->height[parent] = above->height[c] + 1;
            if (above->height[parent] > above->highest) above->highest = above->height[parent];
            has_changed = true;
        }
    }
}

static lode_status find_above(const struct build *build, struct above *above)
{
    const struct model *model = &build->model;
    const int64_t n = model->n_components;
    struct lode_arena *arena = build->run->arena;
    *above = (struct above){0};
    lode_try(lode_take_zero(arena, n, &above->height));
    lode_try(lode_take(arena, n, &above->stands));
    lode_try(lode_take(arena, n, &above->child));
    lode_try(lode_take(arena, n, &above->sibling));
    for (int64_t c = 0; c < n; c++) above->stands[c] = above->child[c] = above->sibling[c] = -1;
    for (int64_t c = n - 1; c >= 0; c--) {
        const int64_t parent = model->components[c].parent;
        if (parent < 0) continue;
        above->sibling[c] = above->child[parent];
        above->child[parent] = c;
    }
    for (int64_t d = 0; d < build_detectors(build); d++)
        if (build_detector(build, d)->role == MODEL_END)
            above->stands[build_detector(build, d)->component] = d;
    find_heights(model, above);
    return LODE_OK;
}

static lode_status add_whole(struct build *build, int64_t component, struct above *above)
{
    struct model_detector whole = begin_holder(build, MODEL_WHOLE, (int32_t)component, "whole");
    if (above->stands[component] >= 0)
        lode_try(add_member(build, &whole, above->stands[component], 1.0));
    for (int64_t c = above->child[component]; c >= 0; c = above->sibling[c])
        if (above->stands[c] >= 0) lode_try(add_member(build, &whole, above->stands[c], 1.0));
    if (whole.n_members == 0) return LODE_OK;
    above->stands[component] = build_detectors(build);
    return build_add_detector(build, &whole);
}

lode_status build_wholes(struct build *build)
{
    struct above above;
    lode_try(find_above(build, &above));
    for (int64_t height = 1; height <= above.highest; height++)
        for (int64_t c = 0; c < build->model.n_components; c++)
            if (above.height[c] == height) lode_try(add_whole(build, c, &above));
    return LODE_OK;
}

/* --- the end --- */

static lode_status move(const struct lode_bytes *from, size_t item, struct lode_arena *arena,
                        void **to, int64_t *n)
{
    *n = (int64_t)(from->size / item);
    lode_try(lode_arena_take(arena, (size_t)*n, item, to));
    if (from->size > 0) memcpy(*to, from->data, from->size);
    return LODE_OK;
}

lode_status build_finish(struct build *build, struct tree *tree)
{
    struct lode_arena *arena = build->run->arena;
    struct model *model = &build->model;
    struct tree made = {.n_levels = model->options.max_levels, .levels = build->levels};
    while (made.n_levels > 0 && build->levels[made.n_levels - 1].detectors == 0) made.n_levels--;
    lode_try(move(&build->detectors, sizeof *model->detectors, arena, (void **)&model->detectors,
                  &model->n_detectors));
    lode_try(move(&build->members, sizeof *model->members, arena, (void **)&model->members,
                  &model->n_members));
    lode_try(move(&build->edges, sizeof *made.edges, arena, (void **)&made.edges, &made.n_edges));
    model->n_levels = (int32_t)build->highest + 1;
    made.model = *model;
    *tree = made;
    return LODE_OK;
}
