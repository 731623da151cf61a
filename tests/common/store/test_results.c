/* Results: a table comes back from results.h5 as it was put. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/store/hdf.h"
#include "common/store/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char directory[64], path[96];
    struct lode_arena *arena;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    snprintf(f->directory, sizeof f->directory, "%s", "/tmp/lode-results-XXXXXX");
    if (mkdtemp(f->directory) == NULL || lode_arena_create(0, &f->arena) != LODE_OK) return -1;
    snprintf(f->path, sizeof f->path, "%s/results.h5", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    const lode_status status = lode_directory_remove(f->directory);
    lode_arena_destroy(f->arena);
    free(f);
    return (int)status;
}

static char *const events[] = {"open", "click", "close"};
static char *const cohorts[] = {"", "country=DE"};
static const uint32_t patterns[] = {0, 1, 2, UINT32_MAX, 1, 1};
static const uint32_t cohort_codes[] = {1, UINT32_MAX, 0};
static const uint32_t last_events[] = {2, 1, UINT32_MAX};
static const int64_t sessions[] = {10, 20, INT64_MIN};
static const uint32_t users[] = {1, 2, UINT32_MAX};
static const uint8_t expert[] = {0, 1, 255};

/* Columns whose order is not that of their names; two share their words. */
static void put_patterns(struct lode_results *results, const double *ratios)
{
    struct lode_column columns[] = {
        {.name = "pattern",
         .type = LODE_COLUMN_TOKENS,
         .data = patterns,
         .width = 2,
         .words = events,
         .n_words = 3,
         .title = "consecutive events"},
        {.name = "cohort",
         .type = LODE_COLUMN_WORD,
         .data = cohort_codes,
         .words = cohorts,
         .n_words = 2},
        {.name = "last",
         .type = LODE_COLUMN_WORD,
         .data = last_events,
         .words = events,
         .n_words = 3},
        {.name = "sessions", .type = LODE_COLUMN_I64, .data = sessions, .units = "sessions"},
        {.name = "users", .type = LODE_COLUMN_U32, .data = users},
        {.name = "expert", .type = LODE_COLUMN_U8, .data = expert},
        {.name = "a_ratio", .type = LODE_COLUMN_F64, .data = ratios},
    };
    const struct lode_table table = {.name = "patterns",
                                     .title = "event patterns",
                                     .n_rows = 3,
                                     .n_columns = 7,
                                     .columns = columns};
    assert_ok(lode_results_put(results, &table));
}

static void write_results(const struct fixture *f)
{
    const double ratios[] = {0.5, (double)NAN, (double)INFINITY};
    struct lode_results *results;
    struct lode_column none = {.name = "k", .type = LODE_COLUMN_I64};
    const struct lode_table empty = {.name = "summary", .n_columns = 1, .columns = &none};
    assert_ok(lode_results_create(f->path, &results));
    put_patterns(results, ratios);
    assert_ok(lode_results_put(results, &empty));
    assert_ok(lode_results_commit(results));
}

static void a_table_comes_back_as_it_was_put(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    write_results(f);
    assert_ok(lode_results_read(f->path, "patterns", f->arena, &t));
    assert_string_equal(t.name, "patterns");
    assert_string_equal(t.title, "event patterns");
    assert_int_equal(t.n_rows, 3);
    assert_int_equal(t.n_columns, 7);
    assert_string_equal(t.columns[0].name, "pattern");
    assert_int_equal(t.columns[0].type, LODE_COLUMN_TOKENS);
    assert_int_equal(t.columns[0].width, 2);
    assert_string_equal(t.columns[0].title, "consecutive events");
    assert_memory_equal(t.columns[0].data, patterns, sizeof patterns);
    assert_int_equal(t.columns[0].n_words, 3);
    assert_string_equal(t.columns[0].words[2], "close");
    assert_memory_equal(t.columns[1].data, cohort_codes, sizeof cohort_codes);
    assert_string_equal(t.columns[1].words[0], "");
    assert_memory_equal(t.columns[2].data, last_events, sizeof last_events);
    assert_ptr_equal(t.columns[2].words, t.columns[0].words);
    assert_memory_equal(t.columns[3].data, sessions, sizeof sessions);
    assert_string_equal(t.columns[3].units, "sessions");
    assert_null(t.columns[4].units);
    assert_memory_equal(t.columns[4].data, users, sizeof users);
    assert_memory_equal(t.columns[5].data, expert, sizeof expert);
    const double *ratios = t.columns[6].data;
    assert_true(ratios[0] == 0.5 && isnan(ratios[1]) && isinf(ratios[2]));
}

