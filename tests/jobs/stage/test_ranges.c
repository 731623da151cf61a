/* The chain of ranges, by hand and against one reading of the whole text: texts made to mislead,
 * cut at every size, must give the same rows, lines and faults. */
#include "tests/unit.h"

#include "common/input/input.h"
#include "common/input/rows.h"
#include "common/memory.h"
#include "jobs/stage/ranges.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MOST = 8, ROUNDS_MOST = 1000, TEXT_MOST = 1 << 14 };

/* Rows as text, one a line: line number, then fields or fault. */
static lode_status show(struct lode_rows *rows, int64_t lines_before, struct lode_bytes *out)
{
    struct lode_field fields[COLUMNS_MOST];
    int count = 0;
    (void)lode_rows_columns(rows, &count);
    assert_true(count <= COLUMNS_MOST);
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        lode_try(lode_rows_next(rows, fields, &fault, &more));
        if (!more) return LODE_OK;
        lode_try(lode_bytes_printf(out, "%" PRId64 " ", lode_rows_line(rows) + lines_before));
        if (fault != NULL) lode_try(lode_bytes_printf(out, "!%s", fault));
        for (int i = 0; fault == NULL && i < count; i++) {
            lode_try(lode_bytes_append(out, "[", 1));
            lode_try(lode_bytes_append(out, fields[i].text, fields[i].size));
            lode_try(lode_bytes_append(out, "]", 1));
        }
        lode_try(lode_bytes_append(out, "\n", 1));
    }
}

/* A text as one file, read range by range. */
struct reader {
    const char *text;
    size_t size;
    size_t block;
    struct lode_arena *arena;
    struct stage_file file;
    struct stage_plan plan;
    struct stage_range *ranges;
    struct lode_bytes *rows; /* [n_ranges] as `show` tells them, lines counted within the range */
    int64_t *again;
    int n_rounds;
};

static void learn(struct reader *r)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    char **copies = NULL;
    assert_ok(lode_input_open_memory("t.csv", r->text, r->size, r->block, &input));
    assert_ok(lode_rows_open_input(input, &rows));
    const char *const *names = lode_rows_columns(rows, &r->file.n_columns);
    assert_ok(lode_take(r->arena, r->file.n_columns, &copies));
    for (int c = 0; c < r->file.n_columns; c++)
        assert_ok(lode_arena_text(r->arena, names[c], strlen(names[c]), &copies[c]));
    r->file.columns = (const char *const *)copies;
    r->file.is_json = lode_rows_is_json(rows);
    r->file.size_bytes = r->size;
    lode_rows_close(rows);
}

/* As the parse task does it. */
static void read_range(struct reader *r, int64_t number, int64_t lines_before)
{
    struct stage_range *range = &r->ranges[number];
    const struct lode_rows_range bounds = {.begin = range->start,
                                           .end = range->end,
                                           .is_exact = range->is_exact,
                                           .is_json = r->file.is_json,
                                           .n_columns = r->file.n_columns,
                                           .columns = r->file.columns};
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    assert_ok(lode_input_open_memory("t.csv", r->text, r->size, r->block, &input));
    assert_ok(lode_rows_open_range_input(input, &bounds, &rows));
    r->rows[number].size = 0;
    const lode_status status = show(rows, lines_before, &r->rows[number]);
    range->fault = lode_rows_fault(rows, &range->fault_line);
    assert_true((status != LODE_OK) == (range->fault != NULL));
    range->first = lode_rows_first(rows);
    range->next = lode_rows_position(rows);
    range->n_lines = lode_rows_lines(rows);
    range->n_readings++;
    lode_rows_close(rows);
}

static const struct stage_range *read_rounds(struct reader *r)
{
    const struct stage_range *fault = NULL;
    int64_t n_again = r->plan.n_ranges;
    for (int64_t i = 0; i < n_again; i++) r->again[i] = i;
    for (r->n_rounds = 0; n_again > 0 && fault == NULL; r->n_rounds++) {
        assert_true(r->n_rounds < ROUNDS_MOST);
        for (int64_t i = 0; i < n_again; i++) read_range(r, r->again[i], 0);
        ranges_settle(r->ranges, r->plan.n_ranges, r->again, &n_again, &fault);
    }
    return fault;
}

