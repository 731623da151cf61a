#include "tests/unit.h"

#include <csv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/input/input.h"
#include "common/input/rows.h"
#include "common/memory.h"

static const size_t blocks[] = {1, 2, 3, 7, LODE_INPUT_BLOCK};
enum { N_BLOCKS = sizeof blocks / sizeof blocks[0], CAPACITY = 16 };

static lode_status open_text(const char *text, size_t size, size_t block, struct lode_rows **rows)
{
    struct lode_input *input = NULL;
    lode_try(lode_input_open_memory("in.csv", text, size, block, &input));
    return lode_rows_open_input(input, rows);
}

/* Columns and records as one text: fields in [], a fault after '!', each record on a line that
 * begins with its line number. */
static lode_status show_rows(const char *text, size_t size, size_t block, struct lode_bytes *out)
{
    lode_status status = LODE_OK;
    struct lode_rows *rows = NULL;
    struct lode_field fields[CAPACITY];
    int count = 0;
    out->size = 0;
    lode_try_done(open_text(text, size, block, &rows));
    const char *const *names = lode_rows_columns(rows, &count);
    assert_true(count <= CAPACITY);
    for (int i = 0; i < count; i++) lode_try_done(lode_bytes_printf(out, "[%s]", names[i]));
    for (int64_t n = 1;; n++) {
        const char *fault = NULL;
        bool more = false;
        lode_try_done(lode_rows_next(rows, fields, &fault, &more));
        if (!more) break;
        assert_int_equal(lode_rows_count(rows), n);
        lode_try_done(lode_bytes_printf(out, "\n%" PRId64 " ", lode_rows_line(rows)));
        if (fault != NULL) lode_try_done(lode_bytes_printf(out, "!%s", fault));
        for (int i = 0; fault == NULL && i < count; i++) {
            lode_try_done(lode_bytes_append(out, "[", 1));
            lode_try_done(lode_bytes_append(out, fields[i].text, fields[i].size));
            lode_try_done(lode_bytes_append(out, "]", 1));
        }
    }
done:
    lode_rows_close(rows);
    return status;
}

static void assert_rows_sized(const char *text, size_t size, const char *expected)
{
    struct lode_bytes out = {0};
    for (size_t b = 0; b < N_BLOCKS; b++) {
        assert_ok(show_rows(text, size, blocks[b], &out));
        assert_ok(lode_bytes_append(&out, "", 1));
        assert_string_equal((const char *)out.data, expected);
    }
    lode_bytes_clear(&out);
}

static void assert_rows(const char *text, const char *expected)
{
    assert_rows_sized(text, strlen(text), expected);
}

static void assert_refused_sized(const char *text, size_t size, const char *words)
{
    struct lode_bytes out = {0};
    for (size_t b = 0; b < N_BLOCKS; b++) {
        assert_status(LODE_E_INPUT, show_rows(text, size, blocks[b], &out));
        assert_string_equal(lode_error_text(), words);
    }
    lode_bytes_clear(&out);
}

static void assert_refused(const char *text, const char *words)
{
    assert_refused_sized(text, strlen(text), words);
}

static void records_come_with_the_line_they_begin_on(void **state)
{
    (void)state;
    assert_rows("a,b\n1,2\n\n\r\n\"x\ny\",\"\"\"\"\r\n3,4",
                "[a][b]\n2 [1][2]\n5 [x\ny][\"]\n7 [3][4]");
}

static void a_byte_order_mark_and_blank_lines_before_the_header_are_skipped(void **state)
{
    (void)state;
    assert_rows("\xef\xbb\xbf\n\r\na\n1\n", "[a]\n4 [1]");
    assert_rows("\xef\xbb\xbf{\"a\":1}\n", "[a]\n1 [1]");
}

static void one_column_is_legal_and_so_is_a_header_alone(void **state)
{
    (void)state;
    assert_rows("a\n1\n\n\"\"\n", "[a]\n2 [1]\n4 []");
    assert_rows("a,b\n", "[a][b]");
    assert_rows("a,b", "[a][b]");
}

static void a_faulty_record_is_told_and_reading_goes_on(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1\n1,2,3\n\"x\"y,2\nx\0,2\n\xc3\xa9,\xff\n\xc3\xa9,2\n";
    assert_rows_sized(text, sizeof text - 1,
                      "[a][b]\n2 !wrong number of fields\n3 !wrong number of fields\n"
                      "4 !text after a closing quote\n5 !NUL byte\n6 !invalid UTF-8\n"
                      "7 [\xc3\xa9][2]");
}

/* Text is found plain in pieces of 8 KiB. Here a piece ends between the quotes and the odd byte,
 * and halving the quotes would move that byte into the piece. */
/* Alone it is a line end to libcsv, an error to Python's csv, data to others: refused. With an LF,
 * or inside quotes, nobody doubts. */
