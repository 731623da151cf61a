/* CSV: splits one record of a text into its fields (RFC 4180). Pure: text in, fields out.
 *
 * Fields are parted by ',', records by LF or CRLF. A field that begins with '"' ends at the next
 * lone '"'; a doubled one inside stands for one; separators and line ends inside are data. A '"'
 * further on in a field that does not begin with one is data too, as for Python's csv; so is a CR
 * without LF, which lode_rows refuses outside quotes.
 */
#ifndef LODE_COMMON_CSV_H
#define LODE_COMMON_CSV_H

#include "common/input/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LODE_CSV_SLACK = 8 };

struct lode_csv_record {
    size_t size;       /* bytes it takes in the text, its line end included */
    int64_t n_fields;  /* fields it has; 0: a blank line */
    int64_t n_lines;   /* lines it takes; 1 unless a field has line ends inside */
    bool has_doubled;  /* a field has doubled quotes, to be halved by lode_csv_unquote */
    const char *fault; /* "text after a closing quote" or NULL */
};

/* Splits the record that begins at text[0]; fields[0..capacity) receive the first fields, without
 * the quotes around them.
 *
 *   text   [size + LODE_CSV_SLACK] where text[size] is '\n' (not part of the text) and the bytes
 *          after it may be read; size >= 1
 *   last   nothing follows the text: its end ends a record
 *
 * False when the record does not end within the text; then *record is untouched, and *open_quote is
 * the offset of the quote that is not closed, or `size` when none is open. If `last`, false means
 * just that: a quote that is never closed. Cost O(size of the record). */
bool lode_csv_split(const char *text, size_t size, bool last, struct lode_field *fields,
                    int64_t capacity, struct lode_csv_record *record, size_t *open_quote);

/* Halves the doubled quotes of the fields of a record that begins at `text`: in place, so the text
 * is not to be split or looked at again. */
void lode_csv_unquote(char *text, struct lode_field *fields, int64_t n_fields);

#endif
