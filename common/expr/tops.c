/* Tops: counting is a pass of the event program whose only listeners are tallies. */
#include "common/expr/tops.h"

#include <stdlib.h>
#include <string.h>

#include "common/expr/event_run.h"
#include "common/expr/needs.h"

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* The round after that of `top`; 0 of none; -1: not known yet. */
static int32_t round_after(int64_t top, const int32_t *round_of)
{
    if (top < 0) return 0;
    return round_of[top] < 0 ? -1 : round_of[top] + 1;
}

/* Rounds that must be over before this selector can be asked; -1: not known yet. `before` has them
 * of the selectors before this one. */
static int32_t rounds_before(const struct expr_selector *selector, const int32_t *before,
                             const int32_t *round_of)
{
    int32_t rounds = round_after(selector->top, round_of);
    for (int32_t c = 0; rounds >= 0 && c < selector->n_conditions; c++) {
        const int32_t after = round_after(selector->conditions[c].top, round_of);
        rounds = after < 0 ? -1 : larger(rounds, after);
    }
    const int32_t windows[2] = {selector->window == EXPR_ALWAYS ? -1 : selector->from,
                                selector->window == EXPR_BETWEEN ? selector->until : -1};
    for (int32_t w = 0; rounds >= 0 && w < 2; w++) {
        if (windows[w] < 0) continue;
        rounds = before[windows[w]] < 0 ? -1 : larger(rounds, before[windows[w]]);
    }
    return rounds;
}

static void add_top(int64_t top, uint8_t *used, struct expr_roots *roots, int32_t *tops)
{
    if (top < 0 || used[top]) return;
    used[top] = 1;
    tops[roots->n_tops++] = (int32_t)top;
}

/* Tops of roots, and those by which these select, into `tops`; and all selectors that they use. */
static lode_status find_used(const struct expr_graph *graph, struct expr_roots *roots,
                             struct lode_arena *arena, int32_t *tops, struct expr_reach *reach)
{
    uint8_t *used;
    lode_try(lode_take_zero(arena, graph->n_tops, &used));
    for (int32_t before = -1; before < roots->n_tops;) {
        before = roots->n_tops;
        lode_try(expr_reach_find(graph, roots, arena, reach));
        for (int32_t s = 0; s < graph->n_selectors; s++) {
            const struct expr_selector *selector = &graph->selectors[s];
            if (!reach->selectors[s]) continue;
            add_top(selector->top, used, roots, tops);
            for (int32_t c = 0; c < selector->n_conditions; c++)
                add_top(selector->conditions[c].top, used, roots, tops);
        }
    }
    return LODE_OK;
}

/* Each turn finds at least one more round, or none is left to find. */
static void find_rounds(const struct expr_graph *graph, const struct expr_roots *roots,
                        const struct expr_reach *reach, int32_t *before, int32_t *round_of)
{
    for (bool found = true; found;) {
        found = false;
        for (int32_t s = 0; s < graph->n_selectors; s++)
            before[s] =
                reach->selectors[s] ? rounds_before(&graph->selectors[s], before, round_of) : -1;
        for (int32_t i = 0; i < roots->n_tops; i++) {
            const int32_t top = roots->tops[i], round = before[graph->tops[top].selector];
            if (round_of[top] >= 0 || round < 0) continue;
            round_of[top] = round;
            found = true;
        }
    }
}

lode_status expr_tops_rounds(const struct expr_graph *graph, const int32_t *roots, int32_t n_roots,
                             struct lode_arena *arena, int32_t *round_of, int32_t *n_rounds)
{
    lode_status status = LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct expr_reach reach;
    int32_t *tops, *before;
    lode_try_done(lode_take(arena, graph->n_tops, &tops));
    lode_try_done(lode_take(arena, graph->n_selectors, &before));
    struct expr_roots all = {.nodes = roots, .n_nodes = n_roots, .tops = tops};
    lode_try_done(find_used(graph, &all, arena, tops, &reach));
    for (int32_t t = 0; t < graph->n_tops; t++) round_of[t] = -1;
    find_rounds(graph, &all, &reach, before, round_of);
    *n_rounds = 0;
    for (int32_t i = 0; i < all.n_tops; i++) {
        if (round_of[tops[i]] < 0) {
            status = lode_fail(LODE_E_BUG, "expression graph: top %d selects by itself", tops[i]);
            goto done;
        }
        *n_rounds = larger(*n_rounds, round_of[tops[i]] + 1);
    }
done:
    lode_arena_rewind(arena, mark);
    return status;
}

