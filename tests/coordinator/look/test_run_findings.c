/* Run findings: of a job that this program does not have, run.json says what there is to show. */
#include "tests/unit.h"

#include "common/file.h"
#include "coordinator/look/run_findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char run[64];
};

static void write_in(const struct fixture *f, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->run, name);
    assert_ok(lode_file_write(path, text, strlen(text), false));
}

static const int64_t counts[] = {5, 2};
static const uint32_t codes[] = {1, 0};
static char *const words[] = {"login", "logout"};

static int set_up(void **state)
{
    static struct fixture fixture;
    char path[128];
    struct lode_results *results = NULL;
    struct lode_column columns[] = {
        lode_column_words("event", codes, words, 2, "name"),
        lode_column_numbers("count", LODE_COLUMN_I64, counts, "events", "how often")};
    const struct lode_table table = {
        .name = "words", .title = "t", .n_rows = 2, .n_columns = 2, .columns = columns};
    fixture = (struct fixture){.run = "/tmp/lode-test-findings-XXXXXX"};
    *state = &fixture;
    if (!mkdtemp(fixture.run)) return -1;
    snprintf(path, sizeof path, "%s/results.h5", fixture.run);
    if (lode_results_create(path, &results) || lode_results_put(results, &table)) return -1;
    return lode_results_commit(results) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    return lode_directory_remove(f->run) != LODE_OK;
}

static void what_run_json_says_of_its_findings_is_enough(void **state)
{
    struct fixture *f = *state;
    struct run_findings got;
    write_in(f, "run.json",
             "{\"job\": \"words\", \"state\": \"done\", \"error\": \"\", \"findings\": {\"table\": "
             "\"words\", \"show\": [\"event\", \"count\"], \"identity\": [\"event\"], \"figures\": "
             "[\"count\"]}}");
    assert_ok(run_findings_load(f->run, &got));
    assert_string_equal(got.job->name, "words");
    assert_string_equal(got.job->show_columns[1], "count");
    assert_null(got.job->show_columns[2]);
    assert_string_equal(got.job->figure_columns[0], "count");
    assert_string_equal(got.keys[0], "{\"event\":\"logout\"}");
    run_findings_clear(&got);
}

static void refuse(struct fixture *f, const char *record, const char *text)
{
    struct run_findings got;
    write_in(f, "run.json", record);
    assert_status(LODE_E_INPUT, run_findings_load(f->run, &got));
    if (!strstr(lode_error_text(), text)) fail_msg("no '%s' in: %s", text, lode_error_text());
}

static void a_record_that_says_less_or_nonsense_is_refused(void **state)
{
    struct fixture *f = *state;
    refuse(f, "{\"job\": \"words\", \"state\": \"done\"}", "names no job whose findings");
    refuse(f, "{\"job\": \"words\", \"state\": \"done\", \"findings\": 7}", "names no job");
    refuse(f, "{\"job\": \"words\", \"state\": \"done\", \"findings\": {\"table\": 1}}",
           "names no job");
    refuse(f,
           "{\"job\": \"words\", \"state\": \"done\", \"findings\": {\"table\": \"words\", "
           "\"identity\": [\"other\", 3]}}",
           "no column 'other'");
}

static void a_job_without_findings_is_well_for_those_who_ask_for_any(void **state)
{
    struct fixture *f = *state;
    struct run_findings got;
    write_in(f, "run.json", "{\"job\": \"words\", \"state\": \"done\", \"error\": \"\"}");
    assert_status(LODE_E_INPUT, run_findings_load(f->run, &got));
    assert_ok(run_findings_load_any(f->run, &got));
    assert_string_equal(got.job->name, "words");
    assert_null(got.job->findings_table);
    assert_int_equal(got.table.n_rows, 0);
    run_findings_clear(&got);
    write_in(f, "run.json", "{\"state\": \"done\", \"error\": \"\"}");
    assert_status(LODE_E_INPUT, run_findings_load_any(f->run, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_run_json_says_of_its_findings_is_enough, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_says_less_or_nonsense_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_job_without_findings_is_well_for_those_who_ask_for_any,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
