/* Log lines, as they arrive in a file. */
#include "tests/unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/text.h"

enum { READ_LIMIT = 1 << 20, TIME_SIZE = sizeof "2026-11-21T10:17:31.042Z" - 1 };

struct fixture {
    char path[64];
    char text[READ_LIMIT]; /* what read_log found */
};

static int open_log(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture) return -1;
    snprintf(fixture->path, sizeof fixture->path, "/tmp/lode-test-log-XXXXXX");
    const int file = mkstemp(fixture->path);
    if (file < 0) return -1;
    close(file);
    *state = fixture;
    lode_log_name("coordinator");
    lode_log_set_level(LODE_LOG_INFO);
    return lode_log_open(fixture->path) == LODE_OK ? 0 : -1;
}

static int close_log(void **state)
{
    struct fixture *fixture = *state;
    const lode_status status = lode_log_open(NULL);
    unlink(fixture->path);
    free(fixture);
    return status == LODE_OK ? 0 : -1;
}

static const char *read_log(struct fixture *fixture)
{
    FILE *file = fopen(fixture->path, "r");
    assert_non_null(file);
    const size_t size = fread(fixture->text, 1, READ_LIMIT - 1, file);
    fixture->text[size] = '\0';
    fclose(file);
    return fixture->text;
}

static void a_line_holds_time_level_name_and_message(void **state)
{
    lode_log_warn("task=%d late", 7);
    const char *text = read_log(*state);
    int64_t time_ms;
    assert_true(lode_text_iso_to_ms(text, TIME_SIZE, &time_ms));
    assert_true(time_ms > INT64_C(1577836800000)); /* after 2020 */
    assert_int_equal(text[TIME_SIZE - 1], 'Z');
    assert_string_equal(text + TIME_SIZE, " warn coordinator task=7 late\n");
}

static void less_urgent_lines_than_the_level_are_not_written(void **state)
{
    lode_log_debug("hidden");
    lode_log_info("shown");
    lode_log_set_level(LODE_LOG_ERROR);
    lode_log_warn("hidden");
    lode_log_error("last");
    const char *text = read_log(*state);
    assert_null(strstr(text, "hidden"));
    assert_non_null(strstr(text, " info coordinator shown\n"));
    assert_non_null(strstr(text, " error coordinator last\n"));
}

static void hostile_text_can_neither_steer_a_terminal_nor_fake_a_line(void **state)
{
    lode_log_name("worker\n1");
    lode_log_info("file=%s", "a\x1b[2J\nfake");
    assert_string_equal(read_log(*state) + TIME_SIZE,
                        " info worker\\x0a1 file=a\\x1b[2J\\x0afake\n");
}

static void a_line_that_is_too_long_is_cut_and_says_so(void **state)
{
    static char text[10000];
    memset(text, 'x', sizeof text - 1);
    lode_log_info("%s", text);
    memset(text, '\n', sizeof text - 1); /* each is shown as four bytes */
    lode_log_info("%s", text);
    lode_log_info("next");
    const char *at = read_log(*state);
    for (int line = 0; line < 2; line++) {
        const char *end = strchr(at, '\n');
        assert_true(end - at > 4000 && end - at < 4600);
        assert_memory_equal(end - 3, "...", 3);
        at = end + 1;
    }
    assert_non_null(strstr(at, "next\n"));
}

static void logging_leaves_errno_and_the_error_chain_alone(void **state)
{
    (void)state;
    assert_ok(lode_log_open("/dev/full")); /* writing to it fails, with an errno of its own */
    (void)!lode_fail(LODE_E_RUN, "the cause");
    errno = EPERM;
    lode_log_info("chain=%s", lode_error_text());
    assert_int_equal(errno, EPERM);
    assert_string_equal(lode_error_text(), "the cause");
}

static void a_log_that_cannot_be_opened_leaves_the_old_one(void **state)
{
    assert_status(LODE_E_DISK, lode_log_open("/no/such/directory/log"));
    assert_non_null(strstr(lode_error_text(), "/no/such/directory/log"));
    lode_log_info("still here");
    assert_non_null(strstr(read_log(*state), "still here"));
}

enum { THREADS = 4, LINES = 500 };

static void *write_lines(void *name)
{
    for (int i = 0; i < LINES; i++) lode_log_info("thread=%s line=%d end", (const char *)name, i);
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    static const char *const names[THREADS] = {"one", "two", "three", "four"};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, write_lines, (void *)(uintptr_t)names[i]), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);

    int lines = 0;
    const char *at = read_log(*state);
    for (const char *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
        assert_memory_equal(at + TIME_SIZE, " info coordinator thread=", 25);
        assert_memory_equal(end - 4, " end", 4);
        assert_true(end - at < 80);
    }
    assert_int_equal(lines, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_holds_time_level_name_and_message, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(less_urgent_lines_than_the_level_are_not_written, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(hostile_text_can_neither_steer_a_terminal_nor_fake_a_line,
                                        open_log, close_log),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_cut_and_says_so, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(logging_leaves_errno_and_the_error_chain_alone, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(a_log_that_cannot_be_opened_leaves_the_old_one, open_log,
                                        close_log),
        cmocka_unit_test_setup_teardown(lines_of_several_threads_stay_whole, open_log, close_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
