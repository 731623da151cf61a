/* Vote: what a leaf's E counts for above it. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/hierarchy/model/vote.h"

static void nothing_is_no_vote(void **state)
{
    (void)state;
    assert_true(vote_of(0.0, 30.0) == 0.0);
    assert_true(vote_of(0.0, 1e6) == 0.0);
}

/* 1 + E / c = e^k. */
static void each_e_fold_adds_c(void **state)
{
    (void)state;
    for (int k = 1; k < 20; k++)
        assert_true(fabs(vote_of(30.0 * expm1(k), 30.0) - 30.0 * k) < 1e-11);
}

static void a_vote_is_that_of_the_formula_and_never_falls(void **state)
{
    (void)state;
    double before = 0.0;
    for (double e = 1e-9; e < 1e300; e *= 1.07) {
        const double vote = vote_of(e, 30.0), expected = 30.0 * log1p(e / 30.0);
        assert_true(fabs(vote - expected) <= 2e-14 + 1e-15 * expected);
        assert_true(vote >= before && vote <= e + 2e-14);
        before = vote;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_no_vote),
        cmocka_unit_test(each_e_fold_adds_c),
        cmocka_unit_test(a_vote_is_that_of_the_formula_and_never_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
