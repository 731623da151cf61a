/* Resume: see the header. */
#include "coordinator/resume.h"

#include "common/file.h"
#include "common/version.h"
#include "coordinator/journal/inputs.h"
#include "coordinator/journal/owner.h"
#include "coordinator/look/fields.h"
#include "coordinator/look/record.h"
#include "coordinator/store_params.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The header of what is asked for now; inputs as they are now. */
static lode_status describe(const struct run_identity *identity, struct lode_arena *arena,
                            struct header *header)
{
    const char *name = NULL, *value = NULL;
    struct header made = {.version = lode_version(),
                          .job = identity->job->name,
                          .store = identity->store->path,
                          .library = identity->plugin ? identity->plugin->path : "",
                          .library_hash = identity->plugin ? identity->plugin->hash : 0,
                          .allow_partial = identity->allow_partial};
    while (lode_params_at(identity->params, (int)made.n_params, &name, &value)) made.n_params++;
    lode_try(lode_take(arena, made.n_params, &made.params));
    for (int i = 0; lode_params_at(identity->params, i, &name, &value); i++)
        made.params[i] = (struct header_param){.name = name, .value = value};
    char **further = NULL;
    int64_t n_further = 0;
    lode_try(
        store_params_indices(identity->job->params, identity->params, arena, &further, &n_further));
    lode_try(
        inputs_describe(identity->store, further, n_further, arena, &made.inputs, &made.n_inputs));
    *header = made;
    return LODE_OK;
}

lode_status resume_begin(const char *directory, const struct run_identity *identity,
                         struct lode_arena *arena, struct journal **journal)
{
    struct header header;
    struct journal *made = NULL;
    lode_try(describe(identity, arena, &header));
    lode_try(journal_create(directory, &made));
    lode_status status = journal_take(made, &header);
    if (!status) status = lode_directory_sync(directory);
    if (status)
        journal_close(made);
    else
        *journal = made;
    return status;
}

static lode_status remove_leftovers(const char *directory)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/stages", directory);
    lode_try(lode_directory_remove(path));
    return journal_remove(directory);
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

/* What a run has made before it has begun: folders, and in them no more than an empty journal. */
static bool is_leftover(const char *folder, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return true;
    if (strcmp(folder, "journal") == 0)
        return strcmp(name, "lock") == 0 || begins_with(name, "lock.tmp-") ||
               (dot && strcmp(dot, ".journal") == 0);
    if (folder[0] != '\0') return false;
    return strcmp(name, "log") == 0 || strcmp(name, "stages") == 0 ||
           strcmp(name, "journal") == 0 || begins_with(name, "run.json.tmp-");
}

/* Of `directory`, or of one of its folders. */
static lode_status check_leftovers(const char *directory, const char *folder)
{
    char path[PATH_MAX];
    const struct dirent *entry = NULL;
    snprintf(path, sizeof path, "%s%s%s", directory, folder[0] ? "/" : "", folder);
    DIR *entries = opendir(path);
    if (!entries && errno == ENOENT) return LODE_OK;
    if (!entries) return lode_fail(LODE_E_USAGE, "%s: %s", path, strerror(errno));
    while ((entry = readdir(entries)) && is_leftover(folder, entry->d_name)) continue;
    const lode_status status =
        entry ? lode_fail(LODE_E_USAGE, "%s: exists already and is no run ('%s%s%s' is in it)",
                          directory, folder, folder[0] ? "/" : "", entry->d_name)
              : LODE_OK;
    closedir(entries);
    return status;
}

lode_status resume_is_begun(const char *directory, bool *begun)
{
    char path[PATH_MAX];
    bool empty = false;
    snprintf(path, sizeof path, "%s/run.json", directory);
    *begun = access(path, F_OK) == 0;
    if (*begun || access(directory, F_OK)) return LODE_OK;
    lode_try(journal_is_empty(directory, &empty));
    *begun = !empty;
    if (!empty) return LODE_OK;
    lode_try(check_leftovers(directory, ""));
    lode_try(check_leftovers(directory, "log"));
    lode_try(check_leftovers(directory, "stages"));
    lode_try(check_leftovers(directory, "journal"));
    return lode_directory_remove(directory);
}

