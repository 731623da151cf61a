/* Model, written: tables parameters, components, detectors, members, classifiers, and who wrote
 * them. */
#include "jobs/hierarchy/model/model.h"

#include <string.h>

#include "common/version.h"
#include "jobs/hierarchy/model/one_class.h"
#include "jobs/hierarchy/model/rows.h"

/* Names of files are of a run, not of what it learned. */
static bool is_kept(const struct lode_param *param)
{
    return strcmp(param->unit, LODE_PARAM_FILE) != 0 && strcmp(param->unit, LODE_PARAM_MODEL) != 0;
}

static lode_status put_parameters(const struct lode_params *params, struct lode_arena *arena,
                                  struct lode_results *results)
{
    struct rows rows;
    uint32_t *names = NULL, *values = NULL;
    int64_t n = 0;
    for (const struct lode_param *one = hierarchy_params; one->name; one++) n += is_kept(one);
    lode_try(rows_begin(&rows, "parameters", "what the model was learned with, presets resolved",
                        n + 1, arena));
    lode_try(rows_text(&rows, "parameter", "name", &names));
    lode_try(rows_text(&rows, "value", "as a user would write it", &values));
    n = 0;
    for (const struct lode_param *one = hierarchy_params; one->name; one++) {
        if (!is_kept(one)) continue;
        lode_try(rows_code(&rows, one->name, &names[n]));
        lode_try(rows_code(&rows, hierarchy_param_text(params, one->name), &values[n++]));
    }
    lode_try(rows_code(&rows, MODEL_VERSION, &names[n]));
    lode_try(rows_code(&rows, lode_version(), &values[n]));
    return lode_results_put(results, rows_end(&rows));
}

static lode_status put_components(const struct model *model, struct lode_arena *arena,
                                  struct lode_results *results)
{
    struct rows rows;
    uint32_t *names = NULL;
    int64_t *parents = NULL, *lasts = NULL, *steps = NULL, *slots = NULL;
    lode_try(rows_begin(&rows, "components", "what the model knows, in order of names",
                        model->n_components, arena));
    lode_try(rows_text(&rows, "component", "name", &names));
    lode_try(rows_i64(&rows, "parent", NULL, "row of the component above; -1: none", &parents));
    lode_try(rows_i64(&rows, "last_ms", "ms since 1970-01-01 UTC",
                      "last sample of training; the least number: none", &lasts));
    lode_try(rows_i64(&rows, "step_ms", "ms", "length of a slot; 0: no samples, or one", &steps));
    lode_try(rows_i64(&rows, "slots", NULL, "slots of training", &slots));
    for (int64_t i = 0; i < model->n_components; i++) {
        const struct model_component *one = &model->components[i];
        lode_try(rows_code(&rows, one->name, &names[i]));
        parents[i] = one->parent;
        lasts[i] = one->last_ms;
        steps[i] = one->step_ms;
        slots[i] = one->n_slots;
    }
    return lode_results_put(results, rows_end(&rows));
}

/* What every detector has. */
static lode_status add_common(const struct model *model, struct rows *rows)
{
    char text[MODEL_LEVEL_TEXT];
    uint32_t *levels = NULL, *components = NULL, *names = NULL, *roles = NULL, *states = NULL;
    int64_t *depths = NULL, *exemplars = NULL;
    double *severities = NULL;
    lode_try(rows_text(rows, "level", "low, mid, high, ...", &levels));
    lode_try(rows_text(rows, "component", "its own, or the one that it is about", &components));
    lode_try(rows_text(rows, "detector", "name in component and level", &names));
    lode_try(rows_text(rows, "role", "leaf, group, end, whole", &roles));
    lode_try(rows_i64(rows, "depth", NULL, "of a leaf 0; others above their members", &depths));
    lode_try(rows_text(rows, "state", "used in a group, or why not", &states));
    lode_try(rows_f64(rows, "severity", NULL, "weight in health", &severities));
    lode_try(rows_i64(rows, "exemplar", NULL, "row of the member that stands for it; -1: none",
                      &exemplars));
    for (int64_t i = 0; i < model->n_detectors; i++) {
        const struct model_detector *one = &model->detectors[i];
        lode_try(rows_code(rows, model_level_name(one->role, one->level, text, sizeof text),
                           &levels[i]));
        lode_try(rows_code(rows, model->components[one->component].name, &components[i]));
        lode_try(rows_code(rows, one->name, &names[i]));
        lode_try(rows_code(rows, model_role_names[one->role], &roles[i]));
        lode_try(rows_code(rows, model_state_names[one->state], &states[i]));
        depths[i] = one->level;
        severities[i] = one->severity;
        exemplars[i] = one->exemplar;
    }
    return LODE_OK;
}

