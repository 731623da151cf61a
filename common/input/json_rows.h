/* JSON rows: the fields of one line of a JSON Lines file, which is to be one object.
 *
 * The plain values of the object's own keys are fields; what is inside a nested object or array is
 * skipped. A reader lives as long as a file and is used line after line.
 */
#ifndef LODE_COMMON_JSON_ROWS_H
#define LODE_COMMON_JSON_ROWS_H

#include "common/input/columns.h"
#include "common/input/rows.h"

#include <stddef.h>

struct lode_json_rows;

/* `columns` stays the caller's; lode_json_rows_learn adds to it. */
LODE_CHECKED lode_status lode_json_rows_create(struct lode_columns *columns,
                                               struct lode_json_rows **rows);
void lode_json_rows_destroy(struct lode_json_rows *rows); /* takes NULL */

/* Adds the keys of this line that have a plain value (null is one) to the columns, in their order;
 * a line with a fault adds none. An empty key is no column. */
LODE_CHECKED lode_status lode_json_rows_learn(struct lode_json_rows *rows, const char *line,
                                              size_t size);

/* Splits a line into fields[count of columns]: numbers as written, true and false as "1" and "0",
 * absent, null and nested as size 0; other keys are ignored. The fields point into the line or into
 * the reader: borrowed until the next call.
 *
 *   line    [size + 1], UTF-8 without NUL, where line[size] is '\n' and no LF is before it
 *   *fault  NULL, or why it is no record (static; the fields are undefined): "not a JSON object",
 *           "a key is there twice", "NUL byte" (\u0000), "half a surrogate pair" (\ud800)
 *
 * Fails with LODE_E_MEMORY. */
LODE_CHECKED lode_status lode_json_rows_split(struct lode_json_rows *rows, const char *line,
                                              size_t size, struct lode_field *fields,
                                              const char **fault);

#endif
