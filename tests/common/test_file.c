/* File: whole or absent, and messages that name the path. */
#include "tests/unit.h"

#include "common/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_up(void **state)
{
    static char directory[64];
    snprintf(directory, sizeof directory, "%s", "/tmp/lode-file-XXXXXX");
    *state = mkdtemp(directory);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    return lode_directory_remove(*state) != LODE_OK;
}

static void what_is_written_is_read_back(void **state)
{
    char path[96];
    struct lode_bytes bytes = {0};
    snprintf(path, sizeof path, "%s/a", (const char *)*state);
    assert_ok(lode_file_write(path, "hello", 5, true));
    assert_ok(lode_file_write(path, "hi\0there", 8, true)); /* replaces */
    assert_ok(lode_file_read(path, 100, &bytes));
    assert_int_equal(bytes.size, 8);
    assert_memory_equal(bytes.data, "hi\0there", 8);
    lode_bytes_clear(&bytes);
}

static void a_failed_write_leaves_nothing_behind(void **state)
{
    char path[96];
    snprintf(path, sizeof path, "%s/missing/a", (const char *)*state);
    assert_status(LODE_E_DISK, lode_file_write(path, "x", 1, true));
    assert_non_null(strstr(lode_error_text(), path));
    snprintf(path, sizeof path, "%s/missing", (const char *)*state);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_file_over_the_limit_is_not_read(void **state)
{
    char path[96];
    struct lode_bytes bytes = {0};
    snprintf(path, sizeof path, "%s/a", (const char *)*state);
    assert_ok(lode_file_write(path, "hello", 5, false));
    assert_status(LODE_E_INPUT, lode_file_read(path, 4, &bytes));
    assert_non_null(strstr(lode_error_text(), "at most 4"));
    assert_status(LODE_E_INPUT, lode_file_read(*state, 100, &bytes)); /* a folder */
    lode_bytes_clear(&bytes);
}

static void removing_a_folder_does_not_follow_links(void **state)
{
    char path[96], inside[128], link_path[128];
    snprintf(path, sizeof path, "%s/d", (const char *)*state);
    snprintf(inside, sizeof inside, "%s/kept", (const char *)*state);
    snprintf(link_path, sizeof link_path, "%s/link", path);
    assert_ok(lode_file_write(inside, "x", 1, false));
    assert_ok(lode_directory_make(path));
    assert_int_equal(symlink(*state, link_path), 0);
    assert_ok(lode_directory_remove(path));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(inside, F_OK), 0);
    assert_ok(lode_directory_remove(path)); /* not there: well */
}

static void a_made_folder_is_private_and_made_once(void **state)
{
    char path[96];
    struct stat about;
    snprintf(path, sizeof path, "%s/d", (const char *)*state);
    assert_ok(lode_directory_make(path));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    assert_status(LODE_E_USAGE, lode_directory_make(path));
}

static void paths_become_absolute_without_trailing_slashes(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    char *path = NULL, cwd[4096], expected[4200];
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_path_absolute("/a/b//", arena, &path));
    assert_string_equal(path, "/a/b");
    assert_non_null(getcwd(cwd, sizeof cwd));
    snprintf(expected, sizeof expected, "%s/x", cwd);
    assert_ok(lode_path_absolute("x", arena, &path));
    assert_string_equal(path, expected);
    lode_arena_destroy(arena);
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_folder(what_is_written_is_read_back),
        with_folder(a_failed_write_leaves_nothing_behind),
        with_folder(a_file_over_the_limit_is_not_read),
        with_folder(removing_a_folder_does_not_follow_links),
        with_folder(a_made_folder_is_private_and_made_once),
        cmocka_unit_test(paths_become_absolute_without_trailing_slashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
