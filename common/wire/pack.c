/* Pack: the writer is msgpack-c's; the reader is flat and our own (the header says why).
 *
 * The reader looks at one head byte, checks that the size field and then the content lie within
 * the buffer, and moves on only when the whole value was good: after a failure it stands where it
 * stood. Formats: github.com/msgpack/msgpack, spec.md.
 */
#include "common/wire/pack.h"

#include <inttypes.h>
#include <msgpack/pack.h>
#include <stdbool.h>
#include <string.h>

static int append(void *out, const char *data, size_t size)
{
    return lode_bytes_append(out, data, size) == LODE_OK ? 0 : -1;
}

/* A packer that appends to `out`. Of its calls only append can fail, with the chain set. */
static msgpack_packer packer(struct lode_bytes *out)
{
    msgpack_packer made;
    msgpack_packer_init(&made, out, append);
    return made;
}

lode_status lode_pack_u64(struct lode_bytes *out, uint64_t value)
{
    msgpack_packer to = packer(out);
    return msgpack_pack_uint64(&to, value) == 0 ? LODE_OK : LODE_E_MEMORY;
}

lode_status lode_pack_i64(struct lode_bytes *out, int64_t value)
{
    msgpack_packer to = packer(out);
    return msgpack_pack_int64(&to, value) == 0 ? LODE_OK : LODE_E_MEMORY;
}

lode_status lode_pack_f64(struct lode_bytes *out, double value)
{
    msgpack_packer to = packer(out);
    return msgpack_pack_double(&to, value) == 0 ? LODE_OK : LODE_E_MEMORY;
}

/* MessagePack counts bytes in 32 bits. */
static lode_status check_size(size_t size)
{
    if (size <= UINT32_MAX) return LODE_OK;
    return lode_fail(LODE_E_MEMORY, "%zu bytes are too many for one value of a message", size);
}

lode_status lode_pack_text(struct lode_bytes *out, const char *text, size_t size)
{
    lode_try(check_size(size));
    lode_try(lode_bytes_reserve(out, size + 8)); /* so that head and body both fit, or neither */
    msgpack_packer to = packer(out);
    const bool good = msgpack_pack_str(&to, size) == 0 &&
                      (size == 0 || msgpack_pack_str_body(&to, text, size) == 0);
    return good ? LODE_OK : LODE_E_MEMORY;
}

lode_status lode_pack_bin(struct lode_bytes *out, const void *data, size_t size)
{
    lode_try(check_size(size));
    lode_try(lode_bytes_reserve(out, size + 8));
    msgpack_packer to = packer(out);
    const bool good = msgpack_pack_bin(&to, size) == 0 &&
                      (size == 0 || msgpack_pack_bin_body(&to, data, size) == 0);
    return good ? LODE_OK : LODE_E_MEMORY;
}

lode_status lode_pack_array(struct lode_bytes *out, uint32_t count)
{
    msgpack_packer to = packer(out);
    return msgpack_pack_array(&to, count) == 0 ? LODE_OK : LODE_E_MEMORY;
}

struct lode_unpack lode_unpack_begin(const void *data, size_t size)
{
    const uint8_t *at = data;
    return (struct lode_unpack){.at = at, .end = size ? at + size : at};
}

/* What a head byte announces, in a reader's words. */
static const char *kind_name(uint8_t head)
{
    static const char *const names[] = {
        /* c0.. */ "nil",
        "a byte that is never used",
        "false",
        "true",
        /* c4.. */ "binary",
        "binary",
        "binary",
        "an extension",
        /* c8.. */ "an extension",
        "an extension",
        "a float",
        "a float",
        /* cc.. */ "an unsigned number",
        "an unsigned number",
        "an unsigned number",
        /*      */ "an unsigned number",
        /* d0.. */ "a signed number",
        "a signed number",
        "a signed number",
        "a signed number",
        /* d4.. */ "an extension",
        "an extension",
        "an extension",
        "an extension",
        /* d8.. */ "an extension",
        "text",
        "text",
        "text",
        /* dc.. */ "an array",
        "an array",
        "a map",
        "a map",
    };
    if (head < 0x80) return "an unsigned number";
    if (head < 0x90) return "a map";
    if (head < 0xa0) return "an array";
    if (head < 0xc0) return "text";
    if (head >= 0xe0) return "a signed number";
    return names[head - 0xc0];
}

static lode_status wrong_kind(const struct lode_unpack *in, const char *expected)
{
    if (in->at == in->end) return lode_fail(LODE_E_MESSAGE, "expected %s, found the end", expected);
    return lode_fail(LODE_E_MESSAGE, "expected %s, found %s (head 0x%02x, %zu bytes left)",
                     expected, kind_name(*in->at), *in->at, (size_t)(in->end - in->at));
}

static size_t bytes_left(const struct lode_unpack *in)
{
    return (size_t)(in->end - in->at);
}

/* `width` bytes, most significant first. */
static uint64_t big_endian(const uint8_t *at, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) value = value << 8 | at[i];
    return value;
}

/* An integer of any form as magnitude bits and whether it is below zero; *size is what it takes. */
static bool peek_integer(const struct lode_unpack *in, uint64_t *bits, bool *negative, size_t *size)
{
    if (in->at == in->end) return false;
    const uint8_t head = *in->at;
    *negative = false;
    *size = 1;
    if (head < 0x80 || head >= 0xe0) { /* fixint */
        *bits = (uint64_t)(int64_t)(int8_t)head;
        *negative = head >= 0xe0;
        return true;
    }
    if (head < 0xcc || head > 0xd3) return false;
    const size_t width = (size_t)1 << (head & 3);
    if (bytes_left(in) < 1 + width) return false;
    *size = 1 + width;
    *bits = big_endian(in->at + 1, width);
    if (head >= 0xd0) {
        static const uint64_t signs[] = {UINT64_C(1) << 7, UINT64_C(1) << 15, UINT64_C(1) << 31,
                                         UINT64_C(1) << 63};
        const uint64_t sign = signs[head & 3];
        *negative = (*bits & sign) != 0;
        *bits = (*bits ^ sign) - sign; /* sign extension */
    }
    return true;
}

