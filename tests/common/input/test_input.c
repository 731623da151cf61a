#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "common/input/input.h"
#include "common/memory.h"

static const size_t blocks[] = {1, 2, 3, 7, LODE_INPUT_BLOCK};
enum { N_BLOCKS = sizeof blocks / sizeof blocks[0] };

/* Appends one gzip member that unpacks to `text`. */
static void add_gzip(struct lode_bytes *out, const char *text, size_t size)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_ok(lode_bytes_reserve(out, deflateBound(&z, (uLong)size)));
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)size;
    z.next_out = out->data + out->size;
    z.avail_out = (uInt)(out->capacity - out->size);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->size += z.total_out;
    deflateEnd(&z);
}

static void add_zstd(struct lode_bytes *out, const char *text, size_t size)
{
    assert_ok(lode_bytes_reserve(out, ZSTD_compressBound(size)));
    const size_t made =
        ZSTD_compress(out->data + out->size, out->capacity - out->size, text, size, 3);
    assert_false(ZSTD_isError(made));
    out->size += made;
}

/* All of an input, asked for `piece` bytes at a time. */
static lode_status read_all(const struct lode_bytes *packed, size_t block, size_t piece,
                            struct lode_bytes *text)
{
    lode_status status = LODE_OK;
    struct lode_input *input = NULL;
    size_t got = 1;
    text->size = 0;
    lode_try(lode_input_open_memory("in", packed->data, packed->size, block, &input));
    while (got > 0) {
        lode_try_done(lode_bytes_reserve(text, piece));
        lode_try_done(lode_input_read(input, text->data + text->size, piece, &got));
        text->size += got;
    }
done:
    lode_input_close(input);
    return status;
}

/* For every size of block, and for reading single bytes and large pieces. */
static void assert_unpacks_to(const struct lode_bytes *packed, const char *expected, size_t size)
{
    static const size_t pieces[] = {1, 5, 4096};
    struct lode_bytes text = {0};
    for (size_t b = 0; b < N_BLOCKS; b++) {
        for (size_t p = 0; p < 3; p++) {
            assert_ok(read_all(packed, blocks[b], pieces[p], &text));
            assert_int_equal(text.size, size);
            assert_memory_equal(text.data, expected, size);
        }
    }
    lode_bytes_clear(&text);
}

static void assert_refused(const struct lode_bytes *packed, const char *words)
{
    struct lode_bytes text = {0};
    for (size_t b = 0; b < N_BLOCKS; b++) {
        assert_status(LODE_E_INPUT, read_all(packed, blocks[b], 4096, &text));
        if (strstr(lode_error_text(), words) == NULL)
            fail_msg("block %zu: '%s' not in '%s'", blocks[b], words, lode_error_text());
    }
    lode_bytes_clear(&text);
}

static void plain_bytes_come_as_they_are(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    assert_ok(lode_bytes_append(&in, "a,b\n\0\xff", 6));
    assert_unpacks_to(&in, "a,b\n\0\xff", 6);
    lode_bytes_clear(&in);
}

static void gzip_members_are_one_text(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    add_gzip(&in, "a,b\n", 4);
    add_gzip(&in, "", 0);
    add_gzip(&in, "1,2\n", 4);
    assert_unpacks_to(&in, "a,b\n1,2\n", 8);
    lode_bytes_clear(&in);
}

static void zstd_frames_are_one_text(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    add_zstd(&in, "a,b\n", 4);
    add_zstd(&in, "", 0);
    add_zstd(&in, "1,2\n", 4);
    assert_unpacks_to(&in, "a,b\n1,2\n", 8);
    lode_bytes_clear(&in);
}

/* pzstd begins with such a frame: magic, size 2, two bytes that mean nothing. */
static void a_skippable_zstd_frame_is_skipped(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    assert_ok(lode_bytes_append(&in, "\x50\x2a\x4d\x18\x02\0\0\0zz", 10));
    add_zstd(&in, "text", 4);
    assert_unpacks_to(&in, "text", 4);
    lode_bytes_clear(&in);
}

/* 100,000 equal bytes pack into about 100: the decoder holds text long after its last input. */
static void text_that_packs_very_well_comes_out_whole(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    struct lode_bytes gzip = {0};
    struct lode_bytes zstd = {0};
    add_gzip(&gzip, text, SIZE);
    add_zstd(&zstd, text, SIZE);
    assert_unpacks_to(&gzip, text, SIZE);
    assert_unpacks_to(&zstd, text, SIZE);
    lode_bytes_clear(&gzip);
    lode_bytes_clear(&zstd);
    free(text);
}

