/* Needs: the columns that a set of nodes, or a first pass, reads. */
#include "common/expr/needs.h"

static lode_status need(const char *what, int64_t index, int64_t count, uint8_t *needs)
{
    if (index < 0 || index >= count)
        return lode_fail(LODE_E_BUG, "expression graph: no %s %lld of %lld", what, (long long)index,
                         (long long)count);
    needs[index] = 1;
    return LODE_OK;
}

static lode_status need_series(const struct expr_graph *graph, const struct expr_node *node,
                               const struct expr_schema_counts *schema, struct expr_needs *needs)
{
    const int64_t by = graph->series[node->index].by;
    needs->starts = true;
    if (node->op != EXPR_SERIES_AT) needs->event_offsets = needs->event_times = true;
    if (graph->series[node->index].component < 0)
        lode_try(need("attribute", by, schema->n_attributes, needs->attributes));
    return need("series", node->index, graph->n_series, needs->series);
}

static lode_status need_of_node(const struct expr_graph *graph, const struct expr_node *node,
                                const struct expr_schema_counts *schema, struct expr_needs *needs)
{
    if (expr_op_is_series(node->op)) return need_series(graph, node, schema, needs);
    if (expr_op_is_event(node->op)) needs->event_offsets = true;
    if (expr_op_is_fold(node->op))
        return need("event attribute", node->index, schema->n_event_attributes,
                    needs->event_attributes);
    switch (node->op) {
    case EXPR_ATTRIBUTE:
        return need("attribute", node->index, schema->n_attributes, needs->attributes);
    case EXPR_KPI:
        return need("KPI", node->index, schema->n_kpis, needs->kpis);
    case EXPR_START:
    case EXPR_SINCE_PREVIOUS:
    case EXPR_USER_MAX_GAP:
    case EXPR_SPAN_MEAN:
    case EXPR_SPAN_MOST:
    case EXPR_SPAN_LEAST:
    case EXPR_SPAN_SUM:
        needs->starts = true;
        return LODE_OK;
    case EXPR_EVENT_FIRST:
    case EXPR_EVENT_LAST:
    case EXPR_EVENT_GAP:
    case EXPR_EVENT_STATE_TIME:
    case EXPR_EVENT_DURATION:
        needs->event_offsets = needs->event_times = true;
        return LODE_OK;
    default:
        return LODE_OK;
    }
}

static lode_status need_of_selector(const struct expr_selector *selector,
                                    const struct expr_schema_counts *schema,
                                    struct expr_needs *needs)
{
    needs->event_offsets = true;
    if (selector->names || selector->top >= 0) needs->event_names = true;
    for (int32_t c = 0; c < selector->n_conditions; c++)
        lode_try(need("event attribute", selector->conditions[c].attribute,
                      schema->n_event_attributes, needs->event_attributes));
    return LODE_OK;
}

lode_status expr_needs_of(const struct expr_graph *graph, const struct expr_roots *roots,
                          const struct expr_schema_counts *schema, struct lode_arena *arena,
                          struct expr_needs *needs)
{
    struct expr_needs found = {0};
    struct expr_reach reach;
    lode_try(expr_reach_find(graph, roots, arena, &reach));
    lode_try(lode_take_zero(arena, schema->n_attributes, &found.attributes));
    lode_try(lode_take_zero(arena, schema->n_kpis, &found.kpis));
    lode_try(lode_take_zero(arena, schema->n_event_attributes, &found.event_attributes));
    lode_try(lode_take_zero(arena, graph->n_series, &found.series));
    for (int32_t i = 0; i < graph->n_nodes; i++)
        if (reach.nodes[i]) lode_try(need_of_node(graph, &graph->nodes[i], schema, &found));
    for (int32_t i = 0; i < graph->n_selectors; i++)
        if (reach.selectors[i]) lode_try(need_of_selector(&graph->selectors[i], schema, &found));
    for (int32_t i = 0; i < graph->n_patterns; i++) {
        if (!reach.patterns[i]) continue;
        if (graph->ignored) found.event_names = true;
        if (graph->patterns[i].within_ms != INT64_MAX) found.event_times = true;
    }
    for (int32_t t = 0; t < roots->n_tops; t++) {
        const int64_t attribute = graph->tops[roots->tops[t]].attribute;
        if (attribute < 0)
            found.event_names = true;
        else
            lode_try(need("event attribute", attribute, schema->n_event_attributes,
                          found.event_attributes));
    }
    *needs = found;
    return LODE_OK;
}

lode_status expr_needs_find(const struct expr_graph *graph, const int32_t *roots, int32_t n_roots,
                            const struct expr_schema_counts *schema, struct lode_arena *arena,
                            struct expr_needs *needs)
{
    return expr_needs_of(graph, &(struct expr_roots){.nodes = roots, .n_nodes = n_roots}, schema,
                         arena, needs);
}

