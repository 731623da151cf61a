/* User sessions: the sessions of one user, in any number and of any size, in order of (start, id).
 *
 * They come in order of their ids; their starts are known only once their events are sorted. So
 * they go through a sorter, in pieces.
 */
#ifndef LODE_JOBS_STAGE_USER_SESSIONS_H
#define LODE_JOBS_STAGE_USER_SESSIONS_H

#include "jobs/stage/plan.h"
#include "jobs/stage/session_events.h"

/* A session without its events. Arrays are the caller's. */
struct session_row {
    struct record_id id;
    int64_t start;         /* ms; INT64_MIN: unknown */
    bool start_is_derived; /* no row said it */
    uint32_t piece;        /* where a key was cut: which of its sessions, from 1; 0: the only one */
    double *kpis;          /* [stage_session_kpis]; NaN: no value */
    uint32_t *attributes;  /* [stage_session_attributes]; LODE_NO_CODE: no value */
};

/* Events in order. Arrays are the caller's. */
struct event_rows {
    int64_t n;
    const int64_t *times;
    const uint32_t *names;
    const uint8_t *values; /* [n] of stage_event_bytes; NULL where those are 0 */
};

struct user_sessions;

LODE_CHECKED lode_status user_sessions_create(const struct shuffle_site *site, size_t memory_bytes,
                                              const struct stage_plan *plan,
                                              struct user_sessions **sessions);
/* A session: begin with its id and start, its events in order, end with its values. */
LODE_CHECKED lode_status user_sessions_begin(struct user_sessions *sessions,
                                             const struct session_row *row);
LODE_CHECKED lode_status user_sessions_put(struct user_sessions *sessions,
                                           const struct event_rows *rows);
LODE_CHECKED lode_status user_sessions_end(struct user_sessions *sessions,
                                           const struct session_row *row);

/* Called in order: the events of a session (in several calls), then the session. */
struct user_sessions_visitor {
    void *context;
    lode_status (*events)(void *context, const struct event_rows *rows);
    lode_status (*session)(void *context, const struct session_row *row);
};
/* Visits all, and forgets them. */
LODE_CHECKED lode_status user_sessions_visit(struct user_sessions *sessions,
                                             const struct user_sessions_visitor *visitor);
void user_sessions_close(struct user_sessions *sessions); /* takes NULL */

#endif
