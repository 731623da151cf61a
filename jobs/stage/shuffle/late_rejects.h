/* Late rejects: those that show only once records are sorted by key. They are told in the order of
 * the input all the same, whatever their number.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_LATE_REJECTS_H
#define LODE_JOBS_STAGE_SHUFFLE_LATE_REJECTS_H

#include "jobs/shuffle/scratch.h"
#include "jobs/stage/shuffle/records.h"
#include "jobs/stage/shuffle/rejects.h"

struct sorter;

/* Zero-initialise with the site. */
struct late_rejects {
    struct shuffle_site site;
    struct sorter *sorter;
};
enum { LATE_REJECTS_BYTES = 1 << 20 }; /* taken from the site's arena with the first */

/* `reason` is static text. Rejected sessions are told before events. */
LODE_CHECKED lode_status late_rejects_add(struct late_rejects *late, const struct record *record,
                                          const char *reason);
/* Adds them all, those of sessions first, in order of range and line. */
LODE_CHECKED lode_status late_rejects_finish(struct late_rejects *late, struct rejects *rejects);
void late_rejects_close(struct late_rejects *late);

#endif
