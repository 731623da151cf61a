/* Sessions: the records of one partition become users, their sessions and their events, sorted.
 * Pure: no files.
 *
 * Order, with full keys: users by their id's bytes; sessions of a user by (start, id's bytes);
 * events of a session by (time, input order), where input order is (file, line). A session is known
 * by user and id together. Nothing depends on the order in which records are added, except that of
 * several session records of one session the first added is kept.
 *
 * Where sessions are given (plan->sessions_given) an event without its session is rejected, and a
 * session without a start takes the time of its first event, else INT64_MIN. Where they are
 * derived, every key is a session, or with plan->split several: KEY when it is one, else KEY#1,
 * KEY#2, ...
 *
 * Values of event rows: of a KPI the largest in the session, of an attribute the first.
 */
#ifndef LODE_JOBS_STAGE_SESSIONS_H
#define LODE_JOBS_STAGE_SESSIONS_H

#include "jobs/stage/plan.h"
#include "jobs/stage/shuffle/records.h"

struct sessions;

/* `plan` and all added keys are borrowed until the end; memory from the arena. */
LODE_CHECKED lode_status sessions_create(const struct stage_plan *plan, struct lode_arena *arena,
                                         struct sessions **sessions);

/* Adds a session or an event, with codes of the store; *reject is NULL or why it is not added
 * ("duplicate session"). */
LODE_CHECKED lode_status sessions_add(struct sessions *sessions, const struct record *record,
                                      const char **reject);

/* Called for each event that has no session. */
typedef lode_status (*sessions_reject_fn)(void *context, int64_t file, int64_t line,
                                          const char *reason);

struct sessions_rows {
    int64_t n_users, n_sessions, n_events;
    struct record_id *users;    /* [n_users] */
    int64_t *session_offsets;   /* [n_users + 1] */
    struct record_id *sessions; /* [n_sessions] */
    int64_t *starts;            /* [n_sessions] ms; INT64_MIN: unknown */
    int64_t *event_offsets;     /* [n_sessions + 1] */
    int64_t *times;             /* [n_events] ms */
    uint32_t *names;            /* [n_events] */
    double **kpis;              /* [n_kpis][n_sessions]; NaN: no value */
    uint32_t **attributes;      /* [n_attributes][n_users or n_sessions]; LODE_NO_CODE: no value */
};

/* Sorts what was added; `rows` and all in it are the arena's. Cost O(n log n) of sessions plus that
 * of events within their session. Call once. */
LODE_CHECKED lode_status sessions_finish(struct sessions *sessions, sessions_reject_fn reject,
                                         void *context, struct sessions_rows *rows);

#endif
