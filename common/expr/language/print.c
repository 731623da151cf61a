/* Print: the canonical text of nodes. Brackets stand where the precedence of parse.c asks for them;
 * tests on texts show the words for which they hold, whatever they were written as.
 */
#include "common/expr/language/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/expr/language/lex.h"
#include "common/expr/language/parse.h"
#include "common/expr/op.h"
#include "common/expr/reach.h"
#include "common/text.h"

enum level { WHEN, OR, AND, NOT, COMPARE, OR_ELSE, SUM, PRODUCT, SIGN, PRIMARY };

static lode_status print_node(struct printer *printer, int32_t index, enum level least);

/* --- leaves --- */

static lode_status print_date(struct printer *printer, double ms)
{
    const double latest = 2.6e14; /* year 10,000 and some */
    struct tm parts;
    char text[64];
    if (fabs(ms) > latest) return print_text(printer, "date('?')");
    const int64_t whole = (int64_t)floor(ms);
    const int64_t rest = ((whole % 1000) + 1000) % 1000;
    const time_t seconds = (time_t)((whole - rest) / 1000);
    if (!gmtime_r(&seconds, &parts)) return print_text(printer, "date('?')");
    snprintf(text, sizeof text, "date('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ')", parts.tm_year + 1900,
             parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)rest);
    return print_text(printer, text);
}

static lode_status print_constant(struct printer *printer, const struct expr_node *node)
{
    if (node->type == EXPR_BOOL) return print_text(printer, node->number != 0.0 ? "true" : "false");
    if (node->unit == EXPR_TIME) return print_date(printer, node->number);
    if (node->unit == EXPR_MS) return print_duration(printer, node->number);
    return lode_text_append_f64(printer->out, node->number);
}

/* attribute('odd name'), kpi('...') where a bare name is something else. */
static lode_status print_column(struct printer *printer, const char *function, const char *name,
                                bool is_bare)
{
    if (is_bare && parse_is_name(name) && !parse_is_reserved(name))
        return print_text(printer, name);
    lode_try(lode_bytes_printf(printer->out, "%s(", function));
    lode_try(print_quoted(printer, name));
    return print_text(printer, ")");
}

static lode_status print_attribute(struct printer *printer, int64_t index)
{
    if (index >= printer->schema->n_attributes) return print_text(printer, "attribute('?')");
    return print_column(printer, "attribute", printer->schema->attributes[index].name, true);
}

static lode_status print_kpi(struct printer *printer, int64_t index)
{
    const struct expr_schema *schema = printer->schema;
    bool is_bare = true;
    if (index >= schema->n_kpis) return print_text(printer, "kpi('?')");
    for (int64_t i = 0; i < schema->n_attributes; i++)
        if (strcmp(schema->attributes[i].name, schema->kpis[index].name) == 0) is_bare = false;
    return print_column(printer, schema->of_slots ? "counter" : "kpi", schema->kpis[index].name,
                        is_bare);
}

/* A test on a text, or number(text). */
static lode_status print_table(struct printer *printer, const struct expr_node *node)
{
    lode_status status = LODE_OK;
    struct lode_bytes holds = {0};
    const int64_t attribute = printer->graph->nodes[node->args[0]].index;
    if (node->type == EXPR_NUMBER) {
        lode_try(print_text(printer, "number("));
        lode_try(print_node(printer, node->args[0], WHEN));
        return print_text(printer, ")");
    }
    lode_try(print_node(printer, node->args[0], OR_ELSE));
    lode_try(print_text(printer, " "));
    if (attribute >= printer->schema->n_attributes ||
        printer->schema->attributes[attribute].dictionary.count != node->n_table)
        return print_text(printer, "in {?}");
    lode_try_done(lode_bytes_reserve(&holds, (size_t)node->n_table));
    for (int64_t i = 0; i < node->n_table; i++) holds.data[i] = node->table[i] == 1.0;
    lode_try_done(
        print_words(printer, &printer->schema->attributes[attribute].dictionary, holds.data));
done:
    lode_bytes_clear(&holds);
    return status;
}

