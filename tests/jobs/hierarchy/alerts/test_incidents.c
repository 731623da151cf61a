/* Incidents: which firings are about one thing. Components: 0 shop, 1 shop/db, 2 shop/web, 3 mail.
 */
#include "tests/unit.h"

#include "common/memory.h"
#include "jobs/hierarchy/alerts/incidents.h"

static const int64_t parents[] = {-1, 0, 0, -1};

static void group(const struct incident_firing *firings, int64_t n, int64_t gap_ms,
                  int64_t *incident)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(incidents_group(parents, 4, firings, n, gap_ms, arena, incident));
    lode_arena_destroy(arena);
}

static void siblings_at_one_time_are_two_incidents(void **state)
{
    (void)state;
    const struct incident_firing firings[] = {{1, 10, 20}, {2, 10, 20}};
    int64_t incident[2];
    group(firings, 2, 5, incident);
    assert_int_equal(incident[0], 1);
    assert_int_equal(incident[1], 2);
}

static void a_firing_above_joins_siblings(void **state)
{
    (void)state;
    const struct incident_firing firings[] = {{1, 10, 20}, {2, 10, 20}, {0, 12, 18}, {3, 12, 18}};
    int64_t incident[4];
    group(firings, 4, 0, incident);
    assert_int_equal(incident[0], 1);
    assert_int_equal(incident[1], 1);
    assert_int_equal(incident[2], 1);
    assert_int_equal(incident[3], 2); /* mail is no part of shop */
}

static void a_gap_joins_and_one_more_millisecond_parts(void **state)
{
    (void)state;
    int64_t incident[2];
    group((const struct incident_firing[]){{1, 10, 20}, {1, 25, 30}}, 2, 5, incident);
    assert_int_equal(incident[1], 1);
    group((const struct incident_firing[]){{1, 10, 20}, {1, 26, 30}}, 2, 5, incident);
    assert_int_equal(incident[1], 2);
}

static void a_short_firing_does_not_hide_one_that_lasts(void **state)
{
    (void)state;
    const struct incident_firing firings[] = {
        {1, 10, INT64_MIN}, {1, 11, 12}, {0, INT64_C(1) << 50, INT64_MIN}};
    int64_t incident[3];
    group(firings, 3, 5, incident);
    assert_int_equal(incident[2], 1);
}

static void numbers_follow_the_starts(void **state)
{
    (void)state;
    const struct incident_firing firings[] = {{3, 50, 60}, {1, 10, 20}};
    int64_t incident[2];
    group(firings, 2, 0, incident);
    assert_int_equal(incident[0], 2);
    assert_int_equal(incident[1], 1);
}

static bool are_related(int64_t a, int64_t b)
{
    return a == b || parents[a] == b || parents[b] == a;
}

/* Against the definition: the closure of "related and near". */
static void groups_are_the_closure_of_related_and_near(void **state)
{
    (void)state;
    enum { N = 12, GAP = 3 };
    uint64_t random = 2611;
    print_message("seed %llu\n", (unsigned long long)random);
    for (int round = 0; round < 2000; round++) {
        struct incident_firing firings[N];
        int64_t incident[N], expected[N];
        for (int i = 0; i < N; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            firings[i].component = (int64_t)(random >> 33) % 4;
            firings[i].start_ms = (int64_t)(random >> 40) % 60;
            firings[i].end_ms = firings[i].start_ms + 1 + (int64_t)(random >> 50) % 9;
            expected[i] = i;
        }
        for (bool moved = true; moved;) {
            moved = false;
            for (int i = 0; i < N; i++)
                for (int k = 0; k < N; k++)
                    if (are_related(firings[i].component, firings[k].component) &&
                        firings[i].end_ms + GAP >= firings[k].start_ms &&
                        firings[k].end_ms + GAP >= firings[i].start_ms &&
                        expected[k] > expected[i]) {
                        expected[k] = expected[i];
                        moved = true;
                    }
        }
        group(firings, N, GAP, incident);
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++)
                assert_int_equal(incident[i] == incident[k], expected[i] == expected[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(siblings_at_one_time_are_two_incidents),
        cmocka_unit_test(a_firing_above_joins_siblings),
        cmocka_unit_test(a_gap_joins_and_one_more_millisecond_parts),
        cmocka_unit_test(a_short_firing_does_not_hide_one_that_lasts),
        cmocka_unit_test(numbers_follow_the_starts),
        cmocka_unit_test(groups_are_the_closure_of_related_and_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
