/* Named job: see the header. */
#include "coordinator/commands/named_job.h"

#include "common/text.h"

#include <string.h>
#include <unistd.h>

/* A job of lode's own, by its name. */
static lode_status find_own_job(const char *name, const struct lode_job **job)
{
    const char *names[32];
    int count = 0;
    for (int i = 0; lode_jobs[i] && count < 31; i++) {
        if (!lode_jobs[i]->store_kind) continue;
        if (strcmp(lode_jobs[i]->name, name) == 0) *job = lode_jobs[i];
        names[count++] = lode_jobs[i]->name;
    }
    names[count] = NULL;
    if (*job) return LODE_OK;
    const char *nearest = lode_text_nearest(name, names);
    if (nearest)
        return lode_fail(LODE_E_USAGE, "unknown job '%s', did you mean '%s'?", name, nearest);
    if (access(name, F_OK) == 0)
        return lode_fail(LODE_E_USAGE, "unknown job '%s'; for the library of that name: ./%s", name,
                         name);
    return lode_fail(LODE_E_USAGE, "unknown job '%s'; `lode run --help` lists them", name);
}

lode_status named_job_find(const char *word, const uint64_t *hash, struct plugin *plugin,
                           const struct lode_job **job)
{
    if (!plugin_is_path(word)) return find_own_job(word, job);
    lode_try(plugin_open(word, hash, plugin));
    *job = &plugin->job;
    return LODE_OK;
}
