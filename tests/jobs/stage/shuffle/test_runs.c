#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/shuffle/runs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUCKETS = 3 };

struct fixture {
    char directory[64];
    char path[96];
    struct lode_arena *arena;
};

static int setup(void **state)
{
    static struct fixture f;
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-runs-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    snprintf(f.path, sizeof f.path, "%s/x.run", f.directory);
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static void put(struct run_writer *run, int64_t bucket, const char *text)
{
    uint8_t *room = NULL;
    assert_ok(run_writer_room(run, 100, &room));
    memcpy(room, text, strlen(text));
    run_writer_put(run, bucket, strlen(text));
}

static uint64_t write_three(struct fixture *f)
{
    struct run_writer *run = NULL;
    uint64_t size_bytes = 0;
    assert_ok(run_writer_open(f->directory, "x.run", BUCKETS, f->arena, &run));
    put(run, 2, "one ");
    put(run, 0, "zero");
    put(run, 2, "two");
    assert_ok(run_writer_commit(run, &size_bytes));
    return size_bytes;
}

static lode_status get(struct fixture *f, uint64_t size_bytes, int64_t bucket, uint8_t **data,
                       size_t *size)
{
    return run_read_bucket(f->directory, "x.run", size_bytes, BUCKETS, bucket, f->arena, data,
                           size);
}

static void a_bucket_holds_its_pieces_in_the_order_they_were_put(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = NULL;
    size_t size = 9;
    const uint64_t size_bytes = write_three(f);
    assert_ok(get(f, size_bytes, 2, &data, &size));
    assert_int_equal(size, 7);
    assert_memory_equal(data, "one two", 7);
    assert_ok(get(f, size_bytes, 0, &data, &size));
    assert_int_equal(size, 4);
    assert_ok(get(f, size_bytes, 1, &data, &size));
    assert_int_equal(size, 0);
}

/* 12 pieces of 8 MiB through a buffer of 32 MiB: several extents a bucket. */
static void buckets_survive_being_written_in_parts(void **state)
{
    struct fixture *f = *state;
    struct run_writer *run = NULL;
    uint64_t size_bytes = 0;
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(run_writer_open(f->directory, "x.run", BUCKETS, f->arena, &run));
    for (int i = 0; i < 12; i++) {
        uint8_t *room = NULL;
        assert_ok(run_writer_room(run, RUN_PIECE_LIMIT, &room));
        memset(room, i, RUN_PIECE_LIMIT);
        run_writer_put(run, i % 2, RUN_PIECE_LIMIT);
    }
    assert_ok(run_writer_commit(run, &size_bytes));
    assert_ok(get(f, size_bytes, 1, &data, &size));
    assert_int_equal(size, (size_t)6 * RUN_PIECE_LIMIT);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(data[(size_t)i * RUN_PIECE_LIMIT], 2 * i + 1);
        assert_int_equal(data[(size_t)(i + 1) * RUN_PIECE_LIMIT - 1], 2 * i + 1);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = NULL;
    size_t size = 0;
    const uint64_t size_bytes = write_three(f);
    const int fd = open(f->path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 0), 1);
    close(fd);
    assert_status(LODE_E_INPUT, get(f, size_bytes, 0, &data, &size));
    assert_non_null(strstr(lode_error_text(), "checksum"));
}

static void a_cut_file_is_noticed(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = NULL;
    size_t size = 0;
    const uint64_t size_bytes = write_three(f);
    assert_int_equal(truncate(f->path, (off_t)size_bytes - 1), 0);
    assert_status(LODE_E_INPUT, get(f, size_bytes, 0, &data, &size));
    /* also when the size is believed */
    assert_status(LODE_E_INPUT, get(f, size_bytes - 1, 0, &data, &size));
}

static void another_number_of_buckets_is_noticed(void **state)
{
    struct fixture *f = *state;
    uint8_t *data = NULL;
    size_t size = 0;
    const uint64_t size_bytes = write_three(f);
    assert_status(LODE_E_INPUT, run_read_bucket(f->directory, "x.run", size_bytes, BUCKETS + 1, 0,
                                                f->arena, &data, &size));
}

static void a_discarded_run_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct run_writer *run = NULL;
    assert_ok(run_writer_open(f->directory, "x.run", BUCKETS, f->arena, &run));
    put(run, 0, "zero");
    run_writer_discard(run);
    assert_int_equal(rmdir(f->directory), 0); /* only an empty folder goes */
    assert_ok(lode_directory_make(f->directory));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_bucket_holds_its_pieces_in_the_order_they_were_put),
        TEST(buckets_survive_being_written_in_parts),
        TEST(a_changed_byte_is_noticed),
        TEST(a_cut_file_is_noticed),
        TEST(another_number_of_buckets_is_noticed),
        TEST(a_discarded_run_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
