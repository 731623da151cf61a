/* Batch: the lists inside messages: what goes in comes out, what is cut or too long is refused. */
#include "tests/unit.h"

#include "common/wire/batch.h"

#include <string.h>

static void the_tasks_of_a_batch_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    uint64_t task = 0, attempt = 0;
    struct lode_span input;
    bool more = false;
    assert_ok(lode_batch_append(&out, 0, 1, "one", 3));
    assert_ok(lode_batch_append(&out, UINT64_MAX, 70000, NULL, 0));
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    assert_ok(lode_batch_next(&in, &task, &attempt, &input, &more));
    assert_true(more);
    assert_int_equal(task, 0);
    assert_int_equal(attempt, 1);
    assert_int_equal(input.size, 3);
    assert_memory_equal(input.data, "one", 3);
    assert_ok(lode_batch_next(&in, &task, &attempt, &input, &more));
    assert_true(more);
    assert_true(task == UINT64_MAX);
    assert_int_equal(attempt, 70000);
    assert_int_equal(input.size, 0);
    assert_ok(lode_batch_next(&in, &task, &attempt, &input, &more));
    assert_false(more);
    lode_bytes_clear(&out);
}

static void an_empty_batch_has_no_task(void **state)
{
    (void)state;
    uint64_t task = 0, attempt = 0;
    struct lode_span input;
    bool more = true;
    struct lode_unpack in = lode_unpack_begin("", 0);
    assert_ok(lode_batch_next(&in, &task, &attempt, &input, &more));
    assert_false(more);
}

static void every_cut_of_a_batch_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(lode_batch_append(&out, 300, 2, "input", 5));
    for (size_t size = 1; size < out.size; size++) {
        uint64_t task = 0, attempt = 0;
        struct lode_span input;
        bool more = false;
        struct lode_unpack in = lode_unpack_begin(out.data, size);
        assert_status(LODE_E_MESSAGE, lode_batch_next(&in, &task, &attempt, &input, &more));
    }
    lode_bytes_clear(&out);
}

static void what_a_worker_holds_comes_out_in_order(void **state)
{
    (void)state;
    const struct lode_held sent[] = {{{1, 2, 3}, LODE_HELD_RUNNING},
                                     {{1, 70000, 1}, LODE_HELD_WAITING},
                                     {{UINT64_MAX, 0, 1}, LODE_HELD_FINISHED}};
    struct lode_held got[LODE_HELD_MAX];
    struct lode_bytes out = {0};
    int count = -1;
    for (int i = 0; i < 3; i++) assert_ok(lode_held_append(&out, &sent[i]));
    assert_ok(lode_held_read((struct lode_span){out.data, out.size}, got, &count));
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(lode_attempt_equals(&got[i].attempt, &sent[i].attempt));
        assert_int_equal(got[i].state, sent[i].state);
    }
    assert_false(lode_attempt_equals(&got[0].attempt, &got[1].attempt));
    assert_ok(lode_held_read((struct lode_span){out.data, 0}, got, &count));
    assert_int_equal(count, 0);
    lode_bytes_clear(&out);
}

static void a_list_of_more_than_the_limit_is_refused(void **state)
{
    (void)state;
    struct lode_held held = {{1, 0, 1}, LODE_HELD_WAITING}, got[LODE_HELD_MAX];
    struct lode_bytes out = {0};
    int count = 0;
    for (int i = 0; i < LODE_HELD_MAX; i++) assert_ok(lode_held_append(&out, &held));
    assert_ok(lode_held_read((struct lode_span){out.data, out.size}, got, &count));
    assert_int_equal(count, LODE_HELD_MAX);
    assert_ok(lode_held_append(&out, &held));
    assert_status(LODE_E_MESSAGE,
                  lode_held_read((struct lode_span){out.data, out.size}, got, &count));
    lode_bytes_clear(&out);
}

static void an_unknown_state_and_a_cut_entry_are_refused(void **state)
{
    (void)state;
    struct lode_held got[LODE_HELD_MAX];
    struct lode_bytes out = {0};
    int count = 0;
    for (int i = 0; i < 3; i++) assert_ok(lode_pack_u64(&out, 1));
    assert_status(LODE_E_MESSAGE,
                  lode_held_read((struct lode_span){out.data, out.size}, got, &count));
    assert_ok(lode_pack_u64(&out, LODE_HELD_FINISHED + 1));
    assert_status(LODE_E_MESSAGE,
                  lode_held_read((struct lode_span){out.data, out.size}, got, &count));
    assert_non_null(strstr(lode_error_text(), "state of an attempt"));
    lode_bytes_clear(&out);
}

/* Every number has a value of its own. */
static const struct lode_result failure = {.attempt = {1, 70000, 3},
                                           .status = LODE_E_INPUT,
                                           .text = {(const uint8_t *)"row 7 is rotten", 15},
                                           .file_size = 11,
                                           .file_hash = UINT64_MAX,
                                           .cpu_us = (uint64_t)1 << 40,
                                           .wall_us = (uint64_t)1 << 50,
                                           .peak_bytes = 14,
                                           .read_bytes = 15,
                                           .written_bytes = 16,
                                           .shuffled_bytes = (uint64_t)1 << 50};
