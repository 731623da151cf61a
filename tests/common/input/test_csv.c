#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "common/input/csv.h"

enum { CAPACITY = 4 };

struct result {
    char text[256];
    struct lode_field fields[CAPACITY];
    struct lode_csv_record record;
    size_t open_quote;
    bool found;
};

/* The bytes after the text are those that mean most to the splitter: they must not be believed. */
static struct result *split(const char *text, bool last)
{
    static struct result result;
    const size_t size = strlen(text);
    result = (struct result){.open_quote = 999};
    memset(result.text, '"', sizeof result.text);
    memcpy(result.text, text, size);
    result.text[size] = '\n';
    result.found = lode_csv_split(result.text, size, last, result.fields, CAPACITY, &result.record,
                                  &result.open_quote);
    assert_memory_equal(result.text, text, size); /* not changed by splitting */
    if (result.found && result.record.has_doubled) {
        const int64_t found = result.record.n_fields;
        lode_csv_unquote(result.text, result.fields, found < CAPACITY ? found : CAPACITY);
    }
    return &result;
}

static void assert_field(const struct result *result, int i, const char *expected)
{
    assert_true(result->found);
    assert_int_equal(result->fields[i].size, strlen(expected));
    assert_memory_equal(result->fields[i].text, expected, strlen(expected));
}

static void assert_shape(const struct result *result, size_t size, int64_t n_fields,
                         int64_t n_lines)
{
    assert_true(result->found);
    assert_int_equal(result->record.size, size);
    assert_int_equal(result->record.n_fields, n_fields);
    assert_int_equal(result->record.n_lines, n_lines);
}

static void a_line_is_cut_at_its_commas(void **state)
{
    (void)state;
    const struct result *r = split("ab,,c\nnext", false);
    assert_shape(r, 6, 3, 1);
    assert_field(r, 0, "ab");
    assert_field(r, 1, "");
    assert_field(r, 2, "c");
    assert_null(r->record.fault);
}

static void long_fields_cross_the_eight_bytes_of_a_word(void **state)
{
    (void)state;
    const struct result *r = split("0123456789abcdef,0123456,01234567\n", false);
    assert_shape(r, 34, 3, 1);
    assert_field(r, 0, "0123456789abcdef");
    assert_field(r, 1, "0123456");
    assert_field(r, 2, "01234567");
}

/* '-' is ',' + 1 and 0x0b is LF + 1: neighbours that a carry in the word search would take. */
static void bytes_beside_the_special_ones_are_data(void **state)
{
    (void)state;
    const struct result *r = split("a,-1,\x0b#!\n", false);
    assert_shape(r, 9, 3, 1);
    assert_field(r, 1, "-1");
    assert_field(r, 2, "\x0b#!");
}

static void crlf_ends_a_line_as_lf_does(void **state)
{
    (void)state;
    const struct result *r = split("a,b\r\nnext", false);
    assert_shape(r, 5, 2, 1);
    assert_field(r, 1, "b");
    r = split("a,\"b\"\r\nnext", false);
    assert_shape(r, 7, 2, 1);
    assert_field(r, 1, "b");
}

static void a_lone_cr_is_data(void **state)
{
    (void)state;
    assert_field(split("a\rb,c\n", false), 0, "a\rb");
}

static void blank_lines_have_no_fields(void **state)
{
    (void)state;
    assert_shape(split("\na", false), 1, 0, 1);
    assert_shape(split("\r\na", false), 2, 0, 1);
    assert_shape(split("\r", true), 1, 0, 1);
    assert_shape(split("\"\"\n", false), 3, 1, 1);
    assert_shape(split(",\n", false), 2, 2, 1);
}

static void quotes_keep_separators_and_line_ends(void **state)
{
    (void)state;
    const struct result *r = split("\"a,b\",\"c\nd\r\n\",\"\"\nnext", false);
    assert_shape(r, 17, 3, 3);
    assert_field(r, 0, "a,b");
    assert_field(r, 1, "c\nd\r\n");
    assert_field(r, 2, "");
}

