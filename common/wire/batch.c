/* Batch: see the header. */
#include "common/wire/batch.h"

static const uint64_t TASK_US_MAX = (uint64_t)1 << 50;    /* 35 years */
static const uint64_t TASK_BYTES_MAX = (uint64_t)1 << 50; /* sums of these do not overflow */

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

lode_status lode_result_append(struct lode_bytes *out, const struct lode_result *result)
{
    const uint64_t head[] = {result->attempt.stage, result->attempt.task, result->attempt.attempt,
                             result->status};
    const uint64_t tail[] = {result->file_size,     result->file_hash,     result->cpu_us,
                             result->wall_us,       result->peak_bytes,    result->read_bytes,
                             result->written_bytes, result->shuffled_bytes};
    size_t size = result->text.size;
    if (size > LODE_MESSAGE_TEXT_LIMIT) size = LODE_MESSAGE_TEXT_LIMIT;
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) lode_try(lode_pack_u64(out, head[i]));
    lode_try(lode_pack_text(out, (const char *)result->text.data, size));
    lode_try(lode_pack_bin(out, result->bytes.data, result->bytes.size));
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++) lode_try(lode_pack_u64(out, tail[i]));
    return LODE_OK;
}

/* Numbers that no worker sends and that would not fit where they go. */
static lode_status check_result(const struct lode_result *result)
{
    if (result->status > LODE_E_BUG)
        return lode_fail(LODE_E_MESSAGE, "a result with status %llu",
                         (unsigned long long)result->status);
    if (result->wall_us > TASK_US_MAX || result->cpu_us > TASK_US_MAX)
        return lode_fail(LODE_E_MESSAGE, "a task that took %llu us and %llu us of a core",
                         (unsigned long long)result->wall_us, (unsigned long long)result->cpu_us);
    if (result->read_bytes > TASK_BYTES_MAX || result->written_bytes > TASK_BYTES_MAX ||
        result->shuffled_bytes > TASK_BYTES_MAX)
        return lode_fail(LODE_E_MESSAGE, "a task that read %llu, wrote %llu, shuffled %llu bytes",
                         (unsigned long long)result->read_bytes,
                         (unsigned long long)result->written_bytes,
                         (unsigned long long)result->shuffled_bytes);
    if (result->text.size > LODE_MESSAGE_TEXT_LIMIT)
        return lode_fail(LODE_E_MESSAGE, "an error of %zu bytes, at most %d are allowed",
                         result->text.size, LODE_MESSAGE_TEXT_LIMIT);
    return LODE_OK;
}

lode_status lode_result_next(struct lode_unpack *in, struct lode_result *result, bool *more)
{
    const char *text = NULL;
    *more = in->at < in->end;
    if (!*more) return LODE_OK;
    uint64_t *const head[] = {&result->attempt.stage, &result->attempt.task,
                              &result->attempt.attempt, &result->status};
    uint64_t *const tail[] = {&result->file_size,     &result->file_hash,     &result->cpu_us,
                              &result->wall_us,       &result->peak_bytes,    &result->read_bytes,
                              &result->written_bytes, &result->shuffled_bytes};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) lode_try(lode_unpack_u64(in, head[i]));
    lode_try(lode_unpack_text(in, &text, &result->text.size));
    result->text.data = (const uint8_t *)text;
    lode_try(lode_unpack_bin(in, &result->bytes.data, &result->bytes.size));
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++) lode_try(lode_unpack_u64(in, tail[i]));
    return check_result(result);
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
