/* Hostile bytes as a gram list: the reader stays inside the buffer, and a list that it accepts has
 * ascending keys of the space, the number of entries it says, and is merged or refused as such.
 *
 * The first byte of the input says which space the list claims to be of. */
#include <stdlib.h>
#include <string.h>

#include "jobs/opportunities/grams/gram_merge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void check_entries(const struct gram_space *space, const struct gram_list *list)
{
    struct gram_cursor cursor;
    struct gram_codes codes;
    uint64_t n_keys, key, least = 0;
    uint32_t counts[GRAM_MAX_CLASSES];
    int64_t n = 0;
    check(gram_space_keys(space, &n_keys) == LODE_OK);
    gram_codes_init(&codes, space->n_classes);
    gram_cursor_begin(&cursor, list, n_keys, &codes);
    for (; gram_cursor_next(&cursor, n_keys, &key, counts, space->n_classes); n++) {
        uint32_t any = 0;
        for (int c = 0; c < space->n_classes; c++) any |= counts[c];
        check(key >= least && key < n_keys && any != 0);
        least = key + 1;
    }
    check(gram_cursor_check(&cursor) != LODE_OK || n == list->n_entries);
}

/* The list twice: the sum has the same keys. */
static void check_merge(const struct gram_space *space, const uint8_t *data, size_t size)
{
    struct lode_arena *arena;
    struct pattern_counts counts;
    check(lode_arena_create(0, &arena) == LODE_OK);
    struct gram_merge merge = {.space = *space, .arena = arena};
    size_t used;
    check(gram_merge_add(&merge, data, size, &used) == LODE_OK);
    check(gram_merge_add(&merge, data, size, &used) == LODE_OK);
    if (gram_merge_finish(&merge, arena, &counts) == LODE_OK)
        for (int64_t i = 1; i < counts.n_patterns; i++) check(counts.keys[i] > counts.keys[i - 1]);
    gram_merge_clear(&merge);
    lode_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const struct gram_space space = {.n_cohorts = 1 + data[0] % 2,
                                     .n_tokens = data[0] & 4 ? 1 << 20 : 100,
                                     .k = 1 + data[0] / 8 % 3,
                                     .n_classes = 1 + data[0] / 32};
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    uint8_t *bytes = malloc(size - 1 ? size - 1 : 1);
    if (!bytes) return 0;
    memcpy(bytes, data + 1, size - 1);
    struct gram_list list;
    size_t used;
    if (gram_list_open(&space, bytes, size - 1, &list, &used) == LODE_OK) {
        check(used <= size - 1);
        check_entries(&space, &list);
        check_merge(&space, bytes, size - 1);
    }
    free(bytes);
    return 0;
}
