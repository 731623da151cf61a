/* Gapped grams: cases by head, and random sessions against every choice of places. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "jobs/opportunities/grams/gapped.h"
#include "tests/jobs/opportunities/grams/gram_world.h"

enum { A, B, C, D, N_TOKENS };

static int make_arena(void **state)
{
    struct lode_arena *arena;
    assert_ok(lode_arena_create(0, &arena));
    *state = arena;
    return 0;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void count(const struct gram_sessions *sessions, const struct gram_space *space,
                  int64_t most_distinct, int64_t chunk, struct lode_arena *arena,
                  struct pattern_counts *counts)
{
    const struct gapped_options options = {.most_distinct = most_distinct, .chunk = chunk};
    struct lode_bytes out = {0};
    struct gram_merge merge = {.space = *space, .arena = arena};
    size_t used;
    assert_ok(gapped_count(sessions, space, &options, arena, &out));
    assert_ok(gram_merge_add(&merge, out.data, out.size, &used));
    assert_int_equal(used, out.size);
    assert_ok(gram_merge_finish(&merge, arena, counts));
    lode_bytes_clear(&out);
}

/* Sessions ABCA (normal), BA (faulty), AA (faulty) and D (normal). */
static const int64_t four_starts[] = {0, 4, 6, 8, 9};
static const uint32_t four_tokens[] = {A, B, C, A, B, A, A, A, D};
static const uint8_t four_classes[] = {0, 1, 1, 0};
static const struct gram_sessions four = {
    .n_sessions = 4, .starts = four_starts, .tokens = four_tokens, .classes = four_classes};

static void assert_gram(const struct pattern_counts *counts, int64_t index, uint64_t key,
                        uint32_t normal, uint32_t faulty)
{
    assert_int_equal(counts->keys[index], key);
    assert_int_equal(counts->counts[2 * index], normal);
    assert_int_equal(counts->counts[2 * index + 1], faulty);
}

static void pairs_have_anything_between_them_and_count_once(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 2, .n_classes = 2};
    struct pattern_counts counts;
    count(&four, &space, 64, 0, *state, &counts);
    assert_int_equal(counts.n_patterns, 6);
    assert_gram(&counts, 0, A * 4 + A, 1, 1); /* ABCA and AA */
    assert_gram(&counts, 1, A * 4 + B, 1, 0);
    assert_gram(&counts, 2, A * 4 + C, 1, 0); /* with B between */
    assert_gram(&counts, 3, B * 4 + A, 1, 1); /* ABCA and BA */
    assert_gram(&counts, 4, B * 4 + C, 1, 0);
    assert_gram(&counts, 5, C * 4 + A, 1, 0);
    for (int c = 0; c < 2; c++) assert_int_equal(counts.occurrences[c], 0);
}

static void triples_come_in_order(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 3, .n_classes = 2};
    struct pattern_counts counts;
    count(&four, &space, 64, 0, *state, &counts);
    assert_int_equal(counts.n_patterns, 4); /* of ABCA alone */
    assert_gram(&counts, 0, (A * 4 + B) * 4 + A, 1, 0);
    assert_gram(&counts, 1, (A * 4 + B) * 4 + C, 1, 0);
    assert_gram(&counts, 2, (A * 4 + C) * 4 + A, 1, 0);
    assert_gram(&counts, 3, (B * 4 + C) * 4 + A, 1, 0);
}

/* Of ABCA with two tokens ABA is left; it is the one that was cut. */
static void the_first_distinct_tokens_take_part_and_cut_sessions_are_counted(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 3, .n_classes = 2};
    struct pattern_counts counts;
    count(&four, &space, 2, 0, *state, &counts);
    assert_int_equal(counts.n_patterns, 1);
    assert_gram(&counts, 0, (A * 4 + B) * 4 + A, 1, 0);
    assert_int_equal(counts.occurrences[0], 1);
    assert_int_equal(counts.occurrences[1], 0);
}

