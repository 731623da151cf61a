/* Plant: the table of what is hidden, the chances that follow from it, and the truth in words. */
#include "jobs/gen/plant.h"

#include <inttypes.h>
#include <string.h>

/* With 2,000 users (22,000 sessions, about 1,100 faulty a KPI) each of these is far beyond chance:
 * the weakest, 300 sessions after a gap, has 45 faulty ones where 15 are expected. */
const struct plant_behaviour plant_behaviours[PLANT_BEHAVIOURS] = {
    {.kind = "sequence",
     .kpi = PLANT_PAYMENT_FAILED,
     .n_events = 3,
     .events = {"buy_plan", "web_cors_error", "timeout_error"},
     .share_faulty = 0.20,
     .share_normal = 0.004},
    {.kind = "event",
     .kpi = PLANT_CRASH,
     .n_events = 1,
     .events = {"low_memory_warning"},
     .share_faulty = 0.30,
     .share_normal = 0.02},
    /* 15 % of the sessions are in the cohort, so over all sessions it is in 5.4 % of the faulty
     * ones: below the 10 % of expert pattern. Only who looks inside the cohort finds it. */
    {.kind = "sequence_in_cohort",
     .kpi = PLANT_CRASH,
     .attribute = "app_version",
     .value = "5.2",
     .n_events = 2,
     .events = {"open_wallet", "wallet_token_expired"},
     .share_faulty = 0.30,
     .share_normal = 0.01},
};

const struct plant_cohort plant_cohorts[PLANT_COHORTS] = {
    {"first_session", PLANT_PAYMENT_FAILED, "lifecycle", "session_index=1", 1.8},
    {"return_after_gap", PLANT_CRASH, "lifecycle", "session_after_gap", 3.0},
    {"static_cohort", PLANT_PAYMENT_FAILED, "country", "BR", 2.0},
    {"numeric_cohort", PLANT_DURATION, "device", "tablet", 1.5},
};

const char *plant_kpi_name(enum plant_kpi kpi)
{
    static const char *const names[PLANT_KPIS] = {"kpi_payment_failed", "kpi_crash",
                                                  "kpi_duration_s"};
    return names[kpi];
}

static bool is_in(const struct plant_session *session, const char *attribute, const char *value)
{
    if (!attribute) return true;
    if (strcmp(attribute, "device") == 0) return strcmp(session->device, value) == 0;
    if (strcmp(attribute, "country") == 0) return strcmp(session->country, value) == 0;
    if (strcmp(attribute, "app_version") == 0) return strcmp(session->app_version, value) == 0;
    /* lifecycle */
    return strcmp(value, "session_index=1") == 0 ? session->index == 1 : session->after_gap;
}

double plant_factor(bool plant, enum plant_kpi kpi, const struct plant_session *session)
{
    double factor = 1.0;
    for (int i = 0; plant && i < PLANT_COHORTS; i++) {
        const struct plant_cohort *cohort = &plant_cohorts[i];
        if (cohort->kpi == kpi && is_in(session, cohort->attribute, cohort->value))
            factor *= cohort->factor;
    }
    return factor;
}

double plant_share(bool plant, const struct plant_behaviour *behaviour,
                   const struct plant_session *session, bool is_faulty)
{
    const bool shown = plant && is_faulty && is_in(session, behaviour->attribute, behaviour->value);
    return shown ? behaviour->share_faulty : behaviour->share_normal;
}

static lode_status behaviour_truth(const struct plant_behaviour *behaviour, struct lode_bytes *out)
{
    lode_try(lode_bytes_printf(out,
                               "{\"kind\": \"%s\", \"expert\": \"pattern\", \"kpi\": \"%s\", "
                               "\"cohort\": \"%s%s%s\", \"pattern\": \"",
                               behaviour->kind, plant_kpi_name(behaviour->kpi),
                               behaviour->attribute ? behaviour->attribute : "",
                               behaviour->attribute ? "=" : "",
                               behaviour->attribute ? behaviour->value : ""));
    for (int i = 0; i < behaviour->n_events; i++)
        lode_try(lode_bytes_printf(out, "%s%s", i ? "|" : "", behaviour->events[i]));
    return lode_bytes_printf(out, "\", \"share_faulty\": %g, \"share_normal\": %g}",
                             behaviour->share_faulty, behaviour->share_normal);
}

static lode_status cohort_truth(const struct plant_cohort *cohort, struct lode_bytes *out)
{
    return lode_bytes_printf(out,
                             "{\"kind\": \"%s\", \"expert\": \"cohort\", \"kpi\": \"%s\", "
                             "\"attribute\": \"%s\", \"value\": \"%s\", \"factor\": %g}",
                             cohort->kind, plant_kpi_name(cohort->kpi), cohort->attribute,
                             cohort->value, cohort->factor);
}

lode_status plant_truth(const struct gen_events_options *options, struct lode_bytes *out)
{
    lode_try(lode_bytes_printf(
        out, "{\"users\": %" PRId64 ", \"seed\": %" PRIu64 ", \"faulty_rate\": %g, \"planted\": [",
        options->users, options->seed, options->faulty_rate));
    for (int i = 0; options->plant && i < PLANT_BEHAVIOURS; i++) {
        lode_try(lode_bytes_printf(out, "%s\n  ", i ? "," : ""));
        lode_try(behaviour_truth(&plant_behaviours[i], out));
    }
    for (int i = 0; options->plant && i < PLANT_COHORTS; i++) {
        lode_try(lode_bytes_printf(out, ",\n  "));
        lode_try(cohort_truth(&plant_cohorts[i], out));
    }
    return lode_bytes_printf(out, "]}\n");
}
