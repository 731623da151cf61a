/* Records: a block is [kind and flags][n events, if of events][file][line, if it has one][time,
 * zigzag, if it has one] then of each event [time - time before, zigzag][line - line before,
 * zigzag] (not of the first), [name]; and of each record with cells [n cells] and per cell [column
 * * 4 + form] and what the form says. 0 and 1, the usual values of a KPI, take no more.
 */
#include "jobs/stage/shuffle/records.h"

#include "jobs/stage/ranges.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum { KIND_MASK = 0x0f, HAS_TIME = 0x10, HAS_LINE = 0x20, HAS_CELLS = 0x40, VARINT_LIMIT = 10 };
enum { LOOSE_EVENT = 3 /* beside enum record_kind */ };
enum {
    BLOCK_GROWTH = 5 * VARINT_LIMIT /* most bytes that an event in a block has over a loose one */
};
enum form { FORM_ZERO, FORM_ONE, FORM_NUMBER, FORM_CODE };

static inline uint8_t *put_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static inline bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    uint64_t result = 0;
    const uint8_t *in = *at;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in == end) return false;
        const uint8_t byte = *in++;
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            *at = in;
            return true;
        }
    }
    return false;
}

/* Times and names of events are short, but of sizes that are hard to foresee: so the seven bits of
 * each byte are joined, and spread, without a branch on how many there are. */

static inline uint64_t join_sevens(uint64_t bytes)
{
    bytes = (bytes & UINT64_C(0x7f007f007f007f00)) >> 1 | (bytes & UINT64_C(0x007f007f007f007f));
    bytes = (bytes & UINT64_C(0x3fff00003fff0000)) >> 2 | (bytes & UINT64_C(0x00003fff00003fff));
    return (bytes & UINT64_C(0x0fffffff00000000)) >> 4 | (bytes & UINT64_C(0x000000000fffffff));
}

/* value < 2^56 */
static inline uint64_t spread_sevens(uint64_t value)
{
    value = (value & UINT64_C(0x00fffffff0000000)) << 4 | (value & UINT64_C(0x000000000fffffff));
    value = (value & UINT64_C(0x0fffc0000fffc000)) << 2 | (value & UINT64_C(0x00003fff00003fff));
    return (value & UINT64_C(0x3f803f803f803f80)) << 1 | (value & UINT64_C(0x007f007f007f007f));
}

/* As put_varint, but writes eight bytes. */
static inline uint8_t *put_short_varint(uint8_t *out, uint64_t value)
{
    const uint64_t tops = UINT64_MAX / 255 << 7;
    if (value >> 56 != 0) return put_varint(out, value);
    const int size = (63 - __builtin_clzll(value | 1)) / 7 + 1;
    const uint64_t more = tops & ((UINT64_C(1) << 8 * (size - 1)) - 1);
    const uint64_t bytes = htole64(spread_sevens(value) | more);
    memcpy(out, &bytes, sizeof bytes);
    return out + size;
}

/* Two numbers; what is behind them does not count. */
static inline bool get_two(const uint8_t **at, const uint8_t *end, uint64_t *first,
                           uint64_t *second)
{
    const uint64_t tops = UINT64_MAX / 255 << 7;
    uint64_t word = 0;
    if (end - *at >= (ptrdiff_t)sizeof word) memcpy(&word, *at, sizeof word);
    word = le64toh(word);
    const uint64_t stops = ~word & tops; /* where a number ends */
    const uint64_t others = stops & (stops - 1);
    if (end - *at < (ptrdiff_t)sizeof word || others == 0)
        return get_varint(at, end, first) && get_varint(at, end, second);
    *first = join_sevens(word & (stops ^ (stops - 1)));
    *second = join_sevens((word & (others ^ (others - 1))) >> (__builtin_ctzll(stops) + 1));
    *at += (__builtin_ctzll(others) + 1) / 8;
    return true;
}

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
}

