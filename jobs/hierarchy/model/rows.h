/* Rows: a table being made, column by column, its text columns in one dictionary. */
#ifndef LODE_JOBS_HIERARCHY_MODEL_ROWS_H
#define LODE_JOBS_HIERARCHY_MODEL_ROWS_H

#include "common/store/table.h"

enum { ROWS_MOST_COLUMNS = 20 };

struct rows {
    struct lode_arena *arena;
    struct lode_words *words;
    struct lode_table table;
    struct lode_column columns[ROWS_MOST_COLUMNS];
};

/* Everything is the arena's; name and title are borrowed. LODE_E_MEMORY, as all of these. */
LODE_CHECKED lode_status rows_begin(struct rows *rows, const char *name, const char *title,
                                    int64_t n_rows, struct lode_arena *arena);

/* A further column, [n_rows] to be filled; units may be NULL. */
LODE_CHECKED lode_status rows_i64(struct rows *rows, const char *name, const char *units,
                                  const char *title, int64_t **data);
LODE_CHECKED lode_status rows_f64(struct rows *rows, const char *name, const char *units,
                                  const char *title, double **data);
LODE_CHECKED lode_status rows_text(struct rows *rows, const char *name, const char *title,
                                   uint32_t **data);
/* The code of a text, for a cell of any text column; NULL: an empty cell. */
LODE_CHECKED lode_status rows_code(struct rows *rows, const char *text, uint32_t *code);

/* The table, complete; valid as long as `rows`. */
const struct lode_table *rows_end(struct rows *rows);

#endif