static void the_first_rows_of_a_table_are_read_alone(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    int64_t n_rows = 0;
    write_results(f);
    assert_ok(lode_results_read_first(f->path, "patterns", 2, f->arena, &t, &n_rows));
    assert_int_equal(t.n_rows, 2);
    assert_int_equal(n_rows, 3);
    assert_memory_equal(t.columns[0].data, patterns, 4 * sizeof *patterns);
    assert_memory_equal(t.columns[3].data, sessions, 2 * sizeof *sessions);
    assert_ok(lode_results_read_first(f->path, "patterns", 0, f->arena, &t, &n_rows));
    assert_int_equal(t.n_rows, 0);
    assert_ok(lode_results_read_first(f->path, "summary", 5, f->arena, &t, &n_rows));
    assert_int_equal(n_rows, 0);
}

static void an_empty_table_comes_back(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    write_results(f);
    assert_ok(lode_results_read(f->path, "summary", f->arena, &t));
    assert_int_equal(t.n_rows, 0);
    assert_int_equal(t.n_columns, 1);
    assert_string_equal(t.title, "");
}

static void codes_are_a_byte_each_and_a_shared_word_list_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    struct lode_hdf_column column;
    char **lists;
    int64_t count;
    write_results(f);
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_describe(file, "patterns/pattern", f->arena, &column));
    assert_int_equal(column.type, LODE_HDF_U8);
    assert_ok(lode_hdf_list(file, "patterns/words", f->arena, &lists, &count));
    assert_int_equal(count, 2);
    assert_string_equal(lists[0], "cohort");
    assert_string_equal(lists[1], "pattern");
    lode_hdf_close(file);
}

static void tables_are_listed_sorted(void **state)
{
    struct fixture *f = *state;
    char **names;
    int64_t count;
    write_results(f);
    assert_ok(lode_results_list(f->path, f->arena, &names, &count));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "patterns");
    assert_string_equal(names[1], "summary");
}

static void an_unknown_table_names_the_nearest(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    write_results(f);
    assert_status(LODE_E_USAGE, lode_results_read(f->path, "patern", f->arena, &t));
    assert_non_null(strstr(lode_error_text(), "did you mean 'patterns'?"));
    assert_status(LODE_E_USAGE, lode_results_read(f->path, "xyzzy", f->arena, &t));
    assert_non_null(strstr(lode_error_text(), "there are: patterns, summary"));
    assert_status(LODE_E_USAGE, lode_results_read(f->path, "patterns/words", f->arena, &t));
}

static void discarded_results_leave_no_file(void **state)
{
    struct fixture *f = *state;
    struct lode_results *results;
    assert_ok(lode_results_create(f->path, &results));
    lode_results_discard(results);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(rmdir(f->directory), 0); /* nothing aside either */
    lode_results_discard(NULL);
}

static void a_code_without_a_word_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_results *results;
    struct lode_column column = {
        .name = "w", .type = LODE_COLUMN_WORD, .data = last_events, .words = events, .n_words = 2};
    const struct lode_table table = {.name = "t", .n_rows = 3, .n_columns = 1, .columns = &column};
    assert_ok(lode_results_create(f->path, &results));
    assert_status(LODE_E_BUG, lode_results_put(results, &table));
    lode_results_discard(results);
}

