/* Oracle: what graph.h and evaluate.h say, read aloud: every definition by looking at all events
 * and all combinations of them. Nothing of the evaluator is used. */
#ifndef LODE_TESTS_COMMON_EXPR_ORACLE_H
#define LODE_TESTS_COMMON_EXPR_ORACLE_H

#include "common/expr/evaluate.h"

/* Value of a node for a session (row of the partition). Zone: UTC. */
double oracle_value(const struct expr_graph *graph, const struct expr_columns *columns,
                    int32_t node_index, int64_t session);

#endif
