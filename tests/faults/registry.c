/* Registry: the product's jobs (jobs/registry.c), and the one whose leaf goes wrong on purpose. */
#include "jobs/job.h"

extern const struct lode_job stage_events_job;
extern const struct lode_job stage_counters_job;
extern const struct lode_job gen_events_job;
extern const struct lode_job gen_counters_job;
extern const struct lode_job opportunities_job;
extern const struct lode_job faults_job;

const struct lode_job *const lode_jobs[] = {
    &stage_events_job,
    &stage_counters_job,
    &gen_events_job,
    &gen_counters_job,
    &opportunities_job,
    &faults_job,
    NULL,
};
