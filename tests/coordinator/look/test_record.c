/* Record: what run.json and the coordinator's process say together. */
#include "tests/unit.h"

#include "common/clock.h"
#include "common/file.h"
#include "coordinator/look/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The state of a run with this record, and with or without a door. */
static enum record_state state_of(const char *text, bool has_endpoint, char name[32])
{
    char run[] = "record-XXXXXX", path[64];
    struct record record = {0};
    assert_non_null(mkdtemp(run));
    snprintf(path, sizeof path, "%s/run.json", run);
    assert_ok(lode_file_write(path, text, strlen(text), false));
    snprintf(path, sizeof path, "%s/endpoint", run);
    if (has_endpoint) assert_ok(lode_file_write(path, "", 0, false));
    const lode_status status = record_load(run, &record);
    assert_ok(lode_directory_remove(run));
    assert_ok(status);
    const enum record_state state = record.state;
    snprintf(name, 32, "%s", record.state_name);
    record_clear(&record);
    return state;
}

static const char *running(char text[512], const char *host, int pid, const char *started)
{
    snprintf(text, 512,
             "{\"state\":\"running\",\"coordinator\":{\"host\":\"%s\",\"pid\":%d},"
             "\"started\":\"%s\"}",
             host, pid, started);
    return text;
}

static void the_verdict_of_a_run_that_ended_is_its_state(void **state)
{
    (void)state;
    char name[32];
    assert_int_equal(state_of("{\"state\":\"stopped\"}", false, name), RECORD_ENDED);
    assert_string_equal(name, "stopped");
    assert_int_equal(state_of("{\"exit_status\":0}", false, name), RECORD_ENDED);
    assert_string_equal(name, "done");
}

static void a_coordinator_of_this_host_runs_once_its_door_is_there(void **state)
{
    (void)state;
    char name[32], host[128] = "", text[512];
    gethostname(host, sizeof host - 1);
    running(text, host, (int)getpid(), "2020-01-01T00:00:00.000Z");
    assert_int_equal(state_of(text, true, name), RECORD_RUNNING);
    assert_int_equal(state_of(text, false, name), RECORD_STARTING);
    assert_string_equal(name, "starting");
}

static void a_coordinator_of_this_host_that_is_gone_was_killed(void **state)
{
    (void)state;
    char name[32], host[128] = "", text[512];
    gethostname(host, sizeof host - 1);
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    running(text, host, (int)pid, "2020-01-01T00:00:00.000Z");
    assert_int_equal(state_of(text, true, name), RECORD_KILLED);
    assert_string_equal(name, "killed");
}

/* Its process cannot be seen from here. */
static void a_coordinator_elsewhere_without_a_door_was_killed_unless_it_just_began(void **state)
{
    (void)state;
    char name[32], now[32], text[512];
    running(text, "another.host", 1, "2020-01-01T00:00:00.000Z");
    assert_int_equal(state_of(text, true, name), RECORD_RUNNING);
    assert_int_equal(state_of(text, false, name), RECORD_KILLED);
    running(text, "another.host", 1, lode_clock_iso(now));
    assert_int_equal(state_of(text, false, name), RECORD_STARTING);
}

static void a_folder_without_a_record_is_no_run(void **state)
{
    (void)state;
    struct record record = {0};
    assert_status(LODE_E_USAGE, record_load("no-such-run", &record));
    assert_status(LODE_E_INPUT, record_load(".", &record));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verdict_of_a_run_that_ended_is_its_state),
        cmocka_unit_test(a_coordinator_of_this_host_runs_once_its_door_is_there),
        cmocka_unit_test(a_coordinator_of_this_host_that_is_gone_was_killed),
        cmocka_unit_test(a_coordinator_elsewhere_without_a_door_was_killed_unless_it_just_began),
        cmocka_unit_test(a_folder_without_a_record_is_no_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
