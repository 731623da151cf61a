/* Door: the same through text, pipe and file; anything that is not a door is refused, and told
 * without its secret. */
#include "tests/unit.h"

#include "common/file.h"
#include "worker/door.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* letters of Z85 that could be taken for something else: '=' twice, '#', '/' */
#define SERVER "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]y=="
#define PUBLIC "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET "=:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR#=1"

static const char whole[] =
    "host=n1\naddresses=10.0.0.5 fd00::1\nport=4711\nserver_key=" SERVER "\npublic_key=" PUBLIC
    "\nsecret_key=" SECRET
    "\nheartbeat_ms=500\nmemory_bytes=73014444032\nplace=n2:17:0\nincarnation=3\n";

static struct door sample(void)
{
    struct door door = {.host = "n1",
                        .n_addresses = 2,
                        .addresses = {"10.0.0.5", "fd00::1"},
                        .port = 4711,
                        .server_key = SERVER,
                        .keys = {.public_key = PUBLIC, .secret_key = SECRET},
                        .heartbeat_ms = 500,
                        .memory_bytes = INT64_C(68) << 30,
                        .place = "n2:17:0",
                        .incarnation = 3};
    return door;
}

static void assert_same(const struct door *a, const struct door *b)
{
    assert_string_equal(a->host, b->host);
    assert_int_equal(a->n_addresses, b->n_addresses);
    for (int64_t i = 0; i < a->n_addresses; i++)
        assert_string_equal(a->addresses[i], b->addresses[i]);
    assert_int_equal(a->port, b->port);
    assert_string_equal(a->server_key, b->server_key);
    assert_string_equal(a->keys.public_key, b->keys.public_key);
    assert_string_equal(a->keys.secret_key, b->keys.secret_key);
    assert_int_equal(a->heartbeat_ms, b->heartbeat_ms);
    assert_int_equal(a->memory_bytes, b->memory_bytes);
    assert_string_equal(a->place, b->place);
    assert_int_equal(a->incarnation, b->incarnation);
}

/* The sample's text with the line of one field replaced ("" : left out). */
static void with_line(const char *name, const char *line, char *text, size_t size)
{
    const char *at = strstr(whole, name);
    assert_non_null(at);
    const char *rest = strchr(at, '\n') + 1;
    snprintf(text, size, "%.*s%s%s", (int)(at - whole), whole, line, rest);
}

static void assert_refused(const char *name, const char *line, const char *why)
{
    char text[DOOR_TEXT_SIZE];
    struct door door = {.port = 1};
    with_line(name, line, text, sizeof text);
    assert_status(LODE_E_INPUT, door_parse(text, strlen(text), &door));
    if (!strstr(lode_error_text(), why)) fail_msg("%s: %s", line, lode_error_text());
    assert_null(strstr(lode_error_text(), SECRET));
    assert_int_equal(door.port, 1); /* untouched */
}

static void assert_taken(const char *name, const char *line)
{
    char text[DOOR_TEXT_SIZE];
    struct door door;
    with_line(name, line, text, sizeof text);
    assert_ok(door_parse(text, strlen(text), &door));
}

static void a_door_is_one_line_a_field(void **state)
{
    (void)state;
    char text[DOOR_TEXT_SIZE];
    const struct door door = sample();
    assert_ok(door_format(&door, text, sizeof text));
    assert_string_equal(text, whole);
}

static void keys_with_an_equals_sign_are_read_whole(void **state)
{
    (void)state;
    struct door got;
    const struct door sent = sample();
    assert_ok(door_parse(whole, strlen(whole), &got));
    assert_same(&got, &sent);
}

static void the_largest_door_fits_its_text(void **state)
{
    (void)state;
    char text[DOOR_TEXT_SIZE];
    struct door got, door = sample();
    door.n_addresses = DOOR_ADDRESSES_MAX;
    for (int i = 0; i < DOOR_ADDRESSES_MAX; i++)
        snprintf(door.addresses[i], DOOR_ADDRESS_SIZE, "%s",
                 "fd00:1111:2222:3333:4444:5555:255.255.255.255");
    memset(door.host, 'h', DOOR_HOST_SIZE - 1);
    memset(door.place, 'p', DOOR_PLACE_SIZE - 1);
    door.incarnation = INT64_MAX;
    assert_ok(door_format(&door, text, sizeof text));
    assert_ok(door_parse(text, strlen(text), &got));
    assert_same(&got, &door);
}

