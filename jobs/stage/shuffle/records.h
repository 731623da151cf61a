/* Records: rows as they travel between the stages of staging, as keys and values of a shuffle.
 *
 * A record is a session, an event, or (for the join) the user of a session. Keys are compared as
 * bytes and put a user's sessions beside each other, and a session before its events:
 *
 *     session   [user] or [user][0][session]      when the session's id is not the user's
 *     event     the same and [0]                  ids hold no zero byte: that is a row fault
 *     join      [session], its events [session][0]
 *
 * A value is one or more blocks. A block is the session, or events of one file in a row: only the
 * first has its time and line, the others what they are later, in columns of 1, 2, 4 or 8 bytes, so
 * that an event in a block takes 3 to 6 bytes.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_RECORDS_H
#define LODE_JOBS_STAGE_SHUFFLE_RECORDS_H

#include "jobs/shuffle/runs.h"
#include "jobs/stage/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_KEY_LIMIT = 2 * (STAGE_ID_LIMIT + 1) };

enum record_kind { RECORD_SESSION = 1, RECORD_EVENT = 2 };

/* A value of a KPI (column < n_kpis) or an attribute (n_kpis + attribute). */
struct record_cell {
    uint32_t column;
    uint32_t code; /* attribute */
    double value;  /* KPI */
};

struct record {
    enum record_kind kind;
    bool has_line; /* of an event: kept only where it could be rejected yet */
    bool has_time;
    int64_t file, line; /* range (ranges.h) and line in it: its place in the input order */
    int64_t time;       /* ms: of an event, or start of a session */
    uint32_t name;      /* event name; 0 else */
    int64_t n_cells;
    struct record_cell *cells; /* values that are there, each column at most once; the caller's */
};

struct record_id {
    const char *text;
    size_t size;
};

/* A key and its *size: one of the ids itself, or written into `room` (RECORD_KEY_LIMIT bytes).
 * Sizes of ids are up to STAGE_ID_LIMIT, one of them may be 0: then it is the other. `after`: of an
 * event, behind its session. */
const uint8_t *record_key(struct record_id user, struct record_id session, bool after,
                          uint8_t *room, size_t *size);
/* User and session of a key, borrowed from it; the user is the session where the key has one id. */
void record_ids(const uint8_t *key, size_t size, struct record_id *user, struct record_id *session);
/* Size of the key without what makes an event come after its session. */
static inline size_t record_session_size(const uint8_t *key, size_t size)
{
    return size > 0 && key[size - 1] == 0 ? size - 1 : size;
}

/* Most bytes that a record of n_cells cells takes as a value. */
size_t record_room(int64_t n_cells);
/* One record into `out`, which has record_room bytes; returns how many were written. It is for
 * record_combine to make a block of: an event has a form of its own until then. */
size_t record_encode(const struct record *record, int64_t n_kpis, uint8_t *out);
/* Makes blocks of what record_encode wrote, one of events that are of one key and file (a
 * shuffle_combine_fn without a context). */
lode_status record_combine(void *context, const struct shuffle_value *values, int64_t n,
                           struct lode_bytes *out);

/* For the join: the user of a session as a value, and back; false when the bytes are none. (Of
 * several that were combined the first counts.) Fits into record_room of anything. */
size_t record_encode_user(struct record_id user, uint8_t *out);
bool record_decode_user(const uint8_t *value, size_t size, struct record_id *user);

/* Takes the records of a value one by one. */
struct record_reader {
    const uint8_t *at, *end;
    int64_t n_kpis, cells_limit;
    uint64_t n_left; /* events of the open block that are yet to come */
    bool has_cells;
    /* columns of the open block, and how wide (records.c); `next`: of its events, the one to read
     */
    const uint8_t *names, *times, *lines;
    int name_width, time_width, line_width;
    uint64_t next;
};
/* `cells_limit`: room of record->cells. */
struct record_reader record_reader_begin(const uint8_t *value, size_t size, int64_t n_kpis,
                                         int64_t cells_limit);
/* Is there another? */
static inline bool record_is_left(const struct record_reader *reader)
{
    return reader->n_left > 0 || reader->at < reader->end;
}
/* The next record; `record` must be the same for all of a value (an event says what is different
 * from the one before), its cells the caller's. False when the bytes are no record. */
bool record_read(struct record_reader *reader, struct record *record);
/* Times and names of up to `most` events that follow in the block of the record read last; their
 * file is its. 0: there is no such event, or they have lines or cells: that is for record_read. */
int64_t record_read_events(struct record_reader *reader, struct record *record, int64_t most,
                           int64_t *times, uint32_t *names);

#endif
