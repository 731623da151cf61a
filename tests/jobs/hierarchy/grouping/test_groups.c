#include <string.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/grouping/groups.h"
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

static struct group_options options_of(double preference)
{
    return (struct group_options){.affinity = {.preference = preference,
                                               .damping = 0.9,
                                               .max_iterations = 2000,
                                               .stable = 100,
                                               .breaks_ties = true}};
}

/* 0: nothing. 1 - 2 - 4 a star around 2, weakly with 5; 5 - 3 a pair, 3 the better of its equals
 * by number; 6 hangs on 5 by a thread, less than a cluster of its own is worth. */
static const int64_t begin[] = {0, 0, 1, 3, 4, 6, 9, 10};
static const int32_t to[] = {2, 1, 4, 5, 2, 5, 3, 4, 6, 5};
static const double similarity[] = {0.9, 0.9, 0.8, 0.7, 0.8, 0.1, 0.7, 0.1, 0.05, 0.05};
static const struct affinity_graph graph = {7, begin, to, similarity};

static void every_item_is_in_a_group_or_has_a_reason(void **state)
{
    const struct group_options options = options_of(0.2);
    const int32_t group_of[] = {-1, 0, 0, 1, 0, 1, -1};
    const uint8_t fate[] = {GROUP_ISOLATED, GROUP_MEMBER, GROUP_MEMBER, GROUP_MEMBER,
                            GROUP_MEMBER,   GROUP_MEMBER, GROUP_ALONE};
    const int32_t members[] = {1, 2, 4, 3, 5}, exemplar[] = {2, 3};
    struct groups groups;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_int_equal(groups.n_items, 7);
    assert_int_equal(groups.n_groups, 2);
    assert_memory_equal(groups.group_of, group_of, sizeof group_of);
    assert_memory_equal(groups.fate, fate, sizeof fate);
    assert_memory_equal(groups.exemplar, exemplar, sizeof exemplar);
    assert_int_equal(groups.begin[1], 3);
    assert_int_equal(groups.begin[2], 5);
    assert_memory_equal(groups.members, members, sizeof members);
    assert_true(groups.clustering.is_converged && groups.clustering.n_clusters == 3);
    assert_null(groups.clustering.exemplar);
}

/* A low preference glues whatever it can reach, but not the item without edges. */
static void an_isolated_item_is_in_no_group_whatever_the_preference(void **state)
{
    const struct group_options options = options_of(-50);
    struct groups groups;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_int_equal(groups.fate[0], GROUP_ISOLATED);
    assert_int_equal(groups.group_of[0], -1);
    for (int i = 1; i < 7; i++)
        if (groups.group_of[i] >= 0) assert_int_equal(groups.fate[i], GROUP_MEMBER);
}

static void overlapping_groups_are_the_edges(void **state)
{
    struct group_options options = options_of(0.2);
    const int32_t members[] = {1, 2, 2, 4, 3, 5, 4, 5, 5, 6}, exemplar[] = {1, 2, 3, 4, 5};
    const int32_t group_of[] = {-1, 0, 0, 2, 1, 2, 4};
    struct groups groups;
    options.is_overlapping = true;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_int_equal(groups.n_groups, 5);
    assert_memory_equal(groups.exemplar, exemplar, sizeof exemplar);
    assert_int_equal(groups.begin[5], 10);
    assert_memory_equal(groups.members, members, sizeof members);
    assert_memory_equal(groups.group_of, group_of, sizeof group_of);
    assert_int_equal(groups.fate[0], GROUP_ISOLATED);
}

/* The operator's group {0, 4, 5} needs no edges; 3 and 6 then have nobody left. */
static void given_groups_go_before(void **state)
{
    struct group_options options = options_of(0.2);
    const int32_t given[] = {3, -1, -1, -1, 3, 3, -1};
    const int32_t group_of[] = {1, 0, 0, -1, 1, 1, -1}, exemplar[] = {1, 4};
    struct groups groups;
    options.given = given;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_memory_equal(groups.group_of, group_of, sizeof group_of);
    assert_memory_equal(groups.exemplar, exemplar, sizeof exemplar); /* the first of equals */
    assert_int_equal(groups.fate[0], GROUP_MEMBER);
    assert_int_equal(groups.fate[3], GROUP_ALONE);
    assert_int_equal(groups.fate[6], GROUP_ALONE);
}

static void a_given_group_of_one_is_none(void **state)
{
    struct group_options options = options_of(0.2);
    const int32_t given[] = {0, -1, -1, -1, -1, -1, -1};
    struct groups groups;
    options.given = given;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_int_equal(groups.fate[0], GROUP_ALONE);
    assert_int_equal(groups.n_groups, 2);
}

