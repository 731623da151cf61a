/* Hostile bytes as a message: whatever they are, the reader stays inside the buffer, moves only on
 * success, and a value it accepts is written back to bytes that read as the same value.
 *
 * The first byte of the input says in which order values are asked for. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

/* Bytes of a text or binary value must lie between `from`, the place of its head, and `to`. */
static void check_inside(const void *body, size_t size, const uint8_t *from, const uint8_t *to)
{
    check((const uint8_t *)body > from && (const uint8_t *)body + size == to);
}

static void check_u64_returns(uint64_t value)
{
    struct lode_bytes out = {0};
    uint64_t again = 0;
    check(lode_pack_u64(&out, value) == LODE_OK);
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    check(lode_unpack_u64(&in, &again) == LODE_OK && again == value);
    check(lode_unpack_end(&in) == LODE_OK);
    lode_bytes_clear(&out);
}

static lode_status read_one(struct lode_unpack *in, int kind)
{
    const uint8_t *from = in->at, *bin;
    const char *text;
    size_t size;
    uint64_t u64;
    int64_t i64;
    double f64;
    uint32_t count;
    lode_status status;
    switch (kind) {
    case 0:
        status = lode_unpack_u64(in, &u64);
        if (status == LODE_OK) check_u64_returns(u64);
        return status;
    case 1:
        return lode_unpack_i64(in, &i64);
    case 2:
        return lode_unpack_f64(in, &f64);
    case 3:
        status = lode_unpack_text(in, &text, &size);
        if (status == LODE_OK) check_inside(text, size, from, in->at);
        return status;
    case 4:
        status = lode_unpack_bin(in, &bin, &size);
        if (status == LODE_OK) check_inside(bin, size, from, in->at);
        return status;
    case 5:
        status = lode_unpack_array(in, &count);
        if (status == LODE_OK) check(count <= (size_t)(in->end - in->at));
        return status;
    default:
        status = lode_unpack_count(in, "items", 1000, &i64);
        if (status == LODE_OK) check(i64 >= 0 && i64 <= 1000);
        return status;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { KINDS = 7 };
    if (size == 0) return 0;
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    uint8_t *message = malloc(size - 1 ? size - 1 : 1);
    if (!message) return 0;
    memcpy(message, data + 1, size - 1);
    struct lode_unpack in = lode_unpack_begin(message, size - 1);
    int kind = data[0] % KINDS;
    for (int refused = 0; refused < KINDS;) { /* until no kind fits */
        const uint8_t *before = in.at;
        if (read_one(&in, kind) == LODE_OK) {
            check(in.at > before && in.at <= in.end);
            refused = 0;
        } else {
            check(in.at == before && lode_error_text()[0] != '\0');
            refused++;
        }
        kind = (kind + 1) % KINDS;
    }
    free(message);
    return 0;
}
