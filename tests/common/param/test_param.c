/* Parameters of a job: settings, spec files, typed getters. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/param/param.h"

static const struct lode_param table[] = {
    {"k", "3", "1", "how many"},          {"eps", "knee", "1", "radius"},
    {"share", "0.5", "1", "a share"},     {"gap", "30m", "", "idle time that ends a session"},
    {"strict", "off", "", "no leniency"}, {"length", "1..4", "events", "of a pattern"},
    {"kpis", "", "", "a list"},           {0},
};

static int create(void **state)
{
    struct lode_params *params;
    if (lode_params_create(table, &params) != LODE_OK) return -1;
    *state = params;
    return 0;
}

static int destroy(void **state)
{
    lode_params_destroy(*state);
    return 0;
}

/* Loads `text` as a spec file; the file's name in an error is shown as SPEC. */
static lode_status load(struct lode_params *params, const char *text, size_t size)
{
    char path[] = "/tmp/lode-test-spec-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, size), size);
    close(file);
    const lode_status status = lode_params_load(params, path);
    unlink(path);
    if (status) {
        assert_memory_equal(lode_error_text(), path, strlen(path));
        char rest[512];
        snprintf(rest, sizeof rest, "%s", lode_error_text() + strlen(path));
        (void)!lode_fail(status, "SPEC%s", rest);
    }
    return status;
}

static lode_status load_text(struct lode_params *params, const char *text)
{
    return load(params, text, strlen(text));
}

static void parameters_begin_at_their_defaults(void **state)
{
    assert_string_equal(lode_params_text(*state, "k"), "3");
    assert_string_equal(lode_params_text(*state, "kpis"), "");
    lode_params_destroy(NULL);
}

static void a_setting_replaces_the_default(void **state)
{
    assert_ok(lode_params_set(*state, "k=7"));
    assert_ok(lode_params_set(*state, "kpis=a=b")); /* only the first = separates */
    assert_string_equal(lode_params_text(*state, "k"), "7");
    assert_string_equal(lode_params_text(*state, "kpis"), "a=b");
    assert_ok(lode_params_set(*state, "k=")); /* an empty text is a value */
    assert_string_equal(lode_params_text(*state, "k"), "");
}

static void asking_for_what_is_not_in_the_table_is_a_bug_of_the_job(void **state)
{
    int64_t value = 5;
    char **items = NULL;
    assert_null(lode_params_text(*state, "kk"));
    assert_status(LODE_E_BUG, lode_params_i64(*state, "kk", 0, 9, &value));
    assert_non_null(strstr(lode_error_text(), "asks for parameter 'kk'"));
    assert_int_equal(value, 5);
    assert_status(LODE_E_BUG, lode_params_list(*state, "kk", NULL, &items, &value));
}

static void an_unknown_name_is_refused_with_the_nearest_one(void **state)
{
    assert_status(LODE_E_USAGE, lode_params_set(*state, "kk=7"));
    assert_string_equal(lode_error_text(), "unknown parameter 'kk', did you mean 'k'?");
    assert_status(LODE_E_USAGE, lode_params_set(*state, "lenght=7"));
    assert_string_equal(lode_error_text(), "unknown parameter 'lenght', did you mean 'length'?");
    assert_status(LODE_E_USAGE, lode_params_set(*state, "temperature=7"));
    assert_string_equal(lode_error_text(), "unknown parameter 'temperature'");
}

static void a_setting_without_name_or_value_is_refused(void **state)
{
    assert_status(LODE_E_USAGE, lode_params_set(*state, "k"));
    assert_string_equal(lode_error_text(), "'k' is no parameter setting: write name=value");
    assert_status(LODE_E_USAGE, lode_params_set(*state, "=3"));
    assert_status(LODE_E_USAGE, lode_params_set(*state, ""));
}

