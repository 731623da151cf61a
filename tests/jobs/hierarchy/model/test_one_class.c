/* One class: the distance of a slot, and who has which part of it. */
#include "tests/unit.h"

#include "jobs/hierarchy/model/one_class.h"

/* F = (1 0; -1 2): S^-1 = F'F = (2 -2; -2 4). */
static const double factor[] = {1, -1, 2};

static void a_distance_is_the_square_of_a_length(void **state)
{
    (void)state;
    const double slot[] = {3, 1}; /* F x = (3, -1) */
    assert_true(one_class_distance(factor, 2, slot) == 10);
}

static void members_share_the_distance_exactly_and_one_may_take_from_it(void **state)
{
    (void)state;
    const double slot[] = {3, 1}; /* S^-1 x = (4, -2): 12 and -2 of 10 */
    double shares[2];
    one_class_shares(factor, 2, slot, shares);
    assert_true(shares[0] == 1.2 && shares[1] == -0.2);
}

static void who_does_not_move_has_no_share(void **state)
{
    (void)state;
    const double one[] = {0, 5}, none[] = {0, 0};
    double shares[2];
    one_class_shares(factor, 2, one, shares);
    assert_true(shares[0] == 0 && shares[1] == 1);
    one_class_shares(factor, 2, none, shares);
    assert_true(shares[0] == 0 && shares[1] == 0);
    assert_true(one_class_distance(factor, 2, none) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distance_is_the_square_of_a_length),
        cmocka_unit_test(members_share_the_distance_exactly_and_one_may_take_from_it),
        cmocka_unit_test(who_does_not_move_has_no_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
