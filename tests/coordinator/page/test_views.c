/* Views: which rows of a run's tables are in its page, by the rules of job hierarchy. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/file.h"
#include "coordinator/page/data.h"

enum { FINDINGS = 1500, FIRINGS = 9000, COMPONENTS = 6000, DETECTORS = 60001 };

struct fixture {
    char directory[64], path[96];
    struct lode_arena *arena;
    struct lode_table findings;
    struct lode_column finding_columns[1];
    double firing_of[FINDINGS];
    cJSON *page;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f || lode_arena_create(0, &f->arena)) return -1;
    snprintf(f->directory, sizeof f->directory, "%s", "/tmp/lode-views-XXXXXX");
    if (!mkdtemp(f->directory)) return -1;
    snprintf(f->path, sizeof f->path, "%s/results.h5", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    const lode_status status = lode_directory_remove(f->directory);
    cJSON_Delete(f->page);
    lode_arena_destroy(f->arena);
    free(f);
    return (int)status;
}

static void put(struct lode_results *results, const char *name, int64_t n,
                struct lode_column *columns, int n_columns)
{
    const struct lode_table table = {name, name, n, n_columns, columns};
    assert_ok(lode_results_put(results, &table));
}

/* Findings are of the firings 2, 4, 6, ...; component i has health i / n, but the last has 0 and
 * its firing is the last one. */
static void write_run(struct fixture *f)
{
    struct lode_results *results;
    int64_t *firing;
    double *health, *of;
    assert_ok(lode_take(f->arena, DETECTORS, &firing));
    assert_ok(lode_take(f->arena, COMPONENTS, &health));
    assert_ok(lode_take(f->arena, COMPONENTS, &of));
    for (int64_t i = 0; i < DETECTORS; i++) firing[i] = i + 1;
    for (int64_t i = 0; i < COMPONENTS; i++) {
        health[i] = (double)i / COMPONENTS;
        of[i] = (double)NAN;
    }
    health[COMPONENTS - 1] = 0.0;
    of[COMPONENTS - 1] = FIRINGS;
    for (int i = 0; i < FINDINGS; i++) f->firing_of[i] = 2.0 * (i + 1);
    f->finding_columns[0] =
        lode_column_numbers("firing", LODE_COLUMN_F64, f->firing_of, NULL, "firing");
    f->findings = (struct lode_table){"findings", "", FINDINGS, 1, f->finding_columns};
    struct lode_column numbers = lode_column_numbers("firing", LODE_COLUMN_I64, firing, NULL, "");
    struct lode_column states[] = {
        lode_column_numbers("health", LODE_COLUMN_F64, health, NULL, ""),
        lode_column_numbers("firing", LODE_COLUMN_F64, of, NULL, ""),
    };
    assert_ok(lode_results_create(f->path, &results));
    put(results, "health", COMPONENTS, states, 2);
    put(results, "firings", FIRINGS, &numbers, 1);
    put(results, "contributions", FIRINGS, &numbers, 1);
    put(results, "detectors", DETECTORS, &numbers, 1);
    assert_ok(lode_results_commit(results));
}

/* f->page is then the part with views and rows. */
static void append_views(struct fixture *f, const char *job_name)
{
    write_run(f);
    const struct lode_job job = {.name = job_name};
    const struct run_findings findings = {.job = &job, .table = f->findings, .arena = f->arena};
    const struct page_source source = {&findings, NULL, NULL, f->path, f->arena};
    struct lode_bytes out = {0};
    char **tables;
    int64_t n_tables;
    assert_ok(lode_results_list(f->path, f->arena, &tables, &n_tables));
    assert_ok(lode_bytes_append(&out, "{", 1));
    assert_ok(page_views_append(&out, &source, tables, n_tables));
    assert_ok(lode_bytes_append(&out, "}", 1));
    f->page = cJSON_ParseWithLength((const char *)out.data, out.size);
    lode_bytes_clear(&out);
    assert_non_null(f->page);
}

static const cJSON *table_of(const struct fixture *f, const char *name)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(f->page, "rows"), name);
}

static void check_rows(const struct fixture *f, const char *name, int rows, int shown)
{
    const cJSON *table = table_of(f, name);
    assert_int_equal(cJSON_GetObjectItem(table, "rows")->valueint, rows);
    assert_int_equal(cJSON_GetObjectItem(table, "shown")->valueint, shown);
}

static void firings_are_those_of_findings_that_are_shown_and_of_health(void **state)
{
    struct fixture *f = *state;
    append_views(f, "hierarchy");
    check_rows(f, "firings", FIRINGS, PAGE_FINDINGS + 1);
    const cJSON *column = cJSON_GetObjectItem(table_of(f, "firings"), "columns")->child;
    const cJSON *steps = cJSON_GetObjectItem(column, "steps"); /* 2, 4, ..., 2000; 9000 */
    assert_int_equal(cJSON_GetArrayItem(steps, 0)->valueint, 2);
    assert_int_equal(cJSON_GetArrayItem(steps, 1)->valueint, PAGE_FINDINGS);
    assert_int_equal(cJSON_GetArrayItem(steps, 2)->valueint, FIRINGS - 2 * PAGE_FINDINGS);
    check_rows(f, "contributions", FIRINGS, PAGE_FINDINGS + 1);
}

static void of_too_many_components_those_with_the_least_health_are_there(void **state)
{
    struct fixture *f = *state;
    append_views(f, "hierarchy");
    check_rows(f, "health", COMPONENTS, 5000);
    const cJSON *column = cJSON_GetObjectItem(table_of(f, "health"), "columns")->child;
    const cJSON *values = cJSON_GetObjectItem(column, "values");
    assert_true(cJSON_GetArrayItem(values, 4998)->valuedouble < 0.8332);
    assert_true(cJSON_GetArrayItem(values, 4999)->valuedouble == 0.0); /* in the table's order */
}

static void a_tree_that_is_too_large_is_left_out_whole(void **state)
{
    struct fixture *f = *state;
    append_views(f, "hierarchy");
    check_rows(f, "detectors", DETECTORS, 0);
}

static void views_of_tables_that_are_not_there_are_left_out(void **state)
{
    struct fixture *f = *state;
    append_views(f, "hierarchy");
    const cJSON *views = cJSON_GetObjectItem(f->page, "views");
    assert_int_equal(cJSON_GetArraySize(views), 2); /* health and the tree, no evaluation */
    assert_string_equal(cJSON_GetObjectItem(views->child, "kind")->valuestring, "health");
    assert_null(table_of(f, "evaluation"));
}

static void a_job_of_a_user_has_no_views(void **state)
{
    struct fixture *f = *state;
    append_views(f, "wordcount");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(f->page, "views")), 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(f->page, "rows")), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(firings_are_those_of_findings_that_are_shown_and_of_health),
        TEST(of_too_many_components_those_with_the_least_health_are_there),
        TEST(a_tree_that_is_too_large_is_left_out_whole),
        TEST(views_of_tables_that_are_not_there_are_left_out),
        TEST(a_job_of_a_user_has_no_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
