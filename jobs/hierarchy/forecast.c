/* Forecast: rules of thumb. A training task holds the scores of its largest component, whose share
 * of a partition's values is not known beforehand: that of its times is taken for it.
 */
#include "jobs/hierarchy/forecast.h"

#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/training/partitions.h"

enum {
    TASK_BYTES = 1 << 20, /* whatever the partition */
    SCRATCH_SERIES = 8,   /* of a detector at work */
    MODEL_BYTES = 1 << 20
};

/* Bytes of the scores of one component of a partition, and of the scratch of a detector. */
static uint64_t component_bytes(const struct lode_store *store,
                                const struct lode_component *component)
{
    const struct lode_row_counts rows = lode_store_partition_rows(store, component->partition);
    const double share =
        rows.n_sessions > 0 ? (double)component->n_times / (double)rows.n_sessions : 0.0;
    return (uint64_t)(share * (double)rows.n_events * sizeof(double)) +
           SCRATCH_SERIES * sizeof(double) * (uint64_t)component->n_times;
}

static uint64_t largest_component(const struct lode_store *store,
                                  const struct hierarchy_options *options)
{
    uint64_t largest = 0;
    for (int64_t i = 0; i < lode_store_components(store); i++) {
        const struct lode_component *one = lode_store_component(store, i);
        if (!partitions_can_use(one, options)) continue;
        const uint64_t bytes = component_bytes(store, one);
        if (bytes > largest) largest = bytes;
    }
    return largest;
}

static void add_stage(struct lode_forecast *forecast, const struct lode_store *store,
                      const char *title, uint64_t task_bytes)
{
    uint64_t bytes = 0;
    for (int64_t i = 0; i < store->n_partitions; i++)
        bytes += (uint64_t)lode_store_partition_bytes(&store->partitions[i]);
    forecast->stages[forecast->n_stages++] =
        (struct lode_forecast_stage){title, store->n_partitions, bytes, TASK_BYTES + task_bytes};
}

static bool is_given(const struct lode_params *params, const char *name)
{
    const char *text = lode_params_text(params, name);
    return text && text[0] != '\0';
}

lode_status hierarchy_forecast(const struct lode_run *run, struct lode_forecast *forecast)
{
    const char *model = lode_params_text(run->params, "detect");
    struct hierarchy_options options;
    lode_try(hierarchy_options_read(run->params, run->arena, &options));
    const uint64_t largest = largest_component(run->store, &options);
    *forecast = (struct lode_forecast){.output_bytes = MODEL_BYTES};
    if (model && model[0]) {
        add_stage(forecast, run->store, "scoring new slots", largest);
        add_stage(forecast, run->store, "values around changes", largest);
        return LODE_OK;
    }
    add_stage(forecast, run->store, "learning detectors", (uint64_t)options.n_kinds * largest);
    if (options.max_levels > 1 || options.combiner == HIERARCHY_ONE_CLASS) {
        add_stage(forecast, run->store, "scoring groups", largest);
        forecast->work_bytes = largest; /* groups are a part of the counters */
    }
    if (is_given(run->params, "labels") || is_given(run->params, "harmless"))
        add_stage(forecast, run->store, "weighing counters", largest);
    return LODE_OK;
}
