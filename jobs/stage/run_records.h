/* Run records: how the leaves of staging write their runs, and one bucket of all runs as records
 * with codes of the store, in order of their keys, for those that read them (join.c, write.c).
 */
#ifndef LODE_JOBS_STAGE_RUN_RECORDS_H
#define LODE_JOBS_STAGE_RUN_RECORDS_H

#include "jobs/stage/plan.h"
#include "jobs/stage/shuffle/dictionary.h"
#include "jobs/stage/shuffle/records.h"

struct merge;

struct run_records {
    struct lode_task *task;
    const struct stage_plan *plan;
    struct merge *merge;
    struct code_map *maps;       /* [n_runs] */
    struct record_reader values; /* of `of` */
    struct shuffle_record of;    /* the key; and its value */
    struct record record;
    int64_t n_seen;
};

/* Of a run of records; the last bucket is for words. Up to half of the memory that the task has
 * left, but no more than stays in the processor's cache while it is sorted: less to merge would not
 * make up for that. */
struct run_options run_records_options(const struct lode_task *task, const struct stage_plan *plan);
/* `memory_bytes` of the task's arena to merge with; the maps of codes come on top. */
LODE_CHECKED lode_status run_records_open(struct lode_task *task, const struct stage_plan *plan,
                                          int64_t bucket, size_t memory_bytes,
                                          struct run_records *records);
/* Takes the next key and its value (records->of). */
LODE_CHECKED lode_status run_records_next(struct run_records *records, bool *more);
/* Takes the next record of the value (records->record). *more is false behind the last. */
LODE_CHECKED lode_status run_records_read(struct run_records *records, bool *more);
/* Takes events that follow in the same block and have nothing but times [most] and names [most],
 * which are codes of the store. *n 0: what comes, if anything, is for run_records_read. */
LODE_CHECKED lode_status run_records_events(struct run_records *records, int64_t most,
                                            int64_t *times, uint32_t *names, int64_t *n);
void run_records_close(struct run_records *records);

#endif
