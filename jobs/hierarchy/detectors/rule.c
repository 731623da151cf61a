/* Rule: the language of sessions, told that a session is a slot.
 *
 * The graph and its evaluator know users with sessions, and columns of numbers (KPIs) of these. A
 * component is such a user, its slots are the sessions, its counters the KPIs: nothing of the
 * evaluator has to be told. The schema keeps out what slots do not have (expr_schema.of_slots).
 */
#include "jobs/hierarchy/detectors/rule.h"

#include <string.h>

#include "common/expr/evaluate.h"
#include "common/expr/expr.h"
#include "common/expr/reach.h"

/* --- units --- */

static const struct {
    const char *unit;
    enum expr_unit as;
    struct rule_scale scale;
} units[] = {
    {"%", EXPR_NO_UNIT, {1.0, 100.0}},     {"percent", EXPR_NO_UNIT, {1.0, 100.0}},
    {"ms", EXPR_MS, {1.0, 1.0}},           {"s", EXPR_MS, {1000.0, 1.0}},
    {"seconds", EXPR_MS, {1000.0, 1.0}},   {"us", EXPR_MS, {1.0, 1000.0}},
    {"\xc2\xb5s", EXPR_MS, {1.0, 1000.0}}, {"ns", EXPR_MS, {1.0, 1e6}},
    {"min", EXPR_MS, {60000.0, 1.0}},      {"h", EXPR_MS, {3600000.0, 1.0}},
};
enum { UNITS = sizeof units / sizeof *units };

static bool is_share(const struct rule_scale *scale)
{
    return scale->over == 100.0; /* set from the table above, never computed */
}

/* Counters as KPIs, with units and scales. */
static lode_status make_schema(const struct lode_counter *counters, int64_t n,
                               struct lode_arena *arena, struct expr_schema *schema,
                               struct rule_scale **scales)
{
    struct lode_kpi *kpis;
    enum expr_unit *kpi_units;
    lode_try(lode_take(arena, n, &kpis));
    lode_try(lode_take(arena, n, &kpi_units));
    lode_try(lode_take(arena, n, scales));
    for (int64_t i = 0; i < n; i++) {
        kpis[i] = (struct lode_kpi){.name = counters[i].name, .n_missing = 1};
        kpi_units[i] = EXPR_NO_UNIT;
        (*scales)[i] = (struct rule_scale){1.0, 1.0};
        for (int u = 0; u < UNITS; u++) {
            if (strcmp(units[u].unit, counters[i].unit) != 0) continue;
            kpi_units[i] = units[u].as;
            (*scales)[i] = units[u].scale;
        }
    }
    schema->n_kpis = n;
    schema->kpis = kpis;
    schema->kpi_units = kpi_units;
    schema->of_slots = true;
    return LODE_OK;
}

/* --- what a rule reads --- */

static lode_status fault(const struct lode_definition *definition, const char *what)
{
    return lode_fail(LODE_E_USAGE, "%s:%lld:%lld: rule '%s' %s", definition->file,
                     (long long)definition->line, (long long)definition->column, definition->name,
                     what);
}

/* Slots and time before a slot that each node reads. */
static void find_reach(const struct expr_graph *graph, const uint8_t *used, int64_t *slots,
                       int64_t *ms)
{
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const struct expr_node *node = &graph->nodes[i];
        slots[i] = ms[i] = 0;
        if (!used[i]) continue;
        for (int32_t a = 0; a < node->n_args; a++) {
            if (slots[node->args[a]] > slots[i]) slots[i] = slots[node->args[a]];
            if (ms[node->args[a]] > ms[i]) ms[i] = ms[node->args[a]];
        }
        if (node->op == EXPR_PREVIOUS || node->op == EXPR_SINCE_PREVIOUS) slots[i]++;
        if (expr_op_is_span(node->op)) ms[i] = (int64_t)graph->nodes[node->args[1]].number;
    }
}

