/* Child: real programs, small ones. */
#include "tests/unit.h"

#include "coordinator/batch/child.h"

#include <string.h>

static void input_goes_in_and_output_comes_out(void **state)
{
    (void)state;
    static const char *const cat[] = {"cat", NULL};
    struct lode_bytes input = {0}, output = {0};
    int exit_status = -1;
    for (int i = 0; i < 20000; i++) /* more than a pipe holds */
        assert_ok(lode_bytes_append(&input, "0123456789", 10));
    assert_ok(child_run(cat, &input, &output, &exit_status));
    assert_int_equal(exit_status, 0);
    assert_int_equal(output.size, input.size);
    assert_memory_equal(output.data, input.data, input.size);
    lode_bytes_clear(&input);
    lode_bytes_clear(&output);
}

static int status_of(const char *const *arguments)
{
    const struct lode_bytes nothing = {0};
    struct lode_bytes output = {0};
    int exit_status = -1;
    assert_ok(child_run(arguments, &nothing, &output, &exit_status));
    lode_bytes_clear(&output);
    return exit_status;
}

static void its_exit_status_or_signal_is_told(void **state)
{
    (void)state;
    static const char *const seven[] = {"sh", "-c", "exit 7", NULL};
    static const char *const killed[] = {"sh", "-c", "kill -TERM $$", NULL};
    static const char *const nobody[] = {"there-is-no-such-program", NULL};
    assert_int_equal(status_of(seven), 7);
    assert_int_equal(status_of(killed), 128 + 15);
    assert_int_equal(status_of(nobody), CHILD_NOT_FOUND);
}

static void output_without_end_does_not_take_all_memory(void **state)
{
    (void)state;
    static const char *const much[] = {"head", "-c", "5000000", "/dev/zero", NULL};
    const struct lode_bytes nothing = {0};
    struct lode_bytes output = {0};
    int exit_status = -1;
    assert_ok(child_run(much, &nothing, &output, &exit_status));
    assert_int_equal(exit_status, 0);
    assert_true(output.size < 2 * (size_t)CHILD_OUTPUT_MAX);
    lode_bytes_clear(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_goes_in_and_output_comes_out),
        cmocka_unit_test(its_exit_status_or_signal_is_told),
        cmocka_unit_test(output_without_end_does_not_take_all_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
