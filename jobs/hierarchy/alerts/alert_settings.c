/* Alert settings: see the header. */
#include "jobs/hierarchy/alerts/alert_settings.h"

#include <string.h>

#include "common/text.h"

enum { WEBHOOK_LEAST_MS = 100, WEBHOOK_MOST_MS = 3600000, LASTS_LEAST_MS = 1000 };
static const int64_t lasts_most_ms = INT64_C(365) * 86400000;

static const char *const modes[] = {"run", "new", "off", NULL};

static lode_status read_mode(const struct lode_params *params, enum alert_mode *mode)
{
    const char *text = lode_params_text(params, "alerts");
    for (int i = 0; text && modes[i]; i++) {
        if (strcmp(modes[i], text) != 0) continue;
        *mode = (enum alert_mode)i;
        return LODE_OK;
    }
    const char *nearest = text ? lode_text_nearest(text, modes) : NULL;
    return lode_fail(LODE_E_USAGE, "parameter alerts: '%s' is none of run, new, off%s%s%s",
                     text ? text : "", nearest ? "; did you mean '" : "", nearest ? nearest : "",
                     nearest ? "'?" : "");
}

lode_status alert_settings_read(const struct lode_params *params, struct alert_settings *settings)
{
    struct alert_settings read = {.state = lode_params_text(params, "alert_state"),
                                  .webhook = lode_params_text(params, "webhook"),
                                  .webhook_file = lode_params_text(params, "webhook_file")};
    lode_try(read_mode(params, &read.mode));
    lode_try(lode_params_duration_ms(params, "alert_gap", &read.gap_ms));
    lode_try(lode_params_duration_ms(params, "cooldown", &read.cooldown_ms));
    lode_try(lode_params_duration_ms(params, "webhook_time", &read.webhook_ms));
    lode_try(lode_params_duration_ms(params, "webhook_lasts", &read.lasts_ms));
    lode_try(lode_params_bool(params, "alert_exit", &read.has_exit_status));
    if (!read.state || !read.webhook || !read.webhook_file)
        return lode_fail(LODE_E_BUG, "the job has no parameters of alerts");
    if (read.webhook[0] && read.webhook_file[0])
        return lode_fail(LODE_E_USAGE, "parameters webhook and webhook_file: one of them");
    if ((read.webhook[0] || read.webhook_file[0]) && read.mode != ALERTS_NEW)
        return lode_fail(LODE_E_USAGE,
                         "parameter webhook needs alerts=new: without what earlier runs "
                         "told, every run would send all of its alerts again");
    if (read.webhook_ms < WEBHOOK_LEAST_MS || read.webhook_ms > WEBHOOK_MOST_MS)
        return lode_fail(LODE_E_USAGE,
                         "parameter webhook_time: %lld ms, 100 ms to 1 h are possible",
                         (long long)read.webhook_ms);
    if (read.lasts_ms < LASTS_LEAST_MS || read.lasts_ms > lasts_most_ms)
        return lode_fail(LODE_E_USAGE,
                         "parameter webhook_lasts: %lld ms, 1 s to 365 days are possible",
                         (long long)read.lasts_ms);
    *settings = read;
    return LODE_OK;
}
