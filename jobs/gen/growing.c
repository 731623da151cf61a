/* Growing: see the header. */
#include "jobs/gen/growing.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

lode_status growing_write(struct growing *growing, const void *data, size_t size)
{
    if (fwrite(data, 1, size, growing->file) != size)
        return lode_fail(LODE_E_DISK, "%s cannot be written: %s", growing->path, strerror(errno));
    return LODE_OK;
}

lode_status growing_open(struct growing *growing, const char *directory, const char *name,
                         const char *header)
{
    const int size = snprintf(growing->path, GROWING_PATH_SIZE, "%s/%s", directory, name);
    if (size < 0 || size >= GROWING_PATH_SIZE)
        return lode_fail(LODE_E_USAGE, "the path %s/%s is too long", directory, name);
    snprintf(growing->aside, sizeof growing->aside, "%s.tmp", growing->path);
    growing->file = fopen(growing->aside, "we");
    if (!growing->file)
        return lode_fail(LODE_E_DISK, "%s cannot be made: %s", growing->aside, strerror(errno));
    return growing_write(growing, header, strlen(header));
}

lode_status growing_commit(struct growing *growing)
{
    FILE *file = growing->file;
    growing->file = NULL;
    const bool is_written = fflush(file) == 0 && fsync(fileno(file)) == 0;
    if (fclose(file) == 0 && is_written && rename(growing->aside, growing->path) == 0)
        return LODE_OK;
    const int reason = errno;
    unlink(growing->aside);
    return lode_fail(LODE_E_DISK, "%s cannot be written: %s", growing->path, strerror(reason));
}

void growing_discard(struct growing *growing)
{
    if (!growing->file) return;
    fclose(growing->file);
    unlink(growing->aside);
}
