/* Rows: see the header. */
#include "jobs/hierarchy/model/rows.h"

#include <string.h>

lode_status rows_begin(struct rows *rows, const char *name, const char *title, int64_t n_rows,
                       struct lode_arena *arena)
{
    *rows = (struct rows){.arena = arena};
    rows->table = (struct lode_table){.name = name, .title = title, .n_rows = n_rows};
    return lode_words_create(arena, &rows->words);
}

static lode_status add(struct rows *rows, const struct lode_column *column)
{
    if (rows->table.n_columns == ROWS_MOST_COLUMNS)
        return lode_fail(LODE_E_BUG, "table %s: more than %d columns", rows->table.name,
                         ROWS_MOST_COLUMNS);
    rows->columns[rows->table.n_columns++] = *column;
    return LODE_OK;
}

lode_status rows_i64(struct rows *rows, const char *name, const char *units, const char *title,
                     int64_t **data)
{
    lode_try(lode_take_zero(rows->arena, rows->table.n_rows, data));
    const struct lode_column made = lode_column_numbers(name, LODE_COLUMN_I64, *data, units, title);
    return add(rows, &made);
}

lode_status rows_f64(struct rows *rows, const char *name, const char *units, const char *title,
                     double **data)
{
    lode_try(lode_take_zero(rows->arena, rows->table.n_rows, data));
    const struct lode_column made = lode_column_numbers(name, LODE_COLUMN_F64, *data, units, title);
    return add(rows, &made);
}

lode_status rows_text(struct rows *rows, const char *name, const char *title, uint32_t **data)
{
    lode_try(lode_take(rows->arena, rows->table.n_rows, data));
    for (int64_t i = 0; i < rows->table.n_rows; i++) (*data)[i] = UINT32_MAX;
    const struct lode_column made = lode_column_words(name, *data, NULL, 0, title);
    return add(rows, &made);
}

lode_status rows_code(struct rows *rows, const char *text, uint32_t *code)
{
    *code = UINT32_MAX;
    if (!text || text[0] == '\0') return LODE_OK;
    return lode_words_add(rows->words, text, strlen(text), code);
}

const struct lode_table *rows_end(struct rows *rows)
{
    int64_t n = 0;
    char *const *words = lode_words_list(rows->words, &n);
    for (int i = 0; i < rows->table.n_columns; i++) {
        if (rows->columns[i].type != LODE_COLUMN_WORD) continue;
        rows->columns[i].words = words;
        rows->columns[i].n_words = n;
    }
    rows->table.columns = rows->columns;
    return &rows->table;
}
