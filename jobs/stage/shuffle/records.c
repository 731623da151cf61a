/* Records: [kind | NO_TIME][key][file][line][time, zigzag][name][n cells] then per cell
 * [column * 4 + form] and what the form says. 0 and 1, the usual values of a KPI, take no more. */
#include "jobs/stage/shuffle/records.h"

#include <string.h>

enum { NO_TIME = 0x80, VARINT_LIMIT = 10 };
enum form { FORM_ZERO, FORM_ONE, FORM_NUMBER, FORM_CODE };

static uint8_t *put_varint(uint8_t *out, uint64_t value)
{
    while (value >= 0x80) {
        *out++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
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

static uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (value & 1 ? UINT64_MAX : 0));
}

size_t record_key(struct record_id user, struct record_id session, uint8_t *key)
{
    key[0] = (uint8_t)user.size;
    if (user.size > 0) memcpy(key + 1, user.text, user.size);
    key[1 + user.size] = (uint8_t)session.size;
    if (session.size > 0) memcpy(key + 2 + user.size, session.text, session.size);
    return 2 + user.size + session.size;
}

void record_ids(const uint8_t *key, struct record_id *user, struct record_id *session)
{
    *user = (struct record_id){(const char *)key + 1, key[0]};
    *session = (struct record_id){(const char *)key + 2 + key[0], key[1 + key[0]]};
    if (user->size == 0) *user = *session;
}

size_t record_room(int64_t n_cells)
{
    return 1 + RECORD_KEY_LIMIT + 5 * VARINT_LIMIT + (size_t)n_cells * 2 * VARINT_LIMIT;
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

size_t record_encode(const struct record *record, int64_t n_kpis, uint8_t *out)
{
    uint8_t *at = out;
    *at++ = (uint8_t)((unsigned)record->kind | (record->has_time ? 0u : NO_TIME));
    memcpy(at, record->key, record->key_size);
    at += record->key_size;
    at = put_varint(at, (uint64_t)record->file);
    at = put_varint(at, (uint64_t)record->line);
    if (record->has_time) at = put_varint(at, zigzag(record->time));
    if (record->kind == RECORD_EVENT) at = put_varint(at, record->name);
    at = put_varint(at, (uint64_t)record->n_cells);
    for (int64_t c = 0; c < record->n_cells; c++) at = put_cell(at, &record->cells[c], n_kpis);
    return (size_t)(at - out);
}

static bool get_key(const uint8_t **at, const uint8_t *end, struct record *record)
{
    const uint8_t *key = *at;
    const size_t left = (size_t)(end - key);
    if (left < 2 || left < (size_t)key[0] + 2) return false;
    const size_t size = (size_t)key[0] + 2 + key[1 + key[0]];
    if (left < size) return false;
    record->key = key;
    record->key_size = size;
    *at = key + size;
    return true;
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

bool record_decode(const uint8_t **at, const uint8_t *end, int64_t n_kpis, int64_t cells_limit,
                   struct record *record)
{
    uint64_t file = 0;
    uint64_t line = 0;
    uint64_t time = 0;
    uint64_t name = 0;
    uint64_t cells = 0;
    if (*at == end) return false;
    const unsigned head = *(*at)++;
    record->kind = (enum record_kind)(head & ~(unsigned)NO_TIME);
    record->has_time = !(head & NO_TIME);
    if (record->kind < RECORD_SESSION || record->kind > RECORD_USER) return false;
    if (!get_key(at, end, record)) return false;
    if (!get_varint(at, end, &file) || !get_varint(at, end, &line)) return false;
    if (file > INT32_MAX || line > INT64_MAX) return false;
    if (record->has_time && !get_varint(at, end, &time)) return false;
    if (record->kind == RECORD_EVENT && !get_varint(at, end, &name)) return false;
    if (!get_varint(at, end, &cells)) return false;
    if (name > UINT32_MAX || cells > (uint64_t)cells_limit) return false;
    record->file = (int64_t)file;
    record->line = (int64_t)line;
    record->time = unzigzag(time);
    record->name = (uint32_t)name;
    record->n_cells = (int64_t)cells;
    for (int64_t c = 0; c < record->n_cells; c++)
        if (!get_cell(at, end, n_kpis, &record->cells[c])) return false;
    return true;
}
