/* Graph wire: a graph as MessagePack values, and back from bytes of anybody.
 *
 *     names | attributes | kpis | event attributes | asked | zone | ignored ("": none)
 *     then arrays of selectors, tops, patterns, series and nodes, item after item
 *
 * When all items have been read each is checked, by the same rules that hold for the builder.
 * Counts are checked against the bytes left before memory is taken; an item in memory is at most
 * some 20 times as large as its bytes.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "common/expr/graph_private.h"
#include "common/expr/op.h"

/* --- writing --- */

static lode_status pack_bytes(struct lode_bytes *out, const uint8_t *data, int64_t size)
{
    return lode_pack_bin(out, data ? data : (const uint8_t *)"", data ? (size_t)size : 0);
}

static lode_status pack_condition(const struct expr_condition *condition, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, condition->attribute));
    lode_try(lode_pack_i64(out, condition->top));
    lode_try(pack_bytes(out, condition->words, condition->n_words + 1));
    lode_try(lode_pack_f64(out, condition->low));
    return lode_pack_f64(out, condition->high);
}

static lode_status pack_selector(const struct expr_graph *graph,
                                 const struct expr_selector *selector, struct lode_bytes *out)
{
    lode_try(pack_bytes(out, selector->names, graph->n_names));
    lode_try(lode_pack_i64(out, selector->top));
    lode_try(lode_pack_u64(out, selector->window));
    lode_try(lode_pack_i64(out, selector->from));
    lode_try(lode_pack_i64(out, selector->until));
    lode_try(lode_pack_array(out, (uint32_t)selector->n_conditions));
    for (int32_t i = 0; i < selector->n_conditions; i++)
        lode_try(pack_condition(&selector->conditions[i], out));
    return LODE_OK;
}

static lode_status pack_pattern(const struct expr_pattern *pattern, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, pattern->within_ms));
    lode_try(lode_pack_array(out, (uint32_t)pattern->n_steps));
    for (int32_t i = 0; i < pattern->n_steps; i++) {
        lode_try(lode_pack_i64(out, pattern->steps[i].selector));
        lode_try(lode_pack_u64(out, pattern->steps[i].link));
        lode_try(lode_pack_i64(out, pattern->steps[i].without));
        lode_try(lode_pack_u64(out, pattern->steps[i].repeats));
    }
    return LODE_OK;
}

/* Tables of tests, most of all, hold 0, 1 and "missing": a byte each; others are numbers. */
static lode_status pack_table(const struct expr_node *node, struct lode_bytes *out)
{
    bool small = true;
    for (int64_t i = 0; small && i < node->n_table; i++)
        small = node->table[i] == 1.0 || isnan(node->table[i]) ||
                (node->table[i] == 0.0 && !signbit(node->table[i]));
    lode_try(lode_pack_u64(out, small));
    lode_try(lode_pack_array(out, (uint32_t)node->n_table));
    for (int64_t i = 0; i < node->n_table; i++)
        if (small)
            lode_try(lode_pack_u64(out, isnan(node->table[i]) ? 2 : node->table[i] == 1.0));
        else
            lode_try(lode_pack_f64(out, node->table[i]));
    return LODE_OK;
}

static lode_status pack_node(const struct expr_node *node, struct lode_bytes *out)
{
    lode_try(lode_pack_u64(out, node->op));
    lode_try(lode_pack_u64(out, node->type));
    lode_try(lode_pack_u64(out, node->unit));
    lode_try(lode_pack_i64(out, node->index));
    for (int32_t i = 0; i < EXPR_ARGS_MAX; i++) lode_try(lode_pack_i64(out, node->args[i]));
    for (int32_t i = 0; i < EXPR_SELECTORS_MAX; i++)
        lode_try(lode_pack_i64(out, node->selectors[i]));
    if (node->op == EXPR_CONSTANT) lode_try(lode_pack_f64(out, node->number));
    if (node->op == EXPR_WORD_TABLE) lode_try(pack_table(node, out));
    return LODE_OK;
}

