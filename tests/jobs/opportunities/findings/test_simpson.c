/* A reversal by head. With it 245 of 500 sessions fail, without it 130 of 500. But on ios 240 of
 * 400 with it and 70 of 100 without, on web 5 of 100 and 60 of 400: ten points fewer in both. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/opportunities/findings/finding_words.h"
#include "jobs/opportunities/findings/simpson.h"
#include "tests/jobs/opportunities/small_world.h"

static const struct stratum ios = {400, 240, 100, 70}, web = {100, 5, 400, 60};

static void assert_near(double value, double expected)
{
    assert_true(fabs(value - expected) < 1e-12);
}

/* Both strata weigh 80: (240 x 100 - 70 x 400) / 500 = -8 and (5 x 400 - 60 x 100) / 500 = -8. */
static void differences_are_pooled_by_the_size_of_both_sides(void **state)
{
    (void)state;
    const struct pooled pooled = simpson_pool((const struct stratum[]){ios, web}, 2);
    assert_near(pooled.difference, -0.1);
    assert_near(pooled.low, -0.1579247286458903); /* made elsewhere */
    assert_near(pooled.high, -0.0420752713541097);
}

static void a_stratum_without_a_second_side_weighs_nothing(void **state)
{
    (void)state;
    const struct stratum alone = {50, 50, 0, 0};
    const struct pooled pooled = simpson_pool((const struct stratum[]){ios, alone, web}, 3);
    assert_near(pooled.difference, -0.1);
    assert_true(isnan(simpson_pool(&alone, 1).difference));
}

struct fixture {
    struct small_world world;
    struct pattern_rows patterns;
    struct cohort_rows cohorts;
    struct finding_sources sources;
    struct findings findings;
};

static struct cohort_cell cell_of(int64_t sessions, int64_t faulty)
{
    return (struct cohort_cell){sessions, sessions, faulty, (double)faulty, (double)faulty};
}

/* First sessions are those "with it". */
static void begin(struct fixture *f, const char *setting)
{
    static const char *const base[] = {"kpi=fail", "k=1",         "min_support=0",  "cohort_z=1000",
                                       "max_q=1",  "min_ratio=1", "min_users=1000", NULL};
    const char *settings[9] = {NULL};
    memcpy(settings, base, sizeof base);
    settings[7] = setting;
    small_world_init(&f->world, settings);
    struct small_world *world = &f->world;
    small_world_add_pairs(world);
    world->cohorts.n_kpis = 1;
    world->all[0] = cell_of(1000, 375);
    world->os_cells[0] = cell_of(500, 310);
    world->os_cells[1] = cell_of(500, 65);
    world->lifecycle_cells[0] = world->all[0];
    world->lifecycle_cells[1] = cell_of(500, 245);
    world->lifecycle_cells[2] = cell_of(500, 130);
    world->pair_cells[0] = cell_of(400, 240);
    world->pair_cells[1] = cell_of(100, 5);
    assert_ok(scenarios_make(&world->store, &world->options, &world->cohorts, world->arena,
                             &world->scenarios));
    for (int plan = 0; plan < world->scenarios.n_plans; plan++)
        small_world_count(world, plan, 1, &(const struct small_pattern){0});
}

static void make(struct fixture *f)
{
    struct small_world *world = &f->world;
    assert_ok(pattern_rows_make(&world->scenarios, &world->store, &world->options, &world->tokens,
                                world->arena, &f->patterns));
    assert_ok(cohort_rows_make(&world->cohorts, &world->store, &world->options, world->arena,
                               &f->cohorts));
    for (int64_t i = 0; i < f->patterns.outcomes.n; i++)
        f->patterns.outcomes.q[i] = f->patterns.outcomes.p[i];
    for (int64_t i = 0; i < f->cohorts.n; i++) f->cohorts.rows[i].q = f->cohorts.rows[i].p;
    f->sources = (struct finding_sources){.store = &world->store,
                                          .options = &world->options,
                                          .scenarios = &world->scenarios,
                                          .patterns = &f->patterns,
                                          .cohorts = &f->cohorts};
    assert_ok(findings_lead(&f->sources, world->arena, &f->findings));
    assert_ok(findings_finish(&f->sources, world->arena, &f->findings));
}

static const struct finding *find(const struct fixture *f, enum finding_expert expert,
                                  const char *cohort)
{
    for (int64_t i = 0; i < f->findings.n; i++)
        if (f->findings.list[i].expert == expert && strcmp(f->findings.list[i].cohort, cohort) == 0)
            return &f->findings.list[i];
    fail_msg("no finding in '%s'", cohort);
    return NULL;
}

static void a_cohort_that_turns_round_inside_an_attribute_is_marked(void **state)
{
    (void)state;
    struct fixture f;
    struct finding_words words;
    begin(&f, "cohort_relative=0.3");
    make(&f);
    const struct finding *first = find(&f, EXPERT_COHORT, "lifecycle=session_index=1");
    assert_non_null(first->simpson);
    assert_string_equal(first->simpson, "os");
    assert_near(first->simpson_difference, -0.1);
    assert_ok(finding_words_make(&f.sources, &f.world.tokens, first, f.world.arena, &words));
    assert_non_null(strstr(words.text, " Simpson's reversal: among sessions of the same os, those "
                                       "with it are faulty less often (by 10.0 points, pooled)."));
    small_world_clear(&f.world);
}

/* 310 of 400 with it and none of 100 on ios, 35 of 100 with it and 30 of 400 on web.
 * Of all 345 with it. */
static void a_cohort_that_is_as_bad_inside_is_not(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "cohort_relative=0.3");
    f.world.lifecycle_cells[1] = cell_of(500, 345);
    f.world.pair_cells[0] = cell_of(400, 310);
    f.world.pair_cells[1] = cell_of(100, 35);
    make(&f);
    assert_null(find(&f, EXPERT_COHORT, "lifecycle=session_index=1")->simpson);
    small_world_clear(&f.world);
}

static void a_pattern_is_judged_by_its_counts_inside_cohorts(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        begin(&f, "cohort_relative=1000");
        small_world_count(&f.world, 0, 1,
                          (const struct small_pattern[]){{0, {ERROR}, 245, 255}, {0}});
        small_world_count(&f.world, 1, 1,
                          (const struct small_pattern[]){
                              {0, {ERROR}, 240, 160}, {1, {i ? PAY : ERROR}, 5, 95}, {0}});
        make(&f);
        const struct finding *error = find(&f, EXPERT_PATTERN, "");
        if (i == 0) assert_string_equal(error->simpson, "os");
        if (i == 1) assert_null(error->simpson); /* one stratum says nothing */
        small_world_clear(&f.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_pooled_by_the_size_of_both_sides),
        cmocka_unit_test(a_stratum_without_a_second_side_weighs_nothing),
        cmocka_unit_test(a_cohort_that_turns_round_inside_an_attribute_is_marked),
        cmocka_unit_test(a_cohort_that_is_as_bad_inside_is_not),
        cmocka_unit_test(a_pattern_is_judged_by_its_counts_inside_cohorts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
