/* Selection, folding and ranking in the small world: 10 faulty and 40 normal sessions. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/opportunities/findings/findings.h"
#include "tests/jobs/opportunities/small_world.h"

struct fixture {
    struct small_world world;
    struct pattern_rows patterns;
    struct cohort_rows cohorts;
    struct finding_sources sources;
    struct findings findings;
};

/* All cohorts are searched, q = p, and by default no cohort is a finding: tests say what they want.
 */
static const char *const base[] = {"k=1..3",
                                   "min_support=0",
                                   "min_users=1",
                                   "cohort_min_users=1",
                                   "cohort_min_faulty=1",
                                   "cohort_min_normal=1",
                                   "max_q=1",
                                   "cohort_z=1000",
                                   "cohort_relative=1000",
                                   NULL};

static void begin(struct fixture *f)
{
    small_world_init(&f->world, base);
}

static void set(struct fixture *f, const char *assignment)
{
    struct small_world *world = &f->world;
    assert_ok(lode_params_set(world->params, assignment));
    assert_ok(
        opportunity_options_read(world->params, &world->store, world->arena, &world->options));
}

static void make(struct fixture *f)
{
    struct small_world *world = &f->world;
    assert_ok(pattern_rows_make(&world->scenarios, &world->store, &world->options, &world->tokens,
                                world->arena, &f->patterns));
    assert_ok(cohort_rows_make(&world->cohorts, &world->store, &world->options, world->arena,
                               &f->cohorts));
    struct pattern_outcomes *outcomes = &f->patterns.outcomes;
    for (int64_t i = 0; i < outcomes->n; i++) outcomes->q[i] = outcomes->p[i];
    for (int64_t i = 0; i < f->cohorts.n; i++) f->cohorts.rows[i].q = f->cohorts.rows[i].p;
    f->sources = (struct finding_sources){.store = &world->store,
                                          .options = &world->options,
                                          .scenarios = &world->scenarios,
                                          .patterns = &f->patterns,
                                          .cohorts = &f->cohorts};
    assert_ok(findings_lead(&f->sources, world->arena, &f->findings));
    assert_ok(findings_finish(&f->sources, world->arena, &f->findings));
}

static void end(struct fixture *f)
{
    small_world_clear(&f->world);
}

static void a_pattern_finding_has_counts_effect_interval_and_impact(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 1);
    const struct finding *finding = &f.findings.list[0];
    assert_int_equal(finding->expert, EXPERT_PATTERN);
    assert_string_equal(finding->cohort, "");
    assert_true(fabs(finding->effect - 0.7) < 1e-12);
    assert_true(0 < finding->low && finding->low < 0.7 && 0.7 < finding->high && finding->high < 1);
    assert_true(finding->ratio == 8);
    /* 38 sessions without it, 2 of them faulty; 12 with it: 8 - 12 x 2 / 38 */
    assert_true(fabs(finding->impact - (8 - 24.0 / 38)) < 1e-12);
    end(&f);
}

static void a_pattern_above_max_q_or_rarer_in_faulty_sessions_is_no_finding(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "min_ratio=0");
    set(&f, "max_q=0.01");
    small_world_count(
        &f.world, 0, 1,
        (const struct small_pattern[]){{0, {ERROR}, 8, 4}, /* p = 0.00003 */
                                       {0, {LOGIN}, 2, 2}, /* p = 0.17 */
                                       {0, {PAY}, 1, 30},  /* p = 0.0003, the other way */
                                       {0}});
    make(&f);
    assert_int_equal(f.findings.n, 1);
    assert_int_equal(f.findings.list[0].tokens[0], ERROR);
    end(&f);
}

/* PAY > PAY has p = 0.03. Three further hypotheses are tested, and fold under ERROR or its longest:
 * of 6 cohorts and two patterns two leads may have p <= 0.13 x 2 / 8, of five patterns
 * p <= 0.13 x 2 / 11. */
