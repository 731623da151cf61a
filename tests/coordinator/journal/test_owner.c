/* Owner: the lock's text, and who counts as alive. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/journal/owner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void make_segment(const char *folder, uint64_t epoch)
{
    char path[128];
    owner_segment_path(folder, epoch, path, sizeof path);
    assert_ok(lode_file_write(path, "", 0, false));
}

static int set_up(void **state)
{
    static char folder[64];
    snprintf(folder, sizeof folder, "/tmp/lode-owner-XXXXXX");
    *state = folder;
    if (!mkdtemp(folder)) return -1;
    make_segment(folder, 1);
    return 0;
}

static int tear_down(void **state)
{
    return lode_directory_remove(*state) != LODE_OK;
}

static void save_lock(const char *folder, const struct owner_lock *lock)
{
    char path[128], text[OWNER_LOCK_LIMIT];
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_ok(lode_file_write(path, text, owner_format(lock, text, sizeof text), false));
}

static struct owner_lock load_lock(const char *folder)
{
    char path[128];
    struct lode_bytes bytes = {0};
    struct owner_lock lock;
    snprintf(path, sizeof path, "%s/lock", folder);
    assert_ok(lode_file_read(path, OWNER_LOCK_LIMIT, &bytes));
    assert_true(owner_parse((const char *)bytes.data, bytes.size, &lock));
    lode_bytes_clear(&bytes);
    return lock;
}

/* Of a coordinator on a host that is not this one. */
static const struct owner_lock elsewhere = {.epoch = 1,
                                            .host = "n7",
                                            .machine = "boot/pid:[1]",
                                            .pid = 4711,
                                            .start = 12,
                                            .renewed = 3,
                                            .renew_ms = 100};

static void a_lock_reads_back(void **state)
{
    (void)state;
    char text[OWNER_LOCK_LIMIT];
    struct owner_lock got;
    const size_t size = owner_format(&elsewhere, text, sizeof text);
    assert_true(owner_parse(text, size, &got));
    assert_int_equal(got.epoch, 1);
    assert_string_equal(got.host, "n7");
    assert_string_equal(got.machine, "boot/pid:[1]");
    assert_int_equal(got.pid, 4711);
    assert_int_equal(got.start, 12);
    assert_int_equal(got.renewed, 3);
    assert_int_equal(got.renew_ms, 100);
    for (size_t cut = 0; cut < size; cut++) assert_false(owner_parse(text, cut, &got));
}

static void a_lock_that_would_be_watched_for_ever_is_none(void **state)
{
    (void)state;
    char text[OWNER_LOCK_LIMIT];
    struct owner_lock lock = elsewhere, got;
    lock.renew_ms = OWNER_RENEW_MS_MAX + 1;
    assert_false(owner_parse(text, owner_format(&lock, text, sizeof text), &got));
}

static void an_owner_that_runs_here_is_alive_and_named(void **state)
{
    struct owner *owner = NULL;
    char words[64];
    assert_ok(owner_begin(*state, 1, &owner));
    assert_status(LODE_E_USAGE, owner_check(*state, 1));
    snprintf(words, sizeof words, "pid %ld", (long)getpid());
    assert_non_null(strstr(lode_error_text(), words));
    owner_end(owner);
}

static void an_owner_that_let_go_is_not(void **state)
{
    struct owner *owner = NULL;
    assert_ok(owner_begin(*state, 1, &owner));
    owner_end(owner);
    assert_ok(owner_check(*state, 1));
}

/* The process id is used again, by somebody else. */
static void a_process_that_began_at_another_time_is_another(void **state)
{
    struct owner *owner = NULL;
    assert_ok(owner_begin(*state, 1, &owner));
    struct owner_lock lock = load_lock(*state);
    owner_end(owner);
    lock.start--;
    lock.renew_ms = OWNER_RENEW_MS;
    save_lock(*state, &lock);
    assert_ok(owner_check(*state, 1));
}

static void elsewhere_a_counter_that_stands_still_is_dead(void **state)
{
    save_lock(*state, &elsewhere);
    assert_ok(owner_check(*state, 1));
}

struct renewing {
    const char *folder;
    atomic_bool ends;
};

static void *renew_elsewhere(void *argument)
{
    struct renewing *renewing = argument;
    struct owner_lock lock = elsewhere;
    while (!atomic_load(&renewing->ends)) {
        lock.renewed++;
        save_lock(renewing->folder, &lock);
        usleep(10000); /* a tenth of what is promised */
    }
    return NULL;
}

static void elsewhere_a_counter_that_moves_is_alive(void **state)
{
    struct renewing renewing = {.folder = *state};
    pthread_t thread;
    save_lock(*state, &elsewhere);
    assert_int_equal(pthread_create(&thread, NULL, renew_elsewhere, &renewing), 0);
    const lode_status status = owner_check(*state, 1);
    atomic_store(&renewing.ends, true);
    pthread_join(thread, NULL);
    assert_int_equal(status, LODE_E_USAGE);
    assert_non_null(strstr(lode_error_text(), "host n7, pid 4711"));
}

/* Paused, overtaken, awake again: the lock is the newer owner's by then. */
static void an_owner_that_was_overtaken_leaves_the_lock_alone(void **state)
{
    struct owner *owner = NULL;
    struct owner_lock newer = elsewhere;
    assert_ok(owner_begin(*state, 1, &owner));
    newer.epoch = 2;
    make_segment(*state, 2);
    save_lock(*state, &newer);
    owner_end(owner);
    assert_int_equal(load_lock(*state).epoch, 2);
    assert_true(owner_is_superseded(*state, 1));
    assert_false(owner_is_superseded(*state, 2));
    assert_true(owner_is_superseded(*state, 3)); /* there is none: the run has ended meanwhile */
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lock_reads_back),
        cmocka_unit_test(a_lock_that_would_be_watched_for_ever_is_none),
        with_folder(an_owner_that_runs_here_is_alive_and_named),
        with_folder(an_owner_that_let_go_is_not),
        with_folder(a_process_that_began_at_another_time_is_another),
        with_folder(elsewhere_a_counter_that_stands_still_is_dead),
        with_folder(elsewhere_a_counter_that_moves_is_alive),
        with_folder(an_owner_that_was_overtaken_leaves_the_lock_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
