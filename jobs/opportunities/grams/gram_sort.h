/* Gram sort: a radix sort for items that fit the cache. */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAM_SORT_H
#define LODE_JOBS_OPPORTUNITIES_GRAM_SORT_H

#include <stdint.h>

/* Stable sort by bits [low_bit, 64), low_bit <= 63. `spare` has room for n items, n < 2^32; the
 * result lies in the returned one of the two, the other holds nothing of use. Cost O(n) for each
 * twelve bits in which the items differ. */
uint64_t *gram_sort_words(uint64_t *items, uint64_t *spare, int64_t n, int low_bit);

#endif
