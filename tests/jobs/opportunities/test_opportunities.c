/* The whole job on a small staged store, with the engine replaced by a loop.
 *
 * 60 users have two sessions each. The first is `open pay`, and every third of them fails; the
 * second fails for users 0 to 39, and then it is `open ping cors timeout pay`, else `open pay`.
 * Users 0 to 3 have `cors timeout` in their first session too.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/job.h"
#include "tests/jobs/local_map.h"
#include "tests/jobs/opportunities/small_stage.h"

extern const struct lode_job opportunities_job;

enum { USERS = 60, FILE_LIMIT = 1 << 24 };

struct fixture {
    char directory[64];
    char store_path[SMALL_PATH];
    struct lode_store *store;
    struct lode_arena *arena;
    struct lode_params *params;
    char results_path[SMALL_PATH], findings_path[SMALL_PATH];
    struct lode_bytes findings;
};

static bool fails(int user, int session)
{
    return session == 0 ? user % 3 == 0 : user < 40;
}

static bool is_planted(int user, int session)
{
    return session == 0 ? user < 4 : user < 40;
}

static void stage(struct fixture *f)
{
    static const char *const planted[] = {"open", "ping", "cors", "timeout", "pay", NULL};
    static const char *const plain[] = {"open", "pay", NULL};
    struct lode_bytes sessions = {0}, events = {0};
    assert_ok(lode_bytes_printf(&sessions, "session_id,user_id,start_ms,os,kpi_fail\n"));
    assert_ok(lode_bytes_printf(&events, "session_id,user_id,timestamp_ms,event,seq\n"));
    for (int u = 0; u < USERS; u++) {
        for (int s = 0; s < 2; s++) {
            const char *const *names = is_planted(u, s) ? planted : plain;
            const int start = 1000000 * (s + 1);
            assert_ok(lode_bytes_printf(&sessions, "s%02d-%d,u%02d,%d,%s,%d\n", u, s, u, start,
                                        u % 2 ? "ios" : "web", fails(u, s)));
            for (int e = 0; names[e]; e++)
                assert_ok(lode_bytes_printf(&events, "s%02d-%d,u%02d,%d,%s,%d\n", u, s, u,
                                            start + 500 * e, names[e], e));
        }
    }
    small_stage(f->directory, &sessions, &events, 1024, f->arena, f->store_path, &f->store);
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-opportunities-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    assert_ok(lode_arena_create(0, &f.arena));
    assert_ok(lode_params_create(opportunities_job.params, &f.params));
    stage(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_bytes_clear(&f->findings);
    lode_store_close(f->store);
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

/* Runs the job into a folder of its own and reads findings.jsonl. */
static void run(struct fixture *f, const char *name, bool disorder)
{
    char folder[SMALL_PATH - 32];
    snprintf(folder, sizeof folder, "%s/%s", f->directory, name);
    snprintf(f->results_path, sizeof f->results_path, "%s/results.h5", folder);
    snprintf(f->findings_path, sizeof f->findings_path, "%s/findings.jsonl", folder);
    assert_ok(lode_directory_make(folder));
    struct lode_cluster cluster = {.leaves = opportunities_job.leaves,
                                   .work_directory = folder,
                                   .backwards = disorder,
                                   .twice = disorder};
    struct lode_run of = {.params = f->params,
                          .store = f->store,
                          .store_path = f->store_path,
                          .directory = folder,
                          .work_directory = folder,
                          .arena = f->arena,
                          .cluster = &cluster,
                          .map = local_map};
    assert_ok(opportunities_job.check(f->params, f->store));
    assert_ok(lode_results_create(f->results_path, &of.results));
    assert_ok(opportunities_job.run(&of));
    assert_ok(lode_results_commit(of.results));
    assert_ok(lode_file_read(f->findings_path, FILE_LIMIT, &f->findings));
    assert_ok(lode_bytes_append(&f->findings, "", 1));
}

static struct lode_table table(struct fixture *f, const char *name)
{
    struct lode_table read;
    assert_ok(lode_results_read(f->results_path, name, f->arena, &read));
    return read;
}

static const char *cell(struct fixture *f, const struct lode_table *of, const char *column,
                        int64_t row)
{
    struct lode_bytes text = {0};
    char *copy = NULL;
    const struct lode_column *found = lode_table_column(of, column);
    assert_non_null(found);
    assert_ok(lode_table_cell(found, row, &text));
    assert_ok(lode_arena_text(f->arena, (const char *)text.data, text.size, &copy));
    lode_bytes_clear(&text);
    return copy;
}

static void set(struct fixture *f, const char *assignment)
{
    assert_ok(lode_params_set(f->params, assignment));
}

/* 42 of 60 faulty sessions have it (40 second ones, first ones of users 0 and 3), and 2 of 60
 * normal ones (first ones of users 1 and 2). */
