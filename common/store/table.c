/* Table: printing. Text is gathered in one buffer and written a MiB at a time, since a table may
 * have millions of rows; a reader that went away (`lode export R t | head`) ends it without error.
 */
#include "common/store/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/text.h"

enum { WRITE_BYTES = 1 << 20, NUMBER_BYTES = 24, SEEN_BITS = 12 };

/* The shortest form of a double takes a microsecond, and the ratios and shares of a long table
 * repeat: texts of doubles seen lately, found by a hash of their bits, are copied. */
struct seen {
    uint64_t bits;
    uint8_t size; /* 0: free */
    char text[31];
};

/* snprintf takes 10 times as long, and most cells are whole numbers. */
static lode_status append_integer(struct lode_bytes *out, uint64_t magnitude, bool is_negative)
{
    char digits[NUMBER_BYTES];
    char *at = digits + sizeof digits;

    do {
        *--at = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (is_negative) *--at = '-';
    return lode_bytes_append(out, at, (size_t)(digits + sizeof digits - at));
}

static lode_status append_i64(struct lode_bytes *out, int64_t value)
{
    return append_integer(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0);
}

/* A word with '\' before each '|' and '\'. */
static lode_status append_token(struct lode_bytes *out, const char *word)
{
    for (;;) {
        const size_t plain = strcspn(word, "|\\");
        lode_try(lode_bytes_append(out, word, plain));
        word += plain;
        if (*word == '\0') return LODE_OK;
        const char escaped[2] = {'\\', *word++};
        lode_try(lode_bytes_append(out, escaped, sizeof escaped));
    }
}

/* [width] */
static const uint32_t *tokens_of(const struct lode_column *column, int64_t row)
{
    return (const uint32_t *)column->data + lode_column_at(column, row) * column->width;
}

static double f64_of(const struct lode_column *column, int64_t row)
{
    return ((const double *)column->data)[lode_column_at(column, row)];
}

static lode_status append_tokens(struct lode_bytes *out, const struct lode_column *column,
                                 int64_t row)
{
    const uint32_t *tokens = tokens_of(column, row);

    for (int64_t i = 0; i < column->width && tokens[i] != UINT32_MAX; i++) {
        if (i > 0) lode_try(lode_bytes_append(out, "|", 1));
        lode_try(append_token(out, column->words[tokens[i]]));
    }
    return LODE_OK;
}

/* The word of a row, "" where there is none. */
static const char *word_of(const struct lode_column *column, int64_t row)
{
    const uint32_t code = ((const uint32_t *)column->data)[lode_column_at(column, row)];
    return code == UINT32_MAX ? "" : column->words[code];
}

lode_status lode_table_cell(const struct lode_column *column, int64_t row, struct lode_bytes *out)
{
    const int64_t at = lode_column_at(column, row);

    switch (column->type) {
    case LODE_COLUMN_I64:
        return append_i64(out, ((const int64_t *)column->data)[at]);
    case LODE_COLUMN_U32:
        return append_integer(out, ((const uint32_t *)column->data)[at], false);
    case LODE_COLUMN_U8:
        return append_integer(out, ((const uint8_t *)column->data)[at], false);
    case LODE_COLUMN_F64:
        return lode_text_append_f64(out, ((const double *)column->data)[at]);
    case LODE_COLUMN_WORD:
        return lode_bytes_append(out, word_of(column, row), strlen(word_of(column, row)));
    case LODE_COLUMN_TOKENS:
        return append_tokens(out, column, row);
    }
    return lode_fail(LODE_E_BUG, "column '%s' of type %d", column->name, (int)column->type);
}

const struct lode_column *lode_table_column(const struct lode_table *table, const char *name)
{
    for (int i = 0; i < table->n_columns; i++) {
        if (strcmp(table->columns[i].name, name) == 0) return &table->columns[i];
    }
    return NULL;
}

struct printer {
    const struct lode_table *table;
    enum lode_table_format format;
    struct lode_bytes out;
    struct lode_bytes scratch;
    struct lode_bytes keys; /* JSON: all names as `"name":`, one after the other */
    size_t *key_ends;       /* [columns] where each ends in `keys` */
    struct seen *seen;      /* [1 << SEEN_BITS] */
    FILE *file;
    bool is_closed; /* the reader went away: the rest is not wanted */
};

static lode_status append_f64(struct lode_bytes *out, double value, struct seen *seen)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    struct seen *entry = &seen[bits * UINT64_C(0x9e3779b97f4a7c15) >> (64 - SEEN_BITS)];

    if (entry->size > 0 && entry->bits == bits) {
        return lode_bytes_append(out, entry->text, entry->size);
    }
    const size_t before = out->size;
    lode_try(lode_text_append_f64(out, value));
    const size_t size = out->size - before;
    if (size > 0 && size <= sizeof entry->text) {
        entry->bits = bits;
        entry->size = (uint8_t)size;
        memcpy(entry->text, out->data + before, size);
    }
    return LODE_OK;
}

static lode_status append_csv_cell(struct printer *printer, const struct lode_column *column,
                                   int64_t row)
{
    struct lode_bytes *out = &printer->out, *scratch = &printer->scratch;

    if (column->type == LODE_COLUMN_F64) {
        return append_f64(out, f64_of(column, row), printer->seen);
    }
    if (column->type == LODE_COLUMN_WORD) {
        const char *word = word_of(column, row);
        return lode_text_append_csv(out, word, strlen(word));
    }
    if (column->type != LODE_COLUMN_TOKENS) return lode_table_cell(column, row, out);
    scratch->size = 0;
    lode_try(append_tokens(scratch, column, row));
    return lode_text_append_csv(out, (const char *)scratch->data, scratch->size);
}

