/* Incidents: a sweep over firings in order of start.
 *
 * Of every component the firing that ends last is enough: one that ended before it, so that a later
 * firing overlaps with the one and not with the other, is in the same group already or out of reach
 * of all that is still to come.
 */
#include "jobs/hierarchy/alerts/incidents.h"

#include <stdbool.h>
#include <stdlib.h>

struct item {
    int64_t start_ms, firing;
};

struct sweep {
    const int64_t *parents;
    int64_t n_components, gap_ms;
    const struct incident_firing *firings;
    int64_t *leader;    /* [n] of a group, as a forest */
    int64_t *latest;    /* [n_components] firing that ends last; -1: none */
    bool *has_children; /* [n_components] */
};

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->start_ms != b->start_ms) return a->start_ms < b->start_ms ? -1 : 1;
    return (a->firing > b->firing) - (a->firing < b->firing);
}

/* When nothing that begins later is near it any more. */
static int64_t reach_of(const struct sweep *s, int64_t firing)
{
    int64_t reach = 0;
    const int64_t end_ms = s->firings[firing].end_ms;
    if (end_ms == INT64_MIN || __builtin_add_overflow(end_ms, s->gap_ms, &reach)) return INT64_MAX;
    return reach;
}

static int64_t find_leader(int64_t *leader, int64_t i)
{
    while (leader[i] != i) i = leader[i] = leader[leader[i]];
    return i;
}

static void join(struct sweep *s, int64_t firing, int64_t component)
{
    const int64_t other = s->latest[component];
    if (other < 0 || reach_of(s, other) < s->firings[firing].start_ms) return;
    s->leader[find_leader(s->leader, firing)] = find_leader(s->leader, other);
}

static bool is_below(const struct sweep *s, int64_t component, int64_t above)
{
    for (component = s->parents[component]; component >= 0; component = s->parents[component])
        if (component == above) return true;
    return false;
}

static void add(struct sweep *s, int64_t firing)
{
    const int64_t own = s->firings[firing].component;
    for (int64_t c = own; c >= 0; c = s->parents[c]) join(s, firing, c);
    for (int64_t c = 0; s->has_children[own] && c < s->n_components; c++)
        if (s->latest[c] >= 0 && is_below(s, c, own)) join(s, firing, c);
    if (s->latest[own] < 0 || reach_of(s, firing) > reach_of(s, s->latest[own]))
        s->latest[own] = firing;
}

lode_status incidents_group(const int64_t *parents, int64_t n_components,
                            const struct incident_firing *firings, int64_t n, int64_t gap_ms,
                            struct lode_arena *arena, int64_t *incident)
{
    struct sweep s = {
        .parents = parents, .n_components = n_components, .gap_ms = gap_ms, .firings = firings};
    struct item *items;
    int64_t count = 0;
    lode_try(lode_take(arena, n, &items));
    lode_try(lode_take(arena, n, &s.leader));
    lode_try(lode_take(arena, n_components, &s.latest));
    lode_try(lode_take_zero(arena, n_components, &s.has_children));
    for (int64_t c = 0; c < n_components; c++) {
        s.latest[c] = -1;
        if (parents[c] >= 0) s.has_children[parents[c]] = true;
    }
    for (int64_t i = 0; i < n; i++) {
        items[i] = (struct item){firings[i].start_ms, i};
        s.leader[i] = i;
        incident[i] = 0;
    }
    if (n > 1) qsort(items, (size_t)n, sizeof *items, compare_items);
    for (int64_t i = 0; i < n; i++) add(&s, items[i].firing);
    /* a leader gets its number with the first of its group, the others take it */
    for (int64_t i = 0; i < n; i++) {
        const int64_t leader = find_leader(s.leader, items[i].firing);
        if (incident[leader] == 0) incident[leader] = ++count;
        incident[items[i].firing] = incident[leader];
    }
    return LODE_OK;
}
