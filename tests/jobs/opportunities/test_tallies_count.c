/* Tallies counted by sets of sessions against a loop over sessions. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jobs/opportunities/cohort_tally.h"

enum { MOST_USERS = 200, MOST_SESSIONS = 64 * MOST_USERS, MOST_COHORTS = TALLY_MOST_SETS + 3 };

/* Sessions of all users, user after user. */
struct world {
    int64_t n_users, n_sessions, n_cohorts;
    int64_t offsets[MOST_USERS + 1];
    uint32_t codes[MOST_SESSIONS]; /* n_cohorts and LODE_NO_CODE: none */
    uint8_t marks[MOST_SESSIONS];
    double values[MOST_SESSIONS];
};

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

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Users of 0 to 200 sessions, many of them ending on the border of a word; values that lose bits
 * in a plain sum. */
static void make_world(uint64_t *seed, int64_t n_cohorts, struct world *world)
{
    world->n_users = (int64_t)(next_random(seed) % 60);
    world->n_sessions = 0;
    world->n_cohorts = n_cohorts;
    world->offsets[0] = 0;
    const uint64_t missing = next_random(seed) % 4; /* of 8 */
    for (int64_t user = 0; user < world->n_users; user++) {
        const uint64_t kind = next_random(seed) % 8;
        int64_t n = (int64_t)(next_random(seed) % 5);
        if (kind == 0) n = 64 - world->n_sessions % 64;
        if (kind == 1) n = (int64_t)(next_random(seed) % 200);
        world->n_sessions += n;
        world->offsets[user + 1] = world->n_sessions;
    }
    for (int64_t s = 0; s < world->n_sessions; s++) {
        const uint64_t code = next_random(seed) % (uint64_t)(n_cohorts + 1);
        world->codes[s] = code == (uint64_t)n_cohorts && s % 2 ? LODE_NO_CODE : (uint32_t)code;
        world->marks[s] =
            next_random(seed) % 8 < missing ? LODE_KPI_NO_VALUE : (uint8_t)(next_random(seed) % 2);
        world->values[s] = next_random(seed) % 8 < missing
                               ? (double)NAN
                               : ldexp((double)next_random(seed), (int)(next_random(seed) % 80));
    }
}

static void count_by_loop(const struct world *world, bool is_binary, struct tally *tallies)
{
    memset(tallies, 0, (size_t)(world->n_cohorts + 1) * sizeof *tallies);
    for (int64_t user = 0; user < world->n_users; user++) {
        for (int64_t s = world->offsets[user]; s < world->offsets[user + 1]; s++) {
            if (world->codes[s] >= world->n_cohorts) continue;
            struct tally *tally = &tallies[world->codes[s]];
            if (is_binary)
                tally_mark(tally, world->marks[s], user + 1);
            else
                tally_value(tally, world->values[s], user + 1);
        }
    }
}

static void assert_same_bits(struct exact_sum a, struct exact_sum b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void assert_tallies(const struct tally *got, const struct tally *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(got[i].users, want[i].users);
        assert_int_equal(got[i].sessions, want[i].sessions);
        assert_int_equal(got[i].faulty, want[i].faulty);
        assert_same_bits(got[i].sum, want[i].sum);
        assert_same_bits(got[i].squares, want[i].squares);
    }
}

/* Both KPIs by the cohorts, in this order and then the first again. */
static void assert_counts(const struct world *world, const struct tally_users *users,
                          const struct tally_kpi *kpis, struct tally_cohorts *cohorts)
{
    for (int i = 0; i < 3; i++) {
        struct tally got[MOST_COHORTS + 1], want[MOST_COHORTS + 1];
        count_by_loop(world, kpis[i % 2].marks != NULL, want);
        tallies_count(users, &kpis[i % 2], cohorts, got);
        assert_tallies(got, want, world->n_cohorts);
    }
}

