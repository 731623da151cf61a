/* Marks: what a definition of a pattern says, and where one that says nothing is wrong. */
#include "tests/unit.h"

#include <string.h>

#include "jobs/hierarchy/marks.h"

#define DAY "2018-03-01T"
enum { LINE = 7, COLUMN = 13 };

static int make(void **state)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(1 << 20, &arena));
    *state = arena;
    return 0;
}

static int destroy(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static lode_status parse(struct lode_arena *arena, const char *text, struct mark *mark)
{
    const struct lode_definition definition = {
        .name = "it", .text = text, .file = "spec.yaml", .line = LINE, .column = COLUMN};
    return mark_parse(&definition, arena, mark);
}

static void a_mark_is_a_series_a_time_and_where_to_look(void **state)
{
    struct mark mark;
    assert_ok(parse(*state, "cpu@web-1 " DAY "10:00:00Z .. " DAY "10:30:00Z in web-*", &mark));
    assert_string_equal(mark.counter, "cpu");
    assert_string_equal(mark.component, "web-1");
    assert_string_equal(mark.where, "web-*");
    assert_int_equal(mark.from_ms, INT64_C(1519898400000));
    assert_int_equal(mark.to_ms - mark.from_ms, 30 * 60 * 1000);
    assert_ok(parse(*state, "cpu@web-1 " DAY "10:00:00+01:00 .. " DAY "10:30:00Z", &mark));
    assert_string_equal(mark.where, "*");
    assert_int_equal(mark.to_ms - mark.from_ms, 90 * 60 * 1000);
}

static void names_may_have_blanks_and_the_last_at_divides_them(void **state)
{
    struct mark mark;
    assert_ok(parse(*state, "reads @ disk@web 1 \t" DAY "10:00:00Z  .. " DAY "10:30:00Z in web ?  ",
                    &mark));
    assert_string_equal(mark.counter, "reads @ disk");
    assert_string_equal(mark.component, "web 1");
    assert_string_equal(mark.where, "web ?  "); /* a definition ends without blanks */
}

static void what_is_wrong_is_told_by_line_and_column(void **state)
{
    static const struct {
        const char *text;
        int offset;
        const char *words;
    } wrong[] = {
        {"", 0, "COUNTER@COMPONENT"},
        {"cpu@web", 0, "COUNTER@COMPONENT"},
        {"..", 0, "has the form"},
        {"cpu@web ..", 0, "has the form"},
        {DAY "10:00:00Z .. " DAY "10:30:00Z", 0, "has the form"},
        {"cpu " DAY "10:00:00Z .. " DAY "10:30:00Z", 0, "no series"},
        {"@web " DAY "10:00:00Z .. " DAY "10:30:00Z", 0, "no series"},
        {"cpu@ " DAY "10:00:00Z .. " DAY "10:30:00Z", 0, "no series"},
        {"cpu@web 10:00 .. " DAY "10:30:00Z", 8, "no time"},
        {"cpu@web " DAY "10:00:00Z ..", 31, "no time"},
        {"cpu@web " DAY "10:00:00Z .. half past", 32, "no time"},
        {"cpu@web " DAY "10:00:00Z .. " DAY "10:00:00Z", 32, "ends before it begins"},
        {"cpu@web " DAY "10:00:00Z .. " DAY "10:30:00Z on web", 53, "has the form"},
        {"cpu@web " DAY "10:00:00Z .. " DAY "10:30:00Z in", 53, "has the form"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct mark mark = {0};
        char place[64];
        assert_status(LODE_E_USAGE, parse(*state, wrong[i].text, &mark));
        snprintf(place, sizeof place, "spec.yaml:%d:%d: pattern 'it': ", LINE,
                 COLUMN + wrong[i].offset);
        const char *said = lode_error_text();
        if (!strstr(said, place) || !strstr(said, wrong[i].words))
            fail_msg("'%s': '%s' lacks '%s' or '%s'", wrong[i].text, said, place, wrong[i].words);
        assert_null(mark.counter);
        lode_error_clear();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mark_is_a_series_a_time_and_where_to_look),
        TEST(names_may_have_blanks_and_the_last_at_divides_them),
        TEST(what_is_wrong_is_told_by_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
