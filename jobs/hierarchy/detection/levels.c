/* Levels: see the header. */
#include "jobs/hierarchy/detection/levels.h"

#include <math.h>
#include <string.h>

#include "common/text.h"
#include "jobs/hierarchy/given.h"

/* ln 100: of a leaf a score of 0.99. Not fitted to labels, nor to training: thresholds by its rate
 * of firings were no better where there are weeks of it and worse with a day (docs/quality.md). */
static const double default_alert = 4.605170185988091;
enum { LEVEL_TEXT = 32, OTHER_LEVELS = 12 };

int levels_find(const struct levels *levels, const char *name)
{
    for (int i = 0; i < levels->n_all; i++)
        if (strcmp(levels->names[i], name) == 0) return i;
    return -1;
}

int levels_of(const struct levels *levels, const struct model_detector *detector)
{
    char text[LEVEL_TEXT];
    if (detector->rule) return levels_find(levels, LEVEL_RULE);
    if (detector->pattern) return levels_find(levels, LEVEL_PATTERN);
    return levels_find(levels,
                       model_level_name(detector->role, detector->level, text, sizeof text));
}

static lode_status add(struct levels *levels, struct lode_arena *arena, const char *name)
{
    char *copy;
    lode_try(lode_arena_text(arena, name, strlen(name), &copy));
    levels->names[levels->n_all++] = copy;
    return LODE_OK;
}

/* With the nearest name, or without one with all. */
static lode_status unknown(const struct levels *levels, const char *parameter, const char *name)
{
    enum { MOST_TOLD = 16 };
    struct lode_bytes all = {0};
    lode_status status = LODE_OK;
    const char *nearest = lode_text_nearest(name, levels->names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "parameter %s: there is no level '%s'; did you mean '%s'?",
                         parameter, name, nearest);
    for (int i = 0; i < levels->n_all && i < MOST_TOLD && !status; i++)
        status = lode_bytes_printf(&all, "%s%s", i > 0 ? ", " : "", levels->names[i]);
    if (!status)
        status = lode_fail(LODE_E_USAGE, "parameter %s: there is no level '%s', there are %.*s",
                           parameter, name, (int)all.size, (const char *)all.data);
    lode_bytes_clear(&all);
    return status;
}

/* A level of what is given, if the model has any of it. */
static lode_status add_given(const struct model *model, struct lode_arena *arena, const char *name,
                             struct levels *levels)
{
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model_is_given(&model->detectors[d]) &&
            strcmp(model_kind_name(&model->detectors[d]), name) == 0)
            return add(levels, arena, name);
    return LODE_OK;
}

static bool has_role(const struct model *model, enum model_role role)
{
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model->detectors[d].role == role) return true;
    return false;
}

/* A name of parameter thresholds that no level has is a slip of the pen. */
static lode_status check_alerts(const struct hierarchy_numbers *alerts, const struct levels *levels)
{
    for (int64_t a = 0; a < alerts->n; a++) {
        const bool fits = strpbrk(alerts->list[a].name, "*?") != NULL;
        if (!fits && levels_find(levels, alerts->list[a].name) < 0)
            return unknown(levels, "thresholds", alerts->list[a].name);
    }
    return LODE_OK;
}

static void set_alerts(const struct hierarchy_numbers *alerts, struct levels *levels)
{
    for (int i = 0; i < levels->n_all; i++) {
        const bool is_given = strcmp(levels->names[i], LEVEL_RULE) == 0 ||
                              strcmp(levels->names[i], LEVEL_PATTERN) == 0;
        const bool is_high = alerts->n == 0 && strcmp(levels->names[i], "high") == 0;
        const double otherwise = is_given  ? detector_e(GIVEN_SIGMA, 1.0)
                                 : is_high ? default_alert
                                           : (double)INFINITY;
        levels->alerts[i] = hierarchy_number_of(alerts, levels->names[i], otherwise);
    }
}

lode_status levels_check(const struct hierarchy_options *options, struct lode_arena *arena)
{
    static const char *const all[] = {
        "low",      "mid",         "high",   "high_max",           "mean",     "flat",      "whole",
        LEVEL_RULE, LEVEL_PATTERN, "manual", "counter_thresholds", LEVEL_WOKE, LEVEL_SILENT};
    enum { ALL = sizeof all / sizeof *all };
    struct levels levels = {0};
    char text[LEVEL_TEXT];
    lode_try(lode_take_zero(arena, ALL + options->max_levels + 1, &levels.names));
    for (int i = 0; i < ALL; i++) levels.names[levels.n_all++] = all[i];
    for (int32_t level = 2; level <= options->max_levels; level++)
        lode_try(add(&levels, arena, model_level_name(MODEL_GROUP, level, text, sizeof text)));
    return check_alerts(&options->thresholds, &levels);
}

lode_status levels_make(const struct model *model, const struct levels_wanted *wanted,
                        struct lode_arena *arena, struct levels *levels)
{
    struct levels made = {0};
    char text[LEVEL_TEXT];
    const int64_t most = model->n_levels + OTHER_LEVELS;
    lode_try(lode_take_zero(arena, most + 1, &made.names)); /* ended by NULL */
    lode_try(lode_take(arena, most, &made.alerts));
    lode_try(lode_take_zero(arena, most, &made.is_kept));
    lode_try(add(&made, arena, model_level_name(MODEL_LEAF, 0, text, sizeof text)));
    for (int32_t level = 1; level < model->n_levels; level++)
        lode_try(add(&made, arena, model_level_name(MODEL_GROUP, level, text, sizeof text)));
    lode_try(add(&made, arena, model_level_name(MODEL_END, 0, text, sizeof text)));
    lode_try(add(&made, arena, "high_max"));
    lode_try(add(&made, arena, "mean"));
    if (model->options.combiner == HIERARCHY_VOTES) lode_try(add(&made, arena, "flat"));
    if (has_role(model, MODEL_WHOLE))
        lode_try(add(&made, arena, model_level_name(MODEL_WHOLE, 0, text, sizeof text)));
    lode_try(add_given(model, arena, LEVEL_RULE, &made));
    lode_try(add_given(model, arena, LEVEL_PATTERN, &made));
    if (wanted->has_manual) lode_try(add(&made, arena, "manual"));
    if (wanted->has_counter_thresholds) lode_try(add(&made, arena, "counter_thresholds"));
    made.n = made.n_all;
    lode_try(add(&made, arena, LEVEL_WOKE));
    lode_try(add(&made, arena, LEVEL_SILENT));
    set_alerts(wanted->alerts, &made);
    if (!wanted->are_alerts_learned) lode_try(check_alerts(wanted->alerts, &made));
    for (int64_t k = 0; k < wanted->n_kept; k++) {
        const int level = levels_find(&made, wanted->kept[k]);
        if (level < 0 && strcmp(wanted->kept[k], "none") == 0) continue;
        if (level < 0) return unknown(&made, "scores", wanted->kept[k]);
        if (level >= made.n)
            return lode_fail(LODE_E_USAGE, "parameter scores: level '%s' has no scores",
                             wanted->kept[k]);
        made.is_kept[level] = true;
    }
    *levels = made;
    return LODE_OK;
}
