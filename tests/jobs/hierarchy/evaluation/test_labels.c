/* Labels: rows of a file about components that are known, and what is refused. */
#include "tests/unit.h"

#include <string.h>

#include "common/input/input.h"
#include "jobs/hierarchy/evaluation/labels.h"

static const char *const names[] = {"api", "db", "web", NULL};

static lode_status read_text(struct lode_arena *arena, const char *text, struct labels *labels)
{
    struct lode_input *input = NULL;
    struct lode_rows *rows = NULL;
    lode_try(lode_input_open_memory("issues.csv", text, strlen(text), 7, &input));
    lode_try(lode_rows_open_input(input, &rows));
    const lode_status status = labels_read_rows(rows, "issues.csv", names, 3, arena, labels);
    lode_rows_close(rows);
    return status;
}

static int setup(void **state)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(0, &arena));
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* Zeros past the last. */
static struct label at(const struct labels *labels, int64_t i)
{
    return labels->list && i < labels->n ? labels->list[i] : (struct label){0};
}

static void issues_are_read_in_order_of_component_and_start(void **state)
{
    struct labels labels = {0};
    assert_ok(read_text(*state,
                        "end_s,component,start_s,counters\n"
                        "70,web,60.5,c01;c02\n"
                        "20,api,10,\n"
                        "1970-01-01T00:00:09Z,api,1970-01-01T00:00:05Z,\n",
                        &labels));
    assert_int_equal(labels.n, 3);
    assert_int_equal(labels.n_unknown, 0);
    assert_int_equal(at(&labels, 0).component, 0);
    assert_int_equal(at(&labels, 0).start_ms, 5000);
    assert_int_equal(at(&labels, 0).end_ms, 9000);
    assert_int_equal(at(&labels, 1).start_ms, 10000);
    assert_int_equal(at(&labels, 2).component, 2);
    assert_int_equal(at(&labels, 2).start_ms, 60500);
    assert_string_equal(at(&labels, 2).counters, "c01;c02");
    assert_int_equal(at(&labels, 2).line, 2);
    assert_string_equal(at(&labels, 0).counters, "");
}

static void components_that_are_not_known_are_counted(void **state)
{
    struct labels labels = {0};
    assert_ok(read_text(*state,
                        "component,start_s,end_s\n"
                        "dbb,1,2\n"
                        "cache,1,2\n"
                        "db,1,2\n",
                        &labels));
    assert_int_equal(labels.n, 1);
    assert_int_equal(labels.n_unknown, 2);
    assert_string_equal(labels.unknown, "dbb");
    assert_int_equal(labels.unknown_line, 2);
    assert_string_equal(labels.unknown_nearest, "db");
}

static void a_file_without_issues_is_fine(void **state)
{
    struct labels labels = {0};
    assert_ok(read_text(*state, "component,start_s,end_s\n", &labels));
    assert_int_equal(labels.n, 0);
}

static void refused(struct lode_arena *arena, const char *text, const char *words)
{
    struct labels labels = {.n = -1};
    assert_status(LODE_E_INPUT, read_text(arena, text, &labels));
    assert_int_equal(labels.n, -1);
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void what_is_no_issue_is_refused_with_its_line(void **state)
{
    refused(*state, "component,start,end_s\n", "no column 'start_s' (nearest: 'start')");
    refused(*state, "component,start_s,end_s\napi,1,2\ndb,soon,9\n",
            "issues.csv, line 3: start_s 'soon' is no time");
    refused(*state, "component,start_s,end_s\ndb,9,1e300\n", "line 2: end_s '1e300' is no time");
    refused(*state, "component,start_s,end_s\ndb,9,8\n", "ends at 8, where it starts (9)");
    refused(*state, "component,start_s,end_s\ndb,9,9\n", "issues.csv, line 2: it ends");
    refused(*state, "component,start_s,end_s\ndb,9\n", "issues.csv, line 2:");
}

static void a_file_about_other_components_alone_is_refused(void **state)
{
    refused(*state, "component,start_s,end_s\nap,1,2\n",
            "line 2: no row is about a component of the model; the first is about 'ap' (nearest: "
            "'api')");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(issues_are_read_in_order_of_component_and_start, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(components_that_are_not_known_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_without_issues_is_fine, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_issue_is_refused_with_its_line, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_about_other_components_alone_is_refused, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
