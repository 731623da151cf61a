/* Door: whole through a pipe, or refused. */
#include "tests/unit.h"

#include "worker/door.h"

#include <string.h>
#include <unistd.h>

static void a_door_passes_through_a_pipe(void **state)
{
    (void)state;
    int fds[2];
    struct door sent = {
        .endpoint = "tcp://10.0.0.1:4711", .heartbeat_ms = 500, .slot = 12, .incarnation = 3};
    struct door got;
    assert_ok(door_make_token(sent.token));
    assert_int_equal(pipe(fds), 0);
    assert_ok(door_write(&sent, fds[1]));
    close(fds[1]);
    assert_ok(door_read(fds[0], &got));
    assert_string_equal(got.endpoint, sent.endpoint);
    assert_string_equal(got.token, sent.token);
    assert_int_equal(got.heartbeat_ms, 500);
    assert_int_equal(got.slot, 12);
    assert_int_equal(got.incarnation, 3);
}

static void a_pipe_without_a_door_is_refused(void **state)
{
    (void)state;
    int fds[2];
    struct door got;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "hello\n", 6), 6);
    close(fds[1]);
    assert_status(LODE_E_USAGE, door_read(fds[0], &got));
    assert_non_null(strstr(lode_error_text(), "not by hand"));
}

static void tokens_differ_and_are_32_digits(void **state)
{
    (void)state;
    char a[DOOR_TOKEN_SIZE], b[DOOR_TOKEN_SIZE];
    assert_ok(door_make_token(a));
    assert_ok(door_make_token(b));
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_door_passes_through_a_pipe),
        cmocka_unit_test(a_pipe_without_a_door_is_refused),
        cmocka_unit_test(tokens_differ_and_are_32_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
