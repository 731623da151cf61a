/* Needs: the columns that something reads; for the rooms of common/expr (others: evaluate.h). */
#ifndef LODE_COMMON_EXPR_NEEDS_H
#define LODE_COMMON_EXPR_NEEDS_H

#include "common/expr/evaluate.h"
#include "common/expr/reach.h"

/* As expr_needs_find, of nodes and of first passes. */
LODE_CHECKED lode_status expr_needs_of(const struct expr_graph *graph,
                                       const struct expr_roots *roots,
                                       const struct expr_schema_counts *schema,
                                       struct lode_arena *arena, struct expr_needs *needs);

/* A schema that is just large enough for what the graph names. */
struct expr_schema_counts expr_schema_of(const struct expr_graph *graph);

/* LODE_E_BUG, by name: a column that is needed is NULL, or has text for numbers. */
LODE_CHECKED lode_status expr_columns_check(const struct expr_graph *graph,
                                            const struct expr_roots *roots,
                                            const struct expr_reach *reach,
                                            const struct expr_needs *needs,
                                            const struct expr_columns *columns);

#endif
