/* Quality: the fewest firings that reach a recall. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/store/table.h"
#include "jobs/hierarchy/evaluation/quality.h"

static const double thresholds[] = {1, 2, 3, 4};
/* of 10 issues; firings need not fall with the threshold */
static const struct quality_level levels[] = {
    {"low", (const int64_t[]){50, 40, 20, 5}, (const int64_t[]){10, 10, 10, 1},
     (const int64_t[]){8, 6, 6, 4}},
    {"high", (const int64_t[]){9, 9, 12, 0}, (const int64_t[]){9, 6, 3, 0},
     (const int64_t[]){6, 7, 6, 0}},
};
static const struct quality quality = {4, thresholds, 10, 2, levels};

static void the_fewest_firings_that_reach_a_recall_are_found(void **state)
{
    (void)state;
    assert_int_equal(quality_best(&quality, 0, 4), 3);
    assert_int_equal(quality_best(&quality, 0, 6), 2);
    assert_int_equal(quality_best(&quality, 0, 8), 0);
}

static void of_equal_firings_the_lowest_threshold_counts(void **state)
{
    (void)state;
    assert_int_equal(quality_best(&quality, 1, 6), 0);
}

static void a_recall_may_never_be_reached(void **state)
{
    (void)state;
    struct quality none = quality;
    none.n_issues = 0;
    assert_int_equal(quality_best(&quality, 1, 8), -1);
    assert_int_equal(quality_best(&none, 0, 4), -1);
}

static double number(const struct lode_table *table, const char *column, int64_t row)
{
    const struct lode_column *of = lode_table_column(table, column);
    assert_non_null(of);
    return ((const double *)of->data)[row];
}

static void both_tables_hold_what_the_levels_come_to(void **state)
{
    char path[] = "/tmp/lode-quality-XXXXXX";
    struct lode_arena *arena = NULL;
    struct lode_results *results = NULL;
    struct lode_table table;
    (void)state;
    close(mkstemp(path));
    unlink(path);
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(lode_results_create(path, &results));
    assert_ok(quality_put(&quality, arena, results));
    assert_ok(lode_results_commit(results));
    assert_ok(lode_results_read(path, "evaluation", arena, &table));
    assert_int_equal(table.n_rows, 8);
    assert_true(number(&table, "recall", 4) == 0.6);
    assert_true(number(&table, "precision", 5) == 6.0 / 9.0);
    assert_true(isnan(number(&table, "precision", 7)));
    assert_true(number(&table, "ratio_to_low", 1) == 40.0 / 20.0);
    assert_true(number(&table, "ratio_to_low", 4) == 9.0 / 20.0);
    assert_true(number(&table, "ratio_to_low", 5) == 9.0 / 50.0); /* low finds 7 with 50 alone */
    assert_true(number(&table, "ratio_to_low", 7) == 0.0);
    assert_ok(lode_results_read(path, "summary", arena, &table));
    assert_int_equal(table.n_rows, 6);
    assert_true(number(&table, "firings", 1) == 20);
    assert_true(number(&table, "ratio_to_low", 1) == 1);
    assert_true(number(&table, "threshold", 4) == 1);
    assert_true(number(&table, "ratio_to_low", 4) == 9.0 / 20.0);
    assert_true(isnan(number(&table, "firings", 5)));
    unlink(path);
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fewest_firings_that_reach_a_recall_are_found),
        cmocka_unit_test(of_equal_firings_the_lowest_threshold_counts),
        cmocka_unit_test(a_recall_may_never_be_reached),
        cmocka_unit_test(both_tables_hold_what_the_levels_come_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