/* Reads it in ranges of `range_bytes`; `out` gets the rows, or the file's fault with its line. */
static void read_in_ranges(struct reader *r, uint64_t range_bytes, struct lode_bytes *out)
{
    r->plan.n_files = 1;
    r->plan.files = &r->file;
    assert_ok(ranges_cut(&r->plan, range_bytes, r->arena, &r->ranges, &r->plan.n_ranges));
    assert_ok(lode_take_zero(r->arena, r->plan.n_ranges, &r->rows));
    assert_ok(lode_take(r->arena, r->plan.n_ranges, &r->again));
    const struct stage_range *fault = read_rounds(r);
    out->size = 0;
    if (fault != NULL)
        assert_ok(lode_bytes_printf(out, "t.csv: line %" PRId64 ": %s",
                                    fault->lines_before + fault->fault_line, fault->fault));
    for (int64_t i = 0; i < r->plan.n_ranges; i++) {
        if (fault == NULL && !r->ranges[i].is_empty) {
            read_range(r, i, r->ranges[i].lines_before);
            assert_ok(lode_bytes_append(out, r->rows[i].data, r->rows[i].size));
        }
        lode_bytes_clear(&r->rows[i]);
    }
}

static void read_whole(const char *text, size_t size, struct lode_bytes *out)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    assert_ok(lode_input_open_memory("t.csv", text, size, LODE_INPUT_BLOCK, &input));
    assert_ok(lode_rows_open_input(input, &rows));
    out->size = 0;
    if (show(rows, 0, out) != LODE_OK) {
        out->size = 0;
        assert_ok(lode_bytes_printf(out, "%s", lode_error_text()));
    }
    lode_rows_close(rows);
}

/* Returns the most rounds that a range size took. */
static int assert_same_in_ranges(const char *text, size_t size, uint64_t range_bytes, size_t block)
{
    struct lode_bytes expected = {0};
    struct lode_bytes found = {0};
    struct reader r = {.text = text, .size = size, .block = block};
    assert_ok(lode_arena_create(0, &r.arena));
    learn(&r);
    read_whole(text, size, &expected);
    read_in_ranges(&r, range_bytes, &found);
    if (expected.size != found.size ||
        (found.size > 0 && memcmp(expected.data, found.data, found.size) != 0))
        fail_msg("ranges of %" PRIu64 " bytes, text:\n%.*s\nexpected:\n%.*s\nfound:\n%.*s",
                 range_bytes, (int)size, text, (int)expected.size, (const char *)expected.data,
                 (int)found.size, (const char *)found.data);
    lode_bytes_clear(&expected);
    lode_bytes_clear(&found);
    lode_arena_destroy(r.arena);
    return r.n_rounds;
}

static void every_cut_of_a_plain_text_gives_its_rows(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,2\n\n3,4\r\n\r\n5,6\n7";
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++)
        assert_int_equal(assert_same_in_ranges(text, sizeof text - 1, bytes, 64), 1);
}

static void line_ends_within_quotes_at_a_border_are_found_out(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,\"two\nlines\"\n2,\"\n\n\n\"\n3,\"x,\"\"\n\"\"\n\"\n4,5\n";
    int most_rounds = 0;
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++) {
        const int n_rounds = assert_same_in_ranges(text, sizeof text - 1, bytes, 64);
        if (n_rounds > most_rounds) most_rounds = n_rounds;
    }
    assert_true(most_rounds > 1);
}

/* One record over many ranges: a range that lies within it holds nothing. */
static void a_record_longer_than_a_range_belongs_to_its_first(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,\"0123456789\n0123456789\n0123456789\n0123456789\"\n2,3\n";
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++)
        (void)assert_same_in_ranges(text, sizeof text - 1, bytes, 64);
}

static void an_open_quote_has_the_line_of_the_file(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,\"\n\"\n2,3\n4,\"5\n6,7\n8,9\n";
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++)
        (void)assert_same_in_ranges(text, sizeof text - 1, bytes, 64);
}

/* Begun within quotes this text seems to have a quote that is never closed. */
static void a_fault_seen_from_a_wrong_start_is_none(void **state)
{
    (void)state;
    static const char text[] = "a,b\n1,\"x\n\"\",\"\"\n\"\n2,3\n4,5\n";
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++)
        (void)assert_same_in_ranges(text, sizeof text - 1, bytes, 64);
}

static void json_lines_are_cut_at_lines(void **state)
{
    (void)state;
    static const char text[] = "\n{\"a\":1,\"b\":\"x\\n\"}\n  \n{\"b\":\"\\\"\"}\r\n{\n{\"a\":2}";
    for (uint64_t bytes = 1; bytes <= sizeof text; bytes++)
        assert_int_equal(assert_same_in_ranges(text, sizeof text - 1, bytes, 64), 1);
}

