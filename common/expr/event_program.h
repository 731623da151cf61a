/* Event program: all that is computed from events, as lists by name of event of who listens to it.
 *
 * Names that no selector tells apart are one class. For each class there is a list of entries in
 * the order in which they act on an event: first selectors that need more than the name
 * (conditions, windows), then what counts and remembers, then the steps of patterns, last the
 * windows that open. Contiguous patterns of plain steps (given_patterns) are keys of one automaton
 * instead.
 */
#ifndef LODE_COMMON_EXPR_EVENT_PROGRAM_H
#define LODE_COMMON_EXPR_EVENT_PROGRAM_H

#include "common/expr/automaton.h"
#include "common/expr/evaluate.h"
#include "common/expr/reach.h"

/* In the order in which they act on an event. */
enum event_kind {
    EVENT_SELECT, /* `second` 0: test selector `first`; 1: close window `first` (its guard holds) */
    EVENT_TALLY,  /* top `first`, of event attribute `second` (-1: names) */
    EVENT_COUNT,  /* column `first`; so all below */
    EVENT_FIRST,
    EVENT_LAST,
    EVENT_SUM, /* of event attribute `second` */
    EVENT_MEAN,
    EVENT_LEAST,
    EVENT_MOST,
    EVENT_GAP_END, /* with memory `second`; ends before it begins: an event is not its own next */
    EVENT_GAP_BEGIN,
    EVENT_STATE_END,
    EVENT_STATE_BEGIN,
    EVENT_STEP, /* `second` 0: advance to step `first`; 1: forget what waits for step `first` */
    EVENT_OPEN, /* window `first`; last: it is open for later events */
    EVENT_KINDS
};

struct event_entry {
    int32_t guard; /* acts where this selector holds; event_program.always: on every event */
    int32_t first, second;
};

struct event_group {
    enum event_kind kind;
    int32_t from, end; /* entries */
};

struct event_class {
    int32_t groups_from, groups_end;
    uint32_t symbol;   /* of the automaton */
    bool is_invisible; /* to patterns */
};

struct event_test {
    int32_t window; /* -1: always */
    int32_t n_conditions;
    const struct expr_condition *conditions;
};

struct event_step {
    int32_t pattern; /* of the program */
    bool is_first, is_last, is_next, repeats;
};

/* A node that asks for a pattern. */
struct event_pattern {
    int64_t within_ms;
    int32_t column, n_steps;
    bool is_counted; /* else 0 or 1 */
};

struct event_program {
    int32_t always;                 /* selectors are 0..always - 1 */
    const struct event_test *tests; /* [always] */
    int32_t n_windows;
    const bool *is_open; /* [n_windows] at the start of a session: EXPR_BEFORE */
    int32_t n_memories;  /* of gaps and states */
    int32_t n_steps, n_patterns;
    const struct event_step *steps;
    const struct event_pattern *patterns;
    bool has_automaton;
    struct automaton automaton;
    const int32_t *key_patterns; /* [keys] of the automaton: pattern of the program */
    int32_t n_classes;
    const struct event_class *classes;
    const uint32_t *class_of; /* [graph.n_names]; NULL: names are not read */
    const struct event_group *groups;
    const struct event_entry *entries;
    bool reads_times;
    bool is_empty; /* nothing to do */
};

/* Compiles what `reach` has of events, and the counts of roots->tops (top t counts into tally t of
 * the run). column_of[node]: the column of an event node; EXPR_EVENT_MEAN has the one after it too.
 * From the arena; borrows the graph. LODE_E_BUG: a top is not filled. LODE_E_MEMORY. */
LODE_CHECKED lode_status event_program_make(const struct expr_graph *graph,
                                            const struct expr_roots *roots,
                                            const struct expr_reach *reach,
                                            const struct expr_needs *needs,
                                            const int32_t *column_of, struct lode_arena *arena,
                                            struct event_program *program);

#endif
