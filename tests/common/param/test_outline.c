/* Outline: a document as lines with their places. */
#include "tests/unit.h"

#include "common/param/outline.h"

#include <stdio.h>
#include <string.h>

static struct lode_arena *arena;

static lode_status parse(const char *text, struct lode_outline *outline)
{
    return lode_outline_parse("o.yaml", text, strlen(text), arena, outline);
}

static void lines_have_depth_value_and_place(void **state)
{
    (void)state;
    struct lode_outline outline;
    assert_ok(parse("a: 1\nb:\n  c: { d: [x, 'y,z'] }\n  e:\nf: {}\n", &outline));
    static const struct lode_outline_line expected[] = {
        {0, "a", "1", 1, 1},       {0, "b", NULL, 2, 1}, {1, "c", NULL, 3, 3},
        {2, "d", "x,y\\,z", 3, 8}, {1, "e", "", 4, 3},   {0, "f", NULL, 5, 1}};
    assert_int_equal(6, outline.n);
    for (int i = 0; i < 6; i++) {
        const struct lode_outline_line *line = &outline.lines[i];
        assert_int_equal(expected[i].depth, line->depth);
        assert_string_equal(expected[i].name, line->name);
        if (expected[i].value)
            assert_string_equal(expected[i].value, line->value);
        else
            assert_null(line->value);
        assert_int_equal(expected[i].line, line->line);
        assert_int_equal(expected[i].column, line->column);
    }
    assert_int_equal(5, lode_outline_next(&outline, 1)); /* past all of b */
    assert_int_equal(4, lode_outline_next(&outline, 2));
}

static void a_name_may_come_again_in_another_mapping_only(void **state)
{
    (void)state;
    struct lode_outline outline;
    assert_ok(parse("a: { x: 1 }\nb: { x: 2, a: 3 }\n", &outline));
    assert_status(LODE_E_INPUT, parse("a: { x: 1, x: 2 }\n", &outline));
    assert_string_equal("o.yaml:1:12: this name was given above already", lode_error_text());
}

static void faults_have_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a: [1, [2]]\n", "o.yaml:1:8: an item of a list must be a single value"},
        {"a: &x 1\n", "o.yaml:1:4: anchors (&name) are not allowed here"},
        {"a: *x\n", "o.yaml:1:4: aliases (*name) are not allowed here"},
        {"- a\n", "o.yaml:1:1: expected lines of the form `name: value`"},
        {"a: {b: {c: {d: {e: 1}}}}\n", "o.yaml:1:16: mappings too deep"},
        {"a: 1\n---\nb: 2\n", "o.yaml:2:1: a second document is not allowed here"},
        {"? [a]\n: 1\n", "o.yaml:1:3: a name must be a single word"},
        {"a: \"\\0\"\n", "o.yaml:1:4: a NUL byte is not allowed here"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lode_outline outline;
        assert_status(LODE_E_INPUT, parse(cases[i].text, &outline));
        assert_string_equal(cases[i].words, lode_error_text());
    }
}

static void too_many_lines_are_refused(void **state)
{
    (void)state;
    struct lode_bytes text = {0};
    struct lode_outline outline;
    for (int i = 0; i <= LODE_OUTLINE_LINES; i++)
        assert_ok(lode_bytes_printf(&text, "n%d: 1\n", i));
    assert_status(LODE_E_INPUT,
                  lode_outline_parse("o.yaml", text.data, text.size, arena, &outline));
    assert_string_equal("o.yaml:2001:1: too many lines", lode_error_text());
    lode_bytes_clear(&text);
}

static void nothing_is_an_empty_outline(void **state)
{
    (void)state;
    struct lode_outline outline;
    assert_ok(parse("# only a comment\n", &outline));
    assert_int_equal(0, outline.n);
}

int main(void)
{
    assert_ok(lode_arena_create(0, &arena));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_depth_value_and_place),
        cmocka_unit_test(a_name_may_come_again_in_another_mapping_only),
        cmocka_unit_test(faults_have_their_place),
        cmocka_unit_test(too_many_lines_are_refused),
        cmocka_unit_test(nothing_is_an_empty_outline),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lode_arena_destroy(arena);
    return failed;
}
