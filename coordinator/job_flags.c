/* Job flags: see the header. */
#include "coordinator/job_flags.h"

#include "jobs/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *job_flags_value(const struct lode_param *param)
{
    if (strcmp(param->unit, LODE_PARAM_MODEL) == 0) return "MODEL";
    return strcmp(param->unit, LODE_PARAM_FILE) == 0 ? "FILE" : NULL;
}

bool job_flags_has(const struct lode_param *param)
{
    return job_flags_value(param) || strcmp(param->unit, LODE_PARAM_SWITCH) == 0;
}

void job_flags_name(const struct lode_param *param, char name[JOB_FLAG_NAME])
{
    snprintf(name, JOB_FLAG_NAME, "--%s", param->name);
    for (char *c = name; *c; c++)
        if (*c == '_') *c = '-';
}

static void add(struct job_flags *flags, int *count, const struct lode_param *param)
{
    if (*count == JOB_FLAGS_MAX) return;
    char *name = flags->names[*count];
    job_flags_name(param, name);
    for (int i = 0; i < *count; i++)
        if (strcmp(flags->names[i], name) == 0) return;
    flags->options[*count] =
        (struct option){JOB_FLAG_FIRST + *count, name, job_flags_value(param), param->help};
    ++*count;
}

void job_flags_init(struct job_flags *flags)
{
    int count = 0;
    *flags = (struct job_flags){0};
    for (int i = 0; lode_jobs[i]; i++)
        for (const struct lode_param *param = lode_jobs[i]->params; param && param->name; param++)
            if (job_flags_has(param)) add(flags, &count, param);
}

const struct option *job_flags_find(const struct job_flags *flags, int id)
{
    for (const struct option *option = flags->options; option->id; option++)
        if (option->id == id) return option;
    return NULL;
}

lode_status job_flags_set(const struct lode_param *table, const char *job, const char *flag,
                          const char *value, struct lode_params *params)
{
    char name[JOB_FLAG_NAME];
    char *assignment = NULL;
    if (value && value[0] == '\0') return lode_fail(LODE_E_USAGE, "%s: an empty path", flag);
    for (; table && table->name; table++) {
        if (!job_flags_has(table)) continue;
        job_flags_name(table, name);
        if (strcmp(name, flag) != 0) continue;
        if (asprintf(&assignment, "%s=%s", table->name, value ? value : "on") < 0)
            return lode_fail(LODE_E_MEMORY, "no memory for an option");
        const lode_status status = lode_params_set(params, assignment);
        free(assignment);
        return status;
    }
    return lode_fail(LODE_E_USAGE, "job %s takes no %s", job, flag);
}
