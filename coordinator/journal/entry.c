/* Entry: one table says which fields a kind has; writer and reader walk it. */
#include "coordinator/journal/entry.h"

enum { FIELDS_MAX = 6 };
enum field_kind { END, NUMBER, TEXT, BINARY };

struct field {
    enum field_kind kind;
    size_t offset;
};

#define NUM(name)                                                                                  \
    {                                                                                              \
        NUMBER, offsetof(struct entry, name)                                                       \
    }
#define TXT(name)                                                                                  \
    {                                                                                              \
        TEXT, offsetof(struct entry, name)                                                         \
    }
#define BIN(name)                                                                                  \
    {                                                                                              \
        BINARY, offsetof(struct entry, name)                                                       \
    }

static const struct field fields[][FIELDS_MAX] = {
    [ENTRY_HEADER] = {BIN(bytes)},
    [ENTRY_STAGE] = {NUM(stage), TXT(text), NUM(n_tasks), NUM(hash)},
    [ENTRY_RESULT] = {NUM(stage), NUM(task), NUM(attempt), NUM(file_size), NUM(file_hash),
                      BIN(bytes)},
    [ENTRY_GIVEN_UP] = {NUM(stage), NUM(task), TXT(text)},
};

static lode_status append_field(struct lode_bytes *out, const struct entry *entry,
                                const struct field *field)
{
    const void *at = (const char *)entry + field->offset;
    const struct lode_span *span = at;
    if (field->kind == NUMBER) return lode_pack_u64(out, *(const uint64_t *)at);
    if (field->kind == TEXT) return lode_pack_text(out, (const char *)span->data, span->size);
    return lode_pack_bin(out, span->data, span->size);
}

lode_status entry_append(struct lode_bytes *out, const struct entry *entry)
{
    const struct field *list = fields[entry->kind];
    lode_try(lode_pack_u64(out, (uint64_t)entry->kind));
    for (int i = 0; i < FIELDS_MAX && list[i].kind != END; i++)
        lode_try(append_field(out, entry, &list[i]));
    return LODE_OK;
}

static lode_status read_field(struct lode_unpack *in, const struct field *field,
                              struct entry *entry)
{
    void *at = (char *)entry + field->offset;
    struct lode_span *span = at;
    const char *text = NULL;
    if (field->kind == NUMBER) return lode_unpack_u64(in, at);
    if (field->kind == BINARY) return lode_unpack_bin(in, &span->data, &span->size);
    lode_try(lode_unpack_text(in, &text, &span->size));
    span->data = (const uint8_t *)text;
    return LODE_OK;
}

lode_status entry_next(struct lode_unpack *in, struct entry *entry, bool *more)
{
    struct entry found = {0};
    uint64_t kind = 0;
    *more = in->at < in->end;
    if (!*more) return LODE_OK;
    lode_try(lode_unpack_u64(in, &kind));
    if (kind < ENTRY_HEADER || kind > ENTRY_GIVEN_UP)
        return lode_fail(LODE_E_MESSAGE, "no entry of a journal has kind %llu",
                         (unsigned long long)kind);
    found.kind = (enum entry_kind)kind;
    for (int i = 0; i < FIELDS_MAX && fields[kind][i].kind != END; i++)
        lode_try(read_field(in, &fields[kind][i], &found));
    *entry = found;
    return LODE_OK;
}
