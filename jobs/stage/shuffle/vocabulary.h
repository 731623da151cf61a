/* Vocabulary: the words of one column of the whole input, from the lists of its ranges, added one
 * after the other; then sorted, and asked which code each word of a list has. It holds each word
 * once, so its memory does not grow with the number of ranges.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_VOCABULARY_H
#define LODE_JOBS_STAGE_SHUFFLE_VOCABULARY_H

#include "common/memory.h"
#include "common/store/store.h"

#include <stdint.h>

struct vocabulary;

/* Of at most `limit` words. Memory from the arena. */
LODE_CHECKED lode_status vocabulary_create(struct lode_arena *arena, int64_t limit,
                                           struct vocabulary **vocabulary);
/* Adds the words that are new; the list is not needed afterwards. Beyond the limit words are left
 * out: the count is then limit + 1. */
LODE_CHECKED lode_status vocabulary_add(struct vocabulary *vocabulary,
                                        const struct lode_dictionary *list);
int64_t vocabulary_count(const struct vocabulary *vocabulary);
/* Before anything is added: words that have their codes already, and keep them. */
LODE_CHECKED lode_status vocabulary_keep(struct vocabulary *vocabulary,
                                         const struct lode_dictionary *list);
/* Ends adding: those that are kept, then the others sorted by their bytes: a word's place is its
 * code. O(words log words). */
LODE_CHECKED lode_status vocabulary_sort(struct vocabulary *vocabulary,
                                         struct lode_dictionary *sorted);
/* codes[list->count]: of each word of a list that was added. LODE_E_BUG: it was not. */
LODE_CHECKED lode_status vocabulary_map(struct vocabulary *vocabulary,
                                        const struct lode_dictionary *list, uint32_t *codes);

#endif
