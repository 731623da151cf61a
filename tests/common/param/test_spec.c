/* Spec: items of a section, told with their names; test_param.c has the flat files. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/memory.h"
#include "common/param/spec.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What was told, one "item/name=value" after the other. */
static lode_status note(void *context, const char *item, const char *name, const char *value)
{
    if (strcmp(name, "bad") == 0) return lode_fail(LODE_E_USAGE, "not this one");
    return lode_bytes_printf(context, "%s/%s=%s;", item ? item : "", name, value);
}

static lode_status read_text(const char *text, const char *section, struct lode_bytes *told)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/lode-test-spec-%d.yaml", (int)getpid());
    assert_ok(lode_file_write(path, text, strlen(text), false));
    told->size = 0;
    const lode_status status = lode_spec_read_items(path, section, note, told);
    unlink(path);
    return status;
}

static void expect_told(const char *text, const char *wanted)
{
    struct lode_bytes told = {0};
    assert_ok(read_text(text, "files", &told));
    assert_ok(lode_bytes_append(&told, "", 1));
    assert_string_equal((const char *)told.data, wanted);
    lode_bytes_clear(&told);
}

static void expect_refused(const char *text, const char *section, const char *words)
{
    struct lode_bytes told = {0};
    assert_true(read_text(text, section, &told) != LODE_OK);
    if (!strstr(lode_error_text(), words))
        fail_msg("'%s' does not say '%s'", lode_error_text(), words);
    lode_bytes_clear(&told);
}

static void settings_of_items_come_with_the_item_in_the_order_of_the_file(void **state)
{
    (void)state;
    expect_told("a: 1\n"
                "files:\n"
                "  x.csv: { b: 2, c: [3, 'd,e'] }\n"
                "  \"y*\":\n"
                "    b: 4\n"
                "z: 5\n",
                "/a=1;x.csv/b=2;x.csv/c=3,d\\,e;y*/b=4;/z=5;");
}

static void a_name_may_come_again_in_another_item_and_at_the_top(void **state)
{
    (void)state;
    expect_told("files: { a: { t: 1 }, t: { t: 2 } }\nt: 3\n", "a/t=1;t/t=2;/t=3;");
}

static void an_empty_section_or_item_tells_nothing(void **state)
{
    (void)state;
    expect_told("files: {}\na: 1\n", "/a=1;");
    expect_told("files: { x: {} }\n", "");
}

static void a_name_twice_in_an_item_or_an_item_twice_is_refused(void **state)
{
    (void)state;
    expect_refused("files:\n  x: { t: 1, t: 2 }\n", "files",
                   ":2:14: this parameter was given above");
    expect_refused("files:\n  x: { t: 1 }\n  x: { u: 2 }\n", "files",
                   ":3:3: this parameter was given");
    expect_refused("files: {}\nfiles: {}\n", "files", ":2:1: this parameter was given above");
}

/* Definitions as "group/name=text@line:column", settings as above. */
static lode_status note_definition(void *context, const struct lode_spec_definition *definition)
{
    if (strcmp(definition->name, "bad") == 0) return lode_fail(LODE_E_USAGE, "not this one");
    return lode_bytes_printf(context, "%s/%s=%s@%zu:%zu;", definition->group, definition->name,
                             definition->text, definition->line, definition->column);
}

static lode_status parse_groups(const char *text, struct lode_bytes *told)
{
    const struct lode_spec_taker taker = {
        .setting = note, .definition = note_definition, .context = told};
    const lode_status status = lode_spec_parse("spec.yaml", text, strlen(text), &taker);
    if (status == LODE_OK) assert_ok(lode_bytes_append(told, "", 1));
    return status;
}

