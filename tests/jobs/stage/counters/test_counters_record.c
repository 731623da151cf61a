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
            const size_t size = record_row_key(key, head, times[t], "", 0);
            assert_true(shuffle_compare(before, before_size, key, size) < 0);
            memcpy(before, key, before_size = size);
        }
    }
}

static void rows_of_one_time_are_in_the_order_of_machines(void **state)
{
    static const char *const machines[] = {"", "m", "m1", "n"};
    uint8_t before[RECORD_KEY_LIMIT], key[RECORD_KEY_LIMIT];
    size_t before_size = 0;
    (void)state;
    const size_t head = record_head_key("a", 1, key);
    for (size_t m = 0; m < sizeof machines / sizeof *machines; m++) {
        const size_t size = record_row_key(key, head, 7, machines[m], strlen(machines[m]));
        assert_true(shuffle_compare(before, before_size, key, size) < 0);
        memcpy(before, key, before_size = size);
    }
    assert_true(shuffle_compare(before, before_size, key, record_row_key(key, head, 8, "a", 1)) <
                0);
}

static void a_key_is_read_back(void **state)
{
    uint8_t key[RECORD_KEY_LIMIT];
    struct record_key read;
    (void)state;
    const size_t head = record_head_key("m-1", 3, key);
    assert_true(record_read_key(key, head, &read));
    assert_true(read.is_head);
    assert_int_equal(read.name_size, 3);
    assert_true(record_read_key(key, record_row_key(key, head, -7, "", 0), &read));
    assert_false(read.is_head);
    assert_int_equal(read.time, -7);
    assert_int_equal(read.machine_size, 0);
    assert_true(record_read_key(key, record_row_key(key, head, -7, "h2", 2), &read));
    assert_int_equal(read.machine_size, 2);
    assert_memory_equal(read.machine, "h2", 2);
}

static void other_bytes_are_no_key(void **state)
{
    static const uint8_t bytes[] = {'a', 0, 1, 2, 3};
    static const uint8_t endless[RECORD_KEY_LIMIT + 1] = {'a'};
    struct record_key read;
    (void)state;
    assert_false(record_read_key(bytes, 0, &read));
    assert_false(record_read_key(bytes, 1, &read));
    assert_false(record_read_key(bytes, sizeof bytes, &read));
    assert_false(record_read_key(endless, sizeof endless, &read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_in_the_order_of_component_and_time),
        cmocka_unit_test(rows_of_one_time_are_in_the_order_of_machines),
        cmocka_unit_test(a_key_is_read_back),
        cmocka_unit_test(other_bytes_are_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
