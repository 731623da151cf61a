/* Data: what of a run is in its page, and how much. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/file.h"
#include "coordinator/page/data.h"

enum { ROWS = 1200, LINE_BYTES = 10000 };

static const char record[] =
    "{\"job\": \"words\", \"state\": \"done\", \"error\": \"\", \"exit_status\": 0, "
    "\"command\": [\"run\", \"./words.so\"], \"coordinator\": {\"host\": \"a-host\", \"pid\": 7}, "
    "\"findings\": {\"table\": \"words\", \"show\": [\"rank\"], \"identity\": [\"rank\"], "
    "\"figures\": []}}";

struct fixture {
    char run[64];
    struct lode_bytes out;
    cJSON *page;
};

static void write_in(const struct fixture *f, const char *name, const void *data, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", f->run, name);
    assert_ok(lode_file_write(path, data, size, false));
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[128];
    int64_t ranks[ROWS];
    struct lode_results *results = NULL;
    for (int i = 0; i < ROWS; i++) ranks[i] = i + 1;
    struct lode_column column = lode_column_numbers("rank", LODE_COLUMN_I64, ranks, NULL, "place");
    const struct lode_table table = {"words", "all words", ROWS, 1, &column};
    if (!f) return -1;
    *state = f;
    snprintf(f->run, sizeof f->run, "%s", "/tmp/lode-page-XXXXXX");
    if (!mkdtemp(f->run)) return -1;
    snprintf(path, sizeof path, "%s/results.h5", f->run);
    if (lode_results_create(path, &results) || lode_results_put(results, &table)) return -1;
    return lode_results_commit(results) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    const lode_status status = lode_directory_remove(f->run);
    lode_bytes_clear(&f->out);
    cJSON_Delete(f->page);
    free(f);
    return (int)status;
}

/* The page's data of a run whose lines of findings.jsonl are these. */
static lode_status make_data(struct fixture *f, const void *lines, size_t size)
{
    char results[128];
    struct run_findings findings;
    const struct mute mute = {.job = "words", .key = "{\"rank\":\"2\"}", .reason = "known"};
    const struct mutes none = {0}, muted = {.n = 1, .list = (struct mute *)&mute};
    write_in(f, "run.json", record, strlen(record));
    write_in(f, "findings.jsonl", lines, size);
    snprintf(results, sizeof results, "%s/results.h5", f->run);
    assert_ok(run_findings_load(f->run, &findings));
    const struct page_source source = {&findings, &muted, &none, results, findings.arena};
    const lode_status status = page_data_append(&f->out, &source);
    run_findings_clear(&findings);
    if (status) return status;
    f->page = cJSON_ParseWithLength((const char *)f->out.data, f->out.size);
    assert_non_null(f->page);
    return LODE_OK;
}

static const cJSON *finding_part(const struct fixture *f, const char *name)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(f->page, "findings"), name);
}

static void the_first_findings_are_there_with_what_people_said_of_them(void **state)
{
    struct fixture *f = *state;
    static const char lines[] = "{\"rank\":1}\n{\"rank\":2}\n";
    assert_ok(make_data(f, lines, strlen(lines)));
    assert_int_equal(finding_part(f, "rows")->valueint, ROWS);
    assert_int_equal(finding_part(f, "shown")->valueint, PAGE_FINDINGS);
    assert_int_equal(cJSON_GetArraySize(finding_part(f, "muted")), PAGE_FINDINGS);
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(finding_part(f, "muted"), 0)));
    assert_string_equal(cJSON_GetArrayItem(finding_part(f, "muted"), 1)->valuestring, "known");
    assert_int_equal(cJSON_GetArraySize(finding_part(f, "details")), 2);
}

static void details_are_those_that_fit(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes lines = {0};
    for (int i = 0; i < ROWS; i++) {
        assert_ok(lode_bytes_printf(&lines, "{\"text\":\""));
        for (int k = 0; k < LINE_BYTES; k += 10) assert_ok(lode_bytes_printf(&lines, "0123456789"));
        assert_ok(lode_bytes_printf(&lines, "\"}\n"));
    }
    assert_ok(make_data(f, lines.data, lines.size));
    lode_bytes_clear(&lines);
    const int n_details = cJSON_GetArraySize(finding_part(f, "details"));
    assert_in_range(n_details, PAGE_DETAIL_BYTES / LINE_BYTES - 2, PAGE_DETAIL_BYTES / LINE_BYTES);
}

static void a_line_that_is_no_object_is_refused_by_its_number(void **state)
{
    struct fixture *f = *state;
    static const char broken[] = "{\"rank\":1}\n{\"rank\":\n", list[] = "[1]\n",
                      bytes[] = "{\"a\":\"\xff\"}\n";
    assert_status(LODE_E_INPUT, make_data(f, broken, strlen(broken)));
    assert_non_null(strstr(lode_error_text(), "findings.jsonl: line 2 is no JSON object"));
    assert_status(LODE_E_INPUT, make_data(f, list, strlen(list)));
    assert_status(LODE_E_INPUT, make_data(f, bytes, strlen(bytes)));
}

static void hosts_and_processes_are_left_out(void **state)
{
    struct fixture *f = *state;
    assert_ok(make_data(f, "", 0));
    const cJSON *run = cJSON_GetObjectItem(f->page, "run");
    assert_string_equal(cJSON_GetObjectItem(run, "job")->valuestring, "words");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(run, "command")), 2);
    assert_ok(lode_bytes_append(&f->out, "", 1));
    assert_null(strstr((const char *)f->out.data, "a-host"));
}

static void tables_are_there_by_their_first_rows(void **state)
{
    struct fixture *f = *state;
    assert_ok(make_data(f, "", 0));
    const cJSON *table = cJSON_GetObjectItem(f->page, "tables")->child;
    assert_string_equal(cJSON_GetObjectItem(table, "name")->valuestring, "words");
    assert_int_equal(cJSON_GetObjectItem(table, "rows")->valueint, ROWS);
    assert_int_equal(cJSON_GetObjectItem(table, "shown")->valueint, PAGE_PREVIEW_ROWS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_findings_are_there_with_what_people_said_of_them),
        TEST(details_are_those_that_fit),
        TEST(a_line_that_is_no_object_is_refused_by_its_number),
        TEST(hosts_and_processes_are_left_out),
        TEST(tables_are_there_by_their_first_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
