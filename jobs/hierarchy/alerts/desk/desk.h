/* Desk: where a run's firings become alerts, are remembered, and delivered.
 *
 * The folder of a desk serves all runs of one store against one model, one at a time:
 *
 *   state.jsonl       what was told (jobs/hierarchy/alerts/desk/memory.h)
 *   spool/            what was told and not yet delivered (spool.h)
 *   refused/          bodies that the receiver will never take
 *   lock              common/lock_file.h
 *
 * Order makes it safe against kills at any moment: spool files, then the run's alerts.jsonl, then
 * state.jsonl by rename. A run that is killed before the rename has told nothing, and the next one,
 * which finds the same firings, tells them; one that is killed later has all in the spool. So an
 * alert may come twice, with the same fingerprint, but is never lost. When the spool is full the
 * state stays as it was, with the same effect.
 *
 * Alerts of earlier runs that still last are sent again when all else was taken, past the spool: a
 * later run would send them with a later end.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_DESK_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_DESK_H

#include "jobs/hierarchy/alerts/desk/alert_json.h"

enum desk_answer {
    DESK_TAKEN,
    DESK_REFUSED, /* this body, for good */
    DESK_LATER    /* nothing can be delivered now */
};

struct desk {
    const char *folder; /* made where it is not there; NULL: nothing is remembered or delivered */
    const char *lines_path; /* the run's alerts.jsonl, to be made */
    struct alert_request request;
    int64_t cooldown_ms;
    int lock_wait_ms; /* for another run at the same desk */
    /* Delivers a body, with all tries that it wants; NULL: there is nobody to deliver to. */
    enum desk_answer (*send)(void *context, const void *body, size_t size);
    void *context;
};

struct desk_outcome {
    int64_t n_alerts, n_suppressed; /* firings that were not told */
    int64_t n_sent, n_refused;      /* requests */
    int64_t n_waiting;              /* requests, in the spool */
    int64_t n_unsent;               /* requests that say that alerts of earlier runs still last */
    bool is_full;                   /* the alerts are in alerts.jsonl alone, and told again */
};

/* All of a run's alerts. LODE_E_DISK, LODE_E_INPUT (state.jsonl is broken, with its line),
 * LODE_E_RUN (another run holds the desk): then nothing is told, the next run does it. */
LODE_CHECKED lode_status desk_serve(const struct desk *desk, const struct alert_run *run,
                                    struct lode_arena *arena, struct desk_outcome *outcome);

#endif