static void hypotheses_that_are_folded_let_no_chance_ones_through(void **state)
{
    (void)state;
    for (int with_folded = 0; with_folded < 2; with_folded++) {
        struct fixture f;
        begin(&f);
        set(&f, "min_ratio=0");
        set(&f, "max_q=0.13");
        small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
        small_world_count(&f.world, 0, 2,
                          with_folded ? (const struct small_pattern[]){{0, {ERROR, PAY}, 8, 4},
                                                                       {0, {LOGIN, ERROR}, 8, 4},
                                                                       {0, {PAY, PAY}, 5, 6},
                                                                       {0}}
                                      : (const struct small_pattern[]){{0, {PAY, PAY}, 5, 6}, {0}});
        if (with_folded)
            small_world_count(&f.world, 0, 3,
                              (const struct small_pattern[]){{0, {LOGIN, ERROR, PAY}, 8, 4}, {0}});
        make(&f);
        int64_t n_cohorts = 0;
        for (int64_t i = 0; i < f.cohorts.n; i++) n_cohorts += !isnan(f.cohorts.rows[i].p);
        assert_int_equal(n_cohorts, 6);
        assert_int_equal(f.findings.n, with_folded ? 1 : 2);
        assert_int_equal(f.findings.list[0].tokens[0], with_folded ? LOGIN : ERROR);
        end(&f);
    }
}

static void a_pattern_folds_under_the_longest_with_the_same_sessions(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
    small_world_count(&f.world, 0, 2,
                      (const struct small_pattern[]){{0, {ERROR, PAY}, 8, 4},
                                                     {0, {LOGIN, ERROR}, 8, 4},
                                                     {0, {PAY, LOGIN}, 8, 4}, /* no part of it */
                                                     {0}});
    small_world_count(&f.world, 0, 3,
                      (const struct small_pattern[]){{0, {LOGIN, ERROR, PAY}, 8, 4}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 2);
    assert_int_equal(f.findings.n_folded, 3);
    const struct finding *longest = &f.findings.list[f.findings.list[0].k == 3 ? 0 : 1];
    assert_int_equal(longest->k, 3);
    assert_int_equal(longest->folded, 3);
    end(&f);
}

/* Rows that share an outcome: each is a candidate of its own, between one that is none. */
static void patterns_of_equal_counts_are_all_found(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_count(&f.world, 0, 1,
                      (const struct small_pattern[]){
                          {0, {ERROR}, 8, 4}, {0, {LOGIN}, 1, 30}, {0, {PAY}, 8, 4}, {0}});
    make(&f);
    assert_int_equal(f.patterns.outcomes.n, 2);
    assert_int_equal(f.findings.n, 2);
    assert_int_equal(f.findings.list[0].tokens[0], ERROR);
    assert_int_equal(f.findings.list[1].tokens[0], PAY);
    assert_int_equal(f.findings.list[1].row, 2);
    end(&f);
}

/* Candidates ERROR and LOGIN > ERROR, each with faulty and normal sessions. */
static void make_part_and_whole(struct fixture *f, unsigned part_faulty, unsigned part_normal,
                                unsigned whole_faulty, unsigned whole_normal)
{
    begin(f);
    small_world_count(&f->world, 0, 1,
                      (const struct small_pattern[]){{0, {ERROR}, part_faulty, part_normal}, {0}});
    small_world_count(
        &f->world, 0, 2,
        (const struct small_pattern[]){{0, {LOGIN, ERROR}, whole_faulty, whole_normal}, {0}});
    make(f);
}

/* Of ERROR one normal session is left, no worse than 2 faulty ones of 38. */
static void a_part_folds_under_the_longer_pattern_that_explains_it(void **state)
{
    (void)state;
    struct fixture f;
    make_part_and_whole(&f, 8, 4, 8, 3);
    assert_int_equal(f.findings.n, 1);
    assert_int_equal(f.findings.list[0].k, 2);
    assert_int_equal(f.findings.list[0].folded, 1);
    end(&f);
}

/* Sessions with ERROR but not after LOGIN are as bad: 5 faulty ones of 8 beside 3 of 4. */
static void a_longer_pattern_folds_under_the_part_to_which_it_adds_nothing(void **state)
{
    (void)state;
    struct fixture f;
    make_part_and_whole(&f, 8, 4, 3, 1);
    assert_int_equal(f.findings.n, 1);
    assert_int_equal(f.findings.list[0].k, 1);
    assert_int_equal(f.findings.list[0].folded, 1);
    end(&f);
}

/* 5 faulty sessions of 5, 5 of the other 15, none of the 30 without ERROR. */
static void part_and_longer_pattern_stay_where_each_says_something(void **state)
{
    (void)state;
    struct fixture f;
    make_part_and_whole(&f, 10, 10, 5, 0);
    assert_int_equal(f.findings.n, 2);
    assert_int_equal(f.findings.n_folded, 0);
    end(&f);
    /* a difference of less than `fold_relative` does not matter */
    begin(&f);
    set(&f, "fold_relative=20");
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 10, 10}, {0}});
    small_world_count(&f.world, 0, 2,
                      (const struct small_pattern[]){{0, {LOGIN, ERROR}, 5, 0}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 1);
    end(&f);
}

