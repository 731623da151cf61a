/* Lock file: one holder at a time; what a killed process left is taken over, others are named. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/lock_file.h"
#include "common/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct here {
    char folder[64], path[128];
};

static int open_here(void **state)
{
    struct here *here = calloc(1, sizeof *here);
    if (!here) return -1;
    snprintf(here->folder, sizeof here->folder, "/tmp/lode-lock-XXXXXX");
    if (!mkdtemp(here->folder)) return -1;
    snprintf(here->path, sizeof here->path, "%s/lock", here->folder);
    *state = here;
    return 0;
}

static int close_here(void **state)
{
    struct here *here = *state;
    const lode_status status = lode_directory_remove(here->folder);
    free(here);
    return status ? -1 : 0;
}

/* *taken; in `holder` who has it. */
static bool take(const struct here *here, char holder[LODE_LOCK_HOLDER_SIZE])
{
    bool taken = false;
    holder[0] = '\0';
    assert_ok(lode_lock_take(here->path, 0, &taken, holder));
    return taken;
}

static void write_lock(const struct here *here, const char *text)
{
    assert_ok(lode_file_write(here->path, text, strlen(text), false));
}

static void a_lock_that_is_held_is_named_by_process_and_host(void **state)
{
    const struct here *here = *state;
    char holder[LODE_LOCK_HOLDER_SIZE], wanted[64];
    assert_true(take(here, holder));
    void *grown = malloc(64 << 20); /* what a process is changes, not when it began */
    assert_non_null(grown);
    assert_false(take(here, holder));
    free(grown);
    const int size = snprintf(wanted, sizeof wanted, "process %d of ", (int)getpid());
    assert_memory_equal(holder, wanted, (size_t)size);
    assert_null(strstr(holder, "since")); /* for programs only */
    lode_lock_release(here->path);
    assert_true(take(here, holder));
    lode_lock_release(here->path);
}

static void what_a_killed_process_left_is_taken_over(void **state)
{
    const struct here *here = *state;
    char holder[LODE_LOCK_HOLDER_SIZE];
    const pid_t child = fork();
    if (child == 0) {
        bool taken = false;
        if (lode_lock_take(here->path, 0, &taken, holder) || !taken) _exit(1);
        _exit(0); /* and does not release it */
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    assert_int_equal(access(here->path, F_OK), 0);
    assert_true(take(here, holder));
    lode_lock_release(here->path);
}

static void a_later_process_with_the_pid_is_not_the_holder(void **state)
{
    const struct here *here = *state;
    char holder[LODE_LOCK_HOLDER_SIZE], text[LODE_LOCK_HOLDER_SIZE], machine[LODE_MACHINE_SIZE];
    lode_process_machine(machine);
    snprintf(text, sizeof text, "process %d of here, since %" PRId64 " on %s", (int)getpid(),
             lode_process_start(getpid()) - 1, machine);
    write_lock(here, text);
    assert_true(take(here, holder));
    lode_lock_release(here->path);
}

static void a_process_of_another_machine_is_never_taken_for_gone(void **state)
{
    const struct here *here = *state;
    char holder[LODE_LOCK_HOLDER_SIZE];
    const char *const texts[] = {"process 2147483646 of here, since 1 on other-boot/pid:[7]",
                                 "process 2147483646 of here", "", "\033[31mgarbage"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_lock(here, texts[i]);
        assert_false(take(here, holder));
        assert_true(holder[0] != '\0');
        assert_null(strchr(holder, '\033'));
    }
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    (void)state;
    bool taken = false;
    char holder[LODE_LOCK_HOLDER_SIZE];
    assert_status(LODE_E_DISK, lode_lock_take("/no/such/folder/lock", 0, &taken, holder));
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, open_here, close_here)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_folder(a_lock_that_is_held_is_named_by_process_and_host),
        with_folder(what_a_killed_process_left_is_taken_over),
        with_folder(a_later_process_with_the_pid_is_not_the_holder),
        with_folder(a_process_of_another_machine_is_never_taken_for_gone),
        with_folder(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
