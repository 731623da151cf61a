/* The plain way to the same order: records are kept in a list and sorted by (bucket, key, arrival).
 */
#include "tests/unit.h"

#include "common/stats/random.h"
#include "jobs/shuffle/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4000, BUCKETS = 3, KEY_MOST = 64, MEMORY = 1 << 16 };

struct put {
    int64_t bucket;
    uint8_t key[KEY_MOST];
    size_t key_size;
    uint32_t number; /* its value, and its place in the order of arrival */
};

struct fixture {
    struct lode_arena *arena;
    uint8_t *memory; /* [MEMORY] its own block, so that a byte too far is seen */
    struct batch batch;
    struct put puts[MOST];
    int n;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_ok(lode_arena_create(0, &f->arena));
    f->memory = aligned_alloc(64, MEMORY);
    assert_non_null(f->memory);
    assert_ok(batch_init(&f->batch, f->memory, MEMORY, BUCKETS, f->arena));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    free(f->memory);
    free(f);
    return 0;
}

static struct shuffle_record record_of(const struct put *put)
{
    return (struct shuffle_record){put->key, put->key_size, (const uint8_t *)&put->number,
                                   sizeof put->number, -1};
}

static bool put(struct fixture *f, int64_t bucket, const void *key, size_t key_size)
{
    struct put *put = &f->puts[f->n];
    *put = (struct put){.bucket = bucket, .key_size = key_size, .number = (uint32_t)f->n};
    memcpy(put->key, key, key_size);
    const struct shuffle_record record = record_of(put);
    /* as its users do; a key that has one bucket alone is asked for first */
    const bool is_put = (bucket == 0 && batch_put_again(&f->batch, &record)) ||
                        batch_put(&f->batch, bucket, &record);
    f->n += is_put;
    return is_put;
}

static int compare_puts(const void *left, const void *right)
{
    const struct put *a = left;
    const struct put *b = right;
    if (a->bucket != b->bucket) return a->bucket < b->bucket ? -1 : 1;
    const int order = shuffle_compare(a->key, a->key_size, b->key, b->key_size);
    if (order != 0) return order;
    return (a->number > b->number) - (a->number < b->number);
}

static void check_order(struct fixture *f)
{
    batch_sort(&f->batch);
    qsort(f->puts, (size_t)f->n, sizeof *f->puts, compare_puts);
    assert_int_equal(f->batch.n, f->n);
    for (int i = 0; i < f->n; i++) {
        const struct put *expected = &f->puts[i];
        const int64_t begin = expected->bucket > 0 ? f->batch.ends[expected->bucket - 1] : 0;
        struct shuffle_record record;
        uint32_t number = 0;
        batch_get(&f->batch, i, &record);
        assert_int_equal(record.key_size, expected->key_size);
        if (record.key_size > 0) assert_memory_equal(record.key, expected->key, record.key_size);
        assert_int_equal(record.value_size, sizeof number);
        memcpy(&number, record.value, sizeof number);
        assert_int_equal(number, expected->number);
        assert_in_range(i, begin, f->batch.ends[expected->bucket] - 1);
        if (i > begin)
            assert_int_equal(batch_is_equal(&f->batch, i),
                             shuffle_compare(f->puts[i - 1].key, f->puts[i - 1].key_size,
                                             expected->key, expected->key_size) == 0);
    }
}

/* More keys than are remembered, of 0 to 40 bytes, that come again and again; bucket 0 has keys of
 * its own, the others share theirs. Until the memory is full, twice. */
static void records_come_sorted_by_bucket_key_and_arrival(void **state)
{
    struct fixture *f = *state;
    struct lode_random random = lode_random_begin(5, 0);
    for (int round = 0; round < 2; round++) {
        f->n = 0;
        while (f->n < MOST) {
            const uint64_t number = lode_random_below(&random, 300);
            const int64_t bucket = number < 100 ? 0 : 1 + (int64_t)lode_random_below(&random, 2);
            char key[KEY_MOST];
            snprintf(key, sizeof key, "%llu-abcdefghijklmnopqrstuvwxyz-abcdefgh",
                     (unsigned long long)number);
            const size_t size = number == 299 ? 0 : 1 + number % 40;
            memmove(key + (size > 4 ? size - 4 : 0), key, 4); /* long keys begin alike */
            if (!put(f, bucket, key, size)) break;
        }
        assert_in_range(f->n, 500, MOST - 1);
        check_order(f);
        batch_clear(&f->batch);
    }
}

static void keys_that_all_differ_fill_it_too(void **state)
{
    struct fixture *f = *state;
    while (f->n < MOST) {
        const uint32_t key = (uint32_t)f->n * UINT32_C(2654435761);
        if (!put(f, f->n % BUCKETS, &key, sizeof key)) break;
    }
    assert_in_range(f->n, 500, MOST - 1);
    check_order(f);
}

static void a_key_is_known_again_until_the_batch_is_emptied(void **state)
{
    struct fixture *f = *state;
    static const struct put first = {.key = "session", .key_size = 7};
    static const struct put other = {.key = "sessioN", .key_size = 7};
    const struct shuffle_record record = record_of(&first);
    const struct shuffle_record unknown = record_of(&other);
    assert_false(batch_put_again(&f->batch, &record));
    assert_true(batch_put(&f->batch, 2, &record));
    assert_true(batch_put_again(&f->batch, &record));
    assert_false(batch_put_again(&f->batch, &unknown));
    assert_int_equal(f->batch.n, 2);
    batch_clear(&f->batch);
    assert_false(batch_put_again(&f->batch, &record));
    assert_int_equal(f->batch.n, 0);
}

static void a_record_larger_than_the_memory_does_not_fit(void **state)
{
    struct fixture *f = *state;
    uint8_t *large = calloc(1, MEMORY);
    assert_non_null(large);
    const struct shuffle_record long_key = {large, MEMORY, large, 1, -1};
    const struct shuffle_record long_value = {large, 1, large, MEMORY, -1};
    assert_false(batch_put(&f->batch, 0, &long_key));
    assert_false(batch_put(&f->batch, 0, &long_value));
    assert_int_equal(f->batch.n, 0);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_sorted_by_bucket_key_and_arrival, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_that_all_differ_fill_it_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_known_again_until_the_batch_is_emptied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_larger_than_the_memory_does_not_fit, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
