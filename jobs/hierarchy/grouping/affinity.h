/* Affinity propagation: which of n items stand for the others?
 *
 * Frey and Dueck's clustering by messages: every item i sends to every candidate k how well it
 * would serve it (responsibility), every k answers how many others want it (availability), until
 * the exemplars, the items that choose themselves, no longer change. The number of clusters follows
 * from the preference, the similarity of an item to itself. The sum of similarities between items
 * and their exemplars is what is made large; a message-passing optimum, not a proven one.
 *
 * Two forms of similarities: of all pairs, or of some, in which no item may be the exemplar of one
 * that has no similarity to it.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_AFFINITY_H
#define LODE_JOBS_HIERARCHY_GROUPING_AFFINITY_H

#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

struct affinity_options {
    double preference; /* of every item; what an exemplar must be worth: more gives more clusters */
    double damping;    /* 0.5 <= damping < 1: share of the old message that stays; 0.9 */
    int max_iterations; /* >= 1: the last state counts if it has not converged; 2000 */
    int stable;         /* >= 1: converged after so many iterations with the same exemplars; 100 */
    bool breaks_ties;   /* subtract 1e-9 k from column k, its preference too: symmetric similarities
                           have exact ties, which rounding alone would decide */
    const int32_t *exemplars; /* [n_exemplars] distinct items that are exemplars whatever the
                                 messages say; others may be beside them. NULL: none */
    int64_t n_exemplars;
};

/* Similarities of some pairs: s(i, k) of how well k would stand for i. Need not be symmetric. */
struct affinity_graph {
    int64_t n;                /* 1..INT32_MAX items */
    const int64_t *begin;     /* [n + 1] places of item i: begin[i] to begin[i + 1] */
    const int32_t *to;        /* [begin[n]] k, ascending for each i, never i itself */
    const double *similarity; /* [begin[n]] finite; those of pairs not listed are -infinity */
};

struct affinity_result {
    int32_t *exemplar; /* [n] the arena's: exemplar of each item (its own: an exemplar). -1 for all
                          where the last state has no exemplar */
    int64_t n_clusters;
    int64_t n_iterations;
    bool is_converged;
    double net_similarity; /* of items to their exemplars, plus the preference of each exemplar; as
                              given, without the subtraction against ties */
};

/* Clusters the items of a graph.
 *
 * Messages are those of scikit-learn's AffinityPropagation without its noise; it stops after the
 * first iteration, the (stable + 1)th or later, at which the exemplars (at least one) have been the
 * same for `stable` iterations. Then items go to their most similar exemplar (one without
 * similarity to any becomes one), the exemplar of each cluster becomes the member with the largest
 * sum of similarities to it inside (one that every member has a similarity to; given exemplars
 * stay), and items are assigned again. Equal similarities: the item with the lower number.
 *
 *   arena    what the result keeps and scratch: about 30 bytes an edge and 200 an item
 *
 * Fails with LODE_E_BUG (options or edges are not as above), LODE_E_NUMERIC (a similarity is not
 * finite, naming the pair), LODE_E_MEMORY; the result is then as before. Cost O(edges) for each
 * iteration. Same bits on every machine.
 * Sources: Frey and Dueck, Science 315, 972-976 (2007), eqs. 1 and 2; refinement as in
 * scikit-learn and apcluster (Bodenhofer, Kothmeier and Hochreiter, Bioinformatics 27, 2011).
 */
LODE_CHECKED lode_status affinity_propagate(const struct affinity_graph *graph,
                                            const struct affinity_options *options,
                                            struct lode_arena *arena,
                                            struct affinity_result *result);

/* The same for similarities of all pairs: similarity [n x n], row i: s(i, k); the diagonal is not
 * read. Scratch: 8 bytes a pair, and 30 to 60 for pairs that matter at some time: a few an item,
 * all where all similarities are equal. */
LODE_CHECKED lode_status affinity_propagate_dense(const double *similarity, int64_t n,
                                                  const struct affinity_options *options,
                                                  struct lode_arena *arena,
                                                  struct affinity_result *result);

#endif
