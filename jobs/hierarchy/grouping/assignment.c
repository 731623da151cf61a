/* Assignment: see assignment.h. Three passes over the similarities, in the order of items. */
#include "jobs/hierarchy/grouping/assignment.h"

#include "jobs/hierarchy/grouping/messages.h"

#include <math.h>
#include <string.h>

struct clusters {
    const struct affinity_graph *graph;
    const struct affinity_options *options;
    int32_t *exemplar; /* [n] */
    uint8_t *is_exemplar;
    double *inside;   /* [n] sum of similarities to item k of the members of its cluster */
    int64_t *similar; /* [n] members that have one */
    int64_t *size;    /* [n] of the cluster of exemplar k */
    int32_t *chosen;  /* [n] the new exemplar of the cluster of exemplar k */
};

/* Place in row i of the exemplar that item i goes to; -1: itself. */
static int64_t nearest_exemplar(const struct clusters *clusters, int64_t i)
{
    int64_t nearest = -1;
    double most = -HUGE_VAL;
    if (clusters->is_exemplar[i]) return -1;
    for (int64_t e = affinity_row(clusters->graph, i); e < affinity_row(clusters->graph, i + 1);
         e++) {
        const int32_t k = affinity_column(clusters->graph, i, e);
        if (!clusters->is_exemplar[k] || k == i) continue;
        const double similarity =
            clusters->graph->similarity[e] - affinity_tie(clusters->options, k);
        if (similarity > most) {
            most = similarity;
            nearest = e;
        }
    }
    return nearest;
}

/* Assigns all items; returns the net similarity. */
static double assign(struct clusters *clusters)
{
    double net = 0.0;
    for (int64_t i = 0; i < clusters->graph->n; i++) {
        const int64_t e = nearest_exemplar(clusters, i);
        clusters->exemplar[i] = e < 0 ? (int32_t)i : affinity_column(clusters->graph, i, e);
        net += e < 0 ? clusters->options->preference : clusters->graph->similarity[e];
    }
    return net;
}

/* Sums of similarities inside clusters, of every item as the exemplar of its cluster. */
static void sum_inside(struct clusters *clusters)
{
    const struct affinity_graph *graph = clusters->graph;
    for (int64_t k = 0; k < graph->n; k++) {
        clusters->inside[k] = clusters->options->preference - affinity_tie(clusters->options, k);
        clusters->size[clusters->exemplar[k]]++;
    }
    for (int64_t i = 0; i < graph->n; i++) {
        for (int64_t e = affinity_row(graph, i); e < affinity_row(graph, i + 1); e++) {
            const int32_t k = affinity_column(graph, i, e);
            if (k == i || clusters->exemplar[k] != clusters->exemplar[i]) continue;
            clusters->inside[k] += graph->similarity[e] - affinity_tie(clusters->options, k);
            clusters->similar[k]++;
        }
    }
}

/* The exemplar of each cluster becomes the member with the largest sum inside, of those to which
 * every other member has a similarity: its old exemplar has. */
static void refine(struct clusters *clusters)
{
    const int64_t n = clusters->graph->n;
    sum_inside(clusters);
    for (int64_t i = 0; i < n; i++) {
        clusters->is_exemplar[i] = 0;
        clusters->chosen[i] = -1;
    }
    for (int64_t g = 0; g < clusters->options->n_exemplars; g++) {
        const int32_t given = clusters->options->exemplars[g];
        clusters->chosen[given] = given;
        clusters->inside[given] = HUGE_VAL;
    }
    for (int64_t k = 0; k < n; k++) {
        int32_t *chosen = &clusters->chosen[clusters->exemplar[k]];
        if (clusters->similar[k] < clusters->size[clusters->exemplar[k]] - 1) continue;
        if (*chosen < 0 || clusters->inside[k] > clusters->inside[*chosen]) *chosen = (int32_t)k;
    }
    for (int64_t i = 0; i < n; i++)
        if (clusters->chosen[i] >= 0) clusters->is_exemplar[clusters->chosen[i]] = 1;
}

lode_status assignment_find(const struct affinity_graph *graph,
                            const struct affinity_options *options, const uint8_t *is_exemplar,
                            struct lode_arena *arena, struct affinity_result *result)
{
    const int64_t n = graph->n;
    struct clusters clusters = {.graph = graph, .options = options, .exemplar = result->exemplar};
    result->n_clusters = 0;
    result->net_similarity = 0.0;
    for (int64_t i = 0; i < n; i++) result->exemplar[i] = -1;
    if (!memchr(is_exemplar, 1, (size_t)n)) return LODE_OK;

    lode_try(lode_take(arena, n, &clusters.is_exemplar));
    lode_try(lode_take(arena, n, &clusters.inside));
    lode_try(lode_take_zero(arena, n, &clusters.similar));
    lode_try(lode_take_zero(arena, n, &clusters.size));
    lode_try(lode_take(arena, n, &clusters.chosen));
    memcpy(clusters.is_exemplar, is_exemplar, (size_t)n);
    (void)assign(&clusters);
    refine(&clusters);
    result->net_similarity = assign(&clusters);
    for (int64_t i = 0; i < n; i++) result->n_clusters += result->exemplar[i] == i;
    return LODE_OK;
}
