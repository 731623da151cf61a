/* Tops: `top(20, ...)` needs what all sessions have before any session can be asked: a first pass
 * over the events counts, the sums over all partitions are ranked, and the selectors that name the
 * top are filled with what is in it.
 *
 * A top may select events by another top, which then has to be filled before. expr_tops_rounds says
 * which are counted together; round r needs those of the rounds before.
 */
#ifndef LODE_COMMON_EXPR_TOPS_H
#define LODE_COMMON_EXPR_TOPS_H

#include "common/expr/evaluate.h"

/* Tops that `roots` use, in rounds: *n_rounds of them (0: none); round_of[t] is the round of top t,
 * or -1. round_of [graph.n_tops] is the caller's. LODE_E_BUG: the graph is none (also: a top that
 * selects by itself). LODE_E_MEMORY. Scratch is given back. */
LODE_CHECKED lode_status expr_tops_rounds(const struct expr_graph *graph, const int32_t *roots,
                                          int32_t n_roots, struct lode_arena *arena,
                                          int32_t *round_of, int32_t *n_rounds);

/* As expr_needs_find, of counting these tops. */
LODE_CHECKED lode_status expr_tops_needs(const struct expr_graph *graph, const int32_t *tops,
                                         int32_t n_tops, const struct expr_schema_counts *schema,
                                         struct lode_arena *arena, struct expr_needs *needs);

/* Adds to counts[t] [n_counts[t]], of the n_tops `tops`, how often each name (or word of the
 * attribute) is among the selected events of the sessions of a partition; events without a word
 * count nowhere. Pure: counts of partitions are added up in any order. Scratch is given back.
 * LODE_E_BUG (a column is NULL, a top that these select by is not filled), LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_tops_count(const struct expr_graph *graph, const int32_t *tops,
                                         int32_t n_tops, const struct expr_columns *columns,
                                         struct lode_arena *arena, const int64_t *n_counts,
                                         int64_t *const *counts);

/* Puts the tops[top].n most frequent of counts [words->count] (more than 0; ties: the word that is
 * first by its bytes) into all selectors and conditions that name the top; `words` are the store's
 * event names, or the dictionary of the attribute. From the arena. LODE_E_MEMORY. */
LODE_CHECKED lode_status expr_tops_fill(struct expr_graph *graph, int32_t top,
                                        const int64_t *counts, const struct lode_dictionary *words,
                                        struct lode_arena *arena);

#endif
