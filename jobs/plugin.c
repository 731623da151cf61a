/* Plugin: see the header. The order of checks is the idea: what the file is and which bytes it has,
 * before any code of it runs (loading runs constructors); then its interface number, before any
 * other field is looked at; then that the job is whole, so that nobody after this must look again.
 */
#include "jobs/plugin.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/hash.h"
#include "common/version.h"

enum { JOB_NAME_MAX = 60, LEAF_NAME_MAX = 120, LIST_MAX = 1000 };

static const struct lode_param no_params[] = {{.name = NULL}};
static const char *const no_columns[] = {NULL};

bool plugin_is_path(const char *word)
{
    return strchr(word, '/') != NULL;
}

static lode_status resolve(const char *path, char resolved[PATH_MAX])
{
    struct stat about;
    if (!realpath(path, resolved) || stat(resolved, &about))
        return lode_fail(LODE_E_USAGE, "%s: %s", path, strerror(errno));
    if (S_ISDIR(about.st_mode))
        return lode_fail(LODE_E_USAGE, "%s: a folder; name the shared library in it", path);
    if (!S_ISREG(about.st_mode))
        return lode_fail(LODE_E_USAGE, "%s: not a plain file; name a shared library", path);
    return LODE_OK;
}

static lode_status check_magic(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "re");
    if (!file) return lode_fail(LODE_E_USAGE, "%s: %s", path, strerror(errno));
    const size_t size = fread(magic, 1, sizeof magic, file);
    fclose(file);
    if (size == sizeof magic && memcmp(magic, "\177ELF", sizeof magic) == 0) return LODE_OK;
    return lode_fail(LODE_E_USAGE,
                     "%s: not a shared library; make one: cc -shared -fPIC $(pkg-config --cflags "
                     "lode) analysis.c -o analysis.so",
                     path);
}

static lode_status check_bytes(const char *path, const uint64_t *wanted, uint64_t *hash)
{
    uint64_t size = 0;
    lode_try(lode_hash_file(path, hash, &size));
    if (!wanted || *hash == *wanted) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "%s: other bytes than the run's (XXH3 %016llx, not %016llx)",
                     path, (unsigned long long)*hash, (unsigned long long)*wanted);
}

static lode_status fail_interface(const char *path, uint32_t abi)
{
    return lode_fail(LODE_E_USAGE,
                     "%s: made for interface %u, this lode (%s) has %d: compile it again with the "
                     "headers of this lode",
                     path, abi, lode_version(), LODE_JOB_ABI);
}

/* Made for another lode, it may lack functions here: then its number says more than the loader
 * does, and mostly it can be read without resolving them. */
static lode_status tell_load_error(const char *path)
{
    char reason[512];
    const char *error = dlerror();
    snprintf(reason, sizeof reason, "%s", error ? error : "no reason given");
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const struct lode_plugin *found = handle ? dlsym(handle, "lode_plugin") : NULL;
    const uint32_t abi = found ? found->abi : LODE_JOB_ABI;
    if (handle) dlclose(handle);
    if (abi != LODE_JOB_ABI) return fail_interface(path, abi);
    if (strstr(reason, "undefined symbol: lode_"))
        return lode_fail(LODE_E_USAGE,
                         "%s; this lode (%s) has no such function: compile it again "
                         "with the headers of this lode",
                         reason, lode_version());
    return lode_fail(LODE_E_USAGE, "%s: cannot be loaded: %s", path, reason);
}

static lode_status check_interface(const char *path, const struct lode_plugin *found)
{
    if (!found)
        return lode_fail(LODE_E_USAGE,
                         "%s: no analysis for lode: it has no symbol 'lode_plugin'; its source "
                         "needs LODE_PLUGIN(job); of lode/job.h",
                         path);
    if (found->abi != LODE_JOB_ABI) return fail_interface(path, found->abi);
    if (found->job_size != sizeof(struct lode_job) || !found->job)
        return lode_fail(
            LODE_E_USAGE,
            "%s: its job has %u bytes, this lode's have %zu: compile it again with the "
            "headers of this lode, without options that change structs",
            path, found->job_size, sizeof(struct lode_job));
    return LODE_OK;
}

