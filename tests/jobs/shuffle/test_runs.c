#include "tests/jobs/shuffle/shuffle_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUCKETS = 3 };

static const struct run_options small = {.n_buckets = BUCKETS, .memory_bytes = RUN_LEAST_BYTES};

static void put(struct run_writer *run, int64_t bucket, const char *key, const char *value)
{
    const struct shuffle_record record = world_record(key, value);
    assert_ok(run_writer_put(run, bucket, &record));
}

static struct run_file write_three(struct world *w)
{
    struct run_writer *run = NULL;
    struct run_file file = {.name = "x.run"};
    assert_ok(run_writer_open(&w->site, file.name, &small, &run));
    put(run, 2, "b", "one ");
    put(run, 0, "", "zero");
    put(run, 2, "a", "two ");
    put(run, 2, "b", "three");
    assert_ok(run_writer_commit(run, &file.size_bytes));
    return file;
}

static lode_status open_bucket(struct world *w, const struct run_file *file, int64_t bucket,
                               struct merge **merge)
{
    return runs_open_bucket(&w->site, file, 1, BUCKETS, bucket, MERGE_LEAST_BYTES, merge);
}

static void assert_next(struct merge *merge, const char *key, const char *value)
{
    const struct shuffle_record expected = world_record(key, value);
    struct shuffle_record record;
    bool more = false;
    assert_ok(merge_next(merge, &record, &more));
    assert_true(more);
    assert_same_record(&expected, &record);
}

static void assert_end(struct merge *merge)
{
    struct shuffle_record record;
    bool more = true;
    assert_ok(merge_next(merge, &record, &more));
    assert_false(more);
    merge_close(merge);
}

static void a_bucket_is_sorted_by_key_and_equal_keys_keep_their_order(void **state)
{
    struct world *w = *state;
    struct merge *merge = NULL;
    const struct run_file file = write_three(w);
    assert_ok(open_bucket(w, &file, 2, &merge));
    assert_next(merge, "a", "two ");
    assert_next(merge, "b", "one ");
    assert_next(merge, "b", "three");
    assert_end(merge);
    assert_ok(open_bucket(w, &file, 1, &merge));
    assert_end(merge);
}

static void values_can_be_read_as_one_piece(void **state)
{
    struct world *w = *state;
    uint8_t *data = NULL;
    size_t size = 9;
    const struct run_file file = write_three(w);
    assert_ok(run_read_values(&w->site, &file, BUCKETS, 2, &data, &size));
    assert_int_equal(size, 13);
    assert_memory_equal(data, "two one three", 13);
    assert_ok(run_read_values(&w->site, &file, BUCKETS, 1, &data, &size));
    assert_int_equal(size, 0);
}

/* Records of several runs with many flushes each: as qsort orders all of one bucket. */
static void runs_are_merged_as_qsort_orders_their_records(void **state)
{
    enum { RUNS = 5, N = 60000 };
    struct world *w = *state;
    struct run_file files[RUNS] = {{0}};
    struct shuffle_record *expected = calloc(N, sizeof *expected);
    char path[96];
    int64_t n = 0;
    world_seed(w);
    struct shuffle_record *records = world_records(w, N);
    for (int r = 0; r < RUNS; r++) {
        struct run_writer *run = NULL;
        char name[16];
        snprintf(name, sizeof name, "%d.run", r);
        files[r].name = strdup(name);
        assert_ok(run_writer_open(&w->site, name, &small, &run));
        for (int64_t i = N / RUNS * r; i < N / RUNS * (r + 1); i++) {
            const int64_t bucket = (int64_t)(world_random(w) % BUCKETS);
            assert_ok(run_writer_put(run, bucket, &records[i]));
            if (bucket == 1) expected[n] = records[i];
            if (bucket == 1) expected[n++].source = r;
        }
        assert_ok(run_writer_commit(run, &files[r].size_bytes));
    }
    world_sort(expected, n);
    for (size_t memory = MERGE_LEAST_BYTES; memory <= 16 * MERGE_LEAST_BYTES; memory *= 16) {
        struct merge *merge = NULL;
        assert_ok(runs_open_bucket(&w->site, files, RUNS, BUCKETS, 1, memory, &merge));
        for (int64_t i = 0; i < n; i++) {
            struct shuffle_record record;
            bool more = false;
            assert_ok(merge_next(merge, &record, &more));
            assert_true(more);
            assert_same_record(&expected[i], &record);
            assert_int_equal(record.source, expected[i].source);
        }
        assert_end(merge);
    }
    for (int r = 0; r < RUNS; r++) {
        snprintf(path, sizeof path, "%s/%s", w->directory, files[r].name);
        unlink(path);
        free((void *)(uintptr_t)files[r].name);
    }
    world_free(records, N);
    free(expected);
}

/* The value of a key is how often it came, as text. */
static lode_status add_up(void *context, const struct shuffle_value *values, int64_t n,
                          struct lode_bytes *out)
{
    long sum = 0;
    ++*(int64_t *)context;
    for (int64_t i = 0; i < n; i++) {
        char text[32] = "";
        memcpy(text, values[i].data, values[i].size);
        sum += strtol(text, NULL, 10);
    }
    return lode_bytes_printf(out, "%ld", sum);
}

