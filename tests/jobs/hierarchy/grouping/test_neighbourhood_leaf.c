#include <string.h>

#include "common/wire/pack.h"
#include "jobs/hierarchy/grouping/neighbourhood_leaf.h"
#include "reference.h"
#include "tests/jobs/local_map.h"
#include "tests/unit.h"

static const struct lode_leaf leaves[] = {{NEIGHBOURHOODS_LEAF, neighbourhoods_leaf}, {0}};
static const struct neighbourhood_options options = {.rule = NEIGHBOURHOOD_EXPLAINED,
                                                     .fraction = 0.3};

static int arena_setup(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int arena_teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void tasks_give_the_bits_of_one_fit(void **state)
{
    struct reference_series s;
    struct neighbourhoods want, got;
    struct lode_cluster cluster = {.leaves = leaves, .backwards = true, .twice = true};
    struct lode_run run = {.cluster = &cluster, .map = local_map, .arena = *state};
    random_series(3, NEIGHBOURHOODS_DIRECT + 3, 400, *state, &s);
    assert_ok(neighbourhoods_fit(s.gram, s.p, &options, *state, &want));
    assert_ok(neighbourhoods_map(&run, s.gram, s.p, &options, *state, &got));
    assert_int_equal(cluster.n_tasks, 2 * 16); /* 253 targets, 16 a task, each twice */
    const size_t size = (size_t)s.p * sizeof(double);
    assert_memory_equal(got.lambda, want.lambda, size);
    assert_memory_equal(got.error, want.error, size);
    assert_memory_equal(got.least_error, want.least_error, size);
    assert_memory_equal(got.variance, want.variance, size);
    assert_true(got.residual == want.residual && got.n_inexact == want.n_inexact);
    assert_int_equal(got.n_edges, want.n_edges);
    assert_true(got.n_edges > s.p / 4);
    assert_memory_equal(got.edges, want.edges, (size_t)want.n_edges * sizeof *want.edges);
}

static void few_detectors_need_no_tasks(void **state)
{
    struct reference_series s;
    struct neighbourhoods got;
    struct lode_cluster cluster = {.leaves = leaves};
    struct lode_run run = {.cluster = &cluster, .map = local_map, .arena = *state};
    random_series(3, 20, 100, *state, &s);
    assert_ok(neighbourhoods_map(&run, s.gram, s.p, &options, *state, &got));
    assert_int_equal(cluster.n_tasks, 0);
    assert_int_equal(got.n_targets, 20);
}

static lode_status refuse(void *context, int64_t task, const uint8_t *result, size_t size)
{
    (void)context, (void)task, (void)result, (void)size;
    return LODE_OK;
}

/* Parameters of two detectors, and of every shorter length. */
static void parameters_that_end_early_are_refused(void **state)
{
    (void)state;
    const double covariances[] = {1, 0.5, 1}, least[] = {0.75, 0.75};
    struct lode_cluster cluster = {.leaves = leaves};
    struct lode_stage stage = {.leaf = NEIGHBOURHOODS_LEAF, .n_tasks = 1};
    assert_ok(lode_pack_u64(&stage.params, 2));
    assert_ok(lode_pack_u64(&stage.params, NEIGHBOURHOOD_EXPLAINED));
    assert_ok(lode_pack_f64(&stage.params, 0.3));
    assert_ok(lode_pack_bin(&stage.params, covariances, sizeof covariances));
    assert_ok(lode_pack_bin(&stage.params, least, sizeof least));
    assert_ok(local_map(&cluster, &stage, refuse, NULL));
    for (const size_t whole = stage.params.size; stage.params.size > 0;) {
        stage.params.size--;
        assert_status(LODE_E_MESSAGE, local_map(&cluster, &stage, refuse, NULL));
        assert_true(stage.params.size < whole);
    }
    lode_bytes_clear(&stage.params);
}

/* One target of the two with a source beyond the last, then with itself as its source. */
static lode_status map_a_wrong_source(struct lode_cluster *cluster, const struct lode_stage *stage,
                                      lode_merge_fn merge, void *context)
{
    lode_status status = LODE_OK;
    struct lode_bytes result = {0};
    (void)stage;
    for (int i = 0; i < 4; i++) lode_try_done(lode_pack_f64(&result, 1.0));
    lode_try_done(lode_pack_u64(&result, 0));
    lode_try_done(lode_pack_array(&result, 1));
    lode_try_done(lode_pack_u64(&result, (uint64_t)cluster->n_tasks));
    lode_try_done(lode_pack_f64(&result, 0.5));
    status = merge(context, 0, result.data, result.size);
done:
    lode_bytes_clear(&result);
    return status;
}

static void results_with_wrong_sources_are_refused(void **state)
{
    const uint64_t wrong[] = {0, NEIGHBOURHOODS_DIRECT + 1};
    struct reference_series s;
    random_series(3, NEIGHBOURHOODS_DIRECT + 1, 50, *state, &s);
    for (int i = 0; i < 2; i++) {
        struct neighbourhoods got = {.p = 77};
        struct lode_cluster cluster = {.n_tasks = (int64_t)wrong[i]};
        struct lode_run run = {.cluster = &cluster, .map = map_a_wrong_source, .arena = *state};
        assert_status(LODE_E_MESSAGE,
                      neighbourhoods_map(&run, s.gram, s.p, &options, *state, &got));
        assert_non_null(strstr(lode_error_text(), "source"));
        assert_int_equal(got.p, 77);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(tasks_give_the_bits_of_one_fit),
        TEST(few_detectors_need_no_tasks),
        TEST(parameters_that_end_early_are_refused),
        TEST(results_with_wrong_sources_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
