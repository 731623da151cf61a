/* Offline: what the rules choose of a survey that a person can check by head. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include <string.h>

static struct generator_world world;
static double weights[TEMPLATE_LIBRARY_MAX];

static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    for (int t = 0; t < TEMPLATE_LIBRARY_MAX; t++) weights[t] = 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    generator_world_clear(&world);
    return 0;
}

/* A library of one template. */
static struct template_library only(const char *name)
{
    const struct template *found = template_library_find(&world.library, name);
    struct template *copy = NULL;
    assert_non_null(found);
    assert_ok(lode_take(world.arena, 1, &copy));
    *copy = *found;
    return (struct template_library){1, copy};
}

static void choose(const char *name, int64_t budget)
{
    const struct template_library library = only(name);
    assert_ok(offline_choose(&library, &world.facts, weights, budget, &world.definitions));
}

static void contrast_ranks_events_by_faulty_sessions_too_many(void **state)
{
    (void)state;
    const char *const *names = NULL;
    int64_t n = 0;
    assert_ok(offline_events(&world.facts, world.arena, &names, &n));
    assert_int_equal(2, n); /* home, item: as common in normal sessions; pay: 9 sessions */
    assert_string_equal("pay_error", names[0]);
    assert_string_equal("poll", names[1]);
}

static void the_best_combinations_come_first_and_no_event_twice(void **state)
{
    (void)state;
    choose("next_event", 10);
    assert_int_equal(2, world.definitions.n);
    assert_string_equal("matches('pay_error' -> 'poll')", world.definitions.list[0].expression);
    assert_string_equal("matches('poll' -> 'pay_error')", world.definitions.list[1].expression);
}

static void values_to_try_are_tried_and_the_budget_is_kept(void **state)
{
    (void)state;
    choose("many_of", 3);
    assert_int_equal(3, world.definitions.n);
    assert_string_equal("count('poll') >= 3", world.definitions.list[0].expression);
    assert_string_equal("count('poll') >= 10", world.definitions.list[1].expression);
    assert_string_equal("count('pay_error') >= 3", world.definitions.list[2].expression);
}

static void a_kpi_is_a_binary_one(void **state)
{
    (void)state;
    choose("previous_failed", 10);
    assert_int_equal(1, world.definitions.n);
    assert_string_equal("previous(kpi_fail) = 1", world.definitions.list[0].expression);
}

static void without_candidates_there_is_nothing(void **state)
{
    (void)state;
    world.schema.series.n = 0;
    choose("load_above", 10);
    assert_int_equal(0, world.definitions.n);
}

static void all_templates_share_the_budget_and_the_language_takes_every_choice(void **state)
{
    (void)state;
    assert_ok(offline_choose(&world.library, &world.facts, weights, 100, &world.definitions));
    assert_int_equal(100, world.definitions.n);
    int of_retries = 0;
    for (int64_t i = 0; i < world.definitions.n; i++) {
        if (strstr(world.definitions.list[i].expression, " top(20, ms of"))
            continue; /* of a number: generation.c leaves it out */
        generator_world_compile(&world, world.definitions.list[i].expression);
        of_retries += strcmp(world.definitions.list[i].template->name, "retries") == 0;
    }
    assert_true(of_retries > 0);
}

static void a_template_without_weight_gets_nothing(void **state)
{
    (void)state;
    for (int t = 0; t < world.library.n; t++)
        weights[t] = strcmp(world.library.templates[t].name, "weekend") == 0;
    assert_ok(offline_choose(&world.library, &world.facts, weights, 100, &world.definitions));
    assert_int_equal(1, world.definitions.n);
    assert_string_equal("weekend", world.definitions.list[0].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(contrast_ranks_events_by_faulty_sessions_too_many, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_best_combinations_come_first_and_no_event_twice, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_to_try_are_tried_and_the_budget_is_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_kpi_is_a_binary_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_candidates_there_is_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            all_templates_share_the_budget_and_the_language_takes_every_choice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_template_without_weight_gets_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
