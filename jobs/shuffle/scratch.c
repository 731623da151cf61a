/* Scratch: see the header. */
#include "jobs/shuffle/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

lode_status scratch_open(const char *directory, int *fd)
{
    char path[PATH_SIZE];
    struct stat status;
    snprintf(path, sizeof path, "%s/" LODE_SCRATCH_FOLDER, directory);
    /* a link that leads nowhere on this host is a fault, not a reason to fill the shared disk */
    const bool has_folder = lstat(path, &status) == 0;
    snprintf(path, sizeof path, "%s/%sspill-XXXXXX", directory,
             has_folder ? LODE_SCRATCH_FOLDER "/" : "");
    *fd = mkostemp(path, O_CLOEXEC);
    if (*fd < 0) return lode_fail(LODE_E_DISK, "a scratch file %s: %s", path, strerror(errno));
    unlink(path);
    return LODE_OK;
}

lode_status scratch_write(int fd, const char *path, uint64_t offset, const void *data, size_t size)
{
    const uint8_t *at = data;
    while (size > 0) {
        const ssize_t wrote = pwrite(fd, at, size, (off_t)offset);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0)
            return lode_fail(LODE_E_DISK, "%s: %s (%zu bytes to write)", path, strerror(errno),
                             size);
        at += wrote;
        offset += (uint64_t)wrote;
        size -= (size_t)wrote;
    }
    return LODE_OK;
}

lode_status scratch_read(int fd, const char *path, uint64_t offset, void *data, size_t size)
{
    uint8_t *at = data;
    while (size > 0) {
        const ssize_t got = pread(fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return lode_fail(LODE_E_INPUT, "%s: %s at byte %llu", path,
                             got < 0 ? strerror(errno) : "the file ends",
                             (unsigned long long)offset);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return LODE_OK;
}
