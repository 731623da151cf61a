/* Forecast: rules of thumb, from peaks that run.json told of five stores (9,000 to 540,000 events a
 * partition, made and real, k=1..4). Peaks were 0.7 to 1.6 of what these say.
 */
#include "jobs/opportunities/forecast.h"

#include "jobs/opportunities/derive/derivation.h"

enum {
    LEAF_BYTES = 1 << 20, /* whatever the partition */
    COHORT_SESSION_BYTES =
        24,                   /* stage "counting cohorts", and of pairs, where each attribute ... */
    PLACE_BYTES = 4,          /* ... adds this */
    PATTERN_EVENT_BYTES = 16, /* "counting patterns", and "finding example sessions" */
    PATTERN_SESSION_BYTES = 64
};

static void add_stage(struct lode_forecast *forecast, const struct lode_store *store,
                      const char *title, uint64_t task_bytes)
{
    uint64_t bytes = 0;
    for (int64_t i = 0; i < store->n_partitions; i++)
        bytes += (uint64_t)lode_store_partition_bytes(&store->partitions[i]);
    forecast->stages[forecast->n_stages++] =
        (struct lode_forecast_stage){title, store->n_partitions, bytes, LEAF_BYTES + task_bytes};
}

lode_status opportunities_forecast(const struct lode_run *run, struct lode_forecast *forecast)
{
    const struct lode_store *store = run->store;
    uint64_t bytes = 0, cohorts = 0, patterns = 0;
    for (int64_t i = 0; i < store->n_partitions; i++) {
        const struct lode_partition *part = &store->partitions[i];
        const uint64_t sessions = (uint64_t)part->n_sessions, events = (uint64_t)part->n_events;
        const uint64_t counting = sessions * PATTERN_SESSION_BYTES + events * PATTERN_EVENT_BYTES;
        bytes += (uint64_t)lode_store_partition_bytes(part);
        if (sessions * COHORT_SESSION_BYTES > cohorts) cohorts = sessions * COHORT_SESSION_BYTES;
        if (counting > patterns) patterns = counting;
    }
    const uint64_t places = cohorts / COHORT_SESSION_BYTES * PLACE_BYTES;
    const uint64_t pairs = cohorts + places * (uint64_t)store->n_attributes;
    bool trend, change, causal;
    lode_try(lode_params_bool(run->params, "trend", &trend));
    lode_try(lode_params_bool(run->params, "change", &change));
    lode_try(lode_params_bool(run->params, "causal", &causal));
    /* results of tasks were up to a third of the store, results.h5 up to three quarters */
    *forecast = (struct lode_forecast){.work_bytes = bytes / 2, .output_bytes = bytes + LEAF_BYTES};
    add_stage(forecast, store, "counting cohorts", cohorts);
    add_stage(forecast, store, "counting pairs of cohorts", pairs);
    add_stage(forecast, store, "counting patterns", patterns);
    if (trend || change) add_stage(forecast, store, "finding the span of time", cohorts);
    if (trend || change) add_stage(forecast, store, "counting over time", cohorts);
    if (causal) add_stage(forecast, store, "adjusting for attributes", patterns);
    add_stage(forecast, store, "finding example sessions", patterns);
    return derivation_forecast(run, forecast);
}