static void a_cr_alone_outside_quotes_is_a_fault(void **state)
{
    (void)state;
    assert_rows("a,b\n1\r2,3\n\"1\r2\",3\r\n4,\r\r\n5,6\r",
                "[a][b]\n2 !CR without LF outside quotes\n3 [1\r2][3]\n"
                "4 !CR without LF outside quotes\n5 [5][6]");
    assert_rows("a\nb\rc\rd\n", "[a]\n2 !CR without LF outside quotes");
    assert_refused("a,b\r1,2\r3,4\r",
                   "in.csv: line 1: CR without LF outside quotes in the name of column 2");
    assert_rows("\"a\rb\",c\r\n1,2\r\n", "[a\rb][c]\n2 [1][2]");
}

static void an_odd_byte_behind_doubled_quotes_is_seen(void **state)
{
    (void)state;
    struct lode_bytes text = {0};
    struct lode_bytes expected = {0};
    for (int before = 8160; before < 8200; before++) {
        text.size = expected.size = 0;
        assert_ok(lode_bytes_printf(&text, "a\n%0*d\n\"\"\"\"\"\"\"\xff---\"\nx", before, 0));
        assert_ok(
            lode_bytes_printf(&expected, "[a]\n2 [%0*d]\n3 !invalid UTF-8\n4 [x]", before, 0));
        assert_rows_sized((const char *)text.data, text.size, (const char *)expected.data);
    }
    lode_bytes_clear(&text);
    lode_bytes_clear(&expected);
}

static void a_header_must_name_each_column_once(void **state)
{
    (void)state;
    assert_refused("a,b,a\n", "in.csv: line 1: column 'a' is there twice");
    assert_refused("\n\na,,c\n", "in.csv: line 3: column 2 has no name");
    assert_refused("\"a\"b\n", "in.csv: line 1: text after a closing quote in the header");
    assert_refused("a,\xff\n", "in.csv: line 1: invalid UTF-8 in the name of column 2");
    assert_refused_sized("a\0,b\n", 5, "in.csv: line 1: NUL byte in the name of column 1");
}

static void a_file_without_a_header_is_refused(void **state)
{
    (void)state;
    assert_refused("\n\r\n", "in.csv: no header: there are only blank lines");
    assert_refused("\xef\xbb\xbf", "in.csv: no header: there are only blank lines");
    assert_refused("", "in.csv: empty file");
    assert_refused("[\n {\"a\":1}]", "in.csv: a JSON array; JSON Lines have one object a line, "
                                     "without '[' and ','");
}

static void a_quote_that_never_closes_is_told_with_its_line(void **state)
{
    (void)state;
    assert_refused("a,b\n1,2\n\"x\ny\",\"z\n\n1,2\n", "in.csv: line 4: quote is never closed");
    assert_refused("a,\"b\n1,2\n", "in.csv: line 1: quote is never closed");
}

/* A record of `size` bytes, its line end included, behind a header of two bytes. */
static lode_status read_record_of(size_t size, const char *begin, bool *more)
{
    struct lode_rows *rows = NULL;
    struct lode_field field;
    const char *fault = NULL;
    char *text = malloc(size + 2);
    assert_non_null(text);
    memset(text, 'x', size + 2);
    memcpy(text, "a\n", 2);
    memcpy(text + 2, begin, strlen(begin));
    text[size + 1] = '\n';
    assert_ok(open_text(text, size + 2, LODE_INPUT_BLOCK, &rows));
    const lode_status status = lode_rows_next(rows, &field, &fault, more);
    lode_rows_close(rows);
    free(text);
    return status;
}

static void a_record_may_have_as_many_bytes_as_the_limit(void **state)
{
    (void)state;
    bool more = false;
    assert_ok(read_record_of(LODE_ROW_LIMIT, "", &more));
    assert_true(more);
    assert_status(LODE_E_INPUT, read_record_of(LODE_ROW_LIMIT + 1, "", &more));
    assert_string_equal(lode_error_text(), "in.csv: line 2: record is longer than 16777216 bytes");
    assert_status(LODE_E_INPUT, read_record_of(2 * LODE_ROW_LIMIT, "\n\"", &more));
    assert_string_equal(lode_error_text(),
                        "in.csv: line 3: quote is never closed within the 16 MiB "
                        "that a record may have");
}

static void json_lines_are_known_by_their_first_byte(void **state)
{
    (void)state;
    static const char text[] = "\n{\"a\":1,\"b\":\"x\"}\n \t\r\n{\"b\":null}\r\n{\"a\":\"\xff\"}\n"
                               "{\"a\":\"\0\"}\n1,2\n{\"a\":true,\"c\":[1]}";
    assert_rows_sized(text, sizeof text - 1,
                      "[a][b]\n2 [1][x]\n4 [][]\n5 !invalid UTF-8\n6 !NUL byte\n"
                      "7 !not a JSON object\n8 [1][]");
}

