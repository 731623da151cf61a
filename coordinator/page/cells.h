/* Cells: columns of tables as JSON, for the data block of a page.
 *
 * A column is {"name","title","units","kind"} and its values in the shortest of these forms, which
 * page/data.js reads:
 *   "values": [..]           one a row; null: none; texts, and integers beyond 2^53, are strings
 *   "steps": [d,n,d,n,...]   integers: n times the value before plus d, from 0 on
 *   "words": [..], "codes": {"values" or "steps"}   texts that repeat
 * Doubles have six digits, whole ones all of theirs. A text of more than PAGE_CELL_BYTES is cut.
 */
#ifndef LODE_COORDINATOR_PAGE_CELLS_H
#define LODE_COORDINATOR_PAGE_CELLS_H

#include "common/store/table.h"

enum { PAGE_CELL_BYTES = 2000 };

/* Rows of a table, in this order. */
struct page_rows {
    int64_t n;
    const int64_t *list; /* [n] row numbers */
};

/* Appends the column of those rows as an object. `arena` is scratch. LODE_E_MEMORY. */
LODE_CHECKED lode_status page_column_append(struct lode_bytes *out,
                                            const struct lode_column *column,
                                            const struct page_rows *rows, struct lode_arena *arena);

/* Appends text as a JSON string, cut after PAGE_CELL_BYTES at the start of a character, with "..."
 * then; NULL is "". */
LODE_CHECKED lode_status page_text_append(struct lode_bytes *out, const char *text);

/* Appends `"name":` and the text; the first of an object without a comma before it. */
LODE_CHECKED lode_status page_field_append(struct lode_bytes *out, bool is_first, const char *name,
                                           const char *text);

/* Appends JSON so that it can stand in an HTML script element: < > & only occur inside of strings,
 * where \u003c says the same. */
LODE_CHECKED lode_status page_json_escape(struct lode_bytes *out, const uint8_t *json, size_t size);

#endif
