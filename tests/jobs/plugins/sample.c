/* A library as a user might make it, well or with the fault that its build asks for; calls nothing
 * of lode, so that any program can load it. */
#include "lode/job.h"

#ifndef SAMPLE_NAME
#define SAMPLE_NAME "sample"
#endif
#ifndef SAMPLE_LEAF
#define SAMPLE_LEAF "sample.count"
#endif
#ifndef SAMPLE_ABI
#define SAMPLE_ABI LODE_JOB_ABI
#endif
#ifndef SAMPLE_SIZE
#define SAMPLE_SIZE sizeof(struct lode_job)
#endif
#ifndef SAMPLE_HELP
#define SAMPLE_HELP "how many"
#endif
#ifndef SAMPLE_RUN
#define SAMPLE_RUN sample_run
#endif

static lode_status count(struct lode_task *task)
{
    return task->index < 0 ? LODE_E_BUG : LODE_OK;
}

lode_status sample_run(struct lode_run *started); /* not static: some builds do without it */
lode_status sample_run(struct lode_run *started)
{
    return started->store ? LODE_OK : LODE_E_BUG;
}

static const struct lode_leaf leaves[] = {{SAMPLE_LEAF, count}, {0}};

extern const struct lode_param sample_params[]; /* as above */
const struct lode_param sample_params[] = {{"least", "1", "", SAMPLE_HELP}, {0}};
extern const char *const sample_columns[];
const char *const sample_columns[] = {"word", 0};

extern const struct lode_job sample_job; /* as above */
const struct lode_job sample_job = {
    .name = SAMPLE_NAME,
    .store_kind = "events",
    .summary = "counts",
    .leaves = leaves,
#ifndef SAMPLE_BARE
    .params = sample_params,
    .findings_table = "words",
    .show_columns = sample_columns,
#ifndef SAMPLE_NO_IDENTITY
    .identity_columns = sample_columns,
#endif
#endif
    .run = SAMPLE_RUN,
};

#ifdef SAMPLE_CALLS
int lode_of_a_later_version(void);
int sample_calls(void);
int sample_calls(void)
{
    return lode_of_a_later_version();
}
#endif

#ifndef SAMPLE_NO_SYMBOL
const struct lode_plugin lode_plugin = {SAMPLE_ABI, SAMPLE_SIZE, &sample_job};
#endif
