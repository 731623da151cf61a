/* Alert JSON: alerts as lines of alerts.jsonl, and in the form of Alertmanager (docs/formats.md).
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_ALERT_JSON_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_ALERT_JSON_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* What all alerts of a request have in common. */
struct alert_request {
    const char *source; /* generatorURL: what made them */
    int64_t now_ms;     /* since 1970 */
    int64_t lasts_ms;
};

/* Appends one line. LODE_E_MEMORY, as both. */
LODE_CHECKED lode_status alert_line_append(const struct alert *alert, struct lode_bytes *out);

/* Appends the body of a POST to /api/v2/alerts: an array of alerts [n]. The labels of
 * an alert are the same however often it is sent; what may change in between is in its annotations.
 * The endsAt of one that lasts is lasts_ms from now (or from its start, were that later): then the
 * receiver ends it, unless it was sent again. */
LODE_CHECKED lode_status alert_body_append(const struct alert *alerts, int64_t n,
                                           const struct alert_request *request,
                                           struct lode_bytes *out);

#endif
