/* Messages of affinity propagation, row by row, and of all pairs only those that differ.
 *
 * With damping d, responsibility r(i, k) and availability a(i, k) of all pairs follow
 *
 *   r(i, k) <- d r(i, k) + (1 - d) (s(i, k) - max over k' != k of a(i, k') + s(i, k'))
 *   a(i, k) <- d a(i, k) + (1 - d) min(0, reach(k) - max(0, r(i, k)))
 *   a(k, k) <- d a(k, k) + (1 - d) sum over i != k of max(0, r(i, k))
 *   reach(k) = r(k, k) + sum over i != k of max(0, r(i, k))
 *
 * from 0 (Frey and Dueck's equations). Of some pairs, all are candidates: they have both messages
 * in arrays of their row.
 *
 * Of all pairs, most are quiet: k was never i's best, and r(i, k) never positive. All quiet pairs
 * of a column k have one availability, base(k), and those of a row i have r(i, k) = (1 - d^t) s(i,
 * k) - offset(i), where offset is the damped largest a + s of the row. So two numbers an item stand
 * for all of them; a pair becomes a candidate when it is quiet no longer, for good. An iteration
 * reads the similarities once, for the best quiet pair of each row, and writes only candidates, a
 * few per cent, where the plain form reads three matrices and writes two. Between some pairs, which
 * are near ones, few are quiet (1.3 of 1.65 million were not, after ten iterations), so there it
 * does not pay. The plain form is in the tests, as the reference.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_MESSAGES_H
#define LODE_JOBS_HIERARCHY_GROUPING_MESSAGES_H

#include "jobs/hierarchy/grouping/affinity.h"

/* Similarities of a graph, or of all pairs: begin and to are then NULL, similarity is [n x n].
 * Places of row i in `similarity`: */
static inline int64_t affinity_row(const struct affinity_graph *graph, int64_t i)
{
    return graph->begin ? graph->begin[i] : i * graph->n;
}

/* Column of place e of row i; of all pairs it may be i itself. */
static inline int32_t affinity_column(const struct affinity_graph *graph, int64_t i, int64_t e)
{
    return graph->begin ? graph->to[e] : (int32_t)(e - i * graph->n);
}

/* What is subtracted from column k against ties. */
static inline double affinity_tie(const struct affinity_options *options, int64_t k)
{
    return options->breaks_ties ? 1e-9 * (double)k : 0.0;
}

struct messages;

/* All messages 0. `graph` is borrowed as long as the messages are used; memory comes from `arena`
 * now and in messages_step. LODE_E_MEMORY. */
LODE_CHECKED lode_status messages_create(const struct affinity_graph *graph,
                                         const struct affinity_options *options,
                                         struct lode_arena *arena, struct messages **messages);

/* One iteration: all responsibilities, then all availabilities. `has_changed`: other items than
 * before are exemplars. LODE_E_MEMORY. */
LODE_CHECKED lode_status messages_step(struct messages *messages, bool *has_changed);

/* [n] 1: the item chooses itself, r(k, k) + a(k, k) > 0; 0 of all before the first step. */
const uint8_t *messages_exemplars(const struct messages *messages);
int64_t messages_exemplar_count(const struct messages *messages);

#endif
