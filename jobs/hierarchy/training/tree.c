/* Tree: see the header. Detectors are appended in the order that a model has. */
#include "jobs/hierarchy/training/tree.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/training/build.h"
#include "jobs/hierarchy/training/scope.h"
#include "jobs/hierarchy/training/series.h"

static double severity_of(const struct build *build, const char *leaf, const char *component)
{
    const struct hierarchy_numbers *severities = &build->model.options.severities;
    return hierarchy_number_of(severities, leaf, hierarchy_number_of(severities, component, 1.0));
}

/* What is given in a component; that of which nothing can be learned stands alone. */
static lode_status add_given(struct build *build, const struct learned_component *learned,
                             int64_t detector)
{
    const struct hierarchy_options *options = &build->model.options;
    const int64_t first = learned->n_detectors - learned->n_given;
    const int64_t given = learned->given[detector - first];
    const int64_t pattern = given_pattern(build->given, given);
    const struct lode_definition *of =
        pattern < 0 ? &options->rules[given] : &options->patterns[pattern];
    const int64_t component = build->component_of[learned->component];
    const double sigma = learned->sigma[detector], saturation = learned->saturation[detector];
    return build_add_detector(
        build,
        &(struct model_detector){
            .role = MODEL_LEAF,
            .component = (int32_t)component,
            .name = of->name,
            .counter = of->name,
            .rule = pattern < 0 ? of : NULL,
            .pattern = pattern < 0 ? NULL : of,
            .sigma = sigma,
            .saturation = saturation,
            .state = !learned->is_fit                          ? MODEL_UNFIT
                     : learned_varies(true, sigma, saturation) ? MODEL_TOP
                                                               : MODEL_ISOLATED,
            .weight = hierarchy_number_of(&options->weights, of->name, 1.0),
            .severity = severity_of(build, of->name, build->model.components[component].name),
            .exemplar = -1});
}

static lode_status add_leaf(struct build *build, const struct learned_component *learned,
                            int64_t detector)
{
    const struct hierarchy_options *options = &build->model.options;
    const int n_kinds = options->n_kinds;
    const int kind = options->kinds[detector % n_kinds];
    const struct lode_counter *counter =
        lode_store_counter(build->run->store, learned->counters[detector / n_kinds]);
    const struct model_component *component =
        &build->model.components[build->component_of[learned->component]];
    struct model_detector leaf = {.role = MODEL_LEAF,
                                  .component = (int32_t)build->component_of[learned->component],
                                  .counter = counter->name,
                                  .settings = hierarchy_settings(options, kind, component->step_ms),
                                  .sigma = learned->sigma[detector],
                                  .saturation = learned->saturation[detector],
                                  .weight =
                                      hierarchy_number_of(&options->weights, counter->name, 1.0),
                                  .severity = severity_of(build, counter->name, component->name),
                                  .exemplar = -1};
    leaf.settings.family = learned->family[detector];
    leaf.settings.usual_variance = learned->usual_variance[detector];
    leaf.settings.largest_value = learned->largest_value[detector];
    leaf.state = !learned->is_fit ? MODEL_UNFIT : leaf.sigma > 0 ? MODEL_TOP : MODEL_DEAD;
    lode_try(build_name_leaf(build, counter->name, n_kinds > 1 ? detector_kinds[kind]->name : NULL,
                             &leaf.name));
    return build_add_detector(build, &leaf);
}

static int compare_components(const void *left, const void *right)
{
    const struct learned_component *const *a = left, *const *b = right;
    return ((*a)->component > (*b)->component) - ((*a)->component < (*b)->component);
}

/* One component's leaves, from which level 1 starts. */
struct leaves {
    const struct learned_component *learned;
    int64_t first; /* detector */
};

static lode_status add_leaves(struct build *build, const struct learned *learned,
                              struct leaves **leaves)
{
    const struct learned_component **by_index = NULL;
    lode_try(lode_take(build->run->arena, learned->n, leaves));
    lode_try(lode_take(build->run->arena, learned->n, &by_index));
    for (int64_t i = 0; i < learned->n; i++) by_index[i] = &learned->list[i];
    if (learned->n > 0) qsort(by_index, (size_t)learned->n, sizeof(*by_index), compare_components);
    int64_t n = 0;
    for (int64_t c = 0; c < build->model.n_components; c++) {
        const struct learned_component key = {.component = build->store_of[c]}, *wanted = &key;
        const struct learned_component *const *found =
            learned->n > 0 ? bsearch(&wanted, by_index, (size_t)learned->n, sizeof(*by_index),
                                     compare_components)
                           : NULL;
        if (!found) continue;
        build->model.components[c].n_slots = (*found)->n_slots;
        (*leaves)[n++] = (struct leaves){*found, build_detectors(build)};
        const int64_t n_learned = (*found)->n_detectors - (*found)->n_given;
        for (int64_t d = 0; d < (*found)->n_detectors; d++)
            lode_try(d < n_learned ? add_leaf(build, *found, d) : add_given(build, *found, d));
    }
    return LODE_OK;
}

static lode_status group_leaves(struct build *build, const struct leaves *leaves, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const struct learned_component *learned = leaves[i].learned;
        struct tree_level *level = build_level(build, 1);
        for (int64_t d = 0; d < learned->n_detectors; d++) {
            const enum model_state state = build_detector(build, leaves[i].first + d)->state;
            level->dead += state == MODEL_DEAD;
            level->unfit += state == MODEL_UNFIT;
            level->isolated += state == MODEL_ISOLATED; /* what is given and never or always held */
        }
        level->detectors += learned->n_detectors;
        int64_t *items = NULL;
        lode_try(lode_take(build->run->arena, learned->n_alive, &items));
        for (int64_t d = 0; d < learned->n_alive; d++)
            items[d] = leaves[i].first + learned->alive[d];
        const struct build_scope scope = {.level = 1,
                                          .component =
                                              (int32_t)build->component_of[learned->component],
                                          .n = learned->n_alive,
                                          .items = items,
                                          .gram = learned->gram,
                                          .shares = learned->shares,
                                          .n_shares = learned->n_shares};
        lode_try(build_scope_groups(build, &scope));
    }
    return LODE_OK;
}

lode_status tree_grow(struct lode_run *run, const struct hierarchy_options *options,
                      const struct learned *learned, struct tree *tree)
{
    struct build build = {0};
    struct leaves *leaves = NULL;
    lode_status status = LODE_OK;
    lode_try_done(build_begin(&build, run, options));
    build.given = &learned->given;
    build.model.patterns = learned->given.patterns;
    lode_try_done(add_leaves(&build, learned, &leaves));
    lode_try_done(group_leaves(&build, leaves, learned->n));
    lode_try_done(series_levels(&build));
    lode_try_done(build_ends(&build));
    lode_try_done(build_wholes(&build));
    lode_try_done(build_finish(&build, tree));
done:
    build_clear(&build);
    return status;
}
