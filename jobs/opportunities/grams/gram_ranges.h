/* Gram ranges: the keys of a space in equal parts, and a list cut at their borders, so that each
 * part can be summed by itself. */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAM_RANGES_H
#define LODE_JOBS_OPPORTUNITIES_GRAM_RANGES_H

#include "jobs/opportunities/grams/gram_list.h"

/* Range `range` of `n_ranges` ends before this key; the last ends at n_keys. */
uint64_t gram_range_end(uint64_t n_keys, int64_t n_ranges, int64_t range);

/* Takes one piece, itself a gram list; the bytes are borrowed. */
typedef lode_status (*gram_piece_fn)(void *context, int64_t range, const uint8_t *piece,
                                     size_t size);

/* Hands out the entries of the list at `data` range by range, ascending; ranges without entries are
 * left out but for the first, which has the occurrences of all. LODE_E_MESSAGE when it is no list
 * of this space, LODE_E_MEMORY, or what `put` says. */
LODE_CHECKED lode_status gram_list_cut(const struct gram_space *space, const uint8_t *data,
                                       size_t size, int64_t n_ranges, gram_piece_fn put,
                                       void *context);

#endif
