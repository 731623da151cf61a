/* Plugin: a job in a shared library of the user's (LODE_PLUGIN in lode/job.h): found by its path,
 * known by the checksum of its bytes, checked before anything of it runs.
 */
#ifndef LODE_JOBS_PLUGIN_H
#define LODE_JOBS_PLUGIN_H

#include "jobs/job.h"

#include <limits.h>

/* A loaded library, in the caller's storage: zero-initialise, release with plugin_close. */
struct plugin {
    char path[PATH_MAX]; /* absolute, links resolved; "": there is none */
    uint64_t hash;       /* XXH3 of the file */
    struct lode_job job; /* as the library has it, with what it may leave out filled in */
    void *handle;
};

/* Is it the path of a library, and not the name of a job? What has a '/' in it is. */
bool plugin_is_path(const char *word);

/* Loads the library at `path`. hash: what its bytes must be, or NULL for whatever they are.
 * LODE_E_USAGE says what is wrong and what to do: not there, no plain file, other bytes, no shared
 * library, made for another lode, incomplete, or with a name that lode's own jobs have. *plugin is
 * then as it was. */
LODE_CHECKED lode_status plugin_open(const char *path, const uint64_t *hash, struct plugin *plugin);
/* The names and functions of its job are gone then. Of a zeroed one too. */
void plugin_close(struct plugin *plugin);

/* A leaf of its job, else of lode's own jobs; NULL: there is none of that name. plugin: also NULL
 * or zeroed. */
const struct lode_leaf *plugin_find_leaf(const struct plugin *plugin, const char *name);

#endif
