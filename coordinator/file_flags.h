/* File flags: parameters of jobs that name a file or a model (LODE_PARAM_FILE, LODE_PARAM_MODEL),
 * as flags of the command line: `--detect MODEL` is `--set detect=MODEL`. All jobs' names are known
 * before the job is, so that words and flags may stand in any order.
 */
#ifndef LODE_COORDINATOR_FILE_FLAGS_H
#define LODE_COORDINATOR_FILE_FLAGS_H

#include "common/param/param.h"
#include "coordinator/options.h"

enum { FILE_FLAGS_MAX = 32, FILE_FLAG_NAME = 40, FILE_FLAG_FIRST = 100000 };

struct file_flags {
    struct option options[FILE_FLAGS_MAX + 1]; /* ids from FILE_FLAG_FIRST */
    char names[FILE_FLAGS_MAX][FILE_FLAG_NAME];
};

/* Those of all jobs in the registry, each name once. */
void file_flags_init(struct file_flags *flags);
/* The flag of an id; NULL: it is none. */
const struct option *file_flags_find(const struct file_flags *flags, int id);

/* What the flag of a parameter takes, "FILE" or "MODEL"; NULL: it is no such parameter. And its
 * flag,
 * "--manual-groups" of manual_groups. */
const char *file_flags_value(const struct lode_param *param);
void file_flags_name(const struct lode_param *param, char name[FILE_FLAG_NAME]);
/* Sets the parameter of a flag. LODE_E_USAGE: the job (by its name) has none of that flag. */
LODE_CHECKED lode_status file_flags_set(const struct lode_param *table, const char *job,
                                        const char *flag, const char *value,
                                        struct lode_params *params);

#endif
