#include "tests/unit.h"

#include <string.h>

#include "jobs/opportunities/opportunity_options.h"

static struct lode_kpi kpis[] = {{.name = "kpi_bounce", .is_binary = true},
                                 {.name = "kpi_seconds"},
                                 {.name = "kpi_fail", .is_binary = true}};
static struct lode_attribute attributes[] = {{.name = "os"}, {.name = "country"}};
static char *names[] = {"login", "pay"};
static struct lode_store store = {.n_kpis = 3,
                                  .kpis = kpis,
                                  .n_attributes = 2,
                                  .attributes = attributes,
                                  .event_names = {names, 2}};

struct fixture {
    struct lode_arena *arena;
    struct lode_params *params;
    struct opportunity_options options;
};

static int setup(void **state)
{
    static struct fixture fixture;
    assert_ok(lode_arena_create(0, &fixture.arena));
    assert_ok(lode_params_create(opportunity_params, &fixture.params));
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    lode_params_destroy(fixture->params);
    lode_arena_destroy(fixture->arena);
    return 0;
}

static lode_status read_with(struct fixture *fixture, const char *setting)
{
    if (setting) assert_ok(lode_params_set(fixture->params, setting));
    return opportunity_options_read(fixture->params, &store, fixture->arena, &fixture->options);
}

static void the_defaults_are_the_papers(void **state)
{
    struct fixture *f = *state;
    assert_ok(read_with(f, NULL));
    assert_int_equal(f->options.n_kpis, 3);
    assert_true(f->options.attribute_on[0] && f->options.attribute_on[1]);
    assert_true(f->options.first_k == 1 && f->options.last_k == 3);
    assert_int_equal(decimal_share_of(f->options.min_share, 100), 10);
    assert_true(f->options.min_ratio.numerator == 2 && f->options.min_ratio.denominator == 1);
    assert_int_equal(f->options.sparse_after_ms, 30LL * 86400000);
    assert_true(f->options.cohort_relative == 0.25); /* representable */
    assert_int_equal(f->options.top, 5);
}

static void kpis_are_named_with_or_without_prefix_and_kept_in_the_stores_order(void **state)
{
    struct fixture *f = *state;
    assert_ok(read_with(f, "kpi=fail,kpi_bounce,fail"));
    assert_int_equal(f->options.n_kpis, 2);
    assert_int_equal(f->options.kpis[0], 0);
    assert_int_equal(f->options.kpis[1], 2);
}

static void an_unknown_kpi_is_refused_with_the_nearest_name_and_the_list(void **state)
{
    assert_status(LODE_E_USAGE, read_with(*state, "kpi=kpi_fial"));
    assert_non_null(strstr(lode_error_text(), "did you mean 'kpi_fail'"));
    assert_non_null(strstr(lode_error_text(), "kpi_bounce, kpi_seconds, kpi_fail"));
}

static void an_unknown_attribute_is_refused_with_the_nearest_name_and_the_list(void **state)
{
    assert_status(LODE_E_USAGE, read_with(*state, "attributes=os,contry"));
    assert_non_null(strstr(lode_error_text(), "did you mean 'country'"));
    assert_non_null(strstr(lode_error_text(), "os, country"));
}

static void a_store_without_kpis_is_refused_with_the_way_to_stage_one(void **state)
{
    struct fixture *f = *state;
    const struct lode_store empty = {.event_names = {names, 2}};
    assert_status(LODE_E_USAGE, opportunity_options_read(f->params, &empty, f->arena, &f->options));
    assert_non_null(strstr(lode_error_text(), "stage"));
    assert_non_null(strstr(lode_error_text(), "kpi_"));
}

static void values_out_of_range_are_refused_with_their_name(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *bad, *good;
    } cases[] = {
        {"k=0..2", "k=1..3"},
        {"k=3..9", "k=1..3"},
        {"min_share=1.1", "min_share=0.1"},
        {"min_support=-1", "min_support=0"},
        {"min_ratio=1e3", "min_ratio=2"},
        {"max_q=2", "max_q=0.05"},
        {"top=0", "top=5"},
        {"first_sessions=0", "first_sessions=1"},
        {"sparse_after=soon", "sparse_after=30d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32] = {0};
        memcpy(name, cases[i].bad, strcspn(cases[i].bad, "="));
        assert_status(LODE_E_USAGE, read_with(f, cases[i].bad));
        assert_non_null(strstr(lode_error_text(), name));
        assert_ok(read_with(f, cases[i].good));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_defaults_are_the_papers, setup, teardown),
        cmocka_unit_test_setup_teardown(
            kpis_are_named_with_or_without_prefix_and_kept_in_the_stores_order, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_unknown_kpi_is_refused_with_the_nearest_name_and_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_unknown_attribute_is_refused_with_the_nearest_name_and_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(a_store_without_kpis_is_refused_with_the_way_to_stage_one,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(values_out_of_range_are_refused_with_their_name, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
