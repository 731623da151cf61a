/* MessagePack values there and back; msgpack-c's own unpacker is the oracle. */
#include "tests/unit.h"

#include <inttypes.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire/pack.h"

enum { RANDOM_CASES = 20000 };

/* splitmix64 */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t printed_seed(void)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 0) : 1;
    print_message("LODE_SEED=%" PRIu64 "\n", seed);
    return seed;
}

#define reader(bytes) lode_unpack_begin((bytes), sizeof(bytes) - 1)

static void values_are_read_in_the_order_they_were_written(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(lode_pack_array(&out, 5));
    assert_ok(lode_pack_u64(&out, UINT64_MAX));
    assert_ok(lode_pack_i64(&out, -3));
    assert_ok(lode_pack_f64(&out, 0.1));
    assert_ok(lode_pack_text(&out, "web.lode", 8));
    assert_ok(lode_pack_bin(&out, "\0\1\2", 3));

    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    uint32_t count;
    uint64_t u64;
    int64_t i64;
    double f64;
    const char *text;
    const uint8_t *bin;
    size_t size;
    assert_ok(lode_unpack_array(&in, &count));
    assert_int_equal(count, 5);
    assert_ok(lode_unpack_u64(&in, &u64));
    assert_true(u64 == UINT64_MAX);
    assert_ok(lode_unpack_i64(&in, &i64));
    assert_true(i64 == -3);
    assert_ok(lode_unpack_f64(&in, &f64));
    assert_true(f64 == 0.1); /* the same bits, not nearly */
    assert_ok(lode_unpack_text(&in, &text, &size));
    assert_int_equal(size, 8);
    assert_memory_equal(text, "web.lode", 8);
    assert_ok(lode_unpack_bin(&in, &bin, &size));
    assert_int_equal(size, 3);
    assert_memory_equal(bin, "\0\1\2", 3);
    assert_ok(lode_unpack_end(&in));
    lode_bytes_clear(&out);
}

static void a_copied_text_outlives_its_message(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    const char *copy = "as before", *more = "as before";
    char message[] = "\xa3web\xa9"
                     "cut";
    struct lode_unpack in = reader(message);
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_unpack_copy(&in, arena, &copy));
    memset(message, 'x', 4);
    assert_string_equal(copy, "web");
    assert_status(LODE_E_MESSAGE, lode_unpack_copy(&in, arena, &more));
    assert_string_equal(more, "as before");
    lode_arena_destroy(arena);
}

