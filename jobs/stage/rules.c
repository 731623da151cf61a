/* Rules: see the header. A list of (name, value), in order; names that stand for lists come several
 * times, and those of a file rule follow its "file". */
#include "jobs/stage/rules.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

/* What is one text, number or flag, in one table for both directions. */
enum kind { TEXT, UNIT, NUMBER, FLAG, KNOWN_NUMBER, KNOWN_FLAG };
static const struct item {
    const char *name;
    enum kind kind;
    size_t at; /* in struct stage_events_options; KNOWN_: in struct stage_known */
} items[] = {
#define OPTION(field) offsetof(struct stage_events_options, field)
#define KNOWN(field) offsetof(struct stage_known, field)
    {"session", TEXT, OPTION(session)},
    {"user", TEXT, OPTION(user)},
    {"time", TEXT, OPTION(time)},
    {"event", TEXT, OPTION(event)},
    {"start", TEXT, OPTION(start)},
    {"timezone", TEXT, OPTION(timezone)},
    {"time-unit", UNIT, OPTION(time_unit)},
    {"session-gap-ms", NUMBER, OPTION(session_gap_ms)},
    {"session-max-ms", NUMBER, OPTION(session_max_ms)},
    {"kpis-named", FLAG, OPTION(kpis.given)},
    {"attributes-named", FLAG, OPTION(attributes.given)},
    {"user-attributes-named", FLAG, OPTION(user_attributes.given)},
    {"sessions-given", KNOWN_FLAG, KNOWN(sessions_given)},
    {"by-user", KNOWN_FLAG, KNOWN(by_user)},
    {"by-session", KNOWN_FLAG, KNOWN(by_session)},
    {"split", KNOWN_FLAG, KNOWN(split)},
    {"split-gap-ms", KNOWN_NUMBER, KNOWN(gap_ms)},
    {"split-max-ms", KNOWN_NUMBER, KNOWN(max_ms)},
};
/* Lists of names. */
static const struct list {
    const char *name;
    size_t at;
} lists[] = {
    {"kpi", OPTION(kpis)},
    {"attribute", OPTION(attributes)},
    {"user-attribute", OPTION(user_attributes)},
    {"event-attribute", OPTION(event_attributes)},
    {"event-value", OPTION(event_values)},
};
/* What a file rule can say. */
static const struct list of_file[] = {
#define RULE(field) offsetof(struct stage_file_rule, field)
    {"file-session", RULE(session)}, {"file-user", RULE(user)},   {"file-time", RULE(time)},
    {"file-event", RULE(event)},     {"file-start", RULE(start)}, {"file-timezone", RULE(timezone)},
};
enum {
    N_ITEMS = sizeof items / sizeof *items,
    N_LISTS = sizeof lists / sizeof *lists,
    N_OF_FILE = sizeof of_file / sizeof *of_file
};
#define OF_EVENTS_KPI "kpi-of-events"
#define OF_EVENTS_ATTRIBUTE "attribute-of-events"
#define LEFT_OUT "left-out"
#define FILE_PATTERN "file"
#define FILE_UNIT "file-time-unit"

struct making {
    struct lode_staging_rules *rules;
    struct lode_arena *arena;
};

static lode_status put(struct making *m, const char *name, const char *value)
{
    char *copy = NULL;
    if (!value) return LODE_OK;
    lode_try(lode_arena_text(m->arena, value, strlen(value), &copy));
    m->rules->names[m->rules->count] = (char *)name; /* only read from here on */
    m->rules->values[m->rules->count++] = copy;
    return LODE_OK;
}

static lode_status put_number(struct making *m, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, value);
    return put(m, name, text);
}

static lode_status put_item(struct making *m, const struct item *item,
                            const struct stage_events_options *options,
                            const struct stage_known *known)
{
    const bool is_known = item->kind == KNOWN_NUMBER || item->kind == KNOWN_FLAG;
    const char *field = (is_known ? (const char *)known : (const char *)options) + item->at;
    const void *at = field;
    if (item->kind == TEXT) return put(m, item->name, *(const char *const *)at);
    if (item->kind == UNIT) return put_number(m, item->name, *(const enum stage_time_unit *)at);
    if (item->kind == FLAG || item->kind == KNOWN_FLAG)
        return put_number(m, item->name, *(const bool *)at);
    return put_number(m, item->name, *(const int64_t *)at);
}

static lode_status put_file_rules(struct making *m, const struct stage_events_options *options)
{
    for (int64_t r = 0; r < options->n_file_rules; r++) {
        const struct stage_file_rule *rule = &options->file_rules[r];
        lode_try(put(m, FILE_PATTERN, rule->pattern));
        for (int i = 0; i < N_OF_FILE; i++) {
            const void *at = (const char *)rule + of_file[i].at;
            lode_try(put(m, of_file[i].name, *(const char *const *)at));
        }
        if (rule->has_time_unit) lode_try(put_number(m, FILE_UNIT, rule->time_unit));
    }
    return LODE_OK;
}