static int compare_words(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Keys of all choices of k places of a session, each once; returns how many. */
static int64_t naive_keys(const struct gram_world *world, int64_t session, int k, uint64_t *keys)
{
    const uint32_t *t = world->tokens + world->starts[session];
    const int64_t n = world->starts[session + 1] - world->starts[session];
    const uint64_t v = (uint64_t)world->space.n_tokens;
    const uint64_t base = world->cohorts ? world->cohorts[session] : 0;
    int64_t found = 0, unique = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i + 1; j < n; j++) {
            if (k == 2) keys[found++] = (base * v + t[i]) * v + t[j];
            for (int64_t l = j + 1; k == 3 && l < n; l++)
                keys[found++] = ((base * v + t[i]) * v + t[j]) * v + t[l];
        }
    qsort(keys, (size_t)found, sizeof *keys, compare_words);
    for (int64_t i = 0; i < found; i++)
        if (i == 0 || keys[i] != keys[i - 1]) keys[unique++] = keys[i];
    return unique;
}

static void random_sessions_have_the_grams_of_every_choice_of_places(void **state)
{
    enum { LONGEST = 14, MOST = LONGEST * LONGEST * LONGEST };
    struct lode_arena *arena = *state;
    const struct gram_space base = {.n_cohorts = 3, .n_tokens = 9, .n_classes = 3};
    static uint64_t keys[MOST];
    for (uint64_t seed = 1; seed <= 6; seed++)
        for (int k = 2; k <= 3; k++) {
            struct gram_world world;
            struct pattern_counts counts;
            struct gram_space space = base;
            space.k = k;
            gram_world_make(&world, &base, 60, LONGEST, seed, arena);
            const struct gram_sessions sessions = {.n_sessions = world.n_sessions,
                                                   .starts = world.starts,
                                                   .tokens = world.tokens,
                                                   .cohorts = world.cohorts,
                                                   .classes = world.classes};
            count(&sessions, &space, 64, seed % 2 ? 100 : 0, arena, &counts);
            uint32_t *left; /* taken off by the naive count: nothing may stay */
            const size_t size = (size_t)counts.n_patterns * 3 * sizeof *left;
            assert_ok(lode_take(arena, counts.n_patterns * 3, &left));
            memcpy(left, counts.counts, size);
            for (int64_t s = 0; s < world.n_sessions; s++) {
                if (world.cohorts && world.cohorts[s] == GRAM_NO_COHORT) continue;
                const int64_t n = naive_keys(&world, s, k, keys);
                for (int64_t i = 0; i < n; i++) {
                    const uint64_t *at = bsearch(&keys[i], counts.keys, (size_t)counts.n_patterns,
                                                 sizeof *keys, compare_words);
                    assert_non_null(at);
                    assert_true(left[3 * (at - counts.keys) + world.classes[s]]-- > 0);
                }
            }
            for (int64_t i = 0; i < 3 * counts.n_patterns; i++) assert_int_equal(left[i], 0);
        }
}

static void a_match_ends_first_and_then_begins_last(void **state)
{
    (void)state;
    const uint32_t tokens[] = {A, B, A, C, B, C}, aac[] = {A, C}, abc[] = {A, B, C}, cab[] = {C, A};
    int64_t places[3];
    assert_true(gapped_match(tokens, 6, aac, 2, places));
    assert_true(places[0] == 2 && places[1] == 3);
    assert_true(gapped_match(tokens, 6, abc, 3, places));
    assert_true(places[0] == 0 && places[1] == 1 && places[2] == 3);
    assert_false(gapped_match(tokens, 6, cab, 2, places));
    assert_false(gapped_match(tokens, 0, cab, 2, places));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pairs_have_anything_between_them_and_count_once, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(triples_come_in_order, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(
            the_first_distinct_tokens_take_part_and_cut_sessions_are_counted, make_arena,
            drop_arena),
        cmocka_unit_test_setup_teardown(random_sessions_have_the_grams_of_every_choice_of_places,
                                        make_arena, drop_arena),
        cmocka_unit_test(a_match_ends_first_and_then_begins_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
