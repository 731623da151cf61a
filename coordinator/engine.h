/* Engine: one execution of a job, from parameters to verdict. What `run`, `stage` and `gen` share.
 */
#ifndef LODE_COORDINATOR_ENGINE_H
#define LODE_COORDINATOR_ENGINE_H

#include "coordinator/command.h"
#include "jobs/job.h"

#include <cjson/cJSON.h>

struct execution {
    const struct lode_job *job;
    const struct plugin *plugin;      /* that the job is in; NULL: it is one of lode's own */
    const struct lode_params *params; /* or NULL */
    struct lode_store *store;         /* or NULL */
    const char *directory;            /* absolute, made by engine_make_directory */
    const char *output;               /* where the job writes; for `run` the same as directory */
    const char *name;                 /* what is made, as metrics call it: an absolute path */
    const void *options;              /* of the command; passed on to the job */
    const char *grows;                /* the store that is appended to, absolute; or NULL */
    const char *const *inputs; /* [n_inputs] files beside the store that workers read; or NULL */
    int n_inputs;
    struct lode_arena *arena; /* run->arena: what the job leaves in it lives as long as that */
    struct journal *journal;  /* taken; NULL: a run that is killed starts over */
    /* Adds to the record what a command knows of the run; NULL: nothing. */
    void (*describe)(const char *directory, cJSON *record);
    bool has_results; /* results.h5 is made */
    bool has_record;  /* run.json is made */
};

/* Makes the folder with log/ and stages/ in it. LODE_E_USAGE when something of that name is there.
 */
LODE_CHECKED lode_status engine_make_directory(const char *directory);

/* Opens the cluster, runs the job, commits its results, closes the cluster, writes run.json (also
 * for a job that failed). Sets invocation->exit_status to 128 + n when signal n stopped it. stages/
 * is removed, but for a run with a journal that did not end well: it may go on. When another
 * coordinator has taken the run over (journal_is_lost), nothing of it is touched. */
LODE_CHECKED lode_status engine_execute(struct invocation *invocation,
                                        const struct cluster_settings *settings,
                                        const struct execution *execution);

#endif
