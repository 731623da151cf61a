/* Stage settings: one table says where each value goes and how it is read. */
#include "coordinator/commands/stage_settings.h"

#include "common/param/spec.h"
#include "common/text.h"
#include "coordinator/commands/stage_values.h"

#include <stddef.h>
#include <string.h>

static const struct setting {
    const char *name;
    stage_value_fn set;
    size_t at; /* in struct stage_events_options */
    bool of_file;
    size_t of_file_at; /* in struct stage_file_rule, where single files can have it */
} settings[] = {
#define ALL(field) offsetof(struct stage_events_options, field)
#define FILE_TOO(field) ALL(field), true, offsetof(struct stage_file_rule, field)
    {"session", stage_value_text, FILE_TOO(session)},
    {"user", stage_value_text, FILE_TOO(user)},
    {"time", stage_value_text, FILE_TOO(time)},
    {"event", stage_value_text, FILE_TOO(event)},
    {"start", stage_value_text, FILE_TOO(start)},
    {"time-unit", stage_value_unit, FILE_TOO(time_unit)},
    {"timezone", stage_value_zone, FILE_TOO(timezone)},
    {"kpi", stage_value_names, ALL(kpis), false, 0},
    {"attributes", stage_value_names, ALL(attributes), false, 0},
    {"user-attributes", stage_value_names, ALL(user_attributes), false, 0},
    {"event-attribute", stage_value_names, ALL(event_attributes), false, 0},
    {"event-value", stage_value_names, ALL(event_values), false, 0},
    {"session-gap", stage_value_duration, ALL(session_gap_ms), false, 0},
    {"session-max", stage_value_duration, ALL(session_max_ms), false, 0},
    {"max-rejects", stage_value_share, ALL(max_rejects), false, 0},
    {"partition-bytes", stage_value_bytes, ALL(partition_bytes), false, 0},
    {"range-bytes", stage_value_bytes, ALL(range_bytes), false, 0},
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

static lode_status find(const char *name, bool of_file, const struct setting **setting)
{
    const char *names[N_SETTINGS + 2];
    int n = 0;
    for (int i = 0; i < N_SETTINGS; i++) {
        if (of_file && !settings[i].of_file) continue;
        if (strcmp(settings[i].name, name) == 0) {
            *setting = &settings[i];
            return LODE_OK;
        }
        names[n++] = settings[i].name;
    }
    if (!of_file) names[n++] = "files";
    names[n] = NULL;
    const char *nearest = lode_text_nearest(name, names);
    return lode_fail(LODE_E_USAGE, "unknown key '%s'%s%s%s%s", name,
                     of_file ? " of single files" : "", nearest ? ", did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "; `lode stage --help` lists them");
}

/* What a flag says holds for every file. */
static void forget_rules(const struct stage_events_options *events, const struct setting *setting)
{
    struct stage_file_rule *rules = (struct stage_file_rule *)events->file_rules;
    for (int64_t r = 0; r < events->n_file_rules; r++) {
        if (setting->set == stage_value_unit)
            rules[r].has_time_unit = false;
        else if (setting->of_file)
            *(const char **)((char *)&rules[r] + setting->of_file_at) = NULL;
    }
}

lode_status stage_settings_set(struct stage_events_options *events, struct lode_arena *arena,
                               const char *name, const char *value)
{
    const struct setting *setting = NULL;
    char *copy = NULL;
    lode_try(find(name, false, &setting));
    lode_try(lode_arena_text(arena, value, strlen(value), &copy));
    lode_try(setting->set((char *)events + setting->at, arena, name, copy));
    forget_rules(events, setting);
    return LODE_OK;
}

enum { RULES_MAX = 1000 };

struct loading {
    struct stage_events_options *events;
    struct lode_arena *arena;
    struct stage_file_rule *rules; /* [RULES_MAX] */
    int64_t n_rules;
};

/* The rule of the pattern: its lines follow each other, so it is the last or a new one. */
static lode_status rule_of(struct loading *loading, const char *pattern,
                           struct stage_file_rule **rule)
{
    char *copy = NULL;
    if (loading->n_rules > 0 &&
        strcmp(loading->rules[loading->n_rules - 1].pattern, pattern) == 0) {
        *rule = &loading->rules[loading->n_rules - 1];
        return LODE_OK;
    }
    if (loading->n_rules == RULES_MAX)
        return lode_fail(LODE_E_INPUT, "more than %d files", RULES_MAX);
    lode_try(lode_arena_text(loading->arena, pattern, strlen(pattern), &copy));
    *rule = &loading->rules[loading->n_rules++];
    **rule = (struct stage_file_rule){.pattern = copy};
    return LODE_OK;
}

static lode_status take_setting(void *context, const char *item, const char *name,
                                const char *value)
{
    struct loading *loading = context;
    const struct setting *setting = NULL;
    struct stage_file_rule *rule = NULL;
    char *copy = NULL;
    lode_try(find(name, item != NULL, &setting));
    lode_try(lode_arena_text(loading->arena, value, strlen(value), &copy));
    if (!item)
        return setting->set((char *)loading->events + setting->at, loading->arena, name, copy);
    lode_try(rule_of(loading, item, &rule));
    if (setting->set == stage_value_unit) rule->has_time_unit = true;
    return setting->set((char *)rule + setting->of_file_at, loading->arena, name, copy);
}

lode_status stage_settings_load(struct stage_events_options *events, struct lode_arena *arena,
                                const char *path)
{
    struct loading loading = {.events = events, .arena = arena};
    lode_try(lode_take_zero(arena, RULES_MAX, &loading.rules));
    lode_try(lode_spec_read_items(path, "files", take_setting, &loading));
    events->file_rules = loading.rules;
    events->n_file_rules = loading.n_rules;
    return LODE_OK;
}
