/* Any bytes as the four lists inside messages: read or refused; what is read, written again, reads
 * the same. */
#include "common/wire/batch.h"
#include "common/wire/landmark.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

static void try_tasks(const uint8_t *bytes, size_t size)
{
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    struct lode_bytes out = {0};
    uint64_t task = 0, attempt = 0, task_again = 0, attempt_again = 0;
    struct lode_span input, input_again;
    bool more = true;
    while (!lode_batch_next(&in, &task, &attempt, &input, &more) && more) {
        out.size = 0;
        check(lode_batch_append(&out, task, attempt, input.data, input.size) == LODE_OK);
        struct lode_unpack again = lode_unpack_begin(out.data, out.size);
        check(lode_batch_next(&again, &task_again, &attempt_again, &input_again, &more) == LODE_OK);
        check(more && task == task_again && attempt == attempt_again);
        check(input.size == input_again.size &&
              memcmp(input.data, input_again.data, input.size) == 0);
    }
    lode_bytes_clear(&out);
}

static void check_span(struct lode_span a, struct lode_span b)
{
    check(a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0));
}

static void check_same_result(const struct lode_result *a, const struct lode_result *b)
{
    check(lode_attempt_equals(&a->attempt, &b->attempt) && a->status == b->status);
    check_span(a->text, b->text);
    check_span(a->bytes, b->bytes);
    check(a->file_size == b->file_size && a->file_hash == b->file_hash);
    check(a->cpu_us == b->cpu_us && a->wall_us == b->wall_us && a->peak_bytes == b->peak_bytes);
    check(a->read_bytes == b->read_bytes && a->written_bytes == b->written_bytes);
    check(a->shuffled_bytes == b->shuffled_bytes);
}

static void try_results(const uint8_t *bytes, size_t size)
{
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    struct lode_bytes out = {0};
    struct lode_result result, again;
    bool more = true;
    while (!lode_result_next(&in, &result, &more) && more) {
        check(result.status <= LODE_E_BUG && (int64_t)result.wall_us >= 0);
        check(result.text.size <= LODE_MESSAGE_TEXT_LIMIT);
        out.size = 0;
        check(lode_result_append(&out, &result) == LODE_OK);
        struct lode_unpack written = lode_unpack_begin(out.data, out.size);
        check(lode_result_next(&written, &again, &more) == LODE_OK && more);
        check_same_result(&result, &again);
    }
    lode_bytes_clear(&out);
}

static void try_held(const uint8_t *bytes, size_t size)
{
    struct lode_held held[LODE_HELD_MAX], again[LODE_HELD_MAX];
    struct lode_bytes out = {0};
    int n_held = 0, n_again = 0;
    if (lode_held_read((struct lode_span){bytes, size}, held, &n_held)) return;
    for (int i = 0; i < n_held; i++) check(lode_held_append(&out, &held[i]) == LODE_OK);
    check(lode_held_read((struct lode_span){out.data, out.size}, again, &n_again) == LODE_OK);
    check(n_held == n_again);
    for (int i = 0; i < n_held; i++)
        check(lode_attempt_equals(&held[i].attempt, &again[i].attempt) &&
              held[i].state == again[i].state);
    lode_bytes_clear(&out);
}

static void try_landmarks(const uint8_t *bytes, size_t size)
{
    struct lode_unpack in = lode_unpack_begin(bytes, size);
    struct lode_bytes out = {0};
    struct lode_landmark landmark, again;
    bool more = true;
    while (!lode_landmark_next(&in, &landmark, &more) && more) {
        check(landmark.path.size > 0 && landmark.path.size < LODE_LANDMARK_PATH_MAX);
        out.size = 0;
        check(lode_landmark_append(&out, &landmark) == LODE_OK);
        struct lode_unpack written = lode_unpack_begin(out.data, out.size);
        check(lode_landmark_next(&written, &again, &more) == LODE_OK && more);
        check_span(landmark.what, again.what);
        check_span(landmark.path, again.path);
        check(landmark.size_bytes == again.size_bytes && landmark.sample == again.sample);
    }
    lode_bytes_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* a copy of exactly this size: one byte too far is seen by the address sanitizer */
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes) return 0;
    if (size) memcpy(bytes, data, size);
    try_tasks(bytes, size);
    try_results(bytes, size);
    try_held(bytes, size);
    try_landmarks(bytes, size);
    free(bytes);
    return 0;
}
