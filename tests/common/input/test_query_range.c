/* Answers of Prometheus' query_range as a stream, however the blocks cut them. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/input/query_range.h"
#include "common/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What was read, as text: "{a=1,b=2}" of a series, "t=v " of a sample. */
struct heard {
    char text[4096];
    size_t size;
};

static void say(struct heard *heard, const char *text)
{
    heard->size +=
        (size_t)snprintf(heard->text + heard->size, sizeof heard->text - heard->size, "%s", text);
    assert_true(heard->size < sizeof heard->text);
}

static lode_status hear_series(void *context, const struct lode_query_series *series)
{
    say(context, "{");
    for (int i = 0; i < series->n_labels; i++) {
        say(context, i > 0 ? "," : "");
        say(context, series->labels[i].name);
        say(context, "=");
        say(context, series->labels[i].value);
    }
    say(context, "}");
    return LODE_OK;
}

static lode_status hear_sample(void *context, const struct lode_query_sample *sample)
{
    say(context, sample->time);
    say(context, sample->is_histogram ? "!" : "=");
    say(context, sample->value);
    say(context, " ");
    return LODE_OK;
}

static lode_status read_blocks(const char *text, size_t size, size_t block, struct heard *heard)
{
    struct lode_input *input = NULL;
    const struct lode_query_taker taker = {hear_series, hear_sample, heard};
    heard->size = 0;
    heard->text[0] = '\0';
    assert_ok(lode_input_open_memory("a.json", text, size, block, &input));
    const lode_status status = lode_query_range_read_input(input, &taker);
    lode_input_close(input);
    return status;
}

static void expect(const char *text, const char *wanted)
{
    struct heard heard;
    for (size_t block = 1; block < 100; block = block * 3 + 1) {
        assert_ok(read_blocks(text, strlen(text), block, &heard));
        assert_string_equal(heard.text, wanted);
    }
}

static void expect_fault(const char *text, const char *words)
{
    struct heard heard;
    char first[512] = "";
    for (size_t block = 1; block < 10000; block = block * 100) {
        assert_status(LODE_E_INPUT, read_blocks(text, strlen(text), block, &heard));
        if (!strstr(lode_error_text(), words))
            fail_msg("'%s' lacks '%s'", lode_error_text(), words);
        if (!first[0]) snprintf(first, sizeof first, "%s", lode_error_text());
        assert_string_equal(lode_error_text(), first); /* wherever the blocks are cut */
    }
}

#define MATRIX(result)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" result "]}}"
#define SERIES(values) MATRIX("{\"metric\":{\"a\":\"1\"},\"values\":[" values "]}")

static void series_come_with_labels_in_order_of_their_names(void **state)
{
    (void)state;
    expect(MATRIX("{\"metric\":{\"b\":\"2\",\"__name__\":\"up\"},\"values\":[[1,\"2\"],[1.5,"
                  "\"NaN\"]]},{\"metric\":{},\"values\":[]}"),
           "{__name__=up,b=2}1=2 1.5=NaN {}");
}

static void escapes_and_further_keys_are_read_and_skipped(void **state)
{
    (void)state;
    expect("{\"warnings\":[\"x\",{\"y\":[]}],\"data\":{\"stats\":{\"a\":1},\"result\":[{\"note\":"
           "[1],\"metric\":{\"p\":\"a\\\"b\\u00e9\"},\"values\":[[1,\"+Inf\"]]}],\"resultType\":"
           "\"matrix\"},\"status\":\"success\"} \n",
           "{p=a\"b\xc3\xa9}1=+Inf ");
}

static void native_histograms_are_told_apart(void **state)
{
    (void)state;
    expect(MATRIX("{\"metric\":{},\"histograms\":[[7,{\"count\":\"1\",\"buckets\":[[0,\"1\"]]}]]}"),
           "{}7! ");
}

static void an_error_is_refused_with_its_words(void **state)
{
    (void)state;
    expect_fault("{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse \\u001b[1m\"}",
                 "of type bad_data: parse \\x1b[1m");
}

static void other_result_types_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const types[] = {"vector", "scalar", "string"};
    char text[128], words[64];
    for (int i = 0; i < 3; i++) {
        snprintf(text, sizeof text,
                 "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[]}}",
                 types[i]);
        snprintf(words, sizeof words, "resultType is '%s'", types[i]);
        expect_fault(text, words);
    }
    expect_fault("{\"data\":{\"result\":[{\"metric\":{},\"value\":[1,\"2\"]}]}}", "is 'vector'");
}

