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
        cmocka_unit_test(other_shapes_are_refused_with_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