lode_status expr_item_pack(const struct expr_graph *graph, enum expr_item kind, int32_t index,
                           struct lode_bytes *out)
{
    switch (kind) {
    case EXPR_SELECTOR:
        return pack_selector(graph, &graph->selectors[index], out);
    case EXPR_TOP:
        lode_try(lode_pack_i64(out, graph->tops[index].n));
        lode_try(lode_pack_i64(out, graph->tops[index].attribute));
        return lode_pack_i64(out, graph->tops[index].selector);
    case EXPR_PATTERN:
        return pack_pattern(&graph->patterns[index], out);
    case EXPR_SERIES:
        lode_try(lode_pack_i64(out, graph->series[index].source));
        lode_try(lode_pack_i64(out, graph->series[index].counter));
        lode_try(lode_pack_i64(out, graph->series[index].component));
        lode_try(lode_pack_i64(out, graph->series[index].by));
        return lode_pack_i64(out, graph->series[index].max_age_ms);
    default:
        return pack_node(&graph->nodes[index], out);
    }
}

static lode_status pack_items(const struct expr_graph *graph, enum expr_item kind, int32_t count,
                              struct lode_bytes *out)
{
    lode_try(lode_pack_array(out, (uint32_t)count));
    for (int32_t i = 0; i < count; i++) lode_try(expr_item_pack(graph, kind, i, out));
    return LODE_OK;
}

lode_status expr_graph_pack(const struct expr_graph *graph, struct lode_bytes *out)
{
    const char *zone = graph->zone ? graph->zone : "UTC";
    lode_try(lode_pack_i64(out, graph->n_names));
    lode_try(lode_pack_i64(out, graph->n_attributes));
    lode_try(lode_pack_i64(out, graph->n_kpis));
    lode_try(lode_pack_i64(out, graph->n_event_attributes));
    lode_try(lode_pack_i64(out, graph->n_asked));
    lode_try(lode_pack_text(out, zone, strlen(zone)));
    lode_try(pack_bytes(out, graph->ignored, graph->n_names));
    /* tops and selectors refer to each other: both come first, then each is checked */
    lode_try(pack_items(graph, EXPR_SELECTOR, graph->n_selectors, out));
    lode_try(pack_items(graph, EXPR_TOP, graph->n_tops, out));
    lode_try(pack_items(graph, EXPR_PATTERN, graph->n_patterns, out));
    lode_try(pack_items(graph, EXPR_SERIES, graph->n_series, out));
    return pack_items(graph, EXPR_NODE, graph->n_nodes, out);
}

/* --- reading --- */

static lode_status unpack_i32(struct lode_unpack *in, int32_t *value)
{
    int64_t wide;
    lode_try(lode_unpack_i64(in, &wide));
    if (wide < -1 || wide > INT32_MAX)
        return lode_fail(LODE_E_MESSAGE, "index %lld", (long long)wide);
    *value = (int32_t)wide;
    return LODE_OK;
}

static lode_status unpack_i64(struct lode_unpack *in, int64_t *value)
{
    int64_t wide;
    lode_try(lode_unpack_i64(in, &wide));
    if (wide < -1) return lode_fail(LODE_E_MESSAGE, "index or count %lld", (long long)wide);
    *value = wide;
    return LODE_OK;
}

/* A u64 in [0, limit] as int. */
static lode_status unpack_small(struct lode_unpack *in, const char *what, int limit, int *value)
{
    int64_t wide;
    lode_try(lode_unpack_count(in, what, (uint64_t)limit, &wide));
    *value = (int)wide;
    return LODE_OK;
}