static void the_planted_pattern_leads_with_examples_and_a_timeline(void **state)
{
    struct fixture *f = *state;
    run(f, "plain", false);
    const struct lode_table found = table(f, "opportunities");
    assert_true(found.n_rows >= 1);
    assert_string_equal(cell(f, &found, "rank", 0), "1");
    assert_string_equal(cell(f, &found, "expert", 0), "pattern");
    assert_string_equal(cell(f, &found, "faulty_with", 0), "42");
    assert_string_equal(cell(f, &found, "normal_with", 0), "2");
    assert_int_equal(strlen(cell(f, &found, "example_sessions", 0)), 3 * 5 + 2);
    assert_non_null(strstr((char *)f->findings.data, "70.0 % of the 60 faulty sessions"));
    assert_non_null(
        strstr((char *)f->findings.data, "{\"seconds\":1,\"event\":\"cors\",\"in_match\":true}"));
}

/* Sessions of second rank: index 2 of 60 users, 40 faulty, against 20 of 60 first ones. */
static void the_life_cycle_is_a_cohort(void **state)
{
    struct fixture *f = *state;
    run(f, "plain", false);
    const struct lode_table cohorts = table(f, "cohorts");
    int64_t row = 0;
    while (strcmp(cell(f, &cohorts, "value", row), "session_index=2") != 0) row++;
    assert_string_equal(cell(f, &cohorts, "attribute", row), "lifecycle");
    assert_string_equal(cell(f, &cohorts, "sessions", row), "60");
    assert_string_equal(cell(f, &cohorts, "users", row), "60");
    assert_string_equal(cell(f, &cohorts, "faulty", row), "40");
    assert_non_null(strstr((char *)f->findings.data, "Second sessions of users have kpi_fail"));
}

static void ignored_events_make_neighbours_and_stay_in_the_timeline(void **state)
{
    struct fixture *f = *state;
    set(f, "ignore=ping");
    set(f, "k=2");
    set(f, "min_support=0");
    run(f, "ignored", false);
    const struct lode_table patterns = table(f, "patterns");
    int64_t row = 0;
    while (strcmp(cell(f, &patterns, "pattern", row), "open|cors") != 0) row++;
    assert_string_equal(cell(f, &patterns, "faulty_with", row), "42");
    const struct lode_table summary = table(f, "summary");
    assert_string_equal(cell(f, &summary, "events", 0), "328"); /* 44 x 4 + 76 x 2 */
    assert_non_null(strstr((char *)f->findings.data,
                           "{\"seconds\":0.5,\"event\":\"ping\",\"in_match\":false}"));
}

static void a_map_makes_one_token_of_several_events(void **state)
{
    struct fixture *f = *state;
    set(f, "map=cors=error,timeout=error");
    set(f, "k=2");
    run(f, "mapped", false);
    const struct lode_table found = table(f, "opportunities");
    bool is_there = false;
    for (int64_t row = 0; row < found.n_rows; row++)
        is_there |= strcmp(cell(f, &found, "pattern", row), "error|error") == 0;
    assert_true(is_there);
}

static void disorder_and_repetition_change_no_byte(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes results[2] = {{0}, {0}}, findings[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        run(f, i ? "disorder" : "order", i == 1);
        assert_ok(lode_file_read(f->results_path, FILE_LIMIT, &results[i]));
        assert_ok(lode_file_read(f->findings_path, FILE_LIMIT, &findings[i]));
    }
    assert_int_equal(results[0].size, results[1].size);
    assert_memory_equal(results[0].data, results[1].data, results[0].size);
    assert_int_equal(findings[0].size, findings[1].size);
    assert_memory_equal(findings[0].data, findings[1].data, findings[0].size);
    for (int i = 0; i < 2; i++) {
        lode_bytes_clear(&results[i]);
        lode_bytes_clear(&findings[i]);
    }
}

static void a_run_without_findings_writes_an_empty_list(void **state)
{
    struct fixture *f = *state;
    set(f, "max_q=0");
    run(f, "none", false);
    assert_int_equal(table(f, "opportunities").n_rows, 0);
    assert_int_equal(f->findings.size, 1); /* the zero that run() appends */
}

static void an_unknown_kpi_is_refused_before_any_work(void **state)
{
    struct fixture *f = *state;
    set(f, "kpi=fial");
    assert_status(LODE_E_USAGE, opportunities_job.check(f->params, f->store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_planted_pattern_leads_with_examples_and_a_timeline,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(the_life_cycle_is_a_cohort, setup, teardown),
        cmocka_unit_test_setup_teardown(ignored_events_make_neighbours_and_stay_in_the_timeline,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_map_makes_one_token_of_several_events, setup, teardown),
        cmocka_unit_test_setup_teardown(disorder_and_repetition_change_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_without_findings_writes_an_empty_list, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_unknown_kpi_is_refused_before_any_work, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
