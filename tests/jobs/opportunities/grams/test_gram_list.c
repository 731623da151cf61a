/* Gram list: what is written reads back, and nothing else is accepted. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/opportunities/grams/gram_list.h"

enum { MOST = 5000 };

static const struct gram_space pairs = {.n_cohorts = 1, .n_tokens = 100, .k = 2, .n_classes = 2};

struct entry {
    uint64_t key;
    uint32_t counts[GRAM_MAX_CLASSES];
};

static void write(const struct gram_space *space, const struct entry *entries, int64_t n,
                  struct lode_bytes *out)
{
    static const uint64_t occurrences[GRAM_MAX_CLASSES] = {11, 12, 13, 14, 15, 16, 17, 18};
    struct gram_writer writer;
    assert_ok(gram_writer_begin(&writer, space, out));
    assert_ok(gram_writer_room(&writer, n));
    for (int64_t i = 0; i < n; i++)
        gram_writer_put(&writer, entries[i].key, entries[i].counts, space->n_classes);
    assert_ok(gram_writer_end(&writer, occurrences));
}

/* Reads all entries below `end`; the status of frame or entries. */
static lode_status read(const struct gram_space *space, const uint8_t *data, size_t size,
                        uint64_t end, struct entry *entries, int64_t *n)
{
    struct gram_list list;
    struct gram_cursor cursor;
    struct gram_codes codes;
    uint64_t n_keys;
    size_t used;
    *n = 0;
    lode_try(gram_space_keys(space, &n_keys));
    lode_try(gram_list_open(space, data, size, &list, &used));
    assert_in_range(used, 1, size);
    gram_codes_init(&codes, space->n_classes);
    gram_cursor_begin(&cursor, &list, n_keys, &codes);
    while (*n < MOST &&
           gram_cursor_next(&cursor, end, &entries[*n].key, entries[*n].counts, space->n_classes))
        ++*n;
    return gram_cursor_check(&cursor);
}

/* Reads the list from a copy of exactly its size, so that the sanitizer sees one byte too far. */
static lode_status read_copy(const struct lode_bytes *bytes, size_t size, int64_t *n)
{
    static struct entry entries[MOST];
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size > 0) memcpy(copy, bytes->data, size);
    const lode_status status = read(&pairs, copy, size, UINT64_MAX, entries, n);
    free(copy);
    return status;
}

static void an_entry_of_one_session_after_its_neighbour_takes_two_bytes(void **state)
{
    (void)state;
    const struct entry entries[] = {{7, {1, 0}}, {8, {0, 1}}, {9, {15, 15}}};
    struct lode_bytes one = {0}, three = {0};
    write(&pairs, entries, 1, &one);
    write(&pairs, entries, 3, &three);
    assert_int_equal(4, three.size - one.size);
    lode_bytes_clear(&one);
    lode_bytes_clear(&three);
}

static void the_header_says_entries_and_occurrences(void **state)
{
    (void)state;
    const struct entry entries[] = {{7, {1, 0}}, {9999, {0, 1}}};
    struct lode_bytes out = {0};
    struct gram_list list;
    size_t used;
    write(&pairs, entries, 2, &out);
    assert_ok(gram_list_open(&pairs, out.data, out.size, &list, &used));
    assert_int_equal(2, list.n_entries);
    assert_int_equal(11, list.occurrences[0]);
    assert_int_equal(12, list.occurrences[1]);
    assert_int_equal(out.size, used);
    lode_bytes_clear(&out);
}

static void a_cursor_stops_before_the_end_it_is_given(void **state)
{
    (void)state;
    const struct entry entries[] = {{7, {1, 0}}, {8, {2, 0}}, {9, {3, 0}}};
    struct entry found[MOST];
    struct lode_bytes out = {0};
    int64_t n;
    write(&pairs, entries, 3, &out);
    assert_ok(read(&pairs, out.data, out.size, 9, found, &n));
    assert_int_equal(2, n);
    assert_int_equal(8, found[1].key);
    lode_bytes_clear(&out);
}