/* The same faults in a file that somebody else wrote. */
static void a_table_that_does_not_add_up_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    struct lode_table t;
    const int64_t numbers[2] = {1, 2};
    const struct lode_hdf_column column = {
        .name = "t/n", .type = LODE_HDF_I64, .rows = 2, .data = numbers};
    assert_ok(lode_hdf_create(f->path, "1", &file));
    assert_ok(lode_hdf_put_text(file, "t", "title", ""));
    assert_ok(lode_hdf_put_i64(file, "t", "n_rows", 3));
    assert_ok(lode_hdf_put_i64(file, "t", "n_columns", 1));
    assert_ok(lode_hdf_put(file, &column));
    assert_ok(lode_hdf_put_text(file, "t/n", "type", "i64"));
    assert_ok(lode_hdf_put_i64(file, "t/n", "position", 0));
    assert_ok(lode_hdf_commit(file));
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    assert_non_null(strstr(lode_error_text(), "2 rows of 3"));
}

/* Four rows, three columns of two values each, and one that is not coded. */
static const uint32_t outcomes[] = {1, 0, 0, 1};

static void put_coded(const struct fixture *f, const uint32_t *codes, const uint32_t *others)
{
    static const int64_t counts[] = {7, 9};
    static const double rates[] = {0.25, 0.75};
    static const uint32_t kpis[] = {UINT32_MAX, 2};
    struct lode_results *results;
    struct lode_column columns[] = {
        {.name = "count", .type = LODE_COLUMN_I64, .data = counts, .codes = codes, .n_data = 2},
        {.name = "user", .type = LODE_COLUMN_U32, .data = outcomes},
        {.name = "a_rate", .type = LODE_COLUMN_F64, .data = rates, .codes = codes, .n_data = 2},
        {.name = "kpi",
         .type = LODE_COLUMN_WORD,
         .data = kpis,
         .words = events,
         .n_words = 3,
         .codes = others,
         .n_data = 2},
    };
    const struct lode_table table = {.name = "t", .n_rows = 4, .n_columns = 4, .columns = columns};
    assert_ok(lode_results_create(f->path, &results));
    assert_ok(lode_results_put(results, &table));
    assert_ok(lode_results_commit(results));
}

static void coded_columns_come_back_coded(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    struct lode_bytes cells = {0};
    put_coded(f, outcomes, outcomes);
    assert_ok(lode_results_read(f->path, "t", f->arena, &t));
    assert_int_equal(t.n_rows, 4);
    assert_memory_equal(t.columns[0].codes, outcomes, sizeof outcomes);
    assert_null(t.columns[1].codes);
    assert_ptr_equal(t.columns[2].codes, t.columns[0].codes);
    assert_ptr_equal(t.columns[3].codes, t.columns[0].codes);
    assert_int_equal(t.columns[2].n_data, 2);
    for (int64_t row = 0; row < 3; row++)
        for (int c = 0; c < 4; c++) assert_ok(lode_table_cell(&t.columns[c], row, &cells));
    assert_int_equal(cells.size, strlen("910.75close700.25700.25"));
    assert_memory_equal(cells.data, "910.75close700.25700.25", cells.size);
    lode_bytes_clear(&cells);
}

static void the_first_rows_of_a_coded_table_have_all_of_its_values(void **state)
{
    struct fixture *f = *state;
    struct lode_table t;
    int64_t n_rows = 0;
    put_coded(f, outcomes, outcomes);
    assert_ok(lode_results_read_first(f->path, "t", 1, f->arena, &t, &n_rows));
    assert_int_equal(t.n_rows, 1);
    assert_int_equal(n_rows, 4);
    assert_int_equal(t.columns[0].n_data, 2);
    assert_memory_equal(t.columns[0].codes, outcomes, sizeof *outcomes);
}

static void shared_codes_are_stored_once_and_others_apart(void **state)
{
    static const uint32_t equal[] = {1, 0, 0, 1}; /* told apart by address, not by content */
    struct fixture *f = *state;
    struct lode_hdf *file;
    struct lode_hdf_column column;
    char **lists;
    int64_t count;
    put_coded(f, outcomes, equal);
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_list(file, "t/codes", f->arena, &lists, &count));
    assert_int_equal(count, 2);
    assert_string_equal(lists[0], "count");
    assert_string_equal(lists[1], "kpi");
    assert_ok(lode_hdf_describe(file, "t/codes/count", f->arena, &column));
    assert_int_equal(column.type, LODE_HDF_U8);
    assert_int_equal(column.rows, 4);
    assert_ok(lode_hdf_describe(file, "t/a_rate", f->arena, &column));
    assert_int_equal(column.rows, 2);
    lode_hdf_close(file);
}

