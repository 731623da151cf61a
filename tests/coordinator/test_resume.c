/* Resume: what a run was begun with is what it goes on with; differences are refused by name. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/engine.h"
#include "coordinator/resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct lode_param table[] = {
    {"k", "1..4", "", "first"}, {"text", "", "", "second"}, {0}};
static const struct lode_job job = {.name = "job", .params = table};
static const struct lode_job other_job = {.name = "other", .params = table};

/* A run directory beside a store in name only. */
struct fixture {
    char folder[64], run[80];
    struct lode_store store;
    struct lode_params *params;
    struct run_identity identity;
    struct lode_arena *arena;
    struct journal *journal;
};

static int set_up(void **state)
{
    static struct fixture f;
    char path[128];
    f = (struct fixture){.folder = "/tmp/lode-resume-XXXXXX"};
    *state = &f;
    if (!mkdtemp(f.folder) || lode_arena_create(0, &f.arena)) return -1;
    snprintf(f.run, sizeof f.run, "%s/run", f.folder);
    snprintf(path, sizeof path, "%s/index.h5", f.folder);
    f.store = (struct lode_store){.path = f.folder};
    if (lode_file_write(path, "index", 5, false) || lode_params_create(table, &f.params) ||
        lode_params_set(f.params, "text=a=b, c") || engine_make_directory(f.run))
        return -1;
    f.identity = (struct run_identity){.job = &job, .params = f.params, .store = &f.store};
    if (resume_begin(f.run, &f.identity, f.arena, &f.journal)) return -1;
    journal_close(f.journal);
    f.journal = NULL;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    journal_close(f->journal);
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->folder) != LODE_OK;
}

static void write_in(const struct fixture *f, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", f->run, name);
    assert_ok(lode_file_write(path, text, strlen(text), false));
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", f->run, name);
    return access(path, F_OK) == 0;
}

static lode_status go_on(struct fixture *f)
{
    lode_try(resume_find(f->run, &f->journal));
    return resume_go_on(f->run, &f->identity, f->arena, f->journal);
}

static void a_run_goes_on_with_the_parameters_it_was_begun_with(void **state)
{
    struct fixture *f = *state;
    struct lode_params *params = NULL;
    assert_ok(lode_params_create(table, &params));
    assert_ok(resume_find(f->run, &f->journal));
    assert_ok(resume_params(f->journal, params));
    assert_string_equal(lode_params_text(params, "text"), "a=b, c");
    lode_params_destroy(params);
    assert_ok(resume_go_on(f->run, &f->identity, f->arena, f->journal));
    assert_int_equal(journal_epoch(f->journal), 2);
}

static void another_parameter_is_refused_and_leaves_no_epoch(void **state)
{
    struct fixture *f = *state;
    assert_ok(lode_params_set(f->params, "k=2"));
    assert_status(LODE_E_USAGE, go_on(f));
    assert_non_null(strstr(lode_error_text(), "parameter k: the run was begun with '1..4', now"));
    assert_false(is_there(f, "journal/00002.journal"));
}

static void another_job_option_or_store_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_ok(resume_find(f->run, &f->journal));
    f->identity.job = &other_job;
    assert_status(LODE_E_USAGE, resume_go_on(f->run, &f->identity, f->arena, f->journal));
    f->identity.job = &job;
    f->identity.allow_partial = true;
    assert_status(LODE_E_USAGE, resume_go_on(f->run, &f->identity, f->arena, f->journal));
    assert_non_null(strstr(lode_error_text(), "--allow-partial: the run was begun without it"));
    f->identity.allow_partial = false;
    char path[128];
    snprintf(path, sizeof path, "%s/index.h5", f->folder);
    assert_ok(lode_file_write(path, "INDEX", 5, false));
    assert_status(LODE_E_INPUT, resume_go_on(f->run, &f->identity, f->arena, f->journal));
}

static void what_killed_writers_left_is_removed(void **state)
{
    struct fixture *f = *state;
    write_in(f, "results.h5.tmp-results", "half");
    write_in(f, "journal/lock.tmp-7", "half");
    write_in(f, "findings.jsonl", "kept");
    assert_ok(go_on(f));
    assert_false(is_there(f, "results.h5.tmp-results"));
    assert_false(is_there(f, "journal/lock.tmp-7"));
    assert_true(is_there(f, "findings.jsonl"));
}

