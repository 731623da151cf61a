#include "jobs/hierarchy/grouping/stability.h"

#include <string.h>

static const int64_t MOST_VALUES = INT64_C(1) << 25; /* of replicates at once: 256 MiB */

/* Counts the edges of the graph that a replicate has; both in the same order. */
static void count_found(const struct affinity_graph *graph, const struct affinity_graph *found,
                        double *counts)
{
    for (int64_t i = 0; i < graph->n; i++) {
        int64_t at = found->begin[i];
        for (int64_t e = graph->begin[i]; e < graph->begin[i + 1]; e++) {
            while (at < found->begin[i + 1] && found->to[at] < graph->to[e]) at++;
            counts[e] += at < found->begin[i + 1] && found->to[at] == graph->to[e];
        }
    }
}

static lode_status count_replicate(const double *gram, const struct affinity_graph *graph,
                                   const struct stability_options *options,
                                   struct lode_arena *arena, double *counts)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct neighbourhoods neighbourhoods;
    struct affinity_graph found;
    if (options->fit)
        lode_try(options->fit(options->fit_context, gram, graph->n, &options->neighbourhood, arena,
                              &neighbourhoods));
    else
        lode_try(
            neighbourhoods_fit(gram, graph->n, &options->neighbourhood, arena, &neighbourhoods));
    lode_try(similarity_of_neighbourhoods(&neighbourhoods, &options->similarity, arena, &found));
    count_found(graph, &found, counts);
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

lode_status stability_of_edges(const double *const *series, int64_t n,
                               const struct affinity_graph *graph,
                               const struct stability_options *options, struct lode_arena *arena,
                               double *shares)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const int64_t p = graph->n, all = options->resampling.replicates;
    const int64_t fit = MOST_VALUES / (p * p), at_once = fit < 1 ? 1 : fit < all ? fit : all;
    struct gram_resampling part = options->resampling;
    double **grams;
    memset(shares, 0, (size_t)graph->begin[p] * sizeof *shares);
    lode_try(lode_take(arena, at_once, &grams));
    for (int64_t k = 0; k < at_once; k++) lode_try(lode_take(arena, p * p, &grams[k]));
    for (int64_t done = 0; done < all; done += at_once) {
        part.first = options->resampling.first + done;
        part.replicates = at_once < all - done ? at_once : all - done;
        lode_try(gram_resample(series, p, n, &part, arena, grams));
        for (int64_t k = 0; k < part.replicates; k++)
            lode_try(count_replicate(grams[k], graph, options, arena, shares));
    }
    for (int64_t e = 0; e < graph->begin[p]; e++) shares[e] /= (double)all;
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
