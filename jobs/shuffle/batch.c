/* Batch: records of one key come one soon after the other, as the events of a session do. So keys
 * are kept apart from records: a group is a key in a bucket, and only groups are sorted; then each
 * record goes to its place by counting.
 *
 * A record looks for its group among the recent keys, one slot a hash. When another key has taken
 * the slot, the next record of the key begins a group anew: two groups of one key are well, since
 * all records of the first came before those of the second, and equal keys keep that order.
 *
 * In memory: [group, value size, value][...] from the front, behind the first record of a group its
 * key; groups from the back; when it is sorted, the places of groups and the order of records
 * between the two. It is full when another record and what sorting it takes do not fit.
 *
 * Keys often begin alike ("session-0001"), so prefixes are taken behind what all of them share.
 */
#include "jobs/shuffle/batch.h"

#include "common/hash.h"
#include "common/short_text.h"

#include <assert.h>
#include <string.h>

enum {
    ALIGNMENT = 64,
    RECENT_SHARE = 16, /* of the memory: keys that are remembered */
    RECENT_BITS_MOST = 14
};

struct batch_group {
    uint32_t key_at, key_size;
    uint32_t bucket;
    uint32_t n; /* records; while they are put in order, the place of the next */
};

/* A key and its group. A longer key is here with its hash, and must be compared. */
struct batch_recent {
    struct lode_short_text key;
    uint32_t group;
    uint32_t tag; /* round and size: see tag_of */
};

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
    if (size > UINT32_MAX) size = UINT32_MAX / ALIGNMENT * ALIGNMENT;
    assert(size >= BATCH_LEAST_BYTES);
    int bits = 0;
    while (bits < RECENT_BITS_MOST &&
           sizeof(struct batch_recent) << (bits + 1) <= size / RECENT_SHARE)
        bits++;
    const size_t recent_at = (size - (sizeof(struct batch_recent) << bits)) / ALIGNMENT * ALIGNMENT;
    *batch = (struct batch){.memory = memory,
                            .size = recent_at,
                            .n_buckets = n_buckets,
                            .recent_bits = bits,
                            .round = 1};
    batch->recent = (struct batch_recent *)(void *)(batch->memory + recent_at);
    memset(batch->recent, 0, sizeof(struct batch_recent) << bits);
    return lode_take_zero(arena, n_buckets, &batch->ends);
}

/* Groups stand from the back: the first is the last. */
static inline struct batch_group *group_of(const struct batch *batch, int64_t group)
{
    return (struct batch_group *)(void *)(batch->memory + batch->size) - 1 - group;
}

static inline const uint8_t *key_of(const struct batch *batch, const struct batch_group *group)
{
    return batch->memory + group->key_at;
}

/* Short keys differ in tag or key; that of no round is 0. */
static inline uint32_t tag_of(const struct batch *batch, size_t key_size)
{
    static_assert(LODE_SHORT_TEXT_BYTES < 0xff, "a size, or 0xff for a longer one");
    return batch->round << 8 | (uint32_t)(key_size <= LODE_SHORT_TEXT_BYTES ? key_size : 0xff);
}

/* The slot of the key; *found: it holds a group of the key. Else it is void, and the key's to take.
 */
static inline struct batch_recent *find_recent(const struct batch *batch,
                                               const struct shuffle_record *record, bool *found)
{
    const size_t size = record->key_size;
    const uint32_t tag = tag_of(batch, size);
    struct lode_short_text key = {0, 0};
    uint64_t mixed = 0;
    if (size > 0 && size <= LODE_SHORT_TEXT_BYTES) {
        key = lode_short_text(record->key, size);
        mixed = lode_short_text_mix(key, size);
    } else if (size > 0) {
        key.front = mixed = lode_hash(record->key, size);
    }
    struct batch_recent *recent = &batch->recent[mixed >> 1 >> (63 - batch->recent_bits)];
    *found = recent->tag == tag && recent->key.front == key.front && recent->key.back == key.back;
    if (*found && size > LODE_SHORT_TEXT_BYTES) {
        const struct batch_group *group = group_of(batch, recent->group);
        *found = group->key_size == size && memcmp(key_of(batch, group), record->key, size) == 0;
    }
    if (!*found) *recent = (struct batch_recent){.key = key};
    return recent;
}

