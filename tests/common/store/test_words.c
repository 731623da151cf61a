/* Words: the same text has the same code, in order of first use. */
#include "tests/unit.h"

#include "common/store/table.h"

#include <stdio.h>
#include <string.h>

static int set_up(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) == LODE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void codes_count_up_in_order_of_first_use(void **state)
{
    struct lode_words *words;
    uint32_t code;
    int64_t count;
    assert_ok(lode_words_create(*state, &words));
    assert_ok(lode_words_add(words, "click", 5, &code));
    assert_int_equal(code, 0);
    assert_ok(lode_words_add(words, "clicks", 6, &code)); /* a prefix is another word */
    assert_int_equal(code, 1);
    assert_ok(lode_words_add(words, "", 0, &code));
    assert_int_equal(code, 2);
    assert_ok(lode_words_add(words, "clickxyz", 5, &code)); /* 5 bytes of it */
    assert_int_equal(code, 0);
    assert_ok(lode_words_add(words, NULL, 0, &code));
    assert_int_equal(code, 2);
    char *const *list = lode_words_list(words, &count);
    assert_int_equal(count, 3);
    assert_string_equal(list[0], "click");
    assert_string_equal(list[1], "clicks");
    assert_string_equal(list[2], "");
}

static void a_hundred_thousand_words_keep_their_codes(void **state)
{
    enum { COUNT = 100000 };
    struct lode_words *words;
    uint32_t code;
    char text[16];
    assert_ok(lode_words_create(*state, &words));
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            const int size = snprintf(text, sizeof text, "w%u", i);
            assert_ok(lode_words_add(words, text, (size_t)size, &code));
            assert_int_equal(code, i);
        }
    }
}

static void a_word_with_nul_is_refused(void **state)
{
    struct lode_words *words;
    uint32_t code;
    assert_ok(lode_words_create(*state, &words));
    assert_status(LODE_E_INPUT, lode_words_add(words, "a\0b", 3, &code));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(codes_count_up_in_order_of_first_use),
        TEST(a_hundred_thousand_words_keep_their_codes),
        TEST(a_word_with_nul_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
