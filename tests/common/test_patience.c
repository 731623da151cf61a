/* Patience: a file that becomes right in a moment is waited for; one that is truly wrong is not. */
#include "tests/unit.h"

#include "common/error.h"
#include "common/file.h"
#include "common/patience.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct here {
    char folder[64], path[128];
};

static int open_here(void **state)
{
    struct here *here = calloc(1, sizeof *here);
    if (!here) return -1;
    snprintf(here->folder, sizeof here->folder, "/tmp/lode-patience-XXXXXX");
    if (!mkdtemp(here->folder)) return -1;
    snprintf(here->path, sizeof here->path, "%s/part", here->folder);
    *state = here;
    return 0;
}

static int close_here(void **state)
{
    struct here *here = *state;
    const lode_status status = lode_directory_remove(here->folder);
    free(here);
    return status ? -1 : 0;
}

static lode_status read_whole(const char *path)
{
    struct lode_bytes bytes = {0};
    lode_status status = lode_file_read(path, 100, &bytes);
    if (!status && (bytes.size != 5 || memcmp(bytes.data, "whole", 5) != 0))
        status = lode_fail(LODE_E_INPUT, "%s: not what was announced", path);
    lode_bytes_clear(&bytes);
    return status;
}

/* As another node's writer would be seen: nothing, then too little, then other bytes, then all.
 * Each step comes only after the reader has met the one before. */
struct other_node {
    const char *path;
    int looks;
};
static void show_next(struct other_node *other)
{
    static const char *const views[] = {"who", "wrong", "whole"};
    if (other->looks >= 3) return;
    assert_ok(
        lode_file_write(other->path, views[other->looks], strlen(views[other->looks]), false));
    other->looks++;
}

static void a_file_that_is_missing_then_short_then_stale_is_read_in_the_end(void **state)
{
    const struct here *here = *state;
    struct other_node other = {.path = here->path};
    struct lode_patience patience = lode_patience_begin();
    patience.is_anywhere = true;
    lode_status status = read_whole(here->path);
    while (status && lode_patience_again(&patience, here->path)) {
        assert_string_equal(lode_error_text(), ""); /* of the attempt before nothing is left */
        show_next(&other);
        status = read_whole(here->path);
    }
    assert_ok(status);
    assert_int_equal(other.looks, 3);
}

static void *write_it(void *path)
{
    /* on a thread of its own, as the file of another process comes: whenever it comes */
    return lode_file_write(path, "whole", 5, false) ? path : NULL;
}

static void a_file_that_another_thread_writes_meanwhile_is_found(void **state)
{
    struct here *here = *state;
    pthread_t writer;
    void *failed = NULL;
    struct lode_patience patience = lode_patience_begin();
    patience.is_anywhere = true;
    lode_status status = read_whole(here->path);
    assert_status(LODE_E_INPUT, status);
    assert_int_equal(pthread_create(&writer, NULL, write_it, here->path), 0);
    while (status && lode_patience_again(&patience, here->path)) status = read_whole(here->path);
    assert_ok(status);
    pthread_join(writer, &failed);
    assert_null(failed);
}

static void on_a_disk_of_this_machine_alone_nothing_is_waited_for(void **state)
{
    const struct here *here = *state;
    struct lode_patience patience = lode_patience_begin();
    assert_false(lode_patience_again(&patience, here->path));
    assert_int_equal(patience.waited_ms, 0);
}

static void what_has_not_changed_for_a_minute_is_what_it_is(void **state)
{
    const struct here *here = *state;
    const struct timespec long_ago[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    struct lode_patience patience = lode_patience_begin();
    patience.is_anywhere = true;
    assert_ok(lode_file_write(here->path, "who", 3, false));
    assert_int_equal(utimensat(AT_FDCWD, here->folder, long_ago, 0), 0);
    assert_true(lode_patience_again(&patience, here->path));
    assert_int_equal(utimensat(AT_FDCWD, here->path, long_ago, 0), 0);
    assert_false(lode_patience_again(&patience, here->path));
}

static void the_error_of_the_last_attempt_is_kept(void **state)
{
    const struct here *here = *state;
    struct lode_patience patience = {
        .waited_ms = LODE_PATIENCE_MS, .pause_ms = 1, .is_anywhere = true};
    const lode_status status = read_whole(here->path);
    assert_false(lode_patience_again(&patience, here->path)); /* the time is over */
    assert_status(LODE_E_INPUT, status);
    assert_non_null(strstr(lode_error_text(), here->path));
}

static void a_folder_that_is_not_known_here_yet_is_waited_for_too(void **state)
{
    const struct here *here = *state;
    char path[160];
    struct lode_patience patience = lode_patience_begin();
    snprintf(path, sizeof path, "%s/new/folder/part", here->folder);
    assert_false(lode_patience_again(&patience, path)); /* on our own disk: never */
    patience.is_anywhere = true;
    assert_true(lode_patience_again(&patience, path));
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, open_here, close_here)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_folder(a_file_that_is_missing_then_short_then_stale_is_read_in_the_end),
        with_folder(a_file_that_another_thread_writes_meanwhile_is_found),
        with_folder(on_a_disk_of_this_machine_alone_nothing_is_waited_for),
        with_folder(what_has_not_changed_for_a_minute_is_what_it_is),
        with_folder(the_error_of_the_last_attempt_is_kept),
        with_folder(a_folder_that_is_not_known_here_yet_is_waited_for_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
