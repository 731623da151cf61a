/* Table cohorts of the small world: fail rate 8/20 on ios, 2/30 on web, 10/50 over all. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/opportunities/tables/cohort_table.h"
#include "tests/jobs/opportunities/small_world.h"

/* Rows: per KPI ios, web, then life cycle all, first, second sessions. */
enum { IOS, WEB, ALL, FIRST, SECOND, PER_KPI };

static void make(struct small_world *world, const char *setting, struct cohort_rows *rows)
{
    small_world_init(world, (const char *const[]){setting, NULL});
    assert_ok(
        cohort_rows_make(&world->cohorts, &world->store, &world->options, world->arena, rows));
}

static void assert_near(double value, double expected)
{
    assert_true(fabs(value - expected) <= 1e-12 * fmax(1, fabs(expected)));
}

static void rows_come_by_kpi_then_attribute_then_life_cycle(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    make(&world, "min_users=1", &rows);
    assert_int_equal(rows.n, N_KPIS * PER_KPI);
    for (int i = 0; i < rows.n; i++) {
        assert_int_equal(rows.rows[i].kpi, i / PER_KPI);
        assert_int_equal(rows.rows[i].attribute, i % PER_KPI < ALL ? 0 : 1);
        assert_int_equal(rows.rows[i].is_all, i % PER_KPI == ALL);
    }
    small_world_clear(&world);
}

static void a_binary_kpi_is_a_rate_beside_the_rate_of_all(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    make(&world, "min_users=1", &rows);
    const struct cohort_row *ios = &rows.rows[IOS];
    assert_int_equal(ios->users, 10);
    assert_int_equal(ios->sessions, 20);
    assert_int_equal(ios->faulty, 8);
    assert_near(ios->kpi_mean, 0.4);
    assert_near(ios->all_mean, 0.2);
    assert_near(ios->difference, 0.2);
    assert_near(ios->relative, 1);
    /* 8 of 20 against 2 of 30: exact fractions of binomial coefficients, outside this program */
    assert_near(ios->p, 0.008767823408738551);
    assert_near(rows.rows[WEB].p, ios->p); /* the same table, rows swapped */
    assert_true(0 < ios->low && ios->low < 0.2 && 0.2 < ios->high && ios->high < 0.4);
    small_world_clear(&world);
}

static void a_numeric_kpi_has_means_and_welchs_test(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    make(&world, "min_users=1", &rows);
    const struct cohort_row *ios = &rows.rows[PER_KPI + IOS];
    assert_near(ios->kpi_mean, 10);
    assert_near(ios->all_mean, 16);
    assert_near(ios->relative, -0.375);
    assert_true(ios->p < 1e-20); /* 10 +- 1 against 20 +- 1 */
    /* 30/50 of (10 - 20) -+ 1.96 sqrt(1/19 + 1/29): variance 1 n/(n-1), over n */
    const double reach = 0.6 * 1.959963984540054 * sqrt(1.0 / 19 + 1.0 / 29);
    assert_near(ios->low, -6 - reach);
    assert_near(ios->high, -6 + reach);
    small_world_clear(&world);
}

static void all_and_cohorts_without_sessions_are_no_tests(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    make(&world, "min_users=1", &rows);
    const struct cohort_row *all = &rows.rows[ALL], *second = &rows.rows[SECOND];
    assert_near(all->kpi_mean, 0.2);
    assert_true(all->difference == 0);
    assert_true(isnan(all->p) && isnan(all->z));
    assert_int_equal(second->sessions, 0);
    assert_true(isnan(second->kpi_mean) && isnan(second->difference) && isnan(second->p));
    assert_near(second->all_mean, 0.2);
    small_world_clear(&world);
}

static void a_cohort_of_every_session_is_no_test(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", NULL});
    world.lifecycle_cells[N_KPIS + FAIL] = world.all[FAIL];
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_true(isnan(rows.rows[FIRST].p));
    assert_true(rows.rows[FIRST].difference == 0);
    small_world_clear(&world);
}

static void values_with_few_users_are_left_out_and_the_life_cycle_is_not(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    make(&world, "min_users=11", &rows); /* ios has 10 */
    assert_int_equal(rows.n, N_KPIS * (PER_KPI - 1));
    assert_int_equal(rows.rows[0].value, 1);
    assert_int_equal(rows.rows[3].sessions, 0); /* second sessions: no user at all */
    small_world_clear(&world);
}

/* Rates 0.1, 0.2, 0.3, 0.4, 0.9: median 0.3, MAD 0.1. */
static void z_is_the_distance_to_the_median_of_the_siblings_in_robust_deviations(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    char *words[] = {"a", "b", "c", "d", "e"};
    const int64_t faulty[] = {1, 2, 3, 4, 9};
    struct cohort_cell cells[5 * N_KPIS] = {0};
    for (int i = 0; i < 5; i++)
        cells[i * N_KPIS + FAIL] = (struct cohort_cell){5, 10, faulty[i], 0, 0};
    small_world_init(&world, (const char *const[]){"min_users=1", "kpi=fail", NULL});
    world.all[0] = (struct cohort_cell){25, 50, 19, 0, 0};
    world.cohorts.n_kpis = 1; /* kpi=fail: the counts have one KPI only */
    struct cohort_cell one[5];
    for (int i = 0; i < 5; i++) one[i] = cells[i * N_KPIS + FAIL];
    world.sets[0] =
        (struct cohort_set){.attribute = "os", .n_values = 5, .values = words, .cells = one};
    world.sets[1].n_values = 1;
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_near(rows.rows[4].z, 6 / 1.4826);
    assert_near(rows.rows[2].z, 0);
    assert_near(rows.rows[0].z, -2 / 1.4826);
    small_world_clear(&world);
}

