/* Evaluate columns: operators of the session, one node over one block of sessions at a time. */
#ifndef LODE_COMMON_EXPR_EVALUATE_COLUMNS_H
#define LODE_COMMON_EXPR_EVALUATE_COLUMNS_H

#include "common/expr/evaluate.h"

/* Sessions [first, first + n) of a partition. */
struct column_block {
    const struct expr_graph *graph;
    const struct lode_zone *zone;
    const struct expr_columns *columns;
    int64_t first, n;
    const int64_t *users; /* [n] user of each session */
};

/* Values of a node from those of its arguments (args[a]: [n]); all but events' nodes.
 *
 *   carry  of EXPR_PREVIOUS and EXPR_USER_MAX_GAP: what the block before left for this node, and
 *          what this one leaves (a user's sessions may go over blocks); else not used
 *   out    [n]; no argument
 */
void expr_column_compute(const struct column_block *block, const struct expr_node *node,
                         const double *const *args, double *carry, double *out);

#endif
