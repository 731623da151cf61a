/* Registry: every job of lode, one line each. Nothing else knows them. */
#include "jobs/job.h"

#include <string.h>

extern const struct lode_job stage_events_job;
extern const struct lode_job gen_events_job;
extern const struct lode_job opportunities_job;

const struct lode_job *const lode_jobs[] = {
    &stage_events_job,
    &gen_events_job,
    &opportunities_job,
    NULL,
};

const struct lode_job *lode_job_find(const char *name)
{
    for (int i = 0; lode_jobs[i]; i++)
        if (strcmp(lode_jobs[i]->name, name) == 0) return lode_jobs[i];
    return NULL;
}

const struct lode_leaf *lode_leaf_find(const char *name)
{
    for (int i = 0; lode_jobs[i]; i++)
        for (const struct lode_leaf *leaf = lode_jobs[i]->leaves; leaf->name; leaf++)
            if (strcmp(leaf->name, name) == 0) return leaf;
    return NULL;
}
