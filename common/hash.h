/* Hashing: XXH3 for partitioning, tables and checksums. One way, so that every part agrees. */
#ifndef LODE_COMMON_HASH_H
#define LODE_COMMON_HASH_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

/* XXH3, 64 bits. The partition of a key is lode_hash(key) % partitions: part of the store format.
 */
uint64_t lode_hash(const void *data, size_t size);

/* XXH3 of a whole file, and its size. Fails with LODE_E_INPUT naming the path. */
LODE_CHECKED lode_status lode_hash_file(const char *path, uint64_t *hash, uint64_t *size_bytes);

#endif
