/* Journal: real files: begun, left, gone on with, twice at once, torn, damaged, full. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/journal/journal.h"
#include "coordinator/journal/owner.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char run[64], segment[3][128]; /* paths of epochs 1 to 3 */
    struct journal *journal;
};

static struct header new_header(void)
{
    return (struct header){.version = "1", .job = "job", .store = "/store"};
}

static int set_up(void **state)
{
    static struct fixture f;
    char folder[96];
    struct header header = new_header();
    f = (struct fixture){.run = "/tmp/lode-journal-XXXXXX"};
    *state = &f;
    if (!mkdtemp(f.run)) return -1;
    snprintf(folder, sizeof folder, "%s/journal", f.run);
    for (uint64_t i = 0; i < 3; i++)
        owner_segment_path(folder, i + 1, f.segment[i], sizeof f.segment[i]);
    return journal_create(f.run, &f.journal) || journal_take(f.journal, &header);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    journal_close(f->journal);
    return lode_directory_remove(f->run) != LODE_OK;
}

static void put_stage(struct fixture *f, uint64_t n_tasks)
{
    const struct entry entry = {
        .kind = ENTRY_STAGE, .stage = 1, .n_tasks = n_tasks, .text = lode_span_text("leaf")};
    assert_ok(journal_put(f->journal, &entry));
}

static void put_result(struct fixture *f, uint64_t task, const char *result)
{
    const struct entry entry = {.kind = ENTRY_RESULT,
                                .stage = 1,
                                .task = task,
                                .attempt = 1,
                                .bytes = lode_span_text(result)};
    assert_ok(journal_put(f->journal, &entry));
}

/* The coordinator ends, another one begins. */
static lode_status leave_and_open(struct fixture *f)
{
    journal_close(f->journal);
    f->journal = NULL;
    return journal_open(f->run, &f->journal);
}

static lode_status take(struct fixture *f)
{
    struct header header = new_header();
    return journal_take(f->journal, &header);
}

/* Results known of stage 1, and the last of them. */
static int64_t count_known(const struct fixture *f)
{
    const struct history_stage *stage = history_find(journal_history(f->journal), 1);
    return stage ? stage->count : 0;
}

static void expect_known(const struct fixture *f, int64_t i, const char *result)
{
    struct lode_bytes bytes = {0};
    const struct history_stage *stage = history_find(journal_history(f->journal), 1);
    assert_ok(journal_read(f->journal, &stage->tasks[i], &bytes));
    assert_int_equal(bytes.size, strlen(result));
    assert_memory_equal(bytes.data, result, bytes.size);
    lode_bytes_clear(&bytes);
}

static void what_was_committed_is_known_to_the_next(void **state)
{
    struct fixture *f = *state;
    put_stage(f, 3);
    put_result(f, 2, "two");
    assert_ok(journal_commit(f->journal));
    put_result(f, 0, "zero");
    assert_ok(journal_commit(f->journal));
    put_result(f, 1, "never committed");
    assert_ok(leave_and_open(f));
    assert_string_equal(journal_header(f->journal)->store, "/store");
    assert_int_equal(count_known(f), 2);
    expect_known(f, 0, "two");
    expect_known(f, 1, "zero");
}

static void three_epochs_are_one_history(void **state)
{
    struct fixture *f = *state;
    put_stage(f, 9);
    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        assert_int_equal(journal_epoch(f->journal), epoch);
        put_result(f, epoch, epoch == 1 ? "one" : epoch == 2 ? "two" : "three");
        assert_ok(journal_commit(f->journal));
        assert_ok(leave_and_open(f));
        if (epoch < 3) assert_ok(take(f));
    }
    assert_int_equal(journal_header(f->journal)->n_earlier, 2);
    assert_int_equal(count_known(f), 3);
    expect_known(f, 0, "one");
    expect_known(f, 1, "two");
    expect_known(f, 2, "three");
}

static void opening_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_ok(leave_and_open(f));
    assert_int_equal(access(f->segment[1], F_OK), -1);
    assert_ok(leave_and_open(f));
    assert_ok(take(f));
    assert_int_equal(access(f->segment[1], F_OK), 0);
}

static void a_torn_tail_is_cut_for_good(void **state)
{
    struct fixture *f = *state;
    struct stat about;
    put_stage(f, 9);
    put_result(f, 1, "one");
    assert_ok(journal_commit(f->journal));
    put_result(f, 2, "torn");
    assert_ok(journal_commit(f->journal));
    assert_int_equal(stat(f->segment[0], &about), 0);
    assert_int_equal(truncate(f->segment[0], about.st_size - 1), 0);
    assert_ok(leave_and_open(f));
    assert_int_equal(count_known(f), 1);
    assert_ok(take(f));
    put_result(f, 2, "again");
    assert_ok(journal_commit(f->journal));
    assert_ok(leave_and_open(f)); /* the torn bytes are still there, and do not count */
    assert_int_equal(count_known(f), 2);
    expect_known(f, 1, "again");
}

/* Stopped after it looked who the owner is, continued when another one was: what it then writes is
 * behind what the other has read. */
