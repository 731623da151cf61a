#include "tests/unit.h"

#include "jobs/stage/shuffle/vocabulary.h"

static char *first_words[] = {"play", "buy", "\xc3\xa9t\xc3\xa9"};
static char *second_words[] = {"stop", "play"};
static const struct lode_dictionary lists[] = {
    {.words = first_words, .count = 3}, {.words = second_words, .count = 2}, {.count = 0}};

static int setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static struct vocabulary *create(struct lode_arena *arena, int64_t limit)
{
    struct vocabulary *vocabulary = NULL;
    assert_ok(vocabulary_create(arena, limit, &vocabulary));
    for (int l = 0; l < 3; l++) assert_ok(vocabulary_add(vocabulary, &lists[l]));
    return vocabulary;
}

static void the_union_is_sorted_by_bytes_and_maps_lead_to_the_same_words(void **state)
{
    struct vocabulary *vocabulary = create(*state, 100);
    struct lode_dictionary sorted = {0};
    uint32_t codes[3];
    assert_ok(vocabulary_sort(vocabulary, &sorted));
    assert_int_equal(sorted.count, 4);
    assert_string_equal(sorted.words[0], "buy");
    assert_string_equal(sorted.words[1], "play");
    assert_string_equal(sorted.words[2], "stop");
    assert_string_equal(sorted.words[3], "\xc3\xa9t\xc3\xa9"); /* above all ASCII */
    for (int l = 0; l < 3; l++) {
        assert_ok(vocabulary_map(vocabulary, &lists[l], codes));
        for (int64_t i = 0; i < lists[l].count; i++)
            assert_string_equal(sorted.words[codes[i]], lists[l].words[i]);
    }
}

static void beyond_its_limit_it_takes_one_word_more_and_no_others(void **state)
{
    assert_int_equal(vocabulary_count(create(*state, 4)), 4);
    assert_int_equal(vocabulary_count(create(*state, 2)), 3);
}

static void a_word_that_was_never_added_has_no_code(void **state)
{
    static char *words[] = {"new"};
    const struct lode_dictionary list = {.words = words, .count = 1};
    struct vocabulary *vocabulary = create(*state, 100);
    struct lode_dictionary sorted = {0};
    uint32_t code = 0;
    assert_ok(vocabulary_sort(vocabulary, &sorted));
    assert_status(LODE_E_BUG, vocabulary_map(vocabulary, &list, &code));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_union_is_sorted_by_bytes_and_maps_lead_to_the_same_words),
        TEST(beyond_its_limit_it_takes_one_word_more_and_no_others),
        TEST(a_word_that_was_never_added_has_no_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
