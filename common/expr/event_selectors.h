/* Event selectors: equal selectors and windows are one, and names that none of them tells apart are
 * one class, so that lists by class stay few however many names a store has.
 */
#ifndef LODE_COMMON_EXPR_EVENT_SELECTORS_H
#define LODE_COMMON_EXPR_EVENT_SELECTORS_H

#include "common/expr/reach.h"

struct event_window {
    enum expr_window kind;
    int32_t from, until; /* selectors; until -1 but for EXPR_BETWEEN */
};

struct event_selectors {
    const struct expr_graph *graph;
    int32_t *same;      /* [graph.n_selectors] the first equal one; -1: not used */
    int32_t *window_of; /* [graph.n_selectors] -1: always */
    int32_t n_windows;
    struct event_window *windows;
    int32_t n_classes;
    uint32_t *class_of; /* [graph.n_names] */
    int64_t *sample;    /* [n_classes] a name of the class; -1: no names at all */
};

/* From the arena; borrows the graph. No class has both ignored names and others. LODE_E_BUG: a top
 * is not filled. LODE_E_MEMORY. Cost O(used selectors x names). */
LODE_CHECKED lode_status event_selectors_make(const struct expr_graph *graph,
                                              const struct expr_reach *reach,
                                              struct lode_arena *arena,
                                              struct event_selectors *selectors);

/* The name alone decides. */
static inline bool event_selector_is_plain(const struct expr_selector *selector)
{
    return selector->n_conditions == 0 && selector->window == EXPR_ALWAYS;
}

static inline bool event_selector_has(const struct event_selectors *selectors, int32_t selector,
                                      int32_t name_class)
{
    const uint8_t *names = selectors->graph->selectors[selector].names;
    const int64_t sample = selectors->sample[name_class];
    return !names || (sample >= 0 && names[sample]);
}

#endif