/* Four bytes are enough for zstd to be known, two for gzip; shorter files are plain text. */
static void a_stream_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct lode_bytes gzip = {0};
    struct lode_bytes zstd = {0};
    char words[64];
    add_gzip(&gzip, "session,ts\n1,2\n", 15);
    add_zstd(&zstd, "session,ts\n1,2\n", 15);
    while (gzip.size-- > 2) {
        snprintf(words, sizeof words, "in: gzip stream is cut short after %zu bytes", gzip.size);
        assert_refused(&gzip, words);
    }
    while (zstd.size-- > 4) {
        snprintf(words, sizeof words, "in: zstd stream is cut short after %zu bytes", zstd.size);
        assert_refused(&zstd, words);
    }
    lode_bytes_clear(&gzip);
    lode_bytes_clear(&zstd);
}

static void a_second_member_that_is_cut_is_refused(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    add_gzip(&in, "one", 3);
    add_gzip(&in, "two", 3);
    in.size -= 1;
    assert_refused(&in, "gzip stream is cut short");
    lode_bytes_clear(&in);
}

static void other_bytes_after_the_stream_are_refused(void **state)
{
    (void)state;
    static const char *const tails[] = {"x", "xy", "garbage that is longer", "\n"};
    for (size_t i = 0; i < 4; i++) {
        struct lode_bytes gzip = {0};
        struct lode_bytes zstd = {0};
        char words[64];
        add_gzip(&gzip, "one", 3);
        add_zstd(&zstd, "one", 3);
        snprintf(words, sizeof words, "after the end of the gzip stream, at byte %zu", gzip.size);
        assert_ok(lode_bytes_append(&gzip, tails[i], strlen(tails[i])));
        assert_refused(&gzip, words);
        snprintf(words, sizeof words, "after the end of the zstd stream, at byte %zu", zstd.size);
        assert_ok(lode_bytes_append(&zstd, tails[i], strlen(tails[i])));
        assert_refused(&zstd, words);
        lode_bytes_clear(&gzip);
        lode_bytes_clear(&zstd);
    }
}

/* The last eight bytes of a member are checksum and length of the text. */
static void a_wrong_checksum_is_refused(void **state)
{
    (void)state;
    struct lode_bytes in = {0};
    add_gzip(&in, "one", 3);
    in.data[in.size - 8] ^= 1;
    assert_refused(&in, "gzip stream is damaged after");
    lode_bytes_clear(&in);
}

static void assert_open_fails(const char *path, const char *words)
{
    struct lode_input *input = NULL;
    assert_status(LODE_E_INPUT, lode_input_open(path, LODE_INPUT_BLOCK, &input));
    assert_null(input);
    assert_non_null(strstr(lode_error_text(), path));
    if (strstr(lode_error_text(), words) == NULL)
        fail_msg("'%s' not in '%s'", words, lode_error_text());
}

static void what_is_no_file_with_bytes_is_refused_by_name(void **state)
{
    (void)state;
    char folder[] = "/tmp/lode-input-XXXXXX";
    char path[64];
    assert_non_null(mkdtemp(folder));
    assert_open_fails(folder, "is a directory");
    snprintf(path, sizeof path, "%s/none", folder);
    assert_open_fails(path, "No such file");
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_open_fails(path, "is a FIFO");
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/empty", folder);
    fclose(fopen(path, "w"));
    assert_open_fails(path, "empty file");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_open_fails("/dev/null", "is not a regular file");
}

static void a_gzip_file_is_known_by_its_bytes_not_its_name(void **state)
{
    (void)state;
    char path[] = "/tmp/lode-input-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct lode_bytes packed = {0};
    add_gzip(&packed, "a,b\n", 4);
    assert_int_equal(write(fd, packed.data, packed.size), packed.size);
    close(fd);

    struct lode_input *input = NULL;
    char text[16];
    size_t got = 0;
    assert_ok(lode_input_open(path, 3, &input));
    assert_string_equal(lode_input_path(input), path);
    assert_ok(lode_input_read(input, text, sizeof text, &got));
    assert_true(got > 0);
    assert_memory_equal(text, "a,b\n", got);
    lode_input_close(input);
    lode_bytes_clear(&packed);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes_come_as_they_are),
        cmocka_unit_test(gzip_members_are_one_text),
        cmocka_unit_test(zstd_frames_are_one_text),
        cmocka_unit_test(a_skippable_zstd_frame_is_skipped),
        cmocka_unit_test(text_that_packs_very_well_comes_out_whole),
        cmocka_unit_test(a_stream_cut_anywhere_is_refused),
        cmocka_unit_test(a_second_member_that_is_cut_is_refused),
        cmocka_unit_test(other_bytes_after_the_stream_are_refused),
        cmocka_unit_test(a_wrong_checksum_is_refused),
        cmocka_unit_test(what_is_no_file_with_bytes_is_refused_by_name),
        cmocka_unit_test(a_gzip_file_is_known_by_its_bytes_not_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
