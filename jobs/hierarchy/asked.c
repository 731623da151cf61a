/* Asked: see the header. */
#include "jobs/hierarchy/asked.h"

#include <stddef.h>
#include <string.h>

#include "common/log.h"
#include "jobs/hierarchy/detection/levels.h"
#include "jobs/hierarchy/names.h"
#include "jobs/hierarchy/training/partitions.h"

static bool is_set(const struct lode_params *params, const char *name)
{
    return !lode_params_is_initial(params, name);
}

/* --- what nothing reads --- */

/* Parameters that scoring reads itself; all others are of learning. */
static bool is_of_detection(const char *name)
{
    static const char *const names[] = {
        "thresholds",    "severities",   "scores",        "detect",    "labels",      "newest",
        "manual_groups", "alerts",       "alert_gap",     "cooldown",  "alert_state", "webhook",
        "webhook_file",  "webhook_time", "webhook_lasts", "alert_exit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* The same as the model's is no mistake: one spec may serve both. */
static lode_status check_learned(const struct lode_params *params, const struct model *model)
{
    const char *name = NULL, *text = NULL;
    for (int i = 0; lode_params_at(params, i, &name, &text); i++) {
        const char *own = model_parameter(model, name);
        if (is_of_detection(name) || !is_set(params, name)) continue;
        if (own && strcmp(own, text) == 0) continue;
        if (!own || own[0] == '\0' || strpbrk(own, "\n;"))
            return lode_fail(LODE_E_USAGE,
                             "parameter %s is of learning: the model has its own; leave it out, or "
                             "learn anew",
                             name);
        return lode_fail(LODE_E_USAGE,
                         "parameter %s is of learning: the model has its own, %s=%s; leave it out, "
                         "or learn anew",
                         name, name, own);
    }
    return LODE_OK;
}

lode_status asked_of_detection(const struct lode_params *params,
                               const struct hierarchy_options *options, const struct model *model,
                               struct lode_arena *arena)
{
    lode_try(check_learned(params, model));
    if (is_set(params, "manual_groups") && !is_set(params, "labels") &&
        !strstr(lode_params_text(params, "scores"), "manual") &&
        hierarchy_number_of(&options->thresholds, "manual", -1) < 0)
        return lode_fail(LODE_E_USAGE, "manual groups are judged by --labels FILE; or name level "
                                       "manual in scores or thresholds");
    return names_of_detection(options, model, arena);
}

/* --- what is read with something else alone --- */

static bool has_kind(const struct hierarchy_options *options, const char *name)
{
    for (int k = 0; k < options->n_kinds; k++)
        if (options->kinds[k] == detector_kind_find(name)) return true;
    return false;
}

static bool has_hellinger(const struct hierarchy_options *options)
{
    return has_kind(options, "hellinger");
}

static bool has_shift(const struct hierarchy_options *options)
{
    return has_kind(options, "shift");
}

static bool is_weighted(const struct hierarchy_options *options)
{
    return options->combiner == HIERARCHY_WEIGHTED;
}

/* oneclass judges votes, too. */
static bool has_votes(const struct hierarchy_options *options)
{
    return options->combiner == HIERARCHY_VOTES || options->combiner == HIERARCHY_ONE_CLASS;
}

static bool has_rules(const struct hierarchy_options *options)
{
    return options->n_rules > 0;
}

static bool has_patterns(const struct hierarchy_options *options)
{
    return options->n_patterns > 0;
}

static bool never(const struct hierarchy_options *options)
{
    (void)options;
    return false;
}

static lode_status check_read(const struct lode_params *params,
                              const struct hierarchy_options *options)
{
    static const struct {
        const char *name, *with;
        bool (*is_read)(const struct hierarchy_options *options);
        bool with_labels; /* labels, harmless marks: read with them, whatever the rest */
    } some[] = {{"family", "detectors=hellinger", has_hellinger, false},
                {"splits", "detectors=hellinger", has_hellinger, false},
                {"noise", "detectors=shift", has_shift, false},
                {"timezone", "rules", has_rules, false},
                {"pattern_match", "patterns", has_patterns, false},
                {"pattern_amplitude", "patterns", has_patterns, false},
                {"weights", "combiner=weighted or labels", is_weighted, true},
                {"label_ridge", "labels or harmless marks", never, true},
                {"vote", "combiner=votes or oneclass", has_votes, true}};
    const bool has_labels = is_set(params, "labels") || is_set(params, "harmless");
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        if (is_set(params, some[i].name) && !some[i].is_read(options) &&
            !(some[i].with_labels && has_labels))
            return lode_fail(LODE_E_USAGE,
                             "parameter %s counts with %s alone (here detectors=%s, combiner=%s)",
                             some[i].name, some[i].with, hierarchy_param_text(params, "detectors"),
                             hierarchy_param_text(params, "combiner"));
    return LODE_OK;
}

/* --- lengths --- */

/* hellinger looks at an edge with splits=edge alone. */
static bool has_edge(const struct hierarchy_options *options)
{
    return options->n_kinds > 1 || !has_hellinger(options) ||
           options->splits == DETECTOR_SPLITS_EDGE;
}

static lode_status refuse_part(const struct lode_params *params, const char *part,
                               const char *whole)
{
    return lode_fail(LODE_E_USAGE, "parameter %s=%s must be shorter than %s=%s", part,
                     hierarchy_param_text(params, part), whole,
                     hierarchy_param_text(params, whole));
}

static lode_status check_lengths(const struct lode_params *params,
                                 const struct hierarchy_options *options)
{
    const struct {
        const char *name;
        int64_t ms;
    } lengths[] = {
        {"window", options->window_ms}, {"edge", options->edge_ms}, {"noise", options->noise_ms}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (lengths[i].ms == 0)
            return lode_fail(LODE_E_USAGE, "parameter %s=%s: no time at all", lengths[i].name,
                             hierarchy_param_text(params, lengths[i].name));
    if (has_edge(options) && options->edge_ms >= options->window_ms)
        return refuse_part(params, "edge", "window");
    if (has_shift(options) && options->edge_ms >= options->noise_ms)
        return refuse_part(params, "edge", "noise");
    return LODE_OK;
}

/* --- lengths that come to other numbers of slots --- */

struct length {
    const char *name, *why;
    size_t asked, came; /* where options and settings have it */
};

static int64_t at(const void *of, size_t offset)
{
    int64_t value;
    memcpy(&value, (const char *)of + offset, sizeof value);
    return value;
}

static void warn_length(const struct lode_params *params, const struct hierarchy_options *options,
                        const struct lode_store *store, const struct length *length)
{
    const struct lode_component *first = NULL;
    int64_t n = 0, asked = 0, came = 0;
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        const struct lode_component *one = lode_store_component(store, i);
        if (!partitions_can_use(one, options)) continue;
        const struct detector_settings settings =
            hierarchy_settings(options, options->kinds[0], one->step_ms);
        const int64_t slots = hierarchy_slots_in(at(options, length->asked), one->step_ms);
        if (slots == at(&settings, length->came) || n++ > 0) continue;
        first = one;
        asked = slots;
        came = at(&settings, length->came);
    }
    if (n > 0)
        lode_log_warn("parameter %s=%s comes to %lld slots instead of %lld (%s) count=%lld "
                      "first=\"%s\" slot_ms=%lld",
                      length->name, lode_params_text(params, length->name), (long long)came,
                      (long long)asked, length->why, (long long)n, first->name,
                      (long long)first->step_ms);
}

/* Of those that users set: presets say what they come to. */
static void warn_lengths(const struct lode_params *params, const struct hierarchy_options *options,
                         const struct lode_store *store)
{
    static const struct length lengths[] = {
        {"window", "least_window; where all splits are looked at, twice least_side",
         offsetof(struct hierarchy_options, window_ms), offsetof(struct detector_settings, window)},
        {"edge", "least_edge, and less than the window",
         offsetof(struct hierarchy_options, edge_ms), offsetof(struct detector_settings, edge)},
        {"noise", "16 more than the edge, at least", offsetof(struct hierarchy_options, noise_ms),
         offsetof(struct detector_settings, noise)}};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        if (is_set(params, lengths[i].name)) warn_length(params, options, store, &lengths[i]);
}

lode_status asked_of_training(const struct lode_params *params,
                              const struct hierarchy_options *options,
                              const struct lode_store *store, struct lode_arena *arena)
{
    lode_try(check_read(params, options));
    lode_try(check_lengths(params, options));
    lode_try(levels_check(options, arena));
    lode_try(names_of_training(options, store, arena));
    warn_lengths(params, options, store);
    return LODE_OK;
}
