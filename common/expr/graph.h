/* Graph: typed expressions as data. All expressions of a job lie in one graph; equal nodes are one
 * node (hash-consing), so what two hypotheses share is computed once. The language (expr.h) makes
 * it, the evaluator (evaluate.h) computes it, and as bytes it travels to workers.
 *
 * A node has one value a session: a double; NaN is "no value" (missing). Booleans are 0 and 1,
 * durations and times are ms, text is the code of a word. Arguments of a node stand before it.
 */
#ifndef LODE_COMMON_EXPR_GRAPH_H
#define LODE_COMMON_EXPR_GRAPH_H

#include "common/error.h"
#include "common/memory.h"
#include "common/wire/pack.h"

#include <stdbool.h>
#include <stdint.h>

enum expr_type { EXPR_BOOL, EXPR_NUMBER, EXPR_TEXT };
enum expr_unit { EXPR_NO_UNIT, EXPR_MS /* duration */, EXPR_TIME /* ms since 1970 UTC */ };

enum expr_op {
    /* of the session */
    EXPR_CONSTANT,  /* number */
    EXPR_ATTRIBUTE, /* index: schema attribute; text: code, NaN where none */
    EXPR_KPI,       /* index: schema KPI */
    EXPR_START,     /* time of the session's start; NaN where unknown */
    EXPR_DERIVED,   /* never in a graph: names of definitions are replaced by their node */

    /* of other nodes; missing if an argument is, but for those marked "three-valued" */
    EXPR_WORD_TABLE, /* args[0] text; table: a number for each word (tests on text, number());
                        missing for a code that is not in the table */
    EXPR_HOUR,       /* these five: of args[0], a time, in the graph's zone */
    EXPR_MINUTE,
    EXPR_WEEKDAY, /* 1 = Monday */
    EXPR_DAY,     /* of the month, from 1 */
    EXPR_MONTH,   /* from 1 */
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE, /* by 0: missing */
    EXPR_NEGATE,
    EXPR_ABS,
    EXPR_LESS, /* greater: arguments swapped */
    EXPR_LESS_EQUAL,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL,
    EXPR_AND, /* three-valued: false and missing = false */
    EXPR_OR,  /* three-valued: true or missing = true */
    EXPR_NOT,
    EXPR_MIN,
    EXPR_MAX,
    EXPR_IF,         /* three-valued: condition, then, else; missing condition: missing */
    EXPR_WHEN,       /* three-valued: value, condition: missing unless the condition is true */
    EXPR_IS_MISSING, /* three-valued */
    EXPR_OR_ELSE,    /* three-valued: args[0], or where that is missing args[1] */

    /* of the ordered sessions of the user */
    EXPR_SESSION_INDEX,  /* 1, 2, ... */
    EXPR_SINCE_PREVIOUS, /* ms between starts; missing for the first */
    EXPR_USER_SESSIONS,  /* how many the user has */
    EXPR_USER_MAX_GAP,   /* longest ms between starts of neighbours; missing for one session */
    EXPR_PREVIOUS,       /* args[0] in the user's session before; missing for the first */

    /* of the ordered events of the session (stateful); all in one pass */
    EXPR_EVENT_COUNT,      /* selectors[0]: how many events */
    EXPR_EVENT_FIRST,      /* ms from the session's first event to the first such one; or missing */
    EXPR_EVENT_LAST,       /* likewise, the last */
    EXPR_EVENT_GAP,        /* ms from the first selectors[0] to the next selectors[1] after it;
                              missing: no pair */
    EXPR_EVENT_STATE_TIME, /* total ms in state: from selectors[0] until the next selectors[1], or
                              the last event */
    EXPR_EVENT_DURATION,   /* ms from the first to the last event; missing without events */
    EXPR_EVENT_MATCH,      /* index: pattern; 1 where it occurs, else 0 */
    EXPR_EVENT_MATCH_COUNT, /* how many occurrences that do not overlap, leftmost first */
    EXPR_EVENT_SUM,         /* index: event attribute (a number), over selectors[0]; none: 0 */
    EXPR_EVENT_MEAN,        /* these three likewise; none: missing */
    EXPR_EVENT_LEAST,
    EXPR_EVENT_MOST,

    /* of another source (non-local); index: series */
    EXPR_SERIES_AT,   /* last value at or before the session's start, not older than max_age_ms */
    EXPR_SERIES_MEAN, /* these four over [first event (or start), last event]; missing: no sample */
    EXPR_SERIES_MOST,
    EXPR_SERIES_LEAST,
    EXPR_SERIES_SUM,

    /* of the user's sessions that began less than args[1], a constant duration, before this one,
     * and of this one: their values of args[0], a KPI; missing: none has one */
    EXPR_SPAN_MEAN,
    EXPR_SPAN_MOST,
    EXPR_SPAN_LEAST,
    EXPR_SPAN_SUM
};

/* Which of a session's events. All parts must hold. */
enum expr_window {
    EXPR_ALWAYS,
    EXPR_BEFORE, /* before the first event of selector `from`; all events where there is none */
    EXPR_AFTER,  /* after the first event of `from`; none where there is none */
    EXPR_BETWEEN /* from each `from` until the next `until` or the end; both excluded */
};
struct expr_condition {
    int64_t attribute; /* index of the schema's event attribute */
    uint8_t *words; /* text: [n_words + 1] 1 where it holds, the last for "no value"; else NULL */
    int64_t n_words;
    int64_t top;      /* index into graph.tops: words come from a first pass; -1 */
    double low, high; /* number: low <= x <= high (open ends by nextafter) */
};
struct expr_selector {
    uint8_t *names; /* [graph.n_names] 1: events of that name; NULL: of any */
    int64_t top;    /* index into graph.tops: names come from a first pass; -1 */
    int32_t n_conditions;
    struct expr_condition *conditions;
    enum expr_window window;
    int32_t from, until; /* selectors (before this one); -1 */
};

