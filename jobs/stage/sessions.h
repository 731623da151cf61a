/* Sessions: the records of one partition, which come in order of their keys, become users, their
 * sessions and their events, sorted, in bounded memory.
 *
 * Order, with full keys: users by their id's bytes; sessions of a user by (start, id's bytes);
 * events of a session by (time, input order). A session is known by user and id together. Of
 * several session records of one session the first is kept.
 *
 * Where sessions are given (plan->sessions_given) an event without its session is rejected, and a
 * session without a start takes the time of its first event, else INT64_MIN. Where they are
 * derived, every key is a session, or with plan->split several: KEY when it is one, else KEY#1,
 * KEY#2, ...
 *
 * Values of event rows: those of single events stay with them; of a KPI the largest in the session,
 * of an attribute the first.
 */
#ifndef LODE_JOBS_STAGE_SESSIONS_H
#define LODE_JOBS_STAGE_SESSIONS_H

#include "jobs/stage/plan.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/user_sessions.h"

/* Takes what comes out, in order: the events of a session (in several calls), the session, and
 * behind the last session of a user that user. All arguments are borrowed for the call. */
struct sessions_sink {
    void *context;
    lode_status (*events)(void *context, const struct event_rows *rows);
    lode_status (*session)(void *context, const struct session_row *row);
    /* attributes [stage_session_attributes]: of each the value of the user's first session that has
     * one */
    lode_status (*user)(void *context, struct record_id id, const uint32_t *attributes);
    lode_status (*reject)(void *context, const struct record *record, const char *reason);
};

struct sessions;

/* The site's arena gives `memory_bytes` (at least SESSIONS_LEAST), a part of it only when a session
 * or user is large. Ends with sessions_close. */
enum { SESSIONS_LEAST = 4 << 20 };
LODE_CHECKED lode_status sessions_create(const struct stage_plan *plan,
                                         const struct shuffle_site *site, size_t memory_bytes,
                                         const struct sessions_sink *sink,
                                         struct sessions **sessions);
/* What is added next is of this key; keys come in order, one may come again. */
LODE_CHECKED lode_status sessions_begin(struct sessions *sessions, const uint8_t *key,
                                        size_t key_size);
/* Adds a session or an event, with codes of the store. */
LODE_CHECKED lode_status sessions_add(struct sessions *sessions, const struct record *record);
/* The same for events [n] that have nothing but time and name. Sessions must not be given. */
LODE_CHECKED lode_status sessions_add_events(struct sessions *sessions, const int64_t *times,
                                             const uint32_t *names, int64_t n);
/* No more come of the open user: it goes to the sink. */
LODE_CHECKED lode_status sessions_end_user(struct sessions *sessions);
/* No more come. */
LODE_CHECKED lode_status sessions_finish(struct sessions *sessions);
void sessions_close(struct sessions *sessions); /* takes NULL */

#endif
