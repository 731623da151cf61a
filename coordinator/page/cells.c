/* Cells: see the header. */
#include "coordinator/page/cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

/* Beyond it a browser's numbers are not exact. */
static const int64_t exact_limit = INT64_C(1) << 53;

lode_status page_text_append(struct lode_bytes *out, const char *text)
{
    char cut[PAGE_CELL_BYTES + 4];
    size_t size = text ? strlen(text) : 0;
    if (size <= PAGE_CELL_BYTES) return lode_text_append_json(out, text ? text : "", size);
    size = PAGE_CELL_BYTES;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) size--;
    snprintf(cut, sizeof cut, "%.*s...", (int)size, text);
    return lode_text_append_json(out, cut, size + 3);
}

lode_status page_field_append(struct lode_bytes *out, bool is_first, const char *name,
                              const char *text)
{
    lode_try(lode_bytes_printf(out, "%s\"%s\":", is_first ? "" : ",", name));
    return page_text_append(out, text);
}

static lode_status append_double(struct lode_bytes *out, double value)
{
    char text[32];
    if (isnan(value)) return lode_bytes_append(out, "null", 4);
    if (isinf(value)) return lode_bytes_printf(out, value < 0 ? "\"-inf\"" : "\"inf\"");
    if (fabs(value) < (double)exact_limit && value == trunc(value)) /* == on purpose: whole? */
        return lode_text_append_f64(out, value);
    const int size = snprintf(text, sizeof text, "%.6g", value);
    for (int i = 0; i < size; i++)
        if (text[i] == ',') text[i] = '.'; /* whatever locale the process was put into */
    return lode_bytes_append(out, text, (size_t)size);
}

static lode_status append_doubles(struct lode_bytes *out, const struct lode_column *column,
                                  const struct page_rows *rows)
{
    const double *data = column->data;
    lode_try(lode_bytes_printf(out, "\"values\":["));
    for (int64_t i = 0; i < rows->n; i++) {
        if (i > 0) lode_try(lode_bytes_append(out, ",", 1));
        lode_try(append_double(out, data[lode_column_at(column, rows->list[i])]));
    }
    return lode_bytes_append(out, "]", 1);
}

/* Steps that are equal to the one before are counted. */
static int64_t count_runs(const int64_t *values, int64_t n)
{
    int64_t runs = 0, before = 0, step_before = 0;
    for (int64_t i = 0; i < n; i++) {
        if (values[i] > exact_limit || values[i] < -exact_limit) return INT64_MAX;
        const int64_t step = values[i] - before;
        runs += i == 0 || step != step_before;
        step_before = step;
        before = values[i];
    }
    return runs;
}

static lode_status append_steps(struct lode_bytes *out, const int64_t *values, int64_t n)
{
    lode_try(lode_bytes_printf(out, "\"steps\":["));
    for (int64_t i = 0, end; i < n; i = end) {
        const int64_t before = i > 0 ? values[i - 1] : 0, step = values[i] - before;
        end = i + 1;
        while (end < n && values[end] - values[end - 1] == step) end++;
        lode_try(lode_bytes_printf(out, "%s%lld,%lld", i > 0 ? "," : "", (long long)step,
                                   (long long)(end - i)));
    }
    return lode_bytes_append(out, "]", 1);
}

static lode_status append_integers(struct lode_bytes *out, const int64_t *values, int64_t n)
{
    if (count_runs(values, n) < n / 2) return append_steps(out, values, n);
    lode_try(lode_bytes_printf(out, "\"values\":["));
    for (int64_t i = 0; i < n; i++) {
        const bool is_exact = values[i] <= exact_limit && values[i] >= -exact_limit;
        lode_try(lode_bytes_printf(out, is_exact ? "%s%lld" : "%s\"%lld\"", i > 0 ? "," : "",
                                   (long long)values[i]));
    }
    return lode_bytes_append(out, "]", 1);
}

static int64_t integer_of(const struct lode_column *column, int64_t row)
{
    const int64_t at = lode_column_at(column, row);
    if (column->type == LODE_COLUMN_I64) return ((const int64_t *)column->data)[at];
    if (column->type == LODE_COLUMN_U32) return ((const uint32_t *)column->data)[at];
    return ((const uint8_t *)column->data)[at];
}

