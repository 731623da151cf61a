/* Grams: cases by head, and every way to count against the naive count. */
#include "tests/unit.h"

#include <string.h>

#include "tests/jobs/opportunities/grams/gram_world.h"

enum { A, B, C, N_TOKENS };

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

/* The count of `k` over the sessions, by `way`. */
static void count(const struct gram_sessions *sessions, const struct gram_space *space,
                  enum gram_way way, struct lode_arena *arena, struct pattern_counts *counts)
{
    struct lode_bytes out = {0};
    struct gram_merge merge = {.space = *space, .arena = arena};
    size_t used;
    assert_ok(grams_count(sessions, space, way, arena, &out));
    assert_ok(gram_merge_add(&merge, out.data, out.size, &used));
    assert_ok(gram_merge_finish(&merge, arena, counts));
    lode_bytes_clear(&out);
}

/* Sessions ABABA (normal), BA (faulty) and C (normal). */
static const int64_t three_starts[] = {0, 5, 7, 8};
static const uint32_t three_tokens[] = {A, B, A, B, A, B, A, C};
static const uint8_t three_classes[] = {0, 1, 0};
static const struct gram_sessions three = {
    .n_sessions = 3, .starts = three_starts, .tokens = three_tokens, .classes = three_classes};

static void a_session_counts_once_for_a_gram_that_it_repeats(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 2, .n_classes = 2};
    for (int way = GRAM_WAY_BEST; way <= GRAM_WAY_SORT; way++) {
        struct pattern_counts counts;
        count(&three, &space, (enum gram_way)way, *state, &counts);
        assert_int_equal(2, counts.n_patterns);
        assert_int_equal(A * 3 + B, counts.keys[0]);
        assert_int_equal(1, counts.counts[0]); /* AB: normal ABABA, twice */
        assert_int_equal(0, counts.counts[1]);
        assert_int_equal(B * 3 + A, counts.keys[1]);
        assert_int_equal(1, counts.counts[2]); /* BA: ABABA and */
        assert_int_equal(1, counts.counts[3]); /* faulty BA */
    }
}

static void occurrences_count_repeats(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 2, .n_classes = 2};
    struct pattern_counts counts;
    count(&three, &space, GRAM_WAY_BEST, *state, &counts);
    assert_int_equal(4, counts.occurrences[0]); /* four pairs in ABABA, none in C */
    assert_int_equal(1, counts.occurrences[1]);
}

static void a_session_shorter_than_k_has_no_gram(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = N_TOKENS, .k = 6, .n_classes = 2};
    for (int way = GRAM_WAY_BEST; way <= GRAM_WAY_SORT; way++) {
        struct pattern_counts counts;
        count(&three, &space, (enum gram_way)way, *state, &counts);
        assert_int_equal(0, counts.n_patterns);
        assert_int_equal(0, counts.occurrences[0]);
    }
}

static void a_session_without_a_cohort_is_left_out(void **state)
{
    const struct gram_space space = {.n_cohorts = 2, .n_tokens = N_TOKENS, .k = 1, .n_classes = 2};
    const uint32_t cohorts[] = {GRAM_NO_COHORT, 1, 0};
    struct gram_sessions sessions = three;
    sessions.cohorts = cohorts;
    for (int way = GRAM_WAY_BEST; way <= GRAM_WAY_SORT; way++) {
        struct pattern_counts counts;
        count(&sessions, &space, (enum gram_way)way, *state, &counts);
        assert_int_equal(3, counts.n_patterns);
        assert_int_equal(0 * 3 + C, counts.keys[0]);
        assert_int_equal(1 * 3 + A, counts.keys[1]);
        assert_int_equal(1 * 3 + B, counts.keys[2]);
        assert_int_equal(1, counts.occurrences[0]);
        assert_int_equal(2, counts.occurrences[1]);
    }
}

static void no_tokens_at_all_give_an_empty_list(void **state)
{
    const int64_t starts[] = {0, 0};
    const uint8_t classes[] = {0};
    const struct gram_sessions sessions = {
        .n_sessions = 1, .starts = starts, .tokens = three_tokens, .classes = classes};
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = 0, .k = 2, .n_classes = 2};
    struct pattern_counts counts;
    count(&sessions, &space, GRAM_WAY_BEST, *state, &counts);
    assert_int_equal(0, counts.n_patterns);
}

static void a_key_space_of_81_bits_is_refused_with_the_number(void **state)
{
    (void)state;
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = 1200000, .k = 4, .n_classes = 2};
    uint64_t n_keys;
    assert_status(LODE_E_USAGE, gram_space_keys(&space, &n_keys));
    assert_non_null(
        strstr(lode_error_text(),
               "patterns of k=4 over 1,200,000 tokens need 81 bits, 61 can be counted"));
}

static void the_list_of_a_failed_count_is_taken_back(void **state)
{
    const struct gram_space space = {.n_cohorts = 1, .n_tokens = 100000, .k = 3, .n_classes = 2};
    struct lode_bytes out = {0};
    assert_ok(lode_bytes_append(&out, "before", 6));
    assert_status(LODE_E_USAGE, grams_count(&three, &space, GRAM_WAY_TABLE, *state, &out));
    assert_status(LODE_E_USAGE, grams_count(&three, &space, GRAM_WAY_BUCKETS, *state, &out));
    assert_int_equal(6, out.size);
    lode_bytes_clear(&out);
}

