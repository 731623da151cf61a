#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/input/window.h"

/* A window of 4 bytes that grows up to `limit`, over `size` bytes of text. */
static void open_window(struct lode_window *window, const char *text, size_t size, size_t limit)
{
    struct lode_input *input = NULL;
    assert_ok(lode_input_open_memory("in", text, size, LODE_INPUT_BLOCK, &input));
    assert_ok(lode_window_init(window, input, 4, limit));
}

static void close_window(struct lode_window *window)
{
    lode_input_close(window->input);
    lode_window_clear(window);
}

static void filling_keeps_what_is_left_and_ends_it_with_a_line_end(void **state)
{
    (void)state;
    struct lode_window window;
    open_window(&window, "abcdefgh", 8, 64);
    assert_ok(lode_window_fill(&window));
    assert_memory_equal(window.data, "abcd\n", 5);
    assert_false(window.last);
    window.begin = 3;
    assert_ok(lode_window_fill(&window));
    assert_int_equal(window.begin, 0);
    assert_memory_equal(window.data, "defg\n", 5);
    assert_ok(lode_window_fill(&window)); /* nothing used: it must grow */
    assert_memory_equal(window.data, "defgh\n", 6);
    assert_true(window.last);
    close_window(&window);
}

static void a_window_full_at_its_limit_is_a_bug_of_the_caller(void **state)
{
    (void)state;
    struct lode_window window;
    open_window(&window, "abcdefghij", 10, 6);
    assert_ok(lode_window_fill(&window));
    assert_ok(lode_window_fill(&window));
    assert_int_equal(window.end, 6);
    assert_status(LODE_E_BUG, lode_window_fill(&window));
    close_window(&window);
}

/* Every byte value at every place of a word, and in the rest behind the last whole word. */
static void only_ascii_without_nul_and_lone_cr_is_plain(void **state)
{
    (void)state;
    char text[21];
    for (int value = 0; value < 256; value++) {
        for (size_t at = 0; at < sizeof text; at++) {
            struct lode_window window;
            memset(text, 'x', sizeof text);
            text[at] = (char)value;
            open_window(&window, text, sizeof text, 64);
            while (!window.last) assert_ok(lode_window_fill(&window));
            /* the last byte's CR has the window's own LF behind it, which ends a line too */
            const bool ends = value != '\r' || at + 1 == sizeof text;
            const bool expected = value >= 1 && value <= 127 && ends;
            assert_int_equal(lode_window_is_plain(&window, sizeof text), expected);
            close_window(&window);
        }
    }
}

/* "...CR LF..." at every place, so also across words; and cut between the two, where the window
 * does not know yet what will follow. */
static void a_cr_is_plain_before_an_lf_alone(void **state)
{
    (void)state;
    char text[21];
    for (size_t at = 0; at + 1 < sizeof text; at++) {
        for (int follower = 0; follower < 2; follower++) {
            struct lode_window window;
            memset(text, 'x', sizeof text);
            text[at] = '\r';
            if (follower == 0) text[at + 1] = '\n';
            open_window(&window, text, sizeof text, 64);
            assert_ok(lode_window_fill(&window)); /* 4 bytes */
            if (at == 3) assert_true(lode_window_is_plain(&window, at));
            while (!window.last) assert_ok(lode_window_fill(&window));
            assert_int_equal(lode_window_is_plain(&window, sizeof text), follower == 0);
            close_window(&window);
        }
    }
}

/* One odd byte in the middle: its neighbours may be called mixed, it must never be called plain,
 * and far away from it the text is plain again. */
static void an_odd_byte_is_never_called_plain(void **state)
{
    (void)state;
    enum { SIZE = 100000, AT = 50000, RECORD = 20 };
    char *text = malloc(SIZE);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[AT] = '\xc3';
    struct lode_window window;
    open_window(&window, text, SIZE, SIZE);
    assert_ok(lode_window_fill(&window));
    for (size_t at = 0; at < SIZE; at += RECORD) {
        while (window.end - window.begin < RECORD && !window.last)
            assert_ok(lode_window_fill(&window));
        const bool plain = lode_window_is_plain(&window, window.begin + RECORD);
        if (at <= AT && AT < at + RECORD) assert_false(plain);
        if (at + RECORD < AT - 10000 || at > AT + 10000) assert_true(plain);
        window.begin += RECORD;
    }
    close_window(&window);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filling_keeps_what_is_left_and_ends_it_with_a_line_end),
        cmocka_unit_test(a_window_full_at_its_limit_is_a_bug_of_the_caller),
        cmocka_unit_test(only_ascii_without_nul_and_lone_cr_is_plain),
        cmocka_unit_test(a_cr_is_plain_before_an_lf_alone),
        cmocka_unit_test(an_odd_byte_is_never_called_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
