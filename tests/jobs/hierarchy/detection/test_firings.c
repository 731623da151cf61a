/* Firings: begin, end, peak, and who made it. */
#include "tests/unit.h"

#include <math.h>

#include <string.h>

#include "jobs/hierarchy/detection/firings.h"

enum { MOST = 8 };

/* All firings of a series that comes in stretches of `length` slots; the last may last. */
static int scan(const double *e, int64_t n, int64_t length, double threshold, struct firing *found)
{
    struct firing_state state = {0};
    int count = 0;
    for (int64_t at = 0; at < n; at += length) {
        const int64_t some = n - at < length ? n - at : length;
        for (int64_t i = 0; i < some;) {
            bool is_peak = false;
            i = firing_scan(e + at, some, i, at, threshold, &state, &is_peak);
            if (is_peak) /* told in the stretch that has the peak */
                assert_true(state.firing.peak_slot >= at && state.firing.peak_slot < at + some);
            if (i < some) found[count++] = state.firing;
        }
    }
    if (state.is_open) found[count++] = state.firing;
    return count;
}

static void a_firing_lasts_from_the_threshold_to_the_first_slot_below(void **state)
{
    (void)state;
    const double e[] = {5, 1, 4, 7, 7, 3, 4, 4};
    for (int64_t length = 1; length <= 8; length++) {
        struct firing found[MOST];
        assert_int_equal(scan(e, 8, length, 4, found), 3);
        assert_int_equal(found[0].first, 0);
        assert_int_equal(found[0].end, 1);
        assert_int_equal(found[1].first, 2);
        assert_int_equal(found[1].end, 5);
        assert_int_equal(found[1].peak_slot, 3);
        assert_true(found[1].peak == 7);
        assert_int_equal(found[2].first, 6);
        assert_int_equal(found[2].end, -1);
    }
}

static void nothing_below_the_threshold_fires(void **state)
{
    (void)state;
    const double e[] = {3.9, 0, 3.99};
    struct firing found[MOST];
    assert_int_equal(scan(e, 3, 3, 4, found), 0);
}

static void contributors_come_in_falling_order_ties_by_node(void **state)
{
    (void)state;
    const double contributions[] = {1, 5, 0, 3, 1, 0};
    struct contributor order[6];
    struct contributor top[6];
    struct firing firing = {.top = top};
    firing_contributions(contributions, 6, order, &firing);
    assert_int_equal(firing.n_main, 3); /* 5 + 3 + 1 of 10 are 90 % */
    assert_int_equal(firing.n_top, 4);  /* what adds nothing is not named */
    const int64_t nodes[] = {1, 3, 0, 4};
    for (int i = 0; i < 4; i++) assert_int_equal(firing.top[i].node, nodes[i]);
}

/* 8 of 7 are 90 %, and so is the whole of 7. */
static void who_takes_from_e_comes_last_and_makes_no_part_of_it(void **state)
{
    (void)state;
    const double contributions[] = {-1, 8, (double)NAN, 0};
    struct contributor order[4], top[4];
    struct firing firing = {.top = top};
    firing_contributions(contributions, 4, order, &firing);
    assert_int_equal(firing.n_main, 1);
    assert_int_equal(firing.n_top, 2);
    assert_int_equal(firing.top[1].node, 0);
    assert_true(firing.top[1].e == -1);
}

static void contributors_are_kept_that_make_nine_tenths_and_twelve_at_least(void **state)
{
    (void)state;
    double contributions[100];
    struct contributor order[100], top[100];
    struct firing firing = {.top = top};
    for (int i = 0; i < 100; i++) contributions[i] = i + 1;
    firing_contributions(contributions, 100, order, &firing);
    assert_int_equal(firing.top[0].node, 99);
    assert_int_equal(firing.n_main, 69); /* 100 + 99 + ... + 32 = 4554 >= 4545 > 4522 */
    assert_int_equal(firing.n_top, 69);
    assert_int_equal(firing.top[68].node, 31);
    for (int i = 0; i < 100; i++) contributions[i] = i == 50 ? 1e6 : 1;
    firing_contributions(contributions, 100, order, &firing);
    assert_int_equal(firing.n_main, 1);
    assert_int_equal(firing.n_top, FIRING_TOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_firing_lasts_from_the_threshold_to_the_first_slot_below),
        cmocka_unit_test(nothing_below_the_threshold_fires),
        cmocka_unit_test(contributors_come_in_falling_order_ties_by_node),
        cmocka_unit_test(who_takes_from_e_comes_last_and_makes_no_part_of_it),
        cmocka_unit_test(contributors_are_kept_that_make_nine_tenths_and_twelve_at_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
