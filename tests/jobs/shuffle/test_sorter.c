#include "tests/jobs/shuffle/shuffle_world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What comes out is what qsort makes of it. */
static void check_out(struct sorter *sorter, const struct shuffle_record *sorted, int64_t n)
{
    struct shuffle_record record;
    bool more = false;
    for (int64_t i = 0; i < n; i++) {
        assert_ok(sorter_next(sorter, &record, &more));
        assert_true(more);
        assert_same_record(&sorted[i], &record);
    }
    assert_ok(sorter_next(sorter, &record, &more));
    assert_false(more);
}

static void check_sort(struct world *w, struct sorter *sorter, int64_t n)
{
    struct shuffle_record *records = world_records(w, n);
    for (int64_t i = 0; i < n; i++) assert_ok(sorter_put(sorter, &records[i]));
    assert_int_equal(sorter_count(sorter), n);
    world_sort(records, n);
    assert_ok(sorter_begin(sorter));
    check_out(sorter, records, n);
    assert_ok(sorter_begin(sorter)); /* once more */
    check_out(sorter, records, n);
    sorter_clear(sorter);
    world_free(records, n);
}

/* 1 MiB holds some 10,000 of these records: the larger ones are merged from up to 20 extents. */
static void records_come_out_as_qsort_orders_them(void **state)
{
    struct world *w = *state;
    struct sorter *sorter = NULL;
    world_seed(w);
    assert_ok(sorter_open(&w->site, SORTER_LEAST_BYTES, &sorter));
    for (int round = 0; round < 6; round++)
        check_sort(w, sorter, (int64_t)(world_random(w) % (round % 2 ? 100000 : 3000)));
    check_sort(w, sorter, 0);
    sorter_close(sorter);
}

/* Values of 20 KB: 50 fit into the memory, so 4,000 make 80 extents with frames of 20 KB, of which
 * fewer than that fit at once: several passes. */
static void more_extents_than_fit_are_merged_in_passes(void **state)
{
    enum { MANY = 4000, LARGE = 20000 };
    struct world *w = *state;
    struct sorter *sorter = NULL;
    static uint8_t value[LARGE];
    struct shuffle_record record;
    bool more = false;
    assert_ok(sorter_open(&w->site, SORTER_LEAST_BYTES, &sorter));
    for (uint32_t i = 0; i < MANY; i++) {
        const uint32_t number = __builtin_bswap32((i * 7919) % MANY);
        memcpy(value, &number, sizeof number);
        record = (struct shuffle_record){value, sizeof number, value, LARGE, -1};
        assert_ok(sorter_put(sorter, &record));
    }
    assert_ok(sorter_begin(sorter));
    for (uint32_t i = 0; i < MANY; i++) {
        const uint32_t number = __builtin_bswap32(i);
        assert_ok(sorter_next(sorter, &record, &more));
        assert_true(more);
        assert_memory_equal(record.key, &number, sizeof number);
        assert_memory_equal(record.value, &number, sizeof number);
        assert_int_equal(record.value_size, LARGE);
    }
    sorter_close(sorter);
}

static void a_record_larger_than_the_memory_is_refused(void **state)
{
    struct world *w = *state;
    struct sorter *sorter = NULL;
    uint8_t *value = NULL;
    assert_ok(sorter_open(&w->site, SORTER_LEAST_BYTES, &sorter));
    assert_ok(lode_take_zero(w->arena, SORTER_LEAST_BYTES, &value));
    const struct shuffle_record record = {value, 1, value, SORTER_LEAST_BYTES, -1};
    assert_status(LODE_E_MEMORY, sorter_put(sorter, &record));
    sorter_close(sorter);
}

static void less_memory_than_a_sort_needs_is_refused(void **state)
{
    struct world *w = *state;
    struct sorter *sorter = NULL;
    assert_status(LODE_E_MEMORY, sorter_open(&w->site, SORTER_LEAST_BYTES - 1, &sorter));
}

static void a_scratch_folder_that_leads_nowhere_is_named(void **state)
{
    struct world *w = *state;
    char path[96];
    int fd = -1;
    snprintf(path, sizeof path, "%s/scratch", w->directory);
    assert_int_equal(symlink("/nowhere/at/all", path), 0);
    assert_status(LODE_E_DISK, scratch_open(w->directory, &fd));
    assert_non_null(strstr(lode_error_text(), "scratch"));
    unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(records_come_out_as_qsort_orders_them),
        TEST(more_extents_than_fit_are_merged_in_passes),
        TEST(a_record_larger_than_the_memory_is_refused),
        TEST(less_memory_than_a_sort_needs_is_refused),
        TEST(a_scratch_folder_that_leads_nowhere_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
