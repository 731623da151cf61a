/* Evaluate: a graph of expressions and the columns of a partition to values per session.
 *
 * The part of the graph that is asked for is compiled once into a program (expr_program_make) and
 * run over ranges of users: what is of the session goes column by column over blocks of sessions;
 * everything of events goes in ONE pass over the events of each session, in which an event costs
 * only what listens to its name. Columns that nobody asked for are never read (expr_needs_find).
 *
 * What graph.h leaves open is decided here:
 * - Order is the order of the rows. "Before", "after" and "next" are of rows, so events at equal
 *   times keep input order; `within` and all durations are of times.
 * - EXPR_BEFORE and EXPR_AFTER leave out the first event of `from` itself. EXPR_BETWEEN is a union:
 *   an event is in when some `from` stands before it and no `until` stands after that one, up to
 *   and with the event itself; a second `from` within changes nothing; an event that is both
 * closes, then opens. EXPR_EVENT_STATE_TIME follows the same rule. It is 0 where the state never
 * began.
 * - EXPR_EVENT_GAP: the next selectors[1] stands after the first selectors[0], never on it.
 * - Ignored events are invisible to patterns alone (steps, NEXT, without, repeats); selectors,
 *   windows, counts and times see them.
 * - A pattern's step is one event, or with `repeats` one or more visible events in a row. `without`
 *   looks strictly between the last event of the step before and the first of this. An occurrence
 *   ends as early as it can; EXPR_EVENT_MATCH_COUNT begins anew after that event.
 * - Numbers of event attributes that are missing (NaN) are no part of sum, mean, least and most.
 * - EXPR_SINCE_PREVIOUS is missing where one of both starts is unknown, EXPR_USER_MAX_GAP goes over
 *   the pairs of neighbours whose starts are both known.
 * - EXPR_SERIES_AT: samples without a value (NaN) are as if they were not there; of equal times the
 *   last counts; missing where the start is unknown. The others go from the start (where unknown,
 *   the first event) to the last event (where there is none, or it is before, that same moment),
 *   both ends included; missing where that moment is unknown.
 * - HOUR to MONTH are missing for times beyond the years 1..9999.
 */
#ifndef LODE_COMMON_EXPR_EVALUATE_H
#define LODE_COMMON_EXPR_EVALUATE_H

#include "common/expr/graph.h"
#include "common/zone.h"
#include "lode/store.h"

/* How many of each there are in the schema of the store. */
struct expr_schema_counts {
    int64_t n_attributes, n_kpis, n_event_attributes;
};

/* What is read to compute something. */
struct expr_needs {
    bool starts, event_offsets, event_names, event_times;
    uint8_t *attributes, *kpis, *event_attributes; /* [counts of the schema] 1: read */
    uint8_t *series;                               /* [graph.n_series] 1: read */
};

/* What the values of `roots` need; from the arena. LODE_E_BUG: the graph is none (an index out of
 * range, an argument that does not stand before its node). LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_needs_find(const struct expr_graph *graph, const int32_t *roots,
                                         int32_t n_roots, const struct expr_schema_counts *schema,
                                         struct lode_arena *arena, struct expr_needs *needs);

/* An event attribute: one of both is set, [n_events]. */
struct expr_event_column {
    const uint32_t *codes; /* text; LODE_NO_CODE: none */
    const double *numbers; /* NaN: none */
};

/* A counter of one component. */
struct expr_samples {
    int64_t n;
    const int64_t *times; /* [n] ascending */
    const double *values; /* [n] NaN: none */
};

struct expr_series_column {
    /* Of a fixed component: one. `by` an attribute: one for each of its words, n = 0 where no
     * component has that name. */
    int64_t n_components;
    const struct expr_samples *components;
};

/* Columns of one partition, whole; what is not needed may be NULL. The caller's. */
struct expr_columns {
    int64_t n_users, n_sessions, n_events;
    const int64_t *session_offsets;    /* [n_users + 1]; always */
    const int64_t *event_offsets;      /* [n_sessions + 1] */
    const int64_t *starts;             /* [n_sessions] INT64_MIN: unknown */
    const int64_t *event_times;        /* [n_events] ascending within a session */
    const uint32_t *event_names;       /* [n_events] codes < graph.n_names */
    const uint32_t *const *attributes; /* [attributes][n_sessions] codes; LODE_NO_CODE: none */
    const double *const *kpis;         /* [kpis][n_sessions] NaN: none */
    const struct expr_event_column *event_attributes; /* [event attributes] */
    const struct expr_series_column *series;          /* [graph.n_series] */
};

/* Compiles the part of the graph that `roots` need (any nodes, also twice). The program lies in the
 * arena and borrows graph, roots and zone. `zone` is the one that graph.zone names; NULL: that is
 * "UTC" or an offset. All `top`s that the roots use must be filled (tops.h).
 *
 * Fails with LODE_E_BUG (the graph is none, a top is not filled), LODE_E_INPUT (the zone needs
 * rules), LODE_E_MEMORY. Cost O(names x selectors + classes of names x uses of selectors). */
struct expr_program;
LODE_CHECKED lode_status expr_program_make(const struct expr_graph *graph, const int32_t *roots,
                                           int32_t n_roots, const struct lode_zone *zone,
                                           struct lode_arena *arena, struct expr_program **program);

/* Values of all roots for the sessions of users [first_user, first_user + n_users):
 * values[r][session - first session]. Scratch of about 1 MiB (less where the arena has less) and 24
 * bytes a step of a pattern, given back at the end. The same bits however the users are cut into
 * ranges. Cost for each session: O(nodes) at memory speed, and O(what listens to their names) for
 * its events; nothing is taken for each session.
 *
 * Fails with LODE_E_BUG (a needed column is NULL), LODE_E_MEMORY; values are then undefined. */
LODE_CHECKED lode_status expr_program_run(const struct expr_program *program,
                                          const struct expr_columns *columns, int64_t first_user,
                                          int64_t n_users, struct lode_arena *arena,
                                          double *const *values);

/* An occurrence of root `root`, which ends with `event`, a row of the columns. */
typedef void (*expr_occurred_fn)(void *context, int32_t root, int64_t event);

/* Instead of how many there are, when: tells of every event that root r counts
 * (EXPR_EVENT_COUNT), and of the last event of every occurrence (EXPR_EVENT_MATCH_COUNT), in
 * sessions [first, first + n). Session after session in order of events; of one event in an order
 * that depends on the program alone. Scratch is given back. LODE_E_BUG: another kind of root, or a
 * needed column is NULL; LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_program_occurrences(const struct expr_program *program,
                                                  const struct expr_columns *columns, int64_t first,
                                                  int64_t n, struct lode_arena *arena,
                                                  expr_occurred_fn occurred, void *context);

#endif