static void a_line_of_a_group_comes_with_the_place_where_its_text_begins(void **state)
{
    (void)state;
    struct lode_bytes told = {0};
    assert_ok(parse_groups("k: 2\n"
                           "derived:\n"
                           "  night: hour(time) < 9\n"
                           "  'day':  'a''b'\n"
                           "  long: |\n"
                           "    x\n"
                           "kpis: { night: 1 }\n",
                           &told));
    assert_string_equal((const char *)told.data,
                        "/k=2;derived/night=hour(time) < 9@3:10;derived/day=a'b@4:12;"
                        "derived/long=x\n@6:5;kpis/night=1@7:16;");
    lode_bytes_clear(&told);
}

static void a_line_of_the_mapped_group_may_be_a_mapping(void **state)
{
    (void)state;
    struct lode_bytes told = {0};
    static const char text[] = "m:\n  a: { x: 1, \"y\\\"\": [b, 'c,d'] }\n  e: {}\n  f: g\n";
    const struct lode_spec_taker taker = {
        .setting = note, .definition = note_definition, .mapped = "m", .context = &told};
    assert_ok(lode_spec_parse("spec.yaml", text, sizeof text - 1, &taker));
    assert_ok(lode_bytes_append(&told, "", 1));
    assert_string_equal("m/a={\"x\": \"1\", \"y\\\"\": [\"b\", \"c,d\"]}@2:6;m/e={}@3:6;m/f=g@4:6;",
                        (const char *)told.data);
    told.size = 0;
    static const char *const bad[] = {"m: { a: { x: { y: 1 } } }", "m: { a: [1] }",
                                      "m: { a: { x: 1, x: 2 } }", "n: { a: { x: 1 } }"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(LODE_E_INPUT, lode_spec_parse("spec.yaml", bad[i], strlen(bad[i]), &taker));
    lode_bytes_clear(&told);
}

static void faults_in_a_group_have_their_place(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a: { x: { y: 1 } }", "spec.yaml:1:9: a line of a group must have a single value"},
        {"a: { x: [1] }", "spec.yaml:1:9: a line of a group must have a single value"},
        {"a: { x: 1, x: 2 }", "spec.yaml:1:12: this parameter was given above"},
        {"a:\n  bad: 1\n", "spec.yaml:2:8: not this one"},
        {"a: &b { x: 1 }", "anchors"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lode_bytes told = {0};
        assert_true(parse_groups(cases[i].text, &told) != LODE_OK);
        if (!strstr(lode_error_text(), cases[i].words))
            fail_msg("'%s' does not say '%s'", lode_error_text(), cases[i].words);
        lode_bytes_clear(&told);
    }
}

static void other_shapes_are_refused_with_line_and_column(void **state)
{
    (void)state;
    expect_refused("files: x\n", "files", ":1:8: expected lines of the form");
    expect_refused("files: { x: 1 }\n", "files", ":1:13: expected lines of the form");
    expect_refused("files: { x: { t: { u: 1 } } }\n", "files", ":1:18: a value must be");
    expect_refused("other: { x: { t: 1 } }\n", "files", ":1:8: a value must be");
    expect_refused("files: { x: { t: 1 } }\n", NULL, ":1:8: a value must be");
    expect_refused("files: &a { x: { t: 1 } }\n", "files", "anchors");
    expect_refused("files: { x: &a { t: 1 } }\n", "files", "anchors");
    expect_refused("files:\n  x:\n    bad: 1\n", "files", ":3:5: not this one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_of_items_come_with_the_item_in_the_order_of_the_file),
        cmocka_unit_test(a_name_may_come_again_in_another_item_and_at_the_top),
        cmocka_unit_test(an_empty_section_or_item_tells_nothing),
        cmocka_unit_test(a_name_twice_in_an_item_or_an_item_twice_is_refused),
        cmocka_unit_test(a_line_of_a_group_comes_with_the_place_where_its_text_begins),
        cmocka_unit_test(a_line_of_the_mapped_group_may_be_a_mapping),
        cmocka_unit_test(faults_in_a_group_have_their_place),
        cmocka_unit_test(other_shapes_are_refused_with_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
