/* Batch: records in one piece of memory, each in a bucket, sorted by (bucket, key, order of
 * arrival). What a shuffle gathers before it writes.
 *
 * A record is a key and a value, both bytes; keys compare as memcmp does, a key before those that
 * it begins.
 */
#ifndef LODE_JOBS_SHUFFLE_BATCH_H
#define LODE_JOBS_SHUFFLE_BATCH_H

#include "common/error.h"
#include "common/memory.h"
#include "jobs/shuffle/places.h"

#include <stdbool.h>
#include <stdint.h>

struct shuffle_record {
    const uint8_t *key;
    size_t key_size;
    const uint8_t *value;
    size_t value_size;
    int64_t source; /* which run it came from; -1: none in particular */
};

struct batch_group;
struct batch_recent;

struct batch {
    uint8_t *memory;
    size_t size; /* of the memory for records and groups, behind which are the recent keys */
    size_t used; /* records, from the front */
    int64_t n;
    int64_t n_groups;
    int64_t n_buckets;
    int64_t *ends;   /* [n_buckets] groups of each bucket; once sorted the end of its records */
    uint32_t *order; /* [n] once sorted: where each record is */
    struct place *places;        /* [n_groups] once sorted */
    size_t shared;               /* bytes that all keys begin with, once sorted */
    struct batch_recent *recent; /* [1 << recent_bits] */
    int recent_bits;
    uint32_t
        round; /* those of earlier rounds are void: it counts up whenever the batch is emptied */
};

/* Borrows `memory` (64-aligned, at least BATCH_LEAST_BYTES; of more than 4 GB only so much is
 * used); takes 8 bytes a bucket from the arena. */
enum { BATCH_LEAST_BYTES = 1 << 12 };
LODE_CHECKED lode_status batch_init(struct batch *batch, void *memory, size_t size,
                                    int64_t n_buckets, struct lode_arena *arena);
/* False when it is full. */
bool batch_put(struct batch *batch, int64_t bucket, const struct shuffle_record *record);
/* The same for a key that came a short while ago, into the bucket it went to then; false when it
 * did not, or has been forgotten, or the batch is full. */
bool batch_put_again(struct batch *batch, const struct shuffle_record *record);
void batch_sort(struct batch *batch);
/* Record i of the sorted batch; borrowed from the batch. Its source is -1. */
void batch_get(const struct batch *batch, int64_t i, struct shuffle_record *record);
/* Have record i and the one before it, of the same bucket, equal keys? */
bool batch_is_equal(const struct batch *batch, int64_t i);
void batch_clear(struct batch *batch); /* empty again */

/* Order of two keys: < 0, 0, > 0. */
int shuffle_compare(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);

/* The form of a record in memory and in files: sizes as varints, key, value. */
size_t shuffle_record_size(const struct shuffle_record *record);
uint8_t *shuffle_record_put(uint8_t *out, const struct shuffle_record *record);
/* NULL when the bytes at `at` are no record; else where it ends. */
const uint8_t *shuffle_record_get(const uint8_t *at, const uint8_t *end,
                                  struct shuffle_record *record);

#endif
