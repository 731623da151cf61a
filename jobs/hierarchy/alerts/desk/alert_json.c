/* Alert JSON: see the header. */
#include "jobs/hierarchy/alerts/desk/alert_json.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/text.h"

/* Of a line; the number of all is told beside. */
enum { FIRINGS_MAX = 100, COUNTERS_MAX = 5 };

static lode_status append_text(struct lode_bytes *out, const char *before, const char *text)
{
    lode_try(lode_bytes_printf(out, "%s", before));
    return lode_text_append_json(out, text, strlen(text));
}

static lode_status append_number(struct lode_bytes *out, const char *before, double number)
{
    lode_try(lode_bytes_printf(out, "%s", before));
    return lode_text_append_f64(out, number);
}

/* RFC 3339 in UTC, with milliseconds. */
static lode_status append_time(struct lode_bytes *out, const char *before, int64_t time_ms)
{
    struct tm utc;
    char text[32] = "";
    if (time_ms == INT64_MIN) return lode_bytes_printf(out, "%snull", before);
    const int64_t rest_ms = (time_ms % 1000 + 1000) % 1000;
    const time_t seconds = (time_t)(time_ms / 1000 - (time_ms % 1000 < 0));
    if (!gmtime_r(&seconds, &utc) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc))
        return lode_fail(LODE_E_INPUT, "%lld ms since 1970 are beyond the calendar",
                         (long long)time_ms);
    return lode_bytes_printf(out, "%s\"%s.%03dZ\"", before, text, (int)rest_ms);
}

static lode_status append_name(struct lode_bytes *out, const struct alert_firing *firing)
{
    lode_try(append_text(out, "\"component\":", firing->component));
    lode_try(append_text(out, ",\"level\":", firing->level));
    return append_text(out, ",\"detector\":", firing->detector);
}

static lode_status append_firings(struct lode_bytes *out, const struct alert *alert)
{
    for (int64_t i = 0; i < alert->n && i < FIRINGS_MAX; i++) {
        const struct alert_firing *firing = alert->firings[i];
        lode_try(lode_bytes_printf(out, i > 0 ? ",{" : "{"));
        lode_try(append_name(out, firing));
        lode_try(append_time(out, ",\"start\":", firing->start_ms));
        lode_try(append_time(out, ",\"end\":", firing->end_ms));
        lode_try(append_number(out, ",\"peak\":", firing->peak));
        lode_try(append_number(out, ",\"threshold\":", firing->threshold));
        lode_try(lode_bytes_append(out, "}", 1));
    }
    return LODE_OK;
}

static lode_status append_counters(struct lode_bytes *out, const struct alert_firing *firing)
{
    for (int64_t i = 0; i < firing->n_counters && i < COUNTERS_MAX; i++) {
        lode_try(append_text(
            out, i > 0 ? ",{\"component\":" : "{\"component\":", firing->counters[i].component));
        lode_try(append_text(out, ",\"counter\":", firing->counters[i].name));
        lode_try(append_number(out, ",\"share\":", firing->counters[i].share));
        lode_try(lode_bytes_append(out, "}", 1));
    }
    return LODE_OK;
}

/* Why the alert is told now. */
static const char *state_of(const struct alert *alert)
{
    return alert->end_ms == INT64_MIN ? "lasts" : "ended";
}

lode_status alert_line_append(const struct alert *alert, struct lode_bytes *out)
{
    const struct alert_firing *strongest = alert->strongest;
    lode_try(lode_bytes_printf(out, "{\"fingerprint\":\"%016" PRIx64 "\",\"state\":\"%s\",",
                               alert->fingerprint, state_of(alert)));
    lode_try(append_name(out, alert->first));
    lode_try(append_number(out, ",\"severity\":", alert->severity));
    lode_try(append_time(out, ",\"start\":", alert->start_ms));
    lode_try(append_time(out, ",\"end\":", alert->end_ms));
    lode_try(append_number(out, ",\"peak\":", strongest->peak));
    lode_try(append_time(out, ",\"peak_time\":", strongest->peak_ms));
    lode_try(append_time(out, ",\"change\":", strongest->change_ms));
    lode_try(lode_bytes_printf(
        out, ",\"told\":%" PRId64 ",\"suppressed\":%" PRId64 ",\"firings\":%" PRId64, alert->n_told,
        alert->suppressed, alert->n));
    lode_try(lode_bytes_printf(out, ",\"detectors\":["));
    lode_try(append_firings(out, alert));
    lode_try(lode_bytes_printf(out, "],\"counters\":["));
    lode_try(append_counters(out, strongest));
    lode_try(append_text(out, "],\"text\":", strongest->text));
    return lode_bytes_append(out, "}\n", 2);
}

static lode_status append_annotations(const struct alert *alert, struct lode_bytes *out)
{
    struct lode_bytes number = {0};
    lode_status status = LODE_OK;
    lode_try_done(append_text(out, "\"annotations\":{\"summary\":", alert->strongest->text));
    lode_try_done(append_number(&number, "", alert->severity));
    lode_try_done(lode_bytes_printf(out, ",\"severity\":\"%.*s\"", (int)number.size,
                                    (const char *)number.data));
    lode_try_done(append_time(out, ",\"change\":", alert->strongest->change_ms));
    lode_try_done(lode_bytes_printf(out,
                                    ",\"firings\":\"%" PRId64 "\",\"suppressed\":\"%" PRId64 "\"}",
                                    alert->n, alert->suppressed));
done:
    lode_bytes_clear(&number);
    return status;
}

static int64_t end_of(const struct alert *alert, const struct alert_request *request)
{
    if (alert->end_ms != INT64_MIN) return alert->end_ms;
    /* clocks of machines differ: an alert that ends before it starts is refused */
    const int64_t from_ms = alert->start_ms > request->now_ms ? alert->start_ms : request->now_ms;
    return from_ms + request->lasts_ms;
}

lode_status alert_body_append(const struct alert *alerts, int64_t n,
                              const struct alert_request *request, struct lode_bytes *out)
{
    lode_try(lode_bytes_append(out, "[", 1));
    for (int64_t i = 0; i < n; i++) {
        const struct alert *alert = &alerts[i];
        lode_try(lode_bytes_printf(out, "%s{\"labels\":{\"alertname\":\"lode\",", i ? "," : ""));
        lode_try(append_name(out, alert->first));
        lode_try(
            lode_bytes_printf(out, ",\"fingerprint\":\"%016" PRIx64 "\"},", alert->fingerprint));
        lode_try(append_annotations(alert, out));
        lode_try(append_time(out, ",\"startsAt\":", alert->start_ms));
        lode_try(append_time(out, ",\"endsAt\":", end_of(alert, request)));
        lode_try(append_text(out, ",\"generatorURL\":", request->source));
        lode_try(lode_bytes_append(out, "}", 1));
    }
    return lode_bytes_append(out, "]", 1);
}
