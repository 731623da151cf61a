/* Crossing: detectors of several components, from series that lie there: a has slots of a minute,
 * b of two, and both begin where the test says. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/detection/crossing.h"
#include "tests/jobs/hierarchy/detection/small_tree.h"

enum { THRESHOLDS = 2 };
static const double thresholds[THRESHOLDS] = {1, 3};

struct world {
    struct small_tree *tree;
    struct planned planned;
    struct outcome outcome;
    struct crossing crossing;
};

/* Plans, without new slots yet. */
static void begin(struct world *w, struct small_tree *tree)
{
    memset(w, 0, sizeof *w);
    w->tree = tree;
    small_tree_plan(tree, &w->planned);
    assert_ok(outcome_begin(&tree->planning, &w->planned, thresholds, THRESHOLDS, tree->arena,
                            &w->outcome));
}

/* The series of a component's end: n slots of `step_ms` from a time on. */
static void set_series(struct world *w, int64_t component, int64_t begin_ms, int64_t step_ms,
                       int64_t n, double *e)
{
    struct planned_component *of = &w->planned.list[w->planned.place[component]];
    of->plan.first_ms = begin_ms - 3 * step_ms; /* three slots of training */
    of->plan.step_ms = step_ms;
    of->first = 3;
    of->n_slots = n;
    of->series[w->planned.node[component == SVC_A ? A_END : B_END]] = e;
}

static const struct crossing_detector *combine(struct world *w)
{
    assert_ok(crossing_combine(&w->outcome, &w->crossing));
    assert_int_equal(w->crossing.n, 1);
    assert_int_equal(w->crossing.list[0].detector, WHOLE);
    return &w->crossing.list[0];
}

static void e_is(const struct crossing_detector *of, int64_t n, const double *e)
{
    assert_int_equal(of->slots.n, n);
    for (int64_t i = 0; i < n; i++)
        if (of->e[i] < e[i] || of->e[i] > e[i])
            fail_msg("slot %lld: %g, not %g", (long long)i, of->e[i], e[i]);
}

static void members_with_the_same_slots_are_combined_slot_by_slot(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {2, 4, 0}, b[] = {0, 2, 6};
    tree->members[4].weight = 3; /* of the end of a */
    begin(&w, tree);
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 3, a);
    set_series(&w, SVC_B, 11 * MINUTE_MS, MINUTE_MS, 3, b);
    const struct crossing_detector *whole = combine(&w);
    assert_string_equal(tree->levels.names[whole->level], "whole");
    assert_int_equal(whole->slots.first_ms, 11 * MINUTE_MS);
    e_is(whole, 3, (const double[]){1.5, 3.5, 1.5});
}

static void slots_are_those_of_the_longest_step_counted_from_1970(void **state)
{
    struct world w;
    double a[] = {2, 4, 8}, b[] = {6, 10};
    begin(&w, *state);
    set_series(&w, SVC_A, 13 * MINUTE_MS, MINUTE_MS, 3, a);
    set_series(&w, SVC_B, 13 * MINUTE_MS, 2 * MINUTE_MS, 2, b);
    const struct crossing_detector *whole = combine(&w);
    assert_int_equal(whole->slots.step_ms, 2 * MINUTE_MS);
    assert_int_equal(whole->slots.first_ms, 12 * MINUTE_MS);
    /* of a, minutes 14 and 15 begin in the second slot: the last of them counts */
    e_is(whole, 2, (const double[]){(2 + 6) / 2.0, (8 + 10) / 2.0});
}

static void times_before_1970_have_slots_too(void **state)
{
    struct world w;
    double a[] = {2, 4}, b[] = {6, 10};
    begin(&w, *state);
    set_series(&w, SVC_A, -1 * MINUTE_MS, MINUTE_MS, 2, a);
    set_series(&w, SVC_B, -1 * MINUTE_MS, 2 * MINUTE_MS, 2, b);
    const struct crossing_detector *whole = combine(&w);
    assert_int_equal(whole->slots.first_ms, -2 * MINUTE_MS);
    e_is(whole, 2, (const double[]){(2 + 6) / 2.0, (4 + 10) / 2.0});
}

static void a_late_component_is_no_evidence_and_keeps_nobody_from_firing(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {0, 8, 8, 0, 20}, b[] = {4};
    begin(&w, tree);
    tree->levels.alerts[levels_find(&tree->levels, "whole")] = 4;
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 5, a);
    set_series(&w, SVC_B, 12 * MINUTE_MS, MINUTE_MS, 1, b);
    e_is(combine(&w), 5, (const double[]){0, 6, 4, 0, 10});
    assert_int_equal(w.outcome.n_fired, 2);
    const struct fired *fired = w.outcome.fired;
    assert_int_equal(fired[0].start_ms, 12 * MINUTE_MS);
    assert_int_equal(fired[0].end_ms, 14 * MINUTE_MS);
    assert_int_equal(fired[1].start_ms, 15 * MINUTE_MS);
    assert_int_equal(fired[1].end_ms, INT64_MIN); /* it lasts */
}

