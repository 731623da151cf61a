/* Alert tables: see the header. */
#include "jobs/hierarchy/alerts/alert_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/alerts/alert_settings.h"
#include "jobs/hierarchy/alerts/health.h"
#include "jobs/hierarchy/alerts/incidents.h"
#include "jobs/hierarchy/model/rows.h"

/* Firings by number, as alerts see them. */
struct about {
    const struct outcome *outcome;
    int64_t n_components;
    int64_t *parents;    /* [n_components] */
    int64_t *components; /* [n_fired] */
    double *severities;  /* [n_fired] */
    int64_t *incidents;  /* [n_fired] */
    const char **texts;  /* [n_fired] */
};

static int compare_component(const void *key, const void *item)
{
    return strcmp(key, ((const struct model_component *)item)->name);
}

/* The first pattern that fits the counter, else the component; a leaf's kind is no part of it. */
static double severity_of(const struct hierarchy_numbers *severities,
                          const struct fired_contributor *one, struct lode_arena *arena,
                          lode_status *status)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const char *colon = strrchr(one->name, ':');
    char *counter = NULL;
    double severity = hierarchy_number_of(severities, one->name, 0.0);
    if (severity == 0.0 && colon) {
        *status = lode_arena_text(arena, one->name, (size_t)(colon - one->name), &counter);
        if (*status) return 1.0;
        severity = hierarchy_number_of(severities, counter, 0.0);
        lode_arena_rewind(arena, mark);
    }
    return severity > 0.0 ? severity : hierarchy_number_of(severities, one->component, 1.0);
}

/* The largest of the counters that make the firing. */
static lode_status weigh(const struct fired *fired, const struct hierarchy_numbers *severities,
                         struct lode_arena *arena, double *severity)
{
    lode_status status = LODE_OK;
    *severity = 0.0;
    for (int64_t i = 0; i < fired->n_main && !status; i++) {
        const double one = severity_of(severities, &fired->top[i], arena, &status);
        if (one > *severity) *severity = one;
    }
    if (*severity == 0.0) *severity = hierarchy_number_of(severities, fired->component, 1.0);
    return status;
}

static lode_status take_about(struct lode_arena *arena, int64_t n, struct about *about)
{
    lode_try(lode_take(arena, about->n_components, &about->parents));
    lode_try(lode_take(arena, n, &about->components));
    lode_try(lode_take(arena, n, &about->severities));
    lode_try(lode_take(arena, n, &about->incidents));
    return lode_take_zero(arena, n, &about->texts);
}

static lode_status gather(const struct lode_run *run, const struct outcome *outcome,
                          const struct detection_findings *findings, struct about *about)
{
    const struct model *model = outcome->planning->model;
    const int64_t n = outcome->n_fired;
    struct hierarchy_options now;
    struct alert_settings settings;
    struct incident_firing *firings;
    *about = (struct about){.outcome = outcome, .n_components = model->n_components};
    lode_try(hierarchy_options_read(run->params, run->arena, &now));
    lode_try(alert_settings_read(run->params, &settings));
    const struct hierarchy_numbers *severities =
        now.severities.n > 0 ? &now.severities : &model->options.severities;
    lode_try(take_about(run->arena, n, about));
    lode_try(lode_take(run->arena, n, &firings));
    for (int64_t c = 0; c < model->n_components; c++)
        about->parents[c] = model->components[c].parent;
    for (int64_t i = 0; i < n; i++) {
        const struct fired *of = &outcome->fired[i];
        const struct model_component *found =
            bsearch(of->component, model->components, (size_t)model->n_components, sizeof *found,
                    compare_component);
        if (!found) return lode_fail(LODE_E_BUG, "a firing of component '%s'", of->component);
        about->components[i] = found - model->components;
        firings[i] = (struct incident_firing){about->components[i], of->start_ms, of->end_ms};
        lode_try(weigh(of, severities, run->arena, &about->severities[i]));
    }
    for (int64_t i = 0; i < findings->n; i++)
        if (findings->list[i].fired >= 0)
            about->texts[findings->list[i].fired] = findings->list[i].text;
    return incidents_group(about->parents, about->n_components, firings, n, settings.gap_ms,
                           run->arena, about->incidents);
}

static lode_status put_incidents(const struct lode_run *run, const struct about *about)
{
    struct rows rows;
    int64_t *firing, *incident;
    double *severity;
    uint32_t *text;
    lode_try(rows_begin(&rows, "incidents", "firings that are about one thing",
                        about->outcome->n_fired, run->arena));
    lode_try(rows_i64(&rows, "firing", NULL, "number, as in table firings", &firing));
    lode_try(rows_i64(&rows, "incident", NULL, "number, in order of their starts", &incident));
    lode_try(rows_f64(&rows, "severity", NULL, "largest of the counters that made it", &severity));
    lode_try(rows_text(&rows, "text", "the firing in words", &text));
    for (int64_t i = 0; i < about->outcome->n_fired; i++) {
        firing[i] = i + 1;
        incident[i] = about->incidents[i];
        severity[i] = about->severities[i];
        lode_try(rows_code(&rows, about->texts[i], &text[i]));
    }
    return lode_results_put(run->results, rows_end(&rows));
}

