/* Records: rows as they travel between the stages of staging, packed into bytes.
 *
 * A record is a session, an event, or (for the join) the user of a session. Its key is the bytes
 *   [user size, 1 byte][user][session size, 1 byte][session]
 * where a user of size 0 means "the session's id", and a session of size 0 "derived from the user".
 * Numbers are varints, so a typical event takes 20 bytes.
 */
#ifndef LODE_JOBS_STAGE_SHUFFLE_RECORDS_H
#define LODE_JOBS_STAGE_SHUFFLE_RECORDS_H

#include "jobs/stage/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_KEY_LIMIT = 2 * (STAGE_ID_LIMIT + 1) };

enum record_kind { RECORD_SESSION = 1, RECORD_EVENT = 2, RECORD_USER = 3 };

/* A value of a KPI (column < n_kpis) or an attribute (n_kpis + attribute). */
struct record_cell {
    uint32_t column;
    uint32_t code; /* attribute */
    double value;  /* KPI */
};

struct record {
    enum record_kind kind;
    const uint8_t *key; /* borrowed */
    size_t key_size;
    int64_t file, line; /* range (ranges.h) and line in it: its place in the input order */
    bool has_time;
    int64_t time;  /* ms: of an event, or start of a session */
    uint32_t name; /* event name; 0 else */
    int64_t n_cells;
    struct record_cell *cells; /* values that are there, each column at most once; the caller's */
};

struct record_id {
    const char *text;
    size_t size;
};

/* Writes a key (sizes 0..STAGE_ID_LIMIT) into `key` (RECORD_KEY_LIMIT bytes); returns its size. */
size_t record_key(struct record_id user, struct record_id session, uint8_t *key);
/* User and session of a key; the user is the session where the key has none. */
void record_ids(const uint8_t *key, struct record_id *user, struct record_id *session);

/* Most bytes that a record of n_cells cells takes. */
size_t record_room(int64_t n_cells);
/* Packs into `out`, which has record_room bytes; returns how many were written. */
size_t record_encode(const struct record *record, int64_t n_kpis, uint8_t *out);
/* Unpacks the record at *at and moves *at past it; record->cells is the caller's room for
 * `cells_limit` cells. False when the bytes are no record. */
bool record_decode(const uint8_t **at, const uint8_t *end, int64_t n_kpis, int64_t cells_limit,
                   struct record *record);

#endif