/* Bytes of 0 and 1 into the arena; none: NULL. */
static lode_status unpack_flags(struct lode_unpack *in, struct lode_arena *arena, uint8_t **flags,
                                int64_t *count)
{
    const uint8_t *data;
    size_t size;
    *flags = NULL;
    lode_try(lode_unpack_bin(in, &data, &size));
    *count = (int64_t)size;
    if (size == 0) return LODE_OK;
    lode_try(lode_take(arena, size, flags));
    memcpy(*flags, data, size);
    for (size_t i = 0; i < size; i++)
        if (data[i] > 1) return lode_fail(LODE_E_MESSAGE, "a flag of value %d", data[i]);
    return LODE_OK;
}

static lode_status unpack_names(struct lode_unpack *in, struct lode_arena *arena, int64_t n_names,
                                uint8_t **names)
{
    int64_t count;
    lode_try(unpack_flags(in, arena, names, &count));
    if (*names && count != n_names)
        return lode_fail(LODE_E_MESSAGE, "flags of %lld names instead of %lld", (long long)count,
                         (long long)n_names);
    return LODE_OK;
}

static lode_status unpack_condition(struct lode_unpack *in, struct lode_arena *arena,
                                    struct expr_condition *condition)
{
    int64_t count;
    lode_try(unpack_i64(in, &condition->attribute));
    lode_try(unpack_i64(in, &condition->top));
    lode_try(unpack_flags(in, arena, &condition->words, &count));
    condition->n_words = condition->words ? count - 1 : 0;
    lode_try(lode_unpack_f64(in, &condition->low));
    return lode_unpack_f64(in, &condition->high);
}

static lode_status unpack_selector(struct lode_unpack *in, struct lode_arena *arena,
                                   struct expr_graph *graph, struct expr_selector *selector)
{
    int window;
    uint32_t count;
    lode_try(unpack_names(in, arena, graph->n_names, &selector->names));
    lode_try(unpack_i64(in, &selector->top));
    lode_try(unpack_small(in, "window", EXPR_BETWEEN, &window));
    selector->window = (enum expr_window)window;
    lode_try(unpack_i32(in, &selector->from));
    lode_try(unpack_i32(in, &selector->until));
    lode_try(lode_unpack_array(in, &count));
    if (count > EXPR_CONDITIONS_MAX) return lode_fail(LODE_E_MESSAGE, "%u conditions", count);
    selector->n_conditions = (int32_t)count;
    lode_try(lode_take_zero(arena, count, &selector->conditions));
    for (uint32_t i = 0; i < count; i++)
        lode_try(unpack_condition(in, arena, &selector->conditions[i]));
    return LODE_OK;
}

static lode_status unpack_pattern(struct lode_unpack *in, struct lode_arena *arena,
                                  struct expr_pattern *pattern)
{
    uint32_t count;
    int link, repeats;
    lode_try(unpack_i64(in, &pattern->within_ms));
    lode_try(lode_unpack_array(in, &count));
    if (count > EXPR_STEPS_MAX) return lode_fail(LODE_E_MESSAGE, "%u steps", count);
    pattern->n_steps = (int32_t)count;
    lode_try(lode_take_zero(arena, count, &pattern->steps));
    for (uint32_t i = 0; i < count; i++) {
        struct expr_step *step = &pattern->steps[i];
        lode_try(unpack_i32(in, &step->selector));
        lode_try(unpack_small(in, "link", EXPR_LATER, &link));
        lode_try(unpack_i32(in, &step->without));
        lode_try(unpack_small(in, "repeats", 1, &repeats));
        step->link = (enum expr_link)link;
        step->repeats = repeats == 1;
    }
    return LODE_OK;
}

static lode_status unpack_table(struct lode_unpack *in, struct lode_arena *arena,
                                struct expr_node *node)
{
    int small, value;
    uint32_t count;
    lode_try(unpack_small(in, "kind of table", 1, &small));
    lode_try(lode_unpack_array(in, &count));
    lode_try(lode_take(arena, count, &node->table));
    node->n_table = count;
    for (uint32_t i = 0; i < count; i++) {
        if (!small) {
            lode_try(lode_unpack_f64(in, &node->table[i]));
            continue;
        }
        lode_try(unpack_small(in, "entry of a table", 2, &value));
        node->table[i] = value == 2 ? (double)NAN : (double)value;
    }
    return LODE_OK;
}

