/* Signals: what they are counted as, and what the counts mean. The counts only grow, so each fact
 * is told in a process of its own. */
#include "tests/unit.h"

#include "coordinator/signals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The signals are raised in a child, which answers with its exit status: bit 7 drain, else stop. */
static int wish_after(bool under_mpirun, const int *numbers, int count)
{
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signals_catch();
        for (int i = 0; i < count; i++) raise(numbers[i]);
        const struct signals_wish wish = signals_wish(under_mpirun);
        _exit((wish.drain ? 128 : 0) | wish.stop);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status)); /* else the signal ended it */
    return WEXITSTATUS(status);
}

static void without_a_signal_nothing_is_wished(void **state)
{
    (void)state;
    assert_int_equal(wish_after(false, NULL, 0), 0);
    assert_int_equal(wish_after(true, NULL, 0), 0);
}

static void the_first_stop_means_in_good_order_and_the_second_now(void **state)
{
    (void)state;
    const int interrupts[] = {SIGINT, SIGINT}, mixed[] = {SIGINT, SIGTERM};
    assert_int_equal(wish_after(false, interrupts, 1), 128);
    assert_int_equal(wish_after(false, interrupts, 2), 128 | SIGINT);
    assert_int_equal(wish_after(false, mixed, 2),
                     128 | SIGTERM); /* the latest is the exit status */
}

static void under_mpirun_the_first_stop_means_now(void **state)
{
    (void)state;
    const int numbers[] = {SIGTERM};
    assert_int_equal(wish_after(true, numbers, 1), 128 | SIGTERM);
}

static void a_batch_systems_warning_never_means_now(void **state)
{
    (void)state;
    const int numbers[] = {SIGUSR1, SIGUSR1, SIGUSR1, SIGTERM};
    assert_int_equal(wish_after(false, numbers, 3), 128);
    assert_int_equal(wish_after(true, numbers, 3), 128);
    assert_int_equal(wish_after(false, numbers, 4), 128); /* the first stop of a person */
}

static void every_signal_is_counted(void **state)
{
    (void)state;
    signals_catch();
    assert_int_equal(signals_seen().stops, 0);
    raise(SIGTERM);
    raise(SIGUSR1);
    raise(SIGINT);
    const struct signals_seen seen = signals_seen();
    assert_int_equal(seen.stops, 2);
    assert_int_equal(seen.last_stop, SIGINT);
    assert_int_equal(seen.warnings, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_signal_nothing_is_wished),
        cmocka_unit_test(the_first_stop_means_in_good_order_and_the_second_now),
        cmocka_unit_test(under_mpirun_the_first_stop_means_now),
        cmocka_unit_test(a_batch_systems_warning_never_means_now),
        cmocka_unit_test(every_signal_is_counted), /* last: the counts stay */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