/* Counters and reach of a rule, from the nodes below its own. */
static lode_status find_reads(const struct expr_graph *graph, struct lode_arena *arena,
                              struct rule *rule)
{
    const struct expr_roots roots = {.nodes = &rule->node, .n_nodes = 1};
    struct expr_reach reach;
    uint8_t *reads;
    int64_t *counters, *slots, *ms;
    lode_try(lode_take(arena, graph->n_kpis, &counters));
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(expr_reach_find(graph, &roots, arena, &reach));
    lode_try(lode_take_zero(arena, graph->n_kpis, &reads));
    lode_try(lode_take(arena, graph->n_nodes, &slots));
    lode_try(lode_take(arena, graph->n_nodes, &ms));
    for (int32_t i = 0; i < graph->n_nodes; i++)
        if (reach.nodes[i] && graph->nodes[i].op == EXPR_KPI) reads[graph->nodes[i].index] = 1;
    rule->n_counters = 0;
    for (int64_t c = 0; c < graph->n_kpis; c++)
        if (reads[c]) counters[rule->n_counters++] = c;
    rule->counters = counters;
    find_reach(graph, reach.nodes, slots, ms);
    rule->reach_slots = slots[rule->node];
    rule->reach_ms = ms[rule->node];
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}

/* `cpu > 90` of a counter in % would never hold, and nobody would be told. */
static lode_status check_shares(const struct rules *rules, const struct lode_counter *counters,
                                const struct lode_definition *definition)
{
    const struct expr_graph *graph = rules->graph;
    for (int32_t i = 0; i < graph->n_nodes; i++) {
        const struct expr_node *node = &graph->nodes[i];
        if (node->op < EXPR_LESS || node->op > EXPR_NOT_EQUAL) continue;
        for (int side = 0; side < 2; side++) {
            const struct expr_node *value = &graph->nodes[node->args[side]];
            const struct expr_node *limit = &graph->nodes[node->args[1 - side]];
            if (expr_op_is_span(value->op)) value = &graph->nodes[value->args[0]];
            if (value->op != EXPR_KPI || !is_share(&rules->scales[value->index])) continue;
            if (limit->op != EXPR_CONSTANT || limit->number <= 1.0) continue;
            return lode_fail(LODE_E_USAGE,
                             "%s:%lld:%lld: rule '%s' compares counter '%s', which is in %%, with "
                             "%g: write %g%% (or, if more than 100%% is meant, compare %s / 2)",
                             definition->file, (long long)definition->line,
                             (long long)definition->column, definition->name,
                             counters[value->index].name, limit->number, limit->number,
                             counters[value->index].name);
        }
    }
    return LODE_OK;
}

/* --- compiling --- */

static lode_status print_rule(const struct expr_schema *schema, const struct expr_graph *graph,
                              struct lode_arena *arena, struct rule *rule)
{
    struct lode_bytes text = {0};
    char *kept = NULL;
    lode_status status = expr_print(schema, graph, rule->node, &text);
    if (!status) status = lode_arena_text(arena, (const char *)text.data, text.size, &kept);
    rule->text = kept;
    lode_bytes_clear(&text);
    return status;
}

static lode_status compile_rule(const struct lode_definition *definition,
                                const struct lode_counter *counters,
                                const struct expr_schema *schema, struct expr_language *language,
                                struct lode_arena *arena, struct rules *rules)
{
    struct rule *rule = &rules->list[rules->n];
    *rule = (struct rule){.name = definition->name};
    lode_try(expr_define(language,
                         &(struct expr_definition){.name = definition->name,
                                                   .text = definition->text,
                                                   .file = definition->file,
                                                   .line = definition->line,
                                                   .column = definition->column},
                         &rule->node));
    rules->graph = expr_language_graph(language);
    const struct expr_node *node = &rules->graph->nodes[rule->node];
    if (node->type != EXPR_BOOL)
        return fault(definition, node->unit == EXPR_MS ? "is a duration, not a condition"
                                                       : "is a number, not a condition");
    lode_try(find_reads(rules->graph, arena, rule));
    if (rule->n_counters == 0) return fault(definition, "reads no counter");
    lode_try(check_shares(rules, counters, definition));
    lode_try(print_rule(schema, rules->graph, arena, rule));
    rules->n++;
    return LODE_OK;
}