static void whole_numbers_keep_to_their_range(void **state)
{
    int64_t value = -1;
    assert_ok(lode_params_i64(*state, "k", 1, 8, &value));
    assert_int_equal(value, 3);
    assert_ok(lode_params_i64(*state, "k", 3, 3, &value)); /* both ends are allowed */
    assert_ok(lode_params_set(*state, "k=9"));
    assert_status(LODE_E_USAGE, lode_params_i64(*state, "k", 1, 8, &value));
    assert_string_equal(lode_error_text(), "parameter k=9: must lie in 1..8");
    assert_status(LODE_E_USAGE, lode_params_i64(*state, "k", 10, INT64_MAX, &value));
    assert_string_equal(lode_error_text(), "parameter k=9: must be at least 10");
    assert_ok(lode_params_set(*state, "k=2.5"));
    assert_status(LODE_E_USAGE, lode_params_i64(*state, "k", 1, 8, &value));
    assert_string_equal(lode_error_text(), "parameter k=2.5: must be a whole number");
    assert_int_equal(value, 3);
}

static void numbers_keep_to_their_range(void **state)
{
    double value = -1;
    assert_ok(lode_params_f64(*state, "share", 0.0, 1.0, &value));
    assert_true(value == 0.5);
    assert_ok(lode_params_set(*state, "share=1.25"));
    assert_status(LODE_E_USAGE, lode_params_f64(*state, "share", 0.0, 1.0, &value));
    assert_string_equal(lode_error_text(), "parameter share=1.25: must lie in 0..1");
    assert_status(LODE_E_USAGE, lode_params_f64(*state, "share", -HUGE_VAL, 0.1, &value));
    assert_string_equal(lode_error_text(), "parameter share=1.25: must be at most 0.1");
    assert_ok(lode_params_f64(*state, "share", 0.0, HUGE_VAL, &value));
    assert_status(LODE_E_USAGE, lode_params_f64(*state, "eps", 0.0, 1.0, &value));
    assert_string_equal(lode_error_text(), "parameter eps=knee: must be a number");
    assert_true(value == 1.25);
}

static void durations_and_switches_are_typed(void **state)
{
    int64_t ms;
    bool on = true;
    assert_ok(lode_params_duration_ms(*state, "gap", &ms));
    assert_int_equal(ms, 1800000);
    assert_status(LODE_E_USAGE, lode_params_duration_ms(*state, "eps", &ms));
    assert_non_null(strstr(lode_error_text(), "parameter eps=knee: must be a duration"));
    assert_ok(lode_params_bool(*state, "strict", &on));
    assert_false(on);
    static const char *const yes[] = {"strict=on", "strict=true", "strict=yes", "strict=1"};
    static const char *const no[] = {"strict=off", "strict=false", "strict=no", "strict=0"};
    for (int i = 0; i < 4; i++) {
        assert_ok(lode_params_set(*state, yes[i]));
        assert_ok(lode_params_bool(*state, "strict", &on));
        assert_true(on);
        assert_ok(lode_params_set(*state, no[i]));
        assert_ok(lode_params_bool(*state, "strict", &on));
        assert_false(on);
    }
    assert_status(LODE_E_USAGE, lode_params_bool(*state, "eps", &on));
}

static void ranges_have_two_ends_or_one(void **state)
{
    int64_t first, last;
    assert_ok(lode_params_range(*state, "length", 1, 8, &first, &last));
    assert_true(first == 1 && last == 4);
    assert_ok(lode_params_range(*state, "k", 1, 8, &first, &last));
    assert_true(first == 3 && last == 3);
    static const char *const wrong[] = {"length=4..1", "length=1..9",  "length=0..2", "length=1..",
                                        "length=..4",  "length=1...4", "length=a",    "length="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_ok(lode_params_set(*state, wrong[i]));
        assert_status(LODE_E_USAGE, lode_params_range(*state, "length", 1, 8, &first, &last));
        assert_non_null(strstr(lode_error_text(), wrong[i]));
    }
    assert_true(first == 3 && last == 3);
}

