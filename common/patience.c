/* Patience: see the header. */
#include "common/patience.h"

#include "common/file.h"
#include "common/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_PAUSE_MS = 10, LONGEST_PAUSE_MS = 500 };

/* File systems that one kernel alone writes to, by statfs.f_type; of any other it is not known. */
static const uint32_t own_file_systems[] = {
    0xef53,     /* ext2, ext3, ext4 */
    0x58465342, /* xfs */
    0x9123683e, /* btrfs */
    0x2fc12fc1, /* zfs */
    0xf2f52010, /* f2fs */
    0x01021994, /* tmpfs */
    0x858458f6, /* ramfs */
    0x794c7630, /* overlayfs */
    0x73717368, /* squashfs */
};

static bool is_own(uint64_t type)
{
    for (size_t i = 0; i < sizeof own_file_systems / sizeof *own_file_systems; i++)
        if (own_file_systems[i] == (uint32_t)type) return true;
    return false;
}

struct lode_patience lode_patience_begin(void)
{
    return (struct lode_patience){.pause_ms = FIRST_PAUSE_MS};
}

/* Clocks of nodes differ a little: what was written in the future is fresh too. */
static bool is_fresh(const struct stat *about)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - about->st_mtim.tv_sec <= LODE_PATIENCE_FRESH_S;
}

/* Opens the folder of the path, or the nearest above it that is there (a folder too may not be
 * known here yet). Opening is more than a look: it makes an NFS client ask the server, and forget
 * names that it thought were not there. */
static int open_folder(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (;;) {
        char *const above = dirname(folder);
        const int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 || (errno != ENOENT && errno != ESTALE) || strlen(above) <= 1) return fd;
        memmove(folder, above, strlen(above) + 1);
    }
}

/* Whether looking again may show something else. */
static bool may_change(const struct lode_patience *patience, const char *path)
{
    struct statfs system;
    struct stat folder, file;
    const int fd = open_folder(path);
    if (fd < 0) return false;
    const bool is_known = fstatfs(fd, &system) == 0 && fstat(fd, &folder) == 0;
    close(fd);
    if (!is_known) return false;
    if (is_own((uint64_t)system.f_type) && !patience->is_anywhere) return false;
    if (stat(path, &file) != 0) return errno == ENOENT || errno == ESTALE;
    return is_fresh(&folder) || is_fresh(&file);
}

bool lode_patience_again(struct lode_patience *patience, const char *path)
{
    const struct timespec pause = {.tv_sec = patience->pause_ms / 1000,
                                   .tv_nsec = patience->pause_ms % 1000 * 1000000L};
    if (patience->waited_ms >= LODE_PATIENCE_MS || !may_change(patience, path)) return false;
    nanosleep(&pause, NULL);
    patience->waited_ms += patience->pause_ms;
    if (patience->pause_ms < LONGEST_PAUSE_MS) patience->pause_ms *= 2;
    lode_error_clear();
    return true;
}

static lode_status read_once(const char *path, uint64_t size_bytes, uint64_t hash,
                             struct lode_bytes *bytes)
{
    /* one that is larger than it should be is refused before memory is taken for it */
    lode_try(lode_file_read(path, size_bytes, bytes));
    const uint64_t found = lode_hash(bytes->data, bytes->size);
    if (bytes->size == size_bytes && found == hash) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: %zu bytes with XXH3 %016" PRIx64 ", announced were %" PRIu64
                     " with %016" PRIx64,
                     path, bytes->size, found, size_bytes, hash);
}

lode_status lode_read_told(const char *path, uint64_t size_bytes, uint64_t hash,
                           struct lode_bytes *bytes)
{
    struct lode_patience patience = lode_patience_begin();
    lode_status status = read_once(path, size_bytes, hash, bytes);
    while (status == LODE_E_INPUT && lode_patience_again(&patience, path))
        status = read_once(path, size_bytes, hash, bytes);
    return status;
}