lode_status resume_is_done(const char *directory, bool *done)
{
    char path[PATH_MAX];
    struct record record = {0};
    *done = false;
    snprintf(path, sizeof path, "%s/run.json", directory);
    if (access(path, F_OK)) return LODE_OK; /* killed before it was written, or no run */
    lode_try(record_load(directory, &record));
    *done = strcmp(record.state_name, "done") == 0;
    record_clear(&record);
    return *done ? remove_leftovers(directory) : LODE_OK;
}

/* By name, or by what the names lead to. */
static bool is_same_path(const char *one, const char *other)
{
    struct stat a, b;
    if (strcmp(one, other) == 0) return true;
    return stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

lode_status resume_check_words(const struct resume_words *was, const char *job, const char *store)
{
    const bool has_library = was->library[0] != '\0';
    if (job && strcmp(job, was->job) != 0 &&
        !(has_library && plugin_is_path(job) && is_same_path(job, was->library)))
        return lode_fail(LODE_E_USAGE, "the run was begun as job %s, not %s",
                         has_library ? was->library : was->job, job);
    if (store && !is_same_path(store, was->store))
        return lode_fail(LODE_E_USAGE, "store: the run was begun on %s, not on %s", was->store,
                         store);
    return LODE_OK;
}

lode_status resume_check_done(const char *directory, const char *job, const char *store)
{
    struct record record = {0};
    lode_try(record_load(directory, &record));
    const cJSON *library = cJSON_GetObjectItemCaseSensitive(record.json, "library");
    const struct resume_words was = {record_job(&record), field_text(library, "path"),
                                     record_store(&record)};
    const lode_status status = resume_check_words(&was, job, store);
    record_clear(&record);
    return status;
}

lode_status resume_find(const char *directory, struct journal **journal)
{
    struct journal *found = NULL;
    if (access(directory, F_OK))
        return lode_fail(LODE_E_USAGE, "%s: there is no such run", directory);
    lode_try(journal_open(directory, &found));
    const lode_status status = header_check_version(journal_header(found), lode_version());
    if (status)
        journal_close(found);
    else
        *journal = found;
    return status;
}

lode_status resume_params(const struct journal *journal, struct lode_params *params)
{
    const struct header *header = journal_header(journal);
    for (int64_t i = 0; i < header->n_params; i++) {
        char *assignment = NULL;
        if (asprintf(&assignment, "%s=%s", header->params[i].name, header->params[i].value) < 0)
            return lode_fail(LODE_E_MEMORY, "no memory for a parameter");
        const lode_status status = lode_params_set(params, assignment);
        free(assignment);
        lode_try(status);
    }
    return LODE_OK;
}

static lode_status check(const struct header *was, const struct run_identity *identity,
                         const struct header *now)
{
    if (strcmp(was->job, identity->job->name) != 0)
        return lode_fail(LODE_E_USAGE, "the run was begun as job %s, not %s", was->job,
                         identity->job->name);
    for (int64_t i = 0; i < now->n_params; i++)
        lode_try(header_check_param(was, now->params[i].name, now->params[i].value));
    if (identity->allow_partial != was->allow_partial)
        return lode_fail(LODE_E_USAGE, "--allow-partial: the run was begun with%s it",
                         was->allow_partial ? "" : "out");
    if (strcmp(was->store, now->store) != 0)
        return lode_fail(LODE_E_USAGE, "store: the run was begun on %s, not on %s", was->store,
                         now->store);
    return inputs_check(identity->store, was, now->inputs, now->n_inputs);
}

/* A killed writer's files, NAME.tmp-...: their names are taken again, or never. */
static lode_status remove_asides(const char *directory)
{
    DIR *entries = opendir(directory);
    if (!entries) return lode_fail(LODE_E_DISK, "%s: %s", directory, strerror(errno));
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        if (strstr(entry->d_name, ".tmp-")) unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    return LODE_OK;
}

lode_status resume_go_on(const char *directory, const struct run_identity *identity,
                         struct lode_arena *arena, struct journal *journal)
{
    char path[PATH_MAX];
    struct header now;
    lode_try(describe(identity, arena, &now));
    lode_try(check(journal_header(journal), identity, &now));
    lode_try(journal_take(journal, &now));
    if (chmod(directory, 0700)) /* it is about to hold keys again */
        return lode_fail(LODE_E_DISK, "%s: %s", directory, strerror(errno));
    lode_try(remove_asides(directory));
    snprintf(path, sizeof path, "%s/journal", directory);
    return remove_asides(path);
}
