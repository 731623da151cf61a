/* Plan: E of a tree, who adds what to it, and what a worker refuses. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/detection/plan.h"

enum { LEAVES = 5, NODES = 9, MEMBERS = 7 };

/* Two groups, their end, the largest of both, and the mean of all leaves. */
static struct plan_node nodes[NODES] = {
    [0 ... 4] = {.kind = PLAN_LEAF,
                 .settings = {.window = 10,
                              .edge = 2,
                              .least_side = 2,
                              .noise = 20,
                              .usual_variance = 0.5}},
    [5] = {.kind = PLAN_MEAN, .level = 1, .first_member = 0, .n_members = 3},
    [6] = {.kind = PLAN_LARGEST, .level = 1, .first_member = 3, .n_members = 2},
    [7] = {.kind = PLAN_MEAN, .level = 2, .first_member = 5, .n_members = 2, .is_kept = true},
    [8] = {.kind = PLAN_LARGEST, .level = 2, .first_member = 5, .n_members = 2, .alert = 4.5},
};
static struct plan_member members[] = {{0, 1}, {1, 2}, {2, 1}, {2, 1}, {3, 1}, {5, 1}, {6, 3}};
static struct plan_issue issues[] = {{100, 200, 7}};

static struct plan_component make_plan(void)
{
    return (struct plan_component){.component = 3,
                                   .first_ms = -5,
                                   .step_ms = 60000,
                                   .trained_ms = 100,
                                   .last_ms = 200,
                                   .vote = 30,
                                   .n_nodes = NODES,
                                   .nodes = nodes,
                                   .n_members = MEMBERS,
                                   .members = members,
                                   .n_issues = 1,
                                   .issues = issues};
}

static void combine_all(const struct plan_component *plan, double *values)
{
    double *e[NODES], scratch[2 * MEMBERS];
    for (int i = 0; i < NODES; i++) e[i] = &values[i];
    for (int64_t i = LEAVES; i < NODES; i++) plan_combine(plan, i, 1, e, scratch);
}

static void groups_are_weighted_means_or_the_largest_of_their_members(void **state)
{
    (void)state;
    const struct plan_component plan = make_plan();
    double e[NODES] = {4, 2, 8, 6, 1};
    combine_all(&plan, e);
    assert_true(e[5] == (4 + 2 * 2 + 8) / 4.0);
    assert_true(e[6] == 8);
    assert_true(e[7] == (e[5] + 3 * e[6]) / 4.0);
    assert_true(e[8] == 8);
}

static void contributions_of_leaves_add_up_to_e(void **state)
{
    (void)state;
    const struct plan_component plan = make_plan();
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct lode_random random = lode_random_begin(seed, 0);
        double e[NODES], contribution[NODES], scratch[2 * MEMBERS];
        for (int i = 0; i < LEAVES; i++) e[i] = lode_random_exponential(&random);
        combine_all(&plan, e);
        for (int64_t node = 0; node < NODES; node++) {
            double sum = 0.0;
            plan_contributions(&plan, node, e, scratch, contribution);
            for (int i = 0; i < NODES; i++) {
                if (i >= LEAVES) assert_true(contribution[i] == 0.0);
                sum += contribution[i];
            }
            assert_true(contribution[4] == 0.0 || node == 4); /* below no group */
            if (fabs(sum - e[node]) > 1e-12 * e[node])
                fail_msg("seed %llu, node %lld", (unsigned long long)seed, (long long)node);
        }
    }
}

/* Two leaves in a group, one beside it; V = 30 ln(1 + E / 30) is 0, 30, 60 here. */
static void leaves_vote_once_and_their_votes_are_their_contributions(void **state)
{
    (void)state;
    enum { GROUP = 3, END, HIGHEST };
    struct plan_node tree[] = {
        [0 ... 2] = {.kind = PLAN_LEAF},
        [GROUP] = {.kind = PLAN_VOTES, .first_member = 0, .n_members = 2},
        [END] = {.kind = PLAN_VOTES, .first_member = 2, .n_members = 2},
        [HIGHEST] = {.kind = PLAN_LARGEST, .first_member = 2, .n_members = 1},
    };
    struct plan_member holds[] = {{0, 1}, {1, 1}, {GROUP, 2}, {2, 1}};
    const struct plan_component plan = {
        .vote = 30, .n_nodes = 6, .nodes = tree, .n_members = 4, .members = holds};
    double values[6] = {0, 30 * (M_E - 1), 30 * (M_E * M_E - 1)}, contribution[6], scratch[8],
           *e[6];
    for (int i = 0; i < 6; i++) e[i] = &values[i];
    for (int i = GROUP; i <= HIGHEST; i++) plan_combine(&plan, i, 1, e, scratch);
    assert_true(fabs(values[GROUP] - 15) < 1e-12);
    assert_true(fabs(values[END] - (2 * 15 + 60) / 3.0) < 1e-12);
    assert_true(values[HIGHEST] == values[GROUP]);
    plan_contributions(&plan, END, values, scratch, contribution);
    assert_true(contribution[0] == 0);
    assert_true(fabs(contribution[1] - 10) < 1e-12 && fabs(contribution[2] - 20) < 1e-12);
    plan_contributions(&plan, HIGHEST, values, scratch, contribution);
    assert_true(fabs(contribution[1] - 15) < 1e-12 && contribution[2] == 0);
    plan_contributions(&plan, 1, values, scratch, contribution);
    assert_true(contribution[1] == values[1]); /* a leaf by itself does not vote */
}

