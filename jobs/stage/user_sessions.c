/* User sessions: the key of a piece is [start][id][0][number of the session][number of the piece],
 * numbers big-endian. Pieces are events, [times][names][values], and last the values,
 * [KPIs][attributes], and the marks of the row.
 */
#include "jobs/stage/user_sessions.h"

#include "jobs/shuffle/sorter.h"

#include <string.h>

enum { PIECE_EVENTS = 1024, ID_ROOM = STAGE_ID_LIMIT + 24 };
enum { TIME_AND_NAME = sizeof(int64_t) + sizeof(uint32_t) };

#define LAST_PIECE UINT32_MAX

struct marks {
    uint32_t piece, start_is_derived;
};

struct user_sessions {
    struct shuffle_site site;
    size_t memory_bytes;
    int64_t n_kpis, n_attributes;
    size_t value_bytes; /* of an event, beside time and name */
    struct sorter *sorter;
    uint32_t n_sessions;
    /* of the session that is under way */
    uint8_t key[sizeof(int64_t) + ID_ROOM + 1 + 2 * sizeof(uint32_t)];
    size_t key_size;
    uint32_t n_pieces;
    int64_t n_events; /* in `times` and `names`, not yet put */
    int64_t *times;   /* [PIECE_EVENTS] */
    uint32_t *names;  /* [PIECE_EVENTS] */
    uint8_t *values;  /* [PIECE_EVENTS] of value_bytes */
    uint8_t *value;
    double *kpis; /* [n_kpis] of what is visited */
    uint32_t *attributes;
};

lode_status user_sessions_create(const struct shuffle_site *site, size_t memory_bytes,
                                 const struct stage_plan *plan, struct user_sessions **sessions)
{
    const int64_t n_kpis = stage_session_kpis(plan);
    const int64_t n_attributes = stage_session_attributes(plan);
    struct user_sessions *s = NULL;
    const size_t values = (size_t)n_kpis * sizeof *s->kpis +
                          (size_t)n_attributes * sizeof *s->names + sizeof(struct marks);
    const size_t events = (size_t)PIECE_EVENTS * (TIME_AND_NAME + stage_event_bytes(plan));
    lode_try(lode_take_zero(site->arena, 1, &s));
    s->site = *site;
    s->memory_bytes = memory_bytes;
    s->n_kpis = n_kpis;
    s->n_attributes = n_attributes;
    s->value_bytes = stage_event_bytes(plan);
    lode_try(lode_take(site->arena, PIECE_EVENTS * s->value_bytes, &s->values));
    lode_try(lode_take(site->arena, PIECE_EVENTS, &s->times));
    lode_try(lode_take(site->arena, PIECE_EVENTS, &s->names));
    lode_try(lode_take(site->arena, values > events ? values : events, &s->value));
    lode_try(lode_take(site->arena, n_kpis, &s->kpis));
    lode_try(lode_take(site->arena, n_attributes, &s->attributes));
    *sessions = s;
    return LODE_OK;
}

static uint64_t ordered(int64_t start)
{
    return (uint64_t)start ^ UINT64_C(1) << 63;
}

static lode_status put_piece(struct user_sessions *s, uint32_t number, size_t value_size)
{
    const uint32_t ends[2] = {__builtin_bswap32(s->n_sessions), __builtin_bswap32(number)};
    memcpy(s->key + s->key_size, ends, sizeof ends);
    const struct shuffle_record record = {s->key, s->key_size + sizeof ends, s->value, value_size,
                                          -1};
    return sorter_put(s->sorter, &record);
}

lode_status user_sessions_begin(struct user_sessions *s, const struct session_row *row)
{
    const uint64_t start = __builtin_bswap64(ordered(row->start));
    if (!s->sorter) lode_try(sorter_open(&s->site, s->memory_bytes, &s->sorter));
    if (row->id.size > ID_ROOM)
        return lode_fail(LODE_E_BUG, "a session's id of %zu bytes", row->id.size);
    memcpy(s->key, &start, sizeof start);
    memcpy(s->key + sizeof start, row->id.text, row->id.size);
    s->key_size = sizeof start + row->id.size;
    s->key[s->key_size++] = 0;
    s->n_sessions++;
    s->n_pieces = 0;
    s->n_events = 0;
    return LODE_OK;
}

static lode_status put_events(struct user_sessions *s)
{
    const size_t n = (size_t)s->n_events;
    if (n == 0) return LODE_OK;
    memcpy(s->value, s->times, n * sizeof *s->times);
    memcpy(s->value + n * sizeof *s->times, s->names, n * sizeof *s->names);
    if (s->value_bytes > 0) memcpy(s->value + n * TIME_AND_NAME, s->values, n * s->value_bytes);
    s->n_events = 0;
    return put_piece(s, s->n_pieces++, n * (TIME_AND_NAME + s->value_bytes));
}

