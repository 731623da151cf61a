/* Record: how rows travel from the parse tasks to the write tasks.
 *
 * A key is [component][0][time, so that bytes are in its order]; a component's name holds no NUL.
 * Before the rows of a component come its heads, whose key has no time: each file says by what
 * names its rows mean counters, so that a row is numbers alone.
 *
 *   head   [which][name, 0][name, 0] ...      the names of places 0, 1, ...
 *   wide   [which][value, 8 bytes] ...        one a place; NaN: no sample
 *   long   [which][place, 4 bytes][value]
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RECORD_H
#define LODE_JOBS_STAGE_COUNTERS_RECORD_H

#include "jobs/stage/counters/counters.h"

#include <stdbool.h>
#include <string.h>

struct record_which {
    uint32_t file;
    uint32_t is_long;
    int64_t line; /* of a head: 0 */
};

enum {
    RECORD_TIME_BYTES = 8,
    RECORD_KEY_LIMIT = COUNTERS_COMPONENT_LIMIT + 1 + RECORD_TIME_BYTES,
    RECORD_LONG_BYTES = sizeof(struct record_which) + sizeof(uint32_t) + sizeof(double)
};

/* The part of a key that all records of a component share; returns its size. */
static inline size_t record_head_key(const char *component, size_t size, uint8_t *key)
{
    memcpy(key, component, size);
    key[size] = 0;
    return size + 1;
}

/* Sets the time behind the first `head_size` bytes; returns the size of the key. */
static inline size_t record_row_key(uint8_t *key, size_t head_size, int64_t time)
{
    const uint64_t ordered = __builtin_bswap64((uint64_t)time ^ (UINT64_C(1) << 63));
    memcpy(key + head_size, &ordered, sizeof ordered);
    return head_size + sizeof ordered;
}

/* Bytes of the component's name; is it a head, else its time. False: bytes that are no key. */
static inline bool record_read_key(const uint8_t *key, size_t size, size_t *name_size,
                                   bool *is_head, int64_t *time)
{
    const uint8_t *zero = size > 0 ? memchr(key, 0, size) : NULL;
    if (!zero) return false;
    *name_size = (size_t)(zero - key);
    const size_t rest = size - *name_size - 1;
    *is_head = rest == 0;
    if (*is_head) return *name_size <= COUNTERS_COMPONENT_LIMIT;
    uint64_t ordered = 0;
    if (rest != sizeof ordered || *name_size > COUNTERS_COMPONENT_LIMIT) return false;
    memcpy(&ordered, zero + 1, sizeof ordered);
    *time = (int64_t)(__builtin_bswap64(ordered) ^ (UINT64_C(1) << 63));
    return true;
}

#endif
