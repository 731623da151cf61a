#include "tests/unit.h"

#include <string.h>

#include "common/input/json_rows.h"

enum { CAPACITY = 8 };

struct reader {
    struct lode_columns columns;
    struct lode_json_rows *rows;
    struct lode_field fields[CAPACITY];
    char line[512];
};

static int open_reader(void **state)
{
    static struct reader reader;
    reader = (struct reader){0};
    lode_columns_init(&reader.columns);
    *state = &reader;
    return lode_json_rows_create(&reader.columns, &reader.rows) == LODE_OK ? 0 : -1;
}

static int close_reader(void **state)
{
    struct reader *reader = *state;
    lode_json_rows_destroy(reader->rows);
    lode_columns_clear(&reader->columns);
    return 0;
}

static size_t put_line(struct reader *reader, const char *line)
{
    const size_t size = strlen(line);
    assert_true(size + 1 < sizeof reader->line);
    memcpy(reader->line, line, size);
    reader->line[size] = '\n';
    return size;
}

static void learn(struct reader *reader, const char *line)
{
    const size_t size = put_line(reader, line);
    assert_ok(lode_json_rows_learn(reader->rows, reader->line, size));
}

static const char *split(struct reader *reader, const char *line)
{
    const char *fault = NULL;
    const size_t size = put_line(reader, line);
    assert_true(reader->columns.count <= CAPACITY);
    assert_ok(lode_json_rows_split(reader->rows, reader->line, size, reader->fields, &fault));
    return fault;
}

static void assert_field(const struct reader *reader, int i, const char *expected)
{
    assert_int_equal(reader->fields[i].size, strlen(expected));
    assert_memory_equal(reader->fields[i].text, expected, strlen(expected));
}

static void keys_become_columns_in_order_of_first_use(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"b\": 1, \"a\": null}");
    learn(reader, "{\"a\": 2, \"c\": \"x\", \"b\": 1}");
    assert_int_equal(reader->columns.count, 3);
    assert_string_equal(reader->columns.names[0], "b");
    assert_string_equal(reader->columns.names[1], "a");
    assert_string_equal(reader->columns.names[2], "c");
}

static void nested_values_and_empty_keys_are_no_columns(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"o\": {\"x\": 1}, \"l\": [1, {\"y\": 2}], \"\": 3, \"a\": true}");
    assert_int_equal(reader->columns.count, 1);
    assert_string_equal(reader->columns.names[0], "a");
}

static void a_faulty_line_teaches_nothing(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"a\": 1, \"b\"");
    learn(reader, "{\"a\": 1} {\"b\": 2}");
    assert_int_equal(reader->columns.count, 0);
}

static void values_come_as_they_are_written(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"n\":0,\"s\":0,\"t\":0,\"f\":0,\"z\":0,\"absent\":0,\"nested\":0}");
    assert_null(split(reader, "{\"z\":null,\"s\":\"a b\",\"n\":-1.50e+3,\"t\":true,\"f\":false,"
                              "\"nested\":{\"n\":7,\"s\":[1,2]},\"new\":5}"));
    assert_field(reader, 0, "-1.50e+3");
    assert_field(reader, 1, "a b");
    assert_field(reader, 2, "1");
    assert_field(reader, 3, "0");
    assert_field(reader, 4, "");
    assert_field(reader, 5, "");
    assert_field(reader, 6, "");
}

/* 17 digits and more: a parser that goes through doubles or 64 bits would change them. */
static void long_numbers_lose_no_digit(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"n\":0}");
    assert_null(split(reader, "{\"n\":123456789012345678901234567890.10}"));
    assert_field(reader, 0, "123456789012345678901234567890.10");
}

static void escapes_are_decoded_and_all_survive_to_the_end_of_the_line(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"a\":0,\"b\":0,\"c\":0}");
    assert_null(split(
        reader, "{\"a\":\"x\\ty\\\\\",\"b\":\"\\u00e9\\ud83d\\ude00\",\"\\u0063\":\"\\\"\"}"));
    assert_field(reader, 0, "x\ty\\");
    assert_field(reader, 1, "\xc3\xa9\xf0\x9f\x98\x80");
    assert_field(reader, 2, "\"");
}

static void what_is_no_single_object_is_a_fault_and_the_next_line_is_read(void **state)
{
    struct reader *reader = *state;
    static const char *const lines[] = {"",
                                        "1",
                                        "\"a\"",
                                        "null",
                                        "[]",
                                        "[{\"a\":1}]",
                                        "{\"a\":1",
                                        "{\"a\":1}}",
                                        "{\"a\":1},",
                                        "{\"a\":1} 2",
                                        "{\"a\":1} tru",
                                        "{\"a\":1}{\"a\":2}",
                                        "{\"a\":\"1",
                                        "{a:1}",
                                        "{\"a\":01}",
                                        "{\"a\":NaN}",
                                        "{\"a\":[1}",
                                        "{\"a\":\"\t\"}",
                                        "{\"a\":\"\\x\"}",
                                        "{\"a\":\"\\u12g4\"}",
                                        "a,b",
                                        "{\"a\" 1}",
                                        "{\"a\":1,}",
                                        "5 {\"a\":1}"};
    learn(reader, "{\"a\":0}");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *fault = split(reader, lines[i]);
        if (fault == NULL || strcmp(fault, "not a JSON object") != 0)
            fail_msg("%s: fault is %s", lines[i], fault != NULL ? fault : "none");
        assert_null(split(reader, " {\"a\": 42} "));
        assert_field(reader, 0, "42");
    }
}

static void a_key_that_is_there_twice_is_a_fault(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"a\":0,\"b\":0}");
    assert_string_equal(split(reader, "{\"a\":1,\"b\":2,\"a\":3}"), "a key is there twice");
    assert_string_equal(split(reader, "{\"a\":null,\"a\":3}"), "a key is there twice");
    assert_null(split(reader, "{\"a\":1,\"b\":{\"a\":2},\"c\":1,\"c\":2}")); /* c is no column */
    assert_field(reader, 0, "1");
}

/* yajl alone would give a NUL byte, '?', and bytes that are no UTF-8. */
static void escapes_that_stand_for_no_text_are_faults(void **state)
{
    struct reader *reader = *state;
    learn(reader, "{\"a\":0}");
    assert_string_equal(split(reader, "{\"a\":\"\\u0000\"}"), "NUL byte");
    assert_string_equal(split(reader, "{\"a\":\"\\ud83d\"}"), "half a surrogate pair");
    assert_string_equal(split(reader, "{\"a\":\"\\ud83d\\u0041\"}"), "half a surrogate pair");
    assert_string_equal(split(reader, "{\"a\":\"\\ude00\\ud83d\"}"), "half a surrogate pair");
    assert_null(split(reader, "{\"a\":\"\\\\u0000 \\\\ud83d\"}")); /* the backslash is escaped */
    assert_field(reader, 0, "\\u0000 \\ud83d");
}

#define on_reader(test) cmocka_unit_test_setup_teardown(test, open_reader, close_reader)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_reader(keys_become_columns_in_order_of_first_use),
        on_reader(nested_values_and_empty_keys_are_no_columns),
        on_reader(a_faulty_line_teaches_nothing),
        on_reader(values_come_as_they_are_written),
        on_reader(long_numbers_lose_no_digit),
        on_reader(escapes_are_decoded_and_all_survive_to_the_end_of_the_line),
        on_reader(what_is_no_single_object_is_a_fault_and_the_next_line_is_read),
        on_reader(a_key_that_is_there_twice_is_a_fault),
        on_reader(escapes_that_stand_for_no_text_are_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