static void a_pattern_in_a_cohort_folds_under_the_same_over_all_sessions(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
    small_world_count(&f.world, 1, 1, /* ios: 8 faulty, 12 normal; web: 2 and 28 */
                      (const struct small_pattern[]){
                          {0, {ERROR}, 7, 2}, {0, {PAY}, 8, 1}, {1, {ERROR}, 1, 2}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 2);
    assert_int_equal(f.findings.list[0].folded + f.findings.list[1].folded, 2);
    const struct finding *in_ios =
        f.findings.list[0].cohort[0] ? &f.findings.list[0] : &f.findings.list[1];
    assert_string_equal(in_ios->cohort, "os=ios");
    assert_int_equal(in_ios->tokens[0], PAY);
    assert_int_equal(in_ios->table.faulty_total, 8);
    end(&f);
}

/* ERROR > PAY says no more inside of ios than ERROR, which is told over all sessions. */
static void a_longer_pattern_in_a_cohort_folds_with_its_part_over_all_sessions(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
    small_world_count(&f.world, 1, 1, (const struct small_pattern[]){{0, {ERROR}, 7, 2}, {0}});
    small_world_count(&f.world, 1, 2, (const struct small_pattern[]){{0, {ERROR, PAY}, 4, 1}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 1);
    assert_string_equal(f.findings.list[0].cohort, "");
    assert_int_equal(f.findings.list[0].folded, 2);
    end(&f);
}

static void a_cohort_that_is_worse_than_all_by_more_than_the_threshold_is_a_finding(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "kpi=fail");
    f.world.cohorts.n_kpis = 1;
    f.world.os_cells[1] = f.world.os_cells[N_KPIS]; /* web, now that there is one KPI */
    f.world.lifecycle_cells[1] = f.world.lifecycle_cells[N_KPIS];
    f.world.lifecycle_cells[2] = (struct cohort_cell){0};
    set(&f, "cohort_relative=0.99"); /* ios: exactly twice the rate of all */
    make(&f);
    assert_int_equal(f.findings.n, 1);
    const struct finding *ios = &f.findings.list[0];
    assert_int_equal(ios->expert, EXPERT_COHORT);
    assert_string_equal(ios->cohort, "os=ios");
    assert_true(fabs(ios->effect - 1) < 1e-12 && fabs(ios->ratio - 2) < 1e-12);
    assert_true(fabs(ios->impact - (8 - 20 * (2.0 / 30))) < 1e-12);
    set(&f, "cohort_relative=1"); /* "more than" */
    make(&f);
    assert_int_equal(f.findings.n, 0);
    set(&f, "cohort_relative=0.1"); /* web is 67 % better: not harmful */
    make(&f);
    assert_int_equal(f.findings.n, 1);
    end(&f);
}

static void a_numeric_cohort_is_a_finding_in_both_directions_and_ranks_last(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "cohort_relative=0.2"); /* seconds: ios -37.5 %, web +25 %; fail: ios +100 % */
    make(&f);
    assert_int_equal(f.findings.n, 3);
    assert_int_equal(f.findings.list[0].kpi, FAIL);
    assert_true(f.findings.list[1].kpi == SECONDS && f.findings.list[2].kpi == SECONDS);
    assert_true(isnan(f.findings.list[1].impact));
    /* equal weights: 0.375 x 20 and 0.25 x 30; the smaller q decides, else the name */
    assert_true(f.findings.list[1].weight == f.findings.list[2].weight);
    assert_true(f.findings.list[1].q <= f.findings.list[2].q);
    end(&f);
}

/* The cohort ios has an impact of 4 (8 of 20 are faulty, 2 of 30 others); all sessions have trends
 * of impact 10, 3, 2, of which `top` leaves two. */
