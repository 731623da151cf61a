#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "common/input/columns.h"

static void a_name_is_added_once_and_found_by_its_bytes(void **state)
{
    (void)state;
    struct lode_columns columns;
    bool is_new = false;
    lode_columns_init(&columns);
    assert_int_equal(lode_columns_find(&columns, "a", 1, 0), -1);
    assert_ok(lode_columns_add(&columns, "ab", 2, &is_new));
    assert_true(is_new);
    assert_ok(lode_columns_add(&columns, "abc", 2, &is_new));
    assert_false(is_new);
    assert_ok(lode_columns_add(&columns, "a", 1, &is_new));
    assert_true(is_new);
    assert_int_equal(columns.count, 2);
    assert_string_equal(columns.names[0], "ab");
    assert_int_equal(lode_columns_find(&columns, "a", 1, 0), 1);
    assert_int_equal(lode_columns_find(&columns, "ab", 2, 99), 0);
    assert_int_equal(lode_columns_find(&columns, "abc", 3, -1), -1);
    lode_columns_clear(&columns);
}

/* More than fit the first table: all must survive its growth. */
static void a_thousand_names_keep_their_order(void **state)
{
    (void)state;
    struct lode_columns columns;
    char name[16];
    bool is_new = false;
    lode_columns_init(&columns);
    for (int i = 0; i < 1000; i++) {
        const int size = snprintf(name, sizeof name, "c%d", i);
        assert_ok(lode_columns_add(&columns, name, (size_t)size, &is_new));
    }
    assert_int_equal(columns.count, 1000);
    for (int i = 0; i < 1000; i++) {
        const int size = snprintf(name, sizeof name, "c%d", i);
        assert_string_equal(columns.names[i], name);
        assert_int_equal(lode_columns_find(&columns, name, (size_t)size, 0), i);
    }
    lode_columns_clear(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_added_once_and_found_by_its_bytes),
        cmocka_unit_test(a_thousand_names_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
