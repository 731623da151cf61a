/* Components and counters of a store that is staged and grows. */
#include "tests/unit.h"

#include "common/memory.h"
#include "jobs/stage/counters/schema.h"

#include <string.h>

struct fixture {
    struct lode_arena *arena;
    struct stage_counters_options options;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    stage_counters_defaults(&f.options);
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    lode_arena_destroy(((struct fixture *)*state)->arena);
    return 0;
}

static bool add(struct schema *schema, const char *name, int64_t n_times, int64_t first)
{
    const struct lode_component about = {
        .partition = 0, .n_times = n_times, .first_ms = first, .last_ms = first + n_times};
    bool is_known = false;
    assert_ok(schema_add_component(schema, name, strlen(name), &about, &is_known));
    return is_known;
}

static void expect(const struct lode_counters_schema *schema, int64_t index, const char *name,
                   int64_t parent, int64_t n_times)
{
    const struct lode_component *component = &schema->components[index];
    assert_string_equal(component->name, name);
    assert_int_equal(component->parent, parent);
    assert_int_equal(component->n_times, n_times);
    assert_int_equal(component->partition, n_times > 0 ? 0 : -1);
}

static void a_tree_has_the_ancestors_that_names_say(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = NULL;
    struct lode_counters_schema made;
    f->options.tree = "::";
    assert_ok(schema_create(NULL, f->arena, &schema));
    add(schema, "web::a::cpu", 5, 10);
    add(schema, "web", 3, 10);
    add(schema, "::odd", 1, 10);
    assert_ok(schema_finish(schema, &f->options, &made));
    assert_int_equal(made.n_components, 4);
    expect(&made, 0, "::odd", -1, 1);
    expect(&made, 1, "web", -1, 3);
    expect(&made, 2, "web::a", 1, 0);
    expect(&made, 3, "web::a::cpu", 2, 5);
}

static void indices_stay_when_a_store_grows(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = NULL;
    struct lode_counters_schema first, second;
    f->options.tree = "/";
    f->options.units =
        (struct stage_names){.given = true, .count = 1, .names = (const char *const[]){"m=MiB"}};
    assert_ok(schema_create(NULL, f->arena, &schema));
    add(schema, "m/x", 5, 10);
    assert_ok(schema_add_counter(schema, "m", 1));
    assert_ok(schema_finish(schema, &f->options, &first));
    f->options.units.count = 0;
    assert_ok(schema_create(&first, f->arena, &schema));
    assert_true(add(schema, "m/x", 2, 20));
    assert_false(add(schema, "m", 4, 20)); /* was there, without samples */
    assert_false(add(schema, "a", 1, 20));
    assert_ok(schema_add_counter(schema, "a", 1));
    assert_ok(schema_add_counter(schema, "m", 1));
    assert_ok(schema_finish(schema, &f->options, &second));
    expect(&second, 0, "m", -1, 4);
    expect(&second, 1, "m/x", 0, 7);
    expect(&second, 2, "a", -1, 1);
    assert_int_equal(second.components[1].first_ms, 10);
    assert_int_equal(second.components[1].last_ms, 22);
    assert_string_equal(second.counters[0].name, "m");
    assert_string_equal(second.counters[0].unit, "MiB");
    assert_string_equal(second.counters[1].name, "a");
}

static void a_unit_of_no_counter_is_told(void **state)
{
    struct fixture *f = *state;
    struct schema *schema = NULL;
    struct lode_counters_schema made;
    static const char *const wrong[] = {"cpuu=%", "cpu", "cpu=fast"};
    for (int i = 0; i < 3; i++) {
        struct stage_counters_options options = f->options;
        const struct stage_names names = {.given = true, .count = 1, .names = &wrong[i]};
        options.units = i < 2 ? names : (struct stage_names){0};
        options.types = i < 2 ? (struct stage_names){0} : names;
        assert_ok(schema_create(NULL, f->arena, &schema));
        assert_ok(schema_add_counter(schema, "cpu", 3));
        assert_status(LODE_E_USAGE, schema_finish(schema, &options, &made));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tree_has_the_ancestors_that_names_say, setup, teardown),
        cmocka_unit_test_setup_teardown(indices_stay_when_a_store_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(a_unit_of_no_counter_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