static lode_status print_series(struct printer *printer, const struct expr_node *node)
{
    const struct expr_schema *schema = printer->schema;
    const struct expr_series *series = &printer->graph->series[node->index];
    const struct expr_source *source =
        series->source < schema->n_sources ? &schema->sources[series->source] : NULL;
    lode_try(lode_bytes_printf(printer->out, "%s(", expr_op_about(node->op)->name));
    if (!source || series->counter >= source->counters.count ||
        series->component >= source->components.count)
        return print_text(printer, "?)");
    lode_try(print_name(printer, source->name));
    if (series->by >= 0 || source->components.count != 1) {
        lode_try(print_text(printer, "["));
        if (series->by >= 0)
            lode_try(print_attribute(printer, series->by));
        else
            lode_try(print_quoted(printer, source->components.words[series->component]));
        lode_try(print_text(printer, "]"));
    }
    lode_try(print_text(printer, "."));
    lode_try(print_name(printer, source->counters.words[series->counter]));
    if (node->op == EXPR_SERIES_AT) {
        lode_try(print_text(printer, " within "));
        lode_try(print_duration(printer, (double)series->max_age_ms));
    }
    return print_text(printer, ")");
}

/* Functions of events: count(request), gap(a, b), time_in(a .. b), sum(ms of request). */
static lode_status print_of_events(struct printer *printer, const struct expr_node *node)
{
    const struct expr_op_about *about = expr_op_about(node->op);
    lode_try(lode_bytes_printf(printer->out, "%s(", about->name));
    if (about->index == EXPR_OF_PATTERN) lode_try(print_pattern(printer, (int32_t)node->index));
    if (about->index == EXPR_OF_EVENT_ATTRIBUTE) {
        const bool known = node->index < printer->schema->n_event_attributes;
        lode_try(
            print_name(printer, known ? printer->schema->event_attributes[node->index].name : "?"));
        lode_try(print_text(printer, " of "));
    }
    for (int i = 0; i < about->n_selectors; i++) {
        if (i) lode_try(print_text(printer, node->op == EXPR_EVENT_STATE_TIME ? " .. " : ", "));
        lode_try(print_selector(printer, node->selectors[i], false));
    }
    return print_text(printer, ")");
}

/* --- operators --- */

static enum level level_of(const struct expr_node *node)
{
    switch (node->op) {
    case EXPR_CONSTANT:
        return signbit(node->number) && node->unit != EXPR_TIME ? SIGN : PRIMARY;
    case EXPR_WHEN:
        return WHEN;
    case EXPR_OR:
        return OR;
    case EXPR_AND:
        return AND;
    case EXPR_NOT:
        return NOT;
    case EXPR_WORD_TABLE:
        return node->type == EXPR_BOOL ? COMPARE : PRIMARY;
    case EXPR_LESS:
    case EXPR_LESS_EQUAL:
    case EXPR_EQUAL:
    case EXPR_NOT_EQUAL:
        return COMPARE;
    case EXPR_OR_ELSE:
        return OR_ELSE;
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        return SUM;
    case EXPR_MULTIPLY:
    case EXPR_DIVIDE:
        return PRODUCT;
    case EXPR_NEGATE:
        return SIGN;
    default:
        return PRIMARY;
    }
}

/* 0 < count(EVENTS) */
static bool is_has(const struct expr_graph *graph, const struct expr_node *node)
{
    if (node->op != EXPR_LESS) return false;
    const struct expr_node *zero = &graph->nodes[node->args[0]];
    return zero->op == EXPR_CONSTANT && zero->type == EXPR_NUMBER && zero->unit == EXPR_NO_UNIT &&
           zero->number == 0.0 && !signbit(zero->number) &&
           graph->nodes[node->args[1]].op == EXPR_EVENT_COUNT;
}

static lode_status print_binary(struct printer *printer, const struct expr_node *node,
                                enum level level)
{
    const struct expr_graph *graph = printer->graph;
    const char *name = expr_op_about(node->op)->name;
    int32_t left = node->args[0], right = node->args[1];
    const bool is_order = node->op == EXPR_LESS || node->op == EXPR_LESS_EQUAL;
    if (is_order && graph->nodes[left].op == EXPR_CONSTANT &&
        graph->nodes[right].op != EXPR_CONSTANT) { /* x > 5 reads better than 5 < x */
        left = node->args[1];
        right = node->args[0];
        name = node->op == EXPR_LESS ? ">" : ">=";
    }
    lode_try(print_node(printer, left, level == COMPARE ? COMPARE + 1 : level));
    lode_try(lode_bytes_printf(printer->out, " %s ", name));
    return print_node(printer, right, level + 1);
}

