/* Mapping onto a store that is there: files are held against what the store has. */
#include "jobs/stage/mapping_private.h"

#include <string.h>

lode_status mapping_check_keys(struct mapping *m)
{
    const struct stage_known *known = m->known;
    for (int64_t f = 0; f < m->n; f++) {
        const struct stage_file *file = &m->plan->files[f];
        const char *path = m->headers[f].path;
        if (file->role == STAGE_SESSIONS && !known->sessions_given)
            return lode_fail(LODE_E_INPUT,
                             "%s: holds sessions, but the store was staged from events alone",
                             path);
        if (known->sessions_given && file->role == STAGE_EVENTS) continue;
        if ((file->user >= 0) != known->by_user)
            return lode_fail(LODE_E_INPUT,
                             "%s: has %s user column, but the store was staged %s one", path,
                             known->by_user ? "no" : "a", known->by_user ? "with" : "without");
        if ((file->session >= 0) != known->by_session)
            return lode_fail(
                LODE_E_INPUT, "%s: has %s session column, but the store was staged %s one", path,
                known->by_session ? "no" : "a", known->by_session ? "with" : "without");
    }
    return LODE_OK;
}

static const struct known_column *find_known(const struct known_column *columns, int64_t n,
                                             const char *name)
{
    for (int64_t i = 0; i < n; i++)
        if (strcmp(columns[i].name, name) == 0) return &columns[i];
    return NULL;
}

static bool is_left_out(const struct stage_known *known, const char *name)
{
    for (int64_t i = 0; i < known->n_left_out; i++)
        if (strcmp(known->left_out[i], name) == 0) return true;
    return false;
}

/* Every value of the files is one of the store's, from the same kind of rows. */
static lode_status check_values(struct mapping *m)
{
    const struct stage_known *known = m->known;
    for (int64_t i = 0; i < m->n_names; i++) {
        const struct name *name = &m->names[i];
        const bool kpi = mapping_is_kpi(m, name->text);
        const struct known_column *column =
            kpi ? find_known(known->kpis, known->n_kpis - known->n_event_values, name->text)
                : find_known(known->attributes, known->n_attributes - known->n_event_attributes,
                             name->text);
        if (!kpi && !mapping_is_attribute(m, name)) continue;
        if (!column && is_left_out(known, name->text)) continue;
        if (!column)
            return lode_fail(LODE_E_INPUT,
                             "column '%s' is no %s of the store: leave it out, or stage all files "
                             "at once",
                             name->text, kpi ? "KPI" : "attribute");
        if (name->in_sessions && column->of_events)
            return lode_fail(LODE_E_INPUT,
                             "column '%s' is one of sessions here, but the store has it from rows "
                             "of events: stage all files at once",
                             name->text);
    }
    return LODE_OK;
}

lode_status mapping_list_known(struct mapping *m)
{
    struct stage_plan *plan = m->plan;
    const struct stage_known *known = m->known;
    bool event_attributes = false, event_values = false;
    lode_try(check_values(m));
    plan->n_kpis = known->n_kpis;
    plan->n_attributes = known->n_attributes;
    plan->n_event_values = known->n_event_values;
    plan->n_event_attributes = known->n_event_attributes;
    lode_try(lode_take_zero(m->arena, plan->n_kpis, &plan->kpis));
    lode_try(lode_take_zero(m->arena, plan->n_attributes, &plan->attributes));
    for (int64_t k = 0; k < plan->n_kpis; k++) {
        plan->kpis[k].name = known->kpis[k].name;
        event_values = event_values || known->kpis[k].of_events;
    }
    for (int64_t a = 0; a < plan->n_attributes; a++) {
        const struct known_column *column = &known->attributes[a];
        plan->attributes[a] = (struct stage_attribute){
            .name = column->name, .of_user = column->of_user, .named = true};
        event_attributes = event_attributes || column->of_events;
    }
    plan->in_order_only = event_attributes || (plan->split && event_values);
    return LODE_OK;
}
