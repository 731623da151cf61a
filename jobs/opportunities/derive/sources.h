/* Sources: other stores, of kind counters, that definitions of a run may speak of by name
 * (parameter `sources`): `most(backend.cpu) > 90%`.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SOURCES_H
#define LODE_JOBS_OPPORTUNITIES_SOURCES_H

#include "common/expr/expr.h"
#include "lode/param.h"

/* A component that has samples; those without are no part of a source. */
struct source_component {
    int64_t index; /* in its store */
    int64_t partition, n_times;
};

struct source {
    const char *path; /* absolute */
    int64_t n_generations;
    struct source_component *components; /* [components.count of its schema] in that order */
};

struct sources {
    int64_t n;
    struct source *list;
    struct expr_source *schema; /* [n] */
};

/* Reads the parameter and the index of each store; no store stays open. Everything is the arena's.
 * LODE_E_USAGE, LODE_E_INPUT, with file, line and column: no store, or one of another kind. */
LODE_CHECKED lode_status sources_read(const struct lode_params *params, struct lode_arena *arena,
                                      struct sources *sources);

#endif
