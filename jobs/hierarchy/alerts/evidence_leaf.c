/* Leaf "hierarchy.evidence": series before and after a time: their means, and samples near it. */
#include "jobs/hierarchy/alerts/evidence.h"

#include <math.h>

int64_t evidence_find(const int64_t *times, int64_t n, int64_t time_ms)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (times[middle] < time_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double evidence_mean(const int64_t *times, const double *values, int64_t n, int64_t from_ms,
                     int64_t until_ms)
{
    double sum = 0.0;
    int64_t count = 0;
    for (int64_t i = evidence_find(times, n, from_ms); i < n && times[i] < until_ms; i++) {
        if (isnan(values[i])) continue;
        sum += values[i];
        count++;
    }
    return count > 0 ? sum / (double)count : (double)NAN;
}

/* The series at hand: asked for in order of component and counter, each is read once. */
struct reading {
    struct lode_task *task;
    struct lode_counters *counters;
    int64_t component, counter; /* -1: none */
    int64_t n;
    int64_t *times;
    double *values;
    struct lode_arena_mark without_times, without_values;
};

static lode_status turn_to_component(struct reading *r, int64_t component)
{
    if (component == r->component) return LODE_OK;
    const int64_t block = lode_counters_find(r->counters, component);
    const struct lode_counters_block *about = lode_counters_block(r->counters, block);
    if (block < 0 || !about)
        return lode_fail(LODE_E_MESSAGE, "component %lld is not in the partition",
                         (long long)component);
    lode_arena_rewind(r->task->arena, r->without_times);
    lode_try(lode_counters_times(r->counters, block, r->task->arena, &r->times));
    r->without_values = lode_arena_mark(r->task->arena);
    r->component = component;
    r->counter = -1;
    r->n = about->n_times;
    return LODE_OK;
}

static lode_status turn_to_counter(struct reading *r, int64_t counter)
{
    if (counter == r->counter) return LODE_OK;
    lode_arena_rewind(r->task->arena, r->without_values);
    lode_try(lode_counters_values(r->counters, lode_counters_find(r->counters, r->component),
                                  counter, r->task->arena, &r->values));
    r->counter = counter;
    return lode_task_advance(r->task, r->n);
}

/* The samples next to the change, on both sides. */
static lode_status pack_values(const struct reading *r, int64_t change_ms, struct lode_bytes *out)
{
    const int64_t at = evidence_find(r->times, r->n, change_ms);
    const int64_t first = at < EVIDENCE_VALUES ? 0 : at - EVIDENCE_VALUES;
    const int64_t end = r->n - at < EVIDENCE_VALUES ? r->n : at + EVIDENCE_VALUES;
    lode_try(lode_pack_u64(out, (uint64_t)(end - first)));
    for (int64_t i = first; i < end; i++) {
        lode_try(lode_pack_i64(out, r->times[i]));
        lode_try(lode_pack_f64(out, r->values[i]));
    }
    return LODE_OK;
}

static lode_status measure(struct reading *r, struct lode_unpack *in)
{
    int64_t component = 0, counter = 0, from_ms = 0, change_ms = 0, until_ms = 0;
    lode_try(lode_unpack_i64(in, &component));
    lode_try(lode_unpack_i64(in, &counter));
    lode_try(lode_unpack_i64(in, &from_ms));
    lode_try(lode_unpack_i64(in, &change_ms));
    lode_try(lode_unpack_i64(in, &until_ms));
    lode_try(turn_to_component(r, component));
    lode_try(turn_to_counter(r, counter));
    lode_try(lode_pack_f64(r->task->output,
                           evidence_mean(r->times, r->values, r->n, from_ms, change_ms)));
    lode_try(lode_pack_f64(r->task->output,
                           evidence_mean(r->times, r->values, r->n, change_ms, until_ms)));
    return pack_values(r, change_ms, r->task->output);
}

lode_status evidence_leaf(struct lode_task *task)
{
    struct lode_unpack params = lode_unpack_begin(task->params, task->params_size);
    struct lode_unpack in = lode_unpack_begin(task->input, task->input_size);
    struct reading reading = {.task = task, .component = -1, .counter = -1};
    int64_t partition = 0, n = 0;
    lode_try(lode_unpack_i64(&in, &partition));
    lode_try(lode_unpack_count(&in, "series", task->input_size, &n));
    lode_try(lode_task_open_counters(task, &params, partition, &reading.counters));
    reading.without_times = lode_arena_mark(task->arena);
    lode_status status = LODE_OK;
    for (int64_t i = 0; i < n && !status; i++) status = measure(&reading, &in);
    lode_counters_close(reading.counters);
    return status ? status : lode_unpack_end(&in);
}
