/* Cells: columns as JSON, in the forms that data.js reads. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "coordinator/page/cells.h"

struct fixture {
    struct lode_arena *arena;
    struct lode_bytes out;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    *state = &f;
    return lode_arena_create(0, &f.arena) ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_bytes_clear(&f->out);
    lode_arena_destroy(f->arena);
    return 0;
}

static const int64_t first_rows[] = {0, 1, 2, 3, 4, 5, 6, 7};

/* The first n rows of the column are `expected`, after name, title, units and kind. */
static void check(struct fixture *f, const struct lode_column *column, int64_t n,
                  const char *expected)
{
    const struct page_rows rows = {n, first_rows};
    f->out.size = 0;
    assert_ok(page_column_append(&f->out, column, &rows, f->arena));
    assert_ok(lode_bytes_append(&f->out, "", 1));
    const char *values = strstr((const char *)f->out.data, "\"kind\":");
    assert_non_null(values);
    assert_string_equal(values, expected);
}

static void doubles_have_six_digits_and_whole_ones_all(void **state)
{
    const double data[] = {0.1234567891,    (double)NAN,      -2.0,
                           1422960000000.0, (double)INFINITY, 1e300};
    const struct lode_column column =
        lode_column_numbers("x", LODE_COLUMN_F64, data, NULL, "x of it");
    check(*state, &column, 6,
          "\"kind\":\"number\",\"values\":[0.123457,null,-2,1422960000000,\"inf\",1e+300]}");
}

static void regular_integers_are_steps_others_values(void **state)
{
    const int64_t times[] = {1000, 1060, 1120, 1180, 1240, 1300, 1360, 1420};
    const int64_t counts[] = {7, 3, 9, 1, 8, 2, 0, 5};
    struct lode_column column = lode_column_numbers("t", LODE_COLUMN_I64, times, "ms", "when");
    check(*state, &column, 8, "\"kind\":\"number\",\"steps\":[1000,1,60,7]}");
    column.data = counts;
    check(*state, &column, 8, "\"kind\":\"number\",\"values\":[7,3,9,1,8,2,0,5]}");
    check(*state, &column, 0, "\"kind\":\"number\",\"values\":[]}");
}

static void integers_that_a_browser_would_round_are_texts(void **state)
{
    const int64_t data[] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MIN, 9007199254740992};
    const struct lode_column column =
        lode_column_numbers("n", LODE_COLUMN_I64, data, NULL, "large");
    check(*state, &column, 5,
          "\"kind\":\"number\",\"values\":[\"9223372036854775807\",\"9223372036854775807\","
          "\"9223372036854775807\",\"-9223372036854775808\",9007199254740992]}");
}

static void words_are_told_once_in_the_order_of_rows(void **state)
{
    char *words[] = {"a", "b", "c"};
    const uint32_t codes[] = {2, 2, 2, 2, 2, 0, 0, UINT32_MAX};
    const struct lode_column column = lode_column_words("w", codes, words, 3, "words");
    check(
        *state, &column, 8,
        "\"kind\":\"text\",\"words\":[\"c\",\"a\",\"\"],\"codes\":{\"values\":[0,0,0,0,0,1,1,2]}}");
    check(*state, &column, 5, "\"kind\":\"text\",\"words\":[\"c\"],\"codes\":{\"steps\":[0,5]}}");
}

static void tokens_are_joined_as_export_does(void **state)
{
    char *words[] = {"open", "a|b"};
    const uint32_t tokens[] = {0, 1, 1, UINT32_MAX};
    const struct lode_column column = {.name = "p",
                                       .type = LODE_COLUMN_TOKENS,
                                       .data = tokens,
                                       .width = 2,
                                       .words = words,
                                       .n_words = 2};
    check(*state, &column, 2, "\"kind\":\"text\",\"values\":[\"open|a\\\\|b\",\"a\\\\|b\"]}");
}

static void coded_columns_are_read_by_row(void **state)
{
    const double data[] = {0.5, 0.25};
    const uint32_t codes[] = {1, 1, 0};
    struct lode_column column = lode_column_numbers("x", LODE_COLUMN_F64, data, NULL, "x");
    column.codes = codes;
    column.n_data = 2;
    check(*state, &column, 3, "\"kind\":\"number\",\"values\":[0.25,0.25,0.5]}");
}

static void a_long_text_is_cut_before_a_character(void **state)
{
    struct fixture *f = *state;
    char text[PAGE_CELL_BYTES + 8];
    memset(text, 'x', sizeof text);
    memcpy(text + PAGE_CELL_BYTES - 1, "\xc3\xa9", 2); /* its second byte is beyond the limit */
    text[sizeof text - 1] = '\0';
    assert_ok(page_text_append(&f->out, text));
    assert_int_equal(f->out.size, PAGE_CELL_BYTES - 1 + strlen("\"...\""));
    assert_memory_equal(f->out.data + f->out.size - 6, "xx...\"", 6);
    text[PAGE_CELL_BYTES - 1] = '\0';
    f->out.size = 0;
    assert_ok(page_text_append(&f->out, text));
    assert_int_equal(f->out.size, PAGE_CELL_BYTES + 1);
}

static void nothing_in_the_data_can_end_its_element(void **state)
{
    struct fixture *f = *state;
    static const char json[] = "[\"</script><!--\",\"a & b\"]";
    assert_ok(page_json_escape(&f->out, (const uint8_t *)json, strlen(json)));
    assert_ok(lode_bytes_append(&f->out, "", 1));
    assert_string_equal((const char *)f->out.data,
                        "[\"\\u003c/script\\u003e\\u003c!--\",\"a \\u0026 b\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(doubles_have_six_digits_and_whole_ones_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(regular_integers_are_steps_others_values, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(integers_that_a_browser_would_round_are_texts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(words_are_told_once_in_the_order_of_rows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tokens_are_joined_as_export_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(coded_columns_are_read_by_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_text_is_cut_before_a_character, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_in_the_data_can_end_its_element, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