/* The narrowest type must tell 255 values, and 256, apart. */
static void codes_of_256_values_come_back(void **state)
{
    enum { N = 256 };
    struct fixture *f = *state;
    struct lode_results *results;
    struct lode_table t;
    uint32_t codes[N];
    int64_t values[N];
    for (int n = N - 1; n <= N; n++) {
        struct lode_column column = {
            .name = "v", .type = LODE_COLUMN_I64, .data = values, .codes = codes, .n_data = n};
        const struct lode_table table = {
            .name = "t", .n_rows = n, .n_columns = 1, .columns = &column};
        for (int i = 0; i < n; i++) codes[i] = (uint32_t)(n - 1 - i);
        for (int i = 0; i < n; i++) values[i] = 3 * (int64_t)i;
        assert_ok(lode_results_create(f->path, &results));
        assert_ok(lode_results_put(results, &table));
        assert_ok(lode_results_commit(results));
        assert_ok(lode_results_read(f->path, "t", f->arena, &t));
        assert_memory_equal(t.columns[0].codes, codes, (size_t)n * sizeof *codes);
        assert_memory_equal(t.columns[0].data, values, (size_t)n * sizeof *values);
    }
}

static void a_code_without_a_value_is_refused(void **state)
{
    static const int64_t values[] = {7, 9, 11};
    struct fixture *f = *state;
    struct lode_results *results;
    struct lode_column columns[] = {
        {.name = "a", .type = LODE_COLUMN_I64, .data = values, .codes = outcomes, .n_data = 1},
        {.name = "b", .type = LODE_COLUMN_I64, .data = values, .codes = outcomes, .n_data = 2},
    };
    struct lode_table table = {.name = "t", .n_rows = 4, .n_columns = 1, .columns = columns};
    assert_ok(lode_results_create(f->path, &results));
    assert_status(LODE_E_BUG, lode_results_put(results, &table));
    assert_non_null(strstr(lode_error_text(), "code 1, there are 1 values"));
    lode_results_discard(results);
    columns[0].n_data = 3;
    table.n_columns = 2;
    assert_ok(lode_results_create(f->path, &results));
    assert_status(LODE_E_BUG, lode_results_put(results, &table));
    assert_non_null(strstr(lode_error_text(), "share codes"));
    lode_results_discard(results);
}

/* A table of somebody else: `rows` codes from `codes`, two values. */
static void put_foreign_codes(const struct fixture *f, const uint32_t *codes, int64_t rows,
                              int64_t columns, const char *path)
{
    static const int64_t values[] = {7, 9};
    struct lode_hdf *file;
    const struct lode_hdf_column column = {
        .name = "t/n", .type = LODE_HDF_I64, .rows = 2, .data = values};
    const struct lode_hdf_column code_column = {
        .name = "t/codes/n", .type = LODE_HDF_U8, .rows = rows, .columns = columns, .data = codes};
    assert_ok(lode_hdf_create(f->path, "1", &file));
    assert_ok(lode_hdf_put_text(file, "t", "title", ""));
    assert_ok(lode_hdf_put_i64(file, "t", "n_rows", 4));
    assert_ok(lode_hdf_put_i64(file, "t", "n_columns", 1));
    assert_ok(lode_hdf_put(file, &column));
    assert_ok(lode_hdf_put_codes(file, &code_column));
    assert_ok(lode_hdf_put_text(file, "t/n", "type", "i64"));
    assert_ok(lode_hdf_put_text(file, "t/n", "codes", path));
    assert_ok(lode_hdf_put_i64(file, "t/n", "position", 0));
    assert_ok(lode_hdf_commit(file));
}

