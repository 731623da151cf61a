/* Find: a job or a leaf of the registry by its name. Apart from registry.c, so that another program
 * (tests/faults) can bring a registry of its own. */
#include "jobs/job.h"

#include <string.h>

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
