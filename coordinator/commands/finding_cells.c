/* Finding cells: see the header. */
#include "coordinator/commands/finding_cells.h"

#include "coordinator/look/run_findings.h"

static bool is_text(const struct lode_column *column)
{
    return column->type == LODE_COLUMN_WORD || column->type == LODE_COLUMN_TOKENS;
}

int finding_cells_begin(struct screen *screen, const struct lode_table *table,
                        const char *const *names, int room, const struct lode_column **columns)
{
    int n_columns = 0;
    for (int i = 0; names[i] && n_columns < room; i++) {
        const struct lode_column *column = lode_table_column(table, names[i]);
        if (!column) continue; /* a run of another version */
        screen_add_column(screen, column->name, is_text(column));
        columns[n_columns++] = column;
    }
    return n_columns;
}

static lode_status add_cell(struct screen *screen, const struct lode_column *column, int64_t row)
{
    struct lode_bytes text = {0};
    if (column->type == LODE_COLUMN_F64)
        return screen_add_number(screen,
                                 ((const double *)column->data)[lode_column_at(column, row)]);
    lode_status status = lode_table_cell(column, row, &text);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = screen_add_cell(screen, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

lode_status finding_cells_add(struct screen *screen, int n_columns,
                              const struct lode_column *const *columns, int64_t row)
{
    for (int c = 0; c < n_columns; c++) lode_try(add_cell(screen, columns[c], row));
    return LODE_OK;
}

lode_status finding_cells_add_key(struct screen *screen, const char *key)
{
    struct lode_bytes words = {0};
    lode_status status = finding_key_words(key, &words);
    if (!status) status = screen_add_cell(screen, (const char *)words.data);
    lode_bytes_clear(&words);
    return status;
}
