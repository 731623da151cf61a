/* Graph check: the promises of graph.h, one item at a time, for the builder and for graphs that
 * come as bytes. An item may refer to items before it only, so no check has to look further than
 * that, and whoever walks a graph comes to an end.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/expr/graph_private.h"
#include "common/expr/op.h"
#include "common/expr/reach.h"

/* Writes the reason, if `fact` does not hold. */
static bool must(bool fact, const char *text, char reason[EXPR_REASON_BYTES])
{
    if (!fact) snprintf(reason, EXPR_REASON_BYTES, "%s", text);
    return fact;
}

static bool is_index(int64_t index, int64_t count)
{
    return index >= 0 && index < count;
}

/* A top that is of `attribute`, and counts among events of a selector before `selector`. */
static bool check_use_of_top(const struct expr_graph *graph, int64_t top, int64_t attribute,
                             int32_t selector, char reason[EXPR_REASON_BYTES])
{
    return must(is_index(top, graph->n_tops), "a top that is not there", reason) &&
           must(graph->tops[top].attribute == attribute, "a top of another attribute", reason) &&
           must(is_index(graph->tops[top].selector, selector), "a top of a later selector", reason);
}

static bool check_condition(const struct expr_graph *graph, const struct expr_condition *condition,
                            int32_t selector, char reason[EXPR_REASON_BYTES])
{
    if (!must(is_index(condition->attribute, graph->n_event_attributes), "no such event attribute",
              reason))
        return false;
    if (condition->top >= 0)
        return check_use_of_top(graph, condition->top, condition->attribute, selector, reason);
    return must(condition->words || (!isnan(condition->low) && !isnan(condition->high)),
                "an interval without ends", reason);
}

static bool check_selector(const struct expr_graph *graph, int32_t index,
                           char reason[EXPR_REASON_BYTES])
{
    const struct expr_selector *selector = &graph->selectors[index];
    const bool has_from = selector->window != EXPR_ALWAYS;
    const bool has_until = selector->window == EXPR_BETWEEN;
    if (selector->top >= 0 && !check_use_of_top(graph, selector->top, -1, index, reason))
        return false;
    if (!must(selector->n_conditions <= EXPR_CONDITIONS_MAX, "an event has more than 64 conditions",
              reason))
        return false;
    for (int32_t i = 0; i < selector->n_conditions; i++)
        if (!check_condition(graph, &selector->conditions[i], index, reason)) return false;
    return must(has_from ? is_index(selector->from, index) : selector->from == -1,
                "a window that begins at no selector before it", reason) &&
           must(has_until ? is_index(selector->until, index) : selector->until == -1,
                "a window that ends at no selector before it", reason);
}

static bool check_top(const struct expr_graph *graph, int32_t index, char reason[EXPR_REASON_BYTES])
{
    const struct expr_top *top = &graph->tops[index];
    return must(top->n >= 1 && top->n <= EXPR_TOP_MAX, "top takes a count of 1 to 100,000",
                reason) &&
           must(top->attribute == -1 || is_index(top->attribute, graph->n_event_attributes),
                "no such event attribute", reason) &&
           must(is_index(top->selector, graph->n_selectors), "no such selector", reason);
}

static bool check_pattern(const struct expr_graph *graph, int32_t index,
                          char reason[EXPR_REASON_BYTES])
{
    const struct expr_pattern *pattern = &graph->patterns[index];
    if (!must(pattern->n_steps >= 1 && pattern->n_steps <= EXPR_STEPS_MAX,
              "a pattern has 1 to 16 steps", reason) ||
        !must(pattern->within_ms >= 0, "a pattern within less than nothing", reason))
        return false;
    for (int32_t i = 0; i < pattern->n_steps; i++) {
        const struct expr_step *step = &pattern->steps[i];
        if (!must(is_index(step->selector, graph->n_selectors), "no such selector", reason))
            return false;
        if (!must(step->without == -1 || (i > 0 && is_index(step->without, graph->n_selectors)),
                  "no such selector", reason))
            return false;
    }
    return true;
}

