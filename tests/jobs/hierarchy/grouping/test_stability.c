#include <math.h>

#include "common/memory.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/grouping/stability.h"
#include "reference.h"
#include "tests/unit.h"

enum { SERIES = 5, SLOTS = 400 };

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* 0 and 1 are alike all the time, 2 follows them, 3 follows 4; 2 and 3 have nothing in common but a
 * jump in slots 200..219. */
static void make_series(struct lode_arena *arena, double **series)
{
    struct lode_random random = lode_random_begin(8, 0);
    for (int i = 0; i < SERIES; i++) assert_ok(lode_take(arena, SLOTS, &series[i]));
    for (int t = 0; t < SLOTS; t++) {
        const double jump = t >= 200 && t < 220 ? 3.0 : 0.0;
        const double shared = lode_random_normal(&random);
        series[0][t] = shared + 0.2 * lode_random_normal(&random);
        series[1][t] = shared + 0.2 * lode_random_normal(&random);
        const double other = lode_random_normal(&random);
        series[2][t] = jump + 0.5 * shared + 0.1 * lode_random_normal(&random);
        series[3][t] = jump + 0.5 * other + 0.1 * lode_random_normal(&random);
        series[4][t] = other + 0.2 * lode_random_normal(&random);
    }
}

static const struct stability_options options = {
    .resampling = {.replicates = 40, .block_length = 20, .seed = 1},
    .neighbourhood = {.rule = NEIGHBOURHOOD_EXPLAINED, .fraction = 0.3},
};

static double share_of(const struct affinity_graph *graph, const double *shares, int a, int b)
{
    for (int64_t e = graph->begin[a]; e < graph->begin[a + 1]; e++)
        if (graph->to[e] == b) return shares[e];
    fail_msg("no edge %d %d", a, b);
    return 0;
}

static void make_graph(double **series, struct lode_arena *arena, struct affinity_graph *graph)
{
    double means[SERIES], gram[SERIES * SERIES];
    struct neighbourhoods found;
    assert_ok(
        gram_of_series((const double *const *)series, SERIES, SLOTS, NULL, arena, means, gram));
    assert_ok(neighbourhoods_fit(gram, SERIES, &options.neighbourhood, arena, &found));
    assert_ok(similarity_of_neighbourhoods(&found, &options.similarity, arena, graph));
}

/* The block with the jump is missing in (19/20)^20 = 36 % of the replicates; a share of 40 has a
 * standard deviation of 8 % around 64 %. */
static void an_edge_of_one_event_is_less_stable_than_one_of_all_days(void **state)
{
    double *series[SERIES], shares[SERIES * SERIES];
    struct affinity_graph graph;
    make_series(*state, series);
    make_graph(series, *state, &graph);
    const double *const *given = (const double *const *)series;
    assert_ok(stability_of_edges(given, SLOTS, &graph, &options, *state, shares));
    assert_true(share_of(&graph, shares, 0, 1) == 1.0);
    const double event = share_of(&graph, shares, 2, 3);
    assert_true(event > 0.4 && event < 0.9);
    assert_true(share_of(&graph, shares, 3, 2) == event);
}

static lode_status count_fits(void *context, const double *gram, int64_t p,
                              const struct neighbourhood_options *how, struct lode_arena *arena,
                              struct neighbourhoods *out)
{
    int *n = context;
    ++*n;
    return neighbourhoods_fit(gram, p, how, arena, out);
}

static void every_replicate_is_fitted_by_the_given_function(void **state)
{
    double *series[SERIES], shares[SERIES * SERIES], again[SERIES * SERIES];
    struct affinity_graph graph;
    struct stability_options given = options;
    int n = 0;
    make_series(*state, series);
    make_graph(series, *state, &graph);
    const double *const *x = (const double *const *)series;
    assert_ok(stability_of_edges(x, SLOTS, &graph, &options, *state, shares));
    given.fit = count_fits;
    given.fit_context = &n;
    assert_ok(stability_of_edges(x, SLOTS, &graph, &given, *state, again));
    assert_int_equal(n, 40);
    assert_memory_equal(shares, again, (size_t)graph.begin[SERIES] * sizeof *shares);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_edge_of_one_event_is_less_stable_than_one_of_all_days),
        TEST(every_replicate_is_fitted_by_the_given_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