enum expr_link {
    EXPR_NEXT, /* the very next event (of those not ignored) */
    EXPR_LATER /* any later event */
};
struct expr_step {
    int32_t selector;
    enum expr_link link; /* to the step before; of no meaning in the first */
    int32_t without;     /* selector: no such event strictly between the step before and this; -1 */
    bool repeats;        /* one or more events in a row: "A until B" is A+ then NEXT B */
};
struct expr_pattern {
    int32_t n_steps; /* 1..16 */
    struct expr_step *steps;
    int64_t within_ms; /* from the first to the last step; INT64_MAX: any */
};

/* The n most frequent names, or words of an event attribute, among the selected events of the whole
 * store (ties: by name). A first pass counts them; then selectors that name it are filled. */
struct expr_top {
    int64_t n;
    int64_t attribute; /* event attribute; -1: event names */
    int32_t selector;
};

/* A counter of another store, joined by time. */
struct expr_series {
    int64_t source, counter; /* of the schema */
    int64_t component;       /* -1: the component that attribute `by` names */
    int64_t by;              /* attribute; -1 */
    int64_t max_age_ms;
};

/* Limits, of what is built and of what is unpacked. */
enum {
    EXPR_NODES_MAX = 1 << 20, /* of each kind of item */
    EXPR_DEPTH_MAX = 1000,    /* of a node above its deepest argument */
    EXPR_STEPS_MAX = 16,
    EXPR_CONDITIONS_MAX = 64,
    EXPR_TOP_MAX = 100000,
    EXPR_REASON_BYTES = 200
};

enum { EXPR_ARGS_MAX = 3, EXPR_SELECTORS_MAX = 2 };
struct expr_node {
    enum expr_op op;
    enum expr_type type;
    enum expr_unit unit;
    int32_t n_args;
    int32_t args[EXPR_ARGS_MAX]; /* nodes */
    int32_t selectors[EXPR_SELECTORS_MAX];
    int64_t index; /* KPI, pattern, series, event attribute; of every text: the attribute whose
                      words its codes are; else -1 */
    double number; /* EXPR_CONSTANT */
    double *table; /* [n_table] EXPR_WORD_TABLE */
    int64_t n_table;
};

struct expr_graph {
    int32_t n_nodes, n_selectors, n_patterns, n_tops, n_series;
    struct expr_node *nodes;
    struct expr_selector *selectors;
    struct expr_pattern *patterns;
    struct expr_top *tops;
    struct expr_series *series;
    int64_t n_attributes, n_kpis, n_event_attributes; /* of the schema: indices are below these */
    int64_t n_names;                                  /* event names of the store */
    uint8_t *ignored; /* [n_names] 1: as if the event were not there (patterns, NEXT); or NULL */
    const char *zone; /* "UTC", ... */
    int64_t n_asked;  /* nodes before equal ones were merged */
};

/* --- making one --- */

struct expr_builder;
/* An empty graph with the schema's counts, names, ignored events and zone of `frame` (its other
 * fields are not read); all memory from the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_builder_create(const struct expr_graph *frame,
                                             struct lode_arena *arena,
                                             struct expr_builder **builder);
/* What has been built so far; arrays move when something is added. */
const struct expr_graph *expr_builder_graph(const struct expr_builder *builder);

/* Each gives the index of an item that is equal to `item`: an old one, or it is added. Arrays that
 * it points to must lie in the builder's arena, and are kept. What it refers to must have been
 * added before. Arguments of operators that commute are put in one order; a node's n_args, type,
 * unit and (of a text) index are set here (but for type of constants, KPIs and word tables).
 * LODE_E_USAGE: types or units do not fit, a limit; LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_add_node(struct expr_builder *builder, struct expr_node item,
                                       int32_t *index);
LODE_CHECKED lode_status expr_add_selector(struct expr_builder *builder, struct expr_selector item,
                                           int32_t *index);
LODE_CHECKED lode_status expr_add_pattern(struct expr_builder *builder, struct expr_pattern item,
                                          int32_t *index);
LODE_CHECKED lode_status expr_add_top(struct expr_builder *builder, struct expr_top item,
                                      int32_t *index);
LODE_CHECKED lode_status expr_add_series(struct expr_builder *builder, struct expr_series item,
                                         int32_t *index);
/* A node of `op` with nothing filled in: no arguments, selectors and index -1. */
struct expr_node expr_node_of(enum expr_op op);

/* A state to which expr_builder_rewind goes back, forgetting what was added since. */
struct expr_builder_mark {
    int32_t counts[5];
    int64_t n_asked, n_moved;
};
struct expr_builder_mark expr_builder_mark(const struct expr_builder *builder);
void expr_builder_rewind(struct expr_builder *builder, struct expr_builder_mark mark);
/* Was nothing but equals of old items added since? Then nothing that was taken from the arena since
 * is kept, and it may be rewound to where it was. */
bool expr_builder_is_at(const struct expr_builder *builder, struct expr_builder_mark mark);

/* --- as bytes --- */

/* Appends the graph; equal graphs give equal bytes. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_graph_pack(const struct expr_graph *graph, struct lode_bytes *out);
/* Reads a graph from bytes of anybody; from the arena. What it gives keeps every promise of this
 * header: indices in range, arguments and selectors before their use, types and units as they
 * must be, sizes, limits. LODE_E_MESSAGE says what does not hold; LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_graph_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                           struct expr_graph **graph);

#endif