/* Both the arena's; read here, on the coordinator, as the data bases of hosts differ. */
static lode_status read_zone(const char *zone, struct lode_arena *arena, struct rules *rules)
{
    struct lode_bytes read = {0};
    uint8_t *copy;
    lode_status status = LODE_OK;
    lode_try_done(lode_zone_read(zone, &read));
    lode_try_done(lode_take(arena, read.size, &copy));
    if (read.size > 0) memcpy(copy, read.data, read.size);
    rules->zone_rules = copy;
    rules->zone_size = read.size;
    lode_try_done(lode_zone_make(zone, copy, read.size, arena, &rules->zone));
done:
    lode_bytes_clear(&read);
    return status ? lode_note(status, "parameter timezone") : LODE_OK;
}

lode_status rules_compile(const struct lode_definition *definitions, int64_t n,
                          const struct lode_counter *counters, int64_t n_counters, const char *zone,
                          struct lode_arena *arena, struct rules *rules)
{
    struct expr_schema schema = {.zone = zone};
    struct expr_language *language = NULL;
    struct rule_scale *scales;
    struct rules made = {.n_counters = n_counters};
    lode_try(read_zone(zone, arena, &made));
    lode_try(make_schema(counters, n_counters, arena, &schema, &scales));
    made.scales = scales;
    lode_try(lode_take(arena, n, &made.list));
    lode_try(expr_language_create(&schema, arena, &language));
    made.graph = expr_language_graph(language);
    for (int64_t i = 0; i < n; i++)
        lode_try(compile_rule(&definitions[i], counters, &schema, language, arena, &made));
    *rules = made;
    return LODE_OK;
}

/* --- as bytes: graph, scales, each rule's name and node, then the rules of the zone --- */

lode_status rules_pack(const struct rules *rules, struct lode_bytes *out)
{
    lode_try(expr_graph_pack(rules->graph, out));
    lode_try(lode_pack_array(out, 2 * (uint32_t)rules->n_counters));
    for (int64_t c = 0; c < rules->n_counters; c++) {
        lode_try(lode_pack_f64(out, rules->scales[c].times));
        lode_try(lode_pack_f64(out, rules->scales[c].over));
    }
    lode_try(lode_pack_array(out, (uint32_t)rules->n));
    for (int64_t i = 0; i < rules->n; i++) {
        const struct rule *rule = &rules->list[i];
        lode_try(lode_pack_text(out, rule->name, strlen(rule->name)));
        lode_try(lode_pack_i64(out, rule->node));
    }
    return lode_pack_bin(out, rules->zone_rules, rules->zone_size);
}

static lode_status unpack_rule(struct lode_unpack *in, struct lode_arena *arena,
                               const struct expr_graph *graph, struct rule *rule)
{
    const char *name;
    int64_t node;
    lode_try(lode_unpack_copy(in, arena, &name));
    lode_try(lode_unpack_i64(in, &node));
    if (node < 0 || node >= graph->n_nodes || graph->nodes[node].type != EXPR_BOOL)
        return lode_fail(LODE_E_MESSAGE, "rule '%.80s': node %lld of %d is no condition", name,
                         (long long)node, graph->n_nodes);
    *rule = (struct rule){.name = name, .node = (int32_t)node};
    return find_reads(graph, arena, rule);
}

static lode_status unpack_zone(struct lode_unpack *in, struct lode_arena *arena,
                               struct rules *rules)
{
    const uint8_t *bytes;
    uint8_t *copy;
    size_t size;
    lode_try(lode_unpack_bin(in, &bytes, &size));
    lode_try(lode_take(arena, size, &copy));
    if (size > 0) memcpy(copy, bytes, size);
    rules->zone_rules = copy;
    rules->zone_size = size;
    const lode_status status = lode_zone_make(rules->graph->zone, copy, size, arena, &rules->zone);
    return status == LODE_E_INPUT ? lode_note(LODE_E_MESSAGE, "zone of rules") : status;
}

