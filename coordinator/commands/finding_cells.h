/* Finding cells: rows of a table of findings on a screen; what `show`, `diff` and `mute` share. */
#ifndef LODE_COORDINATOR_FINDING_CELLS_H
#define LODE_COORDINATOR_FINDING_CELLS_H

#include "common/store/table.h"
#include "coordinator/commands/screen.h"

/* Adds a screen column for each of the named columns that the table has, and puts these (at most
 * `room`) into `columns`; returns how many. `names` ends with NULL. */
int finding_cells_begin(struct screen *screen, const struct lode_table *table,
                        const char *const *names, int room, const struct lode_column **columns);
/* The cells of one row, in that order: for people, with few digits. */
LODE_CHECKED lode_status finding_cells_add(struct screen *screen, int n_columns,
                                           const struct lode_column *const *columns, int64_t row);
/* A cell with what a key (look/run_findings.h) is about. */
LODE_CHECKED lode_status finding_cells_add_key(struct screen *screen, const char *key);

#endif
