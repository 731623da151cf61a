/* Job flags: parameters of jobs that name a file or a model, or switch something on
 * (LODE_PARAM_FILE, LODE_PARAM_MODEL, LODE_PARAM_SWITCH), as flags of the command line: `--detect
 * MODEL` is `--set detect=MODEL`, `--anonymous` is `--set anonymous=on`. All jobs' names are known
 * before the job is, so that words and flags may stand in any order.
 */
#ifndef LODE_COORDINATOR_JOB_FLAGS_H
#define LODE_COORDINATOR_JOB_FLAGS_H

#include "common/param/param.h"
#include "coordinator/options.h"

enum { JOB_FLAGS_MAX = 32, JOB_FLAG_NAME = 40, JOB_FLAG_FIRST = 100000 };

struct job_flags {
    struct option options[JOB_FLAGS_MAX + 1]; /* ids from JOB_FLAG_FIRST */
    char names[JOB_FLAGS_MAX][JOB_FLAG_NAME];
};

/* Those of all jobs in the registry, each name once. */
void job_flags_init(struct job_flags *flags);
/* The flag of an id; NULL: it is none. */
const struct option *job_flags_find(const struct job_flags *flags, int id);

/* Is the parameter a flag too? What it takes then, "FILE" or "MODEL"; NULL: nothing. And its name,
 * "--manual-groups" of manual_groups. */
bool job_flags_has(const struct lode_param *param);
const char *job_flags_value(const struct lode_param *param);
void job_flags_name(const struct lode_param *param, char name[JOB_FLAG_NAME]);
/* Sets the parameter of a flag; value NULL: of a switch. LODE_E_USAGE: the job (by its name) has
 * none of that flag. */
LODE_CHECKED lode_status job_flags_set(const struct lode_param *table, const char *job,
                                       const char *flag, const char *value,
                                       struct lode_params *params);

#endif
