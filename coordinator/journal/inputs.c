/* Inputs: see the header. */
#include "coordinator/journal/inputs.h"

#include "common/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static lode_status describe_open(int fd, struct input_file *file)
{
    struct stat about;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return lode_fail(LODE_E_INPUT, "not a plain file");
    file->size = (uint64_t)about.st_size;
    file->modified_ns = about.st_mtim.tv_sec * INT64_C(1000000000) + about.st_mtim.tv_nsec;
    return lode_hash_sample_open(fd, file->size, &file->sample);
}

/* Files of the store are named inside it, others by their whole path. */
static const char *path_of(const char *store_path, const char *name, char path[PATH_MAX])
{
    if (name[0] == '/') return name;
    snprintf(path, PATH_MAX, "%s/%s", store_path, name);
    return path;
}

static lode_status describe_file(const char *store_path, struct input_file *file)
{
    char buffer[PATH_MAX];
    const char *path = path_of(store_path, file->name, buffer);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    const lode_status status = describe_open(fd, file);
    close(fd);
    return status ? lode_note(status, "%s", path) : LODE_OK;
}

static lode_status hash_whole(const char *store_path, const char *name, uint64_t *hash)
{
    char path[PATH_MAX];
    uint64_t size = 0;
    return lode_hash_file(path_of(store_path, name, path), hash, &size);
}

lode_status inputs_describe(const struct lode_store *store, char *const *further, int64_t n_further,
                            struct lode_arena *arena, struct input_file **files, int64_t *count)
{
    struct input_file *list = NULL;
    const int64_t n_parts = store->n_partitions, n_own = n_parts + store->n_later + 1;
    const int64_t n = n_own + n_further;
    lode_try(lode_take_zero(arena, n, &list));
    list[0].name = LODE_STORE_INDEX;
    for (int64_t i = 0; i < n_parts; i++) {
        list[i + 1].name = store->partitions[i].file;
        list[i + 1].whole = store->partitions[i].checksum;
    }
    for (int64_t i = 0; i < store->n_later; i++) {
        list[n_parts + i + 1].name = store->later[i].file;
        list[n_parts + i + 1].whole = store->later[i].checksum;
    }
    for (int64_t i = n_own; i < n; i++) {
        list[i].name = further[i - n_own];
        lode_try(hash_whole(store->path, list[i].name, &list[i].whole));
    }
    for (int64_t i = 0; i < n; i++) lode_try(describe_file(store->path, &list[i]));
    lode_try(hash_whole(store->path, LODE_STORE_INDEX, &list[0].whole));
    *files = list;
    *count = n;
    return LODE_OK;
}

static lode_status fail_changed(const struct lode_store *store, const char *name, const char *how)
{
    char path[PATH_MAX];
    return lode_fail(LODE_E_INPUT,
                     "%s: its %s is not what it was when the run began; run anew on this store",
                     path_of(store->path, name, path), how);
}

static lode_status check_file(const struct lode_store *store, const struct input_file *was,
                              const struct input_file *is)
{
    uint64_t whole = 0;
    if (was->size != is->size) return fail_changed(store, is->name, "size");
    /* the index holds the checksums of all others */
    if (was->whole != is->whole) return fail_changed(store, is->name, "checksum");
    if (was->sample != is->sample) return fail_changed(store, is->name, "content");
    if (was->modified_ns == is->modified_ns) return LODE_OK;
    lode_try(hash_whole(store->path, is->name, &whole));
    return whole == was->whole ? LODE_OK : fail_changed(store, is->name, "content");
}

lode_status inputs_check(const struct lode_store *store, const struct header *header,
                         const struct input_file *files, int64_t count)
{
    if (count != header->n_inputs)
        return lode_fail(
            LODE_E_INPUT,
            "%s: %lld files, when the run began they were %lld; run anew on this store",
            store->path, (long long)count, (long long)header->n_inputs);
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, header->inputs[i].name) != 0)
            return fail_changed(store, files[i].name, "place in the index");
        lode_try(check_file(store, &header->inputs[i], &files[i]));
    }
    return LODE_OK;
}
