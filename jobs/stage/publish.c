/* Publish: the order is parts (fsynced by their tasks), rejects, index, folder, rename, parent. */
#include "jobs/stage/publish.h"

#include "common/file.h"
#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PUBLIC_MODE = 0777 }; /* less the umask: a store, unlike a run, holds no keys */

static lode_status join_text(const char *head, const char *tail, struct lode_arena *arena,
                             char **text)
{
    const size_t size = strlen(head) + strlen(tail) + 1;
    lode_try(lode_take(arena, size, text));
    snprintf(*text, size, "%s%s", head, tail);
    return LODE_OK;
}

static lode_status check_absent(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0)
        return lode_fail(LODE_E_USAGE, "%s exists already: remove it or choose another name", path);
    if (errno != ENOENT) return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
    return LODE_OK;
}

/* Makes the folder; what an ended staging left there is removed. Strings from the arena. */
static lode_status begin(const char *output, struct lode_arena *arena, struct publish *publish)
{
    char *target = NULL;
    char *directory = NULL;
    lode_try(lode_path_absolute(output, arena, &target));
    for (size_t size = strlen(target); size > 1 && target[size - 1] == '/'; size--)
        target[size - 1] = '\0';
    lode_try(check_absent(target));
    lode_try(join_text(target, ".staging", arena, &directory));
    lode_try(lode_directory_remove(directory));
    if (mkdir(directory, PUBLIC_MODE) != 0)
        return lode_fail(LODE_E_DISK, "%s: %s", directory, strerror(errno));
    publish->target = target;
    publish->directory = directory;
    return LODE_OK;
}

static lode_status check_parts(const struct publish *publish, const struct lode_store *store,
                               struct lode_arena *arena)
{
    for (int64_t p = 0; p < store->n_partitions; p++) {
        const struct lode_partition *part = &store->partitions[p];
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        struct stat status;
        char *folder = NULL;
        char *path = NULL;
        lode_try(join_text(publish->directory, "/", arena, &folder));
        lode_try(join_text(folder, part->file, arena, &path));
        if (stat(path, &status) != 0)
            return lode_fail(LODE_E_DISK, "%s: %s", path, strerror(errno));
        if (status.st_size != part->size_bytes)
            return lode_fail(LODE_E_DISK,
                             "%s has %lld bytes where %lld were written: is another "
                             "staging at work there?",
                             path, (long long)status.st_size, (long long)part->size_bytes);
        lode_arena_rewind(arena, mark);
    }
    return LODE_OK;
}

/* An attempt that was killed may have left PART.tmp-ATTEMPT behind. */
static lode_status remove_leavings(const char *directory)
{
    DIR *entries = opendir(directory);
    if (!entries) return lode_fail(LODE_E_DISK, "%s: %s", directory, strerror(errno));
    for (const struct dirent *entry = readdir(entries); entry; entry = readdir(entries))
        if (strstr(entry->d_name, ".tmp-")) unlinkat(dirfd(entries), entry->d_name, 0);
    closedir(entries);
    return LODE_OK;
}

static lode_status sync_parent(const char *path, struct lode_arena *arena)
{
    char *parent = NULL;
    const char *slash = strrchr(path, '/');
    const size_t size = slash && slash != path ? (size_t)(slash - path) : 1;
    lode_try(lode_arena_text(arena, path, size, &parent));
    return lode_directory_sync(parent);
}

lode_status publish_commit(const struct publish *publish, const struct lode_store *store,
                           const struct rejects_total *rejects, const char *work_directory,
                           struct lode_arena *arena)
{
    char *path = NULL;
    lode_try(check_parts(publish, store, arena));
    lode_try(join_text(publish->directory, "/rejects.jsonl", arena, &path));
    if (rejects->n > 0) lode_try(rejects_collect(rejects, work_directory, path));
    lode_try(lode_store_write_index(store, publish->directory));
    lode_try(remove_leavings(publish->directory));
    lode_try(lode_directory_sync(publish->directory));
    lode_try(check_absent(publish->target));
    if (rename(publish->directory, publish->target) != 0)
        return lode_fail(LODE_E_DISK, "%s: %s", publish->target, strerror(errno));
    return sync_parent(publish->target, arena);
}

/* Removes the folder; errors are logged. */
static void discard(const struct publish *publish)
{
    if (!publish->directory) return;
    if (lode_directory_remove(publish->directory) != LODE_OK)
        lode_log_warn("cannot remove what was staged path=%s: %s", publish->directory,
                      lode_error_text());
}

lode_status publish_build(const char *output, struct lode_arena *arena, struct publish *publish,
                          lode_status (*build)(void *context), void *context)
{
    lode_try(begin(output, arena, publish));
    const lode_status status = build(context);
    if (status != LODE_OK) discard(publish);
    return status;
}
