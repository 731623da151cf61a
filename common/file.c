/* File: open, write, fsync, rename; and the folders around that. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static lode_status fail_write(const char *path, size_t size)
{
    return lode_fail(LODE_E_DISK, "writing %zu bytes to %s: %s", size, path, strerror(errno));
}

static lode_status write_all(int fd, const char *path, const void *data, size_t size)
{
    const char *at = data;
    size_t left = size;
    while (left > 0) {
        const ssize_t written = write(fd, at, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return fail_write(path, size);
        at += written;
        left -= (size_t)written;
    }
    return LODE_OK;
}

lode_status lode_directory_sync(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return lode_fail(LODE_E_DISK, "opening folder %s: %s", path, strerror(errno));
    const int bad = fsync(fd);
    close(fd);
    /* some network file systems refuse to fsync a folder; there the rename itself is durable */
    if (bad && errno != EINVAL && errno != ENOTSUP)
        return lode_fail(LODE_E_DISK, "fsync of folder %s: %s", path, strerror(errno));
    return LODE_OK;
}

static lode_status sync_parent(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    return lode_directory_sync(dirname(copy));
}

lode_status lode_file_write(const char *path, const void *data, size_t size, bool durable)
{
    lode_status status = LODE_OK;
    char aside[PATH_MAX];
    if (snprintf(aside, sizeof aside, "%s.tmp-%d", path, (int)getpid()) >= (int)sizeof aside)
        return lode_fail(LODE_E_USAGE, "path too long: %.64s...", path);
    const int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return lode_fail(LODE_E_DISK, "creating %s: %s", aside, strerror(errno));
    status = write_all(fd, path, data, size);
    if (!status && durable && fsync(fd)) status = fail_write(path, size);
    if (close(fd) && !status) status = fail_write(path, size);
    if (!status && rename(aside, path)) status = fail_write(path, size);
    if (status) {
        unlink(aside);
        return status;
    }
    return durable ? sync_parent(path) : LODE_OK;
}

lode_status lode_file_read(const char *path, size_t limit, struct lode_bytes *bytes)
{
    lode_status status = LODE_OK;
    struct stat about;
    /* NONBLOCK: a FIFO is refused below, not waited for */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    bytes->size = 0;
    if (fstat(fd, &about) || !S_ISREG(about.st_mode)) {
        status = lode_fail(LODE_E_INPUT, "%s: not a plain file", path);
        goto done;
    }
    if ((uint64_t)about.st_size > limit) {
        status = lode_fail(LODE_E_INPUT, "%s: %lld bytes, at most %zu are read", path,
                           (long long)about.st_size, limit);
        goto done;
    }
    lode_try_done(lode_bytes_reserve(bytes, (size_t)about.st_size + 1));
    while (bytes->size < (size_t)about.st_size) {
        const ssize_t got =
            read(fd, bytes->data + bytes->size, (size_t)about.st_size - bytes->size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            status = lode_fail(LODE_E_INPUT, "%s: ends after %zu of %lld bytes", path, bytes->size,
                               (long long)about.st_size);
            goto done;
        }
        bytes->size += (size_t)got;
    }
done:
    close(fd);
    return status;
}

lode_status lode_directory_make(const char *path)
{
    if (mkdir(path, 0700) == 0) return LODE_OK;
    if (errno == EEXIST) return lode_fail(LODE_E_USAGE, "%s: exists already", path);
    return lode_fail(LODE_E_DISK, "making folder %s: %s", path, strerror(errno));
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

lode_status lode_directory_remove(const char *path)
{
    struct stat about;
    if (lstat(path, &about)) return LODE_OK;
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        return lode_fail(LODE_E_DISK, "removing %s: %s", path, strerror(errno));
    return LODE_OK;
}

lode_status lode_path_absolute(const char *path, struct lode_arena *arena, char **absolute)
{
    char cwd[PATH_MAX], joined[2 * PATH_MAX];
    if (path[0] == '/')
        snprintf(joined, sizeof joined, "%s", path);
    else if (getcwd(cwd, sizeof cwd))
        snprintf(joined, sizeof joined, "%s/%s", cwd, path);
    else
        return lode_fail(LODE_E_INPUT, "asking for the current folder: %s", strerror(errno));
    size_t size = strlen(joined);
    if (size >= PATH_MAX) return lode_fail(LODE_E_USAGE, "path too long: %.64s...", path);
    while (size > 1 && joined[size - 1] == '/') size--;
    return lode_arena_text(arena, joined, size, absolute);
}
