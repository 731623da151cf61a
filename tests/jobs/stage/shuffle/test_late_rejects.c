/* Rejects that show after the sort come in the order of the input, whatever their number. */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/shuffle/late_rejects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct late_rejects late;
    struct rejects *rejects;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-late-XXXXXX");
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena) != LODE_OK) return -1;
    f.late.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    *state = &f;
    return rejects_create(f.directory, "late.rejects", f.arena, &f.rejects) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static void add(struct fixture *f, enum record_kind kind, int64_t range, int64_t line)
{
    const struct record record = {.kind = kind, .file = range, .line = line};
    assert_ok(late_rejects_add(
        &f->late, &record, kind == RECORD_SESSION ? "duplicate session" : "event without session"));
}

/* The side file of the rejects. */
static void finish(struct fixture *f, struct lode_bytes *lines)
{
    char path[96];
    struct lode_bytes result = {0};
    assert_ok(late_rejects_finish(&f->late, f->rejects));
    late_rejects_close(&f->late);
    assert_ok(rejects_commit(f->rejects, &result));
    lode_bytes_clear(&result);
    snprintf(path, sizeof path, "%s/late.rejects", f->directory);
    if (access(path, F_OK) == 0) assert_ok(lode_file_read(path, 1 << 24, lines));
    assert_ok(lode_bytes_append(lines, "", 1));
}

static void rejects_come_in_the_order_of_the_input_and_sessions_first(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes lines = {0};
    add(f, RECORD_EVENT, 1, 1);
    add(f, RECORD_EVENT, 0, 100);
    add(f, RECORD_SESSION, 1, 2);
    add(f, RECORD_EVENT, 0, 20);
    add(f, RECORD_EVENT, 0, 3);
    finish(f, &lines);
    assert_string_equal((const char *)lines.data, "1 2 duplicate session\n"
                                                  "0 3 event without session\n"
                                                  "0 20 event without session\n"
                                                  "0 100 event without session\n"
                                                  "1 1 event without session\n");
    lode_bytes_clear(&lines);
}

/* Far more than the memory for them holds. */
static void any_number_of_rejects_is_told(void **state)
{
    enum { MANY = 60000 };
    struct fixture *f = *state;
    struct lode_bytes lines = {0};
    int64_t n = 0;
    for (int64_t i = 0; i < MANY; i++) add(f, RECORD_EVENT, 0, (i * 7919) % MANY);
    finish(f, &lines);
    for (char *at = (char *)lines.data; *at; at = strchr(at, '\n') + 1, n++) {
        assert_int_equal(strtoll(at, &at, 10), 0);
        assert_int_equal(strtoll(at, &at, 10), n);
    }
    assert_int_equal(n, MANY);
    lode_bytes_clear(&lines);
}

static void without_rejects_there_is_no_file(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes lines = {0};
    finish(f, &lines);
    assert_int_equal(lines.size, 1);
    lode_bytes_clear(&lines);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(rejects_come_in_the_order_of_the_input_and_sessions_first),
        TEST(any_number_of_rejects_is_told),
        TEST(without_rejects_there_is_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
