/* Pack: MessagePack values, by which a root step tells its leaves what to do and a leaf tells what
 * it found.
 *
 * A stage's parameters, a task's input and its result are sequences of such values (or any bytes
 * that the job likes better). The reader takes one value after the other from a borrowed buffer,
 * checks every size and count against the bytes that are left, and takes no memory: text and binary
 * values point into the buffer.
 *
 *     lode_try(lode_pack_text(task->output, word, strlen(word)));      in the leaf
 *     lode_try(lode_pack_i64(task->output, count));
 *
 *     struct lode_unpack in = lode_unpack_begin(result, size);         in the merge
 *     lode_try(lode_unpack_text(&in, &word, &word_size));
 *     lode_try(lode_unpack_i64(&in, &count));
 *     return lode_unpack_end(&in);
 */
#ifndef LODE_PACK_H
#define LODE_PACK_H

#include "lode/error.h"
#include "lode/memory.h"

#include <stdint.h>

LODE_API_BEGIN

/* All writers append to `out` and fail with LODE_E_MEMORY only. */
LODE_CHECKED lode_status lode_pack_u64(struct lode_bytes *out, uint64_t value);
LODE_CHECKED lode_status lode_pack_i64(struct lode_bytes *out, int64_t value);
LODE_CHECKED lode_status lode_pack_f64(struct lode_bytes *out, double value);
LODE_CHECKED lode_status lode_pack_text(struct lode_bytes *out, const char *text, size_t size);
LODE_CHECKED lode_status lode_pack_bin(struct lode_bytes *out, const void *data, size_t size);
/* The head of an array; its `count` values follow. */
LODE_CHECKED lode_status lode_pack_array(struct lode_bytes *out, uint32_t count);

/* Where a reader is, and where its bytes end. */
struct lode_unpack {
    const uint8_t *at;
    const uint8_t *end;
};
/* At the first of `size` bytes, which are borrowed. */
struct lode_unpack lode_unpack_begin(const void *data, size_t size);

/* Each reads one value of exactly this kind, or fails with LODE_E_MESSAGE and what was found. */
LODE_CHECKED lode_status lode_unpack_u64(struct lode_unpack *in, uint64_t *value);
LODE_CHECKED lode_status lode_unpack_i64(struct lode_unpack *in, int64_t *value);
LODE_CHECKED lode_status lode_unpack_f64(struct lode_unpack *in, double *value);
/* Borrowed, not zero-terminated. */
LODE_CHECKED lode_status lode_unpack_text(struct lode_unpack *in, const char **text, size_t *size);
LODE_CHECKED lode_status lode_unpack_bin(struct lode_unpack *in, const uint8_t **data,
                                         size_t *size);
/* The number of values that follow; never more than the bytes that are left. */
LODE_CHECKED lode_status lode_unpack_array(struct lode_unpack *in, uint32_t *count);
/* A u64 that must lie in [0, limit]; `what` names it in the message. */
LODE_CHECKED lode_status lode_unpack_count(struct lode_unpack *in, const char *what, uint64_t limit,
                                           int64_t *value);
/* Nothing may be left: LODE_E_MESSAGE. */
LODE_CHECKED lode_status lode_unpack_end(const struct lode_unpack *in);

LODE_API_END

#endif