/* Random numbers by SplitMix64. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t put(char *text, size_t at, const char *piece, size_t size)
{
    memcpy(text + at, piece, size);
    return at + size;
}

/* Pieces in which a quote, a line end or a separator is where it is least expected. */
static size_t hostile_text(uint64_t *seed, char *text)
{
    static const char *const pieces[] = {"1",
                                         "22",
                                         ",",
                                         ",",
                                         ",",
                                         "\n",
                                         "\n",
                                         "\n",
                                         "\r\n",
                                         "\r",
                                         "\"\n\"",
                                         "\"a\nb\"",
                                         ",\"\n,\"",
                                         "\"x\"\"y\"",
                                         "\"\"",
                                         ",\"",
                                         "\",",
                                         "\"\n",
                                         "\n\"",
                                         "a\"b",
                                         "\xc3\xa9",
                                         "\xff",
                                         "\n\n",
                                         "\r\n\r\n",
                                         " ",
                                         "{",
                                         "\"\"\"\n",
                                         "\"q\"z",
                                         "a,b\n",
                                         "1,2\r\n",
                                         "\"1\n2\",3\n",
                                         ",\"\"\"\n\"\"\",\n",
                                         "\xe2\x82\xac,\n"};
    const size_t n_pieces = sizeof pieces / sizeof *pieces;
    /* few kinds at a time make some texts nearly regular and others nearly all quotes */
    const size_t kinds = 1 + next_random(seed) % n_pieces;
    const size_t offset = next_random(seed);
    const size_t n = 1 + next_random(seed) % 120;
    size_t size = 0;
    if (next_random(seed) % 4 == 0) size = put(text, size, "\xef\xbb\xbf", 3);
    size = put(text, size, "a,b\n", 4);
    for (size_t i = 0; i < n; i++) {
        const char *piece = pieces[(offset + next_random(seed) % kinds) % n_pieces];
        size = put(text, size, piece, strlen(piece));
    }
    if (next_random(seed) % 50 == 0) text[size - 1] = '\0';
    return size;
}

