/* Records: a block of a session is [kind and flags][file][line, if it has one][time, zigzag, if it
 * has one][cells, if any]. A block of events is [kind and flags][n][file][line, if they have
 * one][time, zigzag][widths], all of the first, and then columns: [names][time - time before,
 * zigzag][line - line before, zigzag] (not of the first), each as wide as its largest number needs,
 * so that no number is read or written by asking for its size; and last the cells of each.
 *
 * Cells are [n cells] and per cell [column * 4 + form] and what the form says. 0 and 1, the usual
 * values of a KPI, take no more.
 */
#include "jobs/stage/shuffle/records.h"

#include "jobs/stage/ranges.h"

#include <assert.h>
#include <string.h>

enum { KIND_MASK = 0x0f, HAS_TIME = 0x10, HAS_LINE = 0x20, HAS_CELLS = 0x40, VARINT_LIMIT = 10 };
enum { LOOSE_EVENT = 3 /* beside enum record_kind */ };
enum { BLOCK_HEAD = 2 + 4 * VARINT_LIMIT /* most bytes of a block in front of its columns */ };
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

/* Columns of numbers of 1, 2, 4 or 8 bytes: a width is the power of 2. */
enum { WIDTH_BITS = 2, WIDTH_MASK = 3, WIDTH_NAME_MOST = 2 };

/* Of numbers whose bits are all in `bits`. */
static int width_of(uint64_t bits)
{
    return bits >> 32 ? 3 : bits >> 16 ? 2 : bits >> 8 ? 1 : 0;
}

/* Inline, as is what calls it: with a width that is known it is one instruction. */
static inline uint64_t get_wide(const uint8_t *column, int width, uint64_t i)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 0:
        return column[i];
    case 1:
        memcpy(&two, column + i * sizeof two, sizeof two);
        return two;
    case 2:
        memcpy(&four, column + i * sizeof four, sizeof four);
        return four;
    default:
        memcpy(&eight, column + i * sizeof eight, sizeof eight);
        return eight;
    }
}

