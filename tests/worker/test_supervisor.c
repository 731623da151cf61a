/* Supervisor: real children. This program is its own worker: started as `worker --door-fd N` it
 * reads its door and behaves as door.host says; what it did is seen by its exit status and by the
 * bytes that it leaves in a file named by the environment. */
#include "tests/unit.h"

#include "common/clock.h"
#include "common/error.h"
#include "common/log.h"
#include "worker/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]y=="
static const char notes_variable[] = "LODE_TEST_NOTES";

enum { PATIENCE_US = 15000000, MANY_AGAINS = 40 };

/* One line "place incarnation": appended whole, so children do not mix. */
static void leave_note(const struct door *door)
{
    char line[128];
    const char *path = getenv(notes_variable);
    const int fd = open(path ? path : "", O_WRONLY | O_APPEND | O_CLOEXEC);
    const int size =
        snprintf(line, sizeof line, "%s.%lld\n", door->place, (long long)door->incarnation);
    if (fd < 0 || write(fd, line, (size_t)size) != size) _exit(99);
    close(fd);
}

static void on_drain(int number)
{
    (void)number;
    _exit(0);
}

/* The child. */
static int behave(int fd)
{
    struct door door;
    if (door_read(fd, &door)) return 2;
    if (strcmp(door.host, "serve") == 0) {
        struct sigaction now;
        sigaction(SIGTERM, NULL, &now);
        if (now.sa_handler != SIG_DFL) return 2;
        signal(SIGTERM, on_drain);
    }
    leave_note(&door);
    if (strcmp(door.host, "crash") == 0) raise(SIGKILL);
    if (strcmp(door.host, "crash-once") == 0) return door.incarnation == 1 ? 1 : 0;
    if (strcmp(door.host, "again") == 0)
        return door.incarnation < MANY_AGAINS ? WORKER_EXIT_AGAIN : 0;
    if (strcmp(door.host, "lost") == 0) return lode_exit_status(LODE_E_CLUSTER);
    if (strcmp(door.host, "refused") == 0) return lode_exit_status(LODE_E_USAGE);
    if (strcmp(door.host, "leave") == 0) return 0;
    for (;;) pause();
}

struct fixture {
    char notes[64];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    snprintf(fixture.notes, sizeof fixture.notes, "%s", "/tmp/lode-supervisor-XXXXXX");
    *state = &fixture;
    const int fd = mkstemp(fixture.notes);
    if (fd < 0) return -1;
    close(fd);
    return setenv(notes_variable, fixture.notes, 1);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    return unlink(fixture->notes);
}

static struct supervisor *start(const char *behaviour, const char *place, int workers,
                                int64_t first_place)
{
    struct supervisor *supervisor = NULL;
    struct door door = {.n_addresses = 1,
                        .addresses = {"127.0.0.1"},
                        .port = 1,
                        .server_key = KEY,
                        .keys = {.public_key = KEY, .secret_key = KEY},
                        .heartbeat_ms = 500};
    snprintf(door.host, sizeof door.host, "%s", behaviour);
    snprintf(door.place, sizeof door.place, "%s", place);
    assert_ok(supervisor_start(&door, workers, first_place, &supervisor));
    return supervisor;
}

/* The notes as text; how many lines. */
static int read_notes(void **state, char *text, size_t size)
{
    const struct fixture *fixture = *state;
    FILE *file = fopen(fixture->notes, "re");
    int lines = 0;
    const size_t got = fread(text, 1, size - 1, file);
    fclose(file);
    text[got] = '\0';
    for (size_t i = 0; i < got; i++) lines += text[i] == '\n';
    return lines;
}

static void assert_note(const char *notes, const char *line)
{
    if (!strstr(notes, line)) fail_msg("no line %s in:\n%s", line, notes);
}

/* Polls until all children have ended; how they did. */
static struct supervisor_ends poll_to_the_end(struct supervisor *supervisor)
{
    const int64_t end_us = lode_clock_us() + PATIENCE_US;
    int alive = 1;
    while (alive > 0) {
        assert_ok(supervisor_poll(supervisor, &alive));
        assert_true(lode_clock_us() < end_us);
        usleep(1000);
    }
    const struct supervisor_ends ends = supervisor_ends(supervisor);
    supervisor_stop(supervisor, 0);
    return ends;
}

/* Until `lines` notes are there. */
static void await_notes(void **state, struct supervisor *supervisor, int lines)
{
    const int64_t end_us = lode_clock_us() + PATIENCE_US;
    char notes[4096];
    int alive = 0;
    while (read_notes(state, notes, sizeof notes) < lines) {
        assert_ok(supervisor_poll(supervisor, &alive));
        assert_true(lode_clock_us() < end_us);
        usleep(1000);
    }
}

