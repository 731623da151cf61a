/* Which values of attributes keep a level of their own. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "jobs/opportunities/experts/adjust.h"

enum { MOST_VALUES = 40, MOST_SETS = 16 };

/* Attributes of so many values; value v of each has 1000 - v sessions of all. */
struct world {
    struct lode_arena *arena;
    char words[MOST_VALUES][8];
    char *values[MOST_VALUES];
    struct cohort_cell all, cells[MOST_SETS][MOST_VALUES];
    struct cohort_set sets[MOST_SETS];
    struct cohort_counts counts;
    struct covariate *covariates;
    int64_t n;
};

static struct world world;

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    for (int v = 0; v < MOST_VALUES; v++) {
        snprintf(world.words[v], sizeof world.words[v], "v%02d", v);
        world.values[v] = world.words[v];
    }
    world.counts = (struct cohort_counts){.n_kpis = 1, .all = &world.all, .sets = world.sets};
    return lode_arena_create(0, &world.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lode_arena_destroy(world.arena);
    return 0;
}

static void add_attribute(int64_t n_values)
{
    const int64_t set = world.counts.n_sets++;
    for (int64_t v = 0; v < n_values; v++) world.cells[set][v].sessions = 1000 - v;
    world.sets[set] = (struct cohort_set){
        .n_values = n_values, .values = world.values, .cells = world.cells[set]};
}

static int64_t sum_of(int64_t set)
{
    int64_t sum = 0;
    for (int v = 0; v < MOST_VALUES; v++) sum += world.cells[set][v].sessions;
    return sum;
}

static int64_t make(void)
{
    const int64_t n_attributes = world.counts.n_sets++; /* the life cycle */
    int64_t combinations = 1;
    assert_ok(
        covariates_make(n_attributes, &world.counts, world.arena, &world.covariates, &world.n));
    for (int64_t i = 0; i < world.n; i++) combinations *= world.covariates[i].levels;
    assert_true(combinations <= ADJUST_MOST_COMBINATIONS);
    return combinations;
}

static void every_value_of_few_has_a_level_and_first_or_later_too(void **state)
{
    (void)state;
    add_attribute(3);
    world.all.sessions = sum_of(0);
    assert_int_equal(make(), 6);
    assert_int_equal(world.n, 2);
    assert_int_equal(world.covariates[0].kept, 3);
    assert_false(world.covariates[0].has_other || world.covariates[0].has_none);
    assert_int_equal(world.covariates[1].attribute, 1);
}

static void sessions_without_a_value_are_a_level(void **state)
{
    (void)state;
    add_attribute(3);
    world.all.sessions = sum_of(0) + 1;
    assert_int_equal(make(), 8);
    assert_true(world.covariates[0].has_none);
}

static void the_largest_twenty_stay_and_the_rest_is_other(void **state)
{
    (void)state;
    add_attribute(30);
    world.cells[0][29].sessions = 5000; /* the last is the largest */
    world.all.sessions = sum_of(0);
    make();
    assert_int_equal(world.covariates[0].kept, 20);
    assert_int_equal(world.covariates[0].levels, 21);
    assert_int_equal(world.covariates[0].values[0], 29);
    assert_int_equal(world.covariates[0].values[1], 0);
}

static void an_attribute_of_one_value_is_no_covariate(void **state)
{
    (void)state;
    add_attribute(1);
    world.all.sessions = sum_of(0);
    make();
    assert_int_equal(world.n, 1); /* first or later alone */
}

/* 20 x 20 x 20 x 2 are too many: the first of the largest is halved, then the next ... */
static void too_many_combinations_halve_the_attribute_with_most_levels(void **state)
{
    (void)state;
    for (int a = 0; a < 3; a++) add_attribute(20);
    world.all.sessions = sum_of(0);
    make();
    assert_int_equal(world.covariates[0].levels, 11); /* 10 and other */
    assert_int_equal(world.covariates[1].levels, 11);
    assert_int_equal(world.covariates[2].levels, 11);
    assert_int_equal(world.covariates[0].values[9], 9);
}

static void ever_so_many_attributes_come_to_an_end(void **state)
{
    (void)state;
    for (int a = 0; a < MOST_SETS - 1; a++) add_attribute(2);
    world.all.sessions = sum_of(0);
    assert_true(make() > ADJUST_MOST_COMBINATIONS / 4);
    assert_true(world.n >= 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_value_of_few_has_a_level_and_first_or_later_too,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(sessions_without_a_value_are_a_level, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_twenty_stay_and_the_rest_is_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_attribute_of_one_value_is_no_covariate, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_combinations_halve_the_attribute_with_most_levels,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(ever_so_many_attributes_come_to_an_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
