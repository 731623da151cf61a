/* Run records: see the header. */
#include "jobs/stage/run_records.h"

#include "jobs/shuffle/merge.h"

enum { PROGRESS_ROWS = 1 << 16, FLUSH_MOST = 4 << 20 };

struct run_options run_records_options(const struct lode_task *task, const struct stage_plan *plan)
{
    const size_t half = shuffle_memory(task->arena, 2);
    return (struct run_options){.n_buckets = stage_words_bucket(plan) + 1,
                                .memory_bytes = half < FLUSH_MOST ? half : FLUSH_MOST,
                                .combine = record_combine,
                                .n_plain = 1};
}

lode_status run_records_open(struct lode_task *task, const struct stage_plan *plan, int64_t bucket,
                             size_t memory_bytes, struct run_records *records)
{
    const struct shuffle_site site = shuffle_site_of(task);
    struct run_file *files = NULL;
    *records = (struct run_records){.task = task, .plan = plan};
    lode_try(lode_take(task->arena, plan->n_kpis + plan->n_attributes, &records->record.cells));
    lode_try(lode_take(task->arena, plan->n_runs, &files));
    lode_try(lode_take(task->arena, plan->n_runs, &records->maps));
    for (int64_t r = 0; r < plan->n_runs; r++) {
        const struct stage_run *run = &plan->runs[r];
        files[r] = (struct run_file){run->name, run->size_bytes};
        lode_try(code_map_read(plan, task->work_directory, run, task->arena, &records->maps[r]));
    }
    return runs_open_bucket(&site, files, plan->n_runs, stage_words_bucket(plan) + 1, bucket,
                            memory_bytes, &records->merge);
}

lode_status run_records_next(struct run_records *records, bool *more)
{
    const struct stage_plan *plan = records->plan;
    lode_try(merge_next(records->merge, &records->of, more));
    if (*more)
        records->values = record_reader_begin(records->of.value, records->of.value_size,
                                              plan->n_kpis, plan->n_kpis + plan->n_attributes);
    return LODE_OK;
}

lode_status run_records_read(struct run_records *records, bool *more)
{
    struct record *record = &records->record;
    *more = record_is_left(&records->values);
    if (!*more) return LODE_OK;
    if (!record_read(&records->values, record) || record->file >= records->plan->n_ranges)
        return lode_fail(LODE_E_INPUT, "%s: bytes that are no record",
                         records->plan->runs[records->of.source].name);
    if (++records->n_seen % PROGRESS_ROWS == 0)
        lode_try(lode_task_advance(records->task, PROGRESS_ROWS));
    return code_map_apply(&records->maps[records->of.source], records->plan, record);
}

lode_status run_records_events(struct run_records *records, int64_t most, int64_t *times,
                               uint32_t *names, int64_t *n)
{
    const int64_t before = records->n_seen;
    *n = record_read_events(&records->values, &records->record, most, times, names);
    records->n_seen += *n;
    if (before / PROGRESS_ROWS != records->n_seen / PROGRESS_ROWS)
        lode_try(lode_task_advance(records->task, PROGRESS_ROWS));
    return code_map_names(&records->maps[records->of.source], names, *n);
}

void run_records_close(struct run_records *records)
{
    merge_close(records->merge);
    records->merge = NULL;
}
