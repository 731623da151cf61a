#include "jobs/hierarchy/grouping/similarity.h"

#include <math.h>

/* Edges by what they point to: begin [p + 1], then their indices, targets ascending. */
static lode_status index_sources(const struct neighbourhoods *n, struct lode_arena *arena,
                                 int64_t **begin, int64_t **edges)
{
    lode_try(lode_take_zero(arena, n->p + 2, begin));
    lode_try(lode_take(arena, n->n_edges, edges));
    int64_t *next = *begin + 1; /* one ahead: filling moves it to where begin is to be */
    for (int64_t e = 0; e < n->n_edges; e++) next[n->edges[e].source + 1]++;
    for (int64_t i = 0; i < n->p; i++) next[i + 1] += next[i];
    for (int64_t e = 0; e < n->n_edges; e++) (*edges)[next[n->edges[e].source]++] = e;
    return LODE_OK;
}

/* Where the two lists of detector i are: edges to its sources, and those of targets that need it.
 */
struct both_ways {
    const struct neighbourhood_edge *edges;
    const int64_t *indices;
    int64_t out, out_end, in, in_end;
};

/* The next detector in order that one of the lists has; -1: none. */
static int32_t next_pair(struct both_ways *at, double *forth, double *back)
{
    const int32_t source = at->out < at->out_end ? at->edges[at->out].source : INT32_MAX;
    const int32_t target = at->in < at->in_end ? at->edges[at->indices[at->in]].target : INT32_MAX;
    *forth = *back = 0.0;
    if (source == INT32_MAX && target == INT32_MAX) return -1;
    if (source <= target) *forth = fabs(at->edges[at->out++].coefficient);
    if (target <= source) *back = fabs(at->edges[at->indices[at->in++]].coefficient);
    return source < target ? source : target;
}

lode_status similarity_of_neighbourhoods(const struct neighbourhoods *neighbourhoods,
                                         const struct similarity_options *options,
                                         struct lode_arena *arena, struct affinity_graph *graph)
{
    const int64_t p = neighbourhoods->p;
    int64_t *begin, *sources, *indices, n = 0;
    int32_t *to;
    double *similarity;
    struct both_ways at = {.edges = neighbourhoods->edges};
    if (neighbourhoods->n_targets != p)
        return lode_fail(LODE_E_BUG, "neighbourhoods of %lld of %lld detectors",
                         (long long)neighbourhoods->n_targets, (long long)p);
    lode_try(lode_take(arena, p + 1, &begin));
    lode_try(lode_take(arena, 2 * neighbourhoods->n_edges, &to));
    lode_try(lode_take(arena, 2 * neighbourhoods->n_edges, &similarity));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(index_sources(neighbourhoods, arena, &sources, &indices));
    at.indices = indices;
    for (int64_t i = 0; i < p; i++) {
        double forth, back;
        begin[i] = n;
        while (at.out_end < neighbourhoods->n_edges && at.edges[at.out_end].target == i)
            at.out_end++;
        at.in_end = sources[i + 1];
        for (int32_t other; (other = next_pair(&at, &forth, &back)) >= 0;) {
            if (options->needs_both && (forth == 0.0 || back == 0.0)) continue; /* 0: no edge */
            to[n] = other;
            similarity[n++] = options->by_coefficient ? 0.5 * (forth + back) : 1.0;
        }
    }
    begin[p] = n;
    lode_arena_rewind(arena, mark);
    *graph = (struct affinity_graph){p, begin, to, similarity};
    return LODE_OK;
}
