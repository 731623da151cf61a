/* Forecast of what definitions add: first passes, and in every task the columns they read and
 * yield.
 */
#include <string.h>

#include "common/expr/evaluate.h"
#include "jobs/opportunities/derive/derivation.h"

enum {
    EVENT_BYTES = 12,       /* name and time, where an expression is about events */
    SESSION_BYTES = 24,     /* offsets and start */
    COLUMN_BYTES = 1,       /* of a bool, or a word of few */
    NUMBER_BYTES = 8,       /* of a numeric KPI, or a number of an event */
    CODE_BYTES = 4,         /* of a word of an event */
    SAMPLE_VALUE_BYTES = 8, /* of a number that is to be cut */
};

/* Bytes of the largest partition. */
static uint64_t largest(const struct lode_store *store, uint64_t of_session, uint64_t of_event)
{
    uint64_t most = 0;
    for (int64_t i = 0; i < store->n_partitions; i++) {
        const struct lode_partition *part = &store->partitions[i];
        const uint64_t bytes =
            (uint64_t)part->n_sessions * of_session + (uint64_t)part->n_events * of_event;
        most = bytes > most ? bytes : most;
    }
    return most;
}

static uint64_t bytes_of(const struct lode_store *store, int64_t n_partitions)
{
    uint64_t bytes = 0;
    for (int64_t i = 0; i < n_partitions; i++)
        bytes += (uint64_t)lode_store_partition_bytes(&store->partitions[i]);
    return bytes;
}

/* In front of the others. */
static void add_first(struct lode_forecast *forecast, const struct lode_forecast_stage *stage)
{
    if (forecast->n_stages == LODE_FORECAST_STAGES_MAX) return;
    memmove(forecast->stages + 1, forecast->stages,
            (size_t)forecast->n_stages * sizeof *forecast->stages);
    forecast->stages[0] = *stage;
    forecast->n_stages++;
}

/* Bytes of an event's attributes that any expression reads. */
static lode_status event_attribute_bytes(const struct derivation *derivation,
                                         struct lode_arena *arena, uint64_t *bytes)
{
    const struct expr_graph *graph = derivation->graph;
    const struct expr_schema_counts schema = {.n_attributes = graph->n_attributes,
                                              .n_kpis = graph->n_kpis,
                                              .n_event_attributes = graph->n_event_attributes};
    struct expr_needs needs;
    int32_t *all = NULL;
    lode_try(lode_take(arena, graph->n_nodes, &all));
    for (int32_t i = 0; i < graph->n_nodes; i++) all[i] = i;
    lode_try(expr_needs_find(graph, all, graph->n_nodes, &schema, arena, &needs));
    for (int64_t i = 0; i < graph->n_event_attributes; i++)
        if (needs.event_attributes[i])
            *bytes += derivation->schema.event_attributes[i].is_number ? NUMBER_BYTES : CODE_BYTES;
    return LODE_OK;
}

/* Bytes of the samples of other stores, which every task has. */
static lode_status samples_of_all(const struct derivation *derivation, struct lode_arena *arena,
                                  uint64_t *bytes)
{
    for (int32_t s = 0; s < derivation->graph->n_series; s++) {
        int64_t some = 0;
        lode_try(samples_bytes(&derivation->sources, derivation->graph,
                               derivation->schema.attributes, s, arena, &some));
        *bytes += (uint64_t)some;
    }
    return LODE_OK;
}

/* First passes, in front of the others. */
static void add_first_passes(const struct derivation *derivation, uint64_t sample_bytes,
                             uint64_t of_event, uint64_t of_task, struct lode_forecast *forecast)
{
    const struct lode_store *store = &derivation->store;
    const int64_t sampled = derivation_sampled_partitions(store);
    if (sample_bytes > 0)
        add_first(forecast, &(struct lode_forecast_stage){
                                "sampling derived attributes", sampled, bytes_of(store, sampled),
                                of_task + largest(store, SESSION_BYTES + sample_bytes, of_event)});
    if (derivation->graph->n_tops > 0)
        add_first(forecast,
                  &(struct lode_forecast_stage){"counting frequent events", store->n_partitions,
                                                bytes_of(store, store->n_partitions),
                                                of_task + largest(store, SESSION_BYTES, of_event)});
}

lode_status derivation_forecast(const struct lode_run *run, struct lode_forecast *forecast)
{
    struct derivation derivation;
    uint64_t column_bytes = 0, sample_bytes = 0, of_task = 0;
    lode_try(derivation_make(run->params, run->store, run->arena, &derivation));
    if (!derivation.graph) return LODE_OK;
    const struct lode_store *store = &derivation.store;
    uint64_t of_event = derivation.graph->n_selectors > 0 ? EVENT_BYTES : 0;
    lode_try(event_attribute_bytes(&derivation, run->arena, &of_event));
    lode_try(samples_of_all(&derivation, run->arena, &of_task));
    for (int64_t i = derivation.n_stored_kpis; i < store->n_kpis; i++)
        column_bytes += store->kpis[i].is_binary ? COLUMN_BYTES : NUMBER_BYTES;
    for (int64_t i = 0; i < store->n_attributes - derivation.n_stored_attributes; i++) {
        column_bytes += COLUMN_BYTES;
        if (derivation.attributes[i].type == EXPR_NUMBER) sample_bytes += SAMPLE_VALUE_BYTES;
    }
    for (int i = 0; i < forecast->n_stages; i++)
        forecast->stages[i].task_bytes +=
            of_task + largest(store, SESSION_BYTES + column_bytes, of_event);
    add_first_passes(&derivation, sample_bytes, of_event, of_task, forecast);
    return LODE_OK;
}