static void places_are_numbers_from_the_first_on(void **state)
{
    char notes[4096];
    const struct supervisor_ends ends = poll_to_the_end(start("leave", "", 3, 7));
    assert_int_equal(ends.left, 3);
    assert_int_equal(read_notes(state, notes, sizeof notes), 3);
    assert_note(notes, "7.1\n");
    assert_note(notes, "8.1\n");
    assert_note(notes, "9.1\n");
}

static void places_of_late_joiners_have_their_supervisors_name(void **state)
{
    char notes[4096];
    poll_to_the_end(start("leave", "n2:17", 2, 0));
    assert_int_equal(read_notes(state, notes, sizeof notes), 2);
    assert_note(notes, "n2:17:0.1\n");
    assert_note(notes, "n2:17:1.1\n");
}

static void a_crashed_worker_keeps_its_place_and_gets_a_new_incarnation(void **state)
{
    char notes[4096];
    const struct supervisor_ends ends = poll_to_the_end(start("crash-once", "", 1, 4));
    assert_int_equal(ends.left, 1);
    assert_int_equal(read_notes(state, notes, sizeof notes), 2);
    assert_note(notes, "4.1\n");
    assert_note(notes, "4.2\n");
}

static void a_worker_that_only_crashes_is_given_up(void **state)
{
    char notes[4096];
    const struct supervisor_ends ends = poll_to_the_end(start("crash", "", 1, 0));
    assert_int_equal(ends.crashed, 1);
    assert_int_equal(read_notes(state, notes, sizeof notes), 17); /* once and 16 restarts */
}

static void ending_to_stop_a_hung_task_never_counts_as_a_crash(void **state)
{
    char notes[4096];
    const struct supervisor_ends ends = poll_to_the_end(start("again", "", 1, 0));
    assert_int_equal(ends.left, 1);
    assert_int_equal(ends.crashed, 0);
    assert_int_equal(read_notes(state, notes, sizeof notes), MANY_AGAINS);
}

static void lost_and_refused_workers_are_not_started_again(void **state)
{
    char notes[4096];
    struct supervisor_ends ends = poll_to_the_end(start("lost", "", 2, 0));
    assert_int_equal(ends.lost, 2);
    ends = poll_to_the_end(start("refused", "", 1, 0));
    assert_int_equal(ends.refused, 1);
    assert_int_equal(read_notes(state, notes, sizeof notes), 3);
}

static void drained_workers_leave_and_none_comes_back(void **state)
{
    char notes[4096];
    struct supervisor *supervisor = start("serve", "", 2, 0);
    await_notes(state, supervisor, 2);
    supervisor_drain(supervisor);
    const struct supervisor_ends ends = poll_to_the_end(supervisor);
    assert_int_equal(ends.left, 2);
    assert_int_equal(read_notes(state, notes, sizeof notes), 2);
}

/* A supervisor that catches or ignores the signals must still get through to its children, from
 * their first moment on. */
static void a_drain_reaches_workers_that_have_hardly_started(void **state)
{
    (void)state;
    void (*const before)(int) = signal(SIGTERM, SIG_IGN);
    for (int i = 0; i < 20; i++) {
        struct supervisor *supervisor = start("serve", "", 1, 0);
        supervisor_drain(supervisor);
        assert_int_equal(poll_to_the_end(supervisor).left, 1);
    }
    signal(SIGTERM, before);
}

static void stopping_kills_workers_that_do_not_leave(void **state)
{
    struct supervisor *supervisor = start("hang", "", 2, 0);
    await_notes(state, supervisor, 2);
    assert_int_equal(supervisor_running(supervisor), 2);
    supervisor_stop(supervisor, 10); /* returns: they are gone */
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "worker") == 0) return behave((int)strtol(argv[3], NULL, 10));
    lode_log_set_level(LODE_LOG_ERROR); /* crashes are meant here */
#define with_notes(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_notes(places_are_numbers_from_the_first_on),
        with_notes(places_of_late_joiners_have_their_supervisors_name),
        with_notes(a_crashed_worker_keeps_its_place_and_gets_a_new_incarnation),
        with_notes(a_worker_that_only_crashes_is_given_up),
        with_notes(ending_to_stop_a_hung_task_never_counts_as_a_crash),
        with_notes(lost_and_refused_workers_are_not_started_again),
        with_notes(drained_workers_leave_and_none_comes_back),
        with_notes(a_drain_reaches_workers_that_have_hardly_started),
        with_notes(stopping_kills_workers_that_do_not_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
