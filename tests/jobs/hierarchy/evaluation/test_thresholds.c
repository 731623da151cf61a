/* Thresholds: all at once counts what one after the other counts. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/stats/random.h"
#include "jobs/hierarchy/evaluation/thresholds.h"

enum { N = EVALUATION_THRESHOLDS, SLOTS = 300, ISSUES = 3 };

static void thresholds_are_geometric_from_0_02_to_5000(void **state)
{
    (void)state;
    double at[N];
    thresholds_make(at);
    assert_true(at[0] == 0.02);
    assert_true(at[N - 1] == 5000.0);
    const double step = pow(5000.0 / 0.02, 1.0 / (N - 1));
    for (int i = 1; i < N; i++) {
        assert_true(fabs(at[i] / (0.02 * pow(step, i)) - 1.0) < 1e-12);
        assert_true(at[i] > at[i - 1]);
    }
}

static void a_threshold_is_reached_by_its_own_value(void **state)
{
    (void)state;
    const double at[] = {1, 2, 4};
    assert_int_equal(thresholds_reached(at, 3, 0.99), 0);
    assert_int_equal(thresholds_reached(at, 3, 1), 1);
    assert_int_equal(thresholds_reached(at, 3, 3.9), 2);
    assert_int_equal(thresholds_reached(at, 3, 4), 3);
    assert_int_equal(thresholds_reached(at, 3, (double)INFINITY), 3);
    assert_int_equal(thresholds_reached(at, 3, (double)NAN), 0);
}

/* What one series comes to. */
struct counted {
    int64_t firings[N + 1], inside[N + 1], covers[ISSUES][N + 1];
};

static void count_all(const double *at, const double *e, int64_t n, const uint8_t *is_inside,
                      const struct issue_slots *issues, struct tally_place *place,
                      struct counted *counted)
{
    const struct tally tally = {counted->firings, counted->inside};
    int64_t *const covers[] = {counted->covers[0], counted->covers[1], counted->covers[2]};
    const struct tally_series series = {e, n, is_inside, ISSUES, issues};
    tally_add(at, N, &series, place, &tally, covers);
}

static void sum_up(struct counted *counted)
{
    thresholds_sum(counted->firings, N);
    thresholds_sum(counted->inside, N);
    for (int k = 0; k < ISSUES; k++) thresholds_sum(counted->covers[k], N);
}

/* One threshold after the other, slot by slot. */
static void count_naively(const double *at, const double *e, const struct issue_slots *issues,
                          struct counted *counted)
{
    for (int t = 0; t < N; t++)
        for (int64_t i = 0; i < SLOTS; i++) {
            bool is_inside = false;
            if (e[i] < at[t] || (i > 0 && e[i - 1] >= at[t])) continue;
            counted->firings[t]++;
            for (int k = 0; k < ISSUES; k++)
                if (i >= issues[k].first && i < issues[k].end) {
                    is_inside = true;
                    counted->covers[k][t]++;
                }
            counted->inside[t] += is_inside;
        }
}

static void mark_inside(const struct issue_slots *issues, uint8_t *is_inside)
{
    memset(is_inside, 0, SLOTS);
    for (int k = 0; k < ISSUES; k++)
        for (int64_t i = issues[k].first; i < issues[k].end; i++) is_inside[i] = 1;
}

static void make_series(struct lode_random *random, const double *at, double *e)
{
    for (int i = 0; i < SLOTS; i++) {
        const uint64_t what = lode_random_below(random, 4);
        e[i] = what == 0   ? 0.0
               : what == 1 ? at[lode_random_below(random, N)] /* exactly on one */
                           : 0.01 * exp(14.0 * lode_random_uniform(random));
    }
}

static void all_thresholds_at_once_count_as_one_after_the_other(void **state)
{
    (void)state;
    const struct issue_slots issues[ISSUES] = {{0, 5}, {100, 140}, {130, 300}};
    double at[N], e[SLOTS];
    uint8_t is_inside[SLOTS];
    thresholds_make(at);
    mark_inside(issues, is_inside);
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct lode_random random = lode_random_begin(seed, 0);
        struct counted all = {0}, naive = {0};
        struct tally_place place = {0};
        make_series(&random, at, e);
        count_all(at, e, SLOTS, is_inside, issues, &place, &all);
        sum_up(&all);
        count_naively(at, e, issues, &naive);
        if (memcmp(all.firings, naive.firings, N * sizeof *all.firings) != 0 ||
            memcmp(all.inside, naive.inside, N * sizeof *all.inside) != 0)
            fail_msg("seed %llu", (unsigned long long)seed);
        for (int k = 0; k < ISSUES; k++)
            assert_memory_equal(all.covers[k], naive.covers[k], N * sizeof **all.covers);
    }
}

/* Stretches are what memory allows: they may change nothing. */
static void a_series_may_come_in_stretches(void **state)
{
    (void)state;
    const struct issue_slots none[ISSUES] = {{0, 0}};
    double at[N], e[SLOTS];
    thresholds_make(at);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct lode_random random = lode_random_begin(seed, 0);
        struct counted whole = {0}, pieces = {0};
        struct tally_place place = {0}, next = {0};
        make_series(&random, at, e);
        count_all(at, e, SLOTS, NULL, none, &place, &whole);
        for (int64_t i = 0, n = 0; i < SLOTS; i += n) {
            n = 1 + (int64_t)lode_random_below(&random, 40);
            if (n > SLOTS - i) n = SLOTS - i;
            count_all(at, e + i, n, NULL, none, &next, &pieces);
        }
        assert_memory_equal(whole.firings, pieces.firings, sizeof whole.firings);
    }
}

static void the_first_slot_fires_where_it_is_at_or_above(void **state)
{
    (void)state;
    const double at[] = {1, 2, 4}, e[] = {2, 2, 4, 1, 1};
    int64_t firings[4] = {0}, inside[4] = {0};
    const struct tally tally = {firings, inside};
    struct tally_place place = {0};
    const struct tally_series series = {.e = e, .n = 5};
    tally_add(at, 3, &series, &place, &tally, NULL);
    thresholds_sum(firings, 3);
    assert_int_equal(firings[0], 1); /* never below 1 again */
    assert_int_equal(firings[1], 1); /* slot 0 */
    assert_int_equal(firings[2], 1); /* slot 2 */
    assert_int_equal(inside[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_are_geometric_from_0_02_to_5000),
        cmocka_unit_test(a_threshold_is_reached_by_its_own_value),
        cmocka_unit_test(all_thresholds_at_once_count_as_one_after_the_other),
        cmocka_unit_test(a_series_may_come_in_stretches),
        cmocka_unit_test(the_first_slot_fires_where_it_is_at_or_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
