/* Inputs: a store that changed is found, one that was merely touched is not. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/hash.h"
#include "coordinator/journal/inputs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BIG = 300000 };

/* A store in name only: an index and one partition. */
struct fixture {
    char directory[64];
    struct lode_partition partition;
    struct lode_store store;
    struct lode_arena *arena;
    struct header was;
    char *content;
    char **further;
    int64_t n_further;
};

static lode_status write_file(struct fixture *f, const char *name, const void *data, size_t size)
{
    char path[128];
    const struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    snprintf(path, sizeof path, "%s/%s", f->directory, name);
    lode_try(lode_file_write(path, data, size, false));
    return utimensat(AT_FDCWD, path, times, 0) ? LODE_E_DISK : LODE_OK;
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.directory = "/tmp/lode-inputs-XXXXXX", .content = malloc(BIG)};
    *state = &f;
    if (!f.content || !mkdtemp(f.directory) || lode_arena_create(0, &f.arena)) return -1;
    memset(f.content, 'x', BIG);
    f.partition = (struct lode_partition){
        .file = "part-00000.h5", .size_bytes = BIG, .checksum = lode_hash(f.content, BIG)};
    f.store =
        (struct lode_store){.path = f.directory, .n_partitions = 1, .partitions = &f.partition};
    return write_file(&f, "index.h5", "index", 5) ||
           write_file(&f, f.partition.file, f.content, BIG) ||
           inputs_describe(&f.store, NULL, 0, f.arena, &f.was.inputs, &f.was.n_inputs);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    free(f->content);
    return lode_directory_remove(f->directory) != LODE_OK;
}

static lode_status check(struct fixture *f)
{
    struct input_file *files = NULL;
    int64_t count = 0;
    lode_try(inputs_describe(&f->store, f->further, f->n_further, f->arena, &files, &count));
    return inputs_check(&f->store, &f->was, files, count);
}

static void expect_refused(struct fixture *f, const char *words)
{
    assert_status(LODE_E_INPUT, check(f));
    assert_non_null(strstr(lode_error_text(), words));
}

static void an_unchanged_store_is_the_same(void **state)
{
    assert_ok(check(*state));
}

static void a_file_of_another_size_is_named(void **state)
{
    struct fixture *f = *state;
    assert_ok(write_file(f, "part-00000.h5", f->content, BIG - 1));
    expect_refused(f, "part-00000.h5: its size is not what it was");
}

/* The index holds the checksums of all others: a store that was staged anew shows there. */
static void another_index_is_named(void **state)
{
    struct fixture *f = *state;
    assert_ok(write_file(f, "index.h5", "other", 5));
    expect_refused(f, "index.h5: its checksum is not what it was");
}

static void other_bytes_in_a_sample_are_found_even_when_the_time_is_the_same(void **state)
{
    struct fixture *f = *state;
    f->content[BIG / 2] = 'y';
    assert_ok(write_file(f, "part-00000.h5", f->content, BIG));
    expect_refused(f, "part-00000.h5: its content is not what it was");
}

static void a_file_that_was_touched_is_read_whole_and_is_the_same(void **state)
{
    struct fixture *f = *state;
    char path[128];
    snprintf(path, sizeof path, "%s/part-00000.h5", f->directory);
    assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
    assert_ok(check(f));
}

static void a_change_between_the_samples_is_found_when_the_time_differs(void **state)
{
    struct fixture *f = *state;
    char path[128];
    f->content[BIG / 4] = 'y';
    snprintf(path, sizeof path, "%s/part-00000.h5", f->directory);
    assert_ok(lode_file_write(path, f->content, BIG, false));
    expect_refused(f, "part-00000.h5: its content is not what it was");
}

static void a_store_with_another_number_of_files_is_another(void **state)
{
    struct fixture *f = *state;
    f->was.n_inputs = 3;
    expect_refused(f, "2 files, when the run began they were 3");
}

static void files_of_other_stores_are_inputs_by_their_whole_path(void **state)
{
    struct fixture *f = *state;
    char path[128], *further[] = {path};
    snprintf(path, sizeof path, "%s/other.h5", f->directory);
    assert_ok(write_file(f, "other.h5", "index", 5));
    f->further = further;
    f->n_further = 1;
    expect_refused(f, "3 files, when the run began they were 2");
    assert_ok(inputs_describe(&f->store, further, 1, f->arena, &f->was.inputs, &f->was.n_inputs));
    assert_ok(check(f));
    assert_ok(write_file(f, "other.h5", "INDEX", 5));
    expect_refused(f, "other.h5: its checksum is not what it was");
    assert_null(strstr(lode_error_text(), "//"));
    assert_int_equal(unlink(path), 0);
    expect_refused(f, "other.h5");
}

static void files_of_later_generations_are_inputs_too(void **state)
{
    struct fixture *f = *state;
    struct lode_later_file later = {
        .file = "part-00000.g2.h5", .generation = 2, .checksum = lode_hash("later", 5)};
    f->store.later = &later;
    f->store.n_later = 1;
    assert_ok(write_file(f, later.file, "later", 5));
    expect_refused(f, "3 files, when the run began they were 2");
    assert_ok(inputs_describe(&f->store, NULL, 0, f->arena, &f->was.inputs, &f->was.n_inputs));
    assert_ok(check(f));
    assert_ok(write_file(f, later.file, "other", 5));
    expect_refused(f, "part-00000.g2.h5: its content is not what it was");
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_store(an_unchanged_store_is_the_same),
        with_store(a_file_of_another_size_is_named),
        with_store(another_index_is_named),
        with_store(other_bytes_in_a_sample_are_found_even_when_the_time_is_the_same),
        with_store(a_file_that_was_touched_is_read_whole_and_is_the_same),
        with_store(a_change_between_the_samples_is_found_when_the_time_differs),
        with_store(a_store_with_another_number_of_files_is_another),
        with_store(files_of_other_stores_are_inputs_by_their_whole_path),
        with_store(files_of_later_generations_are_inputs_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
