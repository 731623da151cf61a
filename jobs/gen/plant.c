/* Plant: the table of what is hidden, the chances that follow from it, and the truth in words. */
#include "jobs/gen/plant.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdio.h>
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
    {.kind = "first_session",
     .kpi = PLANT_PAYMENT_FAILED,
     .attribute = "lifecycle",
     .value = "session_index=1",
     .factor = 1.8},
    {.kind = "return_after_gap",
     .kpi = PLANT_CRASH,
     .attribute = "lifecycle",
     .value = "session_after_gap",
     .factor = 3.0},
    {.kind = "static_cohort",
     .kpi = PLANT_PAYMENT_FAILED,
     .attribute = "country",
     .value = "BR",
     .factor = 2.0},
    {.kind = "numeric_cohort",
     .kpi = PLANT_DURATION,
     .attribute = "device",
     .value = "tablet",
     .factor = 1.5},
    /* No single attribute shows it: a user's first session is as good there as anywhere. */
    {.kind = "returning_on_os",
     .kpi = PLANT_ERROR,
     .attribute = "lifecycle",
     .value = "session_index>1",
     .with = "os_version",
     .with_value = "android 13",
     .factor = 3.0},
    {.kind = "rising_error",
     .kpi = PLANT_ERROR,
     .attribute = "app_version",
     .value = "5.4",
     .factor = 3.0,
     .rises = true},
};

const char *plant_kpi_name(enum plant_kpi kpi)
{
    static const char *const names[PLANT_KPIS] = {"kpi_payment_failed", "kpi_crash", "kpi_error",
                                                  "kpi_duration_s"};
    return names[kpi];
}

static bool is_in(const struct plant_session *session, const char *attribute, const char *value)
{
    if (!attribute) return true;
    if (strcmp(attribute, "os_version") == 0) return strcmp(session->os_version, value) == 0;
    if (strcmp(attribute, "device") == 0) return strcmp(session->device, value) == 0;
    if (strcmp(attribute, "country") == 0) return strcmp(session->country, value) == 0;
    if (strcmp(attribute, "app_version") == 0) return strcmp(session->app_version, value) == 0;
    /* lifecycle */
    if (strcmp(value, "session_index=1") == 0) return session->index == 1;
    if (strcmp(value, "session_index>1") == 0) return session->index > 1;
    return session->after_gap;
}

static bool is_planted(uint32_t planted, int thing)
{
    return planted >> thing & 1;
}

static const char *kind_of(int thing)
{
    return thing < PLANT_BEHAVIOURS ? plant_behaviours[thing].kind
                                    : plant_cohorts[thing - PLANT_BEHAVIOURS].kind;
}

/* A set by its name, or one kind; 0: there is none of that name. */
static uint32_t find_kinds(const char *name, size_t size)
{
    static const struct {
        const char *name;
        uint32_t things;
    } sets[] = {{"all", PLANT_ALL}, {"usual", PLANT_USUAL}, {"paper", 1 | PLANT_RETURNING_ON_OS}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (strlen(sets[i].name) == size && memcmp(sets[i].name, name, size) == 0)
            return sets[i].things;
    for (int i = 0; i < PLANT_THINGS; i++)
        if (strlen(kind_of(i)) == size && memcmp(kind_of(i), name, size) == 0)
            return UINT32_C(1) << i;
    return 0;
}

static lode_status unknown_kind(const char *name, size_t size)
{
    const char *kinds[PLANT_THINGS + 1] = {0};
    char given[64];
    struct lode_bytes list = {0};
    lode_status status = LODE_OK;
    snprintf(given, sizeof given, "%.*s", (int)size, name);
    for (int i = 0; i < PLANT_THINGS && !status; i++) {
        kinds[i] = kind_of(i);
        status = lode_bytes_printf(&list, ", %s", kinds[i]);
    }
    const char *near = lode_text_nearest(given, kinds);
    if (!status)
        status = lode_fail(LODE_E_USAGE,
                           "'%s' cannot be planted%s%s%s; there are all, usual, none, paper%.*s",
                           given, near ? " (did you mean '" : "", near ? near : "",
                           near ? "'?)" : "", (int)list.size, (const char *)list.data);
    lode_bytes_clear(&list);
    return status;
}

lode_status plant_read(const char *list, uint32_t *planted)
{
    uint32_t read = 0;
    for (const char *at = list; strcmp(list, "none") != 0;) {
        const size_t size = strcspn(at, ",");
        const uint32_t things = find_kinds(at, size);
        if (things == 0) return unknown_kind(at, size);
        read |= things;
        at += size;
        if (*at++ == '\0') break;
    }
    *planted = read;
    return LODE_OK;
}

double plant_factor(uint32_t planted, enum plant_kpi kpi, const struct plant_session *session)
{
    double factor = 1.0;
    for (int i = 0; i < PLANT_COHORTS; i++) {
        const struct plant_cohort *cohort = &plant_cohorts[i];
        if (is_planted(planted, PLANT_BEHAVIOURS + i) && cohort->kpi == kpi &&
            is_in(session, cohort->attribute, cohort->value) &&
            is_in(session, cohort->with, cohort->with_value))
            factor *= cohort->rises ? 1.0 + (cohort->factor - 1.0) * session->age : cohort->factor;
    }
    return factor;
}

double plant_share(uint32_t planted, int behaviour, const struct plant_session *session,
                   bool is_faulty)
{
    const struct plant_behaviour *row = &plant_behaviours[behaviour];
    const bool shown =
        is_planted(planted, behaviour) && is_faulty && is_in(session, row->attribute, row->value);
    return shown ? row->share_faulty : row->share_normal;
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
    const char *also = cohort->with ? "&" : "";
    return lode_bytes_printf(out,
                             "{\"kind\": \"%s\", \"expert\": \"%s\", \"kpi\": \"%s\", "
                             "\"attribute\": \"%s%s%s\", \"value\": \"%s%s%s\", \"factor\": %g}",
                             cohort->kind, cohort->rises ? "trend" : "cohort",
                             plant_kpi_name(cohort->kpi), cohort->attribute, also,
                             cohort->with ? cohort->with : "", cohort->value, also,
                             cohort->with ? cohort->with_value : "", cohort->factor);
}

lode_status plant_truth(const struct gen_events_options *options, struct lode_bytes *out)
{
    bool is_first = true;
    lode_try(lode_bytes_printf(
        out, "{\"users\": %" PRId64 ", \"seed\": %" PRIu64 ", \"faulty_rate\": %g, \"planted\": [",
        options->users, options->seed, options->faulty_rate));
    for (int i = 0; i < PLANT_THINGS; i++) {
        if (!is_planted(options->planted, i)) continue;
        lode_try(lode_bytes_printf(out, "%s\n  ", is_first ? "" : ","));
        is_first = false;
        lode_try(i < PLANT_BEHAVIOURS ? behaviour_truth(&plant_behaviours[i], out)
                                      : cohort_truth(&plant_cohorts[i - PLANT_BEHAVIOURS], out));
    }
    return lode_bytes_printf(out, "]}\n");
}
