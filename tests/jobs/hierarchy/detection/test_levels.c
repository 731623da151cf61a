/* Levels: which there are, and what thresholds may name. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/detection/levels.h"

struct fixture {
    struct lode_arena *arena;
    struct model model; /* two levels of groups, no detectors */
    struct levels levels;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.model.n_levels = 3, .model.options.max_levels = 4};
    *state = &f;
    return lode_arena_create(0, &f.arena) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return 0;
}

static lode_status make(struct fixture *f, const char *name, bool are_learned)
{
    const struct hierarchy_number number = {name, 3.0};
    const struct hierarchy_numbers alerts = {name ? 1 : 0, &number};
    return levels_make(
        &f->model, &(struct levels_wanted){.alerts = &alerts, .are_alerts_learned = are_learned},
        f->arena, &f->levels);
}

static lode_status check(struct fixture *f, const char *name)
{
    const struct hierarchy_number number = {name, 3.0};
    f->model.options.thresholds = (struct hierarchy_numbers){1, &number};
    return levels_check(&f->model.options, f->arena);
}

static double alert_of(const struct fixture *f, const char *name)
{
    const int level = levels_find(&f->levels, name);
    assert_true(level >= 0);
    return f->levels.alerts[level];
}

static void without_thresholds_high_alone_fires(void **state)
{
    struct fixture *f = *state;
    assert_ok(make(f, NULL, true));
    assert_true(fabs(alert_of(f, "high") - log(100.0)) < 1e-12);
    assert_true(isinf(alert_of(f, "level-2")) && isinf(alert_of(f, "mean")));
}

static void a_threshold_of_a_level_that_there_is_not_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_status(LODE_E_USAGE, make(f, "level-3", false));
    assert_non_null(strstr(lode_error_text(), "did you mean 'level-2'?"));
    assert_status(LODE_E_USAGE, make(f, "zzzzzzzz", false));
    assert_non_null(strstr(lode_error_text(), "there are low, mid, level-2, high, high_max, mean"));
    assert_ok(make(f, "level-?", false));
    assert_true(alert_of(f, "level-2") == 3.0);
}

/* Nobody knew while it was learned how many levels it would have. */
static void a_learned_threshold_of_a_level_that_did_not_come_is_no_mistake(void **state)
{
    struct fixture *f = *state;
    assert_ok(check(f, "level-3"));
    assert_ok(make(f, "level-3", true));
    assert_true(isinf(alert_of(f, "level-2")));
}

static void what_no_model_has_is_refused_when_it_is_learned(void **state)
{
    static const char *const names[] = {"low",   "mid",  "high",    "high_max", "mean",   "flat",
                                        "whole", "rule", "pattern", "woke",     "silent", "l*"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_ok(check(f, names[i]));
    assert_ok(check(f, "level-4"));
    assert_status(LODE_E_USAGE, check(f, "level-5"));
    assert_status(LODE_E_USAGE, check(f, "hgh"));
    assert_non_null(strstr(lode_error_text(), "no level 'hgh'; did you mean 'high'?"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_thresholds_high_alone_fires),
        TEST(a_threshold_of_a_level_that_there_is_not_is_refused),
        TEST(a_learned_threshold_of_a_level_that_did_not_come_is_no_mistake),
        TEST(what_no_model_has_is_refused_when_it_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
