/* Keys of counters' records: their bytes are in the order of component, heads, time. */
#include "tests/unit.h"

#include "jobs/shuffle/batch.h"
#include "jobs/stage/counters/record.h"

#include <string.h>

static void bytes_are_in_the_order_of_component_and_time(void **state)
{
    static const int64_t times[] = {INT64_MIN, -1000, -1, 0, 1, 255, 256, INT64_MAX};
    static const char *const names[] = {"a", "a b", "ab", "b"};
    uint8_t before[RECORD_KEY_LIMIT], key[RECORD_KEY_LIMIT];
    size_t before_size = 0;
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        const size_t head = record_head_key(names[n], strlen(names[n]), key);
        assert_true(shuffle_compare(before, before_size, key, head) < 0);
        memcpy(before, key, before_size = head);
        for (size_t t = 0; t < sizeof times / sizeof *times; t++) {
            const size_t size = record_row_key(key, head, times[t]);
            assert_true(shuffle_compare(before, before_size, key, size) < 0);
            memcpy(before, key, before_size = size);
        }
    }
}

static void a_key_is_read_back(void **state)
{
    uint8_t key[RECORD_KEY_LIMIT];
    size_t name_size = 0;
    bool is_head = false;
    int64_t time = 0;
    (void)state;
    const size_t head = record_head_key("m-1", 3, key);
    assert_true(record_read_key(key, head, &name_size, &is_head, &time));
    assert_true(is_head);
    assert_int_equal(name_size, 3);
    assert_true(record_read_key(key, record_row_key(key, head, -7), &name_size, &is_head, &time));
    assert_false(is_head);
    assert_int_equal(time, -7);
}

static void other_bytes_are_no_key(void **state)
{
    static const uint8_t bytes[] = {'a', 0, 1, 2, 3};
    size_t name_size = 0;
    bool is_head = false;
    int64_t time = 0;
    (void)state;
    assert_false(record_read_key(bytes, 0, &name_size, &is_head, &time));
    assert_false(record_read_key(bytes, 1, &name_size, &is_head, &time));
    assert_false(record_read_key(bytes, sizeof bytes, &name_size, &is_head, &time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_in_the_order_of_component_and_time),
        cmocka_unit_test(a_key_is_read_back),
        cmocka_unit_test(other_bytes_are_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