static void trends_are_ranked_among_the_others_and_limited_as_they_are(void **state)
{
    (void)state;
    static const double impacts[] = {2, 10, 3};
    struct series series[3];
    struct trend_row rows[3];
    struct series_list list = {.width_ms = SERIES_DAY_MS, .n_slots = 20, .n = 3, .list = series};
    struct trend_rows trends = {.n = 3, .rows = rows, .series = &list};
    struct fixture f;
    begin(&f);
    set(&f, "cohort_relative=0.99");
    set(&f, "top=2");
    make(&f);
    assert_int_equal(f.findings.n, 1);
    int64_t all = 0;
    while (!f.cohorts.rows[all].is_all || f.cohorts.rows[all].kpi != FAIL) all++;
    for (int i = 0; i < 3; i++) {
        series[i] = (struct series){.row = all, .part = SERIES_ANY};
        rows[i] = (struct trend_row){
            .series = i,
            .last_slot = 19,
            .sessions = 50,
            .faulty = 10,
            .expert = TREND_TREND,
            .lead = i,
            .trend = {.from = 0.1, .to = 0.3, .rise = 1, .extra = impacts[i], .passes = true}};
    }
    f.sources.trends = &trends;
    assert_ok(findings_lead(&f.sources, f.world.arena, &f.findings));
    assert_ok(findings_finish(&f.sources, f.world.arena, &f.findings));
    assert_int_equal(f.findings.n, 3);
    assert_int_equal(f.findings.list[0].trend, 1);
    assert_int_equal(f.findings.list[0].expert, EXPERT_TREND);
    assert_int_equal(f.findings.list[1].expert, EXPERT_COHORT);
    assert_int_equal(f.findings.list[2].trend, 2);
    set(&f, "sample=0.1"); /* one of ten sessions: an impact of 10 there is one of 100 in all */
    assert_ok(findings_lead(&f.sources, f.world.arena, &f.findings));
    assert_ok(findings_finish(&f.sources, f.world.arena, &f.findings));
    assert_true(fabs(f.findings.list[0].impact - 100) < 1e-9);
    assert_true(isnan(f.findings.list[0].impact_low) && isnan(f.findings.list[0].impact_high));
    end(&f);
}

static void an_outlier_among_its_siblings_is_a_finding(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "cohort_z=0.6"); /* two siblings lie 1 / 1.4826 = 0.67 to either side of the median */
    make(&f);
    assert_int_equal(f.findings.n, 3); /* fail: ios; seconds: both */
    end(&f);
}

/* First sessions are as many as those on ios; are they the same? The pair of the two tells. */
static void a_cohort_folds_under_another_only_if_it_is_the_same_by_count(void **state)
{
    (void)state;
    const struct cohort_cell both[] = {{10, 20, 8, 8, 8}, {9, 19, 8, 8, 8}};
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        begin(&f);
        set(&f, "cohort_relative=0.99");
        f.world.lifecycle_cells[N_KPIS + FAIL] = f.world.os_cells[FAIL];
        f.world.lifecycle_cells[N_KPIS + SECONDS] = f.world.os_cells[SECONDS];
        if (i < 2) small_world_add_pairs(&f.world);
        if (i < 2) f.world.pair_cells[FAIL] = both[i];
        f.world.pair_cells[N_KPIS + FAIL] = (struct cohort_cell){0};
        set(&f, "pair_min_users=1000"); /* no pair is a finding */
        make(&f);
        assert_int_equal(f.findings.n, i == 0 ? 1 : 2);
        assert_string_equal(f.findings.list[f.findings.n - 1].cohort, "os=ios");
        assert_int_equal(f.findings.n_folded, i == 0);
        end(&f);
    }
}

/* All users have two sessions: the first ones are the first two and not the second. */
static void cohorts_of_the_life_cycle_fold_by_definition(void **state)
{
    (void)state;
    struct fixture f;
    char *values[] = {"all", "session_index=1", "session_index=2"};
    begin(&f);
    set(&f, "cohort_relative=0.99");
    f.world.os_cells[FAIL] = (struct cohort_cell){10, 20, 4, 4, 4};
    for (int i = 1; i < 3; i++)
        f.world.lifecycle_cells[i * N_KPIS + FAIL] = (struct cohort_cell){20, 20, 9, 9, 9};
    f.world.sets[1].values = values;
    make(&f);
    assert_int_equal(f.findings.n, 2); /* as many sessions, as many faulty, others */
    assert_int_equal(f.findings.n_folded, 0);
    end(&f);
}

