/* Rows: records of a CSV or JSON Lines file, plain, gzip or zstd, one after the other.
 *
 * The form is found out from the content (magic bytes; a first byte '{' means JSON Lines), never
 * from the file's name. Memory is bounded by the longest record, at most LODE_ROW_LIMIT bytes.
 *
 * Two kinds of fault. A row fault (wrong number of fields, NUL, invalid UTF-8, a CR alone outside
 * quotes, a record that is no JSON object) is told with the row and reading goes on. A file fault
 * (missing, empty, truncated gzip, a quote that is never closed, no header) ends it with
 * LODE_E_INPUT: path, line, reason.
 */
#ifndef LODE_COMMON_ROWS_H
#define LODE_COMMON_ROWS_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LODE_ROW_LIMIT = 1 << 24 };

struct lode_input;
struct lode_rows;

struct lode_field {
    const char *text; /* borrowed until the next call; unquoted; not zero-terminated */
    size_t size;      /* 0: empty or (JSON) absent or null */
};

LODE_CHECKED lode_status lode_rows_open(const char *path, struct lode_rows **rows);
/* The same over an input, which is taken over, also on failure. Its block is the first size of the
 * window on the text: tests cut records with it wherever they like. */
LODE_CHECKED lode_status lode_rows_open_input(struct lode_input *input, struct lode_rows **rows);
void lode_rows_close(struct lode_rows *rows); /* takes NULL */

/* A stretch of the bytes of a file: the records whose first byte lies in [begin, end). Stretches
 * that follow each other hold each record once, whatever bytes they are cut at: the last record of
 * one is read to its end beyond `end`, and the next begins behind that.
 *
 * Where it begins is known for sure only from the stretch before (`is_exact`). Else the first line
 * end at or after byte begin - 1 is taken for the end of a record, which it is unless it lies
 * within quotes: then the records are wrong, and lode_rows_first differs from what
 * lode_rows_position of the stretch before says at its end. Lines count from where it begins. */
struct lode_rows_range {
    uint64_t begin, end;
    bool is_exact; /* a record begins at `begin` */
    /* What the beginning of the file said; looked at only where `begin` is not 0. */
    bool is_json;
    int n_columns;
    const char *const *columns; /* [n_columns], copied */
};

/* A packed file has one stretch: begin 0. */
LODE_CHECKED lode_status lode_rows_open_range(const char *path, const struct lode_rows_range *range,
                                              struct lode_rows **rows);
/* The same over an input, which is taken over, also on failure. */
LODE_CHECKED lode_status lode_rows_open_range_input(struct lode_input *input,
                                                    const struct lode_rows_range *range,
                                                    struct lode_rows **rows);

/* Byte at which the stretch begins, its first record or blank line; `end` or more: it holds none.
 */
uint64_t lode_rows_first(const struct lode_rows *rows);
/* Byte behind the record returned last; once there is no more, at which the next stretch begins. */
uint64_t lode_rows_position(const struct lode_rows *rows);
/* Line ends used up so far. */
int64_t lode_rows_lines(const struct lode_rows *rows);
/* Is it JSON Lines? gzip or zstd? */
bool lode_rows_is_json(const struct lode_rows *rows);
bool lode_rows_is_packed(const struct lode_rows *rows);
/* Why lode_rows_next failed, without path and line ("quote is never closed"; static), and *line;
 * NULL when that was not for what the text is. */
const char *lode_rows_fault(const struct lode_rows *rows, int64_t *line);

/* Names of the columns. CSV: the header. JSON Lines: the keys of the first records (those within
 * the first MiB of text), in order of first use; a nested value is no column. Borrowed. */
const char *const *lode_rows_columns(const struct lode_rows *rows, int *count);

/* The next record: fields[count of columns] in the order of lode_rows_columns. *more is false at
 * the end. *fault is NULL, or says why this record is to be rejected (static text; fields
 * undefined). JSON: numbers as written, true/false as "1"/"0", a key that is no column is ignored.
 */
LODE_CHECKED lode_status lode_rows_next(struct lode_rows *rows, struct lode_field *fields,
                                        const char **fault, bool *more);

/* The records that come next, as many as can be had at little cost, at most `most`: those of CSV in
 * front that are without fault and take one line each. 0 says nothing: ask lode_rows_next.
 *
 *   fields  [most * columns], a record after the other; borrowed until the next call
 */
int64_t lode_rows_take(struct lode_rows *rows, struct lode_field *fields, int64_t most);

/* Line (1-based) on which the record returned last began. */
int64_t lode_rows_line(const struct lode_rows *rows);
/* Records returned so far, faulty ones included; the header is none. */
int64_t lode_rows_count(const struct lode_rows *rows);

#endif
