/* Names within names: who is below whom, and faults by line and column. */
#include "tests/unit.h"

#include "common/memory.h"
#include "common/param/name_tree.h"

#include <stdio.h>
#include <string.h>

static struct lode_arena *arena;

static int setup(void **state)
{
    (void)state;
    return lode_arena_create(0, &arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lode_arena_destroy(arena);
    return 0;
}

static lode_status parse(const char *text, struct lode_name_tree *tree)
{
    return lode_name_tree_parse("t.yaml", text, strlen(text), arena, tree);
}

/* "name<parent:line" of each name. */
static void expect(const char *text, const char *wanted)
{
    struct lode_name_tree tree;
    char found[1024] = "";
    size_t size = 0;
    assert_ok(parse(text, &tree));
    for (int64_t i = 0; i < tree.n; i++) {
        const struct lode_tree_name *name = &tree.names[i];
        assert_true(name->parent < i);
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%s<%s:%d", i > 0 ? " " : "",
                                 name->name, name->parent < 0 ? "" : tree.names[name->parent].name,
                                 name->line);
    }
    assert_string_equal(found, wanted);
}

static void expect_fault(const char *text, const char *words)
{
    struct lode_name_tree tree;
    assert_status(LODE_E_INPUT, parse(text, &tree));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void names_are_below_the_names_they_stand_in(void **state)
{
    (void)state;
    expect("shop:\n  web: [w1, w2]\n  db:\n    d1: [disk]\n  mail:\nother: ~\n",
           "shop<:1 web<shop:2 w1<web:2 w2<web:2 db<shop:3 d1<db:4 disk<d1:4 mail<shop:5 other<:6");
    expect("a:\n- b\n- c: [d]\n  e:\n- f\n", "a<:1 b<a:2 c<a:3 d<c:3 e<a:4 f<a:5");
    expect("a: b\n", "a<:1 b<a:1");
    expect("# nothing\n", "");
}

static void a_name_twice_is_refused_with_both_lines(void **state)
{
    (void)state;
    expect_fault("a: [b]\nc:\n  - d\n  - b\n", "t.yaml:4:5: 'b' is there twice, first in line 1");
    expect_fault("a:\na:\n", "t.yaml:2:1: 'a' is there twice, first in line 1");
}

static void what_is_no_such_tree_is_refused_by_place(void **state)
{
    (void)state;
    expect_fault("- a\n", "t.yaml:1:1: expected lines");
    expect_fault("a: [[b]]\n", "t.yaml:1:5: a name is wanted");
    expect_fault("a: &x [b]\n", "anchors");
    expect_fault("a: [&x b]\n", "anchors");
    expect_fault("a: [b]\nc: *x\n", "t.yaml:2");
    expect_fault("a: ['']\n", "an empty name");
    expect_fault("a: [\"x\\ty\"]\n", "a control byte");
    expect_fault("a: [b\n", "t.yaml:2");
    expect_fault("a: b\n---\nc: d\n", "a second document");
    expect_fault("? [a]\n: b\n", "a name is wanted");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char text[4096];
    size_t size = 0;
    for (int i = 0; i < 40; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%*sn%d:\n", i, "", i);
    expect_fault(text, "nested too deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_below_the_names_they_stand_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_twice_is_refused_with_both_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_such_tree_is_refused_by_place, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
