/* Instantiate: values become what their type says and nothing else. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include <string.h>

static struct generator_world world;

static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    generator_world_clear(&world);
    return 0;
}

static const struct template *get(const char *name)
{
    const struct template *found = template_library_find(&world.library, name);
    assert_non_null(found);
    return found;
}

static void values_are_quoted_by_type_and_the_name_is_a_plain_word(void **state)
{
    (void)state;
    const char *const values[] = {"home", "pay", "90s"};
    assert_ok(
        template_instantiate(get("follows_within"), values, &world.schema, &world.definitions));
    const struct generator_definition *made = &world.definitions.list[0];
    assert_string_equal("matches('home' => 'pay' within 90000ms)", made->expression);
    assert_string_equal("home_pay_within_90s", made->name);
    generator_world_compile(&world, made->expression);
}

static void a_glob_in_a_list_of_events_stands_for_its_matches(void **state)
{
    (void)state;
    const char *const values[] = {"pay*,home"};
    assert_ok(template_instantiate(get("any_of"), values, &world.schema, &world.definitions));
    assert_string_equal("count(('pay' | 'pay_error' | 'home')) > 0",
                        world.definitions.list[0].expression);
}

static void a_default_stands_in_and_a_missing_value_is_asked_for(void **state)
{
    (void)state;
    const char *const given[] = {"poll", NULL}, *const none[] = {NULL, NULL};
    assert_ok(template_instantiate(get("many_of"), given, &world.schema, &world.definitions));
    assert_string_equal("count('poll') >= 5", world.definitions.list[0].expression);
    assert_status(LODE_E_USAGE,
                  template_instantiate(get("many_of"), none, &world.schema, &world.definitions));
    assert_non_null(strstr(lode_error_text(), "parameter event (the event that is counted) must"));
    assert_int_equal(1, world.definitions.n);
}

static void what_does_not_fit_its_type_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *template, *values[4], *words;
    } cases[] = {
        {"many_of", {"pol", "5"}, "the store has no event 'pol', did you mean 'poll'?"},
        {"many_of", {"poll", "0"}, "least=0: must lie in 1..1000000"},
        {"many_of", {"poll", "5) or (1 = 1"}, "must be a number"},
        {"follows_within", {"home", "pay", "soon"}, "within=soon: must be a duration"},
        {"any_of", {"home,,pay"}, "without empty items"},
        {"any_of", {"x*"}, "must match an event"},
        {"load_above", {"backend", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend.cpu.x", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend[os", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend[os]", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend[os].", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend[].cpu", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend['a'].cpu", "90%"}, "must be SOURCE.COUNTER"},
        {"load_above", {"backend[os].cpu", "90%"}, "no series 'backend[os].cpu'"},
        {"load_above", {"backend.cpus", "90%"}, "did you mean 'backend.cpu'?"},
        {"attribute_like", {"os", "a\\"}, "regular expression on one line"},
        {"attribute_like", {"os", "a\nb"}, "regular expression on one line"},
        {"attribute_in", {"system", "a"}, "no attribute 'system'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_USAGE, template_instantiate(get(cases[i].template), cases[i].values,
                                                         &world.schema, &world.definitions));
        if (!strstr(lode_error_text(), cases[i].words))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i].words);
    }
    assert_int_equal(0, world.definitions.n);
}

/* Whatever a text or regular expression holds, it stays inside its quotes. */
static void no_text_ends_its_quotes(void **state)
{
    (void)state;
    static const char *const texts[] = {"'",   "\\'",  "\\\\'",        "a' or '1' = '1", "\\\\",
                                        "\\d", "it's", "'); count(('", "\\'\\'",         "{x}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lode_bytes out = {0};
        const char *const values[] = {"os", texts[i]};
        assert_ok(instantiate_append_quoted(&out, texts[i]));
        assert_ok(lode_bytes_append(&out, "", 1));
        size_t n = 0;
        for (const char *at = (const char *)out.data + 1; *at != '\''; at++, n++)
            if (*at == '\\') at++;
        assert_int_equal(strlen(texts[i]), n);
        lode_bytes_clear(&out);
        const struct template like = generator_world_template(
            &world, "name: t\nclass: indirect\nsummary: s\ndocs: d\nexample: e\nexpected: x\n"
                    "parameters:\n  a: { type: attribute, meaning: m }\n"
                    "  p: { type: regex, meaning: m }\nderived:\n  x: '{a} ~ {p}'\n");
        if (strpbrk(texts[i], "({")) continue; /* no regular expressions */
        assert_ok(template_instantiate(&like, values, &world.schema, &world.definitions));
        generator_world_compile(&world, world.definitions.list[world.definitions.n - 1].expression);
    }
}

static void an_expression_is_there_once_and_names_differ(void **state)
{
    (void)state;
    const char *const one[] = {"home", "3"}, *const same[] = {"home", "3.0"};
    const char *const other[] = {"home", "4"};
    assert_ok(template_instantiate(get("many_of"), one, &world.schema, &world.definitions));
    assert_ok(template_instantiate(get("many_of"), same, &world.schema, &world.definitions));
    assert_int_equal(1, world.definitions.n);
    world.definitions.list[0].name = "many_home_4"; /* as another template might call it */
    assert_ok(template_instantiate(get("many_of"), other, &world.schema, &world.definitions));
    assert_string_equal("many_home_4_2", world.definitions.list[1].name);
}

/* Every template with what its types allow: all definitions must be of the language. */
static void every_shipped_template_gives_expressions_of_the_language(void **state)
{
    (void)state;
    static const char *const samples[TEMPLATE_TYPES] = {"home",     "pay*,home",   "os",     "ms",
                                                        "kpi_fail", "backend.cpu", "30s",    "3",
                                                        "ios",      "^i(os)?",     "ios,web"};
    for (int t = 0; t < world.library.n; t++) {
        const struct template *template = &world.library.templates[t];
        const char *values[TEMPLATE_PARAMETERS_MAX] = {0};
        if (template->n_definitions == 0) continue;
        for (int p = 0; p < template->n_parameters; p++)
            values[p] = samples[template->parameters[p].type];
        if (strcmp(template->name, "top_values") == 0) values[1] = "url";
        assert_ok(template_instantiate(template, values, &world.schema, &world.definitions));
    }
    assert_true(world.definitions.n >= 20);
    for (int64_t i = 0; i < world.definitions.n; i++)
        generator_world_compile(&world, world.definitions.list[i].expression);
}

static void a_setting_is_filled_with_the_value_as_given(void **state)
{
    (void)state;
    const char *const values[] = {"2..4", NULL, "beat,tick"};
    const char *text = NULL;
    assert_ok(template_setting_value(get("event_patterns"), values, 0, world.arena, &text));
    assert_string_equal("2..4", text);
    assert_ok(template_setting_value(get("event_patterns"), values, 2, world.arena, &text));
    assert_string_equal("beat,tick", text);
    assert_ok(template_setting_value(get("event_patterns"), values, 1, world.arena, &text));
    assert_string_equal("", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_quoted_by_type_and_the_name_is_a_plain_word,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_glob_in_a_list_of_events_stands_for_its_matches, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_default_stands_in_and_a_missing_value_is_asked_for,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_fit_its_type_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_text_ends_its_quotes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_expression_is_there_once_and_names_differ, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_shipped_template_gives_expressions_of_the_language,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_setting_is_filled_with_the_value_as_given, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
