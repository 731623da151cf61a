/* The index against a loop over the bytes, and lode_rows, which goes by the index, against the
 * splitter. */
#include "tests/unit.h"

#include "common/input/csv.h"
#include "common/input/csv_index.h"
#include "common/input/input.h"
#include "common/memory.h"
#include "common/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct lode_csv_index index_;

static void assert_places(const char *text, size_t size)
{
    uint32_t found = 0;
    const size_t most = size < LODE_CSV_INDEX_BYTES ? size : LODE_CSV_INDEX_BYTES;
    lode_csv_index_fill(&index_, 1000, text, size);
    assert_int_equal(index_.begin, 1000);
    assert_int_equal(index_.size, most);
    for (uint32_t i = 0; i < most; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n')
            assert_int_equal(index_.places[found++], i);
    assert_int_equal(index_.count, found);
}

/* Is all plain, as far as can be said of a text that may go on? */
static bool is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || (text[i] & 0x80) != 0) return false;
        if (text[i] == '\r' && (i + 1 == size || text[i + 1] != '\n')) return false;
    }
    return true;
}

static void every_byte_is_found_at_every_place(void **state)
{
    (void)state;
    char text[200];
    for (size_t size = 1; size <= 130; size++)
        for (int byte = 0; byte < 256; byte++) {
            const size_t at = (size_t)byte * 7 % size;
            memset(text, 'a', sizeof text);
            text[at] = (char)byte;
            text[size] = ','; /* is not part of it */
            assert_places(text, size);
            assert_int_equal(index_.is_plain, is_plain(text, size));
        }
}

static void a_text_of_separators_alone_fills_the_index(void **state)
{
    (void)state;
    static char text[LODE_CSV_INDEX_BYTES + 100];
    memset(text, ',', sizeof text);
    assert_places(text, sizeof text);
    assert_int_equal(index_.count, LODE_CSV_INDEX_BYTES);
}

static void a_cr_must_be_followed_by_lf_also_over_the_end_of_a_block(void **state)
{
    (void)state;
    char text[128];
    for (size_t at = 0; at < 127; at++) {
        memset(text, 'a', sizeof text);
        text[at] = '\r';
        lode_csv_index_fill(&index_, 0, text, sizeof text);
        assert_false(index_.is_plain);
        text[at + 1] = '\n';
        lode_csv_index_fill(&index_, 0, text, sizeof text);
        assert_true(index_.is_plain);
    }
}

static enum lode_csv_taken take(const char *text, int count)
{
    struct lode_field fields[8];
    struct lode_csv_record record;
    lode_csv_index_fill(&index_, 0, text, strlen(text));
    return lode_csv_index_take(&index_, 0, text, fields, count, &record);
}

static void records_follow_each_other_by_their_places(void **state)
{
    (void)state;
    static const char text[] = "a,\"b\n,c\"\r\n\"\",d\r\n";
    struct lode_field fields[2];
    struct lode_csv_record record;
    lode_csv_index_fill(&index_, 50, text, sizeof text - 1);
    assert_int_equal(lode_csv_index_take(&index_, 50, text, fields, 2, &record), LODE_CSV_TAKEN);
    assert_int_equal(record.size, 10);
    assert_int_equal(record.n_lines, 2);
    assert_memory_equal(fields[1].text, "b\n,c", fields[1].size);
    assert_int_equal(lode_csv_index_take(&index_, 60, text + 10, fields, 2, &record),
                     LODE_CSV_TAKEN);
    assert_int_equal(fields[0].size, 0);
    assert_int_equal(fields[1].size, 1);
    assert_int_equal(lode_csv_index_take(&index_, 66, text + 16, fields, 2, &record), LODE_CSV_CUT);
}

static void what_the_places_do_not_tell_is_left_to_the_splitter(void **state)
{
    (void)state;
    assert_int_equal(take("a,b\n", 2), LODE_CSV_TAKEN);
    assert_int_equal(take("a,b\n", 3), LODE_CSV_UNUSUAL);
    assert_int_equal(take("a,b,c\n", 2), LODE_CSV_UNUSUAL);
    assert_int_equal(take("a\"b,c\n", 2), LODE_CSV_UNUSUAL);
    assert_int_equal(take("\"a\"\"b\",c\n", 2), LODE_CSV_UNUSUAL);
    assert_int_equal(take("\"a\"b,c\n", 2), LODE_CSV_UNUSUAL);
    assert_int_equal(take("\n", 1), LODE_CSV_UNUSUAL);
    assert_int_equal(take("a,b", 2), LODE_CSV_CUT);
    assert_int_equal(take("a,\"b\n", 2), LODE_CSV_CUT);
    assert_int_equal(take("a,\"b\"", 2), LODE_CSV_CUT);
}

