/* UTF-8, nearest words, globs, and text for terminals, JSON and CSV. */
#include "tests/unit.h"

#include <stdbool.h>
#include <string.h>

#include "common/text.h"

#define assert_bytes(bytes, text)                                                                  \
    do {                                                                                           \
        assert_int_equal((bytes).size, sizeof(text) - 1);                                          \
        assert_memory_equal((bytes).data, text, sizeof(text) - 1);                                 \
        lode_bytes_clear(&(bytes));                                                                \
    } while (0)

static bool is_utf8(const char *text)
{
    return lode_text_is_utf8(text, strlen(text));
}

static void utf8_of_every_length_is_accepted(void **state)
{
    (void)state;
    assert_true(lode_text_is_utf8("", 0));
    assert_true(is_utf8("plain ASCII of more than eight bytes \x7f\x01"));
    assert_true(is_utf8("\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"));
    assert_true(is_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"));
}

static void what_is_not_utf8_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\x80",             /* a continuation alone */
        "\xc0\xaf",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* a surrogate */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xc3",         /* cut off */
        "\xe2\x82",     /* cut off */
        "\xf0\x9f\x98", /* cut off */
        "\xc3(",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        for (size_t before = 0; before < 18; before++) { /* all places against the fast path */
            char text[64];
            memset(text, 'a', sizeof text);
            memcpy(text + before, wrong[i], strlen(wrong[i]));
            assert_false(lode_text_is_utf8(text, before + strlen(wrong[i])));
            assert_false(lode_text_is_utf8(text, sizeof text));
        }
    }
}

static void a_nul_byte_is_not_text(void **state)
{
    (void)state;
    for (size_t at = 0; at < 24; at++) {
        char text[24];
        memset(text, 'a', sizeof text);
        assert_true(lode_text_is_utf8(text, sizeof text));
        text[at] = '\0';
        assert_false(lode_text_is_utf8(text, sizeof text));
    }
}

static void distance_counts_single_edits(void **state)
{
    (void)state;
    assert_int_equal(lode_text_distance("kitten", "sitting"), 3);
    assert_int_equal(lode_text_distance("", "abc"), 3);
    assert_int_equal(lode_text_distance("abc", ""), 3);
    assert_int_equal(lode_text_distance("same", "same"), 0);
    assert_int_equal(lode_text_distance("flaw", "lawn"), 2);
    char longest[200];
    memset(longest, 'x', sizeof longest);
    longest[199] = '\0';
    assert_int_equal(lode_text_distance(longest, ""), 64); /* only the first 64 count */
}

static void the_nearest_word_is_offered_only_when_it_may_be_meant(void **state)
{
    (void)state;
    static const char *const names[] = {"k", "window", "min_support", "max_length", NULL};
    assert_string_equal(lode_text_nearest("kk", names), "k");
    assert_string_equal(lode_text_nearest("windwo", names), "window");
    assert_string_equal(lode_text_nearest("min_suport", names), "min_support");
    assert_null(lode_text_nearest("colour", names));
    assert_null(lode_text_nearest("word", (const char *const[]){NULL}));
    static const char *const equal[] = {"cat", "bat", NULL};
    assert_string_equal(lode_text_nearest("rat", equal), "cat"); /* of equals the first */
}

static void globs_match_the_whole_text(void **state)
{
    (void)state;
    assert_true(lode_text_glob("", ""));
    assert_true(lode_text_glob("*", ""));
    assert_true(lode_text_glob("/cart/*", "/cart/add"));
    assert_true(lode_text_glob("*.html", "a.html.html"));
    assert_true(lode_text_glob("a*b*c", "a-b-b-c"));
    assert_true(lode_text_glob("??", "ab"));
    assert_true(lode_text_glob("caf?", "caf\xc3\xa9")); /* a character, not a byte */
    assert_true(lode_text_glob("*?", "\xc3\xa9"));
    assert_false(lode_text_glob("", "a"));
    assert_false(lode_text_glob("?", ""));
    assert_false(lode_text_glob("a*b", "a-b-c"));
    assert_false(lode_text_glob("/cart", "/cart/add"));
    assert_false(lode_text_glob("??", "\xc3\xa9"));
}

