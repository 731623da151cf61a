/* Messages: what is encoded is decoded, and nothing else is accepted. */
#include "tests/unit.h"

#include "common/wire/message.h"
#include "common/wire/pack.h"

#include <stdlib.h>
#include <string.h>

static void a_result_survives_the_way(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const struct lode_message sent = {.type = LODE_RESULT,
                                      .stage = 2,
                                      .task = 70000,
                                      .attempt = 1,
                                      .status = LODE_E_INPUT,
                                      .text = lode_span_text("line 7: not a number"),
                                      .bytes = {(const uint8_t *)"\0\1\2", 3},
                                      .cpu_us = 1ULL << 40,
                                      .peak_bytes = 5};
    struct lode_message got;
    assert_ok(lode_message_encode(&sent, &out));
    assert_ok(lode_message_decode(out.data, out.size, &got));
    assert_int_equal(got.type, LODE_RESULT);
    assert_int_equal(got.task, 70000);
    assert_int_equal(got.cpu_us, 1ULL << 40);
    assert_int_equal(got.text.size, 20);
    assert_memory_equal(got.text.data, "line 7: not a number", 20);
    assert_memory_equal(got.bytes.data, "\0\1\2", 3);
    assert_int_equal(got.progress, 0); /* not a field of a result */
    lode_bytes_clear(&out);
}

static void every_cut_of_a_message_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_message got;
    const struct lode_message sent = {.type = LODE_HELLO,
                                      .protocol = 1,
                                      .version = lode_span_text("0.1.0"),
                                      .token = lode_span_text("0123"),
                                      .host = lode_span_text("n1"),
                                      .pid = 4711};
    assert_ok(lode_message_encode(&sent, &out));
    for (size_t size = 0; size < out.size; size++)
        assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, size, &got));
    assert_ok(lode_message_decode(out.data, out.size, &got));
    assert_ok(lode_bytes_append(&out, "", 1)); /* and one byte too many */
    assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, out.size, &got));
    lode_bytes_clear(&out);
}

static void an_unknown_type_and_a_wrong_count_are_named(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_message got;
    assert_ok(lode_pack_array(&out, 1));
    assert_ok(lode_pack_u64(&out, 99));
    assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, out.size, &got));
    assert_non_null(strstr(lode_error_text(), "unknown message type 99"));
    out.size = 0;
    assert_ok(lode_pack_array(&out, 2));
    assert_ok(lode_pack_u64(&out, LODE_BYE));
    assert_ok(lode_pack_u64(&out, 1));
    assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, out.size, &got));
    assert_non_null(strstr(lode_error_text(), "'bye' with 1 fields"));
    lode_bytes_clear(&out);
}

static void a_text_over_the_limit_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_message got;
    char *text = calloc(1, LODE_MESSAGE_TEXT_LIMIT + 2);
    assert_non_null(text);
    memset(text, 'x', LODE_MESSAGE_TEXT_LIMIT + 1);
    assert_ok(lode_pack_array(&out, 2));
    assert_ok(lode_pack_u64(&out, LODE_END));
    assert_ok(lode_pack_text(&out, text, LODE_MESSAGE_TEXT_LIMIT + 1));
    assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, out.size, &got));
    lode_bytes_clear(&out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_survives_the_way),
        cmocka_unit_test(every_cut_of_a_message_is_refused),
        cmocka_unit_test(an_unknown_type_and_a_wrong_count_are_named),
        cmocka_unit_test(a_text_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
