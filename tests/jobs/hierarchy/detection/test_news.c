/* News: what woke up and what is silent, as firings. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/detection/news.h"
#include "tests/jobs/hierarchy/detection/small_tree.h"

enum { WOKEN = 3 };

struct world {
    struct planned planned;
    struct outcome outcome;
    struct woken woken[WOKEN];
    struct unscored unscored[2];
};

/* Three counters of a woke up, at minutes 14, 12 and 13. */
static void begin(struct small_tree *tree, struct world *w, double woke, double silent)
{
    static const int64_t minutes[] = {14, 12, 13};
    static const char *const names[] = {"x", "y", "z"};
    memset(w, 0, sizeof *w);
    small_tree_plan(tree, &w->planned);
    tree->levels.alerts[levels_find(&tree->levels, LEVEL_WOKE)] = woke;
    tree->levels.alerts[levels_find(&tree->levels, LEVEL_SILENT)] = silent;
    assert_ok(outcome_begin(&tree->planning, &w->planned, NULL, 0, tree->arena, &w->outcome));
    for (int i = 0; i < WOKEN; i++)
        w->woken[i] = (struct woken){
            tree->components[SVC_A].name, names[i], SVC_A, {true, minutes[i] * MINUTE_MS, 0, 1}};
    w->outcome.woken = w->woken;
    w->outcome.n_woken = WOKEN;
}

static void counters_that_woke_fire_from_when_as_many_had_as_are_needed(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    begin(tree, &w, 2, (double)INFINITY);
    assert_ok(news_fire(&w.outcome));
    assert_int_equal(w.outcome.n_fired, 1);
    const struct fired *fired = w.outcome.fired;
    assert_string_equal(tree->levels.names[fired->level], "woke");
    assert_string_equal(fired->component, "svc/a");
    assert_int_equal(fired->start_ms, INT64_C(13) * MINUTE_MS);
    assert_true(fired->end_ms == INT64_MIN);
    assert_true(fired->peak == WOKEN);
    assert_int_equal(fired->n_top, WOKEN);
    assert_int_equal(fired->n_main, WOKEN);
    assert_string_equal(fired->top[0].name, "y");
}

static void too_few_that_woke_or_no_threshold_fire_not(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    const double thresholds[] = {3.5, (double)INFINITY};
    for (int i = 0; i < 2; i++) {
        begin(tree, &w, thresholds[i], (double)INFINITY);
        assert_ok(news_fire(&w.outcome));
        assert_int_equal(w.outcome.n_fired, 0);
    }
}

static void a_silent_component_fires_at_any_threshold_and_its_counters_not_beside_it(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    tree->staged[AT_A].last_ms = LAST_MS - INT64_C(5) * MINUTE_MS;
    begin(tree, &w, (double)INFINITY, 50);
    w.unscored[0] = (struct unscored){tree->components[SVC_A].name, "cpu", UNSCORED_SILENT,
                                      INT64_C(11) * MINUTE_MS,      SVC_A, true};
    w.outcome.unscored = w.unscored;
    w.outcome.n_unscored = 1;
    assert_ok(news_fire(&w.outcome));
    assert_int_equal(w.outcome.n_fired, 1);
    assert_string_equal(w.outcome.fired[0].detector, "silent");
    assert_int_equal(w.outcome.fired[0].start_ms, LAST_MS - INT64_C(5) * MINUTE_MS);
    assert_true(w.outcome.fired[0].peak == 50);
    assert_int_equal(w.outcome.fired[0].n_top, 0);
}

static void silent_counters_of_a_component_that_speaks_are_counted(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    begin(tree, &w, (double)INFINITY, 1);
    w.unscored[0] = (struct unscored){
        tree->components[SVC_A].name, "new", UNSCORED_COUNTER_UNKNOWN, INT64_MIN, SVC_A, false};
    w.unscored[1] = (struct unscored){tree->components[SVC_A].name, "cpu", UNSCORED_SILENT,
                                      INT64_C(11) * MINUTE_MS,      SVC_A, true};
    w.outcome.unscored = w.unscored;
    w.outcome.n_unscored = 2;
    assert_ok(news_fire(&w.outcome));
    assert_int_equal(w.outcome.n_fired, 1);
    assert_int_equal(w.outcome.fired[0].start_ms, INT64_C(11) * MINUTE_MS);
    assert_true(w.outcome.fired[0].peak == 1);
    assert_string_equal(w.outcome.fired[0].top[0].name, "cpu");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, small_tree_setup, small_tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters_that_woke_fire_from_when_as_many_had_as_are_needed),
        TEST(too_few_that_woke_or_no_threshold_fire_not),
        TEST(a_silent_component_fires_at_any_threshold_and_its_counters_not_beside_it),
        TEST(silent_counters_of_a_component_that_speaks_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
