/* Requested: templates of a spec, one instance for every combination of values. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include "common/file.h"
#include "jobs/opportunities/generator/requested.h"
#include "jobs/opportunities/opportunity_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct generator_world world;
static struct lode_params *params;

static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    assert_ok(lode_params_create(opportunity_params, &params));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lode_params_destroy(params);
    generator_world_clear(&world);
    return 0;
}

/* "template(value,value)" of each, "-" for a default. */
static lode_status tell(void *context, const struct template *template, const char *const *values)
{
    lode_try(lode_bytes_printf(context, "%s(", template->name));
    for (int p = 0; p < template->n_parameters; p++)
        lode_try(lode_bytes_printf(context, p ? ";%s" : "%s", values[p] ? values[p] : "-"));
    return lode_bytes_printf(context, ")");
}

static void expect_told(const char *wanted)
{
    struct lode_bytes told = {0};
    assert_ok(requested_each(params, &world.library, world.arena, tell, &told));
    assert_ok(lode_bytes_append(&told, "", 1));
    assert_string_equal(wanted, (const char *)told.data);
    lode_bytes_clear(&told);
}

static void load(const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/lode-test-requested-%d.yaml", (int)getpid());
    assert_ok(lode_file_write(path, text, strlen(text), false));
    assert_ok(lode_params_load(params, path));
    unlink(path);
}

static void lists_make_instances_and_a_list_of_events_stays_one(void **state)
{
    (void)state;
    load("templates:\n"
         "  many_of: { event: [home, 'a,b'], least: [3, 5] }\n"
         "  weekend: {}\n"
         "  many_of.more: { event: poll }\n"
         "  any_of: { events: [home, pay] }\n");
    expect_told("many_of(home;3)many_of(home;5)many_of(a,b;3)many_of(a,b;5)weekend()"
                "many_of(poll;-)any_of(home,pay)");
}

static void a_command_line_takes_names_or_one_line_mappings(void **state)
{
    (void)state;
    assert_ok(lode_params_set(params, "templates=weekend, night"));
    expect_told("weekend()night(-;-)");
    assert_ok(lode_params_set(params, "templates=many_of: {event: home} ;; weekend: {}"));
    expect_told("many_of(home;-)weekend()");
    assert_ok(lode_params_set(params, "templates="));
    expect_told("");
}

static void faults_have_the_place_of_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"templates=weekday: {}", "templates:1:10: no template 'weekday', did you mean 'weekend'?"},
        {"templates=many_of: home", "templates:1:10: many_of: expected { PARAMETER: VALUE, ... }"},
        {"templates=many_of: {evnt: home}", "templates:1:10: template many_of has no parameter"},
        {"templates=many_of: {event: {a: b}}", "event: a value or a list of values"},
        {"templates=many_of: {event: [", "expected { PARAMETER: VALUE, ... }"},
        {"templates=wekend", "no template 'wekend', did you mean 'weekend'?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lode_bytes told = {0};
        assert_ok(lode_params_set(params, cases[i].text));
        assert_status(LODE_E_USAGE,
                      requested_each(params, &world.library, world.arena, tell, &told));
        if (!strstr(lode_error_text(), cases[i].words))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i].words);
        lode_bytes_clear(&told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_make_instances_and_a_list_of_events_stays_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_command_line_takes_names_or_one_line_mappings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(faults_have_the_place_of_their_line, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
