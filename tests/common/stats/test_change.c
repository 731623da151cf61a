/* The test of one series against planted steps and against chance. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/stats/change.h"
#include "common/stats/random.h"

static void assert_near(double seen, double expected, double absolute, double relative)
{
    if (!(fabs(seen - expected) <= absolute + relative * fabs(expected)))
        fail_msg("expected %.17g, got %.17g", expected, seen);
}

enum { SLOTS = 60, EACH = 400 };

struct made {
    double counts[SLOTS], sums[SLOTS], squares[SLOTS];
};

/* Faulty sessions at rate `before`, from slot `at` on at `after`; each slot's rate is further moved
 * by up to +-wobble. */
static void make_rates(uint64_t seed, int at, double before, double after, double wobble,
                       struct made *made)
{
    struct lode_random random = lode_random_begin(seed, 1);
    for (int i = 0; i < SLOTS; i++) {
        const double rate =
            (i < at ? before : after) + wobble * (2 * lode_random_uniform(&random) - 1);
        made->counts[i] = EACH;
        made->sums[i] = made->squares[i] = 0;
        for (int k = 0; k < EACH; k++) made->sums[i] += lode_random_chance(&random, rate);
    }
}

static struct lode_change change_of(const struct made *made, bool is_rate)
{
    const struct lode_change_series series = {SLOTS, made->counts, made->sums,
                                              is_rate ? NULL : made->squares};
    struct lode_change change;
    lode_change_find(&series, 5, &change);
    return change;
}

static void a_planted_step_of_a_rate_is_found_within_one_slot(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct made made;
        make_rates(seed, 37, 0.10, 0.20, 0, &made);
        const struct lode_change change = change_of(&made, true);
        assert_true(change.is_judged);
        if (llabs(change.at - 37) > 1 || change.p > 1e-12)
            fail_msg("seed %llu: at %lld, p %g", (unsigned long long)seed, (long long)change.at,
                     change.p);
        assert_near(change.before, 0.10, 0.01, 0);
        assert_near(change.after, 0.20, 0.015, 0);
    }
}

/* 8 h E of a rate is the chi-square of the 2 x 2 table to the third order: 3000 of 30000 against
 * 3300 of 30000 has chi-square 15.95. */
static void z_squared_is_the_chi_square_of_the_table(void **state)
{
    (void)state;
    const double counts[] = {30000, 30000}, sums[] = {3000, 3300};
    const struct lode_change_series series = {2, counts, sums, NULL};
    struct lode_change change;
    lode_change_find(&series, 1, &change);
    assert_true(change.is_judged);
    assert_near(change.z * change.z * change.dispersion, 15.9601, 0, 0.001);
}

/* Binomial error of 2,000 trials at 5 %: 0.5 %; the formula is for continuous time and errs to the
 * safe side. */
static void chance_is_taken_for_change_in_at_most_one_of_twenty(void **state)
{
    (void)state;
    int plain = 0, wobbling = 0;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        struct made made;
        make_rates(seed, 0, 0.10, 0.10, 0, &made);
        plain += change_of(&made, true).p <= 0.05;
        make_rates(seed, 0, 0.10, 0.10, 0.06, &made); /* slots differ by more than chance */
        wobbling += change_of(&made, true).p <= 0.05;
    }
    print_message("p <= 0.05 without a change: %d of 2000; with wobbling slots: %d\n", plain,
                  wobbling);
    assert_true(plain <= 110 && plain >= 20);
    assert_true(wobbling <= 130);
}

/* Values of mean 50, from slot 20 on 52, spread 10: given by their sums. */
static void a_step_of_a_numeric_kpi_is_found_whatever_its_unit(void **state)
{
    (void)state;
    struct made made, scaled;
    struct lode_random random = lode_random_begin(3, 1);
    for (int i = 0; i < SLOTS; i++) {
        made.counts[i] = EACH;
        made.sums[i] = made.squares[i] = 0;
        for (int k = 0; k < EACH; k++) {
            const double x = (i < 20 ? 50 : 52) + 10 * lode_random_normal(&random);
            made.sums[i] += x;
            made.squares[i] += x * x;
        }
        scaled.counts[i] = EACH;
        scaled.sums[i] = made.sums[i] * 1024;
        scaled.squares[i] = made.squares[i] * 1024 * 1024;
    }
    const struct lode_change change = change_of(&made, false);
    assert_true(llabs(change.at - 20) <= 1 && change.p < 1e-12);
    assert_near(change.after - change.before, 2, 0.3, 0);
    const struct lode_change other = change_of(&scaled, false);
    assert_true(other.at == change.at && other.z == change.z); /* exact: a power of two */
}

static void slots_without_sessions_do_not_matter(void **state)
{
    (void)state;
    struct made made, holes;
    make_rates(5, 30, 0.1, 0.3, 0, &made);
    memset(&holes, 0, sizeof holes);
    for (int i = 0; i < SLOTS / 2; i++) { /* every second slot of the first is in the second */
        holes.counts[2 * i] = made.counts[i + 15];
        holes.sums[2 * i] = made.sums[i + 15];
    }
    const struct lode_change change = change_of(&holes, true);
    assert_true(change.is_judged && llabs(change.at - 30) <= 2);
}

static void what_cannot_be_judged_says_so(void **state)
{
    (void)state;
    struct made made;
    make_rates(1, 0, 0, 0, 0, &made); /* no faulty session */
    assert_false(change_of(&made, true).is_judged);
    assert_true(isnan(change_of(&made, true).p));
    const struct lode_change_series few = {9, made.counts, made.counts, NULL};
    struct lode_change change;
    lode_change_find(&few, 5, &change);
    assert_false(change.is_judged);
    assert_true(lode_change_p(0.5, 0.1, 0.9) == 1.0);
}

/* pLausen92(3, 0.1, 0.9) of R's maxstat: 4 d / 3 + d (3 - 1/3) ln 81, d = 0.00443185. */
static void p_is_that_of_maximally_selected_chi_squares(void **state)
{
    (void)state;
    assert_near(lode_change_p(3, 0.1, 0.9), 0.00443184841 * (4.0 / 3 + 8.0 / 3 * log(81)), 0, 1e-8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_step_of_a_rate_is_found_within_one_slot),
        cmocka_unit_test(z_squared_is_the_chi_square_of_the_table),
        cmocka_unit_test(chance_is_taken_for_change_in_at_most_one_of_twenty),
        cmocka_unit_test(a_step_of_a_numeric_kpi_is_found_whatever_its_unit),
        cmocka_unit_test(slots_without_sessions_do_not_matter),
        cmocka_unit_test(what_cannot_be_judged_says_so),
        cmocka_unit_test(p_is_that_of_maximally_selected_chi_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