static void what_is_no_such_answer_is_refused_by_place_and_reason(void **state)
{
    (void)state;
    expect_fault("[]", "byte 1: not a JSON object");
    expect_fault("{\"status\":\"success\",\"data\":[]}", "data is no object");
    expect_fault("{\"status\":\"wonderful\"}", "neither success nor error");
    expect_fault("{\"status\":\"success\"}", "no resultType");
    expect_fault(MATRIX("[1]"), "a series is no object");
    expect_fault(MATRIX("7"), "a series is no object");
    expect_fault(MATRIX("{\"metric\":[]}"), "series 1: metric is no object");
    expect_fault(MATRIX("{\"metric\":7}"), "series 1: metric, values or histograms is of another");
    expect_fault(MATRIX("{\"metric\":{\"a\":{}}}"), "label's value is no text");
    expect_fault(MATRIX("{\"metric\":{\"a\":1}}"), "label's value is no text");
    expect_fault(MATRIX("{\"metric\":{\"a\":\"1\",\"a\":\"2\"}}"), "a label is there twice");
    expect_fault(MATRIX("{\"metric\":{\"a\":\"\\u0000\"}}"), "a NUL byte in a label");
    expect_fault(MATRIX("{\"values\":[]}"), "in front of their metric");
    expect_fault(MATRIX("{\"metric\":{},\"metric\":{}}"), "a key is there twice");
    expect_fault(MATRIX("{\"metric\":{}}"), "series 1: a series without values");
    expect_fault(SERIES("[1,2]"), "a sample is not");
    expect_fault(SERIES("[\"1\",\"2\"]"), "a sample is not");
    expect_fault(SERIES("[1,\"2\",3]"), "a sample is not");
    expect_fault(SERIES("[1]"), "a sample is not");
    expect_fault(SERIES("1"), "a sample is not");
    expect_fault(SERIES("{}"), "a sample is not");
    expect_fault(SERIES("[[1],\"2\"]"), "a sample is not");
    expect_fault("{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"met",
                 "the JSON ends early");
    expect_fault(MATRIX("") "{}", "no JSON from here on");
    expect_fault(MATRIX("{\"metric\":{\"a\":\"\xff\"},\"values\":[]}"), "no JSON from here on");
}

static void hostile_depth_and_length_are_bounded(void **state)
{
    (void)state;
    const size_t size = 3 << 20;
    char *text = malloc(size + 1);
    struct heard heard;
    assert_non_null(text);
    memset(text, '[', size);
    text[size] = '\0';
    memcpy(text, "{\"x\":", 5);
    assert_status(LODE_E_INPUT, read_blocks(text, size, 1 << 16, &heard));
    assert_non_null(strstr(lode_error_text(), "nested deeper than 64"));
    memset(text, 'a', size);
    memcpy(text, "{\"", 2);
    assert_status(LODE_E_INPUT, read_blocks(text, size, 1 << 16, &heard));
    assert_non_null(strstr(lode_error_text(), "a text of more than 1048576 bytes"));
    free(text);
}

static lode_status refuse_series(void *context, const struct lode_query_series *series)
{
    (void)context;
    return lode_fail(LODE_E_INPUT, "no label of %d", series->n_labels);
}

static void what_the_taker_says_is_told_with_its_place(void **state)
{
    (void)state;
    static const char text[] = SERIES("");
    struct lode_input *input = NULL;
    const struct lode_query_taker taker = {refuse_series, hear_sample, NULL};
    assert_ok(lode_input_open_memory("a.json", text, strlen(text), 64, &input));
    assert_status(LODE_E_INPUT, lode_query_range_read_input(input, &taker));
    lode_input_close(input);
    if (!strstr(lode_error_text(), "a.json: byte 79: series 1: no label of 1"))
        fail_msg("%s", lode_error_text());
}

static bool is_one(const char *text)
{
    char path[] = "/tmp/lode-query-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(lode_file_write(path, text, strlen(text), false));
    bool is_packed = true;
    const bool answer = lode_query_range_is(path, &is_packed);
    assert_false(is_packed);
    unlink(path);
    return answer;
}

static void an_answer_is_known_by_its_content(void **state)
{
    (void)state;
    assert_true(is_one(MATRIX("")));
    assert_true(
        is_one(" \n{ \"isPartial\": false, \"status\": \"success\", \"data\": {\"result\": "));
    assert_true(is_one("{\"status\":\"error\",\"errorType\":\"x\",\"error\":\"y\"}"));
    assert_false(is_one("{\"status\":\"error\",\"errorType\":\"x\",\"time\":1}\n{}"));
    assert_false(is_one("{\"time\":1,\"data\":7}\n"));
    assert_false(is_one("{\"data\":{\"x\":1},\"result\":2}\n"));
    assert_false(is_one("time,cpu\n1,2\n"));
    assert_false(is_one("[{\"data\":{\"result\":[]}}]"));
    bool is_packed = false;
    assert_false(lode_query_range_is("/nowhere/at/all", &is_packed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_come_with_labels_in_order_of_their_names),
        cmocka_unit_test(escapes_and_further_keys_are_read_and_skipped),
        cmocka_unit_test(native_histograms_are_told_apart),
        cmocka_unit_test(an_error_is_refused_with_its_words),
        cmocka_unit_test(other_result_types_are_refused_by_name),
        cmocka_unit_test(what_is_no_such_answer_is_refused_by_place_and_reason),
        cmocka_unit_test(hostile_depth_and_length_are_bounded),
        cmocka_unit_test(what_the_taker_says_is_told_with_its_place),
        cmocka_unit_test(an_answer_is_known_by_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