/* What leaves alone have. */
static lode_status add_leaves(const struct model *model, struct rows *rows)
{
    uint32_t *counters = NULL, *kinds = NULL, *families = NULL;
    int64_t *windows = NULL, *edges = NULL, *noises = NULL;
    double *sigmas = NULL, *saturations = NULL, *weights = NULL, *variances = NULL, *largest = NULL;
    lode_try(rows_text(rows, "counter", "of a leaf; name of a rule or pattern", &counters));
    lode_try(rows_text(rows, "kind", "of a leaf", &kinds));
    lode_try(rows_text(rows, "family", "of hellinger: distribution of the counter", &families));
    lode_try(rows_i64(rows, "window", "slots", "of a leaf", &windows));
    lode_try(rows_i64(rows, "edge", "slots", "of a leaf", &edges));
    lode_try(rows_i64(rows, "noise", "slots", "of a leaf", &noises));
    lode_try(
        rows_f64(rows, "usual_variance", NULL, "of a leaf of kind shift, in training", &variances));
    lode_try(rows_f64(rows, "largest_value", NULL, "likewise", &largest));
    lode_try(rows_f64(rows, "sigma", NULL,
                      "of a leaf or classifier: E = sigma / 2 x distance; 0: dead", &sigmas));
    lode_try(rows_f64(rows, "saturation", "1", "likewise: share of training slots above 0.99",
                      &saturations));
    lode_try(rows_f64(rows, "weight", NULL, "of a leaf, as told", &weights));
    for (int64_t i = 0; i < model->n_detectors; i++) {
        const struct model_detector *one = &model->detectors[i];
        sigmas[i] = one->sigma;
        saturations[i] = one->saturation;
        if (one->role != MODEL_LEAF) continue;
        lode_try(rows_code(rows, one->counter, &counters[i]));
        lode_try(rows_code(rows, model_kind_name(one), &kinds[i]));
        windows[i] = one->settings.window;
        edges[i] = one->settings.edge;
        noises[i] = one->settings.noise;
        variances[i] = one->settings.usual_variance;
        largest[i] = one->settings.largest_value;
        weights[i] = one->weight;
        if (model_family_name(one)) lode_try(rows_code(rows, model_family_name(one), &families[i]));
    }
    return LODE_OK;
}

static lode_status put_detectors(const struct model *model, struct lode_arena *arena,
                                 struct lode_results *results)
{
    struct rows rows;
    lode_try(rows_begin(&rows, "detectors",
                        "all detectors, each behind those that it is made of (rows from 0)",
                        model->n_detectors, arena));
    lode_try(add_common(model, &rows));
    lode_try(add_leaves(model, &rows));
    return lode_results_put(results, rows_end(&rows));
}

