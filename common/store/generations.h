/* Generations: what a partition is made of once a store was appended to.
 *
 * A user whom a generation touches is in its file whole: all sessions and events, also those that
 * earlier files hold. So the newest file that has a user is right about that user, and a partition
 * is read by taking runs of neighbouring users, their sessions and events from its files in turn.
 * Each later file says of each of its users where among those before it the user belongs, so that
 * no ids are compared when a partition is read. Pure.
 */
#ifndef LODE_COMMON_GENERATIONS_H
#define LODE_COMMON_GENERATIONS_H

#include "common/error.h"
#include "common/memory.h"

#include <stdint.h>

/* One file of a partition. */
struct generation_rows {
    int64_t n_users, n_sessions, n_events;
    const int64_t *session_offsets; /* [n_users + 1] */
    const int64_t *event_offsets;   /* [n_sessions + 1] */
    /* of a later file [n_users]: row of all files before it, merged, that the user replaces, or
     * (is_new) in front of which the user stands; rises, equal only after a new one */
    const int64_t *places;
    const uint8_t *is_new;
};

/* Users that lie side by side in one file and in the partition, with their sessions and events. */
struct generation_span {
    int64_t file; /* 0 is the first */
    int64_t n_users, n_sessions, n_events;
    int64_t user, session, event;          /* rows in the file */
    int64_t at_user, at_session, at_event; /* rows in the partition */
};

/* The partition as spans in order, from the arena; `files` [n_files], the oldest first. Fails with
 * LODE_E_INPUT where places do not rise or lead out of the rows before, LODE_E_MEMORY. */
LODE_CHECKED lode_status generations_merge(const struct generation_rows *files, int64_t n_files,
                                           struct lode_arena *arena, struct generation_span **spans,
                                           int64_t *n_spans);

#endif
