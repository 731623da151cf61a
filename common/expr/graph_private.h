/* Graph, inside: one item as bytes. The builder compares items by them, and packing writes them. */
#ifndef LODE_COMMON_EXPR_GRAPH_PRIVATE_H
#define LODE_COMMON_EXPR_GRAPH_PRIVATE_H

#include "common/expr/graph.h"

enum expr_item { EXPR_SELECTOR, EXPR_TOP, EXPR_PATTERN, EXPR_SERIES, EXPR_NODE, EXPR_ITEMS };

/* Appends item `index` of the graph. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_item_pack(const struct expr_graph *graph, enum expr_item kind,
                                        int32_t index, struct lode_bytes *out);

/* Does the item, which may refer to those before it only, keep the promises of graph.h? False, with
 * the reason in words. Types and units of a node are set (see expr_add_node). */
bool expr_item_check(const struct expr_graph *graph, enum expr_item kind, int32_t index,
                     char reason[EXPR_REASON_BYTES]);

#endif