static void foreign_codes_that_do_not_add_up_are_refused(void **state)
{
    static const uint32_t too_large[] = {1, 0, 2, 1}, none[] = {1, 0, UINT32_MAX, 1};
    static const uint32_t two_a_row[8] = {0};
    struct fixture *f = *state;
    struct lode_table t;
    put_foreign_codes(f, outcomes, 4, 1, "t/codes/n");
    assert_ok(lode_results_read(f->path, "t", f->arena, &t));
    put_foreign_codes(f, too_large, 4, 1, "t/codes/n");
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    assert_non_null(strstr(lode_error_text(), "holds code 2, there are 2 values of 'n'"));
    put_foreign_codes(f, none, 4, 1, "t/codes/n");
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    put_foreign_codes(f, outcomes, 3, 1, "t/codes/n");
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    assert_non_null(strstr(lode_error_text(), "3 rows of 4"));
    put_foreign_codes(f, two_a_row, 4, 2, "t/codes/n");
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    put_foreign_codes(f, outcomes, 4, 1, "t/codes/m");
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
    put_foreign_codes(f, outcomes, 4, 1, "t/n"); /* values are no codes */
    assert_status(LODE_E_INPUT, lode_results_read(f->path, "t", f->arena, &t));
}

/* Row i is (i % 3, (i / 3) % 3): 700,000 rows are written in several pieces. */
static void two_digits(const void *data, int64_t first, int64_t count, uint32_t *tokens)
{
    const uint32_t base = *(const uint32_t *)data;
    for (int64_t i = first; i < first + count; i++) {
        *tokens++ = (uint32_t)i % base;
        *tokens++ = (uint32_t)i / base % base;
    }
}

static void made_tokens_come_back_as_if_they_had_been_held(void **state)
{
    enum { N = 700000 };
    const uint32_t base = 3, too_large = 4;
    struct fixture *f = *state;
    struct lode_results *results;
    struct lode_table t;
    struct lode_column column = {.name = "p",
                                 .type = LODE_COLUMN_TOKENS,
                                 .data = &base,
                                 .make = two_digits,
                                 .width = 2,
                                 .words = events,
                                 .n_words = 3};
    const struct lode_table table = {.name = "t", .n_rows = N, .n_columns = 1, .columns = &column};
    assert_ok(lode_results_create(f->path, &results));
    assert_ok(lode_results_put(results, &table));
    assert_ok(lode_results_commit(results));
    assert_ok(lode_results_read(f->path, "t", f->arena, &t));
    const uint32_t *tokens = t.columns[0].data;
    for (size_t i = 0; i < N; i++)
        assert_true(tokens[2 * i] == i % 3 && tokens[2 * i + 1] == i / 3 % 3);
    column.data = &too_large;
    assert_ok(lode_results_create(f->path, &results));
    assert_status(LODE_E_BUG, lode_results_put(results, &table));
    assert_non_null(strstr(lode_error_text(), "holds code 3, there are 3 words"));
    lode_results_discard(results);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* The folder is gone already. */
static int tear_down_arena(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_comes_back_as_it_was_put),
        TEST(the_first_rows_of_a_table_are_read_alone),
        TEST(an_empty_table_comes_back),
        TEST(codes_are_a_byte_each_and_a_shared_word_list_is_stored_once),
        TEST(tables_are_listed_sorted),
        TEST(an_unknown_table_names_the_nearest),
        cmocka_unit_test_setup_teardown(discarded_results_leave_no_file, set_up, tear_down_arena),
        TEST(a_code_without_a_word_is_refused),
        TEST(a_table_that_does_not_add_up_is_refused),
        TEST(coded_columns_come_back_coded),
        TEST(the_first_rows_of_a_coded_table_have_all_of_its_values),
        TEST(shared_codes_are_stored_once_and_others_apart),
        TEST(codes_of_256_values_come_back),
        TEST(a_code_without_a_value_is_refused),
        TEST(foreign_codes_that_do_not_add_up_are_refused),
        TEST(made_tokens_come_back_as_if_they_had_been_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
