/* Table patterns and table summary of the small world: 10 faulty and 40 normal sessions. */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "jobs/opportunities/tables/pattern_table.h"
#include "jobs/opportunities/tables/summary_table.h"
#include "tests/jobs/opportunities/small_world.h"

#define SETTINGS(...)                                                                              \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

/* tokens; faulty, normal */
static const struct small_pattern singles[] = {
    {0, {ERROR}, 8, 4}, {0, {LOGIN}, 10, 40}, {0, {PAY}, 1, 30}, {0}};
static const struct small_pattern pairs[] = {
    {0, {LOGIN, ERROR}, 8, 4}, {0, {LOGIN, PAY}, 1, 2}, {0, {PAY, PAY}, 0, 2}, {0}};

static void make(struct small_world *world, const char *const *settings, struct pattern_rows *rows)
{
    small_world_init(world, settings);
    small_world_count(world, 0, 1, singles);
    small_world_count(world, 0, 2, pairs);
    assert_ok(pattern_rows_make(&world->scenarios, &world->store, &world->options, &world->tokens,
                                0, world->arena, rows));
}

static void rows_come_by_k_then_tokens_with_their_counts_and_rates(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    make(&world, SETTINGS("k=1..2", "min_support=0"), &rows);
    assert_int_equal(rows.n, 6);
    assert_int_equal(rows.width, 2);
    const uint32_t tokens[6][2] = {{ERROR, UINT32_MAX}, {LOGIN, UINT32_MAX}, {PAY, UINT32_MAX},
                                   {LOGIN, ERROR},      {LOGIN, PAY},        {PAY, PAY}};
    assert_memory_equal(rows.tokens, tokens, sizeof tokens);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(rows.k[i], i < 3 ? 1 : 2);
        assert_int_equal(rows.faulty_total[i], 10);
        assert_int_equal(rows.normal_total[i], 40);
        assert_int_equal(rows.cohort[i], UINT32_MAX);
    }
    assert_int_equal(rows.faulty_with[0], 8);
    assert_int_equal(rows.normal_with[0], 4);
    assert_true(rows.faulty_rate[0] == 0.8 && rows.normal_rate[0] == 0.1); /* rounded once */
    assert_true(rows.ratio[0] == 8);
    small_world_clear(&world);
}

/* Expected values: sums of binomial coefficients in exact fractions, outside this program. */
static void p_is_that_of_fishers_exact_test(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    make(&world, SETTINGS("k=1..2", "min_support=0"), &rows);
    assert_true(fabs(rows.p[0] / 3.4696392961874006e-05 - 1) < 1e-11);
    assert_true(fabs(rows.p[2] / 0.0002877741384217207 - 1) < 1e-11);
    assert_true(fabs(rows.p[4] / 0.4959183673469388 - 1) < 1e-11);
    small_world_clear(&world);
}

static void a_pattern_in_exactly_a_tenth_of_the_faulty_sessions_has_support_of_a_tenth(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    make(&world, SETTINGS("k=1", "min_support=0.1"), &rows);
    assert_int_equal(rows.n, 3);
    small_world_clear(&world);
    make(&world, SETTINGS("k=1", "min_support=0.100000001"), &rows);
    assert_int_equal(rows.n, 2); /* not PAY, with 1 of 10 */
    assert_int_equal(rows.tokens[1], LOGIN);
    small_world_clear(&world);
}

/* LOGIN PAY: 1 of 10 faulty, 2 of 40 normal: share 0.1, ratio 2. */
static void the_expert_passes_what_reaches_both_thresholds_exactly(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    make(&world, SETTINGS("k=1..2", "min_support=0"), &rows);
    const uint8_t expected[] = {1, 0, 0, 1, 1, 0};
    assert_memory_equal(rows.expert, expected, sizeof expected);
    small_world_clear(&world);
    make(&world, SETTINGS("k=1..2", "min_support=0", "min_ratio=2.000000001"), &rows);
    assert_int_equal(rows.expert[4], 0);
    small_world_clear(&world);
}

static void the_ratio_is_infinite_where_no_normal_session_has_the_pattern(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    small_world_init(&world, SETTINGS("k=1"));
    small_world_count(&world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 1, 0}, {0}});
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &world.tokens, 0,
                                world.arena, &rows));
    assert_true(isinf(rows.ratio[0]) && rows.ratio[0] > 0);
    assert_int_equal(rows.expert[0], 1);
    small_world_clear(&world);
}