static void a_relative_difference_to_zero_is_none(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", NULL});
    world.all[SECONDS].sum = 0;
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_true(isnan(rows.rows[PER_KPI + IOS].relative));
    assert_near(rows.rows[PER_KPI + IOS].difference, 10);
    small_world_clear(&world);
}

/* ios has 10 users, web 15, first sessions 25, second ones none. */
static void groups_below_min_count_are_not_listed_even_in_the_life_cycle(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", "min_count=11", NULL});
    world.lifecycle_cells[N_KPIS + FAIL].users = 10;
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_int_equal(rows.rows[0].value, 1); /* web, not ios */
    assert_true(rows.rows[1].is_all);
    assert_int_equal(rows.rows[2].value, 2); /* not the first sessions of 10 users */
    assert_int_equal(rows.rows[2].users, 0); /* nobody is no group */
    small_world_clear(&world);
}

/* 5 of 6 first sessions on ios fail, 3 of the 14 others on ios and none of the 19 other first ones.
 * Of the 19 first sessions on web none fails, 2 of the 11 others on web, 5 of the 6 other first. */
static void a_pair_is_kept_where_it_differs_from_both_its_cohorts(void **state)
{
    (void)state;
    enum { ON_IOS = PER_KPI, ON_WEB };
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", "pair_min_users=6", NULL});
    small_world_add_pairs(&world);
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_int_equal(rows.n, N_KPIS * PER_KPI + 2);
    const struct cohort_row *ios = &rows.rows[ON_IOS], *web = &rows.rows[ON_WEB];
    assert_true(ios->is_pair && ios->is_kept);
    assert_near(ios->kpi_mean, 5.0 / 6);
    assert_near(ios->difference, 5.0 / 6 - 0.2);
    assert_near(ios->parent_means[0], 0.2); /* first sessions */
    assert_near(ios->parent_means[1], 0.4); /* ios */
    /* the larger of Fisher's p for (5 of 6, 3 of 14) and (5 of 6, 0 of 19), made elsewhere */
    assert_near(ios->p, 0.018059855521155833);
    assert_true(web->is_pair && !web->is_kept);
    assert_near(web->p, 0.12643678160919541);
    assert_true(world.pair_is_kept[FAIL] && !world.pair_is_kept[N_KPIS + FAIL]);
    assert_false(rows.rows[IOS].is_pair);
    assert_true(rows.rows[IOS].is_kept);
    small_world_clear(&world);
}

/* 0.8333 is 108 % more than 0.4, and 317 % more than 0.2. */
static void a_pair_must_be_far_from_both(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", "pair_min_users=6",
                                                   "cohort_relative=1.09", NULL});
    small_world_add_pairs(&world);
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_false(rows.rows[PER_KPI].is_kept);
    small_world_clear(&world);
}

static void a_pair_that_is_all_of_one_of_its_cohorts_is_no_test(void **state)
{
    (void)state;
    struct small_world world;
    struct cohort_rows rows;
    small_world_init(&world, (const char *const[]){"min_users=1", "pair_min_users=6", NULL});
    small_world_add_pairs(&world);
    world.os_cells[FAIL] = world.pair_cells[FAIL]; /* ios has first sessions alone */
    assert_ok(cohort_rows_make(&world.cohorts, &world.store, &world.options, world.arena, &rows));
    assert_true(isnan(rows.rows[PER_KPI].p));
    assert_false(rows.rows[PER_KPI].is_kept);
    small_world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_by_kpi_then_attribute_then_life_cycle),
        cmocka_unit_test(a_binary_kpi_is_a_rate_beside_the_rate_of_all),
        cmocka_unit_test(a_numeric_kpi_has_means_and_welchs_test),
        cmocka_unit_test(all_and_cohorts_without_sessions_are_no_tests),
        cmocka_unit_test(a_cohort_of_every_session_is_no_test),
        cmocka_unit_test(values_with_few_users_are_left_out_and_the_life_cycle_is_not),
        cmocka_unit_test(z_is_the_distance_to_the_median_of_the_siblings_in_robust_deviations),
        cmocka_unit_test(a_relative_difference_to_zero_is_none),
        cmocka_unit_test(groups_below_min_count_are_not_listed_even_in_the_life_cycle),
        cmocka_unit_test(a_pair_is_kept_where_it_differs_from_both_its_cohorts),
        cmocka_unit_test(a_pair_must_be_far_from_both),
        cmocka_unit_test(a_pair_that_is_all_of_one_of_its_cohorts_is_no_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
