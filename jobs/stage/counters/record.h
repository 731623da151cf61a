/* Record: how rows travel from the parse tasks to the write tasks.
 *
 * A key is [component][0][time, so that bytes are in its order][machine]; a component's name holds
 * no NUL. The machine is there where many machines' series become one component's: rows of one time
 * are then in order of machines, so that sums have the same bits in whatever order rows come.
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
    RECORD_KEY_LIMIT = COUNTERS_COMPONENT_LIMIT + 1 + RECORD_TIME_BYTES + COUNTERS_COMPONENT_LIMIT,
    RECORD_LONG_BYTES = sizeof(struct record_which) + sizeof(uint32_t) + sizeof(double)
};

/* The part of a key that all records of a component share; returns its size. */
static inline size_t record_head_key(const char *component, size_t size, uint8_t *key)
{
    memcpy(key, component, size);
    key[size] = 0;
    return size + 1;
}

/* Sets time and machine (at most COUNTERS_COMPONENT_LIMIT bytes; 0: none) behind the first
 * `head_size` bytes; returns the size of the key. */
static inline size_t record_row_key(uint8_t *key, size_t head_size, int64_t time,
                                    const char *machine, size_t machine_size)
{
    const uint64_t ordered = __builtin_bswap64((uint64_t)time ^ (UINT64_C(1) << 63));
    memcpy(key + head_size, &ordered, sizeof ordered);
    if (machine_size > 0) memcpy(key + head_size + sizeof ordered, machine, machine_size);
    return head_size + sizeof ordered + machine_size;
}

struct record_key {
    size_t name_size; /* of the component's name, which begins the key */
    bool is_head;
    int64_t time; /* unless it is a head, as the next */
    const uint8_t *machine;
    size_t machine_size;
};

/* False: bytes that are no key. */
static inline bool record_read_key(const uint8_t *key, size_t size, struct record_key *read)
{
    const uint8_t *zero = size > 0 ? memchr(key, 0, size) : NULL;
    *read = (struct record_key){.name_size = zero ? (size_t)(zero - key) : 0};
    if (!zero) return false;
    const size_t rest = size - read->name_size - 1;
    read->is_head = rest == 0;
    if (read->name_size > COUNTERS_COMPONENT_LIMIT) return false;
    if (read->is_head) return true;
    uint64_t ordered = 0;
    if (rest < sizeof ordered || rest - sizeof ordered > COUNTERS_COMPONENT_LIMIT) return false;
    memcpy(&ordered, zero + 1, sizeof ordered);
    read->time = (int64_t)(__builtin_bswap64(ordered) ^ (UINT64_C(1) << 63));
    read->machine = zero + 1 + sizeof ordered;
    read->machine_size = rest - sizeof ordered;
    return true;
}

#endif
