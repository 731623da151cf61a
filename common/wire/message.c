/* Messages: one table says which fields each type has; encoder and decoder walk it.
 *
 * A new message type is a new row; there is no code per type, so the two directions cannot
 * disagree and there is one decoder to fuzz.
 */
#include "common/wire/message.h"

#include "common/wire/pack.h"

#include <string.h>

enum field_kind { NUMBER, TEXT, BINARY };

struct field {
    enum field_kind kind;
    size_t offset;
};

enum { FIELDS_MAX = 8 };

struct schema {
    enum lode_message_type type;
    uint32_t n_fields;
    const char *name;
    struct field fields[FIELDS_MAX];
};

#define NUM(name)                                                                                  \
    {                                                                                              \
        NUMBER, offsetof(struct lode_message, name)                                                \
    }
#define TXT(name)                                                                                  \
    {                                                                                              \
        TEXT, offsetof(struct lode_message, name)                                                  \
    }
#define BIN(name)                                                                                  \
    {                                                                                              \
        BINARY, offsetof(struct lode_message, name)                                                \
    }

static const struct schema schemas[] = {
    {LODE_HELLO,
     6,
     "hello",
     {NUM(protocol), TXT(version), TXT(host), TXT(place), NUM(pid), NUM(incarnation)}},
    {LODE_WELCOME,
     8,
     "welcome",
     {NUM(worker), NUM(heartbeat_ms), NUM(memory_bytes), NUM(epoch), TXT(directory), TXT(library),
      NUM(library_hash), BIN(bytes)}},
    {LODE_REFUSED, 1, "refused", {TXT(text)}},
    {LODE_STAGE, 5, "stage", {NUM(stage), TXT(leaf), BIN(bytes), NUM(file_size), NUM(file_hash)}},
    {LODE_TASKS, 2, "tasks", {NUM(stage), BIN(bytes)}},
    {LODE_CANCEL, 4, "cancel", {NUM(stage), NUM(task), NUM(attempt), NUM(force)}},
    {LODE_RESULTS, 2, "results", {NUM(sequence), BIN(bytes)}},
    {LODE_TAKEN, 1, "taken", {NUM(sequence)}},
    {LODE_BEAT, 4, "beat", {NUM(sequence), NUM(progress), NUM(leaving), BIN(bytes)}},
    {LODE_END, 1, "end", {TXT(text)}},
    {LODE_BYE, 1, "bye", {TXT(text)}},
    {LODE_ASK, 1, "ask", {TXT(text)}},
    {LODE_ANSWER, 1, "answer", {BIN(bytes)}},
};

struct lode_span lode_span_text(const char *text)
{
    return (struct lode_span){.data = (const uint8_t *)text, .size = strlen(text)};
}

static const struct schema *find_schema(uint64_t type)
{
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++)
        if ((uint64_t)schemas[i].type == type) return &schemas[i];
    return NULL;
}

static lode_status encode_field(const struct lode_message *message, const struct field *field,
                                struct lode_bytes *out)
{
    const void *at = (const char *)message + field->offset;
    if (field->kind == NUMBER) return lode_pack_u64(out, *(const uint64_t *)at);

    const struct lode_span *span = at;
    if (field->kind == BINARY) return lode_pack_bin(out, span->data, span->size);
    if (span->size > LODE_MESSAGE_TEXT_LIMIT)
        return lode_pack_text(out, (const char *)span->data, LODE_MESSAGE_TEXT_LIMIT);
    return lode_pack_text(out, (const char *)span->data, span->size);
}

lode_status lode_message_encode(const struct lode_message *message, struct lode_bytes *out)
{
    const struct schema *schema = find_schema((uint64_t)message->type);
    if (!schema) return lode_fail(LODE_E_BUG, "no message has type %d", (int)message->type);
    lode_try(lode_pack_array(out, schema->n_fields + 1));
    lode_try(lode_pack_u64(out, (uint64_t)message->type));
    for (uint32_t i = 0; i < schema->n_fields; i++)
        lode_try(encode_field(message, &schema->fields[i], out));
    return LODE_OK;
}

static lode_status decode_field(struct lode_unpack *in, const struct field *field,
                                struct lode_message *message)
{
    void *at = (char *)message + field->offset;
    if (field->kind == NUMBER) return lode_unpack_u64(in, at);

    struct lode_span *span = at;
    if (field->kind == BINARY) return lode_unpack_bin(in, &span->data, &span->size);
    const char *text = NULL;
    lode_try(lode_unpack_text(in, &text, &span->size));
    span->data = (const uint8_t *)text;
    if (span->size > LODE_MESSAGE_TEXT_LIMIT)
        return lode_fail(LODE_E_MESSAGE, "a text of %zu bytes, at most %d are allowed", span->size,
                         LODE_MESSAGE_TEXT_LIMIT);
    return LODE_OK;
}

lode_status lode_message_decode(const void *data, size_t size, struct lode_message *message)
{
    struct lode_message found = {0};
    struct lode_unpack in = lode_unpack_begin(data, size);
    uint32_t count = 0;
    uint64_t type = 0;

    lode_try(lode_unpack_array(&in, &count));
    if (count < 1) return lode_fail(LODE_E_MESSAGE, "an empty message");
    lode_try(lode_unpack_u64(&in, &type));
    const struct schema *schema = find_schema(type);
    if (!schema)
        return lode_fail(LODE_E_MESSAGE, "unknown message type %llu", (unsigned long long)type);
    if (count != schema->n_fields + 1)
        return lode_fail(LODE_E_MESSAGE, "message '%s' with %u fields, it has %u", schema->name,
                         count - 1, schema->n_fields);
    found.type = schema->type;
    for (uint32_t i = 0; i < schema->n_fields; i++) {
        const lode_status status = decode_field(&in, &schema->fields[i], &found);
        if (status)
            return lode_note(status, "message '%s', field %u", schema->name, (unsigned)i + 1);
    }
    lode_try(lode_unpack_end(&in));
    *message = found;
    return LODE_OK;
}