/* Bytes that sorting takes: places, and for another time places or else the order of records. */
static inline size_t sort_room(int64_t n_groups, int64_t n)
{
    const size_t places = (size_t)n_groups * sizeof(struct place);
    const size_t order = (size_t)n * sizeof(uint32_t);
    return places + (places > order ? places : order) + 2 * (size_t)ALIGNMENT;
}

/* Is there room for `bytes` more, a record and maybe a group? */
static inline bool has_room(const struct batch *batch, size_t bytes)
{
    const size_t groups = (size_t)(batch->n_groups + 1) * sizeof(struct batch_group);
    const size_t room = sort_room(batch->n_groups + 1, batch->n + 1) + groups;
    return bytes <= batch->size && batch->used + bytes + room <= batch->size;
}

/* Appends a record to `group`; there is room. */
static inline void put_record(struct batch *batch, uint32_t group,
                              const struct shuffle_record *record)
{
    uint8_t *out = batch->memory + batch->used;
    memcpy(out, &group, sizeof group);
    out = put_size(out + sizeof group, record->value_size);
    out = put_bytes(out, record->value, record->value_size);
    batch->used = (size_t)(out - batch->memory);
    batch->n++;
    group_of(batch, group)->n++;
}

static inline size_t record_bytes(const struct shuffle_record *record)
{
    return sizeof(uint32_t) + size_of_size(record->value_size) + record->value_size;
}

bool batch_put_again(struct batch *batch, const struct shuffle_record *record)
{
    bool found = false;
    const struct batch_recent *recent = find_recent(batch, record, &found);
    if (!found || !has_room(batch, record_bytes(record))) return false;
    put_record(batch, recent->group, record);
    return true;
}

bool batch_put(struct batch *batch, int64_t bucket, const struct shuffle_record *record)
{
    bool found = false;
    if (record->key_size > batch->size || !has_room(batch, record_bytes(record) + record->key_size))
        return false;
    struct batch_recent *recent = find_recent(batch, record, &found);
    if (found && group_of(batch, recent->group)->bucket == bucket) {
        put_record(batch, recent->group, record);
        return true;
    }
    recent->tag = tag_of(batch, record->key_size);
    recent->group = (uint32_t)batch->n_groups++;
    struct batch_group *group = group_of(batch, recent->group);
    *group =
        (struct batch_group){.key_size = (uint32_t)record->key_size, .bucket = (uint32_t)bucket};
    put_record(batch, recent->group, record);
    group->key_at = (uint32_t)batch->used;
    put_bytes(batch->memory + batch->used, record->key, record->key_size);
    batch->used += record->key_size;
    batch->ends[bucket]++;
    return true;
}

static int compare_groups(const void *context, uint64_t left, uint64_t right)
{
    const struct batch *batch = context;
    const struct batch_group *a = group_of(batch, (int64_t)left);
    const struct batch_group *b = group_of(batch, (int64_t)right);
    return shuffle_compare(key_of(batch, a), a->key_size, key_of(batch, b), b->key_size);
}

/* How many bytes all keys begin with. */
static size_t shared_bytes(const struct batch *batch)
{
    const struct batch_group *first = group_of(batch, 0);
    size_t shared = batch->n_groups > 0 ? first->key_size : 0;
    for (int64_t g = 1; g < batch->n_groups && shared > 0; g++) {
        const struct batch_group *group = group_of(batch, g);
        if (group->key_size < shared) shared = group->key_size;
        while (shared > 0 && memcmp(key_of(batch, first), key_of(batch, group), shared) != 0)
            shared--;
    }
    return shared;
}

