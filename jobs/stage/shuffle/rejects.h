/* Rejects: rows that are not staged, each with file, line and reason; nothing is lost in silence.
 *
 * A task writes its rejects as JSON lines into a side file of the work directory and tells the
 * coordinator the counts and the first few; the coordinator adds up and strings the files together
 * in the order of tasks.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_REJECTS_H
#define LODE_JOBS_STAGE_SHUFFLE_REJECTS_H

#include "common/memory.h"
#include "common/wire/pack.h"
#include "jobs/stage/stage.h"

struct rejects;

/* The side file DIRECTORY/NAME is made with the first reject. Ends with commit or discard. */
LODE_CHECKED lode_status rejects_create(const char *directory, const char *name,
                                        struct lode_arena *arena, struct rejects **rejects);
/* `reason` is static text, of few different ones. */
LODE_CHECKED lode_status rejects_add(struct rejects *rejects, const char *file, int64_t line,
                                     const char *reason);
/* Ends it and appends what rejects_merge reads to `out`. */
LODE_CHECKED lode_status rejects_commit(struct rejects *rejects, struct lode_bytes *out);
void rejects_discard(struct rejects *rejects); /* takes NULL */

enum { REJECTS_REASONS_LIMIT = 64 };

struct rejects_place {
    const char *file;
    int64_t line;
    const char *reason;
};

struct rejects_file {
    const char *name;
    struct rejects_file *next;
};

/* The sum over tasks; zero-initialise. */
struct rejects_total {
    int64_t n;
    int64_t n_reasons;
    struct stage_reason reasons[REJECTS_REASONS_LIMIT];
    int64_t n_places;
    struct rejects_place places[STAGE_FIRST_PLACES];
    struct rejects_file *first, *last; /* side files in order of tasks */
};

/* Adds what one task packed; strings from the arena. */
LODE_CHECKED lode_status rejects_merge(struct rejects_total *total, struct lode_unpack *in,
                                       struct lode_arena *arena);
/* Reasons: most frequent first, then by name. */
void rejects_sort(struct rejects_total *total);
/* "12 text in a number, 3 duplicate session (a.csv line 7: ..., ...)", from the arena. */
LODE_CHECKED lode_status rejects_text(const struct rejects_total *total, struct lode_arena *arena,
                                      char **text);
/* All side files, one after the other, as `path` (fsynced). */
LODE_CHECKED lode_status rejects_collect(const struct rejects_total *total, const char *directory,
                                         const char *path);

#endif
