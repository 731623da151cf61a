/* Weights: points of feedback, and shares of a budget. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/generator/generator_world.h"

#include "jobs/opportunities/generator/weights.h"

#include <math.h>
#include <string.h>

static struct generator_world world;

static double weight_of(const char *name, const struct generator_opinion *opinions, int64_t n)
{
    double weights[TEMPLATE_LIBRARY_MAX];
    generator_weights(&world.library, opinions, n, weights);
    for (int t = 0; t < world.library.n; t++)
        if (strcmp(world.library.templates[t].name, name) == 0) return weights[t];
    fail();
    return 0;
}

static void who_nobody_spoke_of_weighs_one(void **state)
{
    (void)state;
    assert_true(weight_of("retries", NULL, 0) == 1);
}

/* 2 points for the template and 1 for its class: 2^1.5. */
static void a_useful_finding_weighs_for_its_template_and_half_for_its_class(void **state)
{
    (void)state;
    const struct generator_opinion one = {"retries", "stateful", true};
    assert_true(fabs(weight_of("retries", &one, 1) - 2.8284271247461903) < 1e-12);
    assert_true(fabs(weight_of("any_of", &one, 1) - 1.4142135623730951) < 1e-12);
    assert_true(weight_of("weekend", &one, 1) == 1);
}

static void noise_weighs_the_other_way_and_never_below_an_eighth(void **state)
{
    (void)state;
    struct generator_opinion many[9];
    for (int i = 0; i < 9; i++) many[i] = (struct generator_opinion){"retries", "stateful", false};
    assert_true(fabs(weight_of("retries", many, 1) - 1 / 2.8284271247461903) < 1e-12);
    assert_true(weight_of("retries", many, 9) == 0.125);
}

static void shares_follow_weights_limits_and_the_budget(void **state)
{
    (void)state;
    const double weights[] = {2, 1, 1, 0};
    const int64_t wide[] = {100, 100, 100, 100}, narrow[] = {3, 100, 100, 100};
    int64_t shares[4];
    generator_shares(weights, wide, 4, 8, shares);
    assert_int_equal(4, shares[0]);
    assert_int_equal(2, shares[1]);
    assert_int_equal(2, shares[2]);
    assert_int_equal(0, shares[3]);
    generator_shares(weights, narrow, 4, 9, shares);
    assert_int_equal(3, shares[0]);
    assert_int_equal(3, shares[1]);
    assert_int_equal(3, shares[2]);
    generator_shares(weights, narrow, 1, 9, shares);
    assert_int_equal(3, shares[0]);
}

static int set_up(void **state)
{
    (void)state;
    generator_world_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    generator_world_clear(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_nobody_spoke_of_weighs_one),
        cmocka_unit_test(a_useful_finding_weighs_for_its_template_and_half_for_its_class),
        cmocka_unit_test(noise_weighs_the_other_way_and_never_below_an_eighth),
        cmocka_unit_test(shares_follow_weights_limits_and_the_budget),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
