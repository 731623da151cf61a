/* Which column of a file of counters is what. */
#include "tests/unit.h"

#include "common/memory.h"
#include "jobs/stage/counters/mapping.h"

#include <string.h>

struct fixture {
    struct lode_arena *arena;
    struct stage_counters_options options;
    struct counters_file file;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    stage_counters_defaults(&f.options);
    f.file.path = "/data/machine-1.csv.gz";
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return 0;
}

#define MAP(f, ...) map(f, (const char *const[]){__VA_ARGS__, NULL})
static lode_status map(struct fixture *f, const char *const *columns)
{
    f->file.columns = columns;
    for (f->file.n_columns = 0; columns[f->file.n_columns];) f->file.n_columns++;
    return counters_map_file(&f->options, f->arena, &f->file);
}

static void expect_text(const char *words)
{
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void a_file_is_a_component_and_its_columns_are_counters(void **state)
{
    struct fixture *f = *state;
    assert_ok(MAP(f, "cpu", "timestamp_s", "mem"));
    assert_string_equal(f->file.name, "machine-1.csv.gz");
    assert_string_equal(f->file.component_name, "machine-1");
    assert_int_equal(f->file.time, 1);
    assert_true(f->file.time_in_seconds);
    assert_true(counters_is_value(&f->file, 0) && counters_is_value(&f->file, 2));
    assert_false(counters_is_value(&f->file, 1));
}

static void endings_of_files_are_no_part_of_the_component(void **state)
{
    struct fixture *f = *state;
    static const char *const names[][2] = {
        {"/x/a.csv", "a"},      {"b.jsonl.zst", "b"},
        {"/c.d.csv.gz", "c.d"}, {"/x/csv.csv.csv", "csv.csv"},
        {"/x/.csv", ".csv"},    {"/x/plain", "plain"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        f->file.path = names[i][0];
        assert_ok(MAP(f, "time", "cpu"));
        assert_string_equal(f->file.component_name, names[i][1]);
    }
}

static void a_component_column_is_no_counter(void **state)
{
    struct fixture *f = *state;
    f->options.component = "pod,host";
    assert_ok(MAP(f, "time", "host", "cpu"));
    assert_int_equal(f->file.component, 1);
    assert_string_equal(f->file.component_name, "");
    assert_false(counters_is_value(&f->file, 1));
    assert_true(counters_is_value(&f->file, 2));
}

static void long_rows_have_no_counters_as_columns(void **state)
{
    struct fixture *f = *state;
    const char *unstaged[8];
    int64_t n = 0;
    f->options.counter = "metric";
    f->options.value = "v";
    assert_ok(MAP(f, "ts", "metric", "v", "note"));
    assert_true(counters_is_long(&f->file));
    for (int c = 0; c < 4; c++) assert_false(counters_is_value(&f->file, c));
    counters_list_unstaged(&f->file, unstaged, &n);
    counters_list_unstaged(&f->file, unstaged, &n);
    assert_int_equal(n, 1);
    assert_string_equal(unstaged[0], "note");
}

static void what_is_missing_is_told(void **state)
{
    struct fixture *f = *state;
    assert_status(LODE_E_INPUT, MAP(f, "when", "cpu"));
    expect_text("no time column");
    expect_text("(when, cpu)");
    f->options.time = "whem";
    assert_status(LODE_E_INPUT, MAP(f, "when", "cpu"));
    expect_text("did you mean 'when'; --time names it");
    f->options.time = "when";
    assert_status(LODE_E_INPUT, MAP(f, "when"));
    expect_text("no counter");
    f->options.component = "when";
    assert_status(LODE_E_INPUT, MAP(f, "when", "cpu"));
    expect_text("cannot be two things at once");
    f->options.value = "cpu";
    assert_status(LODE_E_USAGE, MAP(f, "when", "cpu"));
    expect_text("name both");
}

static void a_file_name_that_is_no_text_names_no_component(void **state)
{
    struct fixture *f = *state;
    f->file.path = "/x/\xff.csv";
    assert_status(LODE_E_INPUT, MAP(f, "time", "cpu"));
    expect_text("--component names a column");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_a_component_and_its_columns_are_counters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(endings_of_files_are_no_part_of_the_component, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_component_column_is_no_counter, setup, teardown),
        cmocka_unit_test_setup_teardown(long_rows_have_no_counters_as_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_name_that_is_no_text_names_no_component, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