static void plain_records_are_taken_many_at_once(void **state)
{
    (void)state;
    static const char text[] = "a,b\n,cd\r\ne,f\ng,h,i\nj,k\n";
    struct lode_field fields[4 * 2];
    size_t size = 0;
    lode_csv_index_fill(&index_, 50, text, sizeof text - 1);
    assert_int_equal(lode_csv_index_take_many(&index_, 50, text, 99, fields, 2, 1, &size), 1);
    assert_int_equal(size, 4);
    assert_int_equal(lode_csv_index_take_many(&index_, 54, text + 4, 1, fields, 2, 4, &size), 1);
    assert_int_equal(size, 5);
    assert_int_equal(fields[0].size, 0);
    assert_int_equal(fields[1].size, 2); /* without the CR */
    /* up to the one with three fields */
    assert_int_equal(lode_csv_index_take_many(&index_, 59, text + 9, 99, fields, 2, 4, &size), 1);
    assert_int_equal(size, 4);
    assert_int_equal(lode_csv_index_take_many(&index_, 63, text + 13, 99, fields, 2, 4, &size), 0);
    assert_int_equal(size, 0);
    assert_int_equal(lode_csv_index_take_many(&index_, 69, text + 19, 99, fields, 2, 4, &size), 1);
}

static void a_quote_or_an_odd_byte_anywhere_in_the_stretch_stops_that(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n\"c\",d\n", "a,b\n\xc3\xa9,d\n", "a,b\nc\r,d\n",
                                        "\n\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lode_field fields[2];
        size_t size = 0;
        const int count = i == 3 ? 1 : 2; /* a line that may be blank */
        lode_csv_index_fill(&index_, 0, texts[i], strlen(texts[i]));
        assert_int_equal(
            lode_csv_index_take_many(&index_, 0, texts[i], 99, fields, count, 1, &size), 0);
    }
}

/* Random numbers by SplitMix64. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

enum { COLUMNS = 2, FIELDS_MOST = 64, TAKEN_MOST = 7 };

static void show_fields(const struct lode_field *fields, struct lode_bytes *out)
{
    for (int c = 0; c < COLUMNS; c++) {
        assert_ok(lode_bytes_append(out, "[", 1));
        assert_ok(lode_bytes_append(out, fields[c].text, fields[c].size));
    }
}

/* By lode_rows, up to `most` taken at once: line, then fields, "form" (number of fields, text after
 * a quote) or "text". */
static void show_rows(const char *text, size_t size, int64_t most, struct lode_bytes *out)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    struct lode_field fields[TAKEN_MOST * COLUMNS];
    assert_ok(lode_input_open_memory("t.csv", text, size, LODE_INPUT_BLOCK, &input));
    assert_ok(lode_rows_open_input(input, &rows));
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        const int64_t n = lode_rows_take(rows, fields, most);
        for (int64_t i = 0; i < n; i++) {
            assert_ok(lode_bytes_printf(out, "\n%" PRId64 " ", lode_rows_line(rows) - n + 1 + i));
            show_fields(fields + i * COLUMNS, out);
        }
        if (n > 0) continue;
        if (lode_rows_next(rows, fields, &fault, &more) != LODE_OK) {
            assert_ok(lode_bytes_printf(out, "\nopen"));
            break;
        }
        if (!more) break;
        assert_ok(lode_bytes_printf(out, "\n%" PRId64 " ", lode_rows_line(rows)));
        if (fault == NULL)
            show_fields(fields, out);
        else
            assert_ok(lode_bytes_printf(
                out, "%s", strstr(fault, "field") || strstr(fault, "closing") ? "form" : "text"));
    }
    lode_rows_close(rows);
}

