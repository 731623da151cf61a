/* Planning: who is scored with which nodes, and what is told of the others. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "tests/jobs/hierarchy/detection/small_tree.h"

static void members_are(const struct planned_component *of, int64_t node, int64_t n,
                        const int64_t *nodes)
{
    const struct plan_node *holder = &of->plan.nodes[node];
    assert_int_equal(holder->n_members, n);
    for (int64_t m = 0; m < n; m++) {
        assert_int_equal(of->plan.members[holder->first_member + m].node, nodes[m]);
        assert_true(nodes[m] < node); /* one pass forward computes every E */
    }
}
#define MEMBERS_ARE(of, node, ...)                                                                 \
    members_are(of, node, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                \
                (const int64_t[]){__VA_ARGS__})

static void components_come_by_partition_with_the_indices_of_the_store(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 2);
    assert_int_equal(planned.list[0].component, SVC_B);
    assert_int_equal(planned.list[0].partition, 0);
    assert_int_equal(planned.list[1].component, SVC_A);
    assert_int_equal(planned.list[1].plan.component, AT_A);
    assert_int_equal(planned.place[SVC_B], 0);
    assert_int_equal(planned.place[SVC_A], 1);
    assert_int_equal(planned.place[SVC], -1);
    assert_int_equal(planned.list[1].plan.nodes[0].counter, AT_CPU);
    assert_int_equal(planned.list[1].plan.nodes[1].counter, AT_MEM);
}

static void a_plan_has_the_component_s_part_of_the_tree_and_what_it_is_compared_with(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    small_tree_plan(tree, &planned);
    const struct planned_component *a = &planned.list[1];
    const char *names[] = {"cpu", "mem", "group-1", "end", "high_max", "mean", "cpu", "mem"};
    const int64_t detectors[] = {A_CPU, A_MEM, A_GROUP, A_END, -1, -1, -1, -1};
    const char *levels[] = {"low",
                            "low",
                            "mid",
                            "high",
                            "high_max",
                            "mean",
                            "counter_thresholds",
                            "counter_thresholds"};
    assert_int_equal(a->plan.n_nodes, 8);
    for (int i = 0; i < 8; i++) {
        assert_string_equal(a->names[i], names[i]);
        assert_int_equal(a->detectors[i], detectors[i]);
        assert_string_equal(tree->levels.names[a->plan.nodes[i].level], levels[i]);
    }
    MEMBERS_ARE(a, 2, 0, 1);
    MEMBERS_ARE(a, 3, 2);
    MEMBERS_ARE(a, 4, 2); /* of what the end is made of */
    MEMBERS_ARE(a, 5, 0, 1);
    assert_true(a->plan.members[a->plan.nodes[2].first_member + 1].weight == 3);
    assert_int_equal(a->plan.nodes[7].kind, PLAN_DEVIATION);
    assert_int_equal(a->plan.nodes[7].counter, AT_MEM);
    assert_int_equal(a->plan.trained_ms, TRAINED_MS);
    assert_int_equal(a->plan.last_ms, LAST_MS);
    assert_int_equal(a->plan.first_ms, 0);
}

static void slots_are_counted_from_training_where_the_store_has_lost_its_beginning(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->staged[AT_A].first_ms = TRAINED_MS + 3 * MINUTE_MS;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.list[planned.place[SVC_A]].plan.first_ms, TRAINED_MS);
}

static void
what_is_of_several_components_is_combined_elsewhere_from_series_that_are_kept(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    small_tree_plan(tree, &planned);
    const struct planned_component *a = &planned.list[1], *b = &planned.list[0];
    assert_int_equal(planned.home[WHOLE], -1);
    assert_int_equal(planned.home[A_END], SVC_A);
    assert_int_equal(planned.node[A_END], 3);
    assert_int_equal(small_tree_node(a, PLAN_MEAN, "whole"), -1);
    assert_true(a->plan.nodes[planned.node[A_END]].is_kept);
    assert_true(b->plan.nodes[planned.node[B_END]].is_kept);
    assert_false(a->plan.nodes[planned.node[A_GROUP]].is_kept);
    assert_false(a->plan.nodes[0].is_kept);
}