/* A recursive matcher would need 2^40 steps here. */
static void many_stars_do_not_explode(void **state)
{
    (void)state;
    char text[4001];
    memset(text, 'a', 4000);
    text[4000] = '\0';
    assert_false(lode_text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void numbers_are_grouped_by_thousands(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(lode_text_grouped(0, buffer), "0");
    assert_string_equal(lode_text_grouped(999, buffer), "999");
    assert_string_equal(lode_text_grouped(1000, buffer), "1,000");
    assert_string_equal(lode_text_grouped(-1234567, buffer), "-1,234,567");
    assert_string_equal(lode_text_grouped(INT64_MIN, buffer), "-9,223,372,036,854,775,808");
}

static void width_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(lode_text_width(""), 0);
    assert_int_equal(lode_text_width("caf\xc3\xa9"), 4);
    assert_int_equal(lode_text_width("\xe2\x82\xac\xf0\x9f\x98\x80"), 2);
}

static void visible_text_shows_control_bytes(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const char text[] = "a\x1b[2J\n\t\x7f\0\xc2\x9b\xff\xc3\xa9";
    assert_ok(lode_text_append_visible(&out, text, sizeof text - 1));
    assert_bytes(out, "a\\x1b[2J\\x0a\\x09\\x7f\\x00\\xc2\\x9b\\xff\xc3\xa9");
}

static void visible_text_is_cut_between_characters(void **state)
{
    (void)state;
    char buffer[6] = "......";
    assert_int_equal(lode_text_visible("ab\n\n", 4, buffer, 6), 6);
    assert_memory_equal(buffer, "ab\\x0a", 6);
    assert_int_equal(lode_text_visible("abcd\xc3\xa9", 6, buffer, 5), 4);
    assert_int_equal(lode_text_visible("abc", 3, buffer, 0), 0);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const char text[] =
        "say \"hi\"\\ \n\r\t\b\f \x01\x1f\0 \x7f \xc2\x9b\xc2\xa0 \xe2\x82\xac \xff\xc3";
    assert_ok(lode_text_append_json(&out, text, sizeof text - 1));
    assert_bytes(out, "\"say \\\"hi\\\"\\\\ \\n\\r\\t\\b\\f \\u0001\\u001f\\u0000 \\u007f "
                      "\\u009b\xc2\xa0 \xe2\x82\xac \xef\xbf\xbd\xef\xbf\xbd\"");
    assert_ok(lode_text_append_json(&out, "", 0));
    assert_bytes(out, "\"\"");
}

static void csv_fields_are_quoted_where_needed(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    static const char *const fields[] = {"plain text", "", "a,b", "say \"hi\"", "two\nlines", "\r"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        assert_ok(lode_text_append_csv(&out, fields[i], strlen(fields[i])));
        assert_ok(lode_bytes_append(&out, ";", 1));
    }
    assert_bytes(out, "plain text;;\"a,b\";\"say \"\"hi\"\"\";\"two\nlines\";\"\r\";");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_of_every_length_is_accepted),
        cmocka_unit_test(what_is_not_utf8_is_refused_wherever_it_stands),
        cmocka_unit_test(a_nul_byte_is_not_text),
        cmocka_unit_test(distance_counts_single_edits),
        cmocka_unit_test(the_nearest_word_is_offered_only_when_it_may_be_meant),
        cmocka_unit_test(globs_match_the_whole_text),
        cmocka_unit_test(many_stars_do_not_explode),
        cmocka_unit_test(numbers_are_grouped_by_thousands),
        cmocka_unit_test(width_counts_characters),
        cmocka_unit_test(visible_text_shows_control_bytes),
        cmocka_unit_test(visible_text_is_cut_between_characters),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(csv_fields_are_quoted_where_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