/* Scored up to now, with leaves that can fire, of which half or more have counters that speak; a
 * rule alone reads nothing where none does. */
static bool is_watched(const struct planned_component *of)
{
    return !of->is_silent && of->n_watched > 0 && of->n_watched >= of->n_alive - of->n_watched &&
           of->n_speaking > 0;
}

static void look(const struct outcome *outcome, enum health_sight *sights)
{
    const struct model *model = outcome->planning->model;
    const struct planned *planned = outcome->planned;
    for (int64_t c = 0; c < model->n_components; c++) {
        const struct planned_component *of =
            planned->place[c] >= 0 ? &planned->list[planned->place[c]] : NULL;
        const bool has_samples = model->components[c].last_ms != INT64_MIN;
        sights[c] = of && is_watched(of) ? HEALTH_WATCHED
                    : has_samples        ? HEALTH_UNKNOWN
                                         : HEALTH_NO_SAMPLES;
    }
    for (int64_t i = 0; i < planned->n_unscored; i++) /* also samples that are new to the model */
        if (planned->unscored[i].home >= 0) sights[planned->unscored[i].home] = HEALTH_UNKNOWN;
}

/* Health at the end of the scored slots: of the firings that last. worst: as numbers of firings. */
static lode_status judge_health(const struct about *about, struct lode_arena *arena,
                                struct health *health)
{
    const struct outcome *outcome = about->outcome;
    struct health_firing *lasting;
    enum health_sight *sights;
    int64_t *numbers, n = 0;
    lode_try(lode_take(arena, outcome->n_fired, &lasting));
    lode_try(lode_take(arena, outcome->n_fired, &numbers));
    lode_try(lode_take(arena, about->n_components, &sights));
    look(outcome, sights);
    for (int64_t i = 0; i < outcome->n_fired; i++) {
        const struct fired *of = &outcome->fired[i];
        if (of->end_ms != INT64_MIN) continue;
        numbers[n] = i;
        lasting[n++] = (struct health_firing){about->components[i], of->peak,
                                              outcome->planning->levels->alerts[of->level],
                                              about->severities[i]};
    }
    health_of_components(about->parents, sights, about->n_components, lasting, n, health);
    for (int64_t c = 0; c < about->n_components; c++)
        if (health[c].worst >= 0) health[c].worst = numbers[health[c].worst];
    return LODE_OK;
}

static lode_status put_health(const struct lode_run *run, const struct about *about)
{
    const struct outcome *outcome = about->outcome;
    const struct model *model = outcome->planning->model;
    struct rows rows;
    struct health *health;
    int64_t *unknown;
    double *value, *firing;
    uint32_t *component, *parent, *colour, *level, *where, *detector, *since;
    char time[40];
    lode_try(lode_take(run->arena, about->n_components, &health));
    lode_try(judge_health(about, run->arena, health));
    lode_try(rows_begin(&rows, "health", "how components are at the end of the scored slots",
                        about->n_components, run->arena));
    lode_try(rows_text(&rows, "component", "whose health this is, with all below it", &component));
    lode_try(rows_f64(&rows, "health", NULL, "1: nothing fires; 0: the worst; empty: not known",
                      &value));
    lode_try(rows_text(&rows, "colour", "green, yellow, orange, red or unknown", &colour));
    lode_try(rows_text(&rows, "at", "component whose detector is the worst", &where));
    lode_try(rows_text(&rows, "level", "of the worst detector", &level));
    lode_try(rows_text(&rows, "detector", "the worst", &detector));
    lode_try(rows_f64(&rows, "firing", NULL, "number, as in table firings", &firing));
    lode_try(rows_text(&rows, "since", "start of that firing", &since));
    lode_try(rows_i64(&rows, "unknown", NULL, "components, itself and below, that nobody watches",
                      &unknown));
    lode_try(rows_text(&rows, "parent", "component above; empty: none", &parent));
    for (int64_t c = 0; c < about->n_components; c++) {
        const struct fired *of = health[c].worst >= 0 ? &outcome->fired[health[c].worst] : NULL;
        const int64_t above = model->components[c].parent;
        value[c] = health[c].value;
        unknown[c] = health[c].n_unknown;
        firing[c] = of ? (double)(health[c].worst + 1) : (double)NAN;
        lode_try(rows_code(&rows, model->components[c].name, &component[c]));
        lode_try(rows_code(&rows, health_colour(&health[c]), &colour[c]));
        lode_try(rows_code(&rows, of ? of->component : NULL, &where[c]));
        lode_try(
            rows_code(&rows, of ? outcome->planning->levels->names[of->level] : NULL, &level[c]));
        lode_try(rows_code(&rows, of ? of->detector : NULL, &detector[c]));
        lode_try(rows_code(&rows, of ? detection_time(of->start_ms, time) : NULL, &since[c]));
        lode_try(rows_code(&rows, above >= 0 ? model->components[above].name : NULL, &parent[c]));
    }
    return lode_results_put(run->results, rows_end(&rows));
}

lode_status alert_tables_put(const struct lode_run *run, const struct outcome *outcome,
                             const struct detection_findings *findings)
{
    struct about about;
    lode_try(gather(run, outcome, findings, &about));
    lode_try(put_incidents(run, &about));
    return put_health(run, &about);
}
