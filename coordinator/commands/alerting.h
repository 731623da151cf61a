/* Alerting: what a detection run of job hierarchy does with its firings after its results are
 * there: alerts.jsonl, what was told, the webhook.
 *
 * The job itself sees no state of other runs and no socket (docs/decisions/0013-alerts-after-the-
 * run.md): its results are the same bytes whatever was told before. Nothing here fails a run.
 */
#ifndef LODE_COORDINATOR_COMMANDS_ALERTING_H
#define LODE_COORDINATOR_COMMANDS_ALERTING_H

#include "common/param/param.h"
#include "jobs/hierarchy/alerts/alert_settings.h"

enum {
    ALERTING_RAISED = 10,     /* exit status of a run that raised alerts, where it is asked for */
    ALERTING_UNDELIVERED = 11 /* alerts could not be told, or not be delivered */
};

struct alerting {
    bool is_on;
    struct alert_settings settings;
    char model[17];     /* checksum of its results, before the run */
    const char *folder; /* of the desk; NULL: nothing is remembered */
    const char *url;    /* of the webhook; NULL: none */
    const char *key;    /* header with LODE_WEBHOOK_KEY; NULL: none */
    struct lode_arena *arena;
};

/* Before the run, so that a slip is told before any work; nothing for other jobs and for training.
 * LODE_WEBHOOK_KEY is removed from the environment. LODE_E_USAGE, LODE_E_INPUT (webhook_file,
 * the model). */
LODE_CHECKED lode_status alerting_prepare(const struct lode_params *params,
                                          struct lode_arena *arena, struct alerting *alerting);

/* After it: writes alerts.jsonl into its directory, remembers, delivers. What goes wrong is a
 * warning. Returns the exit status of the run: 0 or one of the two above. */
int alerting_conclude(const struct alerting *alerting, const char *directory, bool quiet);

#endif