static bool is_name(const char *text, size_t most)
{
    const size_t size = text ? strnlen(text, most + 1) : 0;
    if (size == 0 || size > most || !isalnum((unsigned char)text[0])) return false;
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i])) return false;
    return true;
}

static lode_status check_names(const char *path, const struct lode_job *job)
{
    if (!is_name(job->name, JOB_NAME_MAX))
        return lode_fail(LODE_E_USAGE,
                         "%s: its job's name must be 1 to %d letters, digits, '.', '_', '-'", path,
                         JOB_NAME_MAX);
    if (lode_job_find(job->name))
        return lode_fail(LODE_E_USAGE,
                         "%s: lode has a job '%s' already; give yours another name (lode_job.name)",
                         path, job->name);
    if (!job->leaves || !job->leaves[0].name)
        return lode_fail(LODE_E_USAGE, "%s: job '%s' has no leaves", path, job->name);
    for (int i = 0; job->leaves[i].name; i++) {
        const char *name = job->leaves[i].name;
        if (i == LIST_MAX || !is_name(name, LEAF_NAME_MAX) || !job->leaves[i].run)
            return lode_fail(LODE_E_USAGE,
                             "%s: leaf %d of job '%s' needs a function and a name of 1 to %d "
                             "letters, digits, '.', '_', '-'; {0} ends the list",
                             path, i + 1, job->name, LEAF_NAME_MAX);
        if (lode_leaf_find(name))
            return lode_fail(LODE_E_USAGE, "%s: lode has a leaf '%s' already; name yours '%s...'",
                             path, name, job->name);
    }
    return LODE_OK;
}

static lode_status check_params(const char *path, const struct lode_job *job)
{
    for (int i = 0; job->params && job->params[i].name; i++) {
        const struct lode_param *param = &job->params[i];
        if (i == LIST_MAX || !param->initial || !param->unit || !param->help)
            return lode_fail(LODE_E_USAGE,
                             "%s: parameter %d of job '%s' needs a default, a unit and help (\"\" "
                             "where there is none); {0} ends the list",
                             path, i + 1, job->name);
    }
    return LODE_OK;
}

static lode_status check_job(const char *path, const struct lode_job *job)
{
    lode_try(check_names(path, job));
    lode_try(check_params(path, job));
    if (!job->store_kind || !job->summary || !job->run)
        return lode_fail(LODE_E_USAGE, "%s: job '%s' lacks its %s", path, job->name,
                         !job->store_kind ? "store_kind (\"events\")"
                         : !job->summary  ? "summary"
                                          : "run function");
    if (job->findings_table &&
        (!job->show_columns || !job->show_columns[0] || !job->identity_columns))
        return lode_fail(LODE_E_USAGE,
                         "%s: job '%s' has findings_table '%s' and lacks show_columns or "
                         "identity_columns",
                         path, job->name, job->findings_table);
    return LODE_OK;
}

lode_status plugin_open(const char *path, const uint64_t *hash, struct plugin *plugin)
{
    struct plugin opened = {.handle = NULL};
    lode_try(resolve(path, opened.path));
    lode_try(check_magic(opened.path));
    lode_try(check_bytes(opened.path, hash, &opened.hash));
    opened.handle = dlopen(opened.path, RTLD_NOW | RTLD_LOCAL);
    if (!opened.handle) return tell_load_error(opened.path);
    const struct lode_plugin *found = dlsym(opened.handle, "lode_plugin");
    lode_status status = check_interface(opened.path, found);
    if (!status) status = check_job(opened.path, found->job);
    if (status) {
        plugin_close(&opened);
        return status;
    }
    opened.job = *found->job;
    if (!opened.job.params) opened.job.params = no_params;
    if (!opened.job.figure_columns) opened.job.figure_columns = no_columns;
    *plugin = opened;
    return LODE_OK;
}

void plugin_close(struct plugin *plugin)
{
    if (plugin->handle) dlclose(plugin->handle);
    *plugin = (struct plugin){.handle = NULL};
}

const struct lode_leaf *plugin_find_leaf(const struct plugin *plugin, const char *name)
{
    const struct lode_leaf *leaf = plugin ? plugin->job.leaves : NULL;
    while (leaf && leaf->name && strcmp(leaf->name, name) != 0) leaf++;
    return leaf && leaf->name ? leaf : lode_leaf_find(name);
}