lode_status user_sessions_put(struct user_sessions *s, const struct event_rows *rows)
{
    for (int64_t first = 0; first < rows->n;) {
        const int64_t room = PIECE_EVENTS - s->n_events;
        const int64_t now = rows->n - first < room ? rows->n - first : room;
        const size_t n = (size_t)now;
        memcpy(s->times + s->n_events, rows->times + first, n * sizeof *s->times);
        memcpy(s->names + s->n_events, rows->names + first, n * sizeof *s->names);
        if (s->value_bytes > 0)
            memcpy(s->values + (size_t)s->n_events * s->value_bytes,
                   rows->values + (size_t)first * s->value_bytes, n * s->value_bytes);
        s->n_events += now;
        if (s->n_events == PIECE_EVENTS) lode_try(put_events(s));
        first += now;
    }
    return LODE_OK;
}

lode_status user_sessions_end(struct user_sessions *s, const struct session_row *row)
{
    const size_t kpi_bytes = (size_t)s->n_kpis * sizeof *row->kpis;
    const size_t attribute_bytes = (size_t)s->n_attributes * sizeof *row->attributes;
    lode_try(put_events(s));
    if (kpi_bytes > 0) memcpy(s->value, row->kpis, kpi_bytes);
    if (attribute_bytes > 0) memcpy(s->value + kpi_bytes, row->attributes, attribute_bytes);
    const struct marks marks = {row->piece, row->start_is_derived};
    memcpy(s->value + kpi_bytes + attribute_bytes, &marks, sizeof marks);
    return put_piece(s, LAST_PIECE, kpi_bytes + attribute_bytes + sizeof marks);
}

static lode_status visit_events(struct user_sessions *s, const struct shuffle_record *record,
                                const struct user_sessions_visitor *visitor)
{
    const size_t n = record->value_size / (TIME_AND_NAME + s->value_bytes);
    memcpy(s->times, record->value, n * sizeof *s->times);
    memcpy(s->names, record->value + n * sizeof *s->times, n * sizeof *s->names);
    if (s->value_bytes > 0)
        memcpy(s->values, record->value + n * TIME_AND_NAME, n * s->value_bytes);
    const struct event_rows rows = {(int64_t)n, s->times, s->names,
                                    s->value_bytes > 0 ? s->values : NULL};
    return visitor->events(visitor->context, &rows);
}

static lode_status visit_session(struct user_sessions *s, const struct shuffle_record *record,
                                 const struct user_sessions_visitor *visitor)
{
    uint64_t start;
    const size_t kpi_bytes = (size_t)s->n_kpis * sizeof *s->kpis;
    const size_t attribute_bytes = (size_t)s->n_attributes * sizeof *s->attributes;
    const size_t around = sizeof start + 1 + 2 * sizeof(uint32_t);
    memcpy(&start, record->key, sizeof start);
    if (kpi_bytes > 0) memcpy(s->kpis, record->value, kpi_bytes);
    if (attribute_bytes > 0) memcpy(s->attributes, record->value + kpi_bytes, attribute_bytes);
    struct marks marks;
    memcpy(&marks, record->value + kpi_bytes + attribute_bytes, sizeof marks);
    const struct session_row row = {
        .piece = marks.piece,
        .start_is_derived = marks.start_is_derived != 0,
        .id = {(const char *)record->key + sizeof start, record->key_size - around},
        .start = (int64_t)ordered((int64_t)__builtin_bswap64(start)),
        .kpis = s->kpis,
        .attributes = s->attributes};
    return visitor->session(visitor->context, &row);
}

lode_status user_sessions_visit(struct user_sessions *s,
                                const struct user_sessions_visitor *visitor)
{
    if (!s->sorter || sorter_count(s->sorter) == 0) return LODE_OK;
    lode_try(sorter_begin(s->sorter));
    for (;;) {
        struct shuffle_record record;
        uint32_t piece;
        bool more = false;
        lode_try(sorter_next(s->sorter, &record, &more));
        if (!more) break;
        memcpy(&piece, record.key + record.key_size - sizeof piece, sizeof piece);
        lode_try(piece == LAST_PIECE ? visit_session(s, &record, visitor)
                                     : visit_events(s, &record, visitor));
    }
    sorter_clear(s->sorter);
    s->n_sessions = 0;
    return LODE_OK;
}

void user_sessions_close(struct user_sessions *s)
{
    if (s) sorter_close(s->sorter);
}
