/* Job hierarchy: a tree of detectors, learned without labels.
 *
 * Training learns every counter's detector on the workers, with the covariances of their scores in
 * each component, and groups level by level on the coordinator; what it puts into results.h5 is the
 * model. With --detect the newest slots are scored against a model. docs/jobs/hierarchy.md defines
 * every figure.
 */
#include "common/log.h"
#include "jobs/hierarchy/alerts/alert_settings.h"
#include "jobs/hierarchy/alerts/evidence.h"
#include "jobs/hierarchy/asked.h"
#include "jobs/hierarchy/detection/detect.h"
#include "jobs/hierarchy/detection/detected.h"
#include "jobs/hierarchy/forecast.h"
#include "jobs/hierarchy/grouping/neighbourhood_leaf.h"
#include "jobs/hierarchy/model/model.h"
#include "jobs/hierarchy/training/learn.h"
#include "jobs/hierarchy/training/partitions.h"
#include "jobs/hierarchy/training/series.h"
#include "jobs/hierarchy/training/tables.h"
#include "jobs/hierarchy/training/tree.h"
#include "jobs/hierarchy/training/weighing.h"

extern const struct lode_job hierarchy_job; /* declared for the registry, in registry.c */

/* Windows that no detector takes. */
static lode_status refuse_length(const struct hierarchy_options *options,
                                 const struct lode_component *component)
{
    const bool is_window = options->window_ms > options->noise_ms;
    const int64_t length_ms = is_window ? options->window_ms : options->noise_ms;
    return lode_fail(LODE_E_USAGE,
                     "parameter %s: %lld ms are %lld slots of component '%s', at most %d are "
                     "possible: shorten it, or stage longer slots (--slot)",
                     is_window ? "window" : "noise", (long long)length_ms,
                     (long long)(length_ms / component->step_ms), component->name,
                     DETECTOR_LONGEST_WINDOW);
}

/* Whether every kind can do with what the times come to: a scan of nothing tells. */
static lode_status check_kinds(const struct hierarchy_options *options,
                               const struct lode_component *component, struct lode_arena *arena)
{
    const double values[1] = {0};
    double distance[1];
    for (int k = 0; k < options->n_kinds; k++) {
        struct detector_settings settings =
            hierarchy_settings(options, options->kinds[k], component->step_ms);
        if (settings.family == DETECTOR_AUTO) settings.family = DETECTOR_POISSON; /* any */
        const lode_status status =
            detector_kinds[settings.kind]->scan(&settings, values, 0, arena, distance, NULL);
        if (status)
            return lode_note(status, "component '%s', slots of %lld ms", component->name,
                             (long long)component->step_ms);
    }
    return LODE_OK;
}

/* What no detector takes; a store in which nothing can be learned. */
static lode_status check_store(const struct hierarchy_options *options,
                               const struct lode_store *store, struct lode_arena *arena)
{
    const struct lode_component *fine = NULL;
    int64_t n_usable = 0;
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        const struct lode_component *one = lode_store_component(store, i);
        if (!fine && partitions_is_too_fine(one, options)) fine = one;
        if (!partitions_can_use(one, options)) continue;
        n_usable++;
        lode_try(check_kinds(options, one, arena));
    }
    if (n_usable == 0 && fine) return refuse_length(options, fine);
    if (n_usable == 0)
        return lode_fail(LODE_E_INPUT, "the store has no component with two samples or more (whose "
                                       "times are not nearly all empty: lode info tells gaps)");
    return LODE_OK;
}

/* A model of another store: an error, as a scheduler would not see that nothing is ever scored. */
static lode_status check_model(const struct model *model, const struct lode_store *store)
{
    const char *known = NULL, *staged = NULL;
    for (int64_t c = 0; c < model->n_components; c++) {
        if (model->components[c].step_ms == 0) continue;
        if (lode_store_find_component(store, model->components[c].name) >= 0) return LODE_OK;
        if (!known) known = model->components[c].name;
    }
    for (int64_t i = 0; i < lode_store_components(store) && !staged; i++)
        if (lode_store_component(store, i)->partition >= 0)
            staged = lode_store_component(store, i)->name;
    return lode_fail(LODE_E_USAGE,
                     "model and store have no component in common: the model is of '%s' ..., the "
                     "store of '%s' ... (a model of another store?)",
                     known ? known : "", staged ? staged : "");
}

/* What --detect, --labels and the like name; NULL: nothing. */
static const char *path_of(const struct lode_params *params, const char *name)
{
    const char *path = lode_params_text(params, name);
    return path && path[0] != '\0' ? path : NULL;
}

