/* Entry: what is written is read again, and nothing else is taken for an entry. */
#include "tests/unit.h"

#include "coordinator/journal/entry.h"

#include <string.h>

static void expect_span(struct lode_span span, const char *text)
{
    assert_int_equal(span.size, strlen(text));
    assert_memory_equal(span.data, text, span.size);
}

static void entries_of_all_kinds_read_back_in_order(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct entry got;
    bool more = false;
    for (int kind = ENTRY_HEADER; kind <= ENTRY_GIVEN_UP; kind++) {
        const struct entry sent = {.kind = (enum entry_kind)kind,
                                   .stage = 1,
                                   .n_tasks = 2,
                                   .hash = UINT64_MAX,
                                   .task = 4,
                                   .attempt = 5,
                                   .file_size = 6,
                                   .file_hash = 7,
                                   .text = lode_span_text("text"),
                                   .bytes = lode_span_text("bytes")};
        assert_ok(entry_append(&out, &sent));
    }
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    for (int kind = ENTRY_HEADER; kind <= ENTRY_GIVEN_UP; kind++) {
        const bool has_task = kind == ENTRY_RESULT || kind == ENTRY_GIVEN_UP;
        const bool has_text = kind == ENTRY_STAGE || kind == ENTRY_GIVEN_UP;
        assert_ok(entry_next(&in, &got, &more));
        assert_true(more);
        assert_int_equal(got.kind, kind);
        assert_int_equal(got.stage, kind == ENTRY_HEADER ? 0 : 1);
        assert_int_equal(got.n_tasks, kind == ENTRY_STAGE ? 2 : 0);
        assert_true(got.hash == (kind == ENTRY_STAGE ? UINT64_MAX : 0));
        assert_int_equal(got.task, has_task ? 4 : 0);
        assert_int_equal(got.attempt, kind == ENTRY_RESULT ? 5 : 0);
        assert_int_equal(got.file_size, kind == ENTRY_RESULT ? 6 : 0);
        assert_int_equal(got.file_hash, kind == ENTRY_RESULT ? 7 : 0);
        expect_span(got.text, has_text ? "text" : "");
        expect_span(got.bytes, kind == ENTRY_HEADER || kind == ENTRY_RESULT ? "bytes" : "");
    }
    assert_ok(entry_next(&in, &got, &more));
    assert_false(more);
    lode_bytes_clear(&out);
}

static void an_entry_of_another_kind_is_refused(void **state)
{
    (void)state;
    struct entry got;
    bool more = false;
    const uint8_t bytes[] = {ENTRY_GIVEN_UP + 1, 1, 1};
    struct lode_unpack in = lode_unpack_begin(bytes, sizeof bytes);
    assert_status(LODE_E_MESSAGE, entry_next(&in, &got, &more));
}

static void an_entry_that_is_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct entry got;
    bool more = false;
    const struct entry sent = {
        .kind = ENTRY_RESULT, .stage = 1, .task = 300, .bytes = lode_span_text("bytes")};
    assert_ok(entry_append(&out, &sent));
    for (size_t size = 1; size < out.size; size++) {
        struct lode_unpack in = lode_unpack_begin(out.data, size);
        assert_status(LODE_E_MESSAGE, entry_next(&in, &got, &more));
    }
    lode_bytes_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_all_kinds_read_back_in_order),
        cmocka_unit_test(an_entry_of_another_kind_is_refused),
        cmocka_unit_test(an_entry_that_is_cut_anywhere_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
