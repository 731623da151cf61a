#include "common/memory.h"
#include "jobs/hierarchy/grouping/similarity.h"
#include "tests/unit.h"

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* 0 <-> 2 need each other, 1 needs 2, 3 is alone. */
static struct neighbourhood_edge edges[] = {{0, 2, 0.5}, {1, 2, -0.25}, {2, 0, -0.125}};
static const struct neighbourhoods few = {.p = 4, .n_targets = 4, .n_edges = 3, .edges = edges};

static void one_direction_is_enough_under_or(void **state)
{
    const struct similarity_options options = {.needs_both = false, .by_coefficient = false};
    const int64_t begin[] = {0, 1, 2, 4, 4};
    const int32_t to[] = {2, 2, 0, 1};
    struct affinity_graph graph;
    assert_ok(similarity_of_neighbourhoods(&few, &options, *state, &graph));
    assert_int_equal(graph.n, 4);
    assert_memory_equal(graph.begin, begin, sizeof begin);
    assert_memory_equal(graph.to, to, sizeof to);
    for (int e = 0; e < 4; e++) assert_true(graph.similarity[e] == 1.0);
}

static void both_directions_are_needed_under_and(void **state)
{
    const struct similarity_options options = {.needs_both = true, .by_coefficient = false};
    const int64_t begin[] = {0, 1, 1, 2, 2};
    struct affinity_graph graph;
    assert_ok(similarity_of_neighbourhoods(&few, &options, *state, &graph));
    assert_memory_equal(graph.begin, begin, sizeof begin);
    assert_int_equal(graph.to[0], 2);
    assert_int_equal(graph.to[1], 0);
}

static void by_coefficient_a_pair_has_the_mean_of_both_sizes(void **state)
{
    const struct similarity_options options = {.needs_both = false, .by_coefficient = true};
    const double want[] = {0.3125, 0.125, 0.3125, 0.125};
    struct affinity_graph graph;
    assert_ok(similarity_of_neighbourhoods(&few, &options, *state, &graph));
    assert_memory_equal(graph.similarity, want, sizeof want);
}

static void no_edges_make_an_empty_graph(void **state)
{
    const struct similarity_options options = {0};
    const struct neighbourhoods none = {.p = 3, .n_targets = 3};
    struct affinity_graph graph;
    assert_ok(similarity_of_neighbourhoods(&none, &options, *state, &graph));
    for (int i = 0; i < 4; i++) assert_int_equal(graph.begin[i], 0);
}

static void neighbourhoods_of_some_targets_are_refused(void **state)
{
    const struct similarity_options options = {0};
    const struct neighbourhoods part = {.p = 3, .n_targets = 2};
    struct affinity_graph graph = {.n = 77};
    assert_status(LODE_E_BUG, similarity_of_neighbourhoods(&part, &options, *state, &graph));
    assert_int_equal(graph.n, 77);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_direction_is_enough_under_or),
        TEST(both_directions_are_needed_under_and),
        TEST(by_coefficient_a_pair_has_the_mean_of_both_sizes),
        TEST(no_edges_make_an_empty_graph),
        TEST(neighbourhoods_of_some_targets_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
