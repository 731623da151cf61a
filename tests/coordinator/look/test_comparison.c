/* Comparison: what counts as new, gone, changed and the same. */
#include "tests/unit.h"

#include "coordinator/look/comparison.h"
#include "coordinator/look/run_findings.h"

#include <math.h>
#include <string.h>

enum { ROWS_MAX = 4 };

/* A run of `n` findings about these keys, with one figure `impact`. */
struct small_run {
    struct lode_column column;
    struct lode_table table;
    char *keys[ROWS_MAX];
    double impact[ROWS_MAX];
    struct compared compared;
};

static const char *const figures[] = {"impact", NULL};

static void make_run(struct small_run *run, int n, char *const *keys, const double *impact)
{
    memset(run, 0, sizeof *run);
    for (int i = 0; i < n; i++) {
        run->keys[i] = keys[i];
        run->impact[i] = impact[i];
    }
    run->column = lode_column_numbers("impact", LODE_COLUMN_F64, run->impact, "sessions", "impact");
    run->table = (struct lode_table){
        .name = "findings", .n_rows = n, .n_columns = 1, .columns = &run->column};
    run->compared = (struct compared){&run->table, run->keys};
}

static struct comparison compare(struct lode_arena *arena, const struct small_run *before,
                                 const struct small_run *after, double threshold)
{
    struct comparison comparison;
    assert_ok(findings_compare(&before->compared, &after->compared, figures, threshold, arena,
                               &comparison));
    return comparison;
}

static void expect_difference(const struct difference *difference, enum difference_kind kind,
                              int64_t before, int64_t after)
{
    assert_int_equal(difference->kind, kind);
    assert_int_equal(difference->before, before);
    assert_int_equal(difference->after, after);
}

static int make_arena(void **state)
{
    return lode_arena_create(0, (struct lode_arena **)state) != LODE_OK;
}

