/* Alerting: see the header. No message has more of a URL than its host: its path may be a secret.
 */
#include "coordinator/commands/alerting.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/http.h"
#include "common/store/hdf.h"
#include "coordinator/commands/bearer.h"
#include "coordinator/signals.h"
#include "jobs/hierarchy/alerts/desk/desk.h"
#include "jobs/hierarchy/alerts/desk/run_alerts.h"

enum {
    URL_MAX = 4096,
    TRY_MS = 10000,
    RETRIES = 1000, /* the time ends them */
    LOCK_MORE_MS = 10000,
    REPLY_LIMIT = 1 << 20
};

/* --- before the run --- */

static lode_status read_url(const char *path, struct lode_arena *arena, const char **url)
{
    struct lode_bytes text = {0};
    char *copy = NULL;
    lode_status status = lode_file_read(path, URL_MAX, &text);
    while (text.size > 0 && isspace(text.data[text.size - 1])) text.size--;
    for (size_t i = 0; i < text.size && !status; i++)
        if (!isgraph(text.data[i]))
            status = lode_fail(LODE_E_INPUT, "%s: not one URL on one line", path);
    if (!status)
        status = lode_arena_text(arena, text.size ? (const char *)text.data : "", text.size, &copy);
    lode_bytes_clear(&text);
    if (!status) *url = copy;
    return status;
}

static lode_status find_webhook(struct alerting *alerting)
{
    const struct alert_settings *settings = &alerting->settings;
    const bool has_file = settings->webhook_file[0] != '\0';
    char *key = NULL;
    if (!has_file && !settings->webhook[0]) return LODE_OK;
    alerting->url = settings->webhook;
    if (has_file) lode_try(read_url(settings->webhook_file, alerting->arena, &alerting->url));
    const lode_status status = lode_http_check_url(alerting->url);
    if (status) return lode_note(status, "parameter %s", has_file ? "webhook_file" : "webhook");
    lode_try(bearer_take("LODE_WEBHOOK_KEY", alerting->arena, &key));
    alerting->key = key;
    return LODE_OK;
}

/* Beside the model; the memory in it knows by a checksum whether it is of that model. */
static lode_status find_folder(const char *model, struct alerting *alerting)
{
    static const char suffix[] = ".alerts";
    const char *state = alerting->settings.state;
    char *absolute = NULL, *folder = NULL;
    lode_try(lode_path_absolute(state[0] ? state : model, alerting->arena, &absolute));
    size_t size = strlen(absolute);
    while (size > 1 && absolute[size - 1] == '/') size--;
    lode_try(lode_take(alerting->arena, size + sizeof suffix, &folder));
    snprintf(folder, size + sizeof suffix, "%.*s%s", (int)size, absolute, state[0] ? "" : suffix);
    alerting->folder = folder;
    return LODE_OK;
}

/* By which a memory knows that its model is another now, under the same path. */
static lode_status identify_model(const char *model, struct alerting *alerting)
{
    char path[PATH_MAX];
    struct lode_hdf *file = NULL;
    if (snprintf(path, sizeof path, "%s/results.h5", model) >= PATH_MAX)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", model);
    lode_try(lode_hdf_open(path, &file));
    snprintf(alerting->model, sizeof alerting->model, "%016" PRIx64, lode_hdf_checksum(file));
    lode_hdf_close(file);
    return LODE_OK;
}

lode_status alerting_prepare(const struct lode_params *params, struct lode_arena *arena,
                             struct alerting *alerting)
{
    const char *model = lode_params_text(params, "detect");
    *alerting = (struct alerting){.arena = arena};
    if (!model || !model[0] || !lode_params_text(params, "alerts")) return LODE_OK;
    lode_try(alert_settings_read(params, &alerting->settings));
    alerting->is_on = alerting->settings.mode != ALERTS_OFF;
    if (alerting->settings.mode != ALERTS_NEW) return LODE_OK;
    lode_try(find_folder(model, alerting));
    lode_try(identify_model(model, alerting));
    return find_webhook(alerting);
}

/* --- after it --- */

static bool is_stopped(void)
{
    return signals_seen().stops > 0;
}

/* "http://host:port" of a URL, which has neither user nor password. */
static int host_size(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (int)(host + 3 - url) + (int)strcspn(host + 3, "/?#") : 0;
}

struct sending {
    const struct alerting *alerting;
    int64_t end_us; /* of all deliveries; 0: none has begun */
};