static int64_t more(int64_t count, int64_t index)
{
    return index >= count && index < INT64_MAX ? index + 1 : count;
}

struct expr_schema_counts expr_schema_of(const struct expr_graph *graph)
{
    struct expr_schema_counts counts = {0};
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const struct expr_node *node = &graph->nodes[i];
        if (node->op == EXPR_ATTRIBUTE)
            counts.n_attributes = more(counts.n_attributes, node->index);
        if (node->op == EXPR_KPI) counts.n_kpis = more(counts.n_kpis, node->index);
        if (expr_op_is_fold(node->op))
            counts.n_event_attributes = more(counts.n_event_attributes, node->index);
    }
    for (int32_t i = 0; i < graph->n_series; i++)
        counts.n_attributes = more(counts.n_attributes, graph->series[i].by);
    for (int32_t i = 0; i < graph->n_tops; i++)
        counts.n_event_attributes = more(counts.n_event_attributes, graph->tops[i].attribute);
    for (int32_t i = 0; i < graph->n_selectors; i++)
        for (int32_t c = 0; c < graph->selectors[i].n_conditions; c++)
            counts.n_event_attributes =
                more(counts.n_event_attributes, graph->selectors[i].conditions[c].attribute);
    return counts;
}

static lode_status check(const char *what, int64_t index, bool is_there)
{
    if (is_there) return LODE_OK;
    return lode_fail(LODE_E_BUG, "column of %s %lld is needed and is not there", what,
                     (long long)index);
}

static lode_status check_event_column(const struct expr_columns *columns, int64_t attribute,
                                      bool is_text)
{
    const struct expr_event_column *all = columns->event_attributes;
    const bool is_there = all && (is_text ? (const void *)all[attribute].codes
                                          : (const void *)all[attribute].numbers);
    return check(is_text ? "text of event attribute" : "numbers of event attribute", attribute,
                 is_there);
}

static lode_status check_node(const struct expr_node *node, const struct expr_columns *columns)
{
    const int64_t i = node->index;
    if (node->op == EXPR_ATTRIBUTE)
        return check("attribute", i, columns->attributes && columns->attributes[i]);
    if (node->op == EXPR_KPI) return check("KPI", i, columns->kpis && columns->kpis[i]);
    if (expr_op_is_series(node->op)) return check("series", i, columns->series);
    if (expr_op_is_fold(node->op)) return check_event_column(columns, i, false);
    return LODE_OK;
}

/* Attributes of nodes that are attributes; here those that name a series' component. */
static lode_status check_series(const struct expr_graph *graph, const struct expr_needs *needs,
                                const struct expr_columns *columns)
{
    for (int32_t i = 0; i < graph->n_series; i++) {
        const int64_t by = graph->series[i].by;
        if (needs->series[i] && graph->series[i].component < 0)
            lode_try(check("attribute", by, columns->attributes && columns->attributes[by]));
    }
    return LODE_OK;
}

lode_status expr_columns_check(const struct expr_graph *graph, const struct expr_roots *roots,
                               const struct expr_reach *reach, const struct expr_needs *needs,
                               const struct expr_columns *columns)
{
    const bool has_events = columns->n_events > 0;
    lode_try(check("session offsets", 0, columns->session_offsets));
    lode_try(check("event offsets", 0, !needs->event_offsets || columns->event_offsets));
    if (columns->n_sessions == 0) return LODE_OK;
    lode_try(check("starts", 0, !needs->starts || columns->starts));
    for (int32_t i = 0; i < graph->n_nodes; i++)
        if (reach->nodes[i]) lode_try(check_node(&graph->nodes[i], columns));
    lode_try(check_series(graph, needs, columns));
    if (!has_events) return LODE_OK;
    lode_try(check("event names", 0, !needs->event_names || columns->event_names));
    lode_try(check("event times", 0, !needs->event_times || columns->event_times));
    for (int32_t i = 0; i < graph->n_selectors; i++) {
        if (!reach->selectors[i]) continue;
        for (int32_t c = 0; c < graph->selectors[i].n_conditions; c++) {
            const struct expr_condition *condition = &graph->selectors[i].conditions[c];
            lode_try(check_event_column(columns, condition->attribute,
                                        condition->words || condition->top >= 0));
        }
    }
    for (int32_t t = 0; t < roots->n_tops; t++) {
        const int64_t attribute = graph->tops[roots->tops[t]].attribute;
        if (attribute >= 0) lode_try(check_event_column(columns, attribute, true));
    }
    return LODE_OK;
}
