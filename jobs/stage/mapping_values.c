/* Mapping, values: which columns are KPIs and attributes of sessions and of single events, and
 * where each file has them. */
#include "jobs/stage/mapping_private.h"

#include <string.h>

/* Is the name that of a session, user, time, event or start column anywhere? */
static bool has_meaning(const struct mapping *m, const char *name)
{
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file *file = &m->plan->files[f];
        const int columns[] = {file->session, file->user, file->time, file->event};
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            if (columns[i] >= 0 && strcmp(m->headers[f].columns[columns[i]], name) == 0)
                return true;
    }
    return false;
}

static bool is_listed(const struct stage_names *list, const char *name)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0) return true;
    return false;
}

static lode_status check_list(struct mapping *m, const char *what, const struct stage_names *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *const wanted[] = {list->names[i], NULL};
        if (!mapping_find_name(m, list->names[i]))
            return mapping_fail_missing_anywhere(m, what, wanted);
    }
    return LODE_OK;
}

bool mapping_is_kpi(const struct mapping *m, const char *name)
{
    if (m->options->kpis.given) return is_listed(&m->options->kpis, name);
    return strncmp(name, "kpi_", 4) == 0 && !is_listed(&m->options->attributes, name) &&
           !is_listed(&m->options->user_attributes, name);
}

bool mapping_is_attribute(const struct mapping *m, const struct name *name)
{
    const struct stage_events_options *options = m->options;
    if (mapping_is_kpi(m, name->text)) return false;
    if (is_listed(&options->user_attributes, name->text)) return true;
    if (options->attributes.given) return is_listed(&options->attributes, name->text);
    return name->in_sessions && strncmp(name->text, "kpi_", 4) != 0 && !has_meaning(m, name->text);
}

/* Columns of single events, each once; some file of events must have it. */
static lode_status check_event_list(struct mapping *m, const char *what,
                                    const struct stage_names *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const char *const wanted[] = {list->names[i], NULL};
        const struct stage_names before = {.count = i, .names = list->names};
        const struct name *name = mapping_find_name(m, list->names[i]);
        if (!name || !name->in_events) return mapping_fail_missing_anywhere(m, what, wanted);
        if (is_listed(&before, list->names[i]))
            return lode_fail(LODE_E_USAGE, "'%s' is named twice as an %s", list->names[i], what);
    }
    return LODE_OK;
}

static lode_status list_of_events(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_names *values = &m->options->event_values;
    const struct stage_names *attributes = &m->options->event_attributes;
    lode_try(check_event_list(m, "event value", values));
    lode_try(check_event_list(m, "event attribute", attributes));
    for (int64_t i = 0; i < values->count; i++) {
        const char *text = values->names[i];
        if (is_listed(attributes, text))
            return lode_fail(LODE_E_USAGE, "'%s' is named as an event attribute and an event value",
                             text);
        plan->kpis[plan->n_kpis++].name = text;
    }
    for (int64_t i = 0; i < attributes->count; i++)
        plan->attributes[plan->n_attributes++] =
            (struct stage_attribute){.name = attributes->names[i], .named = true};
    plan->n_event_values = values->count;
    plan->n_event_attributes = attributes->count;
    return LODE_OK;
}

lode_status mapping_list_values(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_events_options *options = m->options;
    lode_try(check_list(m, "KPI", &options->kpis));
    lode_try(check_list(m, "attribute", &options->attributes));
    lode_try(check_list(m, "user attribute", &options->user_attributes));
    lode_try(lode_take_zero(m->arena, m->n_names + options->event_values.count, &plan->kpis));
    lode_try(
        lode_take_zero(m->arena, m->n_names + options->event_attributes.count, &plan->attributes));
    for (int64_t i = 0; i < m->n_names; i++) {
        const char *text = m->names[i].text;
        if (mapping_is_kpi(m, text)) {
            plan->kpis[plan->n_kpis++].name = text;
        } else if (mapping_is_attribute(m, &m->names[i])) {
            struct stage_attribute *attribute = &plan->attributes[plan->n_attributes++];
            attribute->name = text;
            attribute->of_user = is_listed(&options->user_attributes, text);
            attribute->named = attribute->of_user || options->attributes.given;
        }
    }
    return list_of_events(m);
}

/* A column of an events file counts only where no sessions file has one of that name. */
static int find_value(struct mapping *m, int64_t f, const char *text,
                      const struct known_column *known)
{
    const bool is_sessions = m->plan->files[f].role == STAGE_SESSIONS;
    if (known && is_sessions == known->of_events) return -1;
    if (!known && !is_sessions && mapping_find_name(m, text)->in_sessions) return -1;
    return mapping_find_column(&m->headers[f], text);
}

/* A column of single events. */
static int find_of_event(const struct mapping *m, int64_t f, const char *text)
{
    return m->plan->files[f].role == STAGE_EVENTS ? mapping_find_column(&m->headers[f], text) : -1;
}

lode_status mapping_place_values(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const int64_t n_kpis = stage_session_kpis(plan);
    const int64_t n_attributes = stage_session_attributes(plan);
    for (int64_t f = 0; f < m->n; f++) {
        struct stage_file *file = &plan->files[f];
        lode_try(lode_take(m->arena, plan->n_kpis, &file->kpi_at));
        lode_try(lode_take(m->arena, plan->n_attributes, &file->attribute_at));
        for (int64_t k = 0; k < n_kpis; k++)
            file->kpi_at[k] =
                find_value(m, f, plan->kpis[k].name, m->known ? &m->known->kpis[k] : NULL);
        for (int64_t a = 0; a < n_attributes; a++)
            file->attribute_at[a] = find_value(m, f, plan->attributes[a].name,
                                               m->known ? &m->known->attributes[a] : NULL);
        for (int64_t k = n_kpis; k < plan->n_kpis; k++)
            file->kpi_at[k] = find_of_event(m, f, plan->kpis[k].name);
        for (int64_t a = n_attributes; a < plan->n_attributes; a++)
            file->attribute_at[a] = find_of_event(m, f, plan->attributes[a].name);
    }
    return LODE_OK;
}

/* A store that is appended to can have columns that no file here has. */
static void set_staged(struct mapping *m, const char *text)
{
    struct name *name = mapping_find_name(m, text);
    if (name) name->is_staged = true;
}

lode_status mapping_list_unstaged(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    for (int64_t k = 0; k < plan->n_kpis; k++) set_staged(m, plan->kpis[k].name);
    for (int64_t a = 0; a < plan->n_attributes; a++) set_staged(m, plan->attributes[a].name);
    lode_try(lode_take(m->arena, m->n_names, &plan->unstaged));
    for (int64_t i = 0; i < m->n_names; i++)
        if (!m->names[i].is_staged && !has_meaning(m, m->names[i].text))
            plan->unstaged[plan->n_unstaged++] = m->names[i].text;
    return LODE_OK;
}