static void a_given_exemplar_leads_its_group(void **state)
{
    struct group_options options = options_of(0.2);
    const int32_t given[] = {0, 1}; /* 0 has no edges: no matter */
    struct groups groups;
    options.affinity.exemplars = given;
    options.affinity.n_exemplars = 2;
    assert_ok(groups_find(&graph, &options, *state, &groups));
    assert_int_equal(groups.group_of[1], 0);
    assert_int_equal(groups.group_of[2], 0);
    assert_int_equal(groups.exemplar[0], 1);
    assert_int_equal(groups.group_of[0], -1);
}

static void nothing_to_cluster_is_no_failure(void **state)
{
    static const int64_t none[] = {0, 0, 0, 0};
    const struct affinity_graph empty = {3, none, NULL, NULL};
    const struct group_options options = options_of(0.2);
    struct groups groups;
    assert_ok(groups_find(&empty, &options, *state, &groups));
    assert_int_equal(groups.n_groups, 0);
    assert_true(groups.clustering.is_converged);
    for (int i = 0; i < 3; i++) assert_int_equal(groups.fate[i], GROUP_ISOLATED);
}

static void a_given_group_out_of_range_is_refused(void **state)
{
    struct group_options options = options_of(0.2);
    const int32_t given[] = {7, -1, -1, -1, -1, -1, -1};
    struct groups groups;
    options.given = given;
    assert_status(LODE_E_BUG, groups_find(&graph, &options, *state, &groups));
}

/* --- property: naming the items otherwise moves nothing but ties --- */

enum { N = 40 };

/* Random similarities, all different, so that there are no ties but those of symmetry. */
static struct affinity_graph graph_of(double s[N][N], const int64_t *to_name,
                                      struct lode_arena *arena)
{
    int64_t *first, n_edges = 0;
    int32_t *column;
    double *value;
    double named[N][N];
    assert_ok(lode_take(arena, N + 1, &first));
    assert_ok(lode_take(arena, N * N, &column));
    assert_ok(lode_take(arena, N * N, &value));
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) named[to_name[i]][to_name[k]] = s[i][k];
    for (int i = 0; i < N; i++) {
        first[i] = n_edges;
        for (int k = 0; k < N; k++) {
            if (named[i][k] == 0.0) continue; /* exact: absent */
            column[n_edges] = k;
            value[n_edges++] = named[i][k];
        }
    }
    first[N] = n_edges;
    return (struct affinity_graph){N, first, column, value};
}

static void other_names_give_the_same_groups_but_for_ties(void **state)
{
    int64_t same = 0, pairs = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct lode_random random = lode_random_begin(seed, 1);
        const struct group_options options = options_of(0.2);
        struct groups one, other;
        double s[N][N] = {{0}};
        int64_t itself[N], name[N];
        lode_arena_reset(*state);
        for (int i = 0; i < N; i++) {
            const uint64_t j = lode_random_below(&random, (uint64_t)i + 1);
            itself[i] = i;
            name[i] = name[j];
            name[j] = i;
            for (int k = 0; k < i; k++)
                if (lode_random_chance(&random, 0.06))
                    s[i][k] = s[k][i] = 0.01 + lode_random_uniform(&random);
        }
        const struct affinity_graph first = graph_of(s, itself, *state);
        const struct affinity_graph second = graph_of(s, name, *state);
        assert_ok(groups_find(&first, &options, *state, &one));
        assert_ok(groups_find(&second, &options, *state, &other));
        for (int i = 0; i < N; i++) {
            /* exact: who is isolated */
            assert_int_equal(one.fate[i] == GROUP_ISOLATED, other.fate[name[i]] == GROUP_ISOLATED);
            for (int k = 0; k < i; k++, pairs++)
                same += (one.group_of[i] >= 0 && one.group_of[i] == one.group_of[k]) ==
                        (other.group_of[name[i]] >= 0 &&
                         other.group_of[name[i]] == other.group_of[name[k]]);
        }
    }
    print_message("%lld of %lld pairs are as before\n", (long long)same, (long long)pairs);
    assert_true(same >= pairs * 99 / 100); /* a cluster of two has two equal exemplars */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_in_a_group_or_has_a_reason),
        cmocka_unit_test(an_isolated_item_is_in_no_group_whatever_the_preference),
        cmocka_unit_test(overlapping_groups_are_the_edges),
        cmocka_unit_test(given_groups_go_before),
        cmocka_unit_test(a_given_group_of_one_is_none),
        cmocka_unit_test(a_given_exemplar_leads_its_group),
        cmocka_unit_test(nothing_to_cluster_is_no_failure),
        cmocka_unit_test(a_given_group_out_of_range_is_refused),
        cmocka_unit_test(other_names_give_the_same_groups_but_for_ties),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