/* Words in the order of their first row, each once. */
static lode_status append_words(struct lode_bytes *out, const struct lode_column *column,
                                const struct page_rows *rows, struct lode_arena *arena)
{
    const uint32_t *data = column->data;
    int64_t *codes, *places, n_places = 0;
    lode_try(lode_take(arena, rows->n, &codes));
    lode_try(lode_take_zero(arena, column->n_words + 1, &places)); /* 0: not seen; else from 1 */
    lode_try(lode_bytes_printf(out, "\"words\":["));
    for (int64_t i = 0; i < rows->n; i++) {
        const uint32_t code = data[lode_column_at(column, rows->list[i])];
        int64_t *place = &places[code == UINT32_MAX ? column->n_words : (int64_t)code];
        if (*place == 0) {
            if (n_places > 0) lode_try(lode_bytes_append(out, ",", 1));
            lode_try(page_text_append(out, code == UINT32_MAX ? "" : column->words[code]));
            *place = ++n_places;
        }
        codes[i] = *place - 1;
    }
    lode_try(lode_bytes_printf(out, "],\"codes\":{"));
    lode_try(append_integers(out, codes, rows->n));
    return lode_bytes_append(out, "}", 1);
}

static lode_status append_tokens(struct lode_bytes *out, const struct lode_column *column,
                                 const struct page_rows *rows)
{
    struct lode_bytes cell = {0};
    lode_status status = lode_bytes_printf(out, "\"values\":[");
    for (int64_t i = 0; i < rows->n && !status; i++) {
        cell.size = 0;
        if (i > 0) status = lode_bytes_append(out, ",", 1);
        if (!status) status = lode_table_cell(column, rows->list[i], &cell);
        if (!status) status = lode_bytes_append(&cell, "", 1);
        if (!status) status = page_text_append(out, (const char *)cell.data);
    }
    lode_bytes_clear(&cell);
    return status ? status : lode_bytes_append(out, "]", 1);
}

static lode_status append_values(struct lode_bytes *out, const struct lode_column *column,
                                 const struct page_rows *rows, struct lode_arena *arena)
{
    int64_t *values;
    switch (column->type) {
    case LODE_COLUMN_F64:
        return append_doubles(out, column, rows);
    case LODE_COLUMN_WORD:
        return append_words(out, column, rows, arena);
    case LODE_COLUMN_TOKENS:
        return append_tokens(out, column, rows);
    default:
        break;
    }
    lode_try(lode_take(arena, rows->n, &values));
    for (int64_t i = 0; i < rows->n; i++) values[i] = integer_of(column, rows->list[i]);
    return append_integers(out, values, rows->n);
}

lode_status page_column_append(struct lode_bytes *out, const struct lode_column *column,
                               const struct page_rows *rows, struct lode_arena *arena)
{
    const bool is_text = column->type == LODE_COLUMN_WORD || column->type == LODE_COLUMN_TOKENS;
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    lode_try(lode_bytes_append(out, "{", 1));
    lode_try(page_field_append(out, true, "name", column->name));
    lode_try(page_field_append(out, false, "title", column->title));
    lode_try(page_field_append(out, false, "units", column->units));
    lode_try(page_field_append(out, false, "kind", is_text ? "text" : "number"));
    lode_try(lode_bytes_append(out, ",", 1));
    lode_try(append_values(out, column, rows, arena));
    lode_arena_rewind(arena, mark);
    return lode_bytes_append(out, "}", 1);
}

lode_status page_json_escape(struct lode_bytes *out, const uint8_t *json, size_t size)
{
    size_t from = 0;
    for (size_t i = 0; i < size; i++) {
        if (json[i] != '<' && json[i] != '>' && json[i] != '&') continue;
        lode_try(lode_bytes_append(out, json + from, i - from));
        lode_try(lode_bytes_printf(out, "\\u%04x", json[i]));
        from = i + 1;
    }
    return lode_bytes_append(out, json + from, size - from);
}
