/* Labels: stretches of time that people know about: issues, by which a run is judged or counters
 * are weighed; alerts that were harmless.
 *
 * A CSV or JSON Lines file (common/input/rows.h) with the columns component, start_s and end_s, in
 * any order, and perhaps counters: names with ; between. Further ones are not looked at. A label is
 * the half-open [start, end). Times are seconds since 1970-01-01 UTC, fractions allowed down to 1
 * ms, or ISO 8601.
 */
#ifndef LODE_JOBS_HIERARCHY_EVALUATION_LABELS_H
#define LODE_JOBS_HIERARCHY_EVALUATION_LABELS_H

#include "common/error.h"
#include "common/input/rows.h"
#include "common/memory.h"
#include "jobs/hierarchy/model/model.h"

#include <stdint.h>

struct label {
    int64_t component; /* index into the names */
    int64_t start_ms, end_ms;
    const char *counters; /* as written; "" where there are none */
    int64_t line;
};

struct labels {
    int64_t n;
    struct label *list; /* [n] by component, start, end */
    int64_t n_unknown;  /* rows of components that are not in the names */
    /* of the first of them, for one warning: its name, where, and the nearest name or NULL */
    const char *unknown;
    int64_t unknown_line;
    const char *unknown_nearest;
};

/* Reads a file of labels; everything is the arena's.
 *
 *   names  [n_names + 1] of components, ascending, ended by NULL
 *
 * A component that is not in the names is counted, not refused: one file of labels may be about
 * more machines than one store. When no row is about a component of the names, it is LODE_E_INPUT.
 * So are, each with path and line: a missing column, a row that is no good, a time that is none, a
 * row that ends where it starts or before. */
LODE_CHECKED lode_status labels_read(const char *path, const char *const *names, int64_t n_names,
                                     struct lode_arena *arena, struct labels *labels);
/* The same with the components of a model; rows about others are warned of, by `what` they are
 * ("issues"). */
LODE_CHECKED lode_status labels_read_of(const char *path, const char *what,
                                        const struct model *model, struct lode_arena *arena,
                                        struct labels *labels);
/* The same of rows that are open; `path` is for messages. */
LODE_CHECKED lode_status labels_read_rows(struct lode_rows *rows, const char *path,
                                          const char *const *names, int64_t n_names,
                                          struct lode_arena *arena, struct labels *labels);

#endif
