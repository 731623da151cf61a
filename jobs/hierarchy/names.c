/* Names: see the header. */
#include "jobs/hierarchy/names.h"

#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "jobs/hierarchy/training/hints.h"

/* All that names may mean; both lists end with NULL. */
struct names {
    const char **leaves; /* counters, rules, patterns; may be there more than once */
    const char **components;
    struct lode_arena *arena;
};

static bool fits_one(const char *pattern, const char *const *names)
{
    for (int64_t i = 0; names && names[i]; i++)
        if (lode_text_glob(pattern, names[i])) return true;
    return false;
}

/* A name or pattern against a list, and another (or NULL). */
static lode_status check_name(const char *parameter, const char *name, const char *const *names,
                              const char *const *others)
{
    if (fits_one(name, names) || fits_one(name, others)) return LODE_OK;
    if (strpbrk(name, "*?")) {
        lode_log_warn("parameter %s: '%s' fits nothing", parameter, name);
        return LODE_OK;
    }
    const char *nearest = lode_text_nearest(name, names);
    if (!nearest && others) nearest = lode_text_nearest(name, others);
    return lode_fail(LODE_E_USAGE, "parameter %s: nothing is called '%s'%s%s%s", parameter, name,
                     nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

/* Patterns COUNTER or COUNTER@COMPONENT. */
static lode_status check_list(const struct names *names, const char *parameter, const char *list)
{
    char *pattern = NULL;
    for (;;) {
        lode_try(hints_next(&list, names->arena, &pattern));
        if (!pattern) return LODE_OK;
        char *at = strrchr(pattern, '@');
        if (at) {
            *at = '\0';
            lode_try(check_name(parameter, at + 1, names->components, NULL));
        }
        lode_try(check_name(parameter, pattern, names->leaves, NULL));
    }
}

static lode_status check_numbers(const char *parameter, const struct hierarchy_numbers *numbers,
                                 const char *const *names, const char *const *others)
{
    for (int64_t i = 0; i < numbers->n; i++)
        lode_try(check_name(parameter, numbers->list[i].name, names, others));
    return LODE_OK;
}

static lode_status find_in_store(const struct hierarchy_options *options,
                                 const struct lode_store *store, struct names *names)
{
    const int64_t n_counters = lode_store_counters(store);
    const int64_t n_components = lode_store_components(store);
    int64_t n = 0;
    lode_try(lode_take_zero(names->arena, n_counters + options->n_rules + options->n_patterns + 1,
                            &names->leaves));
    lode_try(lode_take_zero(names->arena, n_components + 1, &names->components));
    for (int64_t i = 0; i < n_counters; i++)
        names->leaves[n++] = lode_store_counter(store, i)->name;
    for (int64_t i = 0; i < options->n_rules; i++) names->leaves[n++] = options->rules[i].name;
    for (int64_t i = 0; i < options->n_patterns; i++)
        names->leaves[n++] = options->patterns[i].name;
    for (int64_t i = 0; i < n_components; i++)
        names->components[i] = lode_store_component(store, i)->name;
    return LODE_OK;
}

static lode_status find_in_model(const struct model *model, struct names *names)
{
    int64_t n = 0;
    lode_try(lode_take_zero(names->arena, model->n_detectors + 1, &names->leaves));
    lode_try(lode_take_zero(names->arena, model->n_components + 1, &names->components));
    for (int64_t i = 0; i < model->n_detectors; i++)
        if (model->detectors[i].role == MODEL_LEAF)
            names->leaves[n++] = model->detectors[i].counter;
    for (int64_t i = 0; i < model->n_components; i++)
        names->components[i] = model->components[i].name;
    return LODE_OK;
}

lode_status names_of_training(const struct hierarchy_options *options,
                              const struct lode_store *store, struct lode_arena *arena)
{
    struct names names = {.arena = arena};
    lode_try(find_in_store(options, store, &names));
    for (int64_t i = 0; i < options->n_groups; i++)
        lode_try(check_list(&names, "groups", options->groups[i].text));
    lode_try(check_list(&names, "exemplars", options->exemplars));
    lode_try(check_numbers("weights", &options->weights, names.leaves, NULL));
    return check_numbers("severities", &options->severities, names.leaves, names.components);
}

lode_status names_of_detection(const struct hierarchy_options *options, const struct model *model,
                               struct lode_arena *arena)
{
    struct names names = {.arena = arena};
    if (options->severities.n == 0) return LODE_OK;
    lode_try(find_in_model(model, &names));
    return check_numbers("severities", &options->severities, names.leaves, names.components);
}