const uint8_t *record_key(struct record_id user, struct record_id session, bool after,
                          uint8_t *room, size_t *size)
{
    if (user.size == 0) user = session;
    *size = user.size;
    /* one form for a user who is the session, so that equal keys have equal bytes */
    const bool alike =
        session.size == 0 || session.text == user.text ||
        (session.size == user.size && memcmp(session.text, user.text, user.size) == 0);
    if (alike && !after) return (const uint8_t *)user.text;
    memcpy(room, user.text, user.size);
    if (!alike) {
        room[(*size)++] = 0;
        memcpy(room + *size, session.text, session.size);
        *size += session.size;
    }
    if (after) room[(*size)++] = 0;
    return room;
}

void record_ids(const uint8_t *key, size_t size, struct record_id *user, struct record_id *session)
{
    size = record_session_size(key, size);
    const uint8_t *zero = size > 0 ? memchr(key, 0, size) : NULL;
    *user = (struct record_id){(const char *)key, zero ? (size_t)(zero - key) : size};
    *session = *user;
    if (zero) *session = (struct record_id){(const char *)zero + 1, size - user->size - 1};
}

size_t record_room(int64_t n_cells)
{
    return 2 + STAGE_ID_LIMIT + 6 * VARINT_LIMIT + (size_t)n_cells * 2 * VARINT_LIMIT;
}

static uint8_t *put_cell(uint8_t *out, const struct record_cell *cell, int64_t n_kpis)
{
    const uint64_t column = (uint64_t)cell->column << 2;
    if (cell->column >= n_kpis) return put_varint(put_varint(out, column | FORM_CODE), cell->code);
    uint64_t bits;
    memcpy(&bits, &cell->value, sizeof bits);
    if (bits == 0) return put_varint(out, column | FORM_ZERO); /* -0.0 keeps its sign */
    if (cell->value == 1.0) return put_varint(out, column | FORM_ONE);
    out = put_varint(out, column | FORM_NUMBER);
    memcpy(out, &bits, sizeof bits);
    return out + sizeof bits;
}

static uint8_t *put_cells(uint8_t *out, const struct record *record, int64_t n_kpis)
{
    if (record->n_cells == 0) return out;
    out = put_varint(out, (uint64_t)record->n_cells);
    for (int64_t c = 0; c < record->n_cells; c++) out = put_cell(out, &record->cells[c], n_kpis);
    return out;
}

/* An event as it waits to be combined: numbers at fixed places, read and written at once. Behind it
 * the line as a number of 8 bytes, if it has one, and the cells. */
struct loose_event {
    uint32_t head; /* kind LOOSE_EVENT and flags; above them the file: alike in all of a block */
    uint32_t name;
    int64_t time;
};
static_assert(RANGES_LIMIT <= 1 << 24, "a range's number has 24 bits in an event's head");

static inline struct loose_event loose_read(const uint8_t *value)
{
    struct loose_event event;
    memcpy(&event, value, sizeof event);
    return event;
}

static inline int64_t loose_line(const uint8_t *value)
{
    int64_t line;
    memcpy(&line, value + sizeof(struct loose_event), sizeof line);
    return line;
}

size_t record_encode(const struct record *record, int64_t n_kpis, uint8_t *out)
{
    const unsigned flags = (record->has_time ? HAS_TIME : 0u) | (record->has_line ? HAS_LINE : 0u) |
                           (record->n_cells > 0 ? HAS_CELLS : 0u);
    uint8_t *at = out;
    if (record->kind == RECORD_EVENT) {
        const struct loose_event event = {.head = LOOSE_EVENT | flags | (uint32_t)record->file << 8,
                                          .name = record->name,
                                          .time = record->time};
        memcpy(at, &event, sizeof event);
        at += sizeof event;
        if (record->has_line) {
            memcpy(at, &record->line, sizeof record->line);
            at += sizeof record->line;
        }
        return (size_t)(put_cells(at, record, n_kpis) - out);
    }
    *at++ = (uint8_t)((unsigned)record->kind | flags);
    at = put_varint(at, (uint64_t)record->file);
    if (record->has_line) at = put_varint(at, (uint64_t)record->line);
    if (record->has_time) at = put_varint(at, zigzag(record->time));
    return (size_t)(put_cells(at, record, n_kpis) - out);
}

