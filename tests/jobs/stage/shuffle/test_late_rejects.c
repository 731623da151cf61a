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
    struct stage_file files[2];
    struct stage_plan plan;
    struct late_rejects late;
    struct rejects *rejects;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-late-XXXXXX");
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena) != LODE_OK) return -1;
    f.files[0].name = "a.csv";
    f.files[1].name = "b.csv";
    f.plan = (struct stage_plan){.n_files = 2, .files = f.files};
    f.late.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    *state = &f;
    return rejects_create(f.directory, "rejects.jsonl", f.arena, &f.rejects) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static void add(struct fixture *f, enum record_kind kind, int64_t file, int64_t line)
{
    const struct record record = {.kind = kind, .file = file, .line = line};
    assert_ok(late_rejects_add(
        &f->late, &record, kind == RECORD_SESSION ? "duplicate session" : "event without session"));
}

/* The side file of the rejects. */
static void finish(struct fixture *f, struct lode_bytes *lines)
{
    char path[96];
    struct lode_bytes result = {0};
    assert_ok(late_rejects_finish(&f->late, &f->plan, f->rejects));
    late_rejects_close(&f->late);
    assert_ok(rejects_commit(f->rejects, &result));
    lode_bytes_clear(&result);
    snprintf(path, sizeof path, "%s/rejects.jsonl", f->directory);
    if (access(path, F_OK) == 0) assert_ok(lode_file_read(path, 1 << 24, lines));
    assert_ok(lode_bytes_append(lines, "", 1));
}

static void rejects_come_in_the_order_of_the_input_and_sessions_first(void **state)
{
    static const char *const expected[] = {"\"b.csv\",\"line\":2,", "\"a.csv\",\"line\":3,",
                                           "\"a.csv\",\"line\":20,", "\"a.csv\",\"line\":100,",
                                           "\"b.csv\",\"line\":1,"};
    struct fixture *f = *state;
    struct lode_bytes lines = {0};
    add(f, RECORD_EVENT, 1, 1);
    add(f, RECORD_EVENT, 0, 100);
    add(f, RECORD_SESSION, 1, 2);
    add(f, RECORD_EVENT, 0, 20);
    add(f, RECORD_EVENT, 0, 3);
    finish(f, &lines);
    const char *at = (const char *)lines.data;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        at = strstr(at, expected[i]);
        assert_non_null(at);
        assert_true((strstr(at, "duplicate") != NULL) == (i == 0));
    }
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
    for (const char *at = (const char *)lines.data; (at = strstr(at, "\"line\":")); n++) {
        at += strlen("\"line\":");
        assert_int_equal(strtoll(at, NULL, 10), n);
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
