/* Table: what `lode export` prints. */
#include "tests/unit.h"

#include "common/store/table.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *const words[] = {"plain", "a|b", "c\\d", "with, comma", "say \"hi\""};
static const int64_t signed_numbers[] = {0, INT64_MIN, INT64_MAX};
static const uint32_t numbers[] = {0, 7, UINT32_MAX};
static const uint8_t flags[] = {0, 1, 255};
static const uint32_t word_codes[] = {0, UINT32_MAX, 3};
static const uint32_t token_codes[] = {0,          1,          2,          4, UINT32_MAX,
                                       UINT32_MAX, UINT32_MAX, UINT32_MAX, 0};

/* Prints into memory; the caller's to free. */
static char *print(const struct lode_table *table, enum lode_table_format format)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_ok(lode_table_print(table, format, out));
    fclose(out);
    return text;
}

static struct lode_table table_of(struct lode_column *columns, int n_columns)
{
    return (struct lode_table){
        .name = "t", .title = "T", .n_rows = 3, .n_columns = n_columns, .columns = columns};
}

static void csv_has_a_header_and_quotes_where_needed(void **state)
{
    const double ratios[] = {0.1, (double)NAN, (double)INFINITY};
    struct lode_column columns[] = {
        {.name = "i", .type = LODE_COLUMN_I64, .data = signed_numbers},
        {.name = "u", .type = LODE_COLUMN_U32, .data = numbers},
        {.name = "f,g", .type = LODE_COLUMN_U8, .data = flags},
        {.name = "r", .type = LODE_COLUMN_F64, .data = ratios},
        {.name = "w", .type = LODE_COLUMN_WORD, .data = word_codes, .words = words, .n_words = 5},
    };
    const struct lode_table table = table_of(columns, 5);
    (void)state;
    char *text = print(&table, LODE_TABLE_CSV);
    assert_string_equal(text, "i,u,\"f,g\",r,w\n"
                              "0,0,0,0.1,plain\n"
                              "-9223372036854775808,7,1,,\n"
                              "9223372036854775807,4294967295,255,inf,\"with, comma\"\n");
    free(text);
}

/* A joined pattern is cut again at each '|' without a '\' before it. */
static void tokens_are_joined_so_that_they_can_be_cut_again(void **state)
{
    struct lode_column columns[] = {{.name = "pattern",
                                     .type = LODE_COLUMN_TOKENS,
                                     .data = token_codes,
                                     .width = 3,
                                     .words = words,
                                     .n_words = 5}};
    const struct lode_table table = table_of(columns, 1);
    (void)state;
    char *text = print(&table, LODE_TABLE_CSV);
    assert_string_equal(text, "pattern\n"
                              "plain|a\\|b|c\\\\d\n"
                              "\"say \"\"hi\"\"\"\n"
                              "\n");
    free(text);
    struct lode_bytes cell = {0};
    assert_ok(lode_table_cell(columns, 0, &cell));
    assert_int_equal(cell.size, 15);
    assert_memory_equal(cell.data, "plain|a\\|b|c\\\\d", 15);
    lode_bytes_clear(&cell);
}

/* Rows 0 and 2 have value 1, row 1 has value 0. */
static void a_coded_column_prints_the_value_of_each_rows_code(void **state)
{
    static const uint32_t codes[] = {1, 0, 1};
    static const double ratios[] = {0.5, 2};
    static const uint32_t pairs[] = {3, UINT32_MAX, 0, 4};
    struct lode_column columns[] = {
        {.name = "i", .type = LODE_COLUMN_I64, .data = signed_numbers},
        {.name = "u", .type = LODE_COLUMN_U32, .data = numbers},
        {.name = "b", .type = LODE_COLUMN_U8, .data = flags},
        {.name = "r", .type = LODE_COLUMN_F64, .data = ratios},
        {.name = "w", .type = LODE_COLUMN_WORD, .data = word_codes, .words = words, .n_words = 5},
        {.name = "p", .type = LODE_COLUMN_TOKENS, .data = pairs, .width = 2, .words = words},
    };
    const struct lode_table table = table_of(columns, 6);
    (void)state;
    for (int i = 0; i < 6; i++) columns[i].codes = codes;
    for (int i = 0; i < 6; i++) columns[i].n_data = 2;
    char *csv = print(&table, LODE_TABLE_CSV), *json = print(&table, LODE_TABLE_JSONL);
    assert_string_equal(csv, "i,u,b,r,w,p\n"
                             "-9223372036854775808,7,1,2,,\"plain|say \"\"hi\"\"\"\n"
                             "0,0,0,0.5,plain,\"with, comma\"\n"
                             "-9223372036854775808,7,1,2,,\"plain|say \"\"hi\"\"\"\n");
    assert_memory_equal(json,
                        "{\"i\":-9223372036854775808,\"u\":7,\"b\":1,\"r\":2,\"w\":\"\","
                        "\"p\":[\"plain\",\"say \\\"hi\\\"\"]}\n{\"i\":0,",
                        80);
    free(csv);
    free(json);
}

