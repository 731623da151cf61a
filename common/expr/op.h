/* Op: what each operator of the graph takes and gives: the one place that knows. The builder types
 * nodes by it, unpacking checks them by it, the language and its printer find names in it.
 */
#ifndef LODE_COMMON_EXPR_OP_H
#define LODE_COMMON_EXPR_OP_H

#include "common/expr/graph.h"

enum { EXPR_OPS = EXPR_SPAN_SUM + 1 };

/* What a node's `index` names. */
enum expr_index_kind {
    EXPR_OF_NOTHING, /* -1 */
    EXPR_OF_ATTRIBUTE,
    EXPR_OF_KPI,
    EXPR_OF_PATTERN,
    EXPR_OF_EVENT_ATTRIBUTE,
    EXPR_OF_SERIES
};

struct expr_op_about {
    const char *name;   /* of the function, or the operator's sign or word */
    const char *args;   /* a letter for each: b bool; n plain number; t time; s text; q number or
                           duration; w number, duration or time; x any. All w and all x must be
                           of one type; y: by arithmetic. A bool counts as a plain number. */
    char gives;         /* b n d(uration) t s; ? as the node says; = as its w, x or q; + - * / by
                           arithmetic of units */
    int8_t n_selectors; /* 0..2 */
    int8_t index;       /* enum expr_index_kind */
    bool commutes;
};

/* NULL: no such operator in a graph. */
const struct expr_op_about *expr_op_about(enum expr_op op);

/* Sets type, unit and n_args (and the index of a text) of a node whose arguments lie in `nodes`.
 * False, with the reason in words: they do not fit. */
bool expr_type_node(const struct expr_node *nodes, struct expr_node *node,
                    char reason[EXPR_REASON_BYTES]);

#endif
