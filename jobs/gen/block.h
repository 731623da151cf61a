/* Block: the CSV rows of consecutive users. Pure: the text of a user depends on options and user
 * alone, so a set is the same however it is cut into blocks.
 */
#ifndef LODE_JOBS_GEN_BLOCK_H
#define LODE_JOBS_GEN_BLOCK_H

#include "common/memory.h"
#include "jobs/gen/gen.h"

extern const char gen_sessions_header[]; /* with its line break */
extern const char gen_events_header[];

/* Appends the rows of users [first, first + count), ordered by user, session, time.
 *
 *   options   users is not looked at
 *   sessions  session_id, user_id, start_ms, device, os, os_version, country, app_version, the KPIs
 *   events    session_id, user_id, timestamp_ms, event
 *
 * Fails with LODE_E_MEMORY only. */
LODE_CHECKED lode_status gen_events_block(const struct gen_events_options *options, int64_t first,
                                          int64_t count, struct lode_bytes *sessions,
                                          struct lode_bytes *events);

#endif