/* Every session on ios is a first one and the other way round. */
static void a_pattern_folds_under_the_same_one_in_the_same_cohort(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    small_world_add_pairs(&f.world);
    f.world.lifecycle_cells[N_KPIS + FAIL] = f.world.os_cells[FAIL];
    f.world.pair_cells[FAIL] = f.world.os_cells[FAIL];
    f.world.pair_cells[N_KPIS + FAIL] = (struct cohort_cell){0};
    f.world.pair_is_kept[FAIL] = true; /* it never is; a second scenario of the same sessions */
    assert_ok(scenarios_make(&f.world.store, &f.world.options, &f.world.cohorts, f.world.arena,
                             &f.world.scenarios));
    assert_int_equal(f.world.scenarios.n_plans, 3);
    for (int plan = 0; plan < 3; plan++)
        for (int k = 1; k <= 3; k++)
            small_world_count(&f.world, plan, k, &(const struct small_pattern){0});
    for (int plan = 1; plan < 3; plan++)
        small_world_count(&f.world, plan, 1, (const struct small_pattern[]){{0, {PAY}, 8, 1}, {0}});
    make(&f);
    assert_int_equal(f.findings.n_candidates, 2);
    assert_int_equal(f.findings.n, 1);
    assert_string_equal(f.findings.list[0].cohort, "os=ios");
    end(&f);
}

static void a_scenario_keeps_its_top_findings_by_impact(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "top=2");
    small_world_count(&f.world, 0, 1,
                      (const struct small_pattern[]){
                          {0, {ERROR}, 5, 2}, {0, {LOGIN}, 9, 2}, {0, {PAY}, 7, 2}, {0}});
    small_world_count(&f.world, 1, 1, (const struct small_pattern[]){{1, {LOGIN, 0}, 2, 1}, {0}});
    make(&f);
    assert_int_equal(f.findings.n, 2); /* LOGIN of web folds under LOGIN */
    assert_int_equal(f.findings.list[0].tokens[0], LOGIN);
    assert_int_equal(f.findings.list[1].tokens[0], PAY);
    assert_int_equal(f.findings.n_candidates, 4);
    end(&f);
}

/* 8 - 12 x 2 / 38 of half of the sessions: twice that of all. */
static void the_impact_of_a_sample_is_an_estimate_for_all_sessions(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    set(&f, "sample=0.5");
    small_world_count(&f.world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 8, 4}, {0}});
    make(&f);
    const struct finding *finding = &f.findings.list[0];
    assert_true(fabs(finding->impact - 2 * (8 - 24.0 / 38)) < 1e-12);
    /* 24 sessions with it, +- 1.96 sqrt(12 / 2) / 0.5, at 8/12 - 2/38 = 0.614 each: +- 5.9 at
     * least, and the interval of 0.614 is some 0.25 to either side, or 6 sessions */
    assert_true(finding->impact_low < finding->impact - 5.9 && finding->impact_low > 0);
    assert_true(finding->impact_high > finding->impact + 5.9 && finding->impact_high < 25);
    assert_int_equal(finding->table.faulty_with, 8); /* counts are the sample's */
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_finding_has_counts_effect_interval_and_impact),
        cmocka_unit_test(a_pattern_above_max_q_or_rarer_in_faulty_sessions_is_no_finding),
        cmocka_unit_test(hypotheses_that_are_folded_let_no_chance_ones_through),
        cmocka_unit_test(a_pattern_folds_under_the_longest_with_the_same_sessions),
        cmocka_unit_test(patterns_of_equal_counts_are_all_found),
        cmocka_unit_test(a_part_folds_under_the_longer_pattern_that_explains_it),
        cmocka_unit_test(a_longer_pattern_folds_under_the_part_to_which_it_adds_nothing),
        cmocka_unit_test(part_and_longer_pattern_stay_where_each_says_something),
        cmocka_unit_test(a_pattern_in_a_cohort_folds_under_the_same_over_all_sessions),
        cmocka_unit_test(a_longer_pattern_in_a_cohort_folds_with_its_part_over_all_sessions),
        cmocka_unit_test(a_cohort_that_is_worse_than_all_by_more_than_the_threshold_is_a_finding),
        cmocka_unit_test(a_numeric_cohort_is_a_finding_in_both_directions_and_ranks_last),
        cmocka_unit_test(trends_are_ranked_among_the_others_and_limited_as_they_are),
        cmocka_unit_test(an_outlier_among_its_siblings_is_a_finding),
        cmocka_unit_test(a_cohort_folds_under_another_only_if_it_is_the_same_by_count),
        cmocka_unit_test(cohorts_of_the_life_cycle_fold_by_definition),
        cmocka_unit_test(the_impact_of_a_sample_is_an_estimate_for_all_sessions),
        cmocka_unit_test(a_pattern_folds_under_the_same_one_in_the_same_cohort),
        cmocka_unit_test(a_scenario_keeps_its_top_findings_by_impact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