/* Gaps of every length, counts small and up to the largest, one to eight classes. */
static void random_lists_read_back(void **state)
{
    (void)state;
    static struct entry entries[MOST], found[MOST];
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct lode_random random = lode_random_begin(seed, 0);
        const struct gram_space space = {.n_cohorts = 2,
                                         .n_tokens = 1 << 30,
                                         .k = 2,
                                         .n_classes = 1 + (int)(seed % GRAM_MAX_CLASSES)};
        const int64_t n = (int64_t)lode_random_below(&random, seed % 10 ? 50 : MOST);
        const int gap_bits = n > 50 ? 40 : 54;
        uint64_t key = lode_random_below(&random, 3);
        for (int64_t i = 0; i < n; i++) {
            key += 1 + (lode_random_next(&random) >> (64 - gap_bits) >>
                        lode_random_below(&random, (uint64_t)gap_bits));
            entries[i] = (struct entry){.key = key};
            for (int c = 0; c < space.n_classes; c++)
                entries[i].counts[c] =
                    (uint32_t)(lode_random_next(&random) >> 32 >> lode_random_below(&random, 33));
            entries[i].counts[seed % (uint64_t)space.n_classes] |= 1;
        }
        struct lode_bytes out = {0};
        int64_t n_found;
        memset(found, 0, sizeof found); /* classes past the last one */
        write(&space, entries, n, &out);
        print_message("seed %d\r", (int)seed);
        assert_ok(read(&space, out.data, out.size, UINT64_MAX, found, &n_found));
        assert_int_equal(n, n_found);
        assert_memory_equal(entries, found, (size_t)n * sizeof *entries);
        lode_bytes_clear(&out);
    }
}

static void varints_of_every_length_read_back(void **state)
{
    (void)state;
    for (int bits = 0; bits < 64; bits++) {
        for (int less = 0; less < 2; less++) {
            const uint64_t value = ((uint64_t)1 << bits) - (uint64_t)less;
            uint8_t bytes[24] = {0};
            uint64_t found;
            const uint8_t *end = gram_put_varint(bytes, value);
            assert_ptr_equal(end, gram_get_varint(bytes, &found));
            assert_true(found == value);
        }
    }
}

/* Three entries in one block; the header takes 40 bytes, the head of the block 16. */
static void make_three(struct lode_bytes *out)
{
    const struct entry entries[] = {{7, {1, 0}}, {8, {300, 1}}, {9999, {0, 1}}};
    write(&pairs, entries, 3, out);
}

static void a_list_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    int64_t n;
    make_three(&out);
    assert_ok(read_copy(&out, out.size, &n));
    assert_int_equal(3, n);
    for (size_t size = 0; size < out.size; size++)
        assert_status(LODE_E_MESSAGE, read_copy(&out, size, &n));
    lode_bytes_clear(&out);
}

struct change {
    const char *what;
    size_t at;
    uint8_t value;
};

static void a_list_with_a_wrong_byte_is_refused(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"another k", 0, 3},
        {"another number of classes", 4, 3},
        {"one entry more in the header", 8, 4},
        {"more bytes than there are", 16, 200},
        {"more positions than there can be", 24 + 7, 0x20},
        {"a first key outside of the space", 40 + 1, 0xff},
        {"no entry in the block", 48, 0},
        {"an entry less in the block", 48, 2},
        {"an entry more in the block", 48, 4},
        {"a byte less in the block", 52, 9},
        {"a first gap that is too long", 56, 0},
        {"code 0 without counts", 57, 0},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct lode_bytes out = {0};
        int64_t n;
        make_three(&out);
        out.data[changes[i].at] = changes[i].value;
        if (read_copy(&out, out.size, &n) != LODE_E_MESSAGE) fail_msg("%s", changes[i].what);
        lode_bytes_clear(&out);
    }
}

/* Whatever single byte is changed: refused, or entries that ascend inside the space. */
static void a_changed_byte_never_leads_out_of_the_space(void **state)
{
    (void)state;
    static struct entry entries[MOST];
    for (uint64_t seed = 1; seed <= 20000; seed++) {
        struct lode_random random = lode_random_begin(seed, 0);
        struct lode_bytes out = {0};
        int64_t n;
        make_three(&out);
        out.data[lode_random_below(&random, out.size)] = (uint8_t)lode_random_next(&random);
        if (read(&pairs, out.data, out.size, UINT64_MAX, entries, &n) == LODE_OK) {
            assert_int_equal(3, n);
            for (int64_t i = 0; i < n; i++) {
                assert_true(entries[i].key < 10000);
                assert_true(i == 0 || entries[i].key > entries[i - 1].key);
                assert_true((entries[i].counts[0] | entries[i].counts[1]) != 0);
            }
        }
        lode_bytes_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_of_one_session_after_its_neighbour_takes_two_bytes),
        cmocka_unit_test(the_header_says_entries_and_occurrences),
        cmocka_unit_test(a_cursor_stops_before_the_end_it_is_given),
        cmocka_unit_test(random_lists_read_back),
        cmocka_unit_test(varints_of_every_length_read_back),
        cmocka_unit_test(a_list_cut_anywhere_is_refused),
        cmocka_unit_test(a_list_with_a_wrong_byte_is_refused),
        cmocka_unit_test(a_changed_byte_never_leads_out_of_the_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