static void json_lines_keep_types(void **state)
{
    const double ratios[] = {0.5, (double)NAN, (double)-INFINITY};
    struct lode_column columns[] = {
        {.name = "u", .type = LODE_COLUMN_U32, .data = numbers},
        {.name = "r", .type = LODE_COLUMN_F64, .data = ratios},
        {.name = "w", .type = LODE_COLUMN_WORD, .data = word_codes, .words = words, .n_words = 5},
        {.name = "p", .type = LODE_COLUMN_TOKENS, .data = token_codes, .width = 3, .words = words},
    };
    const struct lode_table table = table_of(columns, 4);
    (void)state;
    char *text = print(&table, LODE_TABLE_JSONL);
    assert_string_equal(text,
                        "{\"u\":0,\"r\":0.5,\"w\":\"plain\",\"p\":[\"plain\",\"a|b\",\"c\\\\d\"]}\n"
                        "{\"u\":7,\"r\":null,\"w\":\"\",\"p\":[\"say \\\"hi\\\"\"]}\n"
                        "{\"u\":4294967295,\"r\":\"-inf\",\"w\":\"with, comma\",\"p\":[]}\n");
    free(text);
}

/* The table of texts of doubles seen lately must tell doubles apart whatever slot they share. */
static void every_double_of_a_long_table_reads_back(void **state)
{
    enum { COUNT = 50000 };
    static double values[COUNT];
    for (int i = 0; i < COUNT; i++) values[i] = (double)(i % 20000 + 1) / 7;
    struct lode_column column = {.name = "r", .type = LODE_COLUMN_F64, .data = values};
    struct lode_table table = table_of(&column, 1);
    (void)state;
    table.n_rows = COUNT;
    char *text = print(&table, LODE_TABLE_CSV), *at = text + 2;
    for (int i = 0; i < COUNT; i++) {
        assert_true(strtod(at, &at) == values[i]);
        assert_int_equal(*at++, '\n');
    }
    assert_int_equal(*at, '\0');
    free(text);
}

static void a_table_without_rows_prints_its_header_alone(void **state)
{
    struct lode_column column = {.name = "u", .type = LODE_COLUMN_U32};
    struct lode_table table = table_of(&column, 1);
    (void)state;
    table.n_rows = 0;
    char *csv = print(&table, LODE_TABLE_CSV), *json = print(&table, LODE_TABLE_JSONL);
    assert_string_equal(csv, "u\n");
    assert_string_equal(json, "");
    free(csv);
    free(json);
}

static void a_full_disk_is_an_error(void **state)
{
    struct lode_column column = {.name = "u", .type = LODE_COLUMN_U32, .data = numbers};
    const struct lode_table table = table_of(&column, 1);
    FILE *full = fopen("/dev/full", "w");
    (void)state;
    assert_non_null(full);
    assert_status(LODE_E_DISK, lode_table_print(&table, LODE_TABLE_CSV, full));
    assert_non_null(strstr(lode_error_text(), "No space left on device"));
    fclose(full);
}

static void a_reader_that_went_away_is_none(void **state)
{
    struct lode_column column = {.name = "u", .type = LODE_COLUMN_U32, .data = numbers};
    const struct lode_table table = table_of(&column, 1);
    int ends[2];
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    FILE *out = fdopen(ends[1], "w");
    assert_non_null(out);
    assert_ok(lode_table_print(&table, LODE_TABLE_CSV, out));
    fclose(out);
}

static void columns_are_found_by_name(void **state)
{
    struct lode_column columns[] = {{.name = "a"}, {.name = "b"}};
    const struct lode_table table = table_of(columns, 2);
    (void)state;
    assert_ptr_equal(lode_table_column(&table, "b"), &columns[1]);
    assert_null(lode_table_column(&table, "c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_has_a_header_and_quotes_where_needed),
        cmocka_unit_test(tokens_are_joined_so_that_they_can_be_cut_again),
        cmocka_unit_test(a_coded_column_prints_the_value_of_each_rows_code),
        cmocka_unit_test(json_lines_keep_types),
        cmocka_unit_test(every_double_of_a_long_table_reads_back),
        cmocka_unit_test(a_table_without_rows_prints_its_header_alone),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(a_reader_that_went_away_is_none),
        cmocka_unit_test(columns_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