/* Items joined by '|', for comparing. */
static void assert_list(struct lode_params *params, const char *expected)
{
    struct lode_arena *arena;
    struct lode_bytes joined = {0};
    char **items;
    int64_t count;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_params_list(params, "kpis", arena, &items, &count));
    for (int64_t i = 0; i < count; i++)
        assert_ok(lode_bytes_printf(&joined, "%s%s", i ? "|" : "", items[i]));
    assert_ok(lode_bytes_append(&joined, "", 1));
    assert_string_equal((char *)joined.data, expected);
    lode_bytes_clear(&joined);
    lode_arena_destroy(arena);
}

static void lists_are_cut_at_commas(void **state)
{
    static const char *const cases[][2] = {
        {"kpis=", ""},
        {"kpis=  ", ""},
        {"kpis=a", "a"},
        {"kpis=a,b , c d ", "a|b|c d"},
        {"kpis=a\\,b,c", "a,b|c"},       /* \, is a comma of the item */
        {"kpis=\\d+\\\\,x", "\\d+\\|x"}, /* \\ is a backslash, \d is left alone */
        {"kpis=a\\", "a\\"},
        {"kpis=\\,", ","},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(lode_params_set(*state, cases[i][0]));
        assert_list(*state, cases[i][1]);
    }
}

static void a_list_with_an_empty_item_is_refused(void **state)
{
    static const char *const wrong[] = {"kpis=a,,b", "kpis=,a", "kpis=a,", "kpis=,", "kpis=a, ,b"};
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char **items;
        int64_t count;
        assert_ok(lode_params_set(*state, wrong[i]));
        assert_status(LODE_E_USAGE, lode_params_list(*state, "kpis", arena, &items, &count));
    }
    lode_arena_destroy(arena);
}

static void all_parameters_can_be_walked_in_table_order(void **state)
{
    const char *name, *value;
    int index = 0;
    assert_ok(lode_params_set(*state, "eps=0.2"));
    for (; lode_params_at(*state, index, &name, &value); index++) {
        assert_string_equal(name, table[index].name);
        assert_string_equal(value, index == 1 ? "0.2" : table[index].initial);
    }
    assert_int_equal(index, 7);
    assert_false(lode_params_at(*state, -1, &name, &value));
}

static void a_spec_file_sets_scalars_and_lists(void **state)
{
    assert_ok(load_text(*state, "# a comment\n"
                                "k: 7\n"
                                "gap: \"2h\"\n"
                                "kpis: [paid, 'a,b', 'x\\y']\n"
                                "length:\n"
                                "  2..3\n"));
    assert_string_equal(lode_params_text(*state, "k"), "7");
    assert_string_equal(lode_params_text(*state, "gap"), "2h");
    assert_string_equal(lode_params_text(*state, "length"), "2..3");
    assert_list(*state, "paid|a,b|x\\y"); /* as it was in the file */
    assert_ok(load_text(*state, "kpis:\n  - one\n  - two\n"));
    assert_list(*state, "one|two");
    assert_string_equal(lode_params_text(*state, "k"), "7"); /* of the file before */
    assert_ok(load_text(*state, "kpis: []\n"));
    assert_list(*state, "");
}

static void an_empty_spec_file_sets_nothing(void **state)
{
    assert_ok(load_text(*state, ""));
    assert_ok(load_text(*state, "# nothing yet\n"));
    assert_string_equal(lode_params_text(*state, "k"), "3");
}

