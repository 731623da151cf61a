/* Publish: the store while it is built, OUT.staging, and the moment in which it becomes OUT.
 *
 * A store is whole or absent: parts and index lie in a folder beside the target, which gets the
 * target's name last.
 */
#ifndef LODE_JOBS_STAGE_PUBLISH_H
#define LODE_JOBS_STAGE_PUBLISH_H

#include "common/memory.h"
#include "common/store/store.h"
#include "jobs/stage/shuffle/rejects.h"

struct publish {
    const char *target;    /* absolute */
    const char *directory; /* target + ".staging" */
};

/* Checks that all parts are there, writes rejects.jsonl (if there are rejects) and index.h5,
 * removes what attempts left aside, fsyncs and renames. */
LODE_CHECKED lode_status publish_commit(const struct publish *publish,
                                        const struct lode_store *store,
                                        const struct rejects_total *rejects,
                                        const char *work_directory, struct lode_arena *arena);
/* Makes the folder, where what an ended staging left is removed; `build` makes the store and
 * commits it; when it fails, nothing is left of it. Strings from the arena. LODE_E_USAGE when
 * `output` exists, LODE_E_DISK. */
LODE_CHECKED lode_status publish_build(const char *output, struct lode_arena *arena,
                                       struct publish *publish, lode_status (*build)(void *context),
                                       void *context);

#endif
