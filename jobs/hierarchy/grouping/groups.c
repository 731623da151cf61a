/* Groups: see groups.h. Clusters and given groups end in one form, the leader (exemplar) of each
 * item; groups are then listed by leader, edges of overlapping groups among them.
 */
#include "jobs/hierarchy/grouping/groups.h"

struct grouping {
    const struct affinity_graph *graph;
    const struct group_options *options;
    struct lode_arena *arena;
    int32_t *number; /* [n] among the free items, those that are clustered; -1: not free */
    int32_t *free;   /* [n_free] items */
    int64_t n_free;
    int32_t *leader; /* [n] item; -1: none */
    int64_t *size;   /* [n] items led by item k */
    struct groups found;
};

static int32_t given_group(const struct grouping *g, int64_t i)
{
    return g->options->given ? g->options->given[i] : -1;
}

/* Who is free to be clustered, and who is similar to nothing. */
static lode_status set_aside(struct grouping *g)
{
    const struct affinity_graph *graph = g->graph;
    lode_try(lode_take(g->arena, graph->n, &g->number));
    lode_try(lode_take(g->arena, graph->n, &g->free));
    for (int64_t i = 0; i < graph->n; i++) {
        const bool is_isolated = graph->begin[i] == graph->begin[i + 1];
        const int32_t given = given_group(g, i);
        if (given >= graph->n || given < -1)
            return lode_fail(LODE_E_BUG, "item %lld in given group %d of at most %lld",
                             (long long)i, given, (long long)graph->n);
        const bool is_free = !is_isolated && given < 0;
        g->number[i] = is_free ? (int32_t)g->n_free : -1;
        if (is_free) g->free[g->n_free++] = (int32_t)i;
        g->found.fate[i] = is_isolated && given < 0 ? GROUP_ISOLATED : GROUP_ALONE;
        g->leader[i] = -1;
    }
    return LODE_OK;
}

/* The edges among free items, by their numbers. */
static lode_status free_graph(const struct grouping *g, struct affinity_graph *among)
{
    const int64_t n_edges = g->graph->begin[g->graph->n];
    int64_t *begin, n = 0;
    int32_t *to;
    double *similarity;
    lode_try(lode_take(g->arena, g->n_free + 1, &begin));
    lode_try(lode_take(g->arena, n_edges, &to));
    lode_try(lode_take(g->arena, n_edges, &similarity));
    for (int64_t f = 0; f < g->n_free; f++) {
        begin[f] = n;
        for (int64_t e = g->graph->begin[g->free[f]]; e < g->graph->begin[g->free[f] + 1]; e++) {
            if (g->number[g->graph->to[e]] < 0) continue;
            to[n] = g->number[g->graph->to[e]];
            similarity[n++] = g->graph->similarity[e];
        }
    }
    begin[g->n_free] = n;
    *among = (struct affinity_graph){g->n_free, begin, to, similarity};
    return LODE_OK;
}

/* Leaders of the free items, by affinity propagation. */
static lode_status lead_clusters(struct grouping *g)
{
    struct affinity_options options = g->options->affinity;
    struct affinity_graph among;
    int32_t *exemplars;
    lode_try(lode_take(g->arena, options.n_exemplars, &exemplars));
    options.exemplars = exemplars;
    options.n_exemplars = 0;
    for (int64_t x = 0; x < g->options->affinity.n_exemplars; x++) {
        const int32_t item = g->options->affinity.exemplars[x];
        if (item < 0 || item >= g->graph->n)
            return lode_fail(LODE_E_BUG, "given exemplar %d of %lld items", item,
                             (long long)g->graph->n);
        if (g->number[item] >= 0) exemplars[options.n_exemplars++] = g->number[item];
    }
    lode_try(free_graph(g, &among));
    lode_try(affinity_propagate(&among, &options, g->arena, &g->found.clustering));
    for (int64_t f = 0; f < g->n_free; f++) {
        const int32_t exemplar = g->found.clustering.exemplar[f];
        if (exemplar >= 0) g->leader[g->free[f]] = g->free[exemplar];
    }
    g->found.clustering.exemplar = NULL; /* of numbers that no caller knows */
    return LODE_OK;
}

