/* Gram merge: sums sorted lists by ranges of keys.
 *
 * The first keys of all blocks of all lists are a sample of the keys, one in GRAM_BLOCK; cut at
 * every RANGE_BLOCKS-th of them, the key space falls into ranges that hold about RANGE_BLOCKS *
 * GRAM_BLOCK entries wherever the keys crowd: few enough to stay in the cache. Each range is
 * decoded from every list and summed, in a table where its keys lie close together, else by a
 * sort, and goes out as the next entries of a new list. Counts are sums of integers: the order of
 * the lists does not matter.
 */
#include "jobs/opportunities/grams/gram_merge.h"

#include <stdlib.h>

#include "jobs/opportunities/grams/gram_sort.h"

#define GRAM_INLINE static inline __attribute__((always_inline))

enum {
    RANGE_BLOCKS = 32,
    TABLE_BYTES = 1 << 20,
    MOST_STEPS = 32, /* a range wider than so many tables is sorted */
    MOST_HELD = 64 << 20
};

/* One sum of many lists. */
struct summing {
    uint64_t n_keys;
    int n_classes;
    int64_t n_lists;
    struct gram_list *lists;
    struct gram_cursor *cursors;
    int64_t n_ranges;
    uint64_t *range_ends;
    int64_t most_entries; /* of a range */
    uint32_t *table;      /* [TABLE_BYTES], zero between ranges */
    uint64_t *touched;    /* a bit for each key in the table; zero between ranges */
    int place_bits;       /* number the entries of a range */
    uint64_t *items;      /* [most_entries] key in the range << place_bits | place */
    uint64_t *spare;      /* [most_entries] */
    uint32_t *counts;     /* [most_entries x n_classes], by place */
    struct gram_codes codes;
    uint64_t occurrences[GRAM_MAX_CLASSES];
};

void gram_merge_clear(struct gram_merge *merge)
{
    lode_bytes_clear(&merge->held);
    merge->n_lists = 0;
    merge->sum_size = 0;
}

