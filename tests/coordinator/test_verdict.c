/* Verdict: what is a record and what is not, and whose death is noticed. */
#include "tests/unit.h"

#include "coordinator/verdict.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool parse(const char *text, struct verdict *verdict)
{
    return verdict_parse(text, strlen(text), verdict);
}

static void both_forms_of_the_record_are_read(void **state)
{
    (void)state;
    struct verdict verdict = {0};
    assert_true(parse("running 4711 node-3.cluster\n", &verdict));
    assert_int_equal(verdict.state, VERDICT_RUNNING);
    assert_int_equal(verdict.pid, 4711);
    assert_string_equal(verdict.host, "node-3.cluster");
    assert_true(parse("ended 75\n", &verdict));
    assert_int_equal(verdict.state, VERDICT_ENDED);
    assert_int_equal(verdict.exit_status, 75);
}

static void anything_else_is_no_record_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "0\n",
        "ended\n",
        "ended \n",
        "ended 0",
        "ended 0\n\n",
        "ended  0\n",
        "ended -1\n",
        "ended +1\n",
        "ended 256\n",
        "ended 0 \n",
        "ended 0x1\n",
        "Ended 0\n",
        "running\n",
        "running 1\n",
        "running 1 \n",
        "running  1 host\n",
        "running 0 host\n",
        "running -5 host\n",
        "running 2147483648 host\n",
        "running 1 two words\n",
        "running 1 host",
        "running 1 host\t\n",
        "running x host\n",
    };
    struct verdict verdict = {.state = VERDICT_ENDED, .exit_status = 7};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (parse(texts[i], &verdict)) fail_msg("taken for a record: '%s'", texts[i]);
    assert_int_equal(verdict.state, VERDICT_ENDED);
    assert_int_equal(verdict.exit_status, 7);
}

static void a_host_name_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct verdict verdict = {0};
    char line[VERDICT_HOST_SIZE + 32];
    const int size = snprintf(line, sizeof line, "running 1 ");
    memset(line + size, 'h', sizeof line - (size_t)size);
    const size_t end =
        (size_t)size + VERDICT_HOST_SIZE; /* one past a name that is too long by one */
    line[end - 1] = '\n';
    assert_true(verdict_parse(line, end, &verdict));
    line[end - 1] = 'h';
    line[end] = '\n';
    assert_false(verdict_parse(line, end + 1, &verdict));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    char path[64];
    struct verdict verdict = {0};
    snprintf(path, sizeof path, "verdict-%d", (int)getpid());
    verdict_read(path, &verdict);
    assert_int_equal(verdict.state, VERDICT_NONE);
    assert_ok(verdict_write_running(path));
    verdict_read(path, &verdict);
    assert_int_equal(verdict.state, VERDICT_RUNNING);
    assert_int_equal(verdict.pid, getpid());
    assert_true(verdict_is_here(&verdict));
    assert_false(verdict_is_orphaned(&verdict));
    assert_ok(verdict_write_ended(path, 143));
    verdict_read(path, &verdict);
    assert_int_equal(verdict.exit_status, 143);
    assert_false(verdict_is_here(&verdict));
    unlink(path);
    verdict_read(path, &verdict); /* what was known stays */
    assert_int_equal(verdict.state, VERDICT_ENDED);
}

static void a_process_of_this_host_that_is_gone_leaves_an_orphaned_run(void **state)
{
    (void)state;
    struct verdict verdict = {.state = VERDICT_RUNNING};
    assert_int_equal(gethostname(verdict.host, sizeof verdict.host), 0);
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    verdict.pid = pid;
    assert_true(verdict_is_orphaned(&verdict));
    snprintf(verdict.host, sizeof verdict.host, "another.host"); /* its processes we cannot see */
    assert_false(verdict_is_orphaned(&verdict));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_the_record_are_read),
        cmocka_unit_test(anything_else_is_no_record_and_changes_nothing),
        cmocka_unit_test(a_host_name_that_does_not_fit_is_refused),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_process_of_this_host_that_is_gone_leaves_an_orphaned_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
