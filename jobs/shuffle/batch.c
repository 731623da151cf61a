/* Batch: [bucket, record][bucket, record]... from the front of the memory; when it is sorted, the
 * places behind that, and room for those of the largest bucket once more, to sort with. It is full
 * when another record and its places do not fit.
 *
 * Keys often begin alike ("session-0001"), so prefixes are taken behind what all of them share.
 */
#include "jobs/shuffle/batch.h"

#include <string.h>

enum { ALIGNMENT = 64 };

static uint8_t *put_size(uint8_t *out, size_t value)
{
    for (; value >= 0x80; value >>= 7) *out++ = (uint8_t)(value | 0x80);
    *out++ = (uint8_t)value;
    return out;
}

static size_t size_of_size(size_t value)
{
    size_t bytes = 1;
    for (; value >= 0x80; value >>= 7) bytes++;
    return bytes;
}

static const uint8_t *get_size(const uint8_t *at, const uint8_t *end, size_t *value)
{
    size_t result = 0;
    for (unsigned shift = 0; shift < 35 && at < end; shift += 7) {
        const uint8_t byte = *at++;
        result |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            return at;
        }
    }
    return NULL;
}

/* Most keys and values are short: two halves that overlap cost less than a call. */
static inline uint8_t *put_bytes(uint8_t *out, const uint8_t *bytes, size_t size)
{
    uint64_t front, back;
    uint32_t short_front, short_back;
    if (size > 2 * sizeof front || size < sizeof short_front) {
        if (size > 0) memcpy(out, bytes, size);
    } else if (size >= sizeof front) {
        memcpy(&front, bytes, sizeof front);
        memcpy(&back, bytes + size - sizeof back, sizeof back);
        memcpy(out, &front, sizeof front);
        memcpy(out + size - sizeof back, &back, sizeof back);
    } else {
        memcpy(&short_front, bytes, sizeof short_front);
        memcpy(&short_back, bytes + size - sizeof short_back, sizeof short_back);
        memcpy(out, &short_front, sizeof short_front);
        memcpy(out + size - sizeof short_back, &short_back, sizeof short_back);
    }
    return out + size;
}

size_t shuffle_record_size(const struct shuffle_record *record)
{
    return size_of_size(record->key_size) + size_of_size(record->value_size) + record->key_size +
           record->value_size;
}

uint8_t *shuffle_record_put(uint8_t *out, const struct shuffle_record *record)
{
    out = put_size(out, record->key_size);
    out = put_size(out, record->value_size);
    out = put_bytes(out, record->key, record->key_size);
    return put_bytes(out, record->value, record->value_size);
}

const uint8_t *shuffle_record_get(const uint8_t *at, const uint8_t *end,
                                  struct shuffle_record *record)
{
    at = get_size(at, end, &record->key_size);
    if (at) at = get_size(at, end, &record->value_size);
    if (!at || (size_t)(end - at) < record->key_size ||
        (size_t)(end - at) - record->key_size < record->value_size)
        return NULL;
    record->key = at;
    record->value = at + record->key_size;
    return record->value + record->value_size;
}

int shuffle_compare(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    const size_t least = a_size < b_size ? a_size : b_size;
    const int order = least > 0 ? memcmp(a, b, least) : 0;
    if (order != 0) return order;
    return (a_size > b_size) - (a_size < b_size);
}

lode_status batch_init(struct batch *batch, void *memory, size_t size, int64_t n_buckets,
                       struct lode_arena *arena)
{
    *batch = (struct batch){.memory = memory, .size = size, .n_buckets = n_buckets};
    return lode_take_zero(arena, n_buckets, &batch->ends);
}

/* Shortens `shared` to what the key begins with too. */
static inline void share(struct batch *batch, const uint8_t *key, size_t size)
{
    const uint8_t *first = batch->memory + batch->first_key;
    if (size < batch->shared) batch->shared = size;
    while (batch->shared > 0 && memcmp(first, key, batch->shared) != 0) batch->shared--;
}