/* A place for each group, those of a bucket together in order of arrival. */
static void make_places(struct batch *batch)
{
    const size_t shared = shared_bytes(batch);
    int64_t begin = 0;
    for (int64_t b = 0; b < batch->n_buckets; b++) {
        const int64_t count = batch->ends[b];
        batch->ends[b] = begin;
        begin += count;
    }
    for (int64_t g = 0; g < batch->n_groups; g++) {
        const struct batch_group *group = group_of(batch, g);
        const uint64_t prefix =
            place_prefix(key_of(batch, group) + shared, group->key_size - shared);
        batch->places[batch->ends[group->bucket]++] = (struct place){prefix, (uint64_t)g};
    }
}

/* Each record to its place: that of the first of its group is known. */
static void order_records(struct batch *batch)
{
    uint32_t n_seen = 0; /* groups */
    for (size_t at = 0; at < batch->used;) {
        uint32_t number;
        size_t value_size = 0;
        memcpy(&number, batch->memory + at, sizeof number);
        const uint8_t *value =
            get_size(batch->memory + at + sizeof number, batch->memory + batch->used, &value_size);
        struct batch_group *group = group_of(batch, number);
        batch->order[group->n++] = (uint32_t)at;
        at = (size_t)(value - batch->memory) + value_size;
        if (number == n_seen) { /* the first: behind it is the key */
            at += group->key_size;
            n_seen++;
        }
    }
}

static void *aligned(const struct batch *batch, size_t at)
{
    return batch->memory + (at + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void batch_sort(struct batch *batch)
{
    int64_t begin = 0;
    uint32_t n = 0;
    batch->places = aligned(batch, batch->used);
    struct place *scratch = batch->places + batch->n_groups;
    batch->order = (void *)scratch;
    make_places(batch);
    for (int64_t b = 0; b < batch->n_buckets; b++) {
        places_sort(batch->places + begin, scratch, batch->ends[b] - begin, compare_groups, batch);
        begin = batch->ends[b];
    }
    begin = 0;
    for (int64_t b = 0; b < batch->n_buckets; b++) {
        for (; begin < batch->ends[b]; begin++) {
            struct batch_group *group = group_of(batch, (int64_t)batch->places[begin].at);
            const uint32_t count = group->n;
            group->n = n;
            n += count;
        }
        batch->ends[b] = n;
    }
    order_records(batch);
}

static inline uint32_t group_at(const struct batch *batch, int64_t i)
{
    uint32_t group;
    memcpy(&group, batch->memory + batch->order[i], sizeof group);
    return group;
}

void batch_get(const struct batch *batch, int64_t i, struct shuffle_record *record)
{
    enum { AHEAD = 16 };
    if (i + AHEAD < batch->n) /* sorted records lie anywhere: let the next ones be on their way */
        __builtin_prefetch(batch->memory + batch->order[i + AHEAD]);
    const struct batch_group *group = group_of(batch, group_at(batch, i));
    const uint8_t *at = batch->memory + batch->order[i] + sizeof(uint32_t);
    record->key = key_of(batch, group);
    record->key_size = group->key_size;
    record->value = get_size(at, batch->memory + batch->used, &record->value_size);
    record->source = -1;
}

bool batch_is_equal(const struct batch *batch, int64_t i)
{
    const uint32_t left = group_at(batch, i - 1);
    const uint32_t right = group_at(batch, i);
    return left == right || compare_groups(batch, left, right) == 0;
}

void batch_clear(struct batch *batch)
{
    enum { ROUND_MOST = 0xffffff };
    batch->used = 0;
    batch->n = 0;
    batch->n_groups = 0;
    memset(batch->ends, 0, (size_t)batch->n_buckets * sizeof *batch->ends);
    if (batch->round++ < ROUND_MOST) return;
    memset(batch->recent, 0, sizeof *batch->recent << batch->recent_bits);
    batch->round = 1;
}
