/* Table: what lode's program adds to the public lode/table.h: results files as a whole, reading
 * them back, printing tables.
 */
#ifndef LODE_COMMON_TABLE_H
#define LODE_COMMON_TABLE_H

#include "common/error.h"
#include "common/memory.h"
#include "lode/table.h"

#include <stdio.h>

/* Where in `data` the value of a row is: everyone who reads a cell goes through here. */
static inline int64_t lode_column_at(const struct lode_column *column, int64_t row)
{
    return column->codes != NULL ? (int64_t)column->codes[row] : row;
}

/* All tables of one run, in one file results.h5 (group per table). */
LODE_CHECKED lode_status lode_results_create(const char *path, struct lode_results **results);
LODE_CHECKED lode_status lode_results_commit(struct lode_results *results); /* ends it, always */
void lode_results_discard(struct lode_results *results);                    /* takes NULL */

/* Reads a table back; LODE_E_USAGE with the nearest name when there is none of that name. */
LODE_CHECKED lode_status lode_results_read(const char *path, const char *name,
                                           struct lode_arena *arena, struct lode_table *table);
/* The same of its first `most` rows at most (>= 0); *n_rows: how many there are. */
LODE_CHECKED lode_status lode_results_read_first(const char *path, const char *name, int64_t most,
                                                 struct lode_arena *arena, struct lode_table *table,
                                                 int64_t *n_rows);
/* Names of the tables in a results file, sorted. */
LODE_CHECKED lode_status lode_results_list(const char *path, struct lode_arena *arena,
                                           char ***names, int64_t *count);

/* CSV (RFC 4180, header row) or JSON Lines; doubles in their shortest exact form. */
enum lode_table_format { LODE_TABLE_CSV, LODE_TABLE_JSONL };
LODE_CHECKED lode_status lode_table_print(const struct lode_table *table,
                                          enum lode_table_format format, FILE *out);

/* JSON Lines into a file: aside, on disk, renamed. LODE_E_DISK. */
LODE_CHECKED lode_status lode_table_save_lines(const struct lode_table *table, const char *path);

/* The text of one cell appended to `out`, as CSV would show it before quoting. */
LODE_CHECKED lode_status lode_table_cell(const struct lode_column *column, int64_t row,
                                         struct lode_bytes *out);
/* Column of that name, or NULL. */
const struct lode_column *lode_table_column(const struct lode_table *table, const char *name);

#endif
