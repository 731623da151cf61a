/* Plan: see the header. */
#include "jobs/stage/counters/rates/plan.h"

#include "common/expr/expr.h"
#include "common/wire/pack.h"

#include <string.h>

/* Words, then numbers of events; the leaf knows the same order. */
static lode_status make_schema(const struct lode_store *events, struct lode_arena *arena,
                               struct expr_schema *schema)
{
    const int64_t n_words = events->n_event_attributes;
    struct expr_event_attribute *list = NULL;
    *schema = (struct expr_schema){.event_names = events->event_names,
                                   .n_event_attributes = n_words + events->n_event_values};
    lode_try(lode_take(arena, schema->n_event_attributes, &list));
    for (int64_t i = 0; i < n_words; i++)
        list[i] = (struct expr_event_attribute){.name = events->event_attributes[i].name,
                                                .words = events->event_attributes[i].dictionary};
    for (int64_t i = 0; i < events->n_event_values; i++)
        list[n_words + i] =
            (struct expr_event_attribute){.name = events->event_values[i], .is_number = true};
    schema->event_attributes = list;
    return LODE_OK;
}

lode_status rates_compile(const struct counters_rates *rates, const struct lode_store *events,
                          struct lode_arena *arena, struct rates_plan *plan)
{
    struct expr_schema schema;
    struct expr_language *language = NULL;
    int32_t *nodes = NULL;
    lode_try(make_schema(events, arena, &schema));
    lode_try(expr_language_create(&schema, arena, &language));
    lode_try(lode_take(arena, rates->n, &nodes));
    for (int64_t i = 0; i < rates->n; i++) {
        const struct lode_definition *rate = &rates->list[i];
        const struct expr_definition definition = {
            .text = rate->text, .file = rate->file, .line = rate->line, .column = rate->column};
        lode_try(expr_define_occurrences(language, &definition, &nodes[i]));
        if (expr_language_graph(language)->n_tops > 0)
            return lode_fail(LODE_E_USAGE,
                             "%s:%lld:%lld: top(...) is not for rates: which are the most "
                             "frequent changes with every event",
                             rate->file, (long long)rate->line, (long long)rate->column);
    }
    plan->n = (int32_t)rates->n;
    plan->nodes = nodes;
    plan->graph = expr_language_graph(language);
    return LODE_OK;
}

lode_status rates_plan_pack(const struct rates_plan *plan, struct lode_bytes *out)
{
    lode_try(lode_pack_text(out, plan->events, strlen(plan->events)));
    lode_try(lode_pack_i64(out, plan->n_parts));
    lode_try(lode_pack_i64(out, plan->n_generations));
    lode_try(lode_pack_i64(out, plan->n_counted));
    lode_try(lode_pack_text(out, plan->component_name, strlen(plan->component_name)));
    lode_try(lode_pack_i64(out, plan->slot_ms));
    lode_try(lode_pack_i64(out, plan->n));
    for (int32_t i = 0; i < plan->n; i++) lode_try(lode_pack_i64(out, plan->nodes[i]));
    return expr_graph_pack(plan->graph, out);
}

static lode_status get_text(struct lode_unpack *in, struct lode_arena *arena, const char **text)
{
    const char *borrowed = NULL;
    size_t size = 0;
    char *copy = NULL;
    lode_try(lode_unpack_text(in, &borrowed, &size));
    lode_try(lode_arena_text(arena, borrowed, size, &copy));
    *text = copy;
    return LODE_OK;
}

static lode_status get_nodes(struct lode_unpack *in, struct lode_arena *arena,
                             struct rates_plan *plan)
{
    int32_t *nodes = NULL;
    int64_t n = 0;
    lode_try(lode_unpack_count(in, "rates", RATES_MOST, &n));
    lode_try(lode_take(arena, n, &nodes));
    for (int64_t i = 0; i < n; i++) {
        int64_t node = 0;
        lode_try(lode_unpack_count(in, "node of a rate", EXPR_NODES_MAX, &node));
        nodes[i] = (int32_t)node;
    }
    plan->n = (int32_t)n;
    plan->nodes = nodes;
    return LODE_OK;
}

lode_status rates_plan_unpack(const void *data, size_t size, struct lode_arena *arena,
                              struct rates_plan *plan)
{
    struct lode_unpack in = lode_unpack_begin(data, size);
    struct expr_graph *graph = NULL;
    *plan = (struct rates_plan){0};
    lode_try(get_text(&in, arena, &plan->events));
    lode_try(lode_unpack_count(&in, "parts of the events", INT64_MAX, &plan->n_parts));
    lode_try(lode_unpack_count(&in, "generations", INT64_MAX, &plan->n_generations));
    lode_try(lode_unpack_count(&in, "generations counted", INT64_MAX, &plan->n_counted));
    lode_try(get_text(&in, arena, &plan->component_name));
    lode_try(lode_unpack_count(&in, "ms of a slot", INT64_MAX, &plan->slot_ms));
    lode_try(get_nodes(&in, arena, plan));
    lode_try(expr_graph_unpack(&in, arena, &graph));
    plan->graph = graph;
    if (plan->slot_ms == 0 || plan->n_parts == 0)
        return lode_fail(LODE_E_MESSAGE, "rates without slots or events");
    return lode_unpack_end(&in);
}
