/* Automaton: the same occurrences as looking for every key at every place. */
#include "tests/unit.h"

#include <string.h>

#include "common/expr/automaton.h"
#include "common/stats/random.h"

enum { KEYS = 40, LENGTH = 5, TEXT = 200 };

static int make_arena(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* How often each key ends at each place; text symbols may be 0, of no key. */
static void count_all(const struct automaton *automaton, const uint32_t *text, int n,
                      int32_t counts[TEXT][KEYS])
{
    int32_t state = 0;
    for (int i = 0; i < n; i++) {
        state = automaton_next(automaton, state, text[i]);
        for (int32_t at = automaton->report[state]; at != 0;
             at = automaton->report[automaton->fail[at]])
            for (int32_t e = automaton->endings[at]; e < automaton->endings[at + 1]; e++)
                counts[i][automaton->keys[e]]++;
    }
}

static void finds_he_she_his_hers(void **state)
{
    /* h 1, e 2, s 3, i 4, r 5: the example of the paper */
    const uint32_t symbols[] = {1, 2, 3, 1, 2, 1, 4, 3, 1, 2, 5, 3};
    const int32_t offsets[] = {0, 2, 5, 8, 12};
    const uint32_t text[] = {0, 3, 1, 2, 5, 3}; /* ushers */
    const struct automaton_keys keys = {
        .n_keys = 4, .offsets = offsets, .symbols = symbols, .n_symbols = 6};
    struct automaton automaton;
    int32_t counts[TEXT][KEYS] = {0};

    assert_ok(automaton_make(&keys, 1 << 20, *state, &automaton));
    assert_int_equal(automaton.n_states, 10);
    count_all(&automaton, text, 6, counts);

    assert_int_equal(counts[3][0], 1); /* he */
    assert_int_equal(counts[3][1], 1); /* she */
    assert_int_equal(counts[5][3], 1); /* hers */
    assert_int_equal(counts[5][2], 0); /* his */
}

static void no_keys_find_nothing(void **state)
{
    const int32_t offsets[] = {0};
    const struct automaton_keys keys = {.offsets = offsets, .n_symbols = 1};
    struct automaton automaton;
    assert_ok(automaton_make(&keys, 1 << 20, *state, &automaton));
    assert_int_equal(automaton_next(&automaton, 0, 0), 0);
    assert_int_equal(automaton.report[0], 0);
}

static int32_t naive(const uint32_t *text, int end, const uint32_t *key, int n)
{
    return end + 1 >= n && memcmp(text + end + 1 - n, key, sizeof *key * (size_t)n) == 0;
}

/* One table and one without, keys of few symbols, so that they overlap and repeat. */
static void check_seed(struct lode_arena *arena, uint64_t seed)
{
    struct lode_random random = lode_random_begin(seed, 0);
    const uint32_t n_symbols = 2 + (uint32_t)lode_random_below(&random, 3);
    const int n_keys = 1 + (int)lode_random_below(&random, KEYS);
    uint32_t symbols[KEYS * LENGTH], text[TEXT];
    int32_t offsets[KEYS + 1] = {0};
    for (int k = 0; k < n_keys; k++) {
        offsets[k + 1] = offsets[k] + 1 + (int32_t)lode_random_below(&random, LENGTH);
        for (int32_t i = offsets[k]; i < offsets[k + 1]; i++)
            symbols[i] = 1 + (uint32_t)lode_random_below(&random, n_symbols - 1);
    }
    for (int i = 0; i < TEXT; i++) text[i] = (uint32_t)lode_random_below(&random, n_symbols);
    const struct automaton_keys keys = {
        .n_keys = n_keys, .offsets = offsets, .symbols = symbols, .n_symbols = n_symbols};
    for (int with_table = 0; with_table < 2; with_table++) {
        struct automaton automaton;
        int32_t counts[TEXT][KEYS] = {0};
        assert_ok(automaton_make(&keys, with_table ? 1 << 20 : 0, arena, &automaton));
        assert_true((automaton.table != NULL) == (with_table == 1));
        count_all(&automaton, text, TEXT, counts);
        for (int i = 0; i < TEXT; i++)
            for (int k = 0; k < n_keys; k++)
                assert_int_equal(counts[i][k],
                                 naive(text, i, symbols + offsets[k], offsets[k + 1] - offsets[k]));
    }
}

static void random_keys_are_found_as_by_looking_everywhere(void **state)
{
    for (uint64_t seed = 1; seed <= 500; seed++) {
        lode_arena_reset(*state);
        check_seed(*state, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_he_she_his_hers),
        cmocka_unit_test(no_keys_find_nothing),
        cmocka_unit_test(random_keys_are_found_as_by_looking_everywhere),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