static void json_without_any_value_is_refused(void **state)
{
    (void)state;
    assert_refused("{}\n{\"a\":[]}\n",
                   "in.csv: no JSON object with a plain value in the first 1048576 bytes");
}

/* 100,000 lines of 24 bytes: "late" is a column only if its line is in the first MiB. */
static void keys_are_learnt_from_the_first_mebibyte(void **state)
{
    (void)state;
    enum { LINE = 24, LINES = 100000, IN_SAMPLE = (1 << 20) / LINE };
    struct lode_bytes text = {0};
    for (int i = 0; i < LINES; i++) assert_ok(lode_bytes_printf(&text, "{\"a\":%17d}\n", i));
    for (int inside = 0; inside < 2; inside++) {
        struct lode_rows *rows = NULL;
        struct lode_field fields[2];
        int count = 0;
        const char *fault = NULL;
        bool more = true;
        const size_t line = (size_t)(IN_SAMPLE + (inside ? -1 : 1)) * LINE;
        memcpy(text.data + line, "{\"a\":5,  \"late\":  6   }\n", LINE);
        assert_ok(open_text((const char *)text.data, text.size, 4096, &rows));
        (void)lode_rows_columns(rows, &count);
        assert_int_equal(count, 1 + inside);
        while (more) {
            assert_ok(lode_rows_next(rows, fields, &fault, &more));
            assert_true(!more || fault == NULL);
        }
        assert_int_equal(lode_rows_count(rows), LINES);
        assert_int_equal(lode_rows_line(rows), LINES);
        lode_rows_close(rows);
    }
    lode_bytes_clear(&text);
}

static void a_first_json_line_longer_than_the_sample_is_learnt_from(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    struct lode_bytes text = {0};
    struct lode_rows *rows = NULL;
    int count = 0;
    assert_ok(lode_bytes_printf(&text, "{\"a\":\"%*s\"}\n{\"b\":1}", SIZE, "x"));
    assert_ok(open_text((const char *)text.data, text.size, LODE_INPUT_BLOCK, &rows));
    assert_string_equal(lode_rows_columns(rows, &count)[0], "a");
    assert_int_equal(count, 1);
    lode_rows_close(rows);
    lode_bytes_clear(&text);
}

static void a_file_is_read_by_its_path(void **state)
{
    (void)state;
    char path[] = "/tmp/lode-rows-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a,b\n1,2\n", 8), 8);
    close(fd);
    struct lode_rows *rows = NULL;
    struct lode_field fields[2];
    const char *fault = NULL;
    bool more = false;
    assert_ok(lode_rows_open(path, &rows));
    assert_ok(lode_rows_next(rows, fields, &fault, &more));
    assert_true(more);
    assert_memory_equal(fields[1].text, "2", 1);
    lode_rows_close(rows);
    rows = NULL;
    unlink(path);
    assert_status(LODE_E_INPUT, lode_rows_open(path, &rows));
    assert_null(rows);
}

/* ---- against libcsv ---- */

