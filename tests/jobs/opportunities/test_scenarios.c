/* Plans and scenarios of stores in memory. One attribute os: ios is large for kpi_0 only, web for
 * no KPI, tv for all of them. */
#include "tests/unit.h"

#include <string.h>

#include "jobs/opportunities/scenarios.h"

enum { MOST_KPIS = 5, IOS = 0, WEB = 1, TV = 2, VALUES = 3 };

struct fixture {
    struct lode_arena *arena;
    struct lode_params *params;
    struct lode_kpi kpis[MOST_KPIS];
    struct lode_attribute os;
    struct lode_store store;
    struct opportunity_options options;
    struct cohort_cell all[MOST_KPIS];
    struct cohort_cell cells[VALUES * MOST_KPIS];
    struct cohort_set sets[2];
    struct cohort_counts cohorts;
    struct scenarios scenarios;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    assert_ok(lode_arena_create(0, &f.arena));
    assert_ok(lode_params_create(opportunity_params, &f.params));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return 0;
}

/* `kinds`: a letter per KPI: b binary, m binary with sessions without a value, n numeric. */
static void make(struct fixture *f, const char *kinds, const char *setting)
{
    static const char *const kpi_names[] = {"kpi_0", "kpi_1", "kpi_2", "kpi_3", "kpi_4"};
    static char *words[] = {"ios", "web", "tv"}, *events[] = {"a", "b"};
    const struct cohort_cell large = {200, 400, 20, 20, 20}, small = {199, 400, 20, 20, 20};
    const int64_t n = (int64_t)strlen(kinds);
    for (int64_t i = 0; i < n; i++) {
        f->kpis[i] = (struct lode_kpi){
            .name = kpi_names[i], .is_binary = kinds[i] != 'n', .n_missing = kinds[i] == 'm'};
        f->all[i] = (struct cohort_cell){500, 1000, 100, 100, 100};
        f->cells[IOS * n + i] = i == 0 ? large : small;
        f->cells[WEB * n + i] = small;
        f->cells[TV * n + i] = large;
    }
    f->os = (struct lode_attribute){.name = "os", .dictionary = {words, VALUES}};
    f->store = (struct lode_store){.n_attributes = 1,
                                   .attributes = &f->os,
                                   .n_kpis = n,
                                   .kpis = f->kpis,
                                   .event_names = {events, 2}};
    f->sets[0] = (struct cohort_set){
        .attribute = "os", .n_values = VALUES, .values = words, .cells = f->cells};
    f->cohorts = (struct cohort_counts){.n_kpis = n, .all = f->all, .n_sets = 2, .sets = f->sets};
    if (setting) assert_ok(lode_params_set(f->params, setting));
    assert_ok(opportunity_options_read(f->params, &f->store, f->arena, &f->options));
    assert_ok(scenarios_make(&f->store, &f->options, &f->cohorts, f->arena, &f->scenarios));
}

static void kpis_are_counted_three_at_a_time(void **state)
{
    struct fixture *f = *state;
    make(f, "bbbb", NULL);
    assert_int_equal(f->scenarios.n_plans, 4); /* all and os, for two groups */
    assert_int_equal(f->scenarios.plans[0].n_kpis, 3);
    assert_int_equal(f->scenarios.plans[0].attribute, -1);
    assert_int_equal(f->scenarios.plans[1].attribute, 0);
    assert_int_equal(f->scenarios.plans[2].n_kpis, 1);
    assert_int_equal(f->scenarios.plans[2].kpis[0], 3);
}

/* Two outcomes each, three where there are sessions without a value: 3 x 2 x 2 classes are too
 * many. */
static void a_group_has_at_most_eight_classes(void **state)
{
    struct fixture *f = *state;
    make(f, "mbb", "cohort_patterns=off");
    assert_int_equal(f->scenarios.n_plans, 2);
    assert_int_equal(f->scenarios.plans[0].n_kpis, 2);
    assert_int_equal(f->scenarios.plans[1].kpis[0], 2);
}

static void numeric_kpis_have_no_scenarios(void **state)
{
    struct fixture *f = *state;
    make(f, "nb", NULL);
    assert_int_equal(f->scenarios.list[0].kpi, 1);
    for (int64_t i = 0; i < f->scenarios.n; i++) assert_int_equal(f->scenarios.list[i].kpi, 1);
}

static void without_a_binary_kpi_there_is_nothing_to_count(void **state)
{
    struct fixture *f = *state;
    make(f, "nn", NULL);
    assert_int_equal(f->scenarios.n, 0);
    assert_int_equal(f->scenarios.n_plans, 0);
}

static void a_cohort_is_searched_only_for_the_kpis_it_is_large_enough_for(void **state)
{
    struct fixture *f = *state;
    make(f, "bb", NULL);
    const struct {
        int64_t kpi;
        const char *label;
    } expected[] = {{0, ""}, {0, "os=ios"}, {0, "os=tv"}, {1, ""}, {1, "os=tv"}};
    assert_int_equal(f->scenarios.n, 5);
    for (int i = 0; i < 5; i++) {
        const struct scenario *scenario = &f->scenarios.list[i];
        assert_int_equal(scenario->kpi, expected[i].kpi);
        assert_string_equal(scenario_label(&f->scenarios, scenario), expected[i].label);
    }
    const struct pattern_plan *os = &f->scenarios.plans[1];
    assert_int_equal(os->n_cohorts, 2);
    assert_int_equal(os->cohort_of[WEB], LODE_NO_CODE);
    assert_int_equal(f->scenarios.list[2].cohort, os->cohort_of[TV]);
    assert_int_equal(f->scenarios.list[1].faulty_total, 20);
    assert_int_equal(f->scenarios.list[1].normal_total, 380);
}

static void cohorts_have_their_own_longest_pattern_and_all_sessions_start_at_one(void **state)
{
    struct fixture *f = *state;
    make(f, "b", "k=2..5");
    assert_true(f->scenarios.plans[0].first_k == 1 && f->scenarios.plans[0].last_k == 5);
    assert_true(f->scenarios.plans[1].first_k == 2 && f->scenarios.plans[1].last_k == 3);
    make(f, "b", "k=4..5"); /* longer than any pattern of a cohort */
    assert_int_equal(f->scenarios.n_plans, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(kpis_are_counted_three_at_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_has_at_most_eight_classes, setup, teardown),
        cmocka_unit_test_setup_teardown(numeric_kpis_have_no_scenarios, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_binary_kpi_there_is_nothing_to_count, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            a_cohort_is_searched_only_for_the_kpis_it_is_large_enough_for, setup, teardown),
        cmocka_unit_test_setup_teardown(
            cohorts_have_their_own_longest_pattern_and_all_sessions_start_at_one, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
