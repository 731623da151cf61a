/* Rejects: rows that are not staged, each with file, line and reason; nothing is lost in silence.
 *
 * A task knows a row by the number of its range and the line in it (ranges.h). It writes its
 * rejects into a side file of the work directory and tells the coordinator the counts and the first
 * few; the coordinator, who knows where in its file each range begins, adds up and strings the side
 * files together in the order of tasks.
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
LODE_CHECKED lode_status rejects_add(struct rejects *rejects, int64_t range, int64_t line,
                                     const char *reason);
/* Ends it and appends what rejects_merge reads to `out`. */
LODE_CHECKED lode_status rejects_commit(struct rejects *rejects, struct lode_bytes *out);
void rejects_discard(struct rejects *rejects); /* takes NULL */

enum { REJECTS_REASONS_LIMIT = 64 };

struct rejects_place {
    int64_t range, line;
    const char *reason;
};

/* What a range is a part of. */
struct rejects_origin {
    const char *file;
    int64_t lines_before; /* lines of the file before the first of the range */
};

struct rejects_file {
    const char *name;
    struct rejects_file *next;
};

/* The sum over tasks; zero-initialise, then set the origins. */
struct rejects_total {
    int64_t n_ranges;
    const struct rejects_origin *origins; /* [n_ranges], borrowed */
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
/* All rejects, side file after side file, a JSON object each, as `path` (fsynced). LODE_E_DISK;
 * LODE_E_INPUT when a side file is damaged. */
LODE_CHECKED lode_status rejects_collect(const struct rejects_total *total, const char *directory,
                                         const char *path);

#endif