static void a_firing_tells_the_detectors_that_made_its_peak(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {2, 6}, b[] = {6, 18};
    begin(&w, tree);
    tree->levels.alerts[levels_find(&tree->levels, "whole")] = 4;
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 2, a);
    set_series(&w, SVC_B, 11 * MINUTE_MS, MINUTE_MS, 2, b);
    (void)combine(&w);
    assert_int_equal(w.outcome.n_fired, 1);
    const struct fired *fired = &w.outcome.fired[0];
    assert_string_equal(fired->component, "svc");
    assert_string_equal(fired->detector, "whole");
    assert_true(fired->is_crossing);
    assert_int_equal(fired->start_ms, 11 * MINUTE_MS);
    assert_int_equal(fired->change_ms, 11 * MINUTE_MS);
    assert_int_equal(fired->peak_ms, 12 * MINUTE_MS);
    assert_true(fired->peak == 12);
    assert_int_equal(fired->n_leaves, 2);
    assert_int_equal(fired->n_main, 2); /* 9 of 12 are less than 90 % */
    assert_int_equal(fired->n_top, 2);
    assert_string_equal(fired->top[0].component, "svc/b");
    assert_string_equal(fired->top[0].name, "end");
    assert_true(fired->top[0].e == 9);
    assert_string_equal(fired->top[1].component, "svc/a");
    assert_true(fired->top[1].e == 3);
}

/* Minute by minute E is 0, 2, 4, 0, 2: two firings at 1, one at 3. */
static void firings_and_issues_are_counted_at_every_threshold(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {0, 2, 4, 0, 2}, b[] = {0, 2, 4, 0, 2};
    small_tree_label(tree, SVC, 12 * MINUTE_MS, 14 * MINUTE_MS);
    small_tree_label(tree, SVC_B, 14 * MINUTE_MS, 16 * MINUTE_MS);
    begin(&w, tree);
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 5, a);
    set_series(&w, SVC_B, 11 * MINUTE_MS, MINUTE_MS, 5, b);
    const int level = combine(&w)->level;
    outcome_end(&w.outcome);
    const struct tally *tally = &w.outcome.tallies[level];
    assert_int_equal(tally->firings[0], 2);
    assert_int_equal(tally->firings[1], 1);
    assert_int_equal(tally->inside[0], 2);
    assert_int_equal(tally->inside[1], 1);
    const uint8_t *found = w.outcome.is_found + level * THRESHOLDS;
    const int64_t of_label = (int64_t)tree->levels.n * THRESHOLDS;
    assert_int_equal(found[0], 1);
    assert_int_equal(found[1], 1);
    assert_int_equal(found[of_label], 1);
    assert_int_equal(found[of_label + 1], 0);
}

static void an_issue_elsewhere_is_not_found(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {8, 8};
    const int64_t aside = tree->model.n_components++;
    tree->components[aside] = (struct model_component){.name = "unrelated", .parent = -1};
    small_tree_label(tree, aside, 0, LAST_MS);
    begin(&w, tree);
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 2, a);
    const int level = combine(&w)->level;
    outcome_end(&w.outcome);
    assert_int_equal(w.outcome.tallies[level].firings[0], 1);
    assert_int_equal(w.outcome.tallies[level].inside[0], 0);
    assert_int_equal(w.outcome.is_found[level * THRESHOLDS], 0);
}

/* A second service level: the whole of all is made of the whole of svc alone. */
static void a_detector_may_be_made_of_one_that_crosses_already(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    double a[] = {4, 8}, b[] = {0, 4};
    const int64_t above = tree->model.n_detectors++;
    tree->detectors[above] = tree->detectors[WHOLE];
    tree->detectors[above].n_members = 1;
    tree->detectors[above].first_member = tree->model.n_members;
    tree->members[tree->model.n_members++] = (struct model_member){WHOLE, 1};
    begin(&w, tree);
    set_series(&w, SVC_A, 11 * MINUTE_MS, MINUTE_MS, 2, a);
    set_series(&w, SVC_B, 11 * MINUTE_MS, MINUTE_MS, 2, b);
    assert_ok(crossing_combine(&w.outcome, &w.crossing));
    assert_int_equal(w.crossing.n, 2);
    e_is(&w.crossing.list[1], 2, (const double[]){2, 6});
}

static void without_any_new_slot_there_is_nothing_to_combine(void **state)
{
    struct small_tree *tree = *state;
    struct world w;
    tree->staged[AT_A].last_ms = TRAINED_MS; /* a is not scored at all, b has no slots */
    begin(&w, tree);
    const struct crossing_detector *whole = combine(&w);
    assert_int_equal(whole->slots.n, 0);
    assert_int_equal(w.outcome.n_fired, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, small_tree_setup, small_tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_with_the_same_slots_are_combined_slot_by_slot),
        TEST(slots_are_those_of_the_longest_step_counted_from_1970),
        TEST(times_before_1970_have_slots_too),
        TEST(a_late_component_is_no_evidence_and_keeps_nobody_from_firing),
        TEST(a_firing_tells_the_detectors_that_made_its_peak),
        TEST(firings_and_issues_are_counted_at_every_threshold),
        TEST(an_issue_elsewhere_is_not_found),
        TEST(a_detector_may_be_made_of_one_that_crosses_already),
        TEST(without_any_new_slot_there_is_nothing_to_combine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