static lode_status append_json_cell(struct printer *printer, const struct lode_column *column,
                                    int64_t row)
{
    struct lode_bytes *out = &printer->out;

    if (column->type == LODE_COLUMN_F64) {
        const double value = f64_of(column, row);
        if (isnan(value)) return lode_bytes_append(out, "null", 4);
        if (isinf(value)) return lode_bytes_printf(out, "\"%s\"", value < 0 ? "-inf" : "inf");
        return append_f64(out, value, printer->seen);
    }
    if (column->type == LODE_COLUMN_WORD) {
        const char *word = word_of(column, row);
        return lode_text_append_json(out, word, strlen(word));
    }
    if (column->type != LODE_COLUMN_TOKENS) return lode_table_cell(column, row, out);
    const uint32_t *tokens = tokens_of(column, row);
    lode_try(lode_bytes_append(out, "[", 1));
    for (int64_t i = 0; i < column->width && tokens[i] != UINT32_MAX; i++) {
        const char *word = column->words[tokens[i]];
        if (i > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(lode_text_append_json(out, word, strlen(word)));
    }
    return lode_bytes_append(out, "]", 1);
}

static lode_status flush(struct printer *printer)
{
    if (printer->out.size == 0) return LODE_OK;
    const size_t written = fwrite(printer->out.data, 1, printer->out.size, printer->file);
    const bool whole = written == printer->out.size && fflush(printer->file) == 0;

    printer->out.size = 0;
    if (whole) return LODE_OK;
    if (errno != EPIPE) return lode_fail(LODE_E_DISK, "writing the output: %s", strerror(errno));
    printer->is_closed = true;
    return LODE_OK;
}

static lode_status append_row(struct printer *printer, int64_t row)
{
    struct lode_bytes *out = &printer->out;
    const struct lode_table *table = printer->table;

    if (printer->format == LODE_TABLE_CSV) {
        for (int i = 0; i < table->n_columns; i++) {
            if (i > 0) lode_try(lode_bytes_append(out, ",", 1));
            lode_try(append_csv_cell(printer, &table->columns[i], row));
        }
        return lode_bytes_append(out, "\n", 1);
    }
    size_t begin = 0;
    for (int i = 0; i < table->n_columns; i++) {
        const size_t end = printer->key_ends[i];
        lode_try(lode_bytes_append(out, printer->keys.data + begin, end - begin));
        lode_try(append_json_cell(printer, &table->columns[i], row));
        begin = end;
    }
    return lode_bytes_append(out, "}\n", 2);
}

/* CSV: the header row. JSON: `{"first":`, `,"second":`, ... , ready to be copied into each row. */
static lode_status begin_print(struct printer *printer, struct lode_arena *arena)
{
    const struct lode_table *table = printer->table;

    lode_try(lode_take(arena, table->n_columns, &printer->key_ends));
    lode_try(lode_take_zero(arena, 1 << SEEN_BITS, &printer->seen));
    for (int i = 0; i < table->n_columns; i++) {
        const char *name = table->columns[i].name;
        if (printer->format == LODE_TABLE_CSV) {
            if (i > 0) lode_try(lode_bytes_append(&printer->out, ",", 1));
            lode_try(lode_text_append_csv(&printer->out, name, strlen(name)));
        } else {
            lode_try(lode_bytes_append(&printer->keys, i > 0 ? "," : "{", 1));
            lode_try(lode_text_append_json(&printer->keys, name, strlen(name)));
            lode_try(lode_bytes_append(&printer->keys, ":", 1));
            printer->key_ends[i] = printer->keys.size;
        }
    }
    if (printer->format == LODE_TABLE_CSV) return lode_bytes_append(&printer->out, "\n", 1);
    return LODE_OK;
}

lode_status lode_table_print(const struct lode_table *table, enum lode_table_format format,
                             FILE *out)
{
    lode_status status = LODE_OK;
    struct lode_arena *arena = NULL;
    struct printer printer = {.table = table, .format = format, .file = out};

    lode_try_done(lode_arena_create(0, &arena));
    lode_try_done(begin_print(&printer, arena));
    for (int64_t row = 0; row < table->n_rows && !printer.is_closed; row++) {
        lode_try_done(append_row(&printer, row));
        if (printer.out.size >= WRITE_BYTES) lode_try_done(flush(&printer));
    }
    if (!printer.is_closed) lode_try_done(flush(&printer));
done:
    lode_bytes_clear(&printer.out);
    lode_bytes_clear(&printer.scratch);
    lode_bytes_clear(&printer.keys);
    lode_arena_destroy(arena);
    return status ? lode_note(status, "table '%s'", table->name) : LODE_OK;
}

lode_status lode_table_save_lines(const struct lode_table *table, const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *lines = open_memstream(&text, &size);
    if (!lines) return lode_fail(LODE_E_MEMORY, "no memory for %s", path);
    lode_status status = lode_table_print(table, LODE_TABLE_JSONL, lines);
    if (fclose(lines) && !status) status = lode_fail(LODE_E_MEMORY, "no memory for %s", path);
    if (!status) status = lode_file_write(path, text, size, true);
    free(text);
    return status;
}
