/* Policy: what was promising is extended, in the order of its effect, within the budget. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include "jobs/opportunities/generator/policy.h"

#include <string.h>

static struct generator_world world;
static struct generated generated;

static const char *const events[] = {"poll", "item"};
static const struct policy_cohort cohorts[] = {{"country", "DE"}, {"os", "i'os"}};
static struct policy_rules rules;

static void add(const char *name, const char *a, const char *b)
{
    const char *const values[TEMPLATE_PARAMETERS_MAX] = {a, b};
    world.definitions.n = 0;
    assert_ok(template_instantiate(template_library_find(&world.library, name), values,
                                   &world.schema, &world.definitions));
    assert_ok(generated_add(&generated, &world.definitions, 1, world.arena));
}

/* 0: follows_within, can grow by a step; 1: weekend, cannot; 2: night. */
static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    generated = (struct generated){.asked = "", .used = "", .why = "", .model = ""};
    rules = (struct policy_rules){.max_q = 0.05,
                                  .least_effect = 0.25,
                                  .budget = 100,
                                  .n_events = 2,
                                  .events = events,
                                  .n_cohorts = 2,
                                  .cohorts = cohorts};
    add("follows_within", "home", "pay");
    add("weekend", NULL, NULL);
    add("night", NULL, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    generator_world_clear(&world);
    return 0;
}

static void next(const struct policy_outcome *outcomes, int64_t n)
{
    assert_ok(generator_next(&world.library, &world.schema, &rules, outcomes, n, 2, world.arena,
                             &generated));
    for (int64_t i = 3; i < generated.n; i++) {
        assert_int_equal(2, generated.list[i].round);
        generator_world_compile(&world, generated.list[i].expression);
    }
}

static void a_promising_pattern_grows_by_a_step_and_into_cohorts(void **state)
{
    (void)state;
    rules.cohorts = (const struct policy_cohort[]){{"country", "DE"}, {"os", "ios"}};
    next(&(const struct policy_outcome){0, 0.5, 0.01}, 1);
    assert_int_equal(7, generated.n);
    assert_string_equal("matches('home' => 'pay' => 'poll' within 300000ms)",
                        generated.list[3].expression);
    assert_string_equal("three_steps", generated.list[3].template);
    assert_string_equal("(matches('home' => 'pay' within 10000ms)) when country = 'DE'",
                        generated.list[4].expression);
    assert_string_equal("home_pay_within_10s_in_country_DE", generated.list[4].name);
    assert_string_equal("matches('home' => 'pay' => 'item' within 300000ms)",
                        generated.list[5].expression);
}

static void the_larger_effect_goes_first_and_the_budget_ends_it(void **state)
{
    (void)state;
    const struct policy_outcome outcomes[] = {{1, 0.3, 0.01}, {2, -0.9, 0.01}, {1, 0.4, 0.01}};
    rules.budget = 2;
    next(outcomes, 3);
    assert_int_equal(5, generated.n);
    assert_non_null(strstr(generated.list[3].name, "night"));
    assert_non_null(strstr(generated.list[4].name, "weekend"));
}

static void what_is_not_promising_has_no_children(void **state)
{
    (void)state;
    const struct policy_outcome outcomes[] = {{0, 0.5, 0.2},
                                              {1, 0.1, 0.001},
                                              {2, (double)__builtin_nan(""), 0.01},
                                              {2, 0.5, (double)__builtin_nan("")}};
    next(outcomes, 4);
    assert_int_equal(3, generated.n);
}

static void a_value_with_a_quote_stays_in_its_quotes(void **state)
{
    (void)state;
    rules.cohorts = cohorts + 1;
    rules.n_cohorts = 1;
    assert_ok(generator_next(&world.library, &world.schema, &rules,
                             &(const struct policy_outcome){1, 0.5, 0.01}, 1, 2, world.arena,
                             &generated));
    assert_string_equal("(weekday(time) >= 6) when os = 'i\\'os'", generated.list[3].expression);
}

static void a_hopeless_class_weighs_nothing_and_a_good_one_more(void **state)
{
    (void)state;
    const struct policy_outcome outcomes[] = {{1, 0, 1}, {1, 0, 1}, {2, 0, 1},     {2, 0, 1},
                                              {2, 0, 1}, {0, 1, 0}, {0, 0.5, 0.01}};
    double weights[TEMPLATE_LIBRARY_MAX];
    for (int t = 0; t < world.library.n; t++) weights[t] = 1;
    generator_reweigh(&world.library, &rules, outcomes, 7, &generated, weights);
    for (int t = 0; t < world.library.n; t++) {
        const enum template_class class = world.library.templates[t].class;
        const double expected = class == TEMPLATE_INDIRECT         ? 0
                                : class == TEMPLATE_GIVEN_PATTERNS ? 1.5 /* 2 (2 + 1) / (2 + 2) */
                                                                   : 1;
        assert_true(weights[t] == expected);
    }
}

static void an_outcome_of_no_definition_is_a_bug(void **state)
{
    (void)state;
    assert_status(LODE_E_BUG, generator_next(&world.library, &world.schema, &rules,
                                             &(const struct policy_outcome){9, 0.5, 0.01}, 1, 2,
                                             world.arena, &generated));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_promising_pattern_grows_by_a_step_and_into_cohorts,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_larger_effect_goes_first_and_the_budget_ends_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_promising_has_no_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_with_a_quote_stays_in_its_quotes, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_hopeless_class_weighs_nothing_and_a_good_one_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_outcome_of_no_definition_is_a_bug, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