lode_status rules_unpack(struct lode_unpack *in, struct lode_arena *arena, struct rules *rules)
{
    struct rules made = {0};
    struct expr_graph *graph;
    struct rule_scale *scales;
    uint32_t n;
    lode_try(expr_graph_unpack(in, arena, &graph));
    made.graph = graph;
    made.n_counters = graph->n_kpis;
    lode_try(lode_unpack_array(in, &n));
    if (n != 2 * made.n_counters)
        return lode_fail(LODE_E_MESSAGE, "rules: %u numbers for the scales of %lld counters", n,
                         (long long)made.n_counters);
    lode_try(lode_take(arena, made.n_counters, &scales));
    for (int64_t c = 0; c < made.n_counters; c++) {
        lode_try(lode_unpack_f64(in, &scales[c].times));
        lode_try(lode_unpack_f64(in, &scales[c].over));
    }
    made.scales = scales;
    lode_try(lode_unpack_array(in, &n));
    lode_try(lode_take(arena, n, &made.list));
    for (; made.n < n; made.n++) lode_try(unpack_rule(in, arena, graph, &made.list[made.n]));
    lode_try(unpack_zone(in, arena, &made));
    *rules = made;
    return LODE_OK;
}

/* --- evaluating --- */

bool rule_applies(const struct rule *rule, const double *const *values)
{
    for (int64_t i = 0; i < rule->n_counters; i++)
        if (!values[rule->counters[i]]) return false;
    return true;
}

int64_t rule_reach(const struct rule *rule, int64_t step_ms)
{
    const int64_t whole = rule->reach_ms / step_ms; /* a span leaves out its far end */
    return rule->reach_slots + whole - (whole > 0 && rule->reach_ms % step_ms == 0);
}

/* Values in the language's units: those of the series, or a copy where the counter has a scale. */
static lode_status scale_values(const struct rules *rules, const struct rule_series *series,
                                struct lode_arena *arena, const double ***scaled)
{
    lode_try(lode_take(arena, rules->n_counters, scaled));
    for (int64_t c = 0; c < rules->n_counters; c++) {
        const struct rule_scale scale = rules->scales[c];
        double *copy;
        (*scaled)[c] = series->values[c];
        if (!series->values[c] || (scale.times == 1.0 && scale.over == 1.0)) continue; /* as set */
        lode_try(lode_take(arena, series->n, &copy));
        for (int64_t i = 0; i < series->n; i++)
            copy[i] = series->values[c][i] * scale.times / scale.over;
        (*scaled)[c] = copy;
    }
    return LODE_OK;
}

static lode_status evaluate(const struct rules *rules, const struct rule_series *series,
                            const int32_t *roots, int32_t n_roots, struct lode_arena *arena,
                            double *const *values)
{
    const int64_t offsets[] = {0, series->n};
    struct expr_program *program;
    const double **scaled;
    lode_try(scale_values(rules, series, arena, &scaled));
    const struct expr_columns columns = {.n_users = 1,
                                         .n_sessions = series->n,
                                         .session_offsets = offsets,
                                         .starts = series->times,
                                         .kpis = scaled};
    lode_try(expr_program_make(rules->graph, roots, n_roots, rules->zone, arena, &program));
    return expr_program_run(program, &columns, 0, 1, arena, values);
}

lode_status rules_scan(const struct rules *rules, const struct rule_series *series,
                       struct lode_arena *arena, double *const *distance)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    double **values;
    int32_t *roots, n_roots = 0;
    lode_try(lode_take(arena, rules->n, &values));
    lode_try(lode_take(arena, rules->n, &roots));
    for (int64_t i = 0; i < rules->n; i++) {
        if (!distance[i]) continue;
        values[n_roots] = distance[i];
        roots[n_roots++] = rules->list[i].node;
    }
    if (n_roots > 0) lode_try(evaluate(rules, series, roots, n_roots, arena, values));
    for (int32_t r = 0; r < n_roots; r++)
        for (int64_t i = 0; i < series->n; i++)
            values[r][i] = values[r][i] == 1.0; /* a bool; missing: does not hold */
    lode_arena_rewind(arena, mark);
    return LODE_OK;
}
