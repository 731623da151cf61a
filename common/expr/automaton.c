/* Automaton: keys are sorted, so the trie is made from neighbours alone and the edges of a state
 * come in order; then failures by depth, then the table.
 */
#include "common/expr/automaton.h"

#include <stdlib.h>
#include <string.h>

/* The automaton while it is made. */
struct trie {
    const struct automaton_keys *keys;
    int32_t *order; /* [n_keys] keys, sorted */
    int32_t n_states;
    int32_t *parent, *depth; /* [states] */
    uint32_t *label;         /* [states] of the edge from the parent */
    int32_t *end;            /* [n_keys] state of a key */
    int32_t *edges, *targets, *endings, *ending_keys, *fail, *report, *table;
    uint32_t *labels;
};

static int compare_keys(const void *a, const void *b, void *context)
{
    const struct automaton_keys *keys = context;
    const int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    const int32_t *offsets = keys->offsets;
    const int32_t n_left = offsets[left + 1] - offsets[left];
    const int32_t n_right = offsets[right + 1] - offsets[right];
    for (int32_t i = 0; i < n_left && i < n_right; i++) {
        const uint32_t x = keys->symbols[offsets[left] + i], y = keys->symbols[offsets[right] + i];
        if (x != y) return x < y ? -1 : 1;
    }
    if (n_left != n_right) return n_left < n_right ? -1 : 1;
    return (left > right) - (left < right);
}

/* States in the order of the sorted keys; `path` has room for the longest key. */
static void add_states(struct trie *trie, int32_t *path)
{
    const struct automaton_keys *keys = trie->keys;
    const uint32_t *before = NULL;
    int32_t n_before = 0;
    path[0] = 0;
    trie->n_states = 1;
    for (int32_t i = 0; i < keys->n_keys; i++) {
        const int32_t key = trie->order[i];
        const uint32_t *symbols = keys->symbols + keys->offsets[key];
        const int32_t n = keys->offsets[key + 1] - keys->offsets[key];
        int32_t same = 0;
        while (same < n && same < n_before && symbols[same] == before[same]) same++;
        for (int32_t k = same; k < n; k++) {
            const int32_t state = trie->n_states++;
            trie->parent[state] = path[k];
            trie->label[state] = symbols[k];
            trie->depth[state] = k + 1;
            path[k + 1] = state;
        }
        trie->end[key] = path[n];
        before = symbols;
        n_before = n;
    }
}

/* first[g] .. first[g + 1] - 1 are the places of the items of group g: counts to offsets. */
static void offsets_of(int32_t *first, int32_t n_groups)
{
    int32_t sum = 0;
    for (int32_t g = 0; g <= n_groups; g++) {
        const int32_t count = first[g];
        first[g] = sum;
        sum += count;
    }
}

/* Groups items 0..n-1 by group_of, in order; `cursor` is scratch of n_groups. */
static void group(const int32_t *group_of, int32_t from, int32_t n, int32_t n_groups,
                  int32_t *first, int32_t *cursor, int32_t *items)
{
    memset(first, 0, sizeof *first * ((size_t)n_groups + 1));
    for (int32_t i = from; i < n; i++) first[group_of[i]]++;
    offsets_of(first, n_groups);
    memcpy(cursor, first, sizeof *first * (size_t)n_groups);
    for (int32_t i = from; i < n; i++) items[cursor[group_of[i]]++] = i;
}

static int32_t child(const struct automaton *automaton, int32_t state, uint32_t symbol)
{
    int32_t low = automaton->edges[state], high = automaton->edges[state + 1];
    const int32_t end = high;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (automaton->labels[middle] < symbol)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && automaton->labels[low] == symbol ? automaton->targets[low] : -1;
}

int32_t automaton_walk(const struct automaton *automaton, int32_t state, uint32_t symbol)
{
    for (;;) {
        const int32_t next = child(automaton, state, symbol);
        if (next >= 0) return next;
        if (state == 0) return 0;
        state = automaton->fail[state];
    }
}