lode_status expr_tops_needs(const struct expr_graph *graph, const int32_t *tops, int32_t n_tops,
                            const struct expr_schema_counts *schema, struct lode_arena *arena,
                            struct expr_needs *needs)
{
    return expr_needs_of(graph, &(struct expr_roots){.tops = tops, .n_tops = n_tops}, schema, arena,
                         needs);
}

lode_status expr_tops_count(const struct expr_graph *graph, const int32_t *tops, int32_t n_tops,
                            const struct expr_columns *columns, struct lode_arena *arena,
                            const int64_t *n_counts, int64_t *const *counts)
{
    lode_status status = LODE_OK;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const struct expr_roots roots = {.tops = tops, .n_tops = n_tops};
    const struct expr_schema_counts schema = expr_schema_of(graph);
    const struct event_output output = {.tallies = counts, .n_tallies = n_counts};
    struct expr_reach reach;
    struct expr_needs needs;
    struct event_program program;
    struct event_run *run;
    lode_try_done(expr_reach_find(graph, &roots, arena, &reach));
    lode_try_done(expr_needs_of(graph, &roots, &schema, arena, &needs));
    lode_try_done(expr_columns_check(graph, &roots, &reach, &needs, columns));
    lode_try_done(event_program_make(graph, &roots, &reach, &needs, NULL, arena, &program));
    lode_try_done(event_run_make(&program, columns, arena, &run));
    event_run_pass(run, 0, columns->n_sessions, &output);
done:
    lode_arena_rewind(arena, mark);
    return status;
}

struct ranking {
    const int64_t *counts;
    const struct lode_dictionary *words;
};

static int compare_frequency(const void *a, const void *b, void *context)
{
    const struct ranking *ranking = context;
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    const int64_t n_left = ranking->counts[left], n_right = ranking->counts[right];
    if (n_left != n_right) return n_left > n_right ? -1 : 1;
    return strcmp(ranking->words->words[left], ranking->words->words[right]);
}

/* 1 for the words that are in, and 0 for "no value" after the last. */
static lode_status choose(int64_t most, const int64_t *counts, const struct lode_dictionary *words,
                          struct lode_arena *arena, uint8_t **chosen)
{
    struct ranking ranking = {.counts = counts, .words = words};
    int64_t *order, n = 0;
    lode_try(lode_take_zero(arena, words->count + 1, chosen));
    lode_try(lode_take(arena, words->count, &order));
    for (int64_t i = 0; i < words->count; i++)
        if (counts[i] > 0) order[n++] = i;
    qsort_r(order, (size_t)n, sizeof *order, compare_frequency, &ranking);
    for (int64_t i = 0; i < n && i < most; i++) (*chosen)[order[i]] = 1;
    return LODE_OK;
}

lode_status expr_tops_fill(struct expr_graph *graph, int32_t top, const int64_t *counts,
                           const struct lode_dictionary *words, struct lode_arena *arena)
{
    uint8_t *chosen;
    lode_try(choose(graph->tops[top].n, counts, words, arena, &chosen));
    for (int32_t s = 0; s < graph->n_selectors; s++) {
        struct expr_selector *selector = &graph->selectors[s];
        if (selector->top == top) selector->names = chosen;
        for (int32_t c = 0; c < selector->n_conditions; c++) {
            struct expr_condition *condition = &selector->conditions[c];
            if (condition->top != top) continue;
            condition->words = chosen;
            condition->n_words = words->count;
        }
    }
    return LODE_OK;
}
