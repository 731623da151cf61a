/* Hashing: XXH3 for partitioning, tables and checksums. One way, so that every part agrees. */
#ifndef LODE_COMMON_HASH_H
#define LODE_COMMON_HASH_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits. The partition of a key is lode_hash(key) % partitions: part of the store format.
 */
uint64_t lode_hash(const void *data, size_t size);
/* Another one for each seed; that of seed 0 is lode_hash. */
uint64_t lode_hash_seeded(const void *data, size_t size, uint64_t seed);

/* XXH3 of a whole file, and its size. Fails with LODE_E_INPUT naming the path. */
LODE_CHECKED lode_status lode_hash_file(const char *path, uint64_t *hash, uint64_t *size_bytes);

/* A file whose last bytes say something of those before them. */
struct lode_tailed_file {
    uint64_t head_hash;  /* XXH3 of all bytes but the tail */
    uint64_t hash;       /* XXH3 of all bytes */
    uint64_t size_bytes; /* with the tail */
    bool has_tail;       /* false: shorter than a tail; then head_hash means nothing */
};

/* Hashes a file in one pass and copies its last `tail_size` bytes into `tail`. Fails with
 * LODE_E_INPUT naming the path (also when its size changes meanwhile), LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_hash_tailed_file(const char *path, uint8_t *tail, size_t tail_size,
                                               struct lode_tailed_file *file);

/* Whether a file is the same as another of its size, at the price of three reads: XXH3 of the XXH3s
 * of the first, middle and last 16 KiB of its first `most_bytes` (UINT64_MAX: of all); and its
 * size. Fails with LODE_E_INPUT naming the path, also for what is no plain file (a FIFO is not
 * waited for). */
LODE_CHECKED lode_status lode_hash_sample(const char *path, uint64_t most_bytes, uint64_t *sample,
                                          uint64_t *size_bytes);
/* The same of an open file's first `size_bytes`. */
LODE_CHECKED lode_status lode_hash_sample_open(int file, uint64_t size_bytes, uint64_t *sample);

#endif
