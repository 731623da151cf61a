/* Reach: which parts of a graph a set of roots uses, and whether the graph is one at all. */
#ifndef LODE_COMMON_EXPR_REACH_H
#define LODE_COMMON_EXPR_REACH_H

#include "common/expr/graph.h"

/* What is computed: nodes, and the counts of a first pass. */
struct expr_roots {
    const int32_t *nodes;
    int32_t n_nodes;
    const int32_t *tops;
    int32_t n_tops;
};

/* 1: used, by the roots or by what they use. Selectors of patterns are selectors too. */
struct expr_reach {
    uint8_t *nodes;     /* [n_nodes] */
    uint8_t *selectors; /* [n_selectors] */
    uint8_t *patterns;  /* [n_patterns] */
};

/* From the arena. LODE_E_BUG: an index is out of range, or something does not stand before what
 * uses it. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_reach_find(const struct expr_graph *graph,
                                         const struct expr_roots *roots, struct lode_arena *arena,
                                         struct expr_reach *reach);

/* Of events, computed in the pass over them (all but EXPR_EVENT_DURATION, which needs no pass). */
static inline bool expr_op_is_event(enum expr_op op)
{
    return op >= EXPR_EVENT_COUNT && op <= EXPR_EVENT_MOST && op != EXPR_EVENT_DURATION;
}

static inline bool expr_op_is_match(enum expr_op op)
{
    return op == EXPR_EVENT_MATCH || op == EXPR_EVENT_MATCH_COUNT;
}

/* Sum, mean, least, most: what reads a number of an event. */
static inline bool expr_op_is_fold(enum expr_op op)
{
    return op >= EXPR_EVENT_SUM && op <= EXPR_EVENT_MOST;
}

static inline bool expr_op_is_series(enum expr_op op)
{
    return op >= EXPR_SERIES_AT && op <= EXPR_SERIES_SUM;
}

static inline bool expr_op_is_span(enum expr_op op)
{
    return op >= EXPR_SPAN_MEAN && op <= EXPR_SPAN_SUM;
}

#endif
