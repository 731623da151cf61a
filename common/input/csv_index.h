/* CSV index: where the bytes that mean something lie in a stretch of a text, found for many records
 * at once. Pure.
 *
 * Most records have no quotes: then field c ends at place c, and the last at a line end. A record
 * whose places are not just that is for lode_csv_split.
 */
#ifndef LODE_COMMON_CSV_INDEX_H
#define LODE_COMMON_CSV_INDEX_H

#include "common/input/csv.h"
#include "common/input/rows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LODE_CSV_INDEX_BYTES = 1 << 13, /* text and index stay in the first- and second-level cache */
    LODE_CSV_INDEX_SLACK = 8
};

struct lode_csv_index {
    uint64_t begin; /* of the stretch, in the whole text */
    uint32_t size;  /* bytes of the stretch */
    uint32_t next;  /* places[next..count) are not used up */
    uint32_t count;
    bool has_quotes;
    bool is_plain; /* all bytes are ASCII other than NUL, and an LF follows every CR; false may also
                    * be said of the neighbours */
    uint32_t places[LODE_CSV_INDEX_BYTES + LODE_CSV_INDEX_SLACK]; /* of ',', '"', LF; ascending */
};

/* Indexes the first bytes of text[0..size), at most LODE_CSV_INDEX_BYTES, as a stretch that begins
 * at `begin` of the whole text. */
void lode_csv_index_fill(struct lode_csv_index *index, uint64_t begin, const char *text,
                         size_t size);

enum lode_csv_taken {
    LODE_CSV_TAKEN,
    LODE_CSV_UNUSUAL, /* for lode_csv_split */
    LODE_CSV_CUT      /* it may go on behind the stretch */
};

/* Takes the record at byte `position` of the whole text, which is not before `begin`, if it is of
 * the usual kind: `count` fields, quotes around whole fields and nowhere else, not blank. Its
 * places are used up then; positions must not go back.
 *
 *   text    the byte at `position`
 *   fields  [count], without the quotes; undefined unless TAKEN
 */
enum lode_csv_taken lode_csv_index_take(struct lode_csv_index *index, uint64_t position,
                                        const char *text, struct lode_field *fields, int count,
                                        struct lode_csv_record *record);

/* Takes the records from byte `position` on, which is not before `begin`, as long as they have
 * `count` fields without quotes and begin before `limit` bytes from there; at most `most`. None
 * unless the stretch is plain and has no quotes: then they hold no fault, each takes one line, and
 * what stops is for lode_csv_index_take.
 *
 *   fields  [most * count], a record after the other
 *   size    bytes that the records take
 */
int64_t lode_csv_index_take_many(struct lode_csv_index *index, uint64_t position, const char *text,
                                 uint64_t limit, struct lode_field *fields, int count, int64_t most,
                                 size_t *size);

#endif
