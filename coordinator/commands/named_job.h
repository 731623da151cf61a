/* Named job: what the word JOB of a command line means. */
#ifndef LODE_COORDINATOR_NAMED_JOB_H
#define LODE_COORDINATOR_NAMED_JOB_H

#include "jobs/plugin.h"

/* A job that reads stores, by its name, or the path of the library that it is in, which is loaded
 * into `plugin` (hash: see plugin_open). LODE_E_USAGE with the nearest name. */
LODE_CHECKED lode_status named_job_find(const char *word, const uint64_t *hash,
                                        struct plugin *plugin, const struct lode_job **job);

#endif
