/* Registry: every job of lode, one line each. Nothing else knows them. */
#include "jobs/job.h"

extern const struct lode_job stage_events_job;
extern const struct lode_job stage_counters_job;
extern const struct lode_job gen_events_job;
extern const struct lode_job gen_counters_job;
extern const struct lode_job opportunities_job;
extern const struct lode_job hierarchy_job;

const struct lode_job *const lode_jobs[] = {
    &stage_events_job,
    &stage_counters_job,
    &gen_events_job,
    &gen_counters_job,
    &opportunities_job,
    &hierarchy_job,
    NULL,
};