/* A classifier of three leaves and of a classifier of two, and the mean of the first and a leaf. */
enum { SMALL = 5, LARGE, ABOVE, TREE, TREE_MEMBERS = 8 };
static const double small_factor[] = {1, -1, 2};
static const double large_factor[] = {0.5, -0.25, 1, 0, -0.5, 2, -0.1, 0.2, -0.3, 0.4};
static const struct plan_node classifiers[TREE] = {
    [0 ... 4] = {.kind = PLAN_LEAF},
    [SMALL] = {.kind = PLAN_ONE_CLASS, .n_members = 2, .sigma = 2, .factor = small_factor},
    [LARGE] = {.kind = PLAN_ONE_CLASS,
               .first_member = 2,
               .n_members = 4,
               .sigma = 0.3,
               .factor = large_factor},
    [ABOVE] = {.kind = PLAN_MEAN, .first_member = 6, .n_members = 2},
};
static const struct plan_member classified[TREE_MEMBERS] = {{0, 1}, {1, 1},     {2, 1},     {3, 1},
                                                            {4, 1}, {SMALL, 1}, {LARGE, 1}, {0, 1}};

static struct plan_component make_classifiers(struct plan_node *tree, struct plan_member *holds)
{
    memcpy(tree, classifiers, sizeof classifiers);
    memcpy(holds, classified, sizeof classified);
    return (struct plan_component){.step_ms = 60000,
                                   .vote = 30,
                                   .n_nodes = TREE,
                                   .nodes = tree,
                                   .n_members = TREE_MEMBERS,
                                   .members = holds};
}

/* Votes 30 and 0 of 30 (e - 1) and 0: |F x|^2 = 900 + 900. */
static void a_classifier_measures_the_votes_of_its_members(void **state)
{
    (void)state;
    struct plan_node tree[TREE];
    struct plan_member holds[TREE_MEMBERS];
    const struct plan_component plan = make_classifiers(tree, holds);
    double values[TREE] = {30 * (M_E - 1)}, scratch[2 * TREE_MEMBERS], *e[TREE];
    for (int i = 0; i < TREE; i++) e[i] = &values[i];
    plan_combine(&plan, SMALL, 1, e, scratch);
    assert_true(fabs(values[SMALL] - 1800) < 1e-9);
}

static void contributions_below_classifiers_add_up_to_e(void **state)
{
    (void)state;
    struct plan_node tree[TREE];
    struct plan_member holds[TREE_MEMBERS];
    const struct plan_component plan = make_classifiers(tree, holds);
    bool has_negative = false;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct lode_random random = lode_random_begin(seed, 1);
        double values[TREE] = {0}, contribution[TREE], scratch[2 * TREE_MEMBERS], *e[TREE];
        for (int i = 0; i < TREE; i++) e[i] = &values[i];
        for (int i = 0; i < LEAVES; i++) values[i] = 40 * lode_random_exponential(&random);
        values[seed % LEAVES] = 0;
        for (int i = SMALL; i < TREE; i++) plan_combine(&plan, i, 1, e, scratch);
        for (int node = SMALL; node < TREE; node++) {
            double sum = 0.0;
            plan_contributions(&plan, node, values, scratch, contribution);
            for (int i = 0; i < TREE; i++) {
                if (values[i] <= 0 || i >= LEAVES) assert_true(contribution[i] == 0.0);
                has_negative |= contribution[i] < 0.0;
                sum += contribution[i];
            }
            if (fabs(sum - values[node]) > 1e-9 * values[node])
                fail_msg("seed %llu, node %d", (unsigned long long)seed, node);
        }
    }
    assert_true(has_negative);
}