static uint64_t next_random(uint64_t *seed) /* splitmix64 */
{
    uint64_t x = *seed += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* One field: empty, plain, or quoted with all that needs quotes; now and then a long one. */
static void add_field(struct lode_bytes *text, uint64_t *seed)
{
    static const char *const plain[] = {"a", "-1", "\xc3\xa9", "0.5", " x ", "longer than a word"};
    static const char *const quoted[] = {"\"\"", ",", "\n", "\r\n", "\r", "b", "\xe2\x82\xac", ""};
    const uint64_t kind = next_random(seed) % 4;
    const uint64_t parts = next_random(seed) % 5;
    if (kind == 0) return;
    if (kind >= 2) assert_ok(lode_bytes_append(text, "\"", 1));
    for (uint64_t i = 0; i < parts; i++) {
        const char *part = kind == 1 ? plain[next_random(seed) % 6] : quoted[next_random(seed) % 8];
        assert_ok(lode_bytes_append(text, part, strlen(part)));
    }
    if (kind >= 2) assert_ok(lode_bytes_append(text, "\"", 1));
}

static void add_records(struct lode_bytes *text, uint64_t *seed, int columns)
{
    const uint64_t records = next_random(seed) % 20;
    for (uint64_t r = 0; r < records; r++) {
        for (int i = 0; i < columns; i++) {
            if (i > 0) assert_ok(lode_bytes_append(text, ",", 1));
            add_field(text, seed);
        }
        const bool crlf = next_random(seed) % 2 == 0;
        const bool cut = r + 1 == records && next_random(seed) % 3 == 0;
        if (!cut) assert_ok(lode_bytes_append(text, crlf ? "\r\n" : "\n", crlf ? 2 : 1));
    }
}

struct oracle {
    struct lode_bytes out; /* as show_rows, without line numbers */
    bool begun;
    bool header;
};

static void on_field(void *field, size_t size, void *context)
{
    struct oracle *oracle = context;
    if (!oracle->begun && !oracle->header) assert_ok(lode_bytes_append(&oracle->out, "\n", 1));
    oracle->begun = true;
    assert_ok(lode_bytes_append(&oracle->out, "[", 1));
    assert_ok(lode_bytes_append(&oracle->out, field, size));
    assert_ok(lode_bytes_append(&oracle->out, "]", 1));
}

static void on_record(int end, void *context)
{
    (void)end;
    struct oracle *oracle = context;
    oracle->begun = false;
    oracle->header = false;
}

/* libcsv trims blanks around fields unless told that nothing is a blank. */
static int is_never(unsigned char byte)
{
    (void)byte;
    return 0;
}

static void show_by_libcsv(const struct lode_bytes *text, struct oracle *oracle)
{
    struct csv_parser parser;
    *oracle = (struct oracle){.header = true};
    assert_int_equal(csv_init(&parser, 0), 0);
    csv_set_space_func(&parser, is_never);
    assert_int_equal(csv_parse(&parser, text->data, text->size, on_field, on_record, oracle),
                     text->size);
    assert_int_equal(csv_fini(&parser, on_field, on_record, oracle), 0);
    csv_free(&parser);
}

/* show_rows, with the line numbers taken out again: a '\n' followed by digits and a space is ours
 * only outside of brackets. */
static void drop_lines(struct lode_bytes *out)
{
    size_t to = 0;
    bool inside = false;
    for (size_t i = 0; i < out->size; i++) {
        const uint8_t byte = out->data[i];
        if (byte == '[') inside = true;
        if (inside || byte == '\n') out->data[to++] = byte;
        if (byte == ']') inside = false;
    }
    out->size = to;
}

static void generated_csv_reads_as_by_libcsv(void **state)
{
    (void)state;
    const char *given = getenv("LODE_SEED");
    const uint64_t first = given != NULL ? strtoull(given, NULL, 10) : 1;
    const uint64_t rounds = given != NULL ? 1 : 400;
    struct lode_bytes text = {0};
    struct lode_bytes out = {0};
    print_message("LODE_SEED=%" PRIu64 ", %" PRIu64 " rounds\n", first, rounds);
    for (uint64_t seed = first; seed < first + rounds; seed++) {
        uint64_t random = seed;
        const int columns = 1 + (int)(next_random(&random) % 5);
        struct oracle oracle;
        text.size = 0;
        for (int i = 0; i < columns; i++)
            assert_ok(lode_bytes_printf(&text, i > 0 ? ",\"c\"\"%d\"" : "c%d", i));
        assert_ok(lode_bytes_append(&text, "\n", 1));
        add_records(&text, &random, columns);
        show_by_libcsv(&text, &oracle);
        for (size_t b = 0; b < N_BLOCKS; b++) {
            assert_ok(show_rows((const char *)text.data, text.size, blocks[b], &out));
            drop_lines(&out);
            if (out.size != oracle.out.size || memcmp(out.data, oracle.out.data, out.size) != 0)
                fail_msg("LODE_SEED=%" PRIu64 ", block %zu: not as libcsv reads it", seed,
                         blocks[b]);
        }
        lode_bytes_clear(&oracle.out);
    }
    lode_bytes_clear(&text);
    lode_bytes_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_with_the_line_they_begin_on),
        cmocka_unit_test(a_byte_order_mark_and_blank_lines_before_the_header_are_skipped),
        cmocka_unit_test(one_column_is_legal_and_so_is_a_header_alone),
        cmocka_unit_test(a_faulty_record_is_told_and_reading_goes_on),
        cmocka_unit_test(a_cr_alone_outside_quotes_is_a_fault),
        cmocka_unit_test(an_odd_byte_behind_doubled_quotes_is_seen),
        cmocka_unit_test(a_header_must_name_each_column_once),
        cmocka_unit_test(a_file_without_a_header_is_refused),
        cmocka_unit_test(a_quote_that_never_closes_is_told_with_its_line),
        cmocka_unit_test(a_record_may_have_as_many_bytes_as_the_limit),
        cmocka_unit_test(json_lines_are_known_by_their_first_byte),
        cmocka_unit_test(json_without_any_value_is_refused),
        cmocka_unit_test(keys_are_learnt_from_the_first_mebibyte),
        cmocka_unit_test(a_first_json_line_longer_than_the_sample_is_learnt_from),
        cmocka_unit_test(a_file_is_read_by_its_path),
        cmocka_unit_test(generated_csv_reads_as_by_libcsv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