static void votes_are_compared_with_living_leaves_and_their_largest_group(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->model.options.combiner = HIERARCHY_VOTES;
    tree->detectors[A_MEM].sigma = 0; /* dead */
    tree->detectors[A_MEM].state = MODEL_DEAD;
    small_tree_plan(tree, &planned);
    const struct planned_component *a = &planned.list[1], *b = &planned.list[0];
    assert_int_equal(a->plan.nodes[2].kind, PLAN_VOTES);
    assert_int_equal(a->plan.nodes[3].kind, PLAN_VOTES);
    MEMBERS_ARE(a, small_tree_node(a, PLAN_LARGEST, "high_max"), 2);
    MEMBERS_ARE(a, small_tree_node(a, PLAN_VOTES, "flat"), 0);
    MEMBERS_ARE(a, small_tree_node(a, PLAN_MEAN, "mean"), 0, 1);        /* dead ones, too */
    assert_int_equal(small_tree_node(b, PLAN_LARGEST, "high_max"), -1); /* b has no group */
}

static void a_group_of_the_largest_is_one_but_an_end_is_a_mean(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->model.options.combiner = HIERARCHY_LARGEST;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.list[1].plan.nodes[2].kind, PLAN_LARGEST);
    assert_int_equal(planned.list[1].plan.nodes[3].kind, PLAN_MEAN);
}

/* mem of a becomes a second kind of detector on cpu. */
static void a_counter_with_two_detectors_has_one_threshold_and_dies_once(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->detectors[A_MEM].counter = "cpu";
    tree->detectors[A_CPU].state = tree->detectors[A_MEM].state = MODEL_DEAD;
    small_tree_plan(tree, &planned);
    const struct planned_component *a = &planned.list[1];
    assert_int_equal(a->plan.n_nodes, 7);
    assert_int_equal(small_tree_node(a, PLAN_DEVIATION, "cpu"), 6);
    assert_true(a->plan.nodes[0].is_dead);
    assert_false(a->plan.nodes[1].is_dead);
    tree->detectors[A_MEM].state = MODEL_USED; /* to the other kind it moves */
    small_tree_plan(tree, &planned);
    assert_false(planned.list[1].plan.nodes[0].is_dead);
}

static void a_manual_group_has_the_leaves_that_its_patterns_fit(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct manual_row rows[] = {{"svc/*", "cpu", 0}, {"svc/a", "mem", 1}};
    const char *const groups[] = {"heat", "room"};
    tree->manual = (struct manual_groups){2, rows, 2, groups};
    small_tree_plan(tree, &planned);
    const struct planned_component *a = &planned.list[1], *b = &planned.list[0];
    MEMBERS_ARE(a, small_tree_node(a, PLAN_MEAN, "heat"), 0);
    MEMBERS_ARE(a, small_tree_node(a, PLAN_MEAN, "room"), 1);
    MEMBERS_ARE(b, small_tree_node(b, PLAN_MEAN, "heat"), 0);
    assert_int_equal(small_tree_node(b, PLAN_MEAN, "room"), -1);
}

static void an_issue_concerns_what_is_above_and_below_it(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    small_tree_label(tree, SVC, 1, 2);
    small_tree_label(tree, SVC_A, 3, 4);
    small_tree_label(tree, SVC_B, 5, 6);
    small_tree_plan(tree, &planned);
    const struct plan_component *a = &planned.list[1].plan;
    assert_int_equal(a->n_issues, 2);
    assert_int_equal(a->issues[0].label, 0);
    assert_int_equal(a->issues[1].label, 1);
    assert_int_equal(a->issues[1].start_ms, 3);
    assert_true(planning_concerns(&tree->model, SVC_B, SVC));
    assert_true(planning_concerns(&tree->model, SVC_B, SVC_B));
    assert_false(planning_concerns(&tree->model, SVC_A, SVC_B));
}

static void parents_in_a_circle_come_to_an_end(void **state)
{
    struct small_tree *tree = *state;
    tree->components[SVC].parent = SVC_A;
    tree->components[SVC_B].parent = -1;
    assert_false(planning_concerns(&tree->model, SVC_A, SVC_B));
    assert_true(planning_concerns(&tree->model, SVC, SVC_A));
}

static void unscored_is(const struct planned *planned, int64_t i, const char *component,
                        enum unscored_reason reason)
{
    assert_string_equal(planned->unscored[i].component, component);
    assert_string_equal(planned->unscored[i].counter, "");
    assert_string_equal(unscored_reason_names[planned->unscored[i].reason],
                        unscored_reason_names[reason]);
}

