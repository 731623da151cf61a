#include "tests/unit.h"

#include "jobs/stage/shuffle/keys.h"

#include <stdio.h>
#include <string.h>

static const uint8_t *bytes_of(const char *text)
{
    return (const uint8_t *)text;
}

static void keys_are_numbered_in_order_of_first_use(void **state)
{
    (void)state;
    struct lode_arena *arena = NULL;
    struct keys *keys = NULL;
    uint32_t number = 9;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(keys_create(arena, &keys));
    assert_int_equal(keys_find(keys, bytes_of("b"), 1), -1);
    assert_ok(keys_add(keys, bytes_of("b"), 1, &number));
    assert_int_equal(number, 0);
    assert_ok(keys_add(keys, bytes_of("ab"), 2, &number));
    assert_int_equal(number, 1);
    assert_ok(keys_add(keys, bytes_of("b"), 1, &number));
    assert_int_equal(number, 0);
    assert_int_equal(keys_find(keys, bytes_of("ab"), 2), 1);
    assert_int_equal(keys_find(keys, bytes_of("ab"), 1), -1);
    assert_int_equal(keys_count(keys), 2);
    lode_arena_destroy(arena);
}

static void all_keys_are_found_after_the_table_has_grown(void **state)
{
    (void)state;
    enum { N = 50000 };
    struct lode_arena *arena = NULL;
    struct keys *keys = NULL;
    char(*texts)[8] = NULL;
    uint32_t number = 0;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(keys_create(arena, &keys));
    assert_ok(lode_take_zero(arena, N, &texts));
    for (int i = 0; i < N; i++) {
        snprintf(texts[i], sizeof texts[i], "%d", i);
        assert_ok(keys_add(keys, bytes_of(texts[i]), strlen(texts[i]), &number));
    }
    assert_int_equal(keys_count(keys), N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(keys_find(keys, bytes_of(texts[i]), strlen(texts[i])), i);
        assert_ptr_equal(keys_bytes(keys, (uint32_t)i), texts[i]);
    }
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_numbered_in_order_of_first_use),
        cmocka_unit_test(all_keys_are_found_after_the_table_has_grown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
