/* Marks: definitions of patterns (detectors/pattern.h), read from text and from the store.
 *
 *     patterns:
 *       sawtooth: cpu@web-1 2018-03-01T10:00:00Z .. 2018-03-01T10:30:00Z in web-*
 *
 * A counter of a component, from a time (included) to a time (not included), and the components in
 * which the shape of it is looked for: a name with * and ?, all where nothing is said. Times are as
 * ISO 8601 writes them, UTC where they do not say. Of several @ the last one counts.
 */
#ifndef LODE_JOBS_HIERARCHY_MARKS_H
#define LODE_JOBS_HIERARCHY_MARKS_H

#include "common/param/definitions.h"
#include "jobs/hierarchy/detectors/pattern.h"
#include "jobs/hierarchy/options.h"
#include "jobs/job.h"

/* A definition, read; texts are the arena's. */
struct mark {
    const char *counter, *component, *where;
    int64_t from_ms, to_ms; /* from < to */
    int64_t where_column;   /* in the definition's text, from 0 */
};

/* LODE_E_USAGE, "file:line:column: ...": not of that form. */
LODE_CHECKED lode_status mark_parse(const struct lode_definition *definition,
                                    struct lode_arena *arena, struct mark *mark);

/* All patterns of the options, with the values that the store has of each; everything is the
 * arena's. Fails with LODE_E_USAGE, by file, line and column: not of that form, a name that a
 * counter or a rule has, no such component or counter (with the nearest), a time outside of the
 * series, too few or too many slots, a slot without a sample, one value throughout, no component to
 * look in. LODE_E_INPUT, LODE_E_MEMORY. */
LODE_CHECKED lode_status marks_read(const struct hierarchy_options *options,
                                    const struct lode_store *store, struct lode_arena *arena,
                                    struct patterns *patterns);

#endif