static void who_is_not_scored_is_told_with_the_reason_by_name(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->staged[AT_B].last_ms = TRAINED_MS;
    tree->staged[AT_A].name = "svc/renamed";
    small_tree_stage(tree, "new");
    tree->components[SMALL_COMPONENTS] =
        (struct model_component){"svc/c", SVC, TRAINED_MS, MINUTE_MS, 11};
    tree->model.n_components++;
    small_tree_stage(tree, "svc/c");
    tree->staged[4].last_ms = INT64_C(4102444800000); /* of the year 2100 */
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 0);
    assert_int_equal(planned.n_unscored, 5);
    unscored_is(&planned, 0, "new", UNSCORED_COMPONENT_UNKNOWN);
    unscored_is(&planned, 1, "svc/a", UNSCORED_COMPONENT_GONE);
    unscored_is(&planned, 2, "svc/b", UNSCORED_NO_SLOTS);
    unscored_is(&planned, 3, "svc/c", UNSCORED_HOLLOW);
    unscored_is(&planned, 4, "svc/renamed", UNSCORED_COMPONENT_UNKNOWN);
}

static void what_is_older_than_the_newest_has_no_slots(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->staged[AT_A].last_ms = LAST_MS - 5 * MINUTE_MS;
    tree->planning.newest_ms = INT64_C(5) * MINUTE_MS;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 1);
    assert_int_equal(planned.list[0].component, SVC_B);
    assert_int_equal(planned.place[SVC_A], -1);
    assert_int_equal(planned.list[0].plan.from_ms, LAST_MS - 5 * MINUTE_MS + 1);
    unscored_is(&planned, 0, "svc/a", UNSCORED_NO_SLOTS);
    assert_true(planned.unscored[0].is_news);
    tree->planning.newest_ms++;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 2);
    tree->planning.newest_ms = 0;
    small_tree_plan(tree, &planned);
    assert_true(planned.list[0].plan.from_ms == INT64_MIN);
}

/* The window has no length: it is silent from the next minute on; one without new samples from the
 * third that it misses. */
static void a_component_that_stops_while_others_go_on_is_told(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->staged[AT_A].last_ms = LAST_MS - MINUTE_MS;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 2); /* what it has is scored */
    assert_true(planned.list[planned.place[SVC_A]].is_silent);
    assert_false(planned.list[planned.place[SVC_B]].is_silent);
    assert_int_equal(planned.n_unscored, 1);
    unscored_is(&planned, 0, "svc/a", UNSCORED_SILENT);
    assert_true(planned.unscored[0].is_news);
    assert_int_equal(planned.unscored[0].since_ms, LAST_MS - MINUTE_MS);
    tree->staged[AT_A].last_ms = TRAINED_MS;
    for (int late = 2; late <= 3; late++) {
        tree->staged[AT_B].last_ms = TRAINED_MS + (int64_t)late * MINUTE_MS;
        small_tree_plan(tree, &planned);
        unscored_is(&planned, 0, "svc/a", UNSCORED_NO_SLOTS);
        assert_int_equal(planned.unscored[0].is_news, late == 3);
        assert_int_equal(planned.unscored[0].since_ms, TRAINED_MS);
    }
}

static void a_component_that_had_no_samples_in_training_is_unknown(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->staged[AT_SVC].partition = 0;
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.n, 2);
    assert_int_equal(planned.n_unscored, 1);
    unscored_is(&planned, 0, "svc", UNSCORED_COMPONENT_UNKNOWN);
}

static void a_counter_that_the_store_lacks_is_minus_one(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    tree->counters[AT_MEM].name = "memory";
    small_tree_plan(tree, &planned);
    assert_int_equal(planned.list[1].plan.nodes[1].counter, -1);
    assert_int_equal(planned.list[1].plan.nodes[0].counter, AT_CPU);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, small_tree_setup, small_tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(components_come_by_partition_with_the_indices_of_the_store),
        TEST(a_plan_has_the_component_s_part_of_the_tree_and_what_it_is_compared_with),
        TEST(slots_are_counted_from_training_where_the_store_has_lost_its_beginning),
        TEST(what_is_of_several_components_is_combined_elsewhere_from_series_that_are_kept),
        TEST(votes_are_compared_with_living_leaves_and_their_largest_group),
        TEST(a_group_of_the_largest_is_one_but_an_end_is_a_mean),
        TEST(a_counter_with_two_detectors_has_one_threshold_and_dies_once),
        TEST(a_manual_group_has_the_leaves_that_its_patterns_fit),
        TEST(an_issue_concerns_what_is_above_and_below_it),
        TEST(parents_in_a_circle_come_to_an_end),
        TEST(who_is_not_scored_is_told_with_the_reason_by_name),
        TEST(what_is_older_than_the_newest_has_no_slots),
        TEST(a_component_that_stops_while_others_go_on_is_told),
        TEST(a_component_that_had_no_samples_in_training_is_unknown),
        TEST(a_counter_that_the_store_lacks_is_minus_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
