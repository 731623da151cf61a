/* Places: what a sort of records moves, instead of the records. Pure.
 *
 * A place is where a record lies and the first bytes of its key as a number, so that most
 * comparisons read no key. The number holds seven bytes, padded with zeros, and in its lowest byte
 * how many bytes there are (8: more than seven): of keys of at most seven bytes it says all.
 */
#ifndef LODE_JOBS_SHUFFLE_PLACES_H
#define LODE_JOBS_SHUFFLE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACE_PREFIX_BYTES = 7 };

struct place {
    uint64_t prefix;
    uint64_t at;
};

/* Prefixes are ordered as keys are by memcmp, a key before those that it begins. Equal prefixes are
 * of equal keys, unless place_is_cut. */
static inline uint64_t place_prefix(const uint8_t *key, size_t size)
{
    const size_t n = size < PLACE_PREFIX_BYTES ? size : PLACE_PREFIX_BYTES;
    uint64_t prefix = 0;
    for (size_t i = 0; i < n; i++) prefix |= (uint64_t)key[i] << (56 - 8 * i);
    return prefix | (size > PLACE_PREFIX_BYTES ? PLACE_PREFIX_BYTES + 1 : size);
}
static inline bool place_is_cut(uint64_t prefix)
{
    return (prefix & 0xff) > PLACE_PREFIX_BYTES;
}

/* Compares the keys at two places whose prefixes are equal: < 0, 0, > 0. */
typedef int (*places_compare_fn)(const void *context, uint64_t left, uint64_t right);

/* Sorts by prefix, then (where cut) by `compare`; places that are equal keep their order. `scratch`
 * has room for n. O(n) for keys that differ in their first bytes, else O(n log n). */
void places_sort(struct place *places, struct place *scratch, int64_t n, places_compare_fn compare,
                 const void *context);

#endif