static lode_status open_lists(const struct gram_merge *merge, struct summing *sum)
{
    sum->n_classes = merge->space.n_classes;
    lode_try(gram_space_keys(&merge->space, &sum->n_keys));
    gram_codes_init(&sum->codes, sum->n_classes);
    lode_try(lode_take(merge->arena, merge->n_lists, &sum->lists));
    lode_try(lode_take(merge->arena, merge->n_lists, &sum->cursors));
    const uint8_t *at = merge->held.data;
    size_t left = merge->held.size;
    for (int64_t i = 0; i < merge->n_lists; i++) {
        size_t used;
        lode_try(gram_list_open(&merge->space, at, left, &sum->lists[i], &used));
        gram_cursor_begin(&sum->cursors[i], &sum->lists[i], sum->n_keys, &sum->codes);
        for (int c = 0; c < sum->n_classes; c++)
            sum->occurrences[c] += (uint64_t)sum->lists[i].occurrences[c];
        at += used;
        left -= used;
    }
    sum->n_lists = merge->n_lists;
    return LODE_OK;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Cuts the key space at every RANGE_BLOCKS-th block. The bound on a range's entries: fewer than
 * RANGE_BLOCKS blocks begin after its first key, at most one of each list with it, and one of each
 * list reaches into it. */
static lode_status cut_ranges(struct summing *sum, struct lode_arena *arena)
{
    int64_t n_blocks = 0, n_entries = 0, n = 0;
    for (int64_t i = 0; i < sum->n_lists; i++) {
        n_blocks += sum->lists[i].n_blocks;
        n_entries += sum->lists[i].n_entries;
    }
    uint64_t *firsts;
    lode_try(lode_take(arena, n_blocks, &firsts));
    for (int64_t i = 0; i < sum->n_lists; i++) {
        struct gram_cursor cursor = sum->cursors[i];
        while (gram_cursor_block(&cursor)) firsts[n++] = cursor.next;
    }
    qsort(firsts, (size_t)n, sizeof *firsts, by_value);

    lode_try(lode_take(arena, n / RANGE_BLOCKS + 1, &sum->range_ends));
    uint64_t end = 0;
    for (int64_t at = RANGE_BLOCKS; at < n; at += RANGE_BLOCKS)
        if (firsts[at] > end) sum->range_ends[sum->n_ranges++] = end = firsts[at];
    sum->range_ends[sum->n_ranges++] = sum->n_keys;

    const int64_t bound = (RANGE_BLOCKS + 2 * sum->n_lists) * GRAM_BLOCK;
    sum->most_entries = n_entries < bound ? n_entries : bound;
    return LODE_OK;
}

static lode_status take_scratch(struct summing *sum, struct lode_arena *arena)
{
    sum->place_bits = 64 - __builtin_clzll((uint64_t)sum->most_entries | 1);
    lode_try(lode_take_zero(arena, TABLE_BYTES / sizeof *sum->table, &sum->table));
    lode_try(lode_take_zero(arena, TABLE_BYTES / sizeof *sum->table / 64, &sum->touched));
    lode_try(lode_take(arena, sum->most_entries, &sum->items));
    lode_try(lode_take(arena, sum->most_entries, &sum->spare));
    return lode_take(arena, sum->most_entries * sum->n_classes, &sum->counts);
}

/* The range [from, end) is no wider than the table. */
GRAM_INLINE lode_status sum_by_table(struct summing *sum, uint64_t from, uint64_t end,
                                     int n_classes, struct gram_writer *writer)
{
    const size_t words = (size_t)n_classes;
    for (int64_t i = 0; i < sum->n_lists; i++) {
        uint64_t key;
        uint32_t counts[GRAM_MAX_CLASSES];
        while (gram_cursor_next(&sum->cursors[i], end, &key, counts, n_classes)) {
            const uint64_t cell = key - from;
            for (size_t c = 0; c < words; c++) sum->table[cell * words + c] += counts[c];
            sum->touched[cell / 64] |= (uint64_t)1 << (cell % 64);
        }
    }
    for (uint64_t w = 0; w <= (end - from - 1) / 64; w++) {
        if (sum->touched[w] == 0) continue;
        lode_try(gram_writer_room(writer, 64));
        for (uint64_t bits = sum->touched[w]; bits; bits &= bits - 1) {
            const uint64_t cell = w * 64 + (uint64_t)__builtin_ctzll(bits);
            uint32_t *at = sum->table + cell * words;
            gram_writer_put(writer, from + cell, at, n_classes);
            for (size_t c = 0; c < words; c++) at[c] = 0;
        }
        sum->touched[w] = 0;
    }
    return LODE_OK;
}

/* The range [from, end) is no wider than 2^(64 - place_bits). */
GRAM_INLINE lode_status sum_by_sort(struct summing *sum, uint64_t from, uint64_t end, int n_classes,
                                    struct gram_writer *writer)
{
    const size_t words = (size_t)n_classes;
    int64_t n = 0;
    for (int64_t i = 0; i < sum->n_lists; i++) {
        uint64_t key;
        while (n < sum->most_entries &&
               gram_cursor_next(&sum->cursors[i], end, &key, sum->counts + (size_t)n * words,
                                n_classes)) {
            sum->items[n] = (key - from) << sum->place_bits | (uint64_t)n;
            n++;
        }
    }
    lode_try(gram_writer_room(writer, n));
    const uint64_t *sorted = gram_sort_words(sum->items, sum->spare, n, sum->place_bits);
    const uint64_t mask = ((uint64_t)1 << sum->place_bits) - 1;
    for (int64_t i = 0; i < n;) {
        const uint64_t key = sorted[i] >> sum->place_bits;
        uint32_t counts[GRAM_MAX_CLASSES] = {0};
        do
            for (size_t c = 0; c < words; c++)
                counts[c] += sum->counts[(sorted[i] & mask) * words + c];
        while (++i < n && sorted[i] >> sum->place_bits == key);
        gram_writer_put(writer, from + key, counts, n_classes);
    }
    return LODE_OK;
}

/* A range goes through the table, in steps if need be, unless its keys lie too far apart. */
GRAM_INLINE lode_status sum_range(struct summing *sum, uint64_t from, uint64_t end, int n_classes,
                                  struct gram_writer *writer)
{
    const uint64_t cells = TABLE_BYTES / (sizeof *sum->table * (size_t)n_classes);
    const bool by_table = end - from <= cells * MOST_STEPS;
    const uint64_t most = by_table ? cells : (uint64_t)1 << (64 - sum->place_bits);
    while (from < end) {
        const uint64_t step_end = end - from < most ? end : from + most;
        if (by_table)
            lode_try(sum_by_table(sum, from, step_end, n_classes, writer));
        else
            lode_try(sum_by_sort(sum, from, step_end, n_classes, writer));
        from = step_end;
    }
    return LODE_OK;
}

/* Writes the sum of all lists to `out`. */
static lode_status sum_lists(const struct gram_merge *merge, struct lode_bytes *out)
{
    struct summing sum = {0};
    struct gram_writer writer;
    lode_try(open_lists(merge, &sum));
    lode_try(cut_ranges(&sum, merge->arena));
    lode_try(take_scratch(&sum, merge->arena));
    lode_try(gram_writer_begin(&writer, &merge->space, out));
    uint64_t from = 0;
    for (int64_t r = 0; r < sum.n_ranges; r++) {
        const uint64_t end = sum.range_ends[r];
        if (sum.n_classes == 2) /* one KPI that every session has: by far the commonest */
            lode_try(sum_range(&sum, from, end, 2, &writer));
        else
            lode_try(sum_range(&sum, from, end, sum.n_classes, &writer));
        from = end;
    }
    for (int64_t i = 0; i < sum.n_lists; i++) lode_try(gram_cursor_check(&sum.cursors[i]));
    return gram_writer_end(&writer, sum.occurrences);
}

/* Replaces the lists by their sum. */
static lode_status sum_up(struct gram_merge *merge)
{
    const struct lode_arena_mark mark = lode_arena_mark(merge->arena);
    struct lode_bytes out = {0};
    const lode_status status = sum_lists(merge, &out);
    lode_arena_rewind(merge->arena, mark);
    if (status) {
        lode_bytes_clear(&out);
        return status;
    }
    lode_bytes_clear(&merge->held);
    merge->held = out;
    merge->n_lists = 1;
    merge->sum_size = out.size;
    return LODE_OK;
}

lode_status gram_merge_add(struct gram_merge *merge, const uint8_t *data, size_t size, size_t *used)
{
    struct gram_list list;
    lode_try(gram_list_open(&merge->space, data, size, &list, used));
    lode_try(lode_bytes_append(&merge->held, data, *used));
    merge->n_lists++;
    const size_t most = merge->most_held ? merge->most_held : MOST_HELD;
    if (merge->held.size > most && merge->held.size / 2 > merge->sum_size) lode_try(sum_up(merge));
    return LODE_OK;
}

/* Decodes the only list into arrays of its length. */
static lode_status decode(const struct gram_merge *merge, struct lode_arena *arena,
                          struct pattern_counts *counts)
{
    const int n_classes = merge->space.n_classes;
    struct gram_list list = {0};
    struct gram_cursor cursor;
    struct gram_codes codes;
    uint64_t n_keys, *keys;
    uint32_t *sessions;
    size_t used;
    lode_try(gram_space_keys(&merge->space, &n_keys));
    if (merge->n_lists > 0)
        lode_try(gram_list_open(&merge->space, merge->held.data, merge->held.size, &list, &used));
    gram_codes_init(&codes, n_classes);
    gram_cursor_begin(&cursor, &list, n_keys, &codes);
    lode_try(lode_take(arena, list.n_entries, &keys));
    lode_try(lode_take(arena, list.n_entries * n_classes, &sessions));
    int64_t n = 0;
    if (n_classes == 2)
        while (gram_cursor_next(&cursor, n_keys, keys + n, sessions + 2 * n, 2)) n++;
    else
        while (gram_cursor_next(&cursor, n_keys, keys + n, sessions + n * n_classes, n_classes))
            n++;
    lode_try(gram_cursor_check(&cursor));
    *counts = (struct pattern_counts){.k = merge->space.k,
                                      .n_classes = n_classes,
                                      .n_patterns = n,
                                      .keys = keys,
                                      .counts = sessions};
    memcpy(counts->occurrences, list.occurrences, sizeof counts->occurrences);
    return LODE_OK;
}

lode_status gram_merge_finish(struct gram_merge *merge, struct lode_arena *arena,
                              struct pattern_counts *counts)
{
    if (merge->n_lists > 1) lode_try(sum_up(merge));
    lode_try(decode(merge, arena, counts));
    gram_merge_clear(merge);
    return LODE_OK;
}
