#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/shuffle/rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct rejects_total total;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-rejects-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    static const struct rejects_origin origins[] = {
        {"a.csv", 0}, {"b.csv", 10}, {"a \"1\".csv", 0}};
    f.total.n_ranges = 3;
    f.total.origins = origins;
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

/* One task with `count` rejects of a reason on lines 1.. of `range`. */
static void add_task(struct fixture *f, const char *name, int64_t range, int count,
                     const char *reason)
{
    struct rejects *rejects = NULL;
    struct lode_bytes packed = {0};
    assert_ok(rejects_create(f->directory, name, f->arena, &rejects));
    for (int i = 1; i <= count; i++) assert_ok(rejects_add(rejects, range, i, reason));
    assert_ok(rejects_commit(rejects, &packed));
    struct lode_unpack in = lode_unpack_begin(packed.data, packed.size);
    assert_ok(rejects_merge(&f->total, &in, f->arena));
    assert_ok(lode_unpack_end(&in));
    lode_bytes_clear(&packed);
}

static void counts_add_up_over_tasks_the_most_frequent_first(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    add_task(f, "a", 0, 2, "text in a number");
    add_task(f, "b", 1, 3, "empty user id");
    add_task(f, "c", 2, 0, "");
    rejects_sort(&f->total);
    assert_int_equal(f->total.n, 5);
    assert_int_equal(f->total.n_reasons, 2);
    assert_string_equal(f->total.reasons[0].reason, "empty user id");
    assert_ok(rejects_text(&f->total, f->arena, &text));
    assert_string_equal(text, "3 empty user id, 2 text in a number (first: a.csv line 1: text in a "
                              "number; a.csv line 2: text in a number; b.csv line 11: empty user "
                              "id; b.csv line 12: empty user id; b.csv line 13: empty user id)");
}

static void all_are_collected_in_order_of_tasks(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes bytes = {0};
    char path[96];
    static const char expected[] = "{\"file\":\"a \\\"1\\\".csv\",\"line\":1,\"reason\":\"x\"}\n"
                                   "{\"file\":\"b.csv\",\"line\":11,\"reason\":\"y\"}\n";
    add_task(f, "one", 2, 1, "x");
    add_task(f, "none", 0, 0, "");
    add_task(f, "two", 1, 1, "y");
    snprintf(path, sizeof path, "%s/all.jsonl", f->directory);
    assert_ok(rejects_collect(&f->total, f->directory, path));
    assert_ok(lode_file_read(path, 4096, &bytes));
    assert_int_equal(bytes.size, sizeof expected - 1);
    assert_memory_equal(bytes.data, expected, bytes.size);
    lode_bytes_clear(&bytes);
}

static void discarded_rejects_leave_no_file(void **state)
{
    struct fixture *f = *state;
    struct rejects *rejects = NULL;
    assert_ok(rejects_create(f->directory, "gone", f->arena, &rejects));
    for (int i = 0; i < 5000; i++) assert_ok(rejects_add(rejects, 0, i, "x")); /* flushed */
    rejects_discard(rejects);
    assert_int_equal(rmdir(f->directory), 0); /* only an empty folder goes */
    assert_ok(lode_directory_make(f->directory));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(counts_add_up_over_tasks_the_most_frequent_first),
        TEST(all_are_collected_in_order_of_tasks),
        TEST(discarded_rejects_leave_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