/* One random world: every way and split gives what the naive count gives. */
static void check_world(const struct gram_space *space, int64_t n_sessions, int64_t longest,
                        uint64_t seed, enum gram_way first_way)
{
    struct lode_arena *arena;
    struct gram_world world;
    struct pattern_counts expected, actual;
    assert_ok(lode_arena_create(0, &arena));
    gram_world_make(&world, space, n_sessions, longest, seed, arena);
    gram_world_count_naive(&world, space->k, arena, &expected);
    for (int way = (int)first_way; way <= GRAM_WAY_SORT; way++) {
        const struct gram_split whole = {.way = (enum gram_way)way, .n_parts = 1};
        gram_world_count(&world, space->k, &whole, arena, &actual);
        gram_world_compare(&expected, &actual);
        const struct gram_split parts = {.way = (enum gram_way)way,
                                         .n_parts = 2 + (int)(seed % 6),
                                         .backwards = seed % 2 == 1,
                                         .most_held = seed % 3 == 0 ? 1 : 0};
        gram_world_count(&world, space->k, &parts, arena, &actual);
        gram_world_compare(&expected, &actual);
    }
    lode_arena_destroy(arena);
}

static void small_worlds_are_counted_as_the_naive_loop_counts_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        const struct gram_space space = {.n_cohorts = 1 + (int64_t)(seed % 3),
                                         .n_tokens = 1 + (int64_t)(seed * 7 % 23),
                                         .k = 1 + (int)(seed % 4),
                                         .n_classes = 1 + (int)(seed % GRAM_MAX_CLASSES)};
        print_message("seed %d\r", (int)seed);
        check_world(&space, 60, 30, seed, GRAM_WAY_TABLE);
    }
}

/* 60^3 keys: four buckets. */
static void many_buckets_are_counted_as_the_naive_loop_counts_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct gram_space space = {
            .n_cohorts = 1 + (int64_t)(seed % 4), .n_tokens = 60, .k = 3, .n_classes = 2};
        print_message("seed %d\r", (int)seed);
        check_world(&space, 1000, 40, seed, GRAM_WAY_TABLE);
    }
}

/* 44 bits: an item of the sort holds the session. */
static void middling_key_spaces_are_counted_as_the_naive_loop_counts_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct gram_space space = {
            .n_cohorts = 2, .n_tokens = 20000, .k = 3, .n_classes = 2 + (int)(seed % 2)};
        print_message("seed %d\r", (int)seed);
        check_world(&space, 1000, 40, seed, GRAM_WAY_SORT);
    }
}

/* 61 bits, all keys up to the last one: the session does not fit beside the key. */
static void the_largest_key_spaces_are_counted_as_the_naive_loop_counts_them(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        const struct gram_space space = {
            .n_cohorts = 2, .n_tokens = 1 << 20, .k = 3, .n_classes = 2 + (int)(seed % 7)};
        print_message("seed %d\r", (int)seed);
        check_world(&space, 1000, 40, seed, GRAM_WAY_SORT);
    }
}

/* 100,000 entries and more: many blocks, many ranges of the merge. */
static void many_ranges_are_merged_as_the_naive_loop_counts_them(void **state)
{
    (void)state;
    const struct gram_space dense = {.n_cohorts = 1, .n_tokens = 60, .k = 3, .n_classes = 2};
    check_world(&dense, 12000, 40, 1, GRAM_WAY_BUCKETS);
    const struct gram_space sparse = {.n_cohorts = 1, .n_tokens = 9000, .k = 3, .n_classes = 3};
    check_world(&sparse, 8000, 40, 5, GRAM_WAY_SORT);
    const struct gram_space widest = {.n_cohorts = 2, .n_tokens = 1 << 20, .k = 3, .n_classes = 2};
    check_world(&widest, 8000, 40, 3, GRAM_WAY_SORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_counts_once_for_a_gram_that_it_repeats,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(occurrences_count_repeats, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_session_shorter_than_k_has_no_gram, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(a_session_without_a_cohort_is_left_out, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(no_tokens_at_all_give_an_empty_list, make_arena,
                                        drop_arena),
        cmocka_unit_test(a_key_space_of_81_bits_is_refused_with_the_number),
        cmocka_unit_test_setup_teardown(the_list_of_a_failed_count_is_taken_back, make_arena,
                                        drop_arena),
        cmocka_unit_test(small_worlds_are_counted_as_the_naive_loop_counts_them),
        cmocka_unit_test(many_buckets_are_counted_as_the_naive_loop_counts_them),
        cmocka_unit_test(middling_key_spaces_are_counted_as_the_naive_loop_counts_them),
        cmocka_unit_test(the_largest_key_spaces_are_counted_as_the_naive_loop_counts_them),
        cmocka_unit_test(many_ranges_are_merged_as_the_naive_loop_counts_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