static void comes_back(const struct plan_component *plan)
{
    struct lode_bytes first = {0}, second = {0};
    struct lode_arena *arena = NULL;
    struct plan_component back = {0};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(plan_pack(plan, &first));
    struct lode_unpack in = lode_unpack_begin(first.data, first.size);
    assert_ok(plan_unpack(&in, 3, arena, &back));
    assert_ok(lode_unpack_end(&in));
    assert_ok(plan_pack(&back, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    assert_true(back.n_issues == 0 || back.issues[0].label == 7);
    lode_bytes_clear(&first);
    lode_bytes_clear(&second);
    lode_arena_destroy(arena);
}

static void a_plan_comes_back_as_it_was_packed(void **state)
{
    (void)state;
    const struct plan_component plan = make_plan();
    comes_back(&plan);
}

static void classifiers_come_back_as_they_were_packed(void **state)
{
    (void)state;
    struct plan_node tree[TREE];
    struct plan_member holds[TREE_MEMBERS];
    const struct plan_component plan = make_classifiers(tree, holds);
    comes_back(&plan);
}

static void refused(const struct plan_component *plan, int n_levels, const char *words)
{
    struct lode_bytes bytes = {0};
    struct lode_arena *arena = NULL;
    struct plan_component back = {0};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(plan_pack(plan, &bytes));
    struct lode_unpack in = lode_unpack_begin(bytes.data, bytes.size);
    assert_status(LODE_E_MESSAGE, plan_unpack(&in, n_levels, arena, &back));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
    lode_bytes_clear(&bytes);
    lode_arena_destroy(arena);
}

static void indices_that_lead_outside_are_refused(void **state)
{
    (void)state;
    struct plan_component plan = make_plan();
    struct plan_node bad[NODES];
    struct plan_member loop[MEMBERS];
    refused(&plan, 2, "level of a plan is 2");
    memcpy(loop, members, sizeof loop);
    loop[0].node = 5;
    plan.members = loop;
    refused(&plan, 3, "node 5 of a plan is made of a later one");
    loop[0].node = NODES;
    refused(&plan, 3, "member of a plan is 9");
    plan = make_plan();
    memcpy(bad, nodes, sizeof bad);
    plan.nodes = bad;
    bad[7].n_members = 3;
    refused(&plan, 3, "members of a plan is 3");
    bad[7].n_members = 0;
    refused(&plan, 3, "combines nothing");
    bad[0].settings.kind = 1000;
    refused(&plan, 3, "kind of detector");
    plan = make_plan();
    plan.step_ms = 0;
    refused(&plan, 3, "step of a plan is 0");
}

static void numbers_that_no_model_has_are_refused(void **state)
{
    (void)state;
    const double votes[] = {0, -30, 1e7, (double)NAN, (double)INFINITY};
    struct plan_component plan = make_plan();
    struct plan_node bad[NODES];
    struct plan_member light[MEMBERS];
    for (size_t i = 0; i < sizeof votes / sizeof *votes; i++) {
        plan.vote = votes[i];
        refused(&plan, 3, "vote of a plan is ");
    }
    plan = make_plan();
    memcpy(light, members, sizeof light);
    plan.members = light;
    light[3].weight = 0; /* a mean of nothing */
    refused(&plan, 3, "weight of a plan is 0");
    plan = make_plan();
    memcpy(bad, nodes, sizeof bad);
    plan.nodes = bad;
    bad[2].sigma = -1;
    refused(&plan, 3, "sigma of a plan is -1");
    bad[1].alert = (double)NAN;
    refused(&plan, 3, "threshold of a plan is ");
    bad[0].settings.usual_variance = -0.5;
    refused(&plan, 3, "variance of a plan is -0.5");
}

static void a_classifier_of_another_size_or_of_wild_numbers_is_refused(void **state)
{
    (void)state;
    struct plan_node tree[TREE];
    struct plan_member holds[TREE_MEMBERS];
    const double wild[] = {1, -1e200, (double)NAN, 1, 1};
    const struct plan_component plan = make_classifiers(tree, holds);
    tree[SMALL].factor = wild;
    refused(&plan, 1, "number 1 of a classifier is -1e+200");
    tree[SMALL].factor = wild + 2;
    refused(&plan, 1, "number 0 of a classifier is nan");
    tree[SMALL].factor = small_factor;
    tree[ABOVE].kind = PLAN_ONE_CLASS; /* without a factor */
    refused(&plan, 1, "0 bytes of a classifier of 2 members");
    tree[ABOVE].kind = PLAN_MEAN;
    tree[ABOVE].factor = small_factor;
    refused(&plan, 1, "24 bytes of a classifier of 2 members");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_weighted_means_or_the_largest_of_their_members),
        cmocka_unit_test(contributions_of_leaves_add_up_to_e),
        cmocka_unit_test(leaves_vote_once_and_their_votes_are_their_contributions),
        cmocka_unit_test(a_classifier_measures_the_votes_of_its_members),
        cmocka_unit_test(contributions_below_classifiers_add_up_to_e),
        cmocka_unit_test(a_plan_comes_back_as_it_was_packed),
        cmocka_unit_test(numbers_that_no_model_has_are_refused),
        cmocka_unit_test(classifiers_come_back_as_they_were_packed),
        cmocka_unit_test(indices_that_lead_outside_are_refused),
        cmocka_unit_test(a_classifier_of_another_size_or_of_wild_numbers_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