static void hostile_texts_are_the_same_at_every_cut(void **state)
{
    (void)state;
    static char text[TEXT_MOST];
    static const size_t blocks[] = {1, 5, 64, 4096};
    const char *given = getenv("LODE_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 20261121;
    print_message("seeds %" PRIu64 " to %" PRIu64 " (LODE_SEED=N: from N)\n", first, first + 399);
    for (uint64_t number = first; number < first + 400; number++) {
        uint64_t seed = number;
        const size_t size = hostile_text(&seed, text);
        for (int i = 0; i < 12; i++) {
            const uint64_t bytes = 1 + next_random(&seed) % (size + 1);
            (void)assert_same_in_ranges(text, size, bytes, blocks[next_random(&seed) % 4]);
        }
    }
}

static void a_packed_file_is_one_range(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    struct stage_range *ranges = NULL;
    int64_t n = 0;
    struct stage_file files[] = {{.size_bytes = 10, .is_packed = true}, {.size_bytes = 10}};
    const struct stage_plan plan = {.n_files = 2, .files = files};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(ranges_cut(&plan, 4, arena, &ranges, &n));
    assert_int_equal(n, 4);
    assert_true(ranges[0].end == UINT64_MAX);
    assert_true(ranges[3].file == 1 && ranges[3].begin == 8 && ranges[3].end == 10);
    lode_arena_destroy(arena);
}

/* 1 TiB in ranges of 1 MiB would be a million. */
static void ranges_grow_rather_than_become_too_many(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    struct stage_range *ranges = NULL;
    int64_t n = 0;
    struct stage_file file = {.size_bytes = UINT64_C(1) << 40};
    const struct stage_plan plan = {.n_files = 1, .files = &file};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(ranges_cut(&plan, 1 << 20, arena, &ranges, &n));
    assert_int_equal(n, RANGES_LIMIT);
    assert_true(ranges[1].begin == 16 << 20);
    lode_arena_destroy(arena);
}

/* Range 1 began wrong, and so did range 3, which only looks right after range 2 ended wrong. */
static void breaks_are_mended_from_where_the_range_before_ended(void **state)
{
    (void)state;
    struct stage_range ranges[] = {
        {.begin = 0, .end = 10, .first = 0, .next = 14, .n_lines = 3, .n_readings = 1},
        {.begin = 10, .end = 20, .first = 12, .next = 21, .n_lines = 2, .n_readings = 1},
        {.begin = 20, .end = 30, .first = 22, .next = 50, .n_lines = 2, .n_readings = 1},
        {.begin = 30, .end = 40, .first = 33, .next = 44, .n_lines = 2, .n_readings = 1},
    };
    int64_t again[4];
    int64_t n_again = 0;
    const struct stage_range *fault = NULL;
    ranges_settle(ranges, 4, again, &n_again, &fault);
    assert_null(fault);
    assert_int_equal(n_again, 2);
    assert_true(again[0] == 1 && ranges[1].start == 14 && ranges[1].is_exact);
    assert_true(again[1] == 2 && ranges[2].start == 21);
    assert_true(ranges[3].is_empty);

    ranges[1].first = 14; /* as read anew */
    ranges[2].first = 21;
    ranges[2].next = 33;
    ranges_settle(ranges, 4, again, &n_again, &fault);
    assert_int_equal(n_again, 0);
    assert_false(ranges[3].is_empty);
    assert_int_equal(ranges[3].lines_before, 7);
}

static void a_fault_behind_a_break_waits_until_the_break_is_mended(void **state)
{
    (void)state;
    struct stage_range ranges[] = {
        {.begin = 0, .end = 10, .first = 0, .next = 14, .n_lines = 3, .n_readings = 1},
        {.begin = 10, .end = 20, .first = 12, .next = 13, .fault = "x", .n_readings = 1},
    };
    int64_t again[2];
    int64_t n_again = 0;
    const struct stage_range *fault = NULL;
    ranges_settle(ranges, 2, again, &n_again, &fault);
    assert_null(fault);
    assert_int_equal(n_again, 1);
    ranges[1].first = 14;
    ranges[1].fault_line = 2;
    ranges_settle(ranges, 2, again, &n_again, &fault);
    assert_ptr_equal(fault, &ranges[1]);
    assert_int_equal(fault->lines_before, 3);
}

static void a_range_survives_its_message(void **state)
{
    (void)state;
    const struct stage_range range = {
        .file = 3, .begin = 5, .end = UINT64_MAX, .is_exact = true, .start = 7};
    struct lode_bytes bytes = {0};
    struct stage_range copy;
    int64_t number = 0;
    assert_ok(range_pack(&range, 9, &bytes));
    assert_ok(range_unpack(bytes.data, bytes.size, &copy, &number));
    assert_int_equal(number, 9);
    assert_memory_equal(&copy, &range, sizeof copy);
    for (size_t size = 0; size < bytes.size; size++)
        assert_status(LODE_E_MESSAGE, range_unpack(bytes.data, size, &copy, &number));
    lode_bytes_clear(&bytes);
}

static void a_remainder_is_that_of_the_division(void **state)
{
    (void)state;
    for (uint64_t divisor = 1; divisor <= STAGE_PARTITIONS_LIMIT; divisor += divisor / 100 + 1) {
        const uint64_t inverse = UINT64_MAX / divisor;
        const uint64_t top = UINT64_MAX - UINT64_MAX % divisor; /* the largest multiple */
        const uint64_t numbers[] = {0,       1,       divisor - 1,          divisor,   divisor + 1,
                                    top - 1, top,     UINT64_C(1) << 63,    inverse,   inverse + 1,
                                    top / 2, top / 3, UINT64_MAX - inverse, UINT64_MAX};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            assert_int_equal(stage_remainder(numbers[i], divisor, inverse), numbers[i] % divisor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_a_plain_text_gives_its_rows),
        cmocka_unit_test(line_ends_within_quotes_at_a_border_are_found_out),
        cmocka_unit_test(a_record_longer_than_a_range_belongs_to_its_first),
        cmocka_unit_test(an_open_quote_has_the_line_of_the_file),
        cmocka_unit_test(a_fault_seen_from_a_wrong_start_is_none),
        cmocka_unit_test(json_lines_are_cut_at_lines),
        cmocka_unit_test(hostile_texts_are_the_same_at_every_cut),
        cmocka_unit_test(a_packed_file_is_one_range),
        cmocka_unit_test(ranges_grow_rather_than_become_too_many),
        cmocka_unit_test(breaks_are_mended_from_where_the_range_before_ended),
        cmocka_unit_test(a_fault_behind_a_break_waits_until_the_break_is_mended),
        cmocka_unit_test(a_range_survives_its_message),
        cmocka_unit_test(a_remainder_is_that_of_the_division),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
