/* Plan: E of a tree, who adds what to it, and what a worker refuses. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/detection/plan.h"

enum { LEAVES = 5, NODES = 9 };

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
                                   .n_members = 7,
                                   .members = members,
                                   .n_issues = 1,
                                   .issues = issues};
}

static void combine_all(const struct plan_component *plan, double *values)
{
    double *e[NODES];
    for (int i = 0; i < NODES; i++) e[i] = &values[i];
    for (int64_t i = LEAVES; i < NODES; i++) plan_combine(plan, i, 1, e);
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
        double e[NODES], contribution[NODES];
        for (int i = 0; i < LEAVES; i++) e[i] = lode_random_exponential(&random);
        combine_all(&plan, e);
        for (int64_t node = 0; node < NODES; node++) {
            double sum = 0.0;
            plan_contributions(&plan, node, e, contribution);
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
    double values[6] = {0, 30 * (M_E - 1), 30 * (M_E * M_E - 1)}, contribution[6], *e[6];
    for (int i = 0; i < 6; i++) e[i] = &values[i];
    for (int i = GROUP; i <= HIGHEST; i++) plan_combine(&plan, i, 1, e);
    assert_true(fabs(values[GROUP] - 15) < 1e-12);
    assert_true(fabs(values[END] - (2 * 15 + 60) / 3.0) < 1e-12);
    assert_true(values[HIGHEST] == values[GROUP]);
    plan_contributions(&plan, END, values, contribution);
    assert_true(contribution[0] == 0);
    assert_true(fabs(contribution[1] - 10) < 1e-12 && fabs(contribution[2] - 20) < 1e-12);
    plan_contributions(&plan, HIGHEST, values, contribution);
    assert_true(fabs(contribution[1] - 15) < 1e-12 && contribution[2] == 0);
    plan_contributions(&plan, 1, values, contribution);
    assert_true(contribution[1] == values[1]); /* a leaf by itself does not vote */
}

static void a_plan_comes_back_as_it_was_packed(void **state)
{
    (void)state;
    const struct plan_component plan = make_plan();
    struct lode_bytes first = {0}, second = {0};
    struct lode_arena *arena = NULL;
    struct plan_component back = {0};
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(plan_pack(&plan, &first));
    struct lode_unpack in = lode_unpack_begin(first.data, first.size);
    assert_ok(plan_unpack(&in, 3, arena, &back));
    assert_ok(lode_unpack_end(&in));
    assert_ok(plan_pack(&back, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    assert_int_equal(back.issues[0].label, 7);
    lode_bytes_clear(&first);
    lode_bytes_clear(&second);
    lode_arena_destroy(arena);
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
    struct plan_member loop[7];
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
    struct plan_member light[7];
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_weighted_means_or_the_largest_of_their_members),
        cmocka_unit_test(contributions_of_leaves_add_up_to_e),
        cmocka_unit_test(leaves_vote_once_and_their_votes_are_their_contributions),
        cmocka_unit_test(a_plan_comes_back_as_it_was_packed),
        cmocka_unit_test(numbers_that_no_model_has_are_refused),
        cmocka_unit_test(indices_that_lead_outside_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
