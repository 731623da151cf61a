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
    EXPR_DERIVED,   /* never in a finished graph: names of definitions are replaced by their node */
    /* of other nodes; missing if an argument is, but for the four marked * */
    EXPR_WORD_TABLE, /* args[0] text; table: a number for each word (tests on text, number()) */
    EXPR_HOUR,
    EXPR_MINUTE,
    EXPR_WEEKDAY,
    EXPR_DAY,
    EXPR_MONTH, /* args[0] time, in the graph's zone; weekday 1 = Monday; day of month */
    EXPR_ADD,
    EXPR_SUBTRACT,
    EXPR_MULTIPLY,
    EXPR_DIVIDE /* by 0: missing */,
    EXPR_NEGATE,
    EXPR_ABS,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_EQUAL,
    EXPR_NOT_EQUAL, /* greater: swapped */
    EXPR_AND,
    EXPR_OR, /* * three-valued: false and missing = false, true or missing = true */
    EXPR_NOT,
    EXPR_MIN,
    EXPR_MAX,
    EXPR_IF,         /* * condition, then, else; missing condition: missing */
    EXPR_WHEN,       /* * value, condition: missing unless the condition is true */
    EXPR_IS_MISSING, /* * */
    EXPR_OR_ELSE,    /* * first argument, or where missing the second */
    /* of the ordered sessions of the user */
    EXPR_SESSION_INDEX,  /* 1, 2, ... */
    EXPR_SINCE_PREVIOUS, /* ms between starts; missing for the first */
    EXPR_USER_SESSIONS,  /* how many the user has */
    EXPR_USER_MAX_GAP, /* longest ms between starts of consecutive sessions; missing for one session
                        */
    EXPR_PREVIOUS,     /* args[0] in the user's session before; missing for the first */
    /* of the ordered events of the session (stateful); all in one pass */
    EXPR_EVENT_COUNT, /* selectors[0]: how many events */
    EXPR_EVENT_FIRST, /* ms from the session's first event to the first such event; missing: none */
    EXPR_EVENT_LAST,  /* likewise, the last */
    EXPR_EVENT_GAP, /* ms from the first selectors[0] to the next selectors[1] after it; missing: no
                       pair */
    EXPR_EVENT_STATE_TIME,  /* total ms in state: from selectors[0] until the next selectors[1], or
                               the last event */
    EXPR_EVENT_DURATION,    /* ms from the first to the last event; missing without events */
    EXPR_EVENT_MATCH,       /* patterns[index]: 1 where it occurs, else 0 */
    EXPR_EVENT_MATCH_COUNT, /* how many occurrences that do not overlap, leftmost first */
    EXPR_EVENT_SUM,
    EXPR_EVENT_MEAN,
    EXPR_EVENT_LEAST,
    EXPR_EVENT_MOST, /* index: event attribute (a number), over selectors[0]; missing: none (sum: 0)
                      */
    /* of another source (non-local) */
    EXPR_SERIES_AT, /* index: series; last value at or before the session's start, not older than
                       the series' max_age_ms */
    EXPR_SERIES_MEAN,
    EXPR_SERIES_MOST,
    EXPR_SERIES_LEAST,
    EXPR_SERIES_SUM /* over [first event (start), last event]; missing: no sample */
};

/* Which of a session's events. All parts must hold. */
enum expr_window {
    EXPR_ALWAYS,
    EXPR_BEFORE, /* before the first event of selector `from`; all events where there is none */
    EXPR_AFTER,  /* after the first event of `from`; none where there is none */
    EXPR_BETWEEN /* from each `from` (itself excluded) until the next `until` (excluded) or the end
                  */
};
struct expr_condition {
    int64_t attribute; /* index of the schema's event attribute */
    uint8_t
        *words; /* [n_words + 1] text: 1 where it holds, the last for "no value"; NULL: a number */
    int64_t n_words;
    int64_t top;      /* index into graph.tops: words come from a first pass; -1 */
    double low, high; /* number: low <= x <= high (open ends by nextafter); */
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

enum { EXPR_ARGS_MAX = 3, EXPR_SELECTORS_MAX = 2 };
struct expr_node {
    enum expr_op op;
    enum expr_type type;
    enum expr_unit unit;
    int32_t n_args;
    int32_t args[EXPR_ARGS_MAX]; /* nodes */
    int32_t selectors[EXPR_SELECTORS_MAX];
    int64_t index; /* attribute, KPI, pattern, series, event attribute; else -1 */
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
    int64_t n_names;  /* event names of the store */
    uint8_t *ignored; /* [n_names] 1: as if the event were not there (patterns, NEXT); or NULL */
    const char *zone; /* "UTC", ... */
    int64_t n_asked;  /* nodes before equal ones were merged */
};

#endif
