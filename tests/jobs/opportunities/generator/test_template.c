/* Templates: what a file may say, and where its faults are. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include <stdio.h>
#include <string.h>

#define ABOUT "name: t\nclass: stateful\nsummary: s\ndocs: d\nexample: e\nexpected: x\n"

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

static void a_file_gives_parameters_with_type_default_and_bounds(void **state)
{
    (void)state;
    const struct template t = generator_world_template(
        &world, ABOUT "parameters:\n"
                      "  event: { type: event, offline: errors, meaning: m }\n"
                      "  n: { type: number, default: 3, low: 1, high: 9, unit: u, meaning: m }\n"
                      "derived:\n  \"many_{event}\": count({event}) > {n}\n");
    assert_int_equal(2, t.n_parameters);
    assert_int_equal(TEMPLATE_EVENT, t.parameters[0].type);
    assert_int_equal(TEMPLATE_ERRORS, t.parameters[0].candidates);
    assert_null(t.parameters[0].initial);
    assert_string_equal("3", t.parameters[1].initial);
    assert_true(t.parameters[1].low == 1 && t.parameters[1].high == 9);
    assert_string_equal("count({event}) > {n}", t.definitions[0].expression);
    assert_true(t.offline);
}

static void braces_of_the_language_are_no_placeholders(void **state)
{
    (void)state;
    size_t size = 0;
    const char *text = "count(request{ms > 5}) + {n}";
    const char *at = template_next_placeholder(text, &size);
    assert_ptr_equal(strstr(text, "{n}"), at);
    assert_int_equal(3, size);
}

static void a_fault_has_file_line_and_column_and_the_nearest_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"nam: t\n", "t.yaml:1:1: unknown key 'nam', did you mean 'name'?"},
        {"name: t\nclass: statefull\n",
         "t.yaml:2:1: unknown class 'statefull', did you mean 'stateful'?"},
        {ABOUT "parameters:\n  e: { type: evnt, meaning: m }\n",
         "t.yaml:8:8: unknown type 'evnt', did you mean 'event'?"},
        {ABOUT "parameters:\n  e: { meaning: m }\n", "t.yaml:8:3: parameter e needs a type"},
        {ABOUT "parameters:\n  event: { type: event, meaning: m }\nderived:\n  a: count({evnt})\n",
         "t.yaml:10:3: unknown parameter 'evnt', did you mean 'event'?"},
        {ABOUT "parameters:\n  event: { type: event, meaning: m }\nderived:\n  a: duration()\n",
         "t.yaml:1:1: nothing uses parameter event"},
        {ABOUT, "t.yaml:1:1: a template has either `derived:` or `set:`"},
        {"name: t\nsummary: s\n", "t.yaml:1:1: `class:` is missing"},
        {ABOUT "derived:\n  - a\n", "t.yaml:7:1: derived: expected a mapping"},
        {ABOUT "derived: *a\n", "t.yaml:7:10: aliases"},
        {ABOUT "docs: again\n", "t.yaml:7:1: this name was given above already"},
        {ABOUT "parameters:\n  a: { b: { c: { d: { e: f }}}}\n", "t.yaml:8:16: mappings too deep"},
        {"{", "t.yaml:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct template made;
        assert_status(LODE_E_INPUT, template_parse("t.yaml", cases[i].text, strlen(cases[i].text),
                                                   world.arena, &made));
        if (!strstr(lode_error_text(), cases[i].words))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i].words);
    }
}

static void every_shipped_template_is_whole_and_some_are_of_each_class(void **state)
{
    (void)state;
    int of_class[TEMPLATE_CLASSES] = {0};
    assert_true(world.library.n >= 20);
    for (int t = 0; t < world.library.n; t++) of_class[world.library.templates[t].class]++;
    for (int c = 0; c < TEMPLATE_CLASSES; c++) assert_true(of_class[c] > 0);
}

static void an_extension_is_a_template_with_all_parameters_and_more(void **state)
{
    (void)state;
    int n = 0;
    for (int t = 0; t < world.library.n; t++) {
        const struct template *from = &world.library.templates[t];
        if (!from->extension) continue;
        const struct template *to = template_library_find(&world.library, from->extension);
        assert_non_null(to);
        for (int p = 0; p < from->n_parameters; p++)
            assert_true(template_find_parameter(to, from->parameters[p].name,
                                                strlen(from->parameters[p].name)) >= 0);
        assert_true(to->n_parameters > from->n_parameters);
        n++;
    }
    assert_true(n > 0);
}

static void an_unknown_template_gets_the_nearest_name(void **state)
{
    (void)state;
    const struct template *found = NULL;
    assert_status(LODE_E_USAGE, template_library_get(&world.library, "retrys", &found));
    assert_string_equal("no template 'retrys', did you mean 'retries'?", lode_error_text());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_gives_parameters_with_type_default_and_bounds),
        cmocka_unit_test(braces_of_the_language_are_no_placeholders),
        cmocka_unit_test(a_fault_has_file_line_and_column_and_the_nearest_word),
        cmocka_unit_test(every_shipped_template_is_whole_and_some_are_of_each_class),
        cmocka_unit_test(an_extension_is_a_template_with_all_parameters_and_more),
        cmocka_unit_test(an_unknown_template_gets_the_nearest_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