lode_status lode_unpack_u64(struct lode_unpack *in, uint64_t *value)
{
    uint64_t bits;
    bool negative;
    size_t size;
    if (!peek_integer(in, &bits, &negative, &size)) return wrong_kind(in, "an unsigned number");
    if (negative)
        return lode_fail(LODE_E_MESSAGE, "expected an unsigned number, found %" PRId64,
                         (int64_t)bits);
    in->at += size;
    *value = bits;
    return LODE_OK;
}

lode_status lode_unpack_i64(struct lode_unpack *in, int64_t *value)
{
    uint64_t bits;
    bool negative;
    size_t size;
    if (!peek_integer(in, &bits, &negative, &size)) return wrong_kind(in, "a whole number");
    if (!negative && bits > INT64_MAX)
        return lode_fail(LODE_E_MESSAGE, "expected a number of 63 bits, found %" PRIu64, bits);
    in->at += size;
    *value = (int64_t)bits;
    return LODE_OK;
}

lode_status lode_unpack_f64(struct lode_unpack *in, double *value)
{
    if (bytes_left(in) < 9 || *in->at != 0xcb) return wrong_kind(in, "a double");
    const uint64_t bits = big_endian(in->at + 1, 8);
    memcpy(value, &bits, sizeof *value);
    in->at += 9;
    return LODE_OK;
}

/* A head with a size field of 1, 2 or 4 bytes when it is `first_head` plus 0, 1 or 2 (`narrowest`
 * is the width of the first). False: another kind, or the field is cut off. */
static bool peek_sized(const struct lode_unpack *in, uint8_t first_head, size_t narrowest,
                       uint8_t last_head, uint32_t *count, size_t *head_size)
{
    if (in->at == in->end || *in->at < first_head || *in->at > last_head) return false;
    const size_t width = narrowest << (*in->at - first_head);
    if (bytes_left(in) < 1 + width) return false;
    *count = (uint32_t)big_endian(in->at + 1, width);
    *head_size = 1 + width;
    return true;
}

static lode_status take_body(struct lode_unpack *in, const char *kind, uint32_t count,
                             size_t head_size, const uint8_t **data)
{
    const size_t left = bytes_left(in) - head_size;
    if (count > left)
        return lode_fail(LODE_E_MESSAGE, "%s of %" PRIu32 " bytes with %zu bytes left", kind, count,
                         left);
    *data = in->at + head_size;
    in->at += head_size + count;
    return LODE_OK;
}

lode_status lode_unpack_text(struct lode_unpack *in, const char **text, size_t *size)
{
    uint32_t count;
    size_t head_size = 1;
    if (in->at < in->end && (*in->at & 0xe0) == 0xa0)
        count = *in->at & 0x1f;
    else if (!peek_sized(in, 0xd9, 1, 0xdb, &count, &head_size))
        return wrong_kind(in, "text");
    const uint8_t *data = NULL;
    lode_try(take_body(in, "text", count, head_size, &data));
    *text = (const char *)data;
    *size = count;
    return LODE_OK;
}

lode_status lode_unpack_copy(struct lode_unpack *in, struct lode_arena *arena, const char **text)
{
    const char *borrowed = NULL;
    char *copy = NULL;
    size_t size = 0;
    lode_try(lode_unpack_text(in, &borrowed, &size));
    lode_try(lode_arena_text(arena, borrowed, size, &copy));
    *text = copy;
    return LODE_OK;
}

lode_status lode_unpack_bin(struct lode_unpack *in, const uint8_t **data, size_t *size)
{
    uint32_t count;
    size_t head_size;
    if (!peek_sized(in, 0xc4, 1, 0xc6, &count, &head_size)) return wrong_kind(in, "binary");
    lode_try(take_body(in, "binary", count, head_size, data));
    *size = count;
    return LODE_OK;
}

lode_status lode_unpack_array(struct lode_unpack *in, uint32_t *count)
{
    uint32_t found;
    size_t head_size = 1;
    if (in->at < in->end && (*in->at & 0xf0) == 0x90)
        found = *in->at & 0x0f;
    else if (!peek_sized(in, 0xdc, 2, 0xdd, &found, &head_size))
        return wrong_kind(in, "an array");
    const size_t left = bytes_left(in) - head_size;
    if (found > left) /* a value takes a byte at least */
        return lode_fail(LODE_E_MESSAGE, "an array of %" PRIu32 " values with %zu bytes left",
                         found, left);
    in->at += head_size;
    *count = found;
    return LODE_OK;
}

lode_status lode_unpack_count(struct lode_unpack *in, const char *what, uint64_t limit,
                              int64_t *value)
{
    struct lode_unpack ahead = *in;
    uint64_t count = 0;
    const lode_status status = lode_unpack_u64(&ahead, &count);
    if (status) return lode_note(status, "%s", what);
    if (count > limit || count > INT64_MAX)
        return lode_fail(LODE_E_MESSAGE, "%s is %" PRIu64 ", more than %" PRIu64, what, count,
                         limit < INT64_MAX ? limit : INT64_MAX);
    *in = ahead;
    *value = (int64_t)count;
    return LODE_OK;
}

lode_status lode_unpack_end(const struct lode_unpack *in)
{
    if (in->at == in->end) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%zu bytes left after the last value", bytes_left(in));
}