static void assert_world(const struct world *world, struct lode_arena *arena)
{
    struct tally_users users;
    struct tally_cohorts cohorts;
    struct tally_kpi kpis[2] = {{.marks = world->marks}, {.values = world->values}};
    assert_ok(tally_users_make(world->n_users, world->offsets, arena, &users));
    for (int i = 0; i < 2; i++) assert_ok(tally_kpi_make(&users, kpis, i, arena, &kpis[i]));
    assert_ok(tally_cohorts_of_codes(&users, world->codes, world->n_cohorts, arena, &cohorts));
    assert_counts(world, &users, kpis, &cohorts);
    if (world->n_cohorts != 2) return;

    uint64_t is_true[MOST_SESSIONS / 64 + 1] = {0}, has_value[MOST_SESSIONS / 64 + 1] = {0};
    for (int64_t s = 0; s < world->n_sessions; s++) {
        is_true[s / 64] |= (uint64_t)(world->codes[s] == 1) << s % 64;
        has_value[s / 64] |= (uint64_t)(world->codes[s] < 2) << s % 64;
    }
    assert_ok(tally_cohorts_of_bool(&users, is_true, has_value, arena, &cohorts));
    assert_counts(world, &users, kpis, &cohorts);
}

static void sets_count_what_a_loop_over_sessions_counts(void **state)
{
    static struct world world;
    struct lode_arena *arena = *state;
    for (uint64_t first_seed = 1; first_seed <= 400; first_seed++) {
        uint64_t seed = first_seed;
        if (first_seed % 100 == 1) printf("seeds from %llu\n", (unsigned long long)seed);
        make_world(&seed, 1 + (int64_t)(first_seed % MOST_COHORTS), &world);
        assert_world(&world, arena);
        lode_arena_reset(arena);
    }
}

static void a_user_over_three_words_counts_once(void **state)
{
    static struct world world = {.n_users = 3, .n_sessions = 193, .n_cohorts = 2};
    struct lode_arena *arena = *state;
    const int64_t offsets[] = {0, 1, 192, 193};
    memcpy(world.offsets, offsets, sizeof offsets);
    for (int64_t s = 0; s < 193; s++) world.codes[s] = 1;
    world.codes[1] = 0;
    struct tally_users users;
    struct tally_cohorts cohorts;
    struct tally_kpi kpi = {.marks = world.marks};
    struct tally tallies[3];
    assert_ok(tally_users_make(3, world.offsets, arena, &users));
    assert_ok(tally_kpi_make(&users, NULL, 0, arena, &kpi));
    assert_ok(tally_cohorts_of_codes(&users, world.codes, 2, arena, &cohorts));
    tallies_count(&users, &kpi, &cohorts, tallies);
    assert_int_equal(tallies[0].users, 1);
    assert_int_equal(tallies[0].sessions, 1);
    assert_int_equal(tallies[1].users, 3);
    assert_int_equal(tallies[1].sessions, 192);
}

static void kpis_that_know_the_same_sessions_share_a_set(void **state)
{
    struct lode_arena *arena = *state;
    const int64_t offsets[] = {0, 2, 3};
    const uint8_t marks[][3] = {{0, 2, 1}, {1, 2, 0}, {1, 1, 1}};
    struct tally_users users;
    struct tally_kpi kpis[3] = {{.marks = marks[0]}, {.marks = marks[1]}, {.marks = marks[2]}};
    assert_ok(tally_users_make(2, offsets, arena, &users));
    for (int i = 0; i < 3; i++) assert_ok(tally_kpi_make(&users, kpis, i, arena, &kpis[i]));
    assert_ptr_equal(kpis[1].known, kpis[0].known);
    assert_ptr_not_equal(kpis[2].known, kpis[0].known);
    assert_int_equal(kpis[0].known[0], 5);
    assert_int_equal(kpis[1].faulty[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sets_count_what_a_loop_over_sessions_counts, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(a_user_over_three_words_counts_once, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(kpis_that_know_the_same_sessions_share_a_set, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