static void what_a_coordinator_writes_that_wakes_up_late_is_not_read(void **state)
{
    struct fixture *f = *state, late = *f;
    put_stage(f, 9);
    put_result(f, 1, "one");
    assert_ok(journal_commit(f->journal));
    char aside[160];
    snprintf(aside, sizeof aside, "%s.aside", f->segment[1]);
    struct fixture other = *f;
    /* this process lives; as on another host, where its counter stood still */
    const struct owner_lock asleep = {.epoch = 1, .host = "n7", .machine = "m", .pid = 4711};
    char lock[128], text[OWNER_LOCK_LIMIT];
    snprintf(lock, sizeof lock, "%s/journal/lock", f->run);
    assert_ok(lode_file_write(lock, text, owner_format(&asleep, text, sizeof text), false));
    assert_ok(journal_open(f->run, &other.journal));
    assert_ok(take(&other));
    assert_int_equal(rename(f->segment[1], aside), 0); /* the late one has looked already */
    put_result(&late, 2, "too late");
    assert_ok(journal_commit(late.journal));
    assert_int_equal(rename(aside, f->segment[1]), 0);
    put_result(&other, 2, "in time");
    assert_ok(journal_commit(other.journal));
    /* from here on it sees that it is not the owner */
    put_result(&late, 3, "much too late");
    assert_status(LODE_E_CLUSTER, journal_commit(late.journal));
    assert_true(journal_is_lost(late.journal));
    journal_close(other.journal);
    assert_ok(leave_and_open(f));
    assert_int_equal(count_known(f), 2);
    expect_known(f, 1, "in time");
}

static void a_second_coordinator_is_refused_while_the_first_lives(void **state)
{
    struct fixture *f = *state;
    struct journal *second = NULL;
    assert_status(LODE_E_USAGE, journal_open(f->run, &second));
    assert_non_null(strstr(lode_error_text(), "its coordinator lives"));
}

static void of_two_that_resume_at_once_one_is_refused(void **state)
{
    struct fixture *f = *state;
    struct journal *second = NULL;
    struct header header = new_header();
    assert_ok(leave_and_open(f));
    assert_ok(journal_open(f->run, &second));
    assert_ok(take(f));
    assert_status(LODE_E_USAGE, journal_take(second, &header));
    assert_non_null(strstr(lode_error_text(), "another coordinator goes on"));
    journal_close(second);
}

/* Killed between making its segment and writing the header: twice. */
static void epochs_without_a_header_are_passed_over(void **state)
{
    struct fixture *f = *state;
    put_stage(f, 9);
    put_result(f, 1, "one");
    assert_ok(journal_commit(f->journal));
    journal_close(f->journal);
    f->journal = NULL;
    assert_ok(lode_file_write(f->segment[1], "", 0, false));
    assert_ok(lode_file_write(f->segment[2], "LDJ1 and a torn header", 22, false));
    assert_ok(journal_open(f->run, &f->journal));
    assert_int_equal(count_known(f), 1);
    assert_ok(take(f));
    assert_int_equal(journal_epoch(f->journal), 4);
}

static void an_empty_journal_and_none_are_told_apart(void **state)
{
    struct fixture *f = *state;
    assert_ok(lode_file_write(f->segment[0], "", 0, false));
    assert_status(LODE_E_USAGE, leave_and_open(f));
    assert_non_null(strstr(lode_error_text(), "is empty: the run had not begun"));
    assert_ok(journal_remove(f->run));
    assert_status(LODE_E_USAGE, leave_and_open(f));
    assert_non_null(strstr(lode_error_text(), "there is no journal"));
}

static void a_segment_that_lost_bytes_others_rely_on_is_refused(void **state)
{
    struct fixture *f = *state;
    put_stage(f, 9);
    put_result(f, 1, "one");
    assert_ok(journal_commit(f->journal));
    assert_ok(leave_and_open(f));
    assert_ok(take(f));
    assert_int_equal(truncate(f->segment[0], 50), 0);
    assert_status(LODE_E_INPUT, leave_and_open(f));
    assert_non_null(strstr(lode_error_text(), "00001.journal is damaged at offset 50"));
}

/* A limit on the size of files stands for a full disk. */
static void a_full_disk_fails_the_commit_and_loses_nothing_before_it(void **state)
{
    struct fixture *f = *state;
    struct rlimit limit;
    struct stat about;
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    put_stage(f, 9);
    put_result(f, 1, "one");
    assert_ok(journal_commit(f->journal));
    assert_int_equal(stat(f->segment[0], &about), 0);

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t usual = limit.rlim_cur;
    limit.rlim_cur = (rlim_t)about.st_size + 1000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    put_result(f, 2, big);
    const lode_status status = journal_commit(f->journal);
    limit.rlim_cur = usual;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, LODE_E_DISK);
    put_result(f, 3, "there is room again");
    assert_status(LODE_E_DISK, journal_commit(f->journal)); /* a hole would be damage */

    assert_ok(leave_and_open(f));
    assert_int_equal(count_known(f), 1);
    expect_known(f, 0, "one");
}

int main(void)
{
#define with_journal(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_journal(what_was_committed_is_known_to_the_next),
        with_journal(three_epochs_are_one_history),
        with_journal(opening_changes_nothing),
        with_journal(a_torn_tail_is_cut_for_good),
        with_journal(what_a_coordinator_writes_that_wakes_up_late_is_not_read),
        with_journal(a_second_coordinator_is_refused_while_the_first_lives),
        with_journal(of_two_that_resume_at_once_one_is_refused),
        with_journal(epochs_without_a_header_are_passed_over),
        with_journal(an_empty_journal_and_none_are_told_apart),
        with_journal(a_segment_that_lost_bytes_others_rely_on_is_refused),
        with_journal(a_full_disk_fails_the_commit_and_loses_nothing_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
