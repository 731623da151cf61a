/* Hashing: XXH3, compiled in (a call per short key would cost more than the hash). Its
 * result is the same on every instruction set and byte order. */
#include "common/hash.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { SAMPLE_BYTES = 16 << 10, SAMPLES = 3 };
enum { BLOCK = 1 << 17 }; /* still in the cache when it is hashed: 12 against 17 ms for 68 MB */

uint64_t lode_hash(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

uint64_t lode_hash_seeded(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

/* Adds the next `size` bytes of the file to the hash, or those up to its end; *size: how many. */
static lode_status add_bytes(int file, uint8_t *block, XXH3_state_t *state, uint64_t *size)
{
    uint64_t left = *size;
    while (left > 0) {
        const ssize_t got = read(file, block, left < BLOCK ? (size_t)left : BLOCK);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return lode_fail(LODE_E_INPUT, "cannot read: %s", strerror(errno));
        if (got == 0) break;
        XXH3_64bits_update(state, block, (size_t)got);
        left -= (uint64_t)got;
    }
    *size -= left;
    return LODE_OK;
}

static lode_status hash_descriptor(int file, uint8_t *block, uint64_t *hash, uint64_t *size_bytes)
{
    XXH3_state_t state; /* aligned to 64 by its own declaration */
    uint64_t size = UINT64_MAX;
    XXH3_64bits_reset(&state);
    lode_try(add_bytes(file, block, &state, &size));
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

/* `file` is at its beginning; the tail is read in one piece, since tails are a few bytes. */
static lode_status hash_tailed(int file, uint8_t *block, uint8_t *tail, size_t tail_size,
                               struct lode_tailed_file *found)
{
    XXH3_state_t state;
    struct stat about;
    if (fstat(file, &about) != 0)
        return lode_fail(LODE_E_INPUT, "cannot read: %s", strerror(errno));
    found->size_bytes = (uint64_t)about.st_size;
    found->has_tail = found->size_bytes >= tail_size;
    const uint64_t head_size = found->size_bytes - (found->has_tail ? tail_size : 0);
    uint64_t head = head_size, rest = UINT64_MAX;
    XXH3_64bits_reset(&state);
    lode_try(add_bytes(file, block, &state, &head));
    found->head_hash = XXH3_64bits_digest(&state);
    if (found->has_tail && head == head_size &&
        pread(file, tail, tail_size, (off_t)head_size) != (ssize_t)tail_size)
        head = 0; /* cut short since */
    lode_try(add_bytes(file, block, &state, &rest));
    if (head != head_size || head + rest != found->size_bytes)
        return lode_fail(LODE_E_INPUT, "its size changes while it is read");
    found->hash = XXH3_64bits_digest(&state);
    return LODE_OK;
}

lode_status lode_hash_tailed_file(const char *path, uint8_t *tail, size_t tail_size,
                                  struct lode_tailed_file *file)
{
    struct lode_tailed_file found = {0};
    uint8_t *block = malloc(BLOCK);
    if (!block) return lode_fail(LODE_E_MEMORY, "%s: no memory to read it", path);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    lode_status status = LODE_OK;
    if (descriptor < 0)
        status = lode_fail(LODE_E_INPUT, "%s: cannot open: %s", path, strerror(errno));
    else {
        status = hash_tailed(descriptor, block, tail, tail_size, &found);
        if (status) status = lode_note(status, "%s", path);
        close(descriptor);
    }
    free(block);
    if (!status) *file = found;
    return status;
}

static lode_status read_block(int file, uint64_t offset, uint8_t *block, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(file, block + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return lode_fail(LODE_E_INPUT, "cannot be read: %s", got ? strerror(errno) : "it ends");
        done += (size_t)got;
    }
    return LODE_OK;
}

lode_status lode_hash_sample_open(int file, uint64_t size_bytes, uint64_t *sample)
{
    uint8_t block[SAMPLE_BYTES];
    uint64_t hashes[SAMPLES] = {0};
    const size_t length = size_bytes < SAMPLE_BYTES ? (size_t)size_bytes : SAMPLE_BYTES;
    const uint64_t at[SAMPLES] = {0, (size_bytes - length) / 2, size_bytes - length};
    for (int i = 0; i < SAMPLES; i++) {
        lode_try(read_block(file, at[i], block, length));
        hashes[i] = lode_hash(block, length);
    }
    *sample = lode_hash(hashes, sizeof hashes);
    return LODE_OK;
}

lode_status lode_hash_sample(const char *path, uint64_t most_bytes, uint64_t *sample,
                             uint64_t *size_bytes)
{
    struct stat about;
    lode_status status = LODE_OK;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    if (fstat(file, &about) || !S_ISREG(about.st_mode))
        status = lode_fail(LODE_E_INPUT, "not a plain file");
    else
        status = lode_hash_sample_open(
            file, (uint64_t)about.st_size < most_bytes ? (uint64_t)about.st_size : most_bytes,
            sample);
    close(file);
    if (status) return lode_note(status, "%s", path);
    *size_bytes = (uint64_t)about.st_size;
    return LODE_OK;
}