static bool get_cell(const uint8_t **at, const uint8_t *end, int64_t n_kpis,
                     struct record_cell *cell)
{
    uint64_t tag = 0;
    uint64_t code = 0;
    if (!get_varint(at, end, &tag) || tag >> 2 > UINT32_MAX) return false;
    const enum form form = (enum form)(tag & 3);
    *cell = (struct record_cell){.column = (uint32_t)(tag >> 2)};
    if ((cell->column >= n_kpis) != (form == FORM_CODE)) return false;
    if (form == FORM_CODE) {
        if (!get_varint(at, end, &code) || code > UINT32_MAX) return false;
        cell->code = (uint32_t)code;
    } else if (form == FORM_NUMBER) {
        if ((size_t)(end - *at) < sizeof cell->value) return false;
        memcpy(&cell->value, *at, sizeof cell->value);
        *at += sizeof cell->value;
    } else {
        cell->value = form == FORM_ONE ? 1.0 : 0.0;
    }
    return true;
}

/* Kind 0: to be told from blocks. */
size_t record_encode_user(struct record_id user, uint8_t *out)
{
    out[0] = 0;
    out[1] = (uint8_t)user.size;
    if (user.size > 0) memcpy(out + 2, user.text, user.size);
    return 2 + user.size;
}

bool record_decode_user(const uint8_t *value, size_t size, struct record_id *user)
{
    if (size < 2 || value[0] != 0 || size - 2 < value[1]) return false;
    *user = (struct record_id){(const char *)value + 2, value[1]};
    return true;
}

static bool get_cells(struct record_reader *reader, struct record *record)
{
    uint64_t cells = 0;
    record->n_cells = 0;
    if (!reader->has_cells) return true;
    if (!get_varint(&reader->at, reader->end, &cells) || cells > (uint64_t)reader->cells_limit)
        return false;
    for (uint64_t c = 0; c < cells; c++)
        if (!get_cell(&reader->at, reader->end, reader->n_kpis, &record->cells[c])) return false;
    record->n_cells = (int64_t)cells;
    return true;
}

struct record_reader record_reader_begin(const uint8_t *value, size_t size, int64_t n_kpis,
                                         int64_t cells_limit)
{
    return (struct record_reader){
        .at = value, .end = value + size, .n_kpis = n_kpis, .cells_limit = cells_limit};
}

/* What a block begins with. */
static bool open_block(struct record_reader *reader, struct record *record)
{
    uint64_t file = 0;
    uint64_t line = 0;
    uint64_t time = 0;
    if (reader->at == reader->end) return false;
    const unsigned head = *reader->at++;
    const unsigned kind = head & KIND_MASK;
    if (kind != RECORD_SESSION && kind != RECORD_EVENT) return false;
    record->kind = (enum record_kind)kind;
    record->has_time = (head & HAS_TIME) != 0;
    record->has_line = (head & HAS_LINE) != 0;
    record->name = 0;
    reader->has_cells = (head & HAS_CELLS) != 0;
    reader->n_left = 1;
    if (kind == RECORD_EVENT && (!get_varint(&reader->at, reader->end, &reader->n_left) ||
                                 reader->n_left == 0 || !record->has_time))
        return false;
    if (!get_varint(&reader->at, reader->end, &file) || file > INT32_MAX) return false;
    if (record->has_line && !get_varint(&reader->at, reader->end, &line)) return false;
    if (record->has_time && !get_varint(&reader->at, reader->end, &time)) return false;
    record->file = (int64_t)file;
    record->line = (int64_t)(line & INT64_MAX);
    record->time = unzigzag(time);
    return true;
}

/* Time and line of an event behind the first of its block. */
static inline bool get_deltas(struct record_reader *reader, struct record *record)
{
    uint64_t time = 0;
    uint64_t line = 0;
    if (!get_varint(&reader->at, reader->end, &time)) return false;
    if (record->has_line && !get_varint(&reader->at, reader->end, &line)) return false;
    record->time = (int64_t)((uint64_t)record->time + (uint64_t)unzigzag(time));
    record->line = (int64_t)((uint64_t)record->line + (uint64_t)unzigzag(line));
    return true;
}

