/* Stage settings: one table says where each value goes and how it is read. */
#include "coordinator/commands/stage_settings.h"

#include "common/param/spec.h"
#include "common/text.h"
#include "common/zone.h"

#include <stdlib.h>
#include <string.h>

/* Reads a value into `field`; `value` lives as long as the arena. */
typedef lode_status (*set_fn)(void *field, struct lode_arena *arena, const char *name,
                              const char *value);

static lode_status set_text(void *field, struct lode_arena *arena, const char *name,
                            const char *value)
{
    (void)arena;
    if (!value[0]) return lode_fail(LODE_E_USAGE, "%s: a name is wanted", name);
    *(const char **)field = value;
    return LODE_OK;
}

/* "a,b" to a list of names; a backslash quotes a comma. */
static lode_status set_names(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    struct stage_names *names = field;
    int64_t most = 1;
    const char **list = NULL;
    char *text = NULL;
    (void)name;
    for (const char *at = value; *at; at++) most += *at == ',';
    lode_try(lode_arena_text(arena, value, strlen(value), &text));
    lode_try(lode_take(arena, most, &list));
    *names = (struct stage_names){.given = true, .names = list};
    if (!value[0]) return LODE_OK;
    list[names->count++] = text;
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == ',') {
            *to++ = '\0';
            list[names->count++] = to;
            continue;
        }
        if (*from == '\\' && (from[1] == ',' || from[1] == '\\')) from++;
        *to++ = *from;
    }
    *to = '\0';
    return LODE_OK;
}

static lode_status set_unit(void *field, struct lode_arena *arena, const char *name,
                            const char *value)
{
    static const char *const names[] = {"auto", "ms", "s", "iso"};
    (void)arena;
    for (int i = 0; i < 4; i++)
        if (strcmp(value, names[i]) == 0) {
            *(enum stage_time_unit *)field = (enum stage_time_unit)i;
            return LODE_OK;
        }
    return lode_fail(LODE_E_USAGE, "%s %s: auto, ms, s or iso", name, value);
}

/* Looked up here and now, so that the message can name the line. */
static lode_status set_zone(void *field, struct lode_arena *arena, const char *name,
                            const char *value)
{
    struct lode_bytes rules = {0};
    (void)arena;
    const lode_status status = lode_zone_read(value, &rules);
    lode_bytes_clear(&rules);
    if (status) return lode_note(status, "%s", name);
    *(const char **)field = value;
    return LODE_OK;
}

static lode_status set_duration(void *field, struct lode_arena *arena, const char *name,
                                const char *value)
{
    int64_t *duration_ms = field;
    (void)arena;
    if (!lode_text_to_duration_ms(value, strlen(value), duration_ms) || *duration_ms < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a time such as 30m", name, value);
    return LODE_OK;
}

static lode_status set_share(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    double *share = field;
    size_t size = strlen(value);
    const bool percent = size > 0 && value[size - 1] == '%';
    (void)arena;
    if (percent) size--;
    if (!lode_text_to_f64(value, size, share) || *share < 0.0 || *share > (percent ? 100.0 : 1.0))
        return lode_fail(LODE_E_USAGE, "%s %s: a share such as 1%% or 0.01", name, value);
    if (percent) *share /= 100.0;
    return LODE_OK;
}

static lode_status set_bytes(void *field, struct lode_arena *arena, const char *name,
                             const char *value)
{
    uint64_t *bytes = field;
    (void)arena;
    if (!lode_text_to_bytes(value, strlen(value), bytes) || *bytes < 1)
        return lode_fail(LODE_E_USAGE, "%s %s: must be a size", name, value);
    return LODE_OK;
}

static const struct setting {
    const char *name;
    set_fn set;
    size_t at; /* in struct stage_events_options */
    bool of_file;
    size_t of_file_at; /* in struct stage_file_rule, where single files can have it */
} settings[] = {
#define ALL(field) offsetof(struct stage_events_options, field)
#define FILE_TOO(field) ALL(field), true, offsetof(struct stage_file_rule, field)
    {"session", set_text, FILE_TOO(session)},
    {"user", set_text, FILE_TOO(user)},
    {"time", set_text, FILE_TOO(time)},
    {"event", set_text, FILE_TOO(event)},
    {"start", set_text, FILE_TOO(start)},
    {"time-unit", set_unit, FILE_TOO(time_unit)},
    {"timezone", set_zone, FILE_TOO(timezone)},
    {"kpi", set_names, ALL(kpis), false, 0},
    {"attributes", set_names, ALL(attributes), false, 0},
    {"user-attributes", set_names, ALL(user_attributes), false, 0},
    {"event-attribute", set_names, ALL(event_attributes), false, 0},
    {"event-value", set_names, ALL(event_values), false, 0},
    {"session-gap", set_duration, ALL(session_gap_ms), false, 0},
    {"session-max", set_duration, ALL(session_max_ms), false, 0},
    {"max-rejects", set_share, ALL(max_rejects), false, 0},
    {"partition-bytes", set_bytes, ALL(partition_bytes), false, 0},
    {"range-bytes", set_bytes, ALL(range_bytes), false, 0},
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
        if (setting->set == set_unit)
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
    if (setting->set == set_unit) rule->has_time_unit = true;
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