static void a_door_that_does_not_fit_its_buffer_is_refused(void **state)
{
    (void)state;
    char text[64];
    const struct door door = sample();
    assert_status(LODE_E_BUG, door_format(&door, text, sizeof text));
}

static void a_missing_or_second_or_foreign_line_is_refused(void **state)
{
    (void)state;
    assert_refused("port=", "", "no line with port");
    assert_refused("secret_key=", "", "no line with secret_key");
    assert_refused("port=", "port=1\nport=1\n", "line 4: a second port");
    assert_refused("port=", "port=1\ncolour=red\n", "line 4: no field");
    assert_refused("port=", "\n", "line 3: no field");
    assert_refused("port=", "port 4711\n", "line 3: no field");
    assert_refused("incarnation=", "incarnation=3", "line 10: is cut off");
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_refused("port=", "port=0\n", "line 3: port must be a number in 1..65535");
    assert_refused("port=", "port=65536\n", "port");
    assert_refused("port=", "port=\n", "port");
    assert_refused("port=", "port=80 \n", "port");
    assert_refused("heartbeat_ms=", "heartbeat_ms=49\n", "50..60000");
    assert_refused("heartbeat_ms=", "heartbeat_ms=60001\n", "50..60000");
    assert_refused("incarnation=", "incarnation=-1\n", "incarnation");
    assert_taken("port=", "port=65535\n");
    assert_taken("heartbeat_ms=", "heartbeat_ms=50\n");
    assert_taken("incarnation=", "incarnation=0\n");
}

static void addresses_are_one_to_eight_numbers(void **state)
{
    (void)state;
    assert_refused("addresses=", "addresses=\n", "1..8 numeric");
    assert_refused("addresses=", "addresses=localhost\n", "line 2: addresses");
    assert_refused("addresses=", "addresses=10.0.0.256\n", "addresses");
    assert_refused("addresses=", "addresses=10.0.0.5 \n", "addresses");
    assert_refused("addresses=", "addresses=10.0.0.5  10.0.0.6\n", "addresses");
    assert_refused("addresses=", "addresses=::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1\n", "addresses");
    assert_taken("addresses=", "addresses=::1 ::1 ::1 ::1 ::1 ::1 ::1 ::1\n");
}

static void words_are_printable_and_keys_have_forty_letters(void **state)
{
    (void)state;
    assert_refused("host=", "host=\n", "line 1: host");
    assert_refused("host=", "host=two words\n", "host");
    assert_refused("place=", "place=\033[2J\n", "place");
    assert_taken("place=", "place=\n"); /* nobody's yet */
    assert_refused("server_key=", "server_key=short\n", "40 characters of Z85");
    assert_refused("secret_key=", "secret_key=" SECRET "0\n", "line 6: secret_key");
    assert_refused("public_key=", "public_key=~ne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\n",
                   "public_key");
}

static void a_door_passes_through_a_pipe(void **state)
{
    (void)state;
    int fds[2];
    struct door got;
    const struct door sent = sample();
    assert_int_equal(pipe(fds), 0);
    assert_ok(door_write(&sent, fds[1]));
    close(fds[1]);
    assert_ok(door_read(fds[0], &got));
    assert_same(&got, &sent);
    assert_int_equal(close(fds[0]), -1); /* closed already */
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
    assert_non_null(strstr(lode_error_text(), "--join"));
}

static void a_pipe_that_never_stops_is_refused(void **state)
{
    (void)state;
    int fds[2];
    char much[2 * DOOR_TEXT_SIZE];
    struct door got;
    memset(much, '\n', sizeof much);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], much, sizeof much), (int)sizeof much);
    assert_status(LODE_E_USAGE, door_read(fds[0], &got)); /* the write end is still open */
    close(fds[1]);
}

struct fixture {
    char directory[64], path[80];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    snprintf(fixture.directory, sizeof fixture.directory, "%s", "/tmp/lode-door-XXXXXX");
    *state = &fixture;
    if (!mkdtemp(fixture.directory)) return -1;
    snprintf(fixture.path, sizeof fixture.path, "%s/endpoint", fixture.directory);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    return lode_directory_remove(fixture->directory) != LODE_OK;
}

static void a_saved_door_is_loaded_by_its_owner(void **state)
{
    const struct fixture *fixture = *state;
    struct door got;
    const struct door sent = sample();
    assert_ok(door_save(&sent, fixture->path));
    assert_ok(door_load(fixture->path, &got));
    assert_same(&got, &sent);
}