static lode_status unpack_node(struct lode_unpack *in, struct lode_arena *arena,
                               struct expr_node *node)
{
    int op, type, unit;
    lode_try(unpack_small(in, "operator", EXPR_OPS - 1, &op));
    lode_try(unpack_small(in, "type", EXPR_TEXT, &type));
    lode_try(unpack_small(in, "unit", EXPR_TIME, &unit));
    node->op = (enum expr_op)op;
    node->type = (enum expr_type)type;
    node->unit = (enum expr_unit)unit;
    lode_try(unpack_i64(in, &node->index));
    for (int32_t i = 0; i < EXPR_ARGS_MAX; i++) lode_try(unpack_i32(in, &node->args[i]));
    for (int32_t i = 0; i < EXPR_SELECTORS_MAX; i++) lode_try(unpack_i32(in, &node->selectors[i]));
    if (op == EXPR_CONSTANT) lode_try(lode_unpack_f64(in, &node->number));
    if (op == EXPR_WORD_TABLE) lode_try(unpack_table(in, arena, node));
    return LODE_OK;
}

static lode_status unpack_series(struct lode_unpack *in, struct expr_series *series)
{
    lode_try(unpack_i64(in, &series->source));
    lode_try(unpack_i64(in, &series->counter));
    lode_try(unpack_i64(in, &series->component));
    lode_try(unpack_i64(in, &series->by));
    return unpack_i64(in, &series->max_age_ms);
}

static lode_status unpack_top(struct lode_unpack *in, struct expr_top *top)
{
    lode_try(unpack_i64(in, &top->n));
    lode_try(unpack_i64(in, &top->attribute));
    return unpack_i32(in, &top->selector);
}

static lode_status unpack_frame(struct lode_unpack *in, struct lode_arena *arena,
                                struct expr_graph *graph)
{
    const char *zone;
    char *copy;
    size_t size;
    lode_try(lode_unpack_count(in, "names", UINT32_MAX - 1, &graph->n_names));
    lode_try(lode_unpack_count(in, "attributes", INT32_MAX, &graph->n_attributes));
    lode_try(lode_unpack_count(in, "KPIs", INT32_MAX, &graph->n_kpis));
    lode_try(lode_unpack_count(in, "event attributes", INT32_MAX, &graph->n_event_attributes));
    lode_try(lode_unpack_count(in, "nodes asked for", INT64_MAX, &graph->n_asked));
    lode_try(lode_unpack_text(in, &zone, &size));
    if (memchr(zone, '\0', size)) return lode_fail(LODE_E_MESSAGE, "a zone with a NUL byte");
    lode_try(lode_arena_text(arena, zone, size, &copy));
    graph->zone = copy;
    return unpack_names(in, arena, graph->n_names, &graph->ignored);
}

/* The count of an array of items, and room for them. */
static lode_status unpack_room(struct lode_unpack *in, struct lode_arena *arena, size_t size,
                               int32_t *count, void **items)
{
    uint32_t found;
    lode_try(lode_unpack_array(in, &found));
    if (found > EXPR_NODES_MAX) return lode_fail(LODE_E_MESSAGE, "%u items of a kind", found);
    *count = (int32_t)found;
    return lode_arena_take_zero(arena, found, size, items);
}

#define unpack_all(count, items, call)                                                             \
    do {                                                                                           \
        lode_try(unpack_room(in, arena, sizeof *(items), &(count), (void **)&(items)));            \
        for (int32_t i = 0; i < (count); i++) lode_try(call);                                      \
    } while (0)

