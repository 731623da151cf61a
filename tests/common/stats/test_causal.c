/* The adjusted effect against standardisation by hand and simulated data with a known effect. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/stats/causal.h"
#include "common/stats/random.h"

enum { FOLDS = 5, MOST_COMBINATIONS = 24, CELLS = MOST_COMBINATIONS * FOLDS * 2 };

/* Cells of a small world. */
struct world {
    int64_t levels[3];
    uint32_t codes[MOST_COMBINATIONS * 3];
    double counts[CELLS], sums[CELLS], squares[CELLS];
    struct lode_causal_data data;
};

static int make_arena(void **state)
{
    struct lode_arena *arena = NULL;
    if (lode_arena_create(0, &arena) != LODE_OK) return 1;
    *state = arena;
    return 0;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void assert_near(double seen, double expected, double tolerance)
{
    if (!(fabs(seen - expected) <= tolerance))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

/* All combinations of a, b and c levels. */
static void world_init(struct world *world, int64_t a, int64_t b, int64_t c, bool is_binary)
{
    memset(world, 0, sizeof *world);
    const int64_t levels[] = {a, b, c};
    memcpy(world->levels, levels, sizeof levels);
    assert_true(a * b * c <= MOST_COMBINATIONS);
    for (int64_t i = 0; i < a * b * c; i++) {
        world->codes[3 * i] = (uint32_t)(i / (b * c));
        world->codes[3 * i + 1] = (uint32_t)(i / c % b);
        world->codes[3 * i + 2] = (uint32_t)(i % c);
    }
    world->data = (struct lode_causal_data){.n_covariates = 3,
                                            .levels = world->levels,
                                            .n_combinations = a * b * c,
                                            .codes = world->codes,
                                            .folds = FOLDS,
                                            .is_binary = is_binary,
                                            .counts = world->counts,
                                            .sums = world->sums,
                                            .squares = is_binary ? NULL : world->squares};
}

static void add_units(struct world *world, int64_t combination, int fold, int arm, double count,
                      double sum, double squares)
{
    const int64_t at = (combination * FOLDS + fold) * 2 + arm;
    world->counts[at] += count;
    world->sums[at] += sum;
    world->squares[at] += squares;
}

static struct lode_causal estimate(void **state, const struct world *world)
{
    struct lode_causal result;
    assert_ok(lode_causal_estimate(&world->data, *state, &result));
    return result;
}

/* One covariate of two levels, the same in every fold (per fold, with: 100 of 1,000 faulty at level
 * 0, 1,600 of 4,000 at level 1; without: 400 of 4,000 and 400 of 1,000). Within a level treatment
 * changes nothing; raw: 1700 / 5000 - 800 / 5000 = 0.18. */
static void a_difference_that_the_covariate_makes_is_adjusted_away(void **state)
{
    struct world world;
    world_init(&world, 2, 1, 1, true);
    for (int fold = 0; fold < FOLDS; fold++) {
        add_units(&world, 0, fold, 1, 1000, 100, 0);
        add_units(&world, 1, fold, 1, 4000, 1600, 0);
        add_units(&world, 0, fold, 0, 4000, 400, 0);
        add_units(&world, 1, fold, 0, 1000, 400, 0);
    }
    const struct lode_causal result = estimate(state, &world);
    assert_int_equal(result.verdict, LODE_CAUSAL_JUDGED);
    assert_near(result.raw, 0.18, 1e-12);
    assert_near(result.adjusted, 0.0, 1e-4); /* the ridge is one unit among thousands */
    assert_near(result.survives, 0.0, 1e-3);
    assert_true(result.low < 0 && result.high > 0);
}

/* Standardisation: 0.3 at level 0 and 0.1 at level 1, in 3 and 1 of 4 units: 0.25. */
static void effects_of_levels_are_weighed_by_all_units(void **state)
{
    struct world world;
    world_init(&world, 2, 1, 1, true);
    for (int fold = 0; fold < FOLDS; fold++) {
        add_units(&world, 0, fold, 1, 10000, 5000, 0);
        add_units(&world, 0, fold, 0, 50000, 10000, 0);
        add_units(&world, 1, fold, 1, 15000, 9000, 0);
        add_units(&world, 1, fold, 0, 5000, 2500, 0);
    }
    const struct lode_causal result = estimate(state, &world);
    assert_int_equal(result.verdict, LODE_CAUSAL_JUDGED);
    assert_near(result.adjusted, 0.25, 1e-4);
    assert_near(result.raw, 14000.0 / 25000 - 12500.0 / 55000, 1e-12);
    assert_near(result.high - result.adjusted, 1.959963984540054 * result.error, 1e-15);
}

static void a_numeric_outcome_far_from_zero_is_as_exact(void **state)
{
    struct world near, far;
    const double shift = 1e6;
    world_init(&near, 2, 1, 1, false);
    world_init(&far, 2, 1, 1, false);
    for (int fold = 0; fold < FOLDS; fold++) {
        for (int64_t level = 0; level < 2; level++) {
            for (int arm = 0; arm < 2; arm++) {
                const double n = level == arm ? 900 : 300, mean = 10.0 * (double)level + 3.0 * arm;
                const double squares = n * (mean * mean + 4.0); /* spread 2 */
                add_units(&near, level, fold, arm, n, n * mean, squares);
                add_units(&far, level, fold, arm, n, n * (mean + shift),
                          squares + 2 * shift * n * mean + n * shift * shift);
            }
        }
    }
    const struct lode_causal a = estimate(state, &near), b = estimate(state, &far);
    assert_near(a.raw, 8.0, 1e-9); /* 3 of its own, half of 10 by the levels */
    assert_near(a.adjusted, 3.0, 0.01);
    assert_near(b.adjusted, a.adjusted, 1e-6);
    assert_near(b.error / a.error, 1.0, 1e-3);
}

/* --- simulation --- */

static const double effect = 0.08;

/* Unit i of a seed: three covariates that raise both the propensity and the base rate. `twisted`
 * makes the first model, or the outcome, one that needs an interaction. */
static void simulate(uint64_t seed, int64_t units, bool twisted_treatment, bool twisted_outcome,
                     struct world *world)
{
    world_init(world, 4, 3, 2, true);
    struct lode_random random = lode_random_begin(seed, 20);
    for (int64_t i = 0; i < units; i++) {
        const int a = (int)lode_random_below(&random, 4), b = (int)lode_random_below(&random, 3);
        const int c = lode_random_chance(&random, 0.4);
        const double twist = (a == 3 && c) ? 1.0 : (b == 2 && !c) ? -1.0 : 0.0;
        const double score = -1.5 + 0.5 * a + 0.4 * b - 0.6 * c + (twisted_treatment ? twist : 0.0);
        const bool treated = lode_random_chance(&random, 1 / (1 + exp(-score)));
        const double base =
            0.08 + 0.07 * a + 0.05 * b - 0.03 * c + (twisted_outcome ? 0.1 * twist : 0);
        const bool faulty = lode_random_chance(&random, base + effect * treated);
        const int fold = (int)lode_random_below(&random, FOLDS);
        add_units(world, (a * 3 + b) * 2 + c, fold, treated, 1, faulty, 0);
    }
}

struct coverage {
    int seeds, covered, raw_covered;
    double mean;
};

static struct coverage cover(void **state, bool twisted_treatment, bool twisted_outcome)
{
    enum { FIRST = 1, SEEDS = 300, UNITS = 4000 };
    struct coverage seen = {.seeds = SEEDS};
    for (uint64_t seed = FIRST; seed < FIRST + SEEDS; seed++) {
        struct world world;
        simulate(seed, UNITS, twisted_treatment, twisted_outcome, &world);
        const struct lode_causal result = estimate(state, &world);
        assert_int_equal(result.verdict, LODE_CAUSAL_JUDGED);
        const double half = result.high - result.adjusted;
        seen.covered += result.low <= effect && effect <= result.high;
        seen.raw_covered += fabs(result.raw - effect) <= half;
        seen.mean += result.adjusted / SEEDS;
    }
    print_message(
        "seeds %d to %d, %d units each: 95 %% interval covers %d, around raw %d; mean %.4f\n",
        FIRST, FIRST + SEEDS - 1, UNITS, seen.covered, seen.raw_covered, seen.mean);
    return seen;
}

/* 95 % of 300 is 285 with a binomial error of 3.8: four of them are allowed. */
static void the_interval_covers_a_known_effect_at_its_rate(void **state)
{
    const struct coverage seen = cover(state, false, false);
    assert_true(seen.covered >= 270 && seen.covered <= 299);
    assert_true(seen.raw_covered < seen.seeds / 4);
    assert_near(seen.mean, effect, 0.004);
}

static void it_does_so_when_either_model_is_wrong(void **state)
{
    const struct coverage treatment = cover(state, true, false);
    const struct coverage outcome = cover(state, false, true);
    assert_true(treatment.covered >= 268 && outcome.covered >= 268);
    assert_near(treatment.mean, effect, 0.005);
    assert_near(outcome.mean, effect, 0.005);
}

/* --- what is not judged --- */

static void fill(struct world *world, double with, double without, double share)
{
    world_init(world, 2, 1, 1, true);
    for (int64_t level = 0; level < 2; level++) {
        for (int fold = 0; fold < FOLDS; fold++) {
            add_units(world, level, fold, 1, with, with * share, 0);
            add_units(world, level, fold, 0, without, without * share, 0);
        }
    }
}

static void expect_verdict(void **state, const struct world *world,
                           enum lode_causal_verdict verdict)
{
    const struct lode_causal result = estimate(state, world);
    if (result.verdict != verdict) fail_msg("%s", lode_causal_words(result.verdict));
    assert_true(isnan(result.adjusted) && isnan(result.low) && isnan(result.survives));
}

static void what_cannot_be_judged_says_why(void **state)
{
    struct world world;
    fill(&world, 2, 1000, 0.5);
    expect_verdict(state, &world, LODE_CAUSAL_SMALL_ARM);
    fill(&world, 0, 1000, 0.5);
    expect_verdict(state, &world, LODE_CAUSAL_SMALL_ARM);
    assert_true(isnan(estimate(state, &world).raw));
    fill(&world, 100, 1000, 0);
    expect_verdict(state, &world, LODE_CAUSAL_ONE_OUTCOME);
    fill(&world, 100, 1000, 1);
    expect_verdict(state, &world, LODE_CAUSAL_ONE_OUTCOME);

    fill(&world, 0, 1000, 0.5); /* all that are treated lie in one fold */
    add_units(&world, 0, 3, 1, 400, 100, 0);
    expect_verdict(state, &world, LODE_CAUSAL_EMPTY_FOLD);

    fill(&world, 0, 0, 0); /* the level decides */
    for (int fold = 0; fold < FOLDS; fold++) {
        add_units(&world, 0, fold, 1, 1000, 300, 0);
        add_units(&world, 1, fold, 0, 1000, 200, 0);
    }
    expect_verdict(state, &world, LODE_CAUSAL_NO_OVERLAP);
    assert_near(estimate(state, &world).raw, 0.1, 1e-12);

    fill(&world, 100, 1000, 0.5);
    world.sums[3] = (double)NAN;
    expect_verdict(state, &world, LODE_CAUSAL_NO_CONVERGENCE);
}

/* An arm without a faulty session has rate 0, whatever a model could say. */
static void an_arm_without_faults_is_judged(void **state)
{
    struct world world;
    world_init(&world, 2, 1, 1, true);
    for (int64_t level = 0; level < 2; level++) {
        for (int fold = 0; fold < FOLDS; fold++) {
            add_units(&world, level, fold, 1, 500, 100, 0);
            add_units(&world, level, fold, 0, 500, 0, 0);
        }
    }
    const struct lode_causal result = estimate(state, &world);
    assert_int_equal(result.verdict, LODE_CAUSAL_JUDGED);
    assert_near(result.adjusted, 0.2, 1e-6);
    assert_near(result.survives, 1.0, 1e-5);
}

/* A level whose units are all treated and all faulty pulls its weight to infinity but for the
 * ridge. */
static void a_rare_level_that_is_all_one_way_stays_finite(void **state)
{
    struct world world;
    world_init(&world, 3, 1, 1, true);
    for (int64_t level = 0; level < 2; level++) {
        for (int fold = 0; fold < FOLDS; fold++) {
            add_units(&world, level, fold, 1, 500, 150, 0);
            add_units(&world, level, fold, 0, 500, 100, 0);
        }
    }
    add_units(&world, 2, 1, 1, 20, 20, 0);
    const struct lode_causal result = estimate(state, &world);
    assert_int_equal(result.verdict, LODE_CAUSAL_JUDGED);
    assert_near(result.adjusted, 0.1, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_that_the_covariate_makes_is_adjusted_away),
        cmocka_unit_test(effects_of_levels_are_weighed_by_all_units),
        cmocka_unit_test(a_numeric_outcome_far_from_zero_is_as_exact),
        cmocka_unit_test(the_interval_covers_a_known_effect_at_its_rate),
        cmocka_unit_test(it_does_so_when_either_model_is_wrong),
        cmocka_unit_test(what_cannot_be_judged_says_why),
        cmocka_unit_test(an_arm_without_faults_is_judged),
        cmocka_unit_test(a_rare_level_that_is_all_one_way_stays_finite),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
