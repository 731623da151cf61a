/* Views: what jobs have drawn in a report, one line each. */
#include "jobs/job.h"

#include <string.h>

extern const struct lode_job_views hierarchy_views;

static const struct lode_job_views *const all_views[] = {&hierarchy_views, NULL};

const struct lode_job_views *lode_views_find(const char *job)
{
    for (int i = 0; all_views[i]; i++)
        if (strcmp(all_views[i]->job, job) == 0) return all_views[i];
    return NULL;
}