/* What is of detection alone must not be there by mistake when a model is learned. */
static lode_status check_training(const struct lode_params *params)
{
    static const char *const flags[] = {"manual_groups", "scores",  "newest",
                                        "alert_state",   "webhook", "webhook_file"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (path_of(params, flags[i]))
            return lode_fail(LODE_E_USAGE, "%s are for scoring against a model: --detect MODEL",
                             flags[i]);
    return LODE_OK;
}

/* Labels and harmless marks of a model that is learned. */
static lode_status check_labels(const struct lode_params *params,
                                const struct hierarchy_options *options,
                                const struct lode_store *store, struct lode_arena *arena)
{
    const char *labels = path_of(params, "labels"), *harmless = path_of(params, "harmless");
    if (!harmless && !labels) return LODE_OK;
    if (options->combiner != HIERARCHY_MEAN && options->combiner != HIERARCHY_WEIGHTED &&
        options->combiner != HIERARCHY_VOTES)
        return lode_fail(LODE_E_USAGE,
                         "labels and harmless marks adjust weights, which combiner=%s has not: "
                         "mean, weighted and votes have",
                         hierarchy_param_text(params, "combiner"));
    return weigh_check(store, options, labels, harmless, arena);
}

/* Rules and patterns: of the job over the store where a model is learned, else of the model. */
static lode_status check_given(const struct hierarchy_options *options,
                               const struct patterns *patterns, const struct lode_store *store,
                               struct lode_arena *arena, const char *model)
{
    struct given given;
    const lode_status status = given_make(options, patterns, store, arena, &given);
    return status && model ? lode_note(status, "the rules of model %s, over this store", model)
                           : status;
}

static lode_status check(const struct lode_params *params, const struct lode_store *store)
{
    const char *path = path_of(params, "detect");
    struct lode_arena *arena = NULL;
    struct hierarchy_options options;
    struct alert_settings alerts;
    struct model model;
    lode_try(lode_arena_create(0, &arena));
    lode_status status = hierarchy_options_read(params, arena, &options);
    if (!status) status = alert_settings_read(params, &alerts);
    if (!status && path) status = model_read(path, arena, &model);
    if (!status && path) status = check_model(&model, store);
    if (!status && !path) status = check_training(params);
    if (!status && path) status = asked_of_detection(params, &options, &model, arena);
    if (!status && !path) status = asked_of_training(params, &options, store, arena);
    if (!status && !path) status = check_labels(params, &options, store, arena);
    if (!status && !path) status = check_store(&options, store, arena);
    if (!status)
        status = path ? check_given(&model.options, &model.patterns, store, arena, path)
                      : check_given(&options, NULL, store, arena, NULL);
    lode_arena_destroy(arena);
    return status;
}

static lode_status train(struct lode_run *run, const struct hierarchy_options *options)
{
    const char *labels = path_of(run->params, "labels"),
               *harmless = path_of(run->params, "harmless");
    struct learned learned;
    struct weighing weighing = {0};
    struct tree tree;
    lode_try(learn(run, options, &learned));
    lode_try(tree_grow(run, options, &learned, &tree));
    if (labels || harmless)
        lode_try(weigh(run, &learned.given, labels, harmless, &tree, &weighing));
    lode_try(model_put(&tree.model, run->params, run->arena, run->results));
    lode_try(tree_tables_put(run, &tree));
    if (tree.lesson) lode_try(weight_tables_put(run, &weighing));
    lode_log_info("detectors=%lld levels=%d", (long long)tree.model.n_detectors,
                  tree.model.n_levels);
    return LODE_OK;
}

static lode_status run_job(struct lode_run *run)
{
    const char *path = path_of(run->params, "detect");
    struct hierarchy_options options;
    struct model model;
    lode_try(hierarchy_options_read(run->params, run->arena, &options));
    if (!path) return train(run, &options);
    lode_try(model_read(path, run->arena, &model));
    return hierarchy_detect(run, &model, path_of(run->params, "labels"));
}

static const struct lode_leaf leaves[] = {
    {"hierarchy.learn", hierarchy_learn_leaf},
    {"hierarchy.series", hierarchy_series_leaf},
    {"hierarchy.weigh", hierarchy_weigh_leaf},
    {NEIGHBOURHOODS_LEAF, neighbourhoods_leaf},
    {"hierarchy.detect", hierarchy_detect_leaf},
    {EVIDENCE_LEAF, evidence_leaf},
    {NULL, NULL},
};
/* Of both: training finds groups, detection firings. What one of them has not is not shown. */
static const char *const show_columns[] = {"rank",    "component", "level", "start",
                                           "members", "peak",      "text",  NULL};
static const char *const identity_columns[] = {"component", "level", "detector", "start", NULL};
static const char *const figure_columns[] = {"members", "peak", "counters", NULL};

const struct lode_job hierarchy_job = {
    .name = "hierarchy",
    .store_kind = "counters",
    .summary = "detectors learned without labels: from raw counters to one health tree",
    .leaves = leaves,
    .params = hierarchy_params,
    .check = check,
    .run = run_job,
    .forecast = hierarchy_forecast,
    .findings_table = "findings",
    .show_columns = show_columns,
    .identity_columns = identity_columns,
    .figure_columns = figure_columns,
};