static void equal_keys_are_combined_before_they_are_written(void **state)
{
    enum { TIMES = COMBINE_MOST + 10 };
    struct world *w = *state;
    struct run_writer *run = NULL;
    struct merge *merge = NULL;
    struct run_file file = {.name = "x.run"};
    int64_t calls = 0;
    const struct run_options options = {.n_buckets = BUCKETS,
                                        .memory_bytes = RUN_LEAST_BYTES,
                                        .combine = add_up,
                                        .context = &calls,
                                        .n_plain = 1};
    assert_ok(run_writer_open(&w->site, file.name, &options, &run));
    for (int i = 0; i < TIMES; i++) {
        put(run, 0, "often", "1");
        put(run, 0, "often-times", "2");
        put(run, 1, "often", "4"); /* another bucket: another key */
    }
    put(run, 0, "once", "7");
    put(run, BUCKETS - 1, "plain", "8");
    put(run, BUCKETS - 1, "plain", "9");
    assert_ok(run_writer_commit(run, &file.size_bytes));
    assert_ok(open_bucket(w, &file, 0, &merge));
    assert_next(merge, "often", "256");
    assert_next(merge, "often", "10");
    assert_next(merge, "often-times", "512");
    assert_next(merge, "often-times", "20");
    assert_next(merge, "once", "7");
    assert_end(merge);
    assert_int_equal(calls, 7); /* one of them for a record alone */
    assert_ok(open_bucket(w, &file, BUCKETS - 1, &merge));
    assert_next(merge, "plain", "8");
    assert_next(merge, "plain", "9");
    assert_end(merge);
}

/* Any byte of the file changed: reading both buckets fails, or says the same as before. */
static void no_changed_byte_goes_unnoticed(void **state)
{
    struct world *w = *state;
    char path[96];
    const struct run_file file = write_three(w);
    snprintf(path, sizeof path, "%s/x.run", w->directory);
    const int fd = open(path, O_RDWR);
    for (uint64_t at = 0; at < file.size_bytes; at++) {
        uint8_t byte;
        uint8_t *data = NULL;
        size_t size = 0;
        lode_status status = LODE_OK;
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        byte ^= 0x41;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
        status = run_read_values(&w->site, &file, BUCKETS, 2, &data, &size);
        if (status == LODE_OK) {
            assert_int_equal(size, 13);
            assert_memory_equal(data, "two one three", 13);
        } else {
            assert_int_equal(status, LODE_E_INPUT);
            assert_non_null(strstr(lode_error_text(), "x.run"));
        }
        byte ^= 0x41;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
    close(fd);
}

static void a_changed_record_is_a_wrong_checksum(void **state)
{
    struct world *w = *state;
    struct merge *merge = NULL;
    char path[96];
    const struct run_file file = write_three(w);
    snprintf(path, sizeof path, "%s/x.run", w->directory);
    const int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 18), 1);
    close(fd);
    assert_status(LODE_E_INPUT, open_bucket(w, &file, 0, &merge));
    assert_non_null(strstr(lode_error_text(), "checksum"));
}

static void a_cut_file_is_noticed(void **state)
{
    struct world *w = *state;
    struct merge *merge = NULL;
    char path[96];
    struct run_file file = write_three(w);
    snprintf(path, sizeof path, "%s/x.run", w->directory);
    assert_int_equal(truncate(path, (off_t)file.size_bytes - 1), 0);
    assert_status(LODE_E_INPUT, open_bucket(w, &file, 0, &merge));
    file.size_bytes--; /* also when the size is believed */
    assert_status(LODE_E_INPUT, open_bucket(w, &file, 0, &merge));
}

static void another_number_of_buckets_is_noticed(void **state)
{
    struct world *w = *state;
    struct merge *merge = NULL;
    const struct run_file file = write_three(w);
    assert_status(LODE_E_INPUT,
                  runs_open_bucket(&w->site, &file, 1, BUCKETS + 1, 0, MERGE_LEAST_BYTES, &merge));
}

static void a_discarded_run_leaves_nothing(void **state)
{
    struct world *w = *state;
    struct run_writer *run = NULL;
    char path[96];
    struct stat status;
    assert_ok(run_writer_open(&w->site, "x.run", &small, &run));
    put(run, 0, "a", "zero");
    run_writer_discard(run);
    snprintf(path, sizeof path, "%s/x.run.tmp", w->directory);
    assert_int_not_equal(stat(path, &status), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_bucket_is_sorted_by_key_and_equal_keys_keep_their_order),
        TEST(values_can_be_read_as_one_piece),
        TEST(runs_are_merged_as_qsort_orders_their_records),
        TEST(equal_keys_are_combined_before_they_are_written),
        TEST(no_changed_byte_goes_unnoticed),
        TEST(a_changed_record_is_a_wrong_checksum),
        TEST(a_cut_file_is_noticed),
        TEST(another_number_of_buckets_is_noticed),
        TEST(a_discarded_run_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
