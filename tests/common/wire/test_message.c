/* Messages: what is encoded is decoded, and nothing else is accepted. */
#include "tests/unit.h"

#include "common/wire/message.h"
#include "common/wire/pack.h"

#include <stdlib.h>
#include <string.h>

static void results_survive_the_way(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    const struct lode_message sent = {.type = LODE_RESULTS,
                                      .sequence = 1ULL << 40,
                                      .bytes = {(const uint8_t *)"\0\1\2", 3},
                                      .progress = 5};
    struct lode_message got;
    assert_ok(lode_message_encode(&sent, &out));
    assert_ok(lode_message_decode(out.data, out.size, &got));
    assert_int_equal(got.type, LODE_RESULTS);
    assert_true(got.sequence == 1ULL << 40);
    assert_int_equal(got.bytes.size, 3);
    assert_memory_equal(got.bytes.data, "\0\1\2", 3);
    assert_int_equal(got.progress, 0); /* not a field of results */
    lode_bytes_clear(&out);
}

static void expect_span(struct lode_span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

/* Every field has a value of its own: what a type does not have is zero on the other side. */
static void every_type_carries_its_fields_and_no_others(void **state)
{
    (void)state;
    for (int type = LODE_HELLO; type <= LODE_ANSWER; type++) {
        struct lode_bytes out = {0}, again = {0};
        struct lode_message got;
        const struct lode_message sent = {.type = (enum lode_message_type)type,
                                          .protocol = 1,
                                          .pid = 2,
                                          .incarnation = 3,
                                          .worker = 4,
                                          .heartbeat_ms = 5,
                                          .memory_bytes = 6,
                                          .stage = 7,
                                          .task = 8,
                                          .attempt = 9,
                                          .force = 10,
                                          .file_size = 11,
                                          .file_hash = 12,
                                          .sequence = 13,
                                          .progress = 14,
                                          .leaving = 15,
                                          .version = lode_span_text("version"),
                                          .host = lode_span_text("host"),
                                          .place = lode_span_text("place"),
                                          .directory = lode_span_text("directory"),
                                          .library = lode_span_text("library"),
                                          .library_hash = 16,
                                          .leaf = lode_span_text("leaf"),
                                          .text = lode_span_text("text"),
                                          .bytes = lode_span_text("bytes")};
        assert_ok(lode_message_encode(&sent, &out));
        assert_ok(lode_message_decode(out.data, out.size, &got));
        assert_int_equal(got.type, type);
        assert_true(got.stage ==
                    (type == LODE_STAGE || type == LODE_TASKS || type == LODE_CANCEL ? 7 : 0));
        assert_true(got.sequence ==
                    (type == LODE_RESULTS || type == LODE_TAKEN || type == LODE_BEAT ? 13 : 0));
        assert_true(got.leaving == (type == LODE_BEAT ? 15 : 0));
        assert_true(got.force == (type == LODE_CANCEL ? 10 : 0));
        if (type == LODE_HELLO) expect_span(got.place, "place");
        if (type == LODE_WELCOME) expect_span(got.directory, "directory");
        if (type == LODE_WELCOME) expect_span(got.library, "library");
        assert_true(got.library_hash == (type == LODE_WELCOME ? 16 : 0));
        if (type == LODE_ASK) expect_span(got.text, "text");
        if (type == LODE_RESULTS) expect_span(got.bytes, "bytes");
        if (type == LODE_WELCOME) expect_span(got.bytes, "bytes");
        if (type == LODE_BYE) expect_span(got.text, "text");
        if (type == LODE_ANSWER) expect_span(got.bytes, "bytes");
        assert_ok(lode_message_encode(&got, &again)); /* nothing was lost on the way */
        assert_int_equal(out.size, again.size);
        assert_memory_equal(out.data, again.data, out.size);
        lode_bytes_clear(&out);
        lode_bytes_clear(&again);
    }
}

static void every_cut_of_a_message_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_message got;
    const struct lode_message sent = {.type = LODE_HELLO,
                                      .protocol = 1,
                                      .version = lode_span_text("0.1.0"),
                                      .host = lode_span_text("n1"),
                                      .place = lode_span_text("n1.4"),
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
    assert_ok(lode_pack_array(&out, 1));
    assert_ok(lode_pack_u64(&out, LODE_BYE)); /* as it was before protocol 4 */
    assert_status(LODE_E_MESSAGE, lode_message_decode(out.data, out.size, &got));
    assert_non_null(strstr(lode_error_text(), "'bye' with 0 fields"));
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
        cmocka_unit_test(results_survive_the_way),
        cmocka_unit_test(every_type_carries_its_fields_and_no_others),
        cmocka_unit_test(every_cut_of_a_message_is_refused),
        cmocka_unit_test(an_unknown_type_and_a_wrong_count_are_named),
        cmocka_unit_test(a_text_over_the_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