static void a_saved_door_is_0600_whatever_was_there_before(void **state)
{
    const struct fixture *fixture = *state;
    struct stat about;
    char aside[128];
    const struct door door = sample();
    const mode_t mask = umask(0);
    snprintf(aside, sizeof aside, "%s.tmp-%d", fixture->path, (int)getpid());
    assert_ok(lode_file_write(fixture->path, "old\n", 4, false));
    assert_ok(lode_file_write(aside, "leftover\n", 9, false)); /* 0666 now, open to all */
    assert_ok(door_save(&door, fixture->path));
    umask(mask);
    assert_int_equal(stat(fixture->path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(access(aside, F_OK), -1);
}

static void a_door_that_others_can_read_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct door got;
    const struct door door = sample();
    const mode_t modes[] = {0640, 0604, 0620};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_ok(door_save(&door, fixture->path));
        assert_int_equal(chmod(fixture->path, modes[i]), 0);
        assert_status(LODE_E_USAGE, door_load(fixture->path, &got));
        assert_non_null(strstr(lode_error_text(), "must be 0600"));
    }
}

static void a_door_of_another_user_is_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct door got;
    const struct door door = sample();
    if (geteuid() != 0) skip(); /* only root can make such a file, and be somebody else */
    assert_ok(door_save(&door, fixture->path));
    assert_int_equal(chown(fixture->path, 12345, (gid_t)-1), 0);
    assert_ok(door_load(fixture->path, &got)); /* root may */
    assert_int_equal(chmod(fixture->directory, 0755), 0);
    assert_int_equal(seteuid(12346), 0);
    const lode_status status = door_load(fixture->path, &got);
    assert_int_equal(seteuid(0), 0);
    assert_status(LODE_E_USAGE, status); /* as it cannot be opened */
}

static void a_run_that_is_not_under_way_is_named(void **state)
{
    const struct fixture *fixture = *state;
    struct door got;
    assert_status(LODE_E_USAGE, door_load(fixture->path, &got));
    assert_non_null(strstr(lode_error_text(), "no run is under way in /tmp/lode-door-"));
    assert_non_null(strstr(lode_error_text(), "no endpoint file"));
    assert_status(LODE_E_USAGE, door_load("/nowhere/run1/endpoint", &got));
    assert_non_null(strstr(lode_error_text(), "/nowhere/run1: there is no such run"));
}

static void links_pipes_and_damaged_files_are_refused(void **state)
{
    const struct fixture *fixture = *state;
    struct door got;
    char link_path[128];
    const struct door door = sample();
    assert_ok(door_save(&door, fixture->path));
    snprintf(link_path, sizeof link_path, "%s-link", fixture->path);
    assert_int_equal(symlink(fixture->path, link_path), 0);
    assert_status(LODE_E_USAGE, door_load(link_path, &got));
    assert_int_equal(truncate(fixture->path, 100), 0);
    assert_status(LODE_E_INPUT, door_load(fixture->path, &got));
    assert_non_null(strstr(lode_error_text(), fixture->path));
    assert_non_null(strstr(lode_error_text(), "cut off"));
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_status(LODE_E_USAGE, door_load(fixture->path, &got));
    assert_non_null(strstr(lode_error_text(), "not a plain file"));
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_door_is_one_line_a_field),
        cmocka_unit_test(keys_with_an_equals_sign_are_read_whole),
        cmocka_unit_test(the_largest_door_fits_its_text),
        cmocka_unit_test(a_door_that_does_not_fit_its_buffer_is_refused),
        cmocka_unit_test(a_missing_or_second_or_foreign_line_is_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(addresses_are_one_to_eight_numbers),
        cmocka_unit_test(words_are_printable_and_keys_have_forty_letters),
        cmocka_unit_test(a_door_passes_through_a_pipe),
        cmocka_unit_test(a_pipe_without_a_door_is_refused),
        cmocka_unit_test(a_pipe_that_never_stops_is_refused),
        with_folder(a_saved_door_is_loaded_by_its_owner),
        with_folder(a_saved_door_is_0600_whatever_was_there_before),
        with_folder(a_door_that_others_can_read_is_refused),
        with_folder(a_door_of_another_user_is_refused),
        with_folder(a_run_that_is_not_under_way_is_named),
        with_folder(links_pipes_and_damaged_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