static void integers_are_read_from_every_form_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        int64_t value;
    } forms[] = {
        {"\x00", 1, 0},
        {"\x7f", 1, 127},
        {"\xcc\xff", 2, 255},
        {"\xcd\xff\xff", 3, 65535},
        {"\xce\xff\xff\xff\xff", 5, UINT32_MAX},
        {"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
        {"\xd0\x7f", 2, 127},
        {"\xd1\x7f\xff", 3, 32767},
        {"\xd2\x7f\xff\xff\xff", 5, INT32_MAX},
        {"\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", 9, INT64_MAX},
        {"\xff", 1, -1},
        {"\xe0", 1, -32},
        {"\xd0\x80", 2, -128},
        {"\xd1\x80\x00", 3, INT16_MIN},
        {"\xd2\x80\x00\x00\x00", 5, INT32_MIN},
        {"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", 9, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct lode_unpack in = lode_unpack_begin(forms[i].bytes, forms[i].size);
        int64_t i64;
        assert_ok(lode_unpack_i64(&in, &i64));
        assert_true(i64 == forms[i].value);
        assert_ok(lode_unpack_end(&in));

        in = lode_unpack_begin(forms[i].bytes, forms[i].size);
        uint64_t u64 = 7;
        const lode_status status = lode_unpack_u64(&in, &u64);
        if (forms[i].value < 0)
            assert_true(status == LODE_E_MESSAGE && u64 == 7);
        else
            assert_true(status == LODE_OK && u64 == (uint64_t)forms[i].value);
    }
}

static void a_number_that_does_not_fit_is_named(void **state)
{
    (void)state;
    int64_t i64 = 7;
    uint64_t u64 = 7;
    struct lode_unpack in = reader("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_status(LODE_E_MESSAGE, lode_unpack_i64(&in, &i64));
    assert_non_null(strstr(lode_error_text(), "18446744073709551615"));
    in = reader("\xff");
    assert_status(LODE_E_MESSAGE, lode_unpack_u64(&in, &u64));
    assert_non_null(strstr(lode_error_text(), "-1"));
    assert_true(i64 == 7 && u64 == 7);
}

/* All readers against one value; those whose name is not in `good` must refuse and not move. */
static void only_these_read(const char *good, const char *bytes, size_t size)
{
    static const char names[] = "uiftba";
    for (const char *name = names; *name; name++) {
        struct lode_unpack in = lode_unpack_begin(bytes, size);
        uint64_t u64;
        int64_t i64;
        double f64;
        const char *text;
        const uint8_t *bin;
        size_t length;
        uint32_t count;
        const lode_status status = *name == 'u'   ? lode_unpack_u64(&in, &u64)
                                   : *name == 'i' ? lode_unpack_i64(&in, &i64)
                                   : *name == 'f' ? lode_unpack_f64(&in, &f64)
                                   : *name == 't' ? lode_unpack_text(&in, &text, &length)
                                   : *name == 'b' ? lode_unpack_bin(&in, &bin, &length)
                                                  : lode_unpack_array(&in, &count);
        const bool expected = strchr(good, *name) != NULL;
        if ((status == LODE_OK) != expected || (!expected && status != LODE_E_MESSAGE))
            fail_msg("reader '%c' on 0x%02x: %s", *name, (unsigned)(uint8_t)bytes[0],
                     lode_error_text());
        if (!expected) assert_ptr_equal(in.at, bytes);
    }
}

static void every_head_is_read_by_its_own_kind_only(void **state)
{
    (void)state;
    for (int head = 0; head < 256; head++) {
        char value[64] = {(char)head}; /* zeros: sizes 0, numbers 0; enough for every fixed form */
        const char *good = "";
        if (head < 0x80) good = "ui";
        if (head >= 0x90 && head < 0xa0) good = "a";
        if (head >= 0xa0 && head < 0xc0) good = "t";
        if (head >= 0xc4 && head <= 0xc6) good = "b";
        if (head == 0xcb) good = "f";
        if (head >= 0xcc && head <= 0xd3) good = "ui";
        if (head >= 0xd9 && head <= 0xdb) good = "t";
        if (head == 0xdc || head == 0xdd) good = "a";
        if (head >= 0xe0) good = "i";
        only_these_read(good, value, sizeof value);
    }
}

static void the_message_says_what_was_found(void **state)
{
    (void)state;
    struct lode_unpack in = reader("\xa3"
                                   "abc");
    uint64_t u64;
    assert_status(LODE_E_MESSAGE, lode_unpack_u64(&in, &u64));
    assert_string_equal(lode_error_text(),
                        "expected an unsigned number, found text (head 0xa3, 4 bytes left)");
    in = lode_unpack_begin(NULL, 0);
    assert_status(LODE_E_MESSAGE, lode_unpack_u64(&in, &u64));
    assert_string_equal(lode_error_text(), "expected an unsigned number, found the end");
}

static void a_value_cut_anywhere_is_refused(void **state)
{
    (void)state;
    static char body[70000];
    static const size_t sizes[] = {0, 31, 32, 255, 256, 65535, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int binary = 0; binary < 2; binary++) {
            struct lode_bytes out = {0};
            assert_ok(binary ? lode_pack_bin(&out, body, sizes[i])
                             : lode_pack_text(&out, body, sizes[i]));
            for (size_t left = 0; left <= out.size; left += left < 8 ? 1 : out.size / 50 + 1)
                only_these_read(left < out.size ? "" : binary ? "b" : "t", (char *)out.data, left);
            only_these_read("", (char *)out.data, out.size - 1);
            lode_bytes_clear(&out);
        }
    only_these_read("", "\xcf\0\0\0\0\0\0\0", 8);
    only_these_read("", "\xcb\0\0\0\0\0\0\0", 8);
    only_these_read("", "\xd1\0", 2);
}

static void a_count_larger_than_the_bytes_left_is_refused(void **state)
{
    (void)state;
    only_these_read("", "\xdd\xff\xff\xff\xff", 5);
    only_these_read("",
                    "\xdb\xff\xff\xff\xff"
                    "abc",
                    8);
    only_these_read("",
                    "\xc6\xff\xff\xff\xff"
                    "abc",
                    8);
    only_these_read("", "\x93\1\2", 3);
    only_these_read("a", "\x92\1\2", 3);
}

static void a_count_must_keep_to_its_limit(void **state)
{
    (void)state;
    int64_t value = 7;
    struct lode_unpack in = reader("\x05\x05\xcf\x80\0\0\0\0\0\0\0");
    assert_ok(lode_unpack_count(&in, "patterns", 5, &value));
    assert_true(value == 5);
    const uint8_t *at = in.at;
    assert_status(LODE_E_MESSAGE, lode_unpack_count(&in, "patterns", 4, &value));
    assert_string_equal(lode_error_text(), "patterns is 5, more than 4");
    assert_ptr_equal(in.at, at);
    in.at++;
    assert_status(LODE_E_MESSAGE, lode_unpack_count(&in, "rows", UINT64_MAX, &value));
    assert_true(value == 5);
    in = reader("\xc0");
    assert_status(LODE_E_MESSAGE, lode_unpack_count(&in, "rows", 9, &value));
    assert_non_null(strstr(lode_error_text(), "rows: expected an unsigned number, found nil"));
}

static void bytes_after_the_last_value_are_refused(void **state)
{
    (void)state;
    const struct lode_unpack in = reader("\1\2\3");
    assert_status(LODE_E_MESSAGE, lode_unpack_end(&in));
    assert_string_equal(lode_error_text(), "3 bytes left after the last value");
}

static void more_than_32_bits_of_text_are_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_status(LODE_E_MEMORY, lode_pack_text(&out, "", (size_t)UINT32_MAX + 1));
    assert_status(LODE_E_MEMORY, lode_pack_bin(&out, "", (size_t)UINT32_MAX + 1));
    assert_int_equal(out.size, 0);
}

/* One random value written by us; what msgpack-c and we read from it must be what was written. */
static void check_random_value(uint64_t *seed, msgpack_unpacked *theirs)
{
    static char body[70000];
    struct lode_bytes out = {0};
    const uint64_t bits = next_random(seed) >> (next_random(seed) % 64);
    const size_t length = bits % (next_random(seed) % 100 ? 300 : sizeof body);
    double f64, f64_again;
    memcpy(&f64, &(uint64_t){next_random(seed)}, sizeof f64);
    for (size_t i = 0; i < length; i++) body[i] = (char)(bits >> i % 57);

    assert_ok(lode_pack_u64(&out, bits));
    assert_ok(lode_pack_i64(&out, (int64_t)(0 - bits)));
    assert_ok(lode_pack_f64(&out, f64));
    assert_ok(lode_pack_text(&out, body, length));
    assert_ok(lode_pack_bin(&out, body, length));

    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    size_t at = 0, size;
    uint64_t u64;
    int64_t i64;
    const char *text;
    const uint8_t *bin;
#define their_next() msgpack_unpack_next(theirs, (const char *)out.data, out.size, &at)
    assert_int_equal(their_next(), MSGPACK_UNPACK_SUCCESS);
    assert_ok(lode_unpack_u64(&in, &u64));
    assert_true(u64 == bits && theirs->data.via.u64 == bits);
    assert_int_equal(their_next(), MSGPACK_UNPACK_SUCCESS);
    assert_ok(lode_unpack_i64(&in, &i64));
    assert_true(i64 == (int64_t)(0 - bits) && theirs->data.via.i64 == i64);
    assert_int_equal(their_next(), MSGPACK_UNPACK_SUCCESS);
    assert_ok(lode_unpack_f64(&in, &f64_again));
    assert_memory_equal(&f64_again, &f64, sizeof f64);
    if (f64 == f64) assert_true(theirs->data.via.f64 == f64); /* not NaN */
    assert_int_equal(their_next(), MSGPACK_UNPACK_SUCCESS);
    assert_ok(lode_unpack_text(&in, &text, &size));
    assert_true(size == length && theirs->data.via.str.size == length);
    if (length) assert_memory_equal(text, theirs->data.via.str.ptr, length);
    assert_int_equal(their_next(), MSGPACK_UNPACK_SUCCESS);
    assert_ok(lode_unpack_bin(&in, &bin, &size));
    assert_true(size == length && theirs->data.via.bin.size == length);
    if (length) assert_memory_equal(bin, body, length);
    assert_ok(lode_unpack_end(&in));
    assert_int_equal(at, out.size);
    lode_bytes_clear(&out);
}

static void random_values_are_read_as_msgpack_c_reads_them(void **state)
{
    (void)state;
    uint64_t seed = printed_seed();
    msgpack_unpacked theirs;
    msgpack_unpacked_init(&theirs);
    for (int i = 0; i < RANDOM_CASES; i++) check_random_value(&seed, &theirs);
    msgpack_unpacked_destroy(&theirs);
}

/* What msgpack-c writes for an array of any size is an array of that many values to us. */
static void array_heads_of_every_width_are_read(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 15, 16, 65535, 65536, 100000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct lode_bytes out = {0};
        assert_ok(lode_pack_array(&out, counts[i]));
        for (uint32_t j = 0; j < counts[i]; j++) assert_ok(lode_pack_u64(&out, j % 128));
        struct lode_unpack in = lode_unpack_begin(out.data, out.size);
        uint32_t count;
        assert_ok(lode_unpack_array(&in, &count));
        assert_int_equal(count, counts[i]);
        assert_int_equal(in.end - in.at, counts[i]);
        lode_bytes_clear(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_in_the_order_they_were_written),
        cmocka_unit_test(a_copied_text_outlives_its_message),
        cmocka_unit_test(integers_are_read_from_every_form_that_fits),
        cmocka_unit_test(a_number_that_does_not_fit_is_named),
        cmocka_unit_test(every_head_is_read_by_its_own_kind_only),
        cmocka_unit_test(the_message_says_what_was_found),
        cmocka_unit_test(a_value_cut_anywhere_is_refused),
        cmocka_unit_test(a_count_larger_than_the_bytes_left_is_refused),
        cmocka_unit_test(a_count_must_keep_to_its_limit),
        cmocka_unit_test(bytes_after_the_last_value_are_refused),
        cmocka_unit_test(more_than_32_bits_of_text_are_refused),
        cmocka_unit_test(random_values_are_read_as_msgpack_c_reads_them),
        cmocka_unit_test(array_heads_of_every_width_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