static lode_status print_sign(struct printer *printer, const struct expr_node *node)
{
    const bool is_constant = printer->graph->nodes[node->args[0]].op == EXPR_CONSTANT;
    lode_try(print_text(printer, is_constant ? "-(" : "-"));
    lode_try(print_node(printer, node->args[0], is_constant ? WHEN : SIGN));
    return is_constant ? print_text(printer, ")") : LODE_OK;
}

static lode_status print_call(struct printer *printer, const struct expr_node *node)
{
    lode_try(lode_bytes_printf(printer->out, "%s(", expr_op_about(node->op)->name));
    for (int32_t i = 0; i < node->n_args; i++) {
        if (i) lode_try(print_text(printer, ", "));
        lode_try(print_node(printer, node->args[i], WHEN));
    }
    return print_text(printer, ")");
}

/* most(cpu within 15m) */
static lode_status print_span(struct printer *printer, const struct expr_node *node)
{
    lode_try(lode_bytes_printf(printer->out, "%s(", expr_op_about(node->op)->name));
    lode_try(print_node(printer, node->args[0], WHEN));
    lode_try(print_text(printer, " within "));
    lode_try(print_node(printer, node->args[1], WHEN));
    return print_text(printer, ")");
}

static lode_status print_primary(struct printer *printer, const struct expr_node *node)
{
    const struct expr_op_about *about = expr_op_about(node->op);
    switch (node->op) {
    case EXPR_CONSTANT:
        return print_constant(printer, node);
    case EXPR_ATTRIBUTE:
        return print_attribute(printer, node->index);
    case EXPR_KPI:
        return print_kpi(printer, node->index);
    case EXPR_START:
        return print_text(printer, "time");
    case EXPR_WORD_TABLE:
        return print_table(printer, node);
    default:
        break;
    }
    if (about->index == EXPR_OF_SERIES) return print_series(printer, node);
    if (about->n_selectors || about->index == EXPR_OF_PATTERN)
        return print_of_events(printer, node);
    return expr_op_is_span(node->op) ? print_span(printer, node) : print_call(printer, node);
}

static lode_status print_node(struct printer *printer, int32_t index, enum level least)
{
    const struct expr_node *node = &printer->graph->nodes[index];
    const bool has = is_has(printer->graph, node);
    const enum level level = has ? PRIMARY : level_of(node);
    if (printer->out->size >= printer->limit) return LODE_OK;
    if (level < least) lode_try(print_text(printer, "("));
    if (has) {
        lode_try(print_text(printer, "has("));
        lode_try(print_selector(printer, printer->graph->nodes[node->args[1]].selectors[0], false));
        lode_try(print_text(printer, ")"));
    } else if (node->op == EXPR_NOT) {
        lode_try(print_text(printer, "not "));
        lode_try(print_node(printer, node->args[0], NOT));
    } else if (node->op == EXPR_NEGATE) {
        lode_try(print_sign(printer, node));
    } else if (node->n_args == 2 && level < PRIMARY) {
        lode_try(print_binary(printer, node, level));
    } else {
        lode_try(print_primary(printer, node));
    }
    return level < least ? print_text(printer, ")") : LODE_OK;
}

/* --- public --- */

static struct printer begin(const struct expr_schema *schema, const struct expr_graph *graph,
                            struct lode_bytes *out)
{
    return (struct printer){
        .schema = schema, .graph = graph, .out = out, .limit = out->size + LEX_TEXT_MAX};
}

/* Cut at the limit, between two characters. */
static lode_status end(struct printer *printer)
{
    struct lode_bytes *out = printer->out;
    if (out->size <= printer->limit) return LODE_OK;
    out->size = printer->limit - 3;
    while (out->size > 0 && (out->data[out->size] & 0xc0) == 0x80) out->size--;
    return print_text(printer, "...");
}

lode_status expr_print(const struct expr_schema *schema, const struct expr_graph *graph,
                       int32_t node, struct lode_bytes *out)
{
    struct printer printer = begin(schema, graph, out);
    lode_try(print_node(&printer, node, WHEN));
    return end(&printer);
}

lode_status expr_print_selector(const struct expr_schema *schema, const struct expr_graph *graph,
                                int32_t selector, struct lode_bytes *out)
{
    struct printer printer = begin(schema, graph, out);
    lode_try(print_selector(&printer, selector, false));
    return end(&printer);
}

lode_status expr_print_pattern(const struct expr_schema *schema, const struct expr_graph *graph,
                               int32_t pattern, struct lode_bytes *out)
{
    struct printer printer = begin(schema, graph, out);
    lode_try(print_pattern(&printer, pattern));
    return end(&printer);
}
