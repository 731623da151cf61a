/* Options: what a person may type, and what the answer is when it is wrong. */
#include "tests/unit.h"

#include "coordinator/options.h"

#include <string.h>

static const struct option table[] = {
    {1, "-o", "FILE", "out"},
    {2, "--local", "N", "workers"},
    {3, "--quiet", NULL, "no progress"},
    {0, NULL, NULL, NULL},
};
static const struct option *const tables[] = {table, NULL};

struct taken {
    const char *values[4];
    int counts[4];
};

static lode_status take(void *context, int id, const char *value)
{
    struct taken *taken = context;
    taken->values[id] = value;
    taken->counts[id]++;
    return LODE_OK;
}

static lode_status read_words(char **arguments, int count, struct taken *taken, const char **words,
                              int *n_words, bool *help)
{
    *taken = (struct taken){0};
    return options_read(count, arguments, tables, take, taken, words, n_words, help);
}

static void options_and_words_come_in_any_order(void **state)
{
    (void)state;
    char *arguments[] = {"a", "-o", "x", "b", "--local=3", "--quiet", "--", "--c"};
    struct taken taken;
    const char *words[8];
    int n_words = 0;
    bool help = true;
    assert_ok(read_words(arguments, 8, &taken, words, &n_words, &help));
    assert_int_equal(n_words, 3);
    assert_string_equal(words[0], "a");
    assert_string_equal(words[1], "b");
    assert_string_equal(words[2], "--c");
    assert_string_equal(taken.values[1], "x");
    assert_string_equal(taken.values[2], "3");
    assert_int_equal(taken.counts[3], 1);
    assert_false(help);
}

static void an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    char *arguments[] = {"--locla", "3"};
    struct taken taken;
    const char *words[2];
    int n_words = 0;
    bool help = false;
    assert_status(LODE_E_USAGE, read_words(arguments, 2, &taken, words, &n_words, &help));
    assert_non_null(strstr(lode_error_text(), "did you mean '--local'"));
}

static void a_missing_value_and_one_too_many_are_refused(void **state)
{
    (void)state;
    char *missing[] = {"-o"}, *many[] = {"--quiet=1"};
    struct taken taken;
    const char *words[2];
    int n_words = 0;
    bool help = false;
    assert_status(LODE_E_USAGE, read_words(missing, 1, &taken, words, &n_words, &help));
    assert_non_null(strstr(lode_error_text(), "needs a value"));
    assert_status(LODE_E_USAGE, read_words(many, 1, &taken, words, &n_words, &help));
    assert_non_null(strstr(lode_error_text(), "takes no value"));
}

static void help_stops_reading(void **state)
{
    (void)state;
    char *arguments[] = {"run", "-h", "--nonsense"};
    struct taken taken;
    const char *words[3];
    int n_words = 0;
    bool help = false;
    assert_ok(read_words(arguments, 3, &taken, words, &n_words, &help));
    assert_true(help);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_any_order),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(a_missing_value_and_one_too_many_are_refused),
        cmocka_unit_test(help_stops_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
