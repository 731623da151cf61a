/* File flags: see the header. */
#include "coordinator/file_flags.h"

#include "jobs/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *file_flags_value(const struct lode_param *param)
{
    if (strcmp(param->unit, LODE_PARAM_MODEL) == 0) return "MODEL";
    return strcmp(param->unit, LODE_PARAM_FILE) == 0 ? "FILE" : NULL;
}

void file_flags_name(const struct lode_param *param, char name[FILE_FLAG_NAME])
{
    snprintf(name, FILE_FLAG_NAME, "--%s", param->name);
    for (char *c = name; *c; c++)
        if (*c == '_') *c = '-';
}

static void add(struct file_flags *flags, int *count, const struct lode_param *param)
{
    if (*count == FILE_FLAGS_MAX) return;
    char *name = flags->names[*count];
    file_flags_name(param, name);
    for (int i = 0; i < *count; i++)
        if (strcmp(flags->names[i], name) == 0) return;
    flags->options[*count] =
        (struct option){FILE_FLAG_FIRST + *count, name, file_flags_value(param), param->help};
    ++*count;
}

void file_flags_init(struct file_flags *flags)
{
    int count = 0;
    *flags = (struct file_flags){0};
    for (int i = 0; lode_jobs[i]; i++)
        for (const struct lode_param *param = lode_jobs[i]->params; param && param->name; param++)
            if (file_flags_value(param)) add(flags, &count, param);
}

const struct option *file_flags_find(const struct file_flags *flags, int id)
{
    for (const struct option *option = flags->options; option->id; option++)
        if (option->id == id) return option;
    return NULL;
}

lode_status file_flags_set(const struct lode_param *table, const char *job, const char *flag,
                           const char *value, struct lode_params *params)
{
    char name[FILE_FLAG_NAME];
    char *assignment = NULL;
    if (value[0] == '\0') return lode_fail(LODE_E_USAGE, "%s: an empty path", flag);
    for (; table && table->name; table++) {
        if (!file_flags_value(table)) continue;
        file_flags_name(table, name);
        if (strcmp(name, flag) != 0) continue;
        if (asprintf(&assignment, "%s=%s", table->name, value) < 0)
            return lode_fail(LODE_E_MEMORY, "no memory for an option");
        const lode_status status = lode_params_set(params, assignment);
        free(assignment);
        return status;
    }
    return lode_fail(LODE_E_USAGE, "job %s takes no %s", job, flag);
}