static bool is_of_events(const struct stage_plan *plan, int64_t column, bool is_kpi)
{
    for (int64_t f = 0; f < plan->n_files; f++) {
        const struct stage_file *file = &plan->files[f];
        const int *at = is_kpi ? file->kpi_at : file->attribute_at;
        if (file->role == STAGE_EVENTS && at[column] >= 0) return true;
    }
    return false;
}

static lode_status put_columns(struct making *m, const struct stage_plan *plan)
{
    for (int64_t k = 0; k < stage_session_kpis(plan); k++)
        if (is_of_events(plan, k, true)) lode_try(put(m, OF_EVENTS_KPI, plan->kpis[k].name));
    for (int64_t a = 0; a < stage_session_attributes(plan); a++) {
        const char *name = plan->attributes[a].name;
        if (plan->attributes[a].dropped)
            lode_try(put(m, LEFT_OUT, name));
        else if (is_of_events(plan, a, false))
            lode_try(put(m, OF_EVENTS_ATTRIBUTE, name));
    }
    return LODE_OK;
}

static struct stage_known know(const struct stage_plan *plan)
{
    struct stage_known known = {.sessions_given = plan->sessions_given,
                                .split = plan->split,
                                .gap_ms = plan->gap_ms,
                                .max_ms = plan->max_ms};
    for (int64_t f = 0; f < plan->n_files; f++) {
        const struct stage_file *file = &plan->files[f];
        if (plan->sessions_given && file->role == STAGE_EVENTS) continue;
        known.by_user = known.by_user || file->user >= 0;
        known.by_session = known.by_session || file->session >= 0;
    }
    return known;
}

lode_status rules_make(const struct stage_events_options *options, const struct stage_plan *plan,
                       struct lode_arena *arena, struct lode_staging_rules *rules)
{
    struct making m = {.rules = rules, .arena = arena};
    const struct stage_known known = know(plan);
    const int64_t most = N_ITEMS + options->kpis.count + options->attributes.count +
                         options->user_attributes.count + options->event_attributes.count +
                         options->event_values.count + options->n_file_rules * (N_OF_FILE + 2) +
                         plan->n_kpis + plan->n_attributes;
    *rules = (struct lode_staging_rules){0};
    lode_try(lode_take(arena, most, &rules->names));
    lode_try(lode_take(arena, most, &rules->values));
    for (int i = 0; i < N_ITEMS; i++) lode_try(put_item(&m, &items[i], options, &known));
    for (int i = 0; i < N_LISTS; i++) {
        const void *at = (const char *)options + lists[i].at;
        const struct stage_names *names = at;
        for (int64_t n = 0; n < names->count; n++)
            lode_try(put(&m, lists[i].name, names->names[n]));
    }
    lode_try(put_file_rules(&m, options));
    return put_columns(&m, plan);
}

struct reading {
    const struct lode_store *store;
    struct stage_events_options *options;
    struct stage_known *known;
    const char **texts; /* [N_LISTS * count] names of the lists */
    struct stage_file_rule *file_rules;
};

static lode_status fail_rule(const char *name, const char *value)
{
    return lode_fail(LODE_E_INPUT,
                     "the store's index says '%s' = '%s' of its staging, which this lode does not "
                     "understand; stage all files at once instead",
                     name, value);
}

static lode_status read_number(const char *name, const char *value, int64_t most, int64_t *number)
{
    const bool is_number = lode_text_to_i64(value, strlen(value), number);
    if (!is_number || *number < 0 || *number > most) return fail_rule(name, value);
    return LODE_OK;
}

static lode_status read_item(struct reading *r, const struct item *item, const char *value)
{
    const bool is_known = item->kind == KNOWN_NUMBER || item->kind == KNOWN_FLAG;
    void *at = (is_known ? (char *)r->known : (char *)r->options) + item->at;
    int64_t number = 0;
    if (item->kind == TEXT) {
        *(const char **)at = value;
        return LODE_OK;
    }
    const bool is_flag = item->kind == FLAG || item->kind == KNOWN_FLAG;
    const int64_t most = is_flag ? 1 : item->kind == UNIT ? STAGE_TIME_ISO : INT64_MAX;
    lode_try(read_number(item->name, value, most, &number));
    if (is_flag)
        *(bool *)at = number != 0;
    else if (item->kind == UNIT)
        *(enum stage_time_unit *)at = (enum stage_time_unit)number;
    else
        *(int64_t *)at = number;
    return LODE_OK;
}