static bool check_series(const struct expr_graph *graph, int32_t index,
                         char reason[EXPR_REASON_BYTES])
{
    const struct expr_series *series = &graph->series[index];
    return must(series->source >= 0 && series->counter >= 0, "no such counter", reason) &&
           must(series->by == -1
                    ? series->component >= 0
                    : series->component == -1 && is_index(series->by, graph->n_attributes),
                "a counter of no component", reason) &&
           must(series->max_age_ms >= 0, "an age below 0", reason);
}

static bool check_node_index(const struct expr_graph *graph, const struct expr_node *node,
                             char reason[EXPR_REASON_BYTES])
{
    const struct expr_op_about *about = expr_op_about(node->op);
    int64_t limit = 0;
    switch ((enum expr_index_kind)about->index) {
    case EXPR_OF_NOTHING:
        return true; /* set by its type */
    case EXPR_OF_ATTRIBUTE:
        limit = graph->n_attributes;
        break;
    case EXPR_OF_KPI:
        limit = graph->n_kpis;
        break;
    case EXPR_OF_PATTERN:
        limit = graph->n_patterns;
        break;
    case EXPR_OF_EVENT_ATTRIBUTE:
        limit = graph->n_event_attributes;
        break;
    case EXPR_OF_SERIES:
        limit = graph->n_series;
        break;
    }
    return must(is_index(node->index, limit), "an index of nothing", reason);
}

/* Values of sessions before this one are at hand for columns of the store only. The longest span is
 * that of the language, 100,000 weeks. */
static bool check_span(const struct expr_graph *graph, const struct expr_node *node,
                       char reason[EXPR_REASON_BYTES])
{
    const double longest_ms = 100000.0 * 7 * 24 * 3600 * 1000;
    if (!expr_op_is_span(node->op)) return true;
    const struct expr_node *value = &graph->nodes[node->args[0]];
    const struct expr_node *length = &graph->nodes[node->args[1]];
    return must(value->op == EXPR_KPI, "a span of time is of a counter itself", reason) &&
           must(length->op == EXPR_CONSTANT && length->unit == EXPR_MS && length->number > 0.0 &&
                    length->number <= longest_ms,
                "a span of time is a duration above 0 and at most 100,000 weeks", reason);
}

static bool check_node(const struct expr_graph *graph, int32_t index,
                       char reason[EXPR_REASON_BYTES])
{
    struct expr_node *node = &graph->nodes[index];
    const struct expr_op_about *about = expr_op_about(node->op);
    if (!must(about != NULL, "no such operator", reason)) return false;
    for (int32_t i = 0; i < EXPR_ARGS_MAX; i++)
        if (!must(about->args[0] && i < (int32_t)strlen(about->args)
                      ? is_index(node->args[i], index)
                      : node->args[i] == -1,
                  "an argument that is not before it", reason))
            return false;
    for (int32_t i = 0; i < EXPR_SELECTORS_MAX; i++)
        if (!must(i < about->n_selectors ? is_index(node->selectors[i], graph->n_selectors)
                                         : node->selectors[i] == -1,
                  "no such selector", reason))
            return false;
    return check_node_index(graph, node, reason) && check_span(graph, node, reason) &&
           expr_type_node(graph->nodes, node, reason);
}

bool expr_item_check(const struct expr_graph *graph, enum expr_item kind, int32_t index,
                     char reason[EXPR_REASON_BYTES])
{
    switch (kind) {
    case EXPR_SELECTOR:
        return check_selector(graph, index, reason);
    case EXPR_TOP:
        return check_top(graph, index, reason);
    case EXPR_PATTERN:
        return check_pattern(graph, index, reason);
    case EXPR_SERIES:
        return check_series(graph, index, reason);
    default:
        return check_node(graph, index, reason);
    }
}