static int drop_arena(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

static void findings_are_matched_by_what_they_are_about_not_by_rank(void **state)
{
    struct small_run before, after;
    make_run(&before, 3, (char *[]){"c", "a", "b"}, (double[]){30, 20, 10});
    make_run(&after, 3, (char *[]){"a", "d", "c"}, (double[]){20, 15, 60});

    const struct comparison comparison = compare(*state, &before, &after, 0.1);

    assert_int_equal(comparison.n, 4);
    expect_difference(&comparison.list[0], FINDING_NEW, -1, 1);
    expect_difference(&comparison.list[1], FINDING_GONE, 2, -1);
    expect_difference(&comparison.list[2], FINDING_CHANGED, 0, 2);
    expect_difference(&comparison.list[3], FINDING_SAME, 1, 0);
    for (int kind = 0; kind <= FINDING_SAME; kind++) assert_int_equal(comparison.counts[kind], 1);
}

static void new_and_changed_are_in_order_of_rank_and_gone_in_that_of_the_rank_before(void **state)
{
    struct small_run before, after;
    make_run(&before, 2, (char *[]){"z", "y"}, (double[]){2, 1});
    make_run(&after, 2, (char *[]){"n", "m"}, (double[]){2, 1});

    const struct comparison comparison = compare(*state, &before, &after, 0.1);

    assert_int_equal(comparison.n, 4);
    expect_difference(&comparison.list[0], FINDING_NEW, -1, 0);
    expect_difference(&comparison.list[1], FINDING_NEW, -1, 1);
    expect_difference(&comparison.list[2], FINDING_GONE, 0, -1);
    expect_difference(&comparison.list[3], FINDING_GONE, 1, -1);
}

static enum difference_kind kind_of_move(struct lode_arena *arena, double was, double is)
{
    struct small_run before, after;
    make_run(&before, 1, (char *[]){"a"}, &was);
    make_run(&after, 1, (char *[]){"a"}, &is);
    return compare(arena, &before, &after, 0.1).list[0].kind;
}

static void a_figure_has_changed_beyond_the_threshold_not_at_it(void **state)
{
    assert_int_equal(kind_of_move(*state, 100, 90), FINDING_SAME);
    assert_int_equal(kind_of_move(*state, 100, 89.9), FINDING_CHANGED);
    assert_int_equal(kind_of_move(*state, 90, 100), FINDING_SAME);
    assert_int_equal(kind_of_move(*state, -100, -80), FINDING_CHANGED);
    assert_int_equal(kind_of_move(*state, 0.01, -0.01), FINDING_CHANGED);
    assert_int_equal(kind_of_move(*state, 0, 0), FINDING_SAME);
}

static void no_number_and_infinity_are_equal_to_themselves_alone(void **state)
{
    const double none = (double)NAN, infinite = (double)INFINITY;
    assert_int_equal(kind_of_move(*state, none, none), FINDING_SAME);
    assert_int_equal(kind_of_move(*state, none, 1), FINDING_CHANGED);
    assert_int_equal(kind_of_move(*state, infinite, infinite), FINDING_SAME);
    assert_int_equal(kind_of_move(*state, 5, infinite), FINDING_CHANGED);
    assert_int_equal(kind_of_move(*state, infinite, -infinite), FINDING_CHANGED);
}

static void equal_keys_of_one_run_are_matched_one_by_one(void **state)
{
    struct small_run before, after;
    make_run(&before, 2, (char *[]){"a", "a"}, (double[]){2, 1});
    make_run(&after, 3, (char *[]){"a", "a", "a"}, (double[]){2, 1, 0.5});

    const struct comparison comparison = compare(*state, &before, &after, 0.1);

    assert_int_equal(comparison.counts[FINDING_SAME], 2);
    assert_int_equal(comparison.counts[FINDING_NEW], 1);
    expect_difference(&comparison.list[0], FINDING_NEW, -1, 2);
}

static void runs_without_findings_compare(void **state)
{
    struct small_run before, after;
    make_run(&before, 0, NULL, NULL);
    make_run(&after, 0, NULL, NULL);
    assert_int_equal(compare(*state, &before, &after, 0.1).n, 0);
}

static void a_key_is_a_json_object_of_the_identity_columns(void **state)
{
    char *words[] = {"a\"|b", "c"};
    const uint32_t kpi[] = {1}, tokens[] = {0, 1};
    struct lode_column columns[] = {
        lode_column_words("kpi", kpi, words, 2, "KPI"),
        {.name = "pattern",
         .type = LODE_COLUMN_TOKENS,
         .data = tokens,
         .width = 2,
         .words = words,
         .n_words = 2},
    };
    const struct lode_table table = {.name = "t", .n_rows = 1, .n_columns = 2, .columns = columns};
    char **keys = NULL;

    assert_ok(
        finding_keys_make(&table, (const char *const[]){"kpi", "pattern", NULL}, *state, &keys));

    assert_string_equal(keys[0], "{\"kpi\":\"c\",\"pattern\":\"a\\\"\\\\|b|c\"}");
}

static void a_table_without_an_identity_column_is_refused_by_its_name(void **state)
{
    const struct lode_table table = {.name = "t", .n_rows = 1};
    char **keys = NULL;
    assert_status(LODE_E_INPUT,
                  finding_keys_make(&table, (const char *const[]){"kpi", NULL}, *state, &keys));
    assert_non_null(strstr(lode_error_text(), "table 't' has no column 'kpi'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_matched_by_what_they_are_about_not_by_rank),
        cmocka_unit_test(new_and_changed_are_in_order_of_rank_and_gone_in_that_of_the_rank_before),
        cmocka_unit_test(a_figure_has_changed_beyond_the_threshold_not_at_it),
        cmocka_unit_test(no_number_and_infinity_are_equal_to_themselves_alone),
        cmocka_unit_test(equal_keys_of_one_run_are_matched_one_by_one),
        cmocka_unit_test(runs_without_findings_compare),
        cmocka_unit_test(a_key_is_a_json_object_of_the_identity_columns),
        cmocka_unit_test(a_table_without_an_identity_column_is_refused_by_its_name),
    };
    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
