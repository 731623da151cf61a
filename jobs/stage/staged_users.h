/* Staged users: what the generations before hold of one partition, user by user, as the records
 * that staging began with. Appending feeds them in front of the new rows of the same user, so that
 * the user comes out as if all had been staged at once.
 *
 * What is not kept of the rows: values of single events. Of a session they come back with its first
 * event, which is the same as long as nothing new lies before the session's last event
 * (plan->in_order_only says where that matters; then such an event is an error).
 */
#ifndef LODE_JOBS_STAGE_STAGED_USERS_H
#define LODE_JOBS_STAGE_STAGED_USERS_H

#include "common/store/store.h"
#include "jobs/stage/plan.h"
#include "jobs/stage/sessions.h"

struct staged_users;

/* Rows of users that were fed: the new generation replaces them. */
struct staged_replaced {
    int64_t n_users, n_sessions, n_events;
    const int64_t *n_missing; /* [n_kpis] sessions without a value */
};

/* Of partition `index` of the store plan->directory, up to the generation before plan->generation.
 * About `memory_bytes`, part of it of the arena. Ends with staged_users_close, also on failure. */
LODE_CHECKED lode_status staged_users_open(const struct stage_plan *plan, int64_t index,
                                           struct lode_arena *arena, size_t memory_bytes,
                                           struct staged_users **users);
/* Goes on to a user, ids rising from call to call: place and is_new as in generations.h. All of the
 * user before must have been fed. */
LODE_CHECKED lode_status staged_users_find(struct staged_users *users, struct record_id id,
                                           int64_t *place, bool *is_new);
/* Feeds what the found user has of sessions whose keys are up to `key` (size 0: all the rest). */
LODE_CHECKED lode_status staged_users_feed(struct staged_users *users, const uint8_t *key,
                                           size_t key_size, struct sessions *sessions);
/* LODE_E_INPUT: a new event of `key` at `time` cannot be placed among what was fed (see above). */
LODE_CHECKED lode_status staged_users_check(const struct staged_users *users, const uint8_t *key,
                                            size_t key_size, int64_t time);
/* All sessions with their users, in order of users; nothing may have been found before. */
typedef lode_status (*staged_visit_fn)(void *context, struct record_id user,
                                       struct record_id session);
LODE_CHECKED lode_status staged_users_visit(struct staged_users *users, staged_visit_fn visit,
                                            void *context);
struct staged_replaced staged_users_replaced(const struct staged_users *users);
void staged_users_close(struct staged_users *users); /* takes NULL */

#endif