/* Leaders of given groups: the member with the largest sum of similarities inside. */
static lode_status lead_given(struct grouping *g)
{
    const int64_t n = g->graph->n;
    double *inside;
    int32_t *best;
    lode_try(lode_take_zero(g->arena, n, &inside));
    lode_try(lode_take(g->arena, n, &best));
    for (int64_t i = 0; i < n; i++) {
        best[i] = -1;
        for (int64_t e = g->graph->begin[i]; e < g->graph->begin[i + 1]; e++)
            if (given_group(g, i) == given_group(g, g->graph->to[e]))
                inside[g->graph->to[e]] += g->graph->similarity[e];
    }
    for (int64_t i = 0; i < n; i++) {
        const int32_t group = given_group(g, i);
        if (group >= 0 && (best[group] < 0 || inside[i] > inside[best[group]]))
            best[group] = (int32_t)i;
    }
    for (int64_t i = 0; i < n; i++)
        if (given_group(g, i) >= 0) g->leader[i] = best[given_group(g, i)];
    return LODE_OK;
}

/* One group of two for each edge from free item k to one with a higher number. */
static void list_edges(struct grouping *g, int64_t k, int64_t *n_members)
{
    struct groups *found = &g->found;
    for (int64_t e = g->graph->begin[k]; e < g->graph->begin[k + 1]; e++) {
        const int32_t other = g->graph->to[e];
        if (other <= k || g->number[other] < 0) continue;
        found->exemplar[found->n_groups] = (int32_t)k;
        found->begin[found->n_groups++] = *n_members;
        found->members[(*n_members)++] = (int32_t)k;
        found->members[(*n_members)++] = other;
    }
}

/* All groups by their leader; members of a leader's group are filled in by place_members. */
static lode_status list_groups(struct grouping *g)
{
    const int64_t n = g->graph->n;
    const int64_t most = n + (g->options->is_overlapping ? g->graph->begin[n] : 0);
    struct groups *found = &g->found;
    int64_t n_members = 0;
    lode_try(lode_take(g->arena, most, &found->exemplar));
    lode_try(lode_take(g->arena, most + 1, &found->begin));
    lode_try(lode_take(g->arena, most + n, &found->members));
    lode_try(lode_take_zero(g->arena, n, &g->size));
    for (int64_t i = 0; i < n; i++)
        if (g->leader[i] >= 0) g->size[g->leader[i]]++;
    for (int64_t k = 0; k < n; k++) {
        if (g->size[k] > 1) {
            found->exemplar[found->n_groups] = (int32_t)k;
            found->begin[found->n_groups++] = n_members;
            n_members += g->size[k];
        }
        if (g->options->is_overlapping && g->number[k] >= 0) list_edges(g, k, &n_members);
    }
    found->begin[found->n_groups] = n_members;
    return LODE_OK;
}

/* Members of led groups, ascending; fate and first group of every item. */
static lode_status place_members(struct grouping *g)
{
    struct groups *found = &g->found;
    int64_t *next; /* [n] place of the next member that item k leads */
    lode_try(lode_take(g->arena, g->graph->n, &next));
    for (int64_t group = found->n_groups - 1; group >= 0; group--)
        next[found->exemplar[group]] = found->begin[group];
    for (int64_t i = 0; i < g->graph->n; i++) {
        found->group_of[i] = -1;
        if (g->leader[i] >= 0 && g->size[g->leader[i]] > 1)
            found->members[next[g->leader[i]]++] = (int32_t)i;
    }
    for (int64_t group = 0; group < found->n_groups; group++) {
        for (int64_t p = found->begin[group]; p < found->begin[group + 1]; p++) {
            const int32_t item = found->members[p];
            found->fate[item] = GROUP_MEMBER;
            if (found->group_of[item] < 0) found->group_of[item] = (int32_t)group;
        }
    }
    return LODE_OK;
}

lode_status groups_find(const struct affinity_graph *graph, const struct group_options *options,
                        struct lode_arena *arena, struct groups *groups)
{
    struct grouping g = {.graph = graph, .options = options, .arena = arena};
    g.found.n_items = graph->n;
    g.found.clustering.is_converged = true;
    lode_try(lode_take(arena, graph->n, &g.found.fate));
    lode_try(lode_take(arena, graph->n, &g.found.group_of));
    lode_try(lode_take(arena, graph->n, &g.leader));
    lode_try(set_aside(&g));
    if (options->given) lode_try(lead_given(&g));
    if (g.n_free > 0 && !options->is_overlapping) lode_try(lead_clusters(&g));
    lode_try(list_groups(&g));
    lode_try(place_members(&g));
    *groups = g.found;
    return LODE_OK;
}
