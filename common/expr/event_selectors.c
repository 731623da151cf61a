/* Event selectors: a hash table finds equal ones; classes are split by one set of names after
 * another, which is exact and never makes an empty class.
 */
#include "common/expr/event_selectors.h"

#include <string.h>

#include "common/hash.h"

static bool equal_conditions(const struct expr_condition *a, const struct expr_condition *b)
{
    if (a->attribute != b->attribute || !a->words != !b->words) return false;
    if (!a->words) return a->low == b->low && a->high == b->high;
    return a->n_words == b->n_words && memcmp(a->words, b->words, (size_t)a->n_words + 1) == 0;
}

static bool equal_selectors(const struct event_selectors *selectors, int32_t i, int32_t j)
{
    const struct expr_selector *a = &selectors->graph->selectors[i];
    const struct expr_selector *b = &selectors->graph->selectors[j];
    if (selectors->window_of[i] != selectors->window_of[j] || a->n_conditions != b->n_conditions ||
        !a->names != !b->names)
        return false;
    if (a->names && memcmp(a->names, b->names, (size_t)selectors->graph->n_names) != 0)
        return false;
    for (int32_t c = 0; c < a->n_conditions; c++)
        if (!equal_conditions(&a->conditions[c], &b->conditions[c])) return false;
    return true;
}

static uint64_t hash_selector(const struct event_selectors *selectors, int32_t i)
{
    const struct expr_selector *selector = &selectors->graph->selectors[i];
    uint64_t parts[3] = {0, (uint64_t)selectors->window_of[i], (uint64_t)selector->n_conditions};
    if (selector->names) parts[0] = lode_hash(selector->names, (size_t)selectors->graph->n_names);
    if (selector->n_conditions > 0) { /* equal numbers may differ in bits (-0): words only */
        const struct expr_condition *first = &selector->conditions[0];
        parts[2] += (uint64_t)first->attribute << 8;
        if (first->words) parts[2] ^= lode_hash(first->words, (size_t)first->n_words + 1);
    }
    return lode_hash(parts, sizeof parts);
}

/* What the pass relies on: first passes are over, and words are there. */
static lode_status check_filled(const struct expr_selector *selector, int32_t i)
{
    bool filled = selector->top < 0 || selector->names;
    for (int32_t c = 0; c < selector->n_conditions; c++)
        filled = filled && (selector->conditions[c].top < 0 || selector->conditions[c].words);
    return filled
               ? LODE_OK
               : lode_fail(LODE_E_BUG, "expression graph: a top of selector %d is not filled", i);
}

/* The window of a selector whose `from` and `until` are known: an equal one, or a new one. */
static int32_t find_window(struct event_selectors *selectors, const struct expr_selector *selector)
{
    if (selector->window == EXPR_ALWAYS) return -1;
    const struct event_window window = {
        .kind = selector->window,
        .from = selectors->same[selector->from],
        .until = selector->window == EXPR_BETWEEN ? selectors->same[selector->until] : -1};
    for (int32_t w = selectors->n_windows - 1; w >= 0; w--) {
        const struct event_window *known = &selectors->windows[w];
        if (known->kind == window.kind && known->from == window.from &&
            known->until == window.until)
            return w;
    }
    selectors->windows[selectors->n_windows] = window;
    return selectors->n_windows++;
}

static lode_status merge_equal(struct event_selectors *selectors, const struct expr_reach *reach,
                               struct lode_arena *arena)
{
    const int32_t n = selectors->graph->n_selectors;
    int32_t *slots;
    uint64_t n_slots = 16;
    while (n_slots < 2 * (uint64_t)n) n_slots *= 2;
    lode_try(lode_take(arena, n_slots, &slots));
    for (uint64_t s = 0; s < n_slots; s++) slots[s] = -1;
    for (int32_t i = 0; i < n; i++) {
        selectors->same[i] = selectors->window_of[i] = -1;
        if (!reach->selectors[i]) continue;
        lode_try(check_filled(&selectors->graph->selectors[i], i));
        selectors->window_of[i] = find_window(selectors, &selectors->graph->selectors[i]);
        uint64_t slot = hash_selector(selectors, i) & (n_slots - 1);
        while (slots[slot] >= 0 && !equal_selectors(selectors, slots[slot], i))
            slot = (slot + 1) & (n_slots - 1);
        if (slots[slot] < 0) slots[slot] = i;
        selectors->same[i] = slots[slot];
    }
    return LODE_OK;
}

/* Scratch of the splitting, a number for each class. */
struct split {
    int64_t *size, *inside;
    int32_t *into; /* the class that takes what is inside; -1: not yet made */
};

static void split_classes(struct event_selectors *selectors, const uint8_t *names,
                          const struct split *split)
{
    const int64_t n_names = selectors->graph->n_names;
    for (int32_t c = 0; c < selectors->n_classes; c++) {
        split->inside[c] = 0;
        split->into[c] = -1;
    }
    for (int64_t i = 0; i < n_names; i++) split->inside[selectors->class_of[i]] += names[i] != 0;
    for (int64_t i = 0; i < n_names; i++) {
        const uint32_t old = selectors->class_of[i];
        if (!names[i] || split->inside[old] == split->size[old]) continue;
        if (split->into[old] < 0) {
            split->into[old] = selectors->n_classes++;
            split->size[split->into[old]] = 0;
            split->inside[split->into[old]] = 0;
            split->into[split->into[old]] = -1;
        }
        const int32_t new = split->into[old];
        selectors->class_of[i] = (uint32_t) new;
        split->size[new]++;
    }
    for (int32_t c = 0; c < selectors->n_classes; c++)
        if (split->into[c] >= 0) split->size[c] -= split->inside[c];
}

static lode_status make_classes(struct event_selectors *selectors, struct lode_arena *arena)
{
    const struct expr_graph *graph = selectors->graph;
    const int64_t most = graph->n_names + 1;
    struct split split;
    lode_try(lode_take(arena, most, &split.size));
    lode_try(lode_take(arena, most, &split.inside));
    lode_try(lode_take(arena, most, &split.into));
    selectors->n_classes = 1;
    split.size[0] = graph->n_names;
    for (int32_t i = 0; i < graph->n_selectors; i++)
        if (selectors->same[i] == i && graph->selectors[i].names)
            split_classes(selectors, graph->selectors[i].names, &split);
    if (graph->ignored) split_classes(selectors, graph->ignored, &split);
    for (int32_t c = 0; c < selectors->n_classes; c++) selectors->sample[c] = -1;
    for (int64_t i = graph->n_names - 1; i >= 0; i--) selectors->sample[selectors->class_of[i]] = i;
    return LODE_OK;
}

lode_status event_selectors_make(const struct expr_graph *graph, const struct expr_reach *reach,
                                 struct lode_arena *arena, struct event_selectors *selectors)
{
    *selectors = (struct event_selectors){.graph = graph};
    lode_try(lode_take(arena, graph->n_selectors, &selectors->same));
    lode_try(lode_take(arena, graph->n_selectors, &selectors->window_of));
    lode_try(lode_take(arena, graph->n_selectors, &selectors->windows));
    lode_try(lode_take_zero(arena, graph->n_names, &selectors->class_of));
    lode_try(lode_take(arena, graph->n_names + 1, &selectors->sample));
    lode_try(merge_equal(selectors, reach, arena));
    return make_classes(selectors, arena);
}
