/* Health: what firings leave of it. Components: 0 shop, 1 shop/db, 2 shop/web. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/alerts/health.h"

static const int64_t parents[] = {-1, 0, 0};
static const enum health_sight watched[] = {HEALTH_NO_SAMPLES, HEALTH_WATCHED, HEALTH_WATCHED};

static void a_firing_at_its_threshold_leaves_half(void **state)
{
    (void)state;
    const struct health_firing firing = {1, 4.0, 4.0, 1.0};
    assert_true(fabs(health_after(&firing) - 0.5) < 1e-15);
}

static void lost_data_outweighs_a_delay_that_is_stronger(void **state)
{
    (void)state;
    const struct health_firing lost = {1, 4.0, 4.0, 10.0}, delay = {1, 40.0, 4.0, 0.1};
    assert_true(health_after(&lost) < 0.001);
    assert_true(health_after(&delay) > 0.75);
}

static void a_threshold_of_zero_gives_a_number(void **state)
{
    (void)state;
    const struct health_firing nothing = {1, 0.0, 0.0, 1.0}, something = {1, 3.0, 0.0, 1.0};
    assert_true(health_after(&nothing) == 1.0);
    assert_true(health_after(&something) == 0.0);
}

static void a_component_is_as_well_as_the_worst_below_it(void **state)
{
    (void)state;
    const struct health_firing firings[] = {{1, 4.0, 4.0, 1.0}, {1, 12.0, 4.0, 1.0}};
    struct health health[3];
    health_of_components(parents, watched, 3, firings, 2, health);
    assert_int_equal(health[0].worst, 1);
    assert_true(health[0].value == health[1].value);
    assert_string_equal(health_colour(&health[0]), "orange");
    assert_int_equal(health[2].worst, -1);
    assert_string_equal(health_colour(&health[2]), "green");
}

static void of_equal_firings_the_first_is_named(void **state)
{
    (void)state;
    const struct health_firing firings[] = {{1, 4.0, 4.0, 1.0}, {2, 4.0, 4.0, 1.0}};
    struct health health[3];
    health_of_components(parents, watched, 3, firings, 2, health);
    assert_int_equal(health[0].worst, 0);
}

static void what_nobody_watches_is_unknown_and_nothing_above_it_is_green(void **state)
{
    (void)state;
    const enum health_sight sights[] = {HEALTH_NO_SAMPLES, HEALTH_UNKNOWN, HEALTH_WATCHED};
    struct health health[3];
    health_of_components(parents, sights, 3, NULL, 0, health);
    assert_true(isnan(health[1].value));
    assert_string_equal(health_colour(&health[1]), "unknown");
    assert_string_equal(health_colour(&health[2]), "green");
    assert_true(health[0].value == 1.0); /* of what is known below it */
    assert_string_equal(health_colour(&health[0]), "unknown");
    assert_int_equal(health[0].n_unknown, 1);
    assert_int_equal(health[2].n_unknown, 0);
}

static void what_fires_is_told_also_where_nobody_looks_any_more(void **state)
{
    (void)state;
    const enum health_sight sights[] = {HEALTH_NO_SAMPLES, HEALTH_UNKNOWN, HEALTH_UNKNOWN};
    const struct health_firing firing = {1, 12.0, 4.0, 1.0};
    struct health health[3];
    health_of_components(parents, sights, 3, &firing, 1, health);
    assert_string_equal(health_colour(&health[1]), "orange");
    assert_string_equal(health_colour(&health[0]), "orange");
    assert_int_equal(health[0].n_unknown, 2);
    assert_string_equal(health_colour(&health[2]), "unknown");
}

static void a_service_of_which_nothing_is_known_is_unknown(void **state)
{
    (void)state;
    const enum health_sight sights[] = {HEALTH_NO_SAMPLES, HEALTH_NO_SAMPLES, HEALTH_NO_SAMPLES};
    struct health health[3];
    health_of_components(parents, sights, 3, NULL, 0, health);
    assert_true(isnan(health[0].value));
    assert_int_equal(health[0].n_unknown, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_firing_at_its_threshold_leaves_half),
        cmocka_unit_test(lost_data_outweighs_a_delay_that_is_stronger),
        cmocka_unit_test(a_threshold_of_zero_gives_a_number),
        cmocka_unit_test(a_component_is_as_well_as_the_worst_below_it),
        cmocka_unit_test(of_equal_firings_the_first_is_named),
        cmocka_unit_test(what_nobody_watches_is_unknown_and_nothing_above_it_is_green),
        cmocka_unit_test(what_fires_is_told_also_where_nobody_looks_any_more),
        cmocka_unit_test(a_service_of_which_nothing_is_known_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
