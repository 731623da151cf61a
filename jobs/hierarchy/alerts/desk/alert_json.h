/* Alert JSON: alerts as lines of alerts.jsonl, and in the form of Alertmanager (docs/formats.md).
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_ALERT_JSON_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_ALERT_JSON_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* Appends one line. LODE_E_MEMORY, as both. */
LODE_CHECKED lode_status alert_line_append(const struct alert *alert, struct lode_bytes *out);

/* Appends the body of a POST to /api/v2/alerts: an array of alerts [n]. source: generatorURL, what
 * made them. The labels of an alert are the same however often it is sent; what may change in
 * between is in its annotations. One that lasts has no endsAt. */
LODE_CHECKED lode_status alert_body_append(const struct alert *alerts, int64_t n,
                                           const char *source, struct lode_bytes *out);

#endif