static void a_cohorts_rows_follow_with_its_own_totals(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    small_world_init(&world, SETTINGS("k=1", "min_support=0", "cohort_min_users=1",
                                      "cohort_min_faulty=1", "cohort_min_normal=1"));
    small_world_count(&world, 0, 1, singles);
    small_world_count(&world, 1, 1,
                      (const struct small_pattern[]){
                          {0, {ERROR}, 7, 1}, {1, {ERROR}, 1, 3}, {1, {PAY}, 0, 9}, {0}});
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &world.tokens, 0,
                                world.arena, &rows));
    assert_int_equal(rows.n, 6);
    assert_string_equal(world.scenarios.labels[rows.cohort[3]], "os=ios");
    assert_string_equal(world.scenarios.labels[rows.cohort[4]], "os=web");
    assert_int_equal(rows.faulty_total[3], 8);
    assert_int_equal(rows.normal_total[3], 12);
    assert_int_equal(rows.faulty_total[5], 2);
    assert_int_equal(rows.tokens[5], PAY);
    const int64_t first_rows[] = {0, 3, 4, 6};
    assert_memory_equal(rows.first_row, first_rows, sizeof first_rows);
    small_world_clear(&world);
}

/* Keys in ascending order with random gaps, against division of each. */
static void tokens_are_the_digits_of_the_key(void **state)
{
    (void)state;
    enum { N = 20000, K = 4, V = 17 };
    struct small_world world;
    struct pattern_rows rows;
    struct pattern_tokens tokens = {.n_tokens = V};
    small_world_init(&world, SETTINGS("k=4", "min_support=0"));
    uint64_t *keys = malloc(N * sizeof *keys);
    uint32_t *counts = malloc(2 * N * sizeof *counts);
    assert_true(keys && counts);
    srand(1);
    uint64_t key = 0;
    for (int i = 0; i < N; i++) {
        key += 1 + (uint64_t)(rand() % (rand() % 50 == 0 ? 100 : 4));
        keys[i] = key;
        counts[2 * i] = counts[2 * i + 1] = 1;
    }
    assert_true(key < V * V * V * V);
    world.scenarios.counts[0][K - 1] = (struct pattern_counts){
        .k = K, .n_classes = 2, .n_patterns = N, .keys = keys, .counts = counts};
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &tokens, 0,
                                world.arena, &rows));
    assert_int_equal(rows.n, N);
    for (int i = 0; i < N; i++)
        for (int d = K - 1; d >= 0; d--, keys[i] /= V)
            assert_int_equal(rows.tokens[i * K + d], keys[i] % V);
    free(keys);
    free(counts);
    small_world_clear(&world);
}

static void the_summary_counts_before_support_and_knows_single_events(void **state)
{
    (void)state;
    struct small_world world;
    struct summary_rows rows;
    small_world_init(&world, SETTINGS("k=2", "min_support=1"));
    small_world_count(&world, 0, 1, singles); /* 93 sessions have one, each once: 93 events */
    small_world_count(&world, 0, 2, pairs);
    assert_ok(summary_rows_make(&world.scenarios, &world.store, &world.options, N_TOKENS,
                                world.arena, &rows));
    assert_int_equal(rows.n, 1);
    assert_int_equal(rows.k[0], 2);
    assert_int_equal(rows.sessions[0], 50);
    assert_int_equal(rows.users[0], 25);
    assert_int_equal(rows.faulty[0], 10);
    assert_int_equal(rows.normal[0], 40);
    assert_int_equal(rows.events[0], 93);
    assert_int_equal(rows.distinct_events[0], 3);
    assert_int_equal(rows.ngram_occurrences[0], 17);
    assert_int_equal(rows.distinct_ngrams[0], 3);
    assert_int_equal(rows.session_ngram_pairs[0], 17);
    small_world_clear(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_by_k_then_tokens_with_their_counts_and_rates),
        cmocka_unit_test(p_is_that_of_fishers_exact_test),
        cmocka_unit_test(
            a_pattern_in_exactly_a_tenth_of_the_faulty_sessions_has_support_of_a_tenth),
        cmocka_unit_test(the_expert_passes_what_reaches_both_thresholds_exactly),
        cmocka_unit_test(the_ratio_is_infinite_where_no_normal_session_has_the_pattern),
        cmocka_unit_test(a_cohorts_rows_follow_with_its_own_totals),
        cmocka_unit_test(tokens_are_the_digits_of_the_key),
        cmocka_unit_test(the_summary_counts_before_support_and_knows_single_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