static void faults_of_a_spec_file_have_line_and_column(void **state)
{
    static const struct {
        const char *text;
        lode_status status;
        const char *words;
    } cases[] = {
        {"k: 7\nkk: 8\n", LODE_E_USAGE, "SPEC:2:1: unknown parameter 'kk', did you mean 'k'?"},
        {"k: 7\nk: 8\n", LODE_E_INPUT, "SPEC:2:1: this parameter was given above already"},
        {"k: &a 7\n", LODE_E_INPUT, "SPEC:1:4: anchors (&name) are not allowed here"},
        {"k: 7\neps: *a\n", LODE_E_INPUT, "SPEC:2:6: aliases (*name) are not allowed here"},
        {"kpis: &a [x]\n", LODE_E_INPUT, "SPEC:1:7: anchors (&name) are not allowed here"},
        {"&a k: 1\n", LODE_E_INPUT, "SPEC:1:1: anchors (&name) are not allowed here"},
        {"kpis: [a, [b]]\n", LODE_E_INPUT, "SPEC:1:11: an item of a list must be a single value"},
        {"kpis: {a: b}\n", LODE_E_USAGE,
         "SPEC:1:11: parameter kpis takes one value, not lines of `name: text`"},
        {"kpis: {a: {b: c}}\n", LODE_E_INPUT,
         "SPEC:1:11: a line of a group must have a single value"},
        {"[k, eps]: 3\n", LODE_E_INPUT, "SPEC:1:1: the name of a parameter must be a single word"},
        {"- k\n", LODE_E_INPUT, "SPEC:1:1: expected lines of the form `name: value`"},
        {"k\n", LODE_E_INPUT, "SPEC:1:1: expected lines of the form `name: value`"},
        {"k: 7\n---\nk: 8\n", LODE_E_INPUT, "SPEC:2:1: a second document is not allowed here"},
        {"k: \"a\\0b\"\n", LODE_E_INPUT, "SPEC:1:4: a NUL byte is not allowed here"},
        {"k: [1\n", LODE_E_INPUT, "SPEC:2:1: did not find expected ',' or ']'"},
        {"k: \xff\n", LODE_E_INPUT, "SPEC: byte 3: invalid leading UTF-8 octet"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(cases[i].status, load_text(*state, cases[i].text));
        assert_string_equal(lode_error_text(), cases[i].words);
        assert_string_equal(lode_params_text(*state, "k"), "3"); /* all or nothing */
    }
}

static void a_spec_file_must_be_there_and_small(void **state)
{
    assert_status(LODE_E_INPUT, lode_params_load(*state, "no/such/spec.yaml"));
    assert_non_null(strstr(lode_error_text(), "no/such/spec.yaml: No such file"));
    assert_status(LODE_E_INPUT, lode_params_load(*state, "/"));

    const size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '#', size);
    assert_ok(load(*state, text, size - 1));
    assert_status(LODE_E_INPUT, load(*state, text, size));
    free(text);
}

/* A file of brackets must end at the second one, not after a stack of a million. */
static void deep_nesting_is_refused_at_once(void **state)
{
    static char text[500000] = "k: ";
    memset(text + 3, '[', sizeof text - 3);
    assert_status(LODE_E_INPUT, load(*state, text, sizeof text));
    assert_string_equal(lode_error_text(), "SPEC:1:5: an item of a list must be a single value");
}

int main(void)
{
#define with_params(test) cmocka_unit_test_setup_teardown(test, create, destroy)
    const struct CMUnitTest tests[] = {
        with_params(parameters_begin_at_their_defaults),
        with_params(a_setting_replaces_the_default),
        with_params(asking_for_what_is_not_in_the_table_is_a_bug_of_the_job),
        with_params(an_unknown_name_is_refused_with_the_nearest_one),
        with_params(a_setting_without_name_or_value_is_refused),
        with_params(whole_numbers_keep_to_their_range),
        with_params(numbers_keep_to_their_range),
        with_params(durations_and_switches_are_typed),
        with_params(ranges_have_two_ends_or_one),
        with_params(lists_are_cut_at_commas),
        with_params(a_list_with_an_empty_item_is_refused),
        with_params(all_parameters_can_be_walked_in_table_order),
        with_params(a_spec_file_sets_scalars_and_lists),
        with_params(an_empty_spec_file_sets_nothing),
        with_params(faults_of_a_spec_file_have_line_and_column),
        with_params(a_spec_file_must_be_there_and_small),
        with_params(deep_nesting_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