static lode_status unpack_items(struct lode_unpack *in, struct lode_arena *arena,
                                struct expr_graph *graph)
{
    unpack_all(graph->n_selectors, graph->selectors,
               unpack_selector(in, arena, graph, &graph->selectors[i]));
    unpack_all(graph->n_tops, graph->tops, unpack_top(in, &graph->tops[i]));
    unpack_all(graph->n_patterns, graph->patterns, unpack_pattern(in, arena, &graph->patterns[i]));
    unpack_all(graph->n_series, graph->series, unpack_series(in, &graph->series[i]));
    unpack_all(graph->n_nodes, graph->nodes, unpack_node(in, arena, &graph->nodes[i]));
    return LODE_OK;
}

/* Checks items from the first to the last; the types of a node are set by the check, and must be
 * those that came. */
static lode_status check_items(struct expr_graph *graph, enum expr_item kind, int32_t count)
{
    static const char *const names[] = {"selector", "top", "pattern", "series", "node"};
    char reason[EXPR_REASON_BYTES] = "";
    for (int32_t i = 0; i < count; i++) {
        const struct expr_node came = kind == EXPR_NODE ? graph->nodes[i] : (struct expr_node){0};
        if (!expr_item_check(graph, kind, i, reason))
            return lode_fail(LODE_E_MESSAGE, "%s %d: %s", names[kind], i, reason);
        if (kind != EXPR_NODE) continue;
        const struct expr_node *node = &graph->nodes[i];
        if (came.type != node->type || came.unit != node->unit || came.index != node->index)
            return lode_fail(LODE_E_MESSAGE, "node %d: not of the type it says", i);
    }
    return LODE_OK;
}

static int32_t deeper(const int32_t *depths, int32_t below, int32_t depth)
{
    return below >= 0 && depths[below] >= depth ? depths[below] + 1 : depth;
}

/* How deep nodes, and windows of selectors, lie in each other: who prints them recurses. */
static lode_status check_depths(const struct expr_graph *graph, struct lode_arena *arena)
{
    int32_t *nodes, *selectors, deepest = 0;
    lode_try(lode_take(arena, graph->n_nodes, &nodes));
    lode_try(lode_take(arena, graph->n_selectors, &selectors));
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        nodes[i] = 1;
        for (int32_t k = 0; k < graph->nodes[i].n_args; k++)
            nodes[i] = deeper(nodes, graph->nodes[i].args[k], nodes[i]);
        if (nodes[i] > deepest) deepest = nodes[i];
    }
    for (int32_t i = 0; i < graph->n_selectors; i++) {
        const struct expr_selector *selector = &graph->selectors[i];
        int32_t depth = deeper(selectors, selector->from, 1);
        depth = deeper(selectors, selector->until, depth);
        if (selector->top >= 0)
            depth = deeper(selectors, graph->tops[selector->top].selector, depth);
        for (int32_t k = 0; k < selector->n_conditions; k++)
            if (selector->conditions[k].top >= 0)
                depth = deeper(selectors, graph->tops[selector->conditions[k].top].selector, depth);
        selectors[i] = depth;
        if (depth > deepest) deepest = depth;
    }
    if (deepest > EXPR_DEPTH_MAX) return lode_fail(LODE_E_MESSAGE, "items %d deep", deepest);
    return LODE_OK;
}

lode_status expr_graph_unpack(struct lode_unpack *in, struct lode_arena *arena,
                              struct expr_graph **graph)
{
    struct expr_graph *made;
    lode_try(lode_take_zero(arena, 1, &made));
    lode_try(unpack_frame(in, arena, made));
    lode_try(unpack_items(in, arena, made));
    lode_try(check_items(made, EXPR_SELECTOR, made->n_selectors));
    lode_try(check_items(made, EXPR_TOP, made->n_tops));
    lode_try(check_items(made, EXPR_PATTERN, made->n_patterns));
    lode_try(check_items(made, EXPR_SERIES, made->n_series));
    lode_try(check_items(made, EXPR_NODE, made->n_nodes));
    lode_try(check_depths(made, arena));
    *graph = made;
    return LODE_OK;
}
