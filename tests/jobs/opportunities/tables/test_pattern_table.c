/* Table patterns and table summary of the small world: 10 faulty and 40 normal sessions. */
#include "tests/unit.h"

#include <math.h>
#include <stdlib.h>

#include "common/stats/random.h"
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
                                world->arena, rows));
}

/* A row's place in the columns of the outcomes. */
static uint32_t at(const struct pattern_rows *rows, int64_t row)
{
    assert_in_range(rows->outcome[row], 0, rows->outcomes.n - 1);
    return rows->outcome[row];
}

/* The first token of a row. */
static uint32_t token(const struct pattern_rows *rows, int64_t row)
{
    uint32_t tokens[PATTERN_MAX_K];
    pattern_rows_tokens(rows, row, 1, tokens);
    return tokens[0];
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
    uint32_t found[6][2];
    pattern_rows_tokens(&rows, 0, 6, found[0]);
    assert_memory_equal(found, tokens, sizeof tokens);
    const struct pattern_outcomes *o = &rows.outcomes;
    for (int i = 0; i < 6; i++) {
        assert_int_equal(o->k[at(&rows, i)], i < 3 ? 1 : 2);
        assert_int_equal(o->faulty_total[at(&rows, i)], 10);
        assert_int_equal(o->normal_total[at(&rows, i)], 40);
        assert_int_equal(o->cohort[at(&rows, i)], UINT32_MAX);
    }
    const uint32_t first = at(&rows, 0);
    assert_int_equal(o->faulty_with[first], 8);
    assert_int_equal(o->normal_with[first], 4);
    assert_true(o->faulty_rate[first] == 0.8 && o->normal_rate[first] == 0.1); /* rounded once */
    assert_true(o->ratio[first] == 8);
    small_world_clear(&world);
}

/* Expected values: sums of binomial coefficients in exact fractions, outside this program. */
static void p_is_that_of_fishers_exact_test(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    make(&world, SETTINGS("k=1..2", "min_support=0"), &rows);
    const double *p = rows.outcomes.p;
    assert_true(fabs(p[at(&rows, 0)] / 3.4696392961874006e-05 - 1) < 1e-11);
    assert_true(fabs(p[at(&rows, 2)] / 0.0002877741384217207 - 1) < 1e-11);
    assert_true(fabs(p[at(&rows, 4)] / 0.4959183673469388 - 1) < 1e-11);
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
    assert_int_equal(token(&rows, 1), LOGIN);
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
    for (int i = 0; i < 6; i++) assert_int_equal(rows.outcomes.expert[at(&rows, i)], expected[i]);
    small_world_clear(&world);
    make(&world, SETTINGS("k=1..2", "min_support=0", "min_ratio=2.000000001"), &rows);
    assert_int_equal(rows.outcomes.expert[at(&rows, 4)], 0);
    small_world_clear(&world);
}

static void the_ratio_is_infinite_where_no_normal_session_has_the_pattern(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    small_world_init(&world, SETTINGS("k=1"));
    small_world_count(&world, 0, 1, (const struct small_pattern[]){{0, {ERROR}, 1, 0}, {0}});
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &world.tokens,
                                world.arena, &rows));
    assert_true(isinf(rows.outcomes.ratio[0]) && rows.outcomes.ratio[0] > 0);
    assert_int_equal(rows.outcomes.expert[0], 1);
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
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &world.tokens,
                                world.arena, &rows));
    assert_int_equal(rows.n, 6);
    const struct pattern_outcomes *o = &rows.outcomes;
    assert_string_equal(world.scenarios.labels[o->cohort[at(&rows, 3)]], "os=ios");
    assert_string_equal(world.scenarios.labels[o->cohort[at(&rows, 4)]], "os=web");
    assert_int_equal(o->faulty_total[at(&rows, 3)], 8);
    assert_int_equal(o->normal_total[at(&rows, 3)], 12);
    assert_int_equal(o->faulty_total[at(&rows, 5)], 2);
    assert_int_equal(token(&rows, 5), PAY);
    const int64_t first_rows[] = {0, 3, 4};
    assert_int_equal(rows.n_sections, 3);
    for (int i = 0; i < 3; i++) assert_int_equal(rows.sections[i].first_row, first_rows[i]);
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
    uint32_t *counts = malloc((size_t)2 * N * sizeof *counts);
    assert_true(keys && counts);
    struct lode_random chance = lode_random_begin(1, 0);
    uint64_t key = 0;
    for (size_t i = 0; i < N; i++) {
        key += 1 + lode_random_below(&chance, lode_random_chance(&chance, 0.02) ? 100 : 4);
        keys[i] = key;
        counts[2 * i] = counts[2 * i + 1] = 1;
    }
    assert_true(key < V * V * V * V);
    world.scenarios.counts[0][K - 1] = (struct pattern_counts){
        .k = K, .n_classes = 2, .n_patterns = N, .keys = keys, .counts = counts};
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &tokens,
                                world.arena, &rows));
    assert_int_equal(rows.n, N);
    uint32_t *found = malloc((size_t)N * K * sizeof *found);
    assert_non_null(found);
    const int64_t cuts[] = {0, 1, 700, 12345, N}; /* however they are asked for */
    for (int i = 0; i + 1 < 5; i++)
        pattern_rows_tokens(&rows, cuts[i], cuts[i + 1] - cuts[i], found + cuts[i] * K);
    for (size_t i = 0; i < N; i++)
        for (size_t d = K; d-- > 0; keys[i] /= V) assert_int_equal(found[i * K + d], keys[i] % V);
    free(found);
    free(keys);
    free(counts);
    small_world_clear(&world);
}

