/* Record: how counts travel from the leaves that count to those that write.
 *
 * A key is that of a row of counters (../record.h) at the beginning of a slot, with the number of
 * the rate in the place of the machine; the value is how many occurrences, added up on the way. A
 * key without a rate, of value 0: the component has events in that slot. It is sent for the first
 * and the last slot of a component, between which slots without occurrences are zeros.
 */
#ifndef LODE_JOBS_STAGE_COUNTERS_RATES_RECORD_H
#define LODE_JOBS_STAGE_COUNTERS_RATES_RECORD_H

#include "jobs/stage/counters/record.h"

#define RATES_SLOT_MOST_MS (INT64_C(1) << 50)
#define RATES_TIME_MOST_MS (INT64_C(1) << 60) /* either side of 1970 */

enum { RATES_KEY_LIMIT = COUNTERS_COMPONENT_LIMIT + 1 + RECORD_TIME_BYTES + sizeof(uint32_t) };

/* Beginning of the slot that a time is in; slots are counted from 1970 on, so that all components,
 * whichever events come first, have the same. */
static inline int64_t rates_slot(int64_t time, int64_t slot_ms)
{
    const int64_t rest = time % slot_ms;
    return time - (rest < 0 ? rest + slot_ms : rest);
}

/* Returns the size of the key; rate -1: none. */
static inline size_t rates_key(uint8_t key[RATES_KEY_LIMIT], const char *component, int64_t slot,
                               int32_t rate)
{
    const size_t head = record_head_key(component, strlen(component), key);
    const uint32_t number = __builtin_bswap32((uint32_t)rate);
    char bytes[sizeof number];
    memcpy(bytes, &number, sizeof number);
    return record_row_key(key, head, slot, bytes, rate < 0 ? 0 : sizeof number);
}

/* The rate of a key that was read; -1: none, -2: bytes that are no rate. */
static inline int64_t rates_of(const struct record_key *key)
{
    uint32_t number = 0;
    if (key->machine_size == 0) return -1;
    if (key->machine_size != sizeof number) return -2;
    memcpy(&number, key->machine, sizeof number);
    return __builtin_bswap32(number);
}

#endif
