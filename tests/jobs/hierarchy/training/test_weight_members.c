/* Weights of members: a tree of two groups of leaves, a stray leaf, a group of groups, an end and a
 * whole. */
#include "tests/unit.h"

#include <math.h>

#include "jobs/hierarchy/training/weight_members.h"

enum { LEAVES = 6, DETECTORS = LEAVES + 5, MEMBERS = 12 };

/* Leaves 0, 1, 2 in group 6, 3 and 4 in group 7, 5 alone; 8 is a group of both groups, 9 the end,
 * 10 the whole. */
static struct model_member members[MEMBERS];

static struct model make_tree(struct lode_arena *arena)
{
    struct model_detector *detectors;
    assert_ok(lode_take_zero(arena, DETECTORS, &detectors));
    const struct model_member fresh[MEMBERS] = {{0, 1.0},     {1, 1.0}, {2, 1.0}, {3, 1.0},
                                                {4, 1.0},     {6, 1.0}, {7, 1.0}, {6, sqrt(3)},
                                                {7, sqrt(2)}, {5, 1.0}, {9, 1.0}, {8, 1.0}};
    for (int i = 0; i < MEMBERS; i++) members[i] = fresh[i];
    for (int d = 0; d < LEAVES; d++) detectors[d] = (struct model_detector){.role = MODEL_LEAF};
    detectors[6] = (struct model_detector){.role = MODEL_GROUP, .level = 1, .n_members = 3};
    detectors[7] =
        (struct model_detector){.role = MODEL_GROUP, .level = 1, .first_member = 3, .n_members = 2};
    detectors[8] =
        (struct model_detector){.role = MODEL_GROUP, .level = 2, .first_member = 5, .n_members = 2};
    detectors[9] = (struct model_detector){.role = MODEL_END, .first_member = 7, .n_members = 3};
    detectors[10] =
        (struct model_detector){.role = MODEL_WHOLE, .first_member = 10, .n_members = 2};
    return (struct model){
        .n_detectors = DETECTORS, .detectors = detectors, .n_members = MEMBERS, .members = members};
}

static void assert_equal_to_rounding(double seen, double expected)
{
    if (!(fabs(seen - expected) <= 1e-15 * expected)) fail_msg("%.17g, not %.17g", seen, expected);
}

static void find(const double *of_leaves, double *weights)
{
    struct lode_arena *arena = NULL;
    assert_ok(lode_arena_create(0, &arena));
    const struct model model = make_tree(arena);
    assert_ok(weight_members(&model, of_leaves, arena, weights));
    lode_arena_destroy(arena);
}

static void leaves_that_all_weigh_1_leave_the_tree_as_it_is_to_the_bit(void **state)
{
    (void)state;
    const double of_leaves[DETECTORS] = {1, 1, 1, 1, 1, 1};
    double weights[MEMBERS];
    find(of_leaves, weights);
    for (int i = 0; i < MEMBERS; i++) assert_true(weights[i] == members[i].weight);
}

static void groups_count_by_the_mean_weight_of_their_leaves(void **state)
{
    (void)state;
    const double of_leaves[DETECTORS] = {0.5, 1.0, 1.5, 0.25, 0.75, 3.0};
    double weights[MEMBERS];
    find(of_leaves, weights);
    for (int i = 0; i < 5; i++) assert_equal_to_rounding(weights[i], of_leaves[i]);
    assert_equal_to_rounding(weights[5], 1.0); /* in the group of groups */
    assert_equal_to_rounding(weights[6], 0.5);
    assert_equal_to_rounding(weights[7], sqrt(3)); /* in the end */
    assert_equal_to_rounding(weights[8], 0.5 * sqrt(2));
    assert_equal_to_rounding(weights[9], 3.0);
    assert_equal_to_rounding(weights[10], 1.0); /* in the whole: as before */
    assert_equal_to_rounding(weights[11], 1.0);
}

static void no_weight_is_more_than_a_model_may_have(void **state)
{
    (void)state;
    const double of_leaves[DETECTORS] = {1e6, 1e6, 1e6, 1, 1, 1};
    double weights[MEMBERS];
    find(of_leaves, weights);
    for (int i = 0; i < MEMBERS; i++) assert_true(weights[i] > 0 && weights[i] <= 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_that_all_weigh_1_leave_the_tree_as_it_is_to_the_bit),
        cmocka_unit_test(groups_count_by_the_mean_weight_of_their_leaves),
        cmocka_unit_test(no_weight_is_more_than_a_model_may_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