/* Failures lead to smaller depths, so states in order of depth find them ready. */
static void link_states(struct trie *trie, const int32_t *by_depth, struct automaton *automaton)
{
    trie->fail[0] = trie->report[0] = 0;
    for (int32_t i = 1; i < trie->n_states; i++) {
        const int32_t state = by_depth[i], parent = trie->parent[state];
        trie->fail[state] =
            parent == 0 ? 0 : automaton_walk(automaton, trie->fail[parent], trie->label[state]);
        const bool is_key = trie->endings[state] < trie->endings[state + 1];
        trie->report[state] = is_key ? state : trie->report[trie->fail[state]];
    }
}

static void fill_table(struct trie *trie, const int32_t *by_depth, uint32_t n_symbols)
{
    memset(trie->table, 0, sizeof *trie->table * n_symbols);
    for (int32_t i = 0; i < trie->n_states; i++) {
        const int32_t state = by_depth[i];
        int32_t *row = trie->table + (size_t)state * n_symbols;
        if (state != 0)
            memcpy(row, trie->table + (size_t)trie->fail[state] * n_symbols,
                   sizeof *row * n_symbols);
        for (int32_t e = trie->edges[state]; e < trie->edges[state + 1]; e++)
            row[trie->labels[e]] = trie->targets[e];
    }
}

static lode_status take_trie(struct trie *trie, struct lode_arena *arena)
{
    const int32_t n_keys = trie->keys->n_keys;
    const int64_t most = (int64_t)trie->keys->offsets[n_keys] + 1;
    lode_try(lode_take(arena, n_keys, &trie->order));
    lode_try(lode_take(arena, n_keys, &trie->end));
    lode_try(lode_take(arena, n_keys, &trie->ending_keys));
    lode_try(lode_take(arena, most, &trie->parent));
    lode_try(lode_take_zero(arena, most, &trie->depth));
    lode_try(lode_take(arena, most, &trie->label));
    lode_try(lode_take(arena, most + 1, &trie->edges));
    lode_try(lode_take(arena, most + 1, &trie->endings));
    lode_try(lode_take(arena, most, &trie->targets));
    lode_try(lode_take(arena, most, &trie->labels));
    lode_try(lode_take(arena, most, &trie->fail));
    return lode_take(arena, most, &trie->report);
}

lode_status automaton_make(const struct automaton_keys *keys, size_t table_bytes,
                           struct lode_arena *arena, struct automaton *automaton)
{
    struct trie trie = {.keys = keys};
    const int32_t most = keys->offsets[keys->n_keys] + 1;
    int32_t *scratch, *by_depth, *first;
    lode_try(take_trie(&trie, arena));
    lode_try(lode_take(arena, most + 1, &scratch));
    lode_try(lode_take(arena, most, &by_depth));
    lode_try(lode_take(arena, most + 1, &first));
    for (int32_t k = 0; k < keys->n_keys; k++) trie.order[k] = k;
    qsort_r(trie.order, (size_t)keys->n_keys, sizeof *trie.order, compare_keys, (void *)keys);
    add_states(&trie, scratch);

    const int32_t n = trie.n_states;
    group(trie.parent, 1, n, n, trie.edges, scratch, trie.targets);
    for (int32_t e = 0; e < n - 1; e++) trie.labels[e] = trie.label[trie.targets[e]];
    group(trie.end, 0, keys->n_keys, n, trie.endings, scratch, trie.ending_keys);
    group(trie.depth, 0, n, most, first, scratch, by_depth);
    *automaton = (struct automaton){.n_symbols = keys->n_symbols,
                                    .n_states = n,
                                    .edges = trie.edges,
                                    .labels = trie.labels,
                                    .targets = trie.targets,
                                    .fail = trie.fail,
                                    .endings = trie.endings,
                                    .keys = trie.ending_keys,
                                    .report = trie.report};
    link_states(&trie, by_depth, automaton);
    if ((size_t)n <= table_bytes / sizeof *trie.table / keys->n_symbols) {
        lode_try(lode_take(arena, (size_t)n * keys->n_symbols, &trie.table));
        fill_table(&trie, by_depth, keys->n_symbols);
        automaton->table = trie.table;
    }
    return LODE_OK;
}
