/* Pairs: the second level of the lattice of cohorts: sessions that share a value of two attributes,
 * or have a place in the life cycle and a value of an attribute.
 *
 * A pair of values is counted only where both are large: whoever has few users alone has fewer
 * together. The values that are combined get dense places, so a pair is one number.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_COHORT_PAIRS_H
#define LODE_JOBS_OPPORTUNITIES_COHORT_PAIRS_H

#include "jobs/opportunities/cohorts.h"
#include "jobs/opportunities/opportunity_options.h"

/* Combinations of values times KPIs that one run counts, at most: 72 bytes each while they are
 * added up. Where there are more, only values with more users are combined, and a warning says from
 * how many users on. */
enum { PAIR_MOST_CELLS = 1 << 21 };

/* Adds the sets of pairs to `counts`, behind those of level 1: attributes with attributes (a before
 * b in the store's order, of which a is not derived), then the life cycle with each attribute.
 * Their values are all pairs that have sessions, by first value, then second. Maps leaf
 * "opportunities.pairs" over all partitions; nothing is done without options->pairs. Everything
 * from run->arena. */
LODE_CHECKED lode_status cohort_pairs_count(struct lode_run *run,
                                            const struct opportunity_options *options,
                                            struct cohort_counts *counts);
lode_status cohort_pairs_leaf(struct lode_task *task);

/* The pair of value `v` of set `a` and value `w` of set `b` (sets of level 1, in any order), under
 * all KPIs ([n_kpis]). NULL: it has no sessions. *is_counted false: nobody knows, since one of the
 * values is too small, or pairs are off. Cost O(sets + log values). */
const struct cohort_cell *cohort_pair_find(const struct cohort_counts *counts,
                                           const int64_t sets[2], const int64_t values[2],
                                           bool *is_counted);

#endif
