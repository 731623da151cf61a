/* Batch: see the header. */
#include "common/wire/batch.h"

lode_status lode_batch_append(struct lode_bytes *out, uint64_t task, uint64_t attempt,
                              const void *input, size_t size)
{
    lode_try(lode_pack_u64(out, task));
    lode_try(lode_pack_u64(out, attempt));
    return lode_pack_bin(out, input, size);
}

lode_status lode_batch_next(struct lode_unpack *in, uint64_t *task, uint64_t *attempt,
                            struct lode_span *input, bool *more)
{
    *more = in->at < in->end;
    if (!*more) return LODE_OK;
    lode_try(lode_unpack_u64(in, task));
    lode_try(lode_unpack_u64(in, attempt));
    return lode_unpack_bin(in, &input->data, &input->size);
}

lode_status lode_held_append(struct lode_bytes *out, const struct lode_held *held)
{
    lode_try(lode_pack_u64(out, held->attempt.stage));
    lode_try(lode_pack_u64(out, held->attempt.task));
    lode_try(lode_pack_u64(out, held->attempt.attempt));
    return lode_pack_u64(out, (uint64_t)held->state);
}

lode_status lode_held_read(struct lode_span bytes, struct lode_held *held, int *n_held)
{
    struct lode_unpack in = lode_unpack_begin(bytes.data, bytes.size);
    *n_held = 0;
    while (in.at < in.end) {
        int64_t state = 0;
        if (*n_held == LODE_HELD_MAX)
            return lode_fail(LODE_E_MESSAGE, "a list of more than %d attempts", LODE_HELD_MAX);
        struct lode_held *next = &held[*n_held];
        lode_try(lode_unpack_u64(&in, &next->attempt.stage));
        lode_try(lode_unpack_u64(&in, &next->attempt.task));
        lode_try(lode_unpack_u64(&in, &next->attempt.attempt));
        lode_try(lode_unpack_count(&in, "state of an attempt", LODE_HELD_FINISHED, &state));
        next->state = (enum lode_held_state)state;
        ++*n_held;
    }
    return LODE_OK;
}
