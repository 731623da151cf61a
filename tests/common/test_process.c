/* Process: whether one that a file names still lives. What others own and /proc hides takes another
 * user and another mount, and is not tried here.
 */
#include "tests/unit.h"

#include "common/process.h"

#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_process_lives_under_its_own_start_alone(void **state)
{
    (void)state;
    const int64_t start = lode_process_start(getpid());
    assert_true(start > 0);
    assert_true(lode_process_may_live(getpid(), start));
    assert_false(lode_process_may_live(getpid(), start - 1));
}

static void one_that_has_ended_does_not_live_waited_for_or_not(void **state)
{
    (void)state;
    siginfo_t about;
    const pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    const int64_t start = lode_process_start(pid);
    assert_true(lode_process_may_live(pid, start));
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &about, WEXITED | WNOWAIT), 0);
    assert_false(lode_process_may_live(pid, start));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(lode_process_may_live(pid, start));
}

static void numbers_that_are_no_pids_name_nobody(void **state)
{
    (void)state;
    assert_false(lode_process_may_live(0, 5));
    assert_false(lode_process_may_live(-1, 5));
    assert_false(lode_process_may_live(INT64_C(1) << 32, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_lives_under_its_own_start_alone),
        cmocka_unit_test(one_that_has_ended_does_not_live_waited_for_or_not),
        cmocka_unit_test(numbers_that_are_no_pids_name_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