static lode_status read_file_rule(struct reading *r, const char *name, const char *value)
{
    struct stage_events_options *options = r->options;
    if (strcmp(name, FILE_PATTERN) == 0) {
        r->file_rules[options->n_file_rules++] = (struct stage_file_rule){.pattern = value};
        return LODE_OK;
    }
    if (options->n_file_rules == 0) return fail_rule(name, value);
    struct stage_file_rule *rule = &r->file_rules[options->n_file_rules - 1];
    if (strcmp(name, FILE_UNIT) == 0) {
        int64_t unit = 0;
        lode_try(read_number(name, value, STAGE_TIME_ISO, &unit));
        rule->has_time_unit = true;
        rule->time_unit = (enum stage_time_unit)unit;
        return LODE_OK;
    }
    for (int i = 0; i < N_OF_FILE; i++) {
        void *at = (char *)rule + of_file[i].at;
        if (strcmp(name, of_file[i].name) != 0) continue;
        *(const char **)at = value;
        return LODE_OK;
    }
    return fail_rule(name, value);
}

static lode_status mark_column(struct known_column *columns, int64_t n, const char *rule,
                               const char *name)
{
    for (int64_t i = 0; i < n; i++) {
        if (strcmp(columns[i].name, name) != 0) continue;
        columns[i].of_events = true;
        return LODE_OK;
    }
    return fail_rule(rule, name);
}

static lode_status read_rule(struct reading *r, const char *name, const char *value)
{
    struct stage_known *known = r->known;
    for (int i = 0; i < N_ITEMS; i++)
        if (strcmp(name, items[i].name) == 0) return read_item(r, &items[i], value);
    for (int i = 0; i < N_LISTS; i++) {
        void *at = (char *)r->options + lists[i].at;
        struct stage_names *names = at;
        if (strcmp(name, lists[i].name) != 0) continue;
        r->texts[i * r->store->rules.count + names->count++] = value;
        return LODE_OK;
    }
    if (strcmp(name, OF_EVENTS_KPI) == 0)
        return mark_column(known->kpis, known->n_kpis - known->n_event_values, name, value);
    if (strcmp(name, OF_EVENTS_ATTRIBUTE) == 0)
        return mark_column(known->attributes, known->n_attributes - known->n_event_attributes, name,
                           value);
    if (strcmp(name, LEFT_OUT) == 0) {
        known->left_out[known->n_left_out++] = value;
        return LODE_OK;
    }
    return read_file_rule(r, name, value);
}

static lode_status take_columns(const struct lode_store *store, struct lode_arena *arena,
                                struct stage_known *known)
{
    known->n_event_values = store->n_event_values;
    known->n_event_attributes = store->n_event_attributes;
    known->n_kpis = store->n_kpis + store->n_event_values;
    known->n_attributes = store->n_attributes + store->n_event_attributes;
    lode_try(lode_take_zero(arena, known->n_kpis, &known->kpis));
    lode_try(lode_take_zero(arena, known->n_attributes, &known->attributes));
    lode_try(lode_take(arena, store->rules.count, &known->left_out));
    for (int64_t k = 0; k < store->n_kpis; k++)
        known->kpis[k] = (struct known_column){.name = store->kpis[k].name,
                                               .is_binary = store->kpis[k].is_binary};
    for (int64_t a = 0; a < store->n_attributes; a++)
        known->attributes[a] = (struct known_column){.name = store->attributes[a].name,
                                                     .of_user = store->attributes[a].of_user};
    for (int64_t v = 0; v < store->n_event_values; v++)
        known->kpis[store->n_kpis + v].name = store->event_values[v];
    for (int64_t a = 0; a < store->n_event_attributes; a++)
        known->attributes[store->n_attributes + a].name = store->event_attributes[a].name;
    return LODE_OK;
}

lode_status rules_read(const struct lode_store *store, struct lode_arena *arena,
                       struct stage_events_options *options, struct stage_known *known)
{
    struct reading r = {.store = store, .options = options, .known = known};
    const int64_t count = store->rules.count;
    if (count == 0)
        return lode_fail(LODE_E_INPUT,
                         "%s: an older lode staged it and did not keep how; to add "
                         "to it, stage all files at once",
                         store->path);
    *known = (struct stage_known){0};
    lode_try(take_columns(store, arena, known));
    lode_try(lode_take_zero(arena, N_LISTS * count, &r.texts));
    lode_try(lode_take_zero(arena, count, &r.file_rules));
    options->file_rules = r.file_rules;
    options->n_file_rules = 0;
    for (int i = 0; i < N_LISTS; i++) {
        void *at = (char *)options + lists[i].at;
        *(struct stage_names *)at = (struct stage_names){.names = r.texts + i * count};
    }
    for (int64_t i = 0; i < count; i++)
        lode_try(read_rule(&r, store->rules.names[i], store->rules.values[i]));
    return LODE_OK;
}