/* ERROR and LOGIN ERROR have the same sessions, but not the same length; PAY and LOGIN share all.
 */
static void rows_of_equal_k_and_counts_share_an_outcome(void **state)
{
    (void)state;
    struct small_world world;
    struct pattern_rows rows;
    small_world_init(&world, SETTINGS("k=1..2", "min_support=0"));
    small_world_count(&world, 0, 1,
                      (const struct small_pattern[]){
                          {0, {ERROR}, 8, 4}, {0, {LOGIN}, 3, 5}, {0, {PAY}, 3, 5}, {0}});
    small_world_count(
        &world, 0, 2,
        (const struct small_pattern[]){{0, {LOGIN, ERROR}, 8, 4}, {0, {LOGIN, PAY}, 4, 8}, {0}});
    assert_ok(pattern_rows_make(&world.scenarios, &world.store, &world.options, &world.tokens,
                                world.arena, &rows));
    const uint32_t expected[] = {0, 1, 1, 2, 3};
    assert_int_equal(rows.n, 5);
    assert_memory_equal(rows.outcome, expected, sizeof expected);
    const int64_t n_rows[] = {1, 2, 1, 1};
    assert_int_equal(rows.outcomes.n, 4);
    assert_memory_equal(rows.outcomes.n_rows, n_rows, sizeof n_rows);
    small_world_clear(&world);
}

/* Two slices of the same 5,000 pairs, so that the table of pairs grows and then has old ones in it,
 * against a search through all. */
static void outcomes_are_numbered_in_order_of_first_use(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct lode_arena *arena;
    static uint32_t counts[2 * N], codes[N];
    static uint64_t keys[N], kept[N];
    struct pattern_slice slice = {.k = 1,
                                  .n_classes = 2,
                                  .n = N,
                                  .keys = keys,
                                  .counts = counts,
                                  .normal_mask = {UINT32_MAX, 0},
                                  .faulty_mask = {0, UINT32_MAX}};
    assert_ok(lode_arena_create(0, &arena));
    struct outcome_numbering numbering = {.arena = arena};
    struct lode_random chance = lode_random_begin(3, 0);
    for (size_t i = 0; i < N; i++) {
        keys[i] = i;
        counts[2 * i] = (uint32_t)lode_random_below(&chance, 60);
        counts[2 * i + 1] =
            lode_random_chance(&chance, 0.5) ? (uint32_t)lode_random_below(&chance, 60) : 0;
    }
    for (int64_t least = 0; least < 2; least++) { /* the second time, only faulty ones */
        const int64_t before = numbering.n, n = pattern_slice_kept(&slice, least);
        assert_ok(outcomes_number(&numbering, &slice, least, codes, kept));
        uint32_t next = (uint32_t)before;
        int64_t row = 0;
        for (size_t i = 0; i < N; i++) {
            const uint64_t pair = (uint64_t)counts[2 * i + 1] << 32 | counts[2 * i];
            if (pair == 0 || counts[2 * i + 1] < least) continue;
            assert_int_equal(kept[row], i);
            assert_true(codes[row] <= next);
            next += codes[row] == next;
            assert_true(numbering.pairs[codes[row]] == pair);
            for (uint32_t o = (uint32_t)before; o < codes[row]; o++)
                assert_true(numbering.pairs[o] != pair);
            row++;
        }
        assert_int_equal(row, n);
        assert_int_equal(numbering.n, next);
        for (uint32_t o = (uint32_t)before; o < next; o++) row -= numbering.n_rows[o];
        assert_int_equal(row, 0);
    }
    lode_arena_destroy(arena);
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
        cmocka_unit_test(rows_of_equal_k_and_counts_share_an_outcome),
        cmocka_unit_test(outcomes_are_numbered_in_order_of_first_use),
        cmocka_unit_test(the_summary_counts_before_support_and_knows_single_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
