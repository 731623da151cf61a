/* Spool: what is to be delivered, as files of a folder: NUMBER.json with the body of one request,
 * delivered in order of their numbers.
 *
 * A file counts once the memory's `next` is above its number (jobs/hierarchy/alerts/desk/memory.h):
 * the memory says in one rename that alerts are told and that they are in the spool. Others are of
 * a run that was killed before, and are removed.
 */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_SPOOL_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_SPOOL_H

#include "common/memory.h"

enum { SPOOL_MOST_FILES = 1000 };

/* Numbers of the files that count, ascending; removes those that do not, and what was left half
 * written. next < 0: nothing is removed. LODE_E_DISK, LODE_E_MEMORY. */
LODE_CHECKED lode_status spool_list(const char *folder, int64_t next, struct lode_arena *arena,
                                    int64_t **numbers, int64_t *n);
LODE_CHECKED lode_status spool_write(const char *folder, int64_t number,
                                     const struct lode_bytes *body);
/* The body is put into `body` (replaced). LODE_E_INPUT. */
LODE_CHECKED lode_status spool_read(const char *folder, int64_t number, struct lode_bytes *body);
/* Delivered. LODE_E_DISK. */
LODE_CHECKED lode_status spool_remove(const char *folder, int64_t number);
/* Moves a body that nobody will take into another folder. LODE_E_DISK. */
LODE_CHECKED lode_status spool_set_aside(const char *folder, int64_t number, const char *aside);

#endif
