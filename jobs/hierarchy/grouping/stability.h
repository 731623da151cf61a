/* Stability: would the edges be there, had the days been others?
 *
 * The series are put together anew from blocks of their slots, drawn with replacement; blocks, not
 * single slots, since what follows each other belongs together. Neighbourhoods are fitted on each
 * such replicate, and an edge is as stable as the share of replicates in which it is found again.
 */
#ifndef LODE_JOBS_HIERARCHY_GROUPING_STABILITY_H
#define LODE_JOBS_HIERARCHY_GROUPING_STABILITY_H

#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/grouping/similarity.h"

/* Defaults: 20 replicates tell 90 % from 50 %; a block of six hours is longer than what most
 * windows make neighbours share, and a week has 28. */
enum { STABILITY_REPLICATES = 20, STABILITY_BLOCK_MS = 6 * 3600 * 1000 };

/* Fits neighbourhoods of all targets, here or on workers: neighbourhoods_fit without a context, or
 * neighbourhoods_map. */
typedef lode_status (*stability_fit_fn)(void *context, const double *gram, int64_t p,
                                        const struct neighbourhood_options *options,
                                        struct lode_arena *arena, struct neighbourhoods *out);

struct stability_options {
    struct gram_resampling resampling;
    struct neighbourhood_options neighbourhood;
    struct similarity_options similarity;
    stability_fit_fn fit; /* NULL: neighbourhoods_fit */
    void *fit_context;
};

/* Share of replicates that have each edge of a graph.
 *
 *   series   [p] of [n]
 *   graph    of p items, from the same series
 *   shares   [graph->begin[p]] out, in 0..1; the same both ways
 *
 * Scratch, given back: 8 p^2 bytes for each replicate, of which as many are made in one pass over
 * the series as come to 256 MiB. Errors of gram_resample and `fit`. Cost: gram_of_series, and a fit
 * for every replicate. Same bits for any number of workers. */
LODE_CHECKED lode_status stability_of_edges(const double *const *series, int64_t n,
                                            const struct affinity_graph *graph,
                                            const struct stability_options *options,
                                            struct lode_arena *arena, double *shares);

#endif
