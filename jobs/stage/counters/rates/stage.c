/* Stage: see the header. */
#include "jobs/stage/counters/rates/stage.h"

#include "common/expr/evaluate.h"

int64_t rates_tasks(const struct counting *c)
{
    return c->rates.n_parts * (c->rates.n_counted > 0 ? 2 : 1);
}

static void describe(const void *context, int64_t task, char *text, size_t size)
{
    const struct counting *c = context;
    lode_store_name_partition(c->events, task % c->rates.n_parts, text, size);
}

struct lode_stage rates_stage(const struct counting *c, int64_t *costs)
{
    const int64_t n = rates_tasks(c);
    for (int64_t i = 0; i < n; i++) costs[i] = c->events->partitions[i % c->rates.n_parts].n_events;
    return (struct lode_stage){.leaf = "stage.counters_rates",
                               .title = "counting events",
                               .n_tasks = n,
                               .costs = costs,
                               .cost_units = "events",
                               .describe = describe,
                               .describe_context = c};
}

lode_status rates_merge(void *counting, int64_t task, const uint8_t *result, size_t size)
{
    struct counting *c = counting;
    struct lode_unpack in = lode_unpack_begin(result, size);
    int64_t n_events = 0, n_sent = 0;
    (void)task;
    lode_try(lode_unpack_i64(&in, &n_events));
    lode_try(lode_unpack_i64(&in, &n_sent));
    c->n_rows_read += n_events;
    c->n_rows_put += n_sent;
    return lode_unpack_end(&in);
}

lode_status rates_forecast(const struct counting *c, uint64_t *read_bytes, uint64_t *task_bytes)
{
    const struct expr_schema_counts counts = {.n_event_attributes =
                                                  c->rates.graph->n_event_attributes};
    struct expr_needs needs;
    int64_t n_events = 0, n_sessions = 0, n_columns = 4; /* times, names, whose; their attributes */
    lode_try(
        expr_needs_find(c->rates.graph, c->rates.nodes, c->rates.n, &counts, c->arena, &needs));
    for (int64_t i = 0; i < counts.n_event_attributes; i++) n_columns += needs.event_attributes[i];
    for (int64_t i = 0; i < c->events->n_partitions; i++) {
        const struct lode_partition *part = &c->events->partitions[i];
        if (part->n_events > n_events) n_events = part->n_events;
        if (part->n_sessions > n_sessions) n_sessions = part->n_sessions;
    }
    const uint64_t event_bytes = (uint64_t)n_columns * sizeof(double);
    *read_bytes = (uint64_t)c->events->n_events * event_bytes * (c->rates.n_counted > 0 ? 2 : 1);
    *task_bytes = (uint64_t)n_events * event_bytes + 3 * sizeof(int64_t) * (uint64_t)n_sessions;
    return LODE_OK;
}
