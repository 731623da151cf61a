/* Keys: byte strings numbered 0, 1, 2, ... in order of first use, found by their hash. */
#ifndef LODE_JOBS_STAGE_SHUFFLE_KEYS_H
#define LODE_JOBS_STAGE_SHUFFLE_KEYS_H

#include "common/memory.h"

#include <stddef.h>
#include <stdint.h>

struct keys;

LODE_CHECKED lode_status keys_create(struct lode_arena *arena, struct keys **keys);
/* The number of a key, which is added if it is new (its bytes are borrowed for good). Fails with
 * LODE_E_MEMORY, also at 2^31 keys. */
LODE_CHECKED lode_status keys_add(struct keys *keys, const uint8_t *bytes, size_t size,
                                  uint32_t *number);
/* The number of a key, or -1. */
int64_t keys_find(const struct keys *keys, const uint8_t *bytes, size_t size);
int64_t keys_count(const struct keys *keys);
const uint8_t *keys_bytes(const struct keys *keys, uint32_t number);

#endif