static inline void put_wide(uint8_t *column, int width, int64_t i, uint64_t value)
{
    const uint16_t two = (uint16_t)value;
    const uint32_t four = (uint32_t)value;
    switch (width) {
    case 0:
        column[i] = (uint8_t)value;
        return;
    case 1:
        memcpy(column + i * (int64_t)sizeof two, &two, sizeof two);
        return;
    case 2:
        memcpy(column + i * (int64_t)sizeof four, &four, sizeof four);
        return;
    default:
        memcpy(column + i * (int64_t)sizeof value, &value, sizeof value);
        return;
    }
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static inline int64_t unzigzag(uint64_t value)
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

/* The columns of `n` events; what is behind them is next. */
static bool open_columns(struct record_reader *reader, bool has_line)
{
    const uint64_t n = reader->n_left;
    if (reader->at == reader->end) return false;
    const int widths = *reader->at++;
    reader->time_width = widths & WIDTH_MASK;
    reader->name_width = widths >> WIDTH_BITS & WIDTH_MASK;
    reader->line_width = widths >> 2 * WIDTH_BITS & WIDTH_MASK;
    const uint64_t left = (uint64_t)(reader->end - reader->at);
    if (n == 0 || n > left || reader->name_width > WIDTH_NAME_MOST) return false;
    const uint64_t names = n << reader->name_width;
    const uint64_t times = (n - 1) << reader->time_width;
    const uint64_t lines = has_line ? (n - 1) << reader->line_width : 0;
    if (names + times + lines > left) return false;
    reader->names = reader->at;
    reader->times = reader->names + names;
    reader->lines = reader->times + times;
    reader->at = reader->lines + lines;
    reader->next = 0;
    return true;
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
    if (kind == RECORD_EVENT &&
        (!get_varint(&reader->at, reader->end, &reader->n_left) || !record->has_time))
        return false;
    if (!get_varint(&reader->at, reader->end, &file) || file > INT32_MAX) return false;
    if (record->has_line && !get_varint(&reader->at, reader->end, &line)) return false;
    if (record->has_time && !get_varint(&reader->at, reader->end, &time)) return false;
    record->file = (int64_t)file;
    record->line = (int64_t)(line & INT64_MAX);
    record->time = unzigzag(time);
    return kind == RECORD_SESSION || open_columns(reader, record->has_line);
}

static inline int64_t plus(int64_t value, uint64_t delta)
{
    return (int64_t)((uint64_t)value + (uint64_t)unzigzag(delta));
}

bool record_read(struct record_reader *reader, struct record *record)
{
    if (reader->n_left == 0) {
        if (!open_block(reader, record)) return false;
    } else {
        const uint64_t i = reader->next - 1;
        record->time = plus(record->time, get_wide(reader->times, reader->time_width, i));
        if (record->has_line)
            record->line = plus(record->line, get_wide(reader->lines, reader->line_width, i));
    }
    if (record->kind == RECORD_EVENT)
        record->name = (uint32_t)get_wide(reader->names, reader->name_width, reader->next++);
    reader->n_left--;
    return get_cells(reader, record);
}

/* Times [n] of events behind one at `time`; returns the last. */
static inline int64_t get_times(const uint8_t *column, int width, int64_t n, int64_t time,
                                int64_t *times)
{
    for (int64_t i = 0; i < n; i++)
        times[i] = time = plus(time, get_wide(column, width, (uint64_t)i));
    return time;
}

static inline void get_names(const uint8_t *column, int width, int64_t n, uint32_t *names)
{
    for (int64_t i = 0; i < n; i++) names[i] = (uint32_t)get_wide(column, width, (uint64_t)i);
}

int64_t record_read_events(struct record_reader *reader, struct record *record, int64_t most,
                           int64_t *times, uint32_t *names)
{
    if (reader->n_left == 0 || reader->has_cells || record->has_line) return 0;
    const int64_t n = (uint64_t)most < reader->n_left ? most : (int64_t)reader->n_left;
    const uint8_t *const deltas = reader->times + ((reader->next - 1) << reader->time_width);
    const uint8_t *const codes = reader->names + (reader->next << reader->name_width);
    switch (reader->time_width) { /* a loop for each width */
    case 0:
        record->time = get_times(deltas, 0, n, record->time, times);
        break;
    case 1:
        record->time = get_times(deltas, 1, n, record->time, times);
        break;
    case 2:
        record->time = get_times(deltas, 2, n, record->time, times);
        break;
    default:
        record->time = get_times(deltas, 3, n, record->time, times);
    }
    switch (reader->name_width) {
    case 0:
        get_names(codes, 0, n, names);
        break;
    case 1:
        get_names(codes, 1, n, names);
        break;
    default:
        get_names(codes, 2, n, names);
    }
    reader->next += (uint64_t)n;
    reader->n_left -= (uint64_t)n;
    return n;
}

static inline uint64_t time_delta(const struct shuffle_value *values, int64_t i)
{
    return zigzag((int64_t)((uint64_t)loose_read(values[i].data).time -
                            (uint64_t)loose_read(values[i - 1].data).time));
}

static inline uint64_t line_delta(const struct shuffle_value *values, int64_t i)
{
    return zigzag(loose_line(values[i].data) - loose_line(values[i - 1].data));
}

static inline uint8_t *put_names(uint8_t *out, int width, const struct shuffle_value *values,
                                 int64_t n)
{
    for (int64_t i = 0; i < n; i++) put_wide(out, width, i, loose_read(values[i].data).name);
    return out + (n << width);
}

/* Behind the first. */
static inline uint8_t *put_times(uint8_t *out, int width, const struct shuffle_value *values,
                                 int64_t n)
{
    for (int64_t i = 1; i < n; i++) put_wide(out, width, i - 1, time_delta(values, i));
    return out + ((n - 1) << width);
}

static uint8_t *put_lines(uint8_t *out, int width, const struct shuffle_value *values, int64_t n)
{
    for (int64_t i = 1; i < n; i++) put_wide(out, width, i - 1, line_delta(values, i));
    return out + ((n - 1) << width);
}

/* [widths][names][times][lines] */
static uint8_t *put_columns(uint8_t *out, const struct shuffle_value *values, int64_t n,
                            bool has_line)
{
    uint64_t names = loose_read(values[0].data).name;
    uint64_t times = 0;
    uint64_t lines = 0;
    for (int64_t i = 1; i < n; i++) {
        names |= loose_read(values[i].data).name;
        times |= time_delta(values, i);
        if (has_line) lines |= line_delta(values, i);
    }
    const int name_width = width_of(names);
    const int time_width = width_of(times);
    const int line_width = width_of(lines);
    *out++ = (uint8_t)(time_width | name_width << WIDTH_BITS | line_width << 2 * WIDTH_BITS);
    switch (name_width) { /* a loop for each width */
    case 0:
        out = put_names(out, 0, values, n);
        break;
    case 1:
        out = put_names(out, 1, values, n);
        break;
    default:
        out = put_names(out, 2, values, n);
    }
    switch (time_width) {
    case 0:
        out = put_times(out, 0, values, n);
        break;
    case 1:
        out = put_times(out, 1, values, n);
        break;
    case 2:
        out = put_times(out, 2, values, n);
        break;
    default:
        out = put_times(out, 3, values, n);
    }
    return has_line ? put_lines(out, line_width, values, n) : out;
}

/* Appends a block of loose events [n] of one head. No column is wider than in their own form. */
static lode_status put_block(const struct shuffle_value *values, int64_t n, struct lode_bytes *out)
{
    const struct loose_event first = loose_read(values[0].data);
    const bool has_line = (first.head & HAS_LINE) != 0;
    const bool has_cells = (first.head & HAS_CELLS) != 0;
    const size_t cells_at = sizeof first + (has_line ? sizeof(int64_t) : 0);
    size_t room = BLOCK_HEAD;
    for (int64_t i = 0; i < n; i++) room += values[i].size;
    lode_try(lode_bytes_reserve(out, room));
    uint8_t *at = out->data + out->size;
    *at++ = (uint8_t)((first.head & (HAS_TIME | HAS_LINE | HAS_CELLS)) | RECORD_EVENT);
    at = put_varint(at, (uint64_t)n);
    at = put_varint(at, first.head >> 8);
    if (has_line) at = put_varint(at, (uint64_t)loose_line(values[0].data));
    at = put_varint(at, zigzag(first.time));
    at = put_columns(at, values, n, has_line);
    for (int64_t i = 0; has_cells && i < n; i++) {
        memcpy(at, values[i].data + cells_at, values[i].size - cells_at);
        at += values[i].size - cells_at;
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
