/* Cutting a list at the borders of ranges of keys. */
#include "tests/unit.h"

#include "common/stats/random.h"
#include "jobs/opportunities/grams/gram_ranges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { N_TOKENS = 50, K = 2, N_KEYS = N_TOKENS * N_TOKENS, MOST = N_KEYS, N_CLASSES = 2 };

static const struct gram_space space = {
    .n_cohorts = 1, .n_tokens = N_TOKENS, .k = K, .n_classes = N_CLASSES};

/* What came out of the pieces, in order. */
struct seen {
    int64_t n_ranges, last_range, n_pieces, n;
    uint64_t keys[MOST];
    uint32_t counts[MOST][N_CLASSES];
    int64_t occurrences[N_CLASSES];
};

static lode_status see(void *context, int64_t range, const uint8_t *piece, size_t size)
{
    struct seen *seen = context;
    struct gram_list list;
    struct gram_codes codes;
    struct gram_cursor cursor;
    size_t used = 0;
    assert_true(range > seen->last_range);
    seen->last_range = range;
    seen->n_pieces++;
    lode_try(gram_list_open(&space, piece, size, &list, &used));
    assert_int_equal(size, used);
    assert_true(range == 0 || list.n_entries > 0);
    gram_codes_init(&codes, N_CLASSES);
    gram_cursor_begin(&cursor, &list, N_KEYS, &codes);
    while (
        gram_cursor_next(&cursor, N_KEYS, &seen->keys[seen->n], seen->counts[seen->n], N_CLASSES)) {
        const uint64_t key = seen->keys[seen->n++];
        assert_true(key < gram_range_end(N_KEYS, seen->n_ranges, range));
        assert_true(range == 0 || key >= gram_range_end(N_KEYS, seen->n_ranges, range - 1));
    }
    for (int c = 0; c < N_CLASSES; c++) seen->occurrences[c] += list.occurrences[c];
    return gram_cursor_check(&cursor);
}

/* Entries at random keys; keys and counts beside. */
static int64_t make_list(uint64_t seed, struct lode_bytes *out, uint64_t *keys,
                         uint32_t (*counts)[N_CLASSES])
{
    const uint64_t occurrences[N_CLASSES] = {1000 + seed, 7};
    struct lode_random random = lode_random_begin(seed, 0);
    struct gram_writer writer;
    int64_t n = 0;
    const double density = lode_random_uniform(&random);
    assert_ok(gram_writer_begin(&writer, &space, out));
    assert_ok(gram_writer_room(&writer, N_KEYS));
    for (uint64_t key = 0; key < N_KEYS; key++) {
        if (lode_random_uniform(&random) > density) continue;
        keys[n] = key;
        counts[n][0] = (uint32_t)(1 / (lode_random_uniform(&random) + 1e-9));
        counts[n][1] = counts[n][0] % 3;
        gram_writer_put(&writer, key, counts[n], N_CLASSES);
        n++;
    }
    assert_ok(gram_writer_end(&writer, occurrences));
    return n;
}

static void the_pieces_of_a_list_are_its_entries(void **state)
{
    static uint64_t keys[MOST];
    static uint32_t counts[MOST][N_CLASSES];
    static struct seen seen;
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        const int64_t ranges[] = {1, 2, 7, 64, N_KEYS, 3 * N_KEYS};
        struct lode_bytes list = {0};
        const int64_t n = make_list(seed, &list, keys, counts);
        for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++) {
            seen = (struct seen){.n_ranges = ranges[r], .last_range = -1};
            if (gram_list_cut(&space, list.data, list.size, ranges[r], see, &seen))
                fail_msg("seed %llu: %s", (unsigned long long)seed, lode_error_text());
            assert_int_equal(n, seen.n);
            assert_memory_equal(keys, seen.keys, (size_t)n * sizeof *keys);
            assert_memory_equal(counts, seen.counts, (size_t)n * sizeof *counts);
            assert_int_equal(1000 + seed, seen.occurrences[0]);
            assert_int_equal(7, seen.occurrences[1]);
        }
        lode_bytes_clear(&list);
    }
}

static void the_last_range_ends_with_the_keys_however_many(void **state)
{
    (void)state;
    const uint64_t most = UINT64_C(1) << GRAM_KEY_BITS;
    assert_int_equal(most, gram_range_end(most, 4096, 4095));
    assert_int_equal(most / 2, gram_range_end(most, 4096, 2047));
    assert_int_equal(0, gram_range_end(3, 4, 0));
    assert_int_equal(3, gram_range_end(3, 4, 3));
}

static void a_damaged_list_is_refused(void **state)
{
    static uint64_t keys[MOST];
    static uint32_t counts[MOST][N_CLASSES];
    static struct seen seen;
    struct lode_bytes list = {0};
    (void)state;
    make_list(3, &list, keys, counts);
    seen = (struct seen){.n_ranges = 4, .last_range = -1};
    assert_status(LODE_E_MESSAGE, gram_list_cut(&space, list.data, list.size / 2, 4, see, &seen));
    lode_bytes_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pieces_of_a_list_are_its_entries),
        cmocka_unit_test(the_last_range_ends_with_the_keys_however_many),
        cmocka_unit_test(a_damaged_list_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
