/* Definitions: texts with names and places, as the value of one parameter. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/memory.h"
#include "common/param/param.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct lode_param table[] = {
    {"derived", "", LODE_PARAM_DEFINITIONS, "attributes"},
    {"k", "1..3", "events", "lengths"},
    {0},
};

struct fixture {
    struct lode_params *params;
    struct lode_arena *arena;
    struct lode_definition *list;
    int64_t count;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    assert_ok(lode_params_create(table, &fixture.params));
    assert_ok(lode_arena_create(0, &fixture.arena));
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    lode_params_destroy(fixture->params);
    lode_arena_destroy(fixture->arena);
    return 0;
}

static lode_status read_text(struct fixture *fixture, const char *assignment)
{
    assert_ok(lode_params_set(fixture->params, assignment));
    return lode_params_definitions(fixture->params, "derived", fixture->arena, &fixture->list,
                                   &fixture->count);
}

static void expect(const struct fixture *fixture, int64_t index, const char *wanted)
{
    char found[200];
    const struct lode_definition *d = &fixture->list[index];
    assert_true(index < fixture->count);
    snprintf(found, sizeof found, "%s:%lld:%lld %s = %s", d->file, (long long)d->line,
             (long long)d->column, d->name, d->text);
    assert_string_equal(found, wanted);
}

static void the_default_is_no_definition(void **state)
{
    struct fixture *fixture = *state;
    assert_ok(lode_params_definitions(fixture->params, "derived", fixture->arena, &fixture->list,
                                      &fixture->count));
    assert_int_equal(fixture->count, 0);
}

static void definitions_of_the_command_line_end_at_two_semicolons_or_a_line_break(void **state)
{
    struct fixture *fixture = *state;
    assert_ok(read_text(fixture, "derived=night: hour(time) < 9 ;; eu:a==b\n  x : 'p:q;'\n"));
    assert_int_equal(fixture->count, 3);
    expect(fixture, 0, "derived:1:8 night = hour(time) < 9");
    expect(fixture, 1, "derived:1:29 eu = a==b");
    expect(fixture, 2, "derived:2:7 x = 'p:q;'");
}

static void faults_are_told_with_their_place(void **state)
{
    static const char *const cases[][2] = {
        {"derived=night", "derived:1:1: parameter derived: a definition has the form"},
        {"derived=a: 1;; : 2", "derived:1:8: parameter derived: a definition without a name"},
        {"derived=a: 1\nb:", "derived:2:1: parameter derived: a definition without a text"},
        {"derived=a: 1\na: 2", "derived:2:4: 'a' was defined above already"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_USAGE, read_text(*state, cases[i][0]));
        if (!strstr(lode_error_text(), cases[i][1]))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i][1]);
    }
}

static lode_status load(struct fixture *fixture, const char *text, const char *path)
{
    assert_ok(lode_file_write(path, text, strlen(text), false));
    const lode_status status = lode_params_load(fixture->params, path);
    unlink(path);
    return status;
}

static void those_of_a_spec_file_keep_the_place_in_the_file_through_run_json(void **state)
{
    struct fixture *fixture = *state;
    char path[64], wanted[128], assignment[400];
    snprintf(path, sizeof path, "/tmp/lode:definitions-%d.yaml", (int)getpid());
    assert_ok(load(fixture,
                   "derived:\n"
                   "  night: hour(time) < 9;; x\n"
                   "  long: >\n"
                   "    a and\n"
                   "    b\n",
                   path));
    /* as --resume does: the text of the parameter, set anew */
    snprintf(assignment, sizeof assignment, "derived=%s",
             lode_params_text(fixture->params, "derived"));
    assert_ok(read_text(fixture, assignment));
    assert_int_equal(fixture->count, 2);
    snprintf(wanted, sizeof wanted, "%s:2:10 night = hour(time) < 9;; x", path);
    expect(fixture, 0, wanted);
    snprintf(wanted, sizeof wanted, "%s:4:5 long = a and b", path);
    expect(fixture, 1, wanted);
}

static void a_file_replaces_what_was_set_before(void **state)
{
    struct fixture *fixture = *state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/lode-definitions-%d.yaml", (int)getpid());
    assert_ok(lode_params_set(fixture->params, "derived=old: 1"));
    assert_ok(load(fixture, "derived: { new: 2 }\nk: 2\n", path));
    assert_ok(lode_params_definitions(fixture->params, "derived", fixture->arena, &fixture->list,
                                      &fixture->count));
    assert_int_equal(fixture->count, 1);
    assert_string_equal(fixture->list[0].name, "new");
    assert_string_equal(lode_params_text(fixture->params, "k"), "2");
}

static void lines_under_another_parameter_are_refused_by_name_and_place(void **state)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/lode-definitions-%d.yaml", (int)getpid());
    assert_status(LODE_E_USAGE, load(*state, "k:\n  a: 1\n", path));
    assert_non_null(strstr(lode_error_text(), "yaml:2:6: parameter k takes one value"));
    assert_status(LODE_E_USAGE, load(*state, "derivd:\n  a: 1\n", path));
    assert_non_null(strstr(lode_error_text(), "did you mean 'derived'?"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_default_is_no_definition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            definitions_of_the_command_line_end_at_two_semicolons_or_a_line_break, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(faults_are_told_with_their_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            those_of_a_spec_file_keep_the_place_in_the_file_through_run_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_replaces_what_was_set_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_under_another_parameter_are_refused_by_name_and_place,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
