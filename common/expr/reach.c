/* Reach: what is used stands before what uses it, so one walk from the end marks all. */
#include "common/expr/reach.h"

enum { STEPS_MAX = 16 };

/* Arguments and selectors of an operator. */
static int32_t argument_count(enum expr_op op)
{
    switch (op) {
    case EXPR_WORD_TABLE:
    case EXPR_HOUR:
    case EXPR_MINUTE:
    case EXPR_WEEKDAY:
    case EXPR_DAY:
    case EXPR_MONTH:
    case EXPR_NEGATE:
    case EXPR_ABS:
    case EXPR_NOT:
    case EXPR_IS_MISSING:
    case EXPR_PREVIOUS:
        return 1;
    case EXPR_IF:
        return 3;
    case EXPR_ADD:
    case EXPR_SUBTRACT:
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
    case EXPR_AND:
    case EXPR_OR:
    case EXPR_MIN:
    case EXPR_MAX:
    case EXPR_WHEN:
    case EXPR_OR_ELSE:
    case EXPR_SPAN_MEAN:
    case EXPR_SPAN_MOST:
    case EXPR_SPAN_LEAST:
    case EXPR_SPAN_SUM:
        return 2;
    default:
        return 0;
    }
}

static int32_t selector_count(enum expr_op op)
{
    if (op == EXPR_EVENT_GAP || op == EXPR_EVENT_STATE_TIME) return 2;
    return expr_op_is_event(op) && !expr_op_is_match(op) ? 1 : 0;
}

static lode_status mark(const char *what, int64_t by, int64_t index, int64_t limit, uint8_t *marks)
{
    if (index < 0 || index >= limit)
        return lode_fail(LODE_E_BUG, "expression graph: %s %lld of %lld is not within 0..%lld",
                         what, (long long)index, (long long)by, (long long)limit - 1);
    marks[index] = 1;
    return LODE_OK;
}

static lode_status reach_node(const struct expr_graph *graph, int32_t i, struct expr_reach *reach)
{
    const struct expr_node *node = &graph->nodes[i];
    if (node->op == EXPR_DERIVED || node->n_args != argument_count(node->op))
        return lode_fail(LODE_E_BUG, "expression graph: node %d is operator %d of %d arguments", i,
                         (int)node->op, node->n_args);
    for (int32_t a = 0; a < node->n_args; a++)
        lode_try(mark("argument", i, node->args[a], i, reach->nodes));
    for (int32_t s = 0; s < selector_count(node->op); s++)
        lode_try(mark("selector", i, node->selectors[s], graph->n_selectors, reach->selectors));
    if (expr_op_is_match(node->op))
        lode_try(mark("pattern", i, node->index, graph->n_patterns, reach->patterns));
    if (expr_op_is_series(node->op) && (node->index < 0 || node->index >= graph->n_series))
        return lode_fail(LODE_E_BUG, "expression graph: node %d: no series %lld", i,
                         (long long)node->index);
    return LODE_OK;
}

static lode_status reach_pattern(const struct expr_graph *graph, int32_t i,
                                 struct expr_reach *reach)
{
    const struct expr_pattern *pattern = &graph->patterns[i];
    if (pattern->n_steps < 1 || pattern->n_steps > STEPS_MAX)
        return lode_fail(LODE_E_BUG, "expression graph: pattern %d of %d steps", i,
                         pattern->n_steps);
    for (int32_t k = 0; k < pattern->n_steps; k++) {
        const struct expr_step *step = &pattern->steps[k];
        lode_try(mark("selector", i, step->selector, graph->n_selectors, reach->selectors));
        if (k > 0 && step->without >= 0)
            lode_try(mark("selector", i, step->without, graph->n_selectors, reach->selectors));
    }
    return LODE_OK;
}

static lode_status reach_selector(const struct expr_graph *graph, int32_t i,
                                  struct expr_reach *reach)
{
    const struct expr_selector *selector = &graph->selectors[i];
    int64_t top = selector->top;
    for (int32_t c = 0; c < selector->n_conditions; c++)
        if (selector->conditions[c].top > top) top = selector->conditions[c].top;
    if (top >= graph->n_tops)
        return lode_fail(LODE_E_BUG, "expression graph: no top %lld", (long long)top);
    if (selector->window != EXPR_ALWAYS)
        lode_try(mark("selector", i, selector->from, i, reach->selectors));
    if (selector->window == EXPR_BETWEEN)
        lode_try(mark("selector", i, selector->until, i, reach->selectors));
    return LODE_OK;
}

lode_status expr_reach_find(const struct expr_graph *graph, const struct expr_roots *roots,
                            struct lode_arena *arena, struct expr_reach *reach)
{
    struct expr_reach found = {0};
    lode_try(lode_take_zero(arena, graph->n_nodes, &found.nodes));
    lode_try(lode_take_zero(arena, graph->n_selectors, &found.selectors));
    lode_try(lode_take_zero(arena, graph->n_patterns, &found.patterns));
    for (int32_t r = 0; r < roots->n_nodes; r++)
        lode_try(mark("root", r, roots->nodes[r], graph->n_nodes, found.nodes));
    for (int32_t i = graph->n_nodes - 1; i >= 0; i--)
        if (found.nodes[i]) lode_try(reach_node(graph, i, &found));
    for (int32_t i = 0; i < graph->n_patterns; i++)
        if (found.patterns[i]) lode_try(reach_pattern(graph, i, &found));
    for (int32_t t = 0; t < roots->n_tops; t++) {
        if (roots->tops[t] < 0 || roots->tops[t] >= graph->n_tops)
            return lode_fail(LODE_E_BUG, "expression graph: no top %d", roots->tops[t]);
        lode_try(mark("selector", roots->tops[t], graph->tops[roots->tops[t]].selector,
                      graph->n_selectors, found.selectors));
    }
    for (int32_t i = graph->n_selectors - 1; i >= 0; i--)
        if (found.selectors[i]) lode_try(reach_selector(graph, i, &found));
    *reach = found;
    return LODE_OK;
}
