/* Columns: the rows of a small file that a person wrote, by the names of its columns; what is wrong
 * is told with path and line.
 */
#ifndef LODE_JOBS_HIERARCHY_EVALUATION_COLUMNS_H
#define LODE_JOBS_HIERARCHY_EVALUATION_COLUMNS_H

#include "common/error.h"
#include "common/input/rows.h"
#include "common/memory.h"

struct evaluation_columns {
    struct lode_rows *rows;
    const char *path;
    struct lode_field *fields; /* of the row at hand */
    int *places;               /* of the names, in a row */
};

/* Where the columns `names` (ended by NULL) are; rows and path are borrowed. LODE_E_INPUT: one is
 * not there, with the nearest that is. */
LODE_CHECKED lode_status evaluation_columns_find(struct lode_rows *rows, const char *path,
                                                 const char *const *names, struct lode_arena *arena,
                                                 struct evaluation_columns *columns);

/* The next row; a faulty one is LODE_E_INPUT. */
LODE_CHECKED lode_status evaluation_columns_next(struct evaluation_columns *columns, bool *more);

/* A field of the row at hand, by the index of its name. */
const struct lode_field *evaluation_columns_field(const struct evaluation_columns *columns,
                                                  int name);

/* LODE_E_INPUT: path and line of the row at hand, then the words. */
LODE_CHECKED lode_status evaluation_columns_refuse(const struct evaluation_columns *columns,
                                                   const char *format, ...) LODE_PRINTF(2, 3);

#endif