/* Other people may look into it between its ends; while it runs it holds keys. */
static void the_directory_is_private_again(void **state)
{
    struct fixture *f = *state;
    struct stat about;
    assert_int_equal(chmod(f->run, 0755), 0);
    assert_ok(go_on(f));
    assert_int_equal(stat(f->run, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
}

/* Killed between its last word and the removal of what it does not need any more. */
static void a_run_that_is_done_is_told_and_tidied(void **state)
{
    struct fixture *f = *state;
    bool done = true;
    assert_ok(resume_is_done(f->run, &done));
    assert_false(done);
    write_in(f, "run.json", "{\"state\": \"failed\"}");
    assert_ok(resume_is_done(f->run, &done));
    assert_false(done);
    assert_true(journal_exists(f->run));
    write_in(f, "run.json", "{\"state\": \"done\"}");
    assert_ok(resume_is_done(f->run, &done));
    assert_true(done);
    assert_false(journal_exists(f->run));
    assert_false(is_there(f, "stages"));
    assert_true(is_there(f, "log"));
}

static void job_and_store_are_known_again_by_any_of_their_names(void **state)
{
    struct fixture *f = *state;
    char path[128], library[128], other[128];
    snprintf(path, sizeof path, "%s/./", f->folder);
    snprintf(library, sizeof library, "%s/index.h5", f->folder);
    snprintf(other, sizeof other, "%s/log", f->run);
    const struct resume_words shipped = {"job", "", f->folder}, own = {"job", library, f->folder};
    assert_ok(resume_check_words(&shipped, NULL, NULL));
    assert_ok(resume_check_words(&shipped, "job", path));
    assert_ok(resume_check_words(&own, library, f->folder));
    assert_status(LODE_E_USAGE, resume_check_words(&shipped, "other", NULL));
    assert_status(LODE_E_USAGE, resume_check_words(&shipped, "job", f->run));
    assert_status(LODE_E_USAGE, resume_check_words(&own, other, NULL));
    assert_status(LODE_E_USAGE, resume_check_words(&shipped, "", NULL));
}

/* A folder `log` of somebody's own, and nothing else in it that a run would not have. */
static void what_is_no_run_is_never_removed(void **state)
{
    struct fixture *f = *state;
    bool begun = true;
    assert_ok(lode_directory_remove(f->run));
    assert_ok(engine_make_directory(f->run));
    write_in(f, "log/diary.txt", "dear diary");
    assert_status(LODE_E_USAGE, resume_is_begun(f->run, &begun));
    assert_non_null(strstr(lode_error_text(), "is no run ('log/diary.txt' is in it)"));
    assert_true(is_there(f, "log/diary.txt"));
}

static void what_was_killed_before_it_had_begun_is_removed(void **state)
{
    struct fixture *f = *state;
    bool begun = true;
    assert_ok(lode_directory_remove(f->run));
    assert_ok(engine_make_directory(f->run));
    write_in(f, "run.json.tmp-12", "{");
    assert_ok(resume_is_begun(f->run, &begun));
    assert_false(begun);
    assert_false(is_there(f, "log"));
}

static void a_run_that_is_not_there_is_not_resumed(void **state)
{
    struct fixture *f = *state;
    assert_status(LODE_E_USAGE, resume_find("/nowhere/at/all", &f->journal));
    assert_non_null(strstr(lode_error_text(), "there is no such run"));
}

int main(void)
{
#define with_run(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_run(a_run_goes_on_with_the_parameters_it_was_begun_with),
        with_run(another_parameter_is_refused_and_leaves_no_epoch),
        with_run(another_job_option_or_store_is_refused),
        with_run(what_killed_writers_left_is_removed),
        with_run(the_directory_is_private_again),
        with_run(a_run_that_is_done_is_told_and_tidied),
        with_run(job_and_store_are_known_again_by_any_of_their_names),
        with_run(what_is_no_run_is_never_removed),
        with_run(what_was_killed_before_it_had_begun_is_removed),
        with_run(a_run_that_is_not_there_is_not_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
