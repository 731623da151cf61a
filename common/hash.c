/* Hashing: XXH3 with seed 0, compiled in (a call per short key would cost more than the hash). Its
 * result is the same on every instruction set and byte order. */
#include "common/hash.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { BLOCK = 1 << 20 };

uint64_t lode_hash(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

static lode_status hash_descriptor(int file, uint8_t *block, uint64_t *hash, uint64_t *size_bytes)
{
    XXH3_state_t state; /* aligned to 64 by its own declaration */
    XXH3_64bits_reset(&state);
    uint64_t size = 0;
    for (;;) {
        const ssize_t got = read(file, block, BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return lode_fail(LODE_E_INPUT, "cannot read: %s", strerror(errno));
        if (got == 0) break;
        XXH3_64bits_update(&state, block, (size_t)got);
        size += (uint64_t)got;
    }
    *hash = XXH3_64bits_digest(&state);
    *size_bytes = size;
    return LODE_OK;
}

lode_status lode_hash_file(const char *path, uint64_t *hash, uint64_t *size_bytes)
{
    uint8_t *block = malloc(BLOCK);
    if (!block) return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", path);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    lode_status status = LODE_OK;
    if (file < 0)
        status = lode_fail(LODE_E_INPUT, "%s: cannot open: %s", path, strerror(errno));
    else {
        status = hash_descriptor(file, block, hash, size_bytes);
        if (status) status = lode_note(status, "%s", path);
        close(file);
    }
    free(block);
    return status;
}