/* A body that the receiver finds fault with will not get better; all else may. */
static bool is_refusal(void)
{
    static const char *const faults[] = {"HTTP status 400", "HTTP status 413", "HTTP status 422"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (strncmp(lode_error_text(), faults[i], strlen(faults[i])) == 0) return true;
    return false;
}

static enum desk_answer send_body(void *context, const void *body, size_t size)
{
    struct sending *sending = context;
    const struct alerting *alerting = sending->alerting;
    if (sending->end_us == 0)
        sending->end_us = lode_clock_us() + alerting->settings.webhook_ms * 1000;
    const char *headers[] = {"Content-Type: application/json", "Accept: application/json",
                             alerting->key, NULL};
    struct lode_bytes reply = {0};
    const struct lode_http_request post = {.url = alerting->url,
                                           .headers = headers,
                                           .body = body,
                                           .body_size = size,
                                           .timeout_ms = TRY_MS,
                                           .total_ms = (sending->end_us - lode_clock_us()) / 1000,
                                           .retries = RETRIES,
                                           .reply_limit = REPLY_LIMIT,
                                           .is_stopped = is_stopped};
    if (post.total_ms <= 0) return DESK_LATER;
    const lode_status status = lode_http_post(&post, &reply);
    lode_bytes_clear(&reply);
    if (!status) return DESK_TAKEN;
    const bool refused = is_refusal();
    fprintf(stderr, "lode: warning: webhook %.*s: %s\n", host_size(alerting->url), alerting->url,
            lode_error_text());
    return refused ? DESK_REFUSED : DESK_LATER;
}

/* file:// and the run's path, for generatorURL. */
static lode_status make_source(const char *directory, struct lode_bytes *source)
{
    lode_try(lode_bytes_printf(source, "file://"));
    for (const char *at = directory; *at; at++) {
        const bool is_plain = isascii(*at) && (isalnum(*at) || strchr("/-._~", *at));
        lode_try(lode_bytes_printf(source, is_plain ? "%c" : "%%%02X", (unsigned char)*at));
    }
    return lode_bytes_append(source, "", 1);
}

static void report(const struct alerting *alerting, const struct desk_outcome *outcome, bool quiet)
{
    if (!quiet)
        fprintf(stderr,
                "alerts: %" PRId64 " told, %" PRId64 " firings suppressed, %" PRId64
                " requests delivered\n",
                outcome->n_alerts, outcome->n_suppressed, outcome->n_sent);
    if (outcome->n_waiting > 0)
        fprintf(stderr, "lode: warning: %" PRId64 " requests wait in %s/spool%s\n",
                outcome->n_waiting, alerting->folder,
                alerting->url ? " for the next run" : "; no webhook is set");
    if (outcome->n_refused > 0)
        fprintf(stderr,
                "lode: warning: %" PRId64 " requests were refused for good, see %s/refused\n",
                outcome->n_refused, alerting->folder);
    if (outcome->n_unsent > 0)
        fprintf(stderr,
                "lode: warning: %" PRId64 " requests with alerts that still last were not "
                "delivered; unless the next run delivers them, the receiver ends them\n",
                outcome->n_unsent);
    if (outcome->is_full)
        fprintf(stderr,
                "lode: warning: %s/spool is full: the alerts are in alerts.jsonl alone, "
                "and told again by the next run\n",
                alerting->folder);
}

static lode_status serve(const struct alerting *alerting, const char *directory,
                         struct desk_outcome *outcome)
{
    char lines[PATH_MAX];
    struct alert_run run = {.model = alerting->model};
    struct lode_bytes source = {0};
    struct sending sending = {alerting, 0};
    if (snprintf(lines, sizeof lines, "%s/alerts.jsonl", directory) >= PATH_MAX)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", directory);
    lode_try(run_alerts_read(directory, alerting->arena, &run));
    lode_status status = make_source(directory, &source);
    const struct desk desk = {.folder = alerting->folder,
                              .lines_path = lines,
                              .request = {.source = (const char *)source.data,
                                          .now_ms = lode_clock_wall_ms(),
                                          .lasts_ms = alerting->settings.lasts_ms},
                              .cooldown_ms = alerting->settings.cooldown_ms,
                              .lock_wait_ms = (int)alerting->settings.webhook_ms + LOCK_MORE_MS,
                              .send = alerting->url ? send_body : NULL,
                              .context = &sending};
    if (!status) status = desk_serve(&desk, &run, alerting->arena, outcome);
    lode_bytes_clear(&source);
    return status;
}

int alerting_conclude(const struct alerting *alerting, const char *directory, bool quiet)
{
    struct desk_outcome outcome = {0};
    if (!alerting->is_on) return 0;
    if (serve(alerting, directory, &outcome)) {
        fprintf(stderr, "lode: warning: no alerts: %s\n", lode_error_text());
        return ALERTING_UNDELIVERED;
    }
    report(alerting, &outcome, quiet);
    if (alerting->url &&
        (outcome.n_waiting > 0 || outcome.n_refused > 0 || outcome.n_unsent > 0 || outcome.is_full))
        return ALERTING_UNDELIVERED;
    return alerting->settings.has_exit_status && outcome.n_alerts > 0 ? ALERTING_RAISED : 0;
}