bool record_read(struct record_reader *reader, struct record *record)
{
    uint64_t name = 0;
    const bool begins = reader->n_left == 0;
    if (!(begins ? open_block(reader, record) : get_deltas(reader, record))) return false;
    if (record->kind == RECORD_EVENT) {
        if (!get_varint(&reader->at, reader->end, &name) || name > UINT32_MAX) return false;
        record->name = (uint32_t)name;
    }
    reader->n_left--;
    return get_cells(reader, record);
}

int64_t record_read_events(struct record_reader *reader, struct record *record, int64_t most,
                           int64_t *times, uint32_t *names)
{
    const uint8_t *at = reader->at;
    uint64_t last = (uint64_t)record->time;
    int64_t n = 0;
    if (reader->n_left == 0 || reader->has_cells || record->has_line) return 0;
    if ((uint64_t)most > reader->n_left) most = (int64_t)reader->n_left;
    for (; n < most; n++) {
        uint64_t time = 0;
        uint64_t name = 0;
        const uint8_t *const begin = at;
        if (!get_two(&at, reader->end, &time, &name) || name > UINT32_MAX) {
            at = begin; /* for record_read to refuse */
            break;
        }
        last += (uint64_t)unzigzag(time);
        times[n] = (int64_t)last;
        names[n] = (uint32_t)name;
    }
    record->time = (int64_t)last;
    reader->at = at;
    reader->n_left -= (uint64_t)n;
    return n;
}

/* Appends a block of loose events [n] of one head. */
static lode_status put_block(const struct shuffle_value *values, int64_t n, struct lode_bytes *out)
{
    struct loose_event event = loose_read(values[0].data);
    const bool has_line = (event.head & HAS_LINE) != 0;
    const bool has_cells = (event.head & HAS_CELLS) != 0;
    const size_t cells_at = sizeof event + (has_line ? sizeof(int64_t) : 0);
    size_t room = 0;
    for (int64_t i = 0; i < n; i++) room += BLOCK_GROWTH + values[i].size;
    lode_try(lode_bytes_reserve(out, room + sizeof(uint64_t))); /* see put_short_varint */
    uint8_t *at = out->data + out->size;
    *at++ = (uint8_t)((event.head & (HAS_TIME | HAS_LINE | HAS_CELLS)) | RECORD_EVENT);
    at = put_varint(at, (uint64_t)n);
    at = put_varint(at, event.head >> 8);
    if (has_line) at = put_varint(at, (uint64_t)loose_line(values[0].data));
    at = put_varint(at, zigzag(event.time));
    for (int64_t i = 0;;) {
        at = put_short_varint(at, event.name);
        if (has_cells) {
            memcpy(at, values[i].data + cells_at, values[i].size - cells_at);
            at += values[i].size - cells_at;
        }
        if (++i == n) break;
        const uint64_t time = (uint64_t)event.time;
        event = loose_read(values[i].data);
        at = put_short_varint(at, zigzag((int64_t)((uint64_t)event.time - time)));
        if (has_line)
            at = put_short_varint(
                at, zigzag(loose_line(values[i].data) - loose_line(values[i - 1].data)));
    }
    out->size = (size_t)(at - out->data);
    return LODE_OK;
}

static bool is_loose(const struct shuffle_value *value)
{
    return value->size >= sizeof(struct loose_event) &&
           (loose_read(value->data).head & KIND_MASK) == LOOSE_EVENT;
}

lode_status record_combine(void *context, const struct shuffle_value *values, int64_t n,
                           struct lode_bytes *out)
{
    (void)context;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        if (!is_loose(&values[i])) {
            lode_try(lode_bytes_append(out, values[i].data, values[i].size));
        } else {
            while (end < n && is_loose(&values[end]) &&
                   loose_read(values[end].data).head == loose_read(values[i].data).head)
                end++;
            lode_try(put_block(values + i, end - i, out));
        }
        i = end;
    }
    return LODE_OK;
}