static lode_status put_members(const struct model *model, struct lode_arena *arena,
                               struct lode_results *results)
{
    struct rows rows;
    int64_t *holders = NULL, *members = NULL;
    double *weights = NULL;
    lode_try(rows_begin(&rows, "members", "what each detector that is no leaf is made of",
                        model->n_members, arena));
    lode_try(rows_i64(&rows, "detector", NULL, "row in table detectors", &holders));
    lode_try(rows_i64(&rows, "member", NULL, "row in table detectors", &members));
    lode_try(rows_f64(&rows, "weight", NULL, "E = sum(weight E) / sum(weight)", &weights));
    for (int64_t d = 0, at = 0; d < model->n_detectors; d++)
        for (int64_t m = 0; m < model->detectors[d].n_members; m++, at++) {
            holders[at] = d;
            members[at] = model->members[at].detector;
            weights[at] = model->members[at].weight;
        }
    return lode_results_put(results, rows_end(&rows));
}

static lode_status put_patterns(const struct model *model, struct lode_arena *arena,
                                struct lode_results *results)
{
    struct rows rows;
    uint32_t *names = NULL, *counters = NULL, *wheres = NULL;
    int64_t *steps = NULL, n = 0;
    double *values = NULL;
    for (int64_t p = 0; p < model->patterns.n; p++) n += model->patterns.list[p].n;
    lode_try(rows_begin(&rows, "patterns", "what was marked, slot by slot", n, arena));
    lode_try(rows_text(&rows, "pattern", "name", &names));
    lode_try(rows_text(&rows, "counter", "that it was marked in and is looked for in", &counters));
    lode_try(rows_text(&rows, "components", "that it is looked for in", &wheres));
    lode_try(rows_i64(&rows, "step_ms", "ms", "length of a slot", &steps));
    lode_try(rows_f64(&rows, "value", NULL, "of the slot", &values));
    for (int64_t p = 0, row = 0; p < model->patterns.n; p++) {
        const struct pattern *one = &model->patterns.list[p];
        for (int64_t i = 0; i < one->n; i++, row++) {
            lode_try(rows_code(&rows, one->name, &names[row]));
            lode_try(rows_code(&rows, one->counter, &counters[row]));
            lode_try(rows_code(&rows, one->where, &wheres[row]));
            steps[row] = one->step_ms;
            values[row] = one->values[i];
        }
    }
    return lode_results_put(results, rows_end(&rows));
}

/* With other combiners there is none. */
static lode_status put_classifiers(const struct model *model, struct lode_arena *arena,
                                   struct lode_results *results)
{
    struct rows rows;
    int64_t n = 0, at = 0, *holders = NULL, *members = NULL, *others = NULL;
    double *values = NULL;
    if (model->options.combiner != HIERARCHY_ONE_CLASS) return LODE_OK;
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model->detectors[d].factor) n += one_class_size(model->detectors[d].n_members);
    lode_try(rows_begin(&rows, "classifiers", "of groups: D = |F x|, x the votes of the members", n,
                        arena));
    lode_try(rows_i64(&rows, "detector", NULL, "row in table detectors", &holders));
    lode_try(rows_i64(&rows, "member", NULL, "row of F: member, from 0", &members));
    lode_try(rows_i64(&rows, "other", NULL, "column of F, up to the diagonal", &others));
    lode_try(rows_f64(&rows, "value", NULL, "of F, the inverse of the Cholesky factor", &values));
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        for (int64_t k = 0, i = 0; one->factor && k < one->n_members; k++)
            for (int64_t j = 0; j <= k; j++, i++, at++) {
                holders[at] = d;
                members[at] = k;
                others[at] = j;
                values[at] = one->factor[i];
            }
    }
    return lode_results_put(results, rows_end(&rows));
}

lode_status model_put(const struct model *model, const struct lode_params *params,
                      struct lode_arena *arena, struct lode_results *results)
{
    lode_try(put_parameters(params, arena, results));
    lode_try(put_components(model, arena, results));
    lode_try(put_detectors(model, arena, results));
    lode_try(put_members(model, arena, results));
    if (model->patterns.n > 0) lode_try(put_patterns(model, arena, results));
    return put_classifiers(model, arena, results);
}
