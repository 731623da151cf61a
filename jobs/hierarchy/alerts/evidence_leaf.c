/* Leaf "hierarchy.evidence": means of series before and after a time. */
#include "jobs/hierarchy/alerts/evidence.h"

#include <math.h>

double evidence_mean(const int64_t *times, const double *values, int64_t n, int64_t from_ms,
                     int64_t until_ms)
{
    double sum = 0.0;
    int64_t count = 0, low = 0, high = n;
    while (low < high) { /* the first time that is not before from_ms */
        const int64_t middle = low + (high - low) / 2;
        if (times[middle] < from_ms)
            low = middle + 1;
        else
            high = middle;
    }
    for (int64_t i = low; i < n && times[i] < until_ms; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        count++;
    }
    return count > 0 ? sum / (double)count : (double)NAN;
}

/* One series; what it takes of the arena is given back. */
static lode_status measure(struct lode_task *task, struct lode_unpack *in,
                           struct lode_counters *counters)
{
    const struct lode_arena_mark mark = lode_arena_mark(task->arena);
    int64_t component = 0, counter = 0, from_ms = 0, change_ms = 0, until_ms = 0;
    int64_t *times = NULL;
    double *values = NULL;
    lode_try(lode_unpack_i64(in, &component));
    lode_try(lode_unpack_i64(in, &counter));
    lode_try(lode_unpack_i64(in, &from_ms));
    lode_try(lode_unpack_i64(in, &change_ms));
    lode_try(lode_unpack_i64(in, &until_ms));
    const int64_t block = lode_counters_find(counters, component);
    const struct lode_counters_block *about = lode_counters_block(counters, block);
    if (block < 0 || !about)
        return lode_fail(LODE_E_MESSAGE, "component %lld is not in the partition",
                         (long long)component);
    lode_try(lode_counters_times(counters, block, task->arena, &times));
    lode_try(lode_counters_values(counters, block, counter, task->arena, &values));
    lode_try(lode_task_advance(task, about->n_times));
    lode_try(lode_pack_f64(task->output,
                           evidence_mean(times, values, about->n_times, from_ms, change_ms)));
    lode_try(lode_pack_f64(task->output,
                           evidence_mean(times, values, about->n_times, change_ms, until_ms)));
    lode_arena_rewind(task->arena, mark);
    return LODE_OK;
}

lode_status evidence_leaf(struct lode_task *task)
{
    struct lode_unpack params = lode_unpack_begin(task->params, task->params_size);
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    struct lode_counters *counters = NULL;
    int64_t partition = 0, n = 0;
    lode_try(lode_unpack_i64(&in, &partition));
    lode_try(lode_unpack_count(&in, "series", task->input_size, &n));
    lode_try(lode_task_open_counters(task, &params, partition, &counters));
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < n && !status; i++) status = measure(task, &in, counters);
    lode_counters_close(counters);
    return status ? status : lode_unpack_end(&in);
}
