/* The chain of words behind a status. */
#include "tests/unit.h"

#include <pthread.h>
#include <string.h>

static void a_failure_says_its_words_and_returns_its_status(void **state)
{
    (void)state;
    assert_status(LODE_E_INPUT, lode_fail(LODE_E_INPUT, "column '%s' has %d rows", "a", 0));
    assert_string_equal(lode_error_text(), "column 'a' has 0 rows");
}

static void notes_go_in_front_of_the_cause(void **state)
{
    (void)state;
    lode_status status = lode_fail(LODE_E_DISK, "no space left");
    status = lode_note(status, "writing column 'weight'");
    status = lode_note(status, "saving table to %s", "run1/results.h5");
    assert_status(LODE_E_DISK, status);
    assert_string_equal(lode_error_text(),
                        "saving table to run1/results.h5: writing column 'weight': no space left");
}

static void a_new_failure_forgets_the_old_chain(void **state)
{
    (void)state;
    (void)!lode_fail(LODE_E_RUN, "old");
    (void)!lode_fail(LODE_E_RUN, "new");
    assert_string_equal(lode_error_text(), "new");
}

static void a_note_on_an_empty_chain_starts_one(void **state)
{
    (void)state;
    lode_error_clear();
    assert_string_equal(lode_error_text(), "");
    assert_string_equal(lode_error_origin(), "");
    assert_status(LODE_E_RUN, lode_note(LODE_E_RUN, "alone"));
    assert_string_equal(lode_error_text(), "alone");
    assert_non_null(strstr(lode_error_origin(), "test_error.c:"));
}

static void a_message_may_quote_the_chain_it_replaces(void **state)
{
    (void)state;
    (void)!lode_fail(LODE_E_RUN, "task 7 died");
    (void)!lode_fail(LODE_E_RUN, "gave up after '%s'", lode_error_text());
    assert_string_equal(lode_error_text(), "gave up after 'task 7 died'");
    (void)!lode_note(LODE_E_RUN, "[%s]", lode_error_text());
    assert_string_equal(lode_error_text(),
                        "[gave up after 'task 7 died']: gave up after 'task 7 died'");
}

static void a_full_chain_keeps_the_cause(void **state)
{
    (void)state;
    (void)!lode_fail(LODE_E_RUN, "the cause");
    for (int i = 0; i < 5000; i++) (void)!lode_note(LODE_E_RUN, "caller number %d", i);
    const char *text = lode_error_text();
    assert_true(strlen(text) < 8192);
    assert_string_equal(text + strlen(text) - strlen("caller number 0: the cause"),
                        "caller number 0: the cause");
}

static void a_message_that_is_too_long_is_cut_between_characters(void **state)
{
    (void)state;
    static char longest[9002]; /* an odd start, then two-byte characters to the end */
    longest[0] = 'x';
    for (size_t i = 1; i + 1 < sizeof longest; i += 2) memcpy(longest + i, "\xc3\xa9", 2);
    (void)!lode_fail(LODE_E_RUN, "%.9001s", longest);
    const char *text = lode_error_text();
    const size_t size = strlen(text);
    assert_true(size > 4000 && size < 4096);
    assert_memory_equal(text + size - 5, "\xc3\xa9...", 5);
}

static void control_bytes_do_not_reach_the_text(void **state)
{
    (void)state;
    (void)!lode_fail(LODE_E_INPUT, "file '%s'", "a\x1b[2J\x7f\nb\xc2\x9b\xc3\xa9");
    assert_string_equal(lode_error_text(), "file 'a?[2J? b??\xc3\xa9'");
}

static void the_origin_is_the_first_failure_without_the_build_directory(void **state)
{
    (void)state;
    (void)!lode_error_start(LODE_E_RUN, "/home/someone/lode/common/memory.c", 12, "x");
    (void)!lode_error_add(LODE_E_RUN, "/home/someone/lode/worker/agent.c", 99, "y");
    assert_string_equal(lode_error_origin(), "common/memory.c:12");
}

static void a_failure_is_never_ok(void **state)
{
    (void)state;
    assert_status(LODE_E_BUG, lode_fail(LODE_OK, "nothing wrong"));
    assert_status(LODE_E_BUG, lode_note(LODE_OK, "still nothing"));
}

static void each_status_has_the_exit_status_of_the_contract(void **state)
{
    (void)state;
    static const struct {
        lode_status status;
        int exit;
        const char *name;
    } expected[] = {
        {LODE_OK, 0, "ok"},
        {LODE_E_RUN, 1, "run"},
        {LODE_E_NUMERIC, 1, "numeric"},
        {LODE_E_MESSAGE, 1, "message"},
        {LODE_E_BUG, 1, "bug"},
        {LODE_E_USAGE, 2, "usage"},
        {LODE_E_INPUT, 3, "input"},
        {LODE_E_MEMORY, 4, "memory"},
        {LODE_E_DISK, 4, "disk"},
        {LODE_E_CLUSTER, 5, "cluster"},
        {LODE_E_STOPPED, 75, "stopped"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(lode_exit_status(expected[i].status), expected[i].exit);
        assert_string_equal(lode_status_name(expected[i].status), expected[i].name);
    }
    assert_string_equal(lode_status_name((lode_status)999), "unknown");
}

static void *fail_elsewhere(void *seen)
{
    *(int *)seen = lode_error_text()[0] != '\0';
    (void)!lode_fail(LODE_E_RUN, "of the other thread");
    return NULL;
}

static void each_thread_has_its_own_chain(void **state)
{
    (void)state;
    (void)!lode_fail(LODE_E_RUN, "mine");
    int seen = 1;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(seen, 0);
    assert_string_equal(lode_error_text(), "mine");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_says_its_words_and_returns_its_status),
        cmocka_unit_test(notes_go_in_front_of_the_cause),
        cmocka_unit_test(a_new_failure_forgets_the_old_chain),
        cmocka_unit_test(a_note_on_an_empty_chain_starts_one),
        cmocka_unit_test(a_message_may_quote_the_chain_it_replaces),
        cmocka_unit_test(a_full_chain_keeps_the_cause),
        cmocka_unit_test(a_message_that_is_too_long_is_cut_between_characters),
        cmocka_unit_test(control_bytes_do_not_reach_the_text),
        cmocka_unit_test(the_origin_is_the_first_failure_without_the_build_directory),
        cmocka_unit_test(a_failure_is_never_ok),
        cmocka_unit_test(each_status_has_the_exit_status_of_the_contract),
        cmocka_unit_test(each_thread_has_its_own_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
