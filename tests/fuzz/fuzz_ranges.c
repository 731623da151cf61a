/* Hostile bytes as a plain file in ranges: however it is cut, the rounds come to an end, and rows,
 * lines and the file's fault are those of one reading, row by row.
 *
 * The first two bytes of the input are the size of a range. The rest is the file; what would be
 * taken for gzip or zstd is left out, since those are not cut. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/input/input.h"
#include "common/input/rows.h"
#include "common/memory.h"
#include "jobs/stage/ranges.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

struct text {
    const uint8_t *data;
    size_t size;
};

static struct lode_input *open_text(const struct text *text)
{
    struct lode_input *input = NULL;
    check(lode_input_open_memory("in", text->data, text->size, 64, &input) == LODE_OK);
    return input;
}

static void say_row(const struct lode_field *fields, int count, int64_t line, const char *fault,
                    struct lode_bytes *said)
{
    check(lode_bytes_printf(said, "\n%" PRId64 " %s", line, fault != NULL ? fault : "") == LODE_OK);
    for (int c = 0; fault == NULL && c < count; c++) {
        check(lode_bytes_printf(said, "[%zu]", fields[c].size) == LODE_OK);
        check(lode_bytes_append(said, fields[c].text, fields[c].size) == LODE_OK);
    }
}

/* The rows as bytes, up to `most` taken at once, lines counted on from `lines_before`. False: a
 * fault of the file. */
static bool say_rows(struct lode_rows *rows, int64_t most, int64_t lines_before,
                     struct lode_bytes *said)
{
    int count = 0;
    (void)lode_rows_columns(rows, &count);
    struct lode_field *fields = calloc((size_t)count * (size_t)(most + 1), sizeof *fields);
    check(fields != NULL);
    bool more = true;
    while (more) {
        const char *fault = NULL;
        int64_t n = lode_rows_take(rows, fields, most);
        if (n == 0) {
            if (lode_rows_next(rows, fields, &fault, &more) != LODE_OK) break;
            n = more;
        }
        for (int64_t i = 0; i < n; i++)
            say_row(fields + i * count, count, lines_before + lode_rows_line(rows) - n + 1 + i,
                    fault, said);
    }
    free(fields);
    return !more;
}

static void say_fault(int64_t line, const char *fault, struct lode_bytes *said)
{
    said->size = 0;
    check(fault != NULL);
    check(lode_bytes_printf(said, "line %" PRId64 ": %s", line, fault) == LODE_OK);
}

struct cut {
    const struct text *text;
    struct lode_rows *whole; /* knows columns and form */
    struct stage_range *ranges;
    int64_t n;
};

/* As the parse task does it; the rows are dropped unless `said`. */
static void read_range(const struct cut *cut, struct stage_range *range, struct lode_bytes *said)
{
    struct lode_bytes dropped = {0};
    struct lode_rows *rows = NULL;
    struct lode_rows_range bounds = {.begin = range->start,
                                     .end = range->end,
                                     .is_exact = range->is_exact,
                                     .is_json = lode_rows_is_json(cut->whole)};
    bounds.columns = lode_rows_columns(cut->whole, &bounds.n_columns);
    check(lode_rows_open_range_input(open_text(cut->text), &bounds, &rows) == LODE_OK);
    (void)say_rows(rows, 3, range->lines_before, said != NULL ? said : &dropped);
    range->fault = lode_rows_fault(rows, &range->fault_line);
    range->first = lode_rows_first(rows);
    range->next = lode_rows_position(rows);
    range->n_lines = lode_rows_lines(rows);
    range->n_readings++;
    lode_rows_close(rows);
    lode_bytes_clear(&dropped);
}

static void say_ranges(const struct cut *cut, int64_t *again, struct lode_bytes *said)
{
    const struct stage_range *fault = NULL;
    int64_t n_again = cut->n;
    for (int64_t i = 0; i < cut->n; i++) again[i] = i;
    for (int64_t round = 0; n_again > 0 && fault == NULL; round++) {
        check(round <= cut->n); /* each settles one range at least */
        for (int64_t i = 0; i < n_again; i++) read_range(cut, &cut->ranges[again[i]], NULL);
        ranges_settle(cut->ranges, cut->n, again, &n_again, &fault);
    }
    if (fault != NULL) {
        say_fault(fault->lines_before + fault->fault_line, fault->fault, said);
        return;
    }
    for (int64_t i = 0; i < cut->n; i++)
        if (!cut->ranges[i].is_empty) read_range(cut, &cut->ranges[i], said);
}

static void compare(const struct text *text, uint64_t range_bytes, struct lode_arena *arena)
{
    struct lode_bytes expected = {0};
    struct lode_bytes found = {0};
    struct stage_file file = {.size_bytes = text->size};
    const struct stage_plan plan = {.n_files = 1, .files = &file};
    struct cut cut = {.text = text};
    int64_t *again = NULL;
    int64_t line = 0;
    if (lode_rows_open_input(open_text(text), &cut.whole) != LODE_OK) return; /* no header */
    check(ranges_cut(&plan, range_bytes, arena, &cut.ranges, &cut.n) == LODE_OK);
    check(lode_take(arena, cut.n, &again) == LODE_OK);
    if (!say_rows(cut.whole, 0, 0, &expected)) {
        const char *fault = lode_rows_fault(cut.whole, &line);
        say_fault(line, fault, &expected);
    }
    say_ranges(&cut, again, &found);
    check(expected.size == found.size);
    check(found.size == 0 || memcmp(expected.data, found.data, found.size) == 0);
    lode_rows_close(cut.whole);
    lode_bytes_clear(&expected);
    lode_bytes_clear(&found);
}

static bool may_be_packed(uint8_t first)
{
    return first == 0x1f || first == 0x28 || (first & 0xf0) == 0x50; /* gzip, zstd, skippable */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    if (size < 3 || may_be_packed(data[2])) return 0;
    const struct text text = {data + 2, size - 2};
    const uint64_t asked = 1 + (uint64_t)data[0] + 256 * (uint64_t)data[1];
    const uint64_t least = text.size / 64 + 1; /* not more ranges than one has patience for */
    check(lode_arena_create(0, &arena) == LODE_OK);
    compare(&text, asked > least ? asked : least, arena);
    lode_arena_destroy(arena);
    return 0;
}