static const struct lode_result success = {
    .attempt = {2, 0, 1}, .bytes = {(const uint8_t *)"\0\1\2", 3}, .wall_us = 1};

static void expect_result(struct lode_unpack *in, const struct lode_result *sent)
{
    struct lode_result got;
    bool more = false;
    assert_ok(lode_result_next(in, &got, &more));
    assert_true(more);
    assert_true(lode_attempt_equals(&got.attempt, &sent->attempt));
    assert_true(got.status == sent->status);
    assert_int_equal(got.text.size, sent->text.size);
    if (got.text.size) assert_memory_equal(got.text.data, sent->text.data, got.text.size);
    assert_int_equal(got.bytes.size, sent->bytes.size);
    if (got.bytes.size) assert_memory_equal(got.bytes.data, sent->bytes.data, got.bytes.size);
    assert_true(got.file_size == sent->file_size && got.file_hash == sent->file_hash);
    assert_true(got.cpu_us == sent->cpu_us && got.wall_us == sent->wall_us);
    assert_true(got.peak_bytes == sent->peak_bytes && got.read_bytes == sent->read_bytes);
    assert_true(got.written_bytes == sent->written_bytes);
    assert_true(got.shuffled_bytes == sent->shuffled_bytes);
}

static void results_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_result none;
    bool more = true;
    assert_ok(lode_result_append(&out, &failure));
    assert_ok(lode_result_append(&out, &success));
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    expect_result(&in, &failure);
    expect_result(&in, &success);
    assert_ok(lode_result_next(&in, &none, &more));
    assert_false(more);
    lode_bytes_clear(&out);
}

static void every_cut_of_a_result_is_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(lode_result_append(&out, &failure));
    for (size_t size = 1; size < out.size; size++) {
        struct lode_result got;
        bool more = false;
        struct lode_unpack in = lode_unpack_begin(out.data, size);
        assert_status(LODE_E_MESSAGE, lode_result_next(&in, &got, &more));
    }
    lode_bytes_clear(&out);
}

static void an_error_beyond_the_limit_is_cut_to_it(void **state)
{
    (void)state;
    static uint8_t words[LODE_MESSAGE_TEXT_LIMIT + 1];
    struct lode_bytes out = {0};
    struct lode_result wordy = failure;
    memset(words, 'w', sizeof words);
    wordy.text = (struct lode_span){words, sizeof words};
    assert_ok(lode_result_append(&out, &wordy));
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    wordy.text.size = LODE_MESSAGE_TEXT_LIMIT;
    expect_result(&in, &wordy);
    lode_bytes_clear(&out);
}

static void expect_refused(const struct lode_result *sent, const char *words)
{
    struct lode_bytes out = {0};
    struct lode_result got;
    bool more = false;
    assert_ok(lode_result_append(&out, sent));
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    assert_status(LODE_E_MESSAGE, lode_result_next(&in, &got, &more));
    assert_non_null(strstr(lode_error_text(), words));
    lode_bytes_clear(&out);
}

static void a_status_beyond_the_last_and_a_huge_time_are_refused(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    struct lode_result last = success, bad = success;
    last.status = LODE_E_BUG;
    assert_ok(lode_result_append(&out, &last));
    struct lode_unpack in = lode_unpack_begin(out.data, out.size);
    expect_result(&in, &last);
    lode_bytes_clear(&out);
    bad.status = LODE_E_BUG + 1;
    expect_refused(&bad, "a result with status");
    bad.status = (uint64_t)1 << 32; /* cut to 32 bits it would be LODE_OK */
    expect_refused(&bad, "a result with status");
    bad = success;
    bad.wall_us = ((uint64_t)1 << 50) + 1;
    expect_refused(&bad, "a task that took");
    bad = success;
    bad.cpu_us = UINT64_MAX;
    expect_refused(&bad, "a task that took");
    bad = success;
    bad.read_bytes = ((uint64_t)1 << 50) + 1;
    expect_refused(&bad, "a task that read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tasks_of_a_batch_come_out_as_they_went_in),
        cmocka_unit_test(an_empty_batch_has_no_task),
        cmocka_unit_test(every_cut_of_a_batch_is_refused),
        cmocka_unit_test(results_come_out_as_they_went_in),
        cmocka_unit_test(every_cut_of_a_result_is_refused),
        cmocka_unit_test(an_error_beyond_the_limit_is_cut_to_it),
        cmocka_unit_test(a_status_beyond_the_last_and_a_huge_time_are_refused),
        cmocka_unit_test(what_a_worker_holds_comes_out_in_order),
        cmocka_unit_test(a_list_of_more_than_the_limit_is_refused),
        cmocka_unit_test(an_unknown_state_and_a_cut_entry_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
