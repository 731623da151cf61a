/* Stage: the stage that counts, in the place of the one that reads files. */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_STAGE_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_STAGE_H

#include "jobs/stage/counters/counting.h"

/* Tasks: a part each, and again each where something was counted before. */
int64_t rates_tasks(const struct counting *c);
/* All but its params, which are rates_plan_pack's; costs [rates_tasks] are filled, and borrowed. */
struct lode_stage rates_stage(const struct counting *c, int64_t *costs);
/* Takes what a task tells. */
lode_status rates_merge(void *counting, int64_t task, const uint8_t *result, size_t size);

/* Bytes that are read, and that a task of the largest part takes at most, beside its buffers. */
LODE_CHECKED lode_status rates_forecast(const struct counting *c, uint64_t *read_bytes,
                                        uint64_t *task_bytes);

#endif