bool batch_put(struct batch *batch, int64_t bucket, const struct shuffle_record *record)
{
    const uint32_t head = (uint32_t)bucket;
    const size_t size = sizeof head + shuffle_record_size(record);
    const size_t places =
        sizeof(struct place) * (size_t)(batch->n + batch->n_largest + 2) + ALIGNMENT;
    if (record->key_size + record->value_size > batch->size ||
        batch->used + size + places > batch->size)
        return false;
    uint8_t *out = batch->memory + batch->used;
    memcpy(out, &head, sizeof head);
    const uint8_t *end = shuffle_record_put(out + sizeof head, record);
    const uint8_t *key = end - record->value_size - record->key_size;
    if (batch->n == 0) {
        batch->shared = record->key_size;
        batch->first_key = (size_t)(key - batch->memory);
    }
    share(batch, key, record->key_size);
    batch->used += size;
    if (++batch->ends[bucket] > batch->n_largest) batch->n_largest = batch->ends[bucket];
    batch->n++;
    return true;
}

/* The record that begins behind the bucket at `at`; ours, so its bytes are right. */
static const uint8_t *read_at(const struct batch *batch, uint64_t at, struct shuffle_record *record)
{
    return shuffle_record_get(batch->memory + at + sizeof(uint32_t), batch->memory + batch->used,
                              record);
}

static int compare_at(const void *context, uint64_t left, uint64_t right)
{
    const struct batch *batch = context;
    struct shuffle_record a = {0};
    struct shuffle_record b = {0};
    if (!read_at(batch, left, &a) || !read_at(batch, right, &b)) return 0; /* never: see read_at */
    return shuffle_compare(a.key, a.key_size, b.key, b.key_size);
}

/* A place for each record, those of a bucket together in order of arrival. */
static void make_places(struct batch *batch)
{
    int64_t begin = 0;
    for (int64_t b = 0; b < batch->n_buckets; b++) {
        const int64_t count = batch->ends[b];
        batch->ends[b] = begin;
        begin += count;
    }
    for (size_t at = 0; at < batch->used;) {
        uint32_t bucket;
        struct shuffle_record record;
        memcpy(&bucket, batch->memory + at, sizeof bucket);
        const uint8_t *end = read_at(batch, at, &record);
        const size_t shared = batch->shared;
        batch->places[batch->ends[bucket]++] =
            (struct place){place_prefix(record.key + shared, record.key_size - shared), at};
        at = (size_t)(end - batch->memory);
    }
}

void batch_sort(struct batch *batch)
{
    const size_t behind = (batch->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    int64_t begin = 0;
    batch->places = (struct place *)(void *)(batch->memory + behind);
    make_places(batch);
    for (int64_t b = 0; b < batch->n_buckets; b++) {
        places_sort(batch->places + begin, batch->places + batch->n, batch->ends[b] - begin,
                    compare_at, batch);
        begin = batch->ends[b];
    }
}

void batch_get(const struct batch *batch, int64_t i, struct shuffle_record *record)
{
    enum { AHEAD = 16, USUAL_BYTES = 32 };
    if (i + AHEAD < batch->n) { /* sorted records lie anywhere: let the next ones be on their way */
        const uint8_t *next = batch->memory + batch->places[i + AHEAD].at;
        __builtin_prefetch(next);
        __builtin_prefetch(next + USUAL_BYTES);
    }
    record->source = -1;
    read_at(batch, batch->places[i].at, record);
}

bool batch_is_equal(const struct batch *batch, int64_t i)
{
    const struct place *places = batch->places;
    if (places[i].prefix != places[i - 1].prefix) return false;
    return !place_is_cut(places[i].prefix) ||
           compare_at(batch, places[i].at, places[i - 1].at) == 0;
}

void batch_clear(struct batch *batch)
{
    batch->used = 0;
    batch->n = 0;
    batch->n_largest = 0;
    memset(batch->ends, 0, (size_t)batch->n_buckets * sizeof *batch->ends);
}
