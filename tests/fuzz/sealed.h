/* A file of hostile bytes behind a right seal, in a folder of its own: what a forger would make. */
#ifndef LODE_FUZZ_SEALED_H
#define LODE_FUZZ_SEALED_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/store/hdf_private.h"

/* HDF5 1.10 forgets memory when it gives up half-way (what we forget ourselves is still told), and
 * asks for sizes that a file claims: as elsewhere it then gets none. */
const char *__lsan_default_suppressions(void); // NOLINT: the sanitizers' names
const char *__lsan_default_suppressions(void)  // NOLINT
{
    return "leak:libhdf5";
}
const char *__asan_default_options(void); // NOLINT
const char *__asan_default_options(void)  // NOLINT
{
    return "allocator_may_return_null=1";
}

static void check(int fact)
{
    if (!fact) abort();
}

/* The folder, made by the first call: in memory where there is such a place. */
static const char *sealed_folder(void)
{
    static char folder[PATH_MAX];
    if (folder[0] != '\0') return folder;
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%s/lode-fuzz-%ld", base, (long)getpid());
    check(lode_directory_remove(folder) == LODE_OK && lode_directory_make(folder) == LODE_OK);
    return folder;
}

static void sealed_remove(void)
{
    check(lode_directory_remove(sealed_folder()) == LODE_OK);
}

/* Its path; valid until the next call. */
static const char *sealed_write(const char *name, const uint8_t *data, size_t size)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", sealed_folder(), name);
    check(lode_file_write(path, data, size, false) == LODE_OK);
    check(hdf_seal(path) == LODE_OK);
    return path;
}

#endif
