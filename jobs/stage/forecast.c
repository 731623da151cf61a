/* Forecast: rules of thumb, from staging four data sets (5 to 147 MB of CSV, made and real): run
 * files took at most 0.8 of the unpacked input, stores 0.06 to 0.2. Tasks work in the memory that
 * they are given; what they need at least does not grow with the input. Unpacked sizes of packed
 * input are a guess already (8-fold; 4 to 11 was seen).
 */
#include "jobs/stage/forecast.h"

enum {
    TASK_BYTES = 26 << 20, /* of the least worker: it is enough for any input */
    RUN_PERCENT = 80,
    STORE_PERCENT = 20
};

static void add(struct lode_forecast *forecast, const char *title, int64_t n_tasks,
                uint64_t read_bytes, uint64_t task_bytes)
{
    forecast->stages[forecast->n_stages++] =
        (struct lode_forecast_stage){title, n_tasks, read_bytes, task_bytes};
}

void stage_forecast(const struct stage_plan *plan, struct lode_forecast *forecast)
{
    uint64_t input = 0;
    for (int64_t f = 0; f < plan->n_files; f++) input += stage_text_bytes(&plan->files[f]);
    const uint64_t runs = input / 100 * RUN_PERCENT;
    *forecast =
        (struct lode_forecast){.work_bytes = runs, .output_bytes = input / 100 * STORE_PERCENT};
    add(forecast, "reading files", plan->n_ranges, input, TASK_BYTES);
    if (plan->join) add(forecast, "finding users", plan->n_partitions, runs, TASK_BYTES);
    add(forecast, "writing partitions", plan->n_partitions, runs, TASK_BYTES);
}