/* The same by lode_csv_split, record after record. */
static void split_rows(char *text, size_t size, struct lode_bytes *out)
{
    struct lode_field fields[FIELDS_MOST];
    struct lode_csv_record record = {0};
    size_t open_quote = 0;
    int64_t line = 1;
    text[size] = '\n';
    for (size_t at = 0; at < size; at += record.size, line += record.n_lines) {
        if (!lode_csv_split(text + at, size - at, true, fields, FIELDS_MOST, &record,
                            &open_quote)) {
            assert_ok(lode_bytes_printf(out, "\nopen"));
            return;
        }
        if (at == 0 || record.n_fields == 0) continue; /* the header; a blank line */
        assert_ok(lode_bytes_printf(out, "\n%" PRId64 " ", line));
        bool is_text = true;
        for (int c = 0; c < COLUMNS && c < record.n_fields; c++) {
            const bool quoted = fields[c].text > text + at && fields[c].text[-1] == '"';
            is_text = is_text && lode_text_is_utf8(fields[c].text, fields[c].size) &&
                      (quoted || memchr(fields[c].text, '\r', fields[c].size) == NULL);
        }
        if (record.fault != NULL || record.n_fields != COLUMNS) {
            assert_ok(lode_bytes_printf(out, "form"));
        } else if (!is_text) {
            assert_ok(lode_bytes_printf(out, "text"));
        } else {
            if (record.has_doubled) lode_csv_unquote(text + at, fields, COLUMNS);
            show_fields(fields, out);
        }
    }
}

static size_t random_text(uint64_t *seed, char *text)
{
    static const char *const pieces[] = {
        "1",         "22",          ",",           ",",       ",",         "\n",       "\n",
        "\r\n",      "\r",          "\"",          "\"\"",    "\"a\",",    "\"x\ny\"", "\",",
        "\"\n",      "a\"b",        "\xc3\xa9",    "\xff",    "\n\n",      "a,b\n",    "a,b\n",
        "\"c\",d\n", "e,\"f\"\r\n", "\"\r\n\",\n", ",\"\"\n", "long field"};
    const size_t kinds = 1 + next_random(seed) % 26;
    const size_t offset = next_random(seed) % 26;
    const size_t n = 1 + next_random(seed) % 2000;
    size_t size = 4;
    memcpy(text, "a,b\n", 4);
    for (size_t i = 0; i < n; i++) {
        /* mostly whole records, or faults would be all there is */
        const size_t kind = next_random(seed) % 3 ? 19 + next_random(seed) % 6
                                                  : (offset + next_random(seed) % kinds) % 26;
        memcpy(text + size, pieces[kind], strlen(pieces[kind]));
        size += strlen(pieces[kind]);
    }
    return size;
}

static void rows_by_the_index_are_those_of_the_splitter(void **state)
{
    (void)state;
    static char text[1 << 15];
    struct lode_bytes indexed = {0};
    struct lode_bytes split = {0};
    const char *given = getenv("LODE_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("seeds %" PRIu64 " to %" PRIu64 " (LODE_SEED=N: from N)\n", first, first + 149);
    for (uint64_t number = first; number < first + 150; number++) {
        uint64_t seed = number;
        const size_t size = random_text(&seed, text);
        indexed.size = split.size = 0;
        show_rows(text, size, (int64_t)(number % (TAKEN_MOST + 1)), &indexed);
        split_rows(text, size, &split);
        if (indexed.size != split.size || memcmp(indexed.data, split.data, indexed.size) != 0)
            fail_msg("seed %" PRIu64 "\nby the index:\n%.*s\nby the splitter:\n%.*s", number,
                     (int)indexed.size, (const char *)indexed.data, (int)split.size,
                     (const char *)split.data);
    }
    lode_bytes_clear(&indexed);
    lode_bytes_clear(&split);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_found_at_every_place),
        cmocka_unit_test(a_text_of_separators_alone_fills_the_index),
        cmocka_unit_test(a_cr_must_be_followed_by_lf_also_over_the_end_of_a_block),
        cmocka_unit_test(records_follow_each_other_by_their_places),
        cmocka_unit_test(what_the_places_do_not_tell_is_left_to_the_splitter),
        cmocka_unit_test(plain_records_are_taken_many_at_once),
        cmocka_unit_test(a_quote_or_an_odd_byte_anywhere_in_the_stretch_stops_that),
        cmocka_unit_test(rows_by_the_index_are_those_of_the_splitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