static void doubled_quotes_are_halved(void **state)
{
    (void)state;
    const struct result *r = split("\"say \"\"hi\"\"\",x,\"\"\"\",\"\"\"\"\"\"\n", false);
    assert_shape(r, 27, 4, 1);
    assert_field(r, 0, "say \"hi\"");
    assert_field(r, 1, "x");
    assert_field(r, 2, "\"");
    assert_field(r, 3, "\"\"");
}

static void a_quote_inside_an_unquoted_field_is_data(void **state)
{
    (void)state;
    const struct result *r = split("5\" disk,a\"\"b,\"x\"\n", false);
    assert_shape(r, 17, 3, 1);
    assert_field(r, 0, "5\" disk");
    assert_field(r, 1, "a\"\"b");
    assert_field(r, 2, "x");
    assert_null(r->record.fault);
}

static void text_after_a_closing_quote_is_a_fault_of_this_record_only(void **state)
{
    (void)state;
    const struct result *r = split("\"a\"b,c\nnext", false);
    assert_shape(r, 7, 2, 1);
    assert_string_equal(r->record.fault, "text after a closing quote");
    assert_string_equal(split("\"a\" ,c\n", false)->record.fault, "text after a closing quote");
    assert_string_equal(split("\"a\"\rb\n", false)->record.fault, "text after a closing quote");
}

static void fields_beyond_the_capacity_are_only_counted(void **state)
{
    (void)state;
    const struct result *r = split("1,2,3,4,5,\"6\"\"\"\n", false);
    assert_shape(r, 16, 6, 1);
    assert_field(r, 3, "4");
}

/* Whatever the bytes to come: a CR may be half of CRLF, a quote may be the first of two. */
static void a_record_cut_anywhere_is_not_taken_for_a_whole_one(void **state)
{
    (void)state;
    static const char whole[] = "ab,\"c\"\"d\",\"e\nf\",\"\"\r\n";
    char part[sizeof whole];
    for (size_t size = 1; size < sizeof whole - 1; size++) {
        memcpy(part, whole, size);
        part[size] = '\0';
        assert_false(split(part, false)->found);
    }
    assert_shape(split(whole, false), sizeof whole - 1, 4, 2);
}

static void the_end_of_the_text_ends_the_last_record(void **state)
{
    (void)state;
    assert_shape(split("a,b", true), 3, 2, 1);
    assert_shape(split("a,", true), 2, 2, 1);
    assert_shape(split("a,\"b\"", true), 5, 2, 1);
    const struct result *r = split("a,\"b\"\r", true);
    assert_shape(r, 6, 2, 1);
    assert_field(r, 1, "b");
}

static void an_open_quote_is_told_with_its_place(void **state)
{
    (void)state;
    const struct result *r = split("a,\"b\",\"c\nd,\"\"e\n", true);
    assert_false(r->found);
    assert_int_equal(r->open_quote, 6);
    r = split("a,b", false);
    assert_false(r->found);
    assert_int_equal(r->open_quote, 3); /* none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_cut_at_its_commas),
        cmocka_unit_test(long_fields_cross_the_eight_bytes_of_a_word),
        cmocka_unit_test(bytes_beside_the_special_ones_are_data),
        cmocka_unit_test(crlf_ends_a_line_as_lf_does),
        cmocka_unit_test(a_lone_cr_is_data),
        cmocka_unit_test(blank_lines_have_no_fields),
        cmocka_unit_test(quotes_keep_separators_and_line_ends),
        cmocka_unit_test(doubled_quotes_are_halved),
        cmocka_unit_test(a_quote_inside_an_unquoted_field_is_data),
        cmocka_unit_test(text_after_a_closing_quote_is_a_fault_of_this_record_only),
        cmocka_unit_test(fields_beyond_the_capacity_are_only_counted),
        cmocka_unit_test(a_record_cut_anywhere_is_not_taken_for_a_whole_one),
        cmocka_unit_test(the_end_of_the_text_ends_the_last_record),
        cmocka_unit_test(an_open_quote_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
