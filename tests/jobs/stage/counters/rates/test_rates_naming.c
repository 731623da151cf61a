/* Names of components from what sessions and events have. */
#include "tests/unit.h"

#include "jobs/stage/counters/rates/naming.h"

#include <string.h>

static char eu[] = "eu", us[] = "us", blue[] = "blue", long_word[300], broken[] = "\xff";
static char *regions[] = {eu, us}, *colours[] = {blue, long_word, broken};
static const char *values[] = {"ms"};
static struct lode_attribute of_sessions[] = {{"region", false, {regions, 2}}};
static struct lode_attribute of_events[] = {{"colour", false, {colours, 3}}};
static struct lode_store store = {.n_attributes = 1,
                                  .attributes = of_sessions,
                                  .n_event_attributes = 1,
                                  .event_attributes = of_events,
                                  .n_event_values = 1,
                                  .event_values = values};

static int setup(void **state)
{
    static char path[] = "/events";
    store.path = path;
    memset(long_word, 'x', sizeof long_word - 1);
    return lode_arena_create(0, (struct lode_arena **)state) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void assert_named(void **state, const char *name, uint32_t a, uint32_t b,
                         const char *expected)
{
    const uint32_t codes[] = {a, b};
    struct naming naming;
    char text[NAMING_MOST_BYTES];
    size_t size = 0;
    assert_ok(naming_make(name, &store, *state, &naming));
    assert_ok(naming_put(&naming, codes, text, &size));
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(text, expected, size);
}

static void attributes_stand_for_their_values(void **state)
{
    assert_named(state, "{region}", 1, 0, "us");
    assert_named(state, "shop/{region}/web", 0, 0, "shop/eu/web");
    assert_named(state, "{colour}-{region}", 0, 1, "blue-us");
    assert_named(state, "shop", 0, 0, "shop");
}

static void no_value_is_a_name_too(void **state)
{
    assert_named(state, "shop/{region}", LODE_NO_CODE, 0, "shop/(none)");
}

static void names_of_events_are_known(void **state)
{
    struct naming naming;
    assert_ok(naming_make("{region}", &store, *state, &naming));
    assert_false(naming.of_events);
    assert_ok(naming_make("{region}/{colour}", &store, *state, &naming));
    assert_true(naming.of_events);
    assert_int_equal(naming.n_columns, 2);
}

static void what_is_no_name_is_told(void **state)
{
    static const char *const cases[][2] = {
        {"{regoin}", "'regoin'; did you mean 'region'?"},
        {"{ms}", "'ms' is a number of events"},
        {"{region", "an attribute between { and }"},
        {"region}", "an attribute between { and }"},
        {"{}", "an attribute between { and }"},
        {"{{region}}", "an attribute between { and }"},
    };
    struct naming naming;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(LODE_E_USAGE, naming_make(cases[i][0], &store, *state, &naming));
        if (!strstr(lode_error_text(), cases[i][1])) fail_msg("%s", lode_error_text());
    }
}

static void names_that_no_component_can_have_are_refused(void **state)
{
    struct naming naming;
    char text[NAMING_MOST_BYTES];
    size_t size = 0;
    assert_ok(naming_make("{colour}", &store, *state, &naming));
    for (uint32_t code = 1; code <= 3; code++) /* too long, no UTF-8, no word */
        assert_status(LODE_E_INPUT, naming_put(&naming, &code, text, &size));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(attributes_stand_for_their_values),
        WITH(no_value_is_a_name_too),
        WITH(names_of_events_are_known),
        WITH(what_is_no_name_is_told),
        WITH(names_that_no_component_can_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
