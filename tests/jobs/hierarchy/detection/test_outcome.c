/* Outcome: what the leaves' results come to, whatever the order of tasks. */
#include "tests/unit.h"

#include <string.h>

#include "common/wire/pack.h"
#include "jobs/hierarchy/detection/outcome.h"
#include "tests/jobs/hierarchy/detection/small_tree.h"

enum { THRESHOLDS = 3, FIRST = 11, NEW_SLOTS = 10 };
static const double thresholds[THRESHOLDS] = {1, 2, 4};

struct results {
    struct lode_bytes bytes;
};

static void put_numbers(struct results *to, int n, const int64_t *numbers)
{
    for (int i = 0; i < n; i++) assert_ok(lode_pack_i64(&to->bytes, numbers[i]));
}
#define PUT(to, ...)                                                                               \
    put_numbers(to, sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                      \
                (const int64_t[]){__VA_ARGS__})

static void put_slots(struct results *to)
{
    PUT(to, DETECTED_SLOTS, FIRST, NEW_SLOTS, 0);
}

static void put_series(struct results *to, int64_t node, int64_t first, int64_t n, double e)
{
    double series[NEW_SLOTS];
    for (int64_t i = 0; i < n; i++) series[i] = e + (double)i;
    PUT(to, DETECTED_SERIES, node, first, n);
    assert_ok(lode_pack_bin(&to->bytes, series, (size_t)n * sizeof *series));
}

/* A firing of a node that peaks in its first slot at 8, of which leaf 0 makes 6 and leaf 1 makes 2.
 */
static void put_firing(struct results *to, int64_t node, int64_t first, int64_t end)
{
    PUT(to, DETECTED_FIRING, node, first, end, first, first - 2);
    assert_ok(lode_pack_f64(&to->bytes, 8));
    PUT(to, 1, 2, 0);
    assert_ok(lode_pack_f64(&to->bytes, 6));
    PUT(to, 1);
    assert_ok(lode_pack_f64(&to->bytes, 2));
}

/* Differences: `firings` at thresholds 0 to `reached` - 1. */
static void put_tally(struct results *to, int level, int64_t firings, int reached, int64_t inside)
{
    int64_t all[THRESHOLDS + 1] = {0}, in[THRESHOLDS + 1] = {0};
    all[0] = firings;
    all[reached] -= firings;
    in[0] = inside;
    in[reached] -= inside;
    PUT(to, DETECTED_TALLY, level);
    assert_ok(lode_pack_bin(&to->bytes, all, sizeof all));
    assert_ok(lode_pack_bin(&to->bytes, in, sizeof in));
}

static void put_found(struct results *to, int64_t issue, int level, uint8_t at_1, uint8_t at_2)
{
    const uint8_t is_found[THRESHOLDS] = {at_1, at_2, 0};
    PUT(to, DETECTED_FOUND, issue, level);
    assert_ok(lode_pack_bin(&to->bytes, is_found, THRESHOLDS));
}

static void add(struct outcome *outcome, int64_t first, int64_t n, struct results *of)
{
    assert_ok(outcome_add(outcome, first, n, of->bytes.data, of->bytes.size));
    lode_bytes_clear(&of->bytes);
}

static void refused(struct outcome *outcome, int64_t first, int64_t n, struct results *of,
                    const char *words)
{
    assert_status(LODE_E_MESSAGE, outcome_add(outcome, first, n, of->bytes.data, of->bytes.size));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
    lode_bytes_clear(&of->bytes);
}

static void begin(struct small_tree *tree, struct planned *planned, struct outcome *outcome)
{
    small_tree_plan(tree, planned);
    assert_ok(
        outcome_begin(&tree->planning, planned, thresholds, THRESHOLDS, tree->arena, outcome));
}

static void counts_of_all_components_are_added_up_by_level(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results one = {0}, other = {0};
    begin(tree, &planned, &outcome);
    const int low = levels_find(&tree->levels, "low"), high = levels_find(&tree->levels, "high");
    put_slots(&one);
    put_tally(&one, low, 5, 3, 2);
    put_tally(&one, high, 1, 1, 0);
    put_slots(&other);
    put_tally(&other, low, 4, 2, 1);
    add(&outcome, 1, 1, &other);
    add(&outcome, 0, 1, &one);
    outcome_end(&outcome);
    const int64_t firings[THRESHOLDS] = {9, 9, 5}, inside[THRESHOLDS] = {3, 3, 2};
    for (int t = 0; t < THRESHOLDS; t++) {
        assert_int_equal(outcome.tallies[low].firings[t], firings[t]);
        assert_int_equal(outcome.tallies[low].inside[t], inside[t]);
        assert_int_equal(outcome.tallies[high].firings[t], t == 0);
    }
}

static void an_issue_is_found_where_any_component_found_it(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results both = {0};
    small_tree_label(tree, SVC_A, 0, 1);
    small_tree_label(tree, SVC, 0, 1); /* the first issue of b, the second of a */
    begin(tree, &planned, &outcome);
    put_slots(&both);
    put_found(&both, 0, 1, 1, 0);
    put_slots(&both);
    put_found(&both, 1, 1, 0, 1);
    put_found(&both, 0, 0, 1, 0);
    add(&outcome, 0, 2, &both);
    const uint8_t *found = outcome.is_found;
    const int64_t of_level = THRESHOLDS, of_label = tree->levels.n * of_level;
    assert_int_equal(found[1 * of_label + 1 * of_level + 0], 1);
    assert_int_equal(found[1 * of_label + 1 * of_level + 1], 1);
    assert_int_equal(found[1 * of_label + 1 * of_level + 2], 0);
    assert_int_equal(found[0 * of_label + 0 * of_level + 0], 1);
    assert_int_equal(found[0 * of_label + 1 * of_level + 1], 0);
}

static void a_firing_has_names_and_times_in_the_place_of_indices(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results both = {0};
    begin(tree, &planned, &outcome);
    put_slots(&both);
    put_slots(&both);
    put_firing(&both, 3, 13, 15);
    add(&outcome, 0, 2, &both);
    outcome_end(&outcome);
    assert_int_equal(outcome.n_fired, 1);
    const struct fired *fired = &outcome.fired[0];
    assert_string_equal(fired->component, "svc/a");
    assert_string_equal(fired->detector, "end");
    assert_string_equal(tree->levels.names[fired->level], "high");
    assert_int_equal(fired->start_ms, 13 * MINUTE_MS);
    assert_int_equal(fired->end_ms, 15 * MINUTE_MS);
    assert_int_equal(fired->peak_ms, 13 * MINUTE_MS);
    assert_int_equal(fired->change_ms, 11 * MINUTE_MS);
    assert_true(fired->peak == 8);
    assert_int_equal(fired->n_main, 1);
    assert_int_equal(fired->n_leaves, 2);
    assert_false(fired->is_crossing);
    assert_int_equal(fired->n_top, 2);
    assert_string_equal(fired->top[0].name, "cpu");
    assert_true(fired->top[0].e == 6);
    assert_string_equal(fired->top[1].name, "mem");
    assert_string_equal(fired->top[1].component, "svc/a");
}

static void firings_are_in_order_of_level_component_detector_start(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results a = {0}, b = {0};
    begin(tree, &planned, &outcome);
    put_slots(&b);
    put_firing(&b, 1, 12, -1); /* the end of b lasts */
    put_firing(&b, 0, 12, 13);
    put_slots(&a);
    put_firing(&a, 3, 18, 19);
    put_firing(&a, 1, 12, 13);
    put_firing(&a, 0, 14, 15);
    put_firing(&a, 0, 12, 13);
    add(&outcome, 0, 1, &b);
    add(&outcome, 1, 1, &a);
    outcome_end(&outcome);
    const char *names[] = {"cpu", "cpu", "mem", "cpu", "end", "end"};
    const char *components[] = {"svc/a", "svc/a", "svc/a", "svc/b", "svc/a", "svc/b"};
    const int64_t starts[] = {12, 14, 12, 12, 18, 12};
    assert_int_equal(outcome.n_fired, 6);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(outcome.fired[i].detector, names[i]);
        assert_string_equal(outcome.fired[i].component, components[i]);
        assert_int_equal(outcome.fired[i].start_ms, starts[i] * MINUTE_MS);
    }
    assert_int_equal(outcome.fired[5].end_ms, INT64_MIN);
}

static void many_firings_find_room(void **state)
{
    enum { MANY = 1000 };
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    begin(tree, &planned, &outcome);
    for (int i = 0; i < MANY; i++) {
        struct fired *fired;
        assert_ok(outcome_fire(&outcome, &fired));
        assert_int_equal(fired->n_top, 0);
        fired->component = fired->detector = "";
        fired->start_ms = MANY - i;
    }
    outcome_end(&outcome);
    for (int i = 0; i < MANY; i++) assert_int_equal(outcome.fired[i].start_ms, i + 1);
}

static void a_series_comes_in_stretches(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results b = {0};
    begin(tree, &planned, &outcome);
    put_slots(&b);
    put_series(&b, 1, FIRST, 6, 0);
    put_series(&b, 1, FIRST + 6, 4, 6);
    add(&outcome, 0, 1, &b);
    assert_int_equal(planned.list[0].first, FIRST);
    assert_int_equal(planned.list[0].n_slots, NEW_SLOTS);
    assert_null(planned.list[0].series[0]);
    for (int i = 0; i < NEW_SLOTS; i++) assert_true(planned.list[0].series[1][i] == i);
    put_slots(&b);
    put_series(&b, 1, FIRST + 8, 3, 0);
    refused(&outcome, 0, 1, &b, "a series of 3 slots from 8 of 10");
    put_slots(&b);
    put_series(&b, 1, FIRST - 1, 3, 0);
    refused(&outcome, 0, 1, &b, "a series of 3 slots from -1 of 10");
}

/* mem of a becomes a second kind of detector on cpu. */
static void a_missing_counter_is_told_once_whatever_detectors_it_has(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results a = {0};
    tree->detectors[A_MEM].counter = "cpu";
    begin(tree, &planned, &outcome);
    put_slots(&a);
    PUT(&a, DETECTED_MISSING, 0, DETECTED_MISSING, 1, DETECTED_COUNTER, AT_MEM);
    add(&outcome, 1, 1, &a);
    assert_int_equal(outcome.n_unscored, 2);
    assert_string_equal(outcome.unscored[0].counter, "cpu");
    assert_string_equal(outcome.unscored[0].component, "svc/a");
    assert_int_equal(outcome.unscored[0].reason, UNSCORED_COUNTER_GONE);
    assert_string_equal(outcome.unscored[1].counter, "mem");
    assert_int_equal(outcome.unscored[1].reason, UNSCORED_COUNTER_UNKNOWN);
    put_slots(&a);
    PUT(&a, DETECTED_COUNTER, 2);
    refused(&outcome, 1, 1, &a, "counter 2");
}

/* cpu of a is dead: it watches nothing, but shows that the machine speaks. */
static void silent_counters_are_told_and_watch_nothing(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results a = {0};
    tree->detectors[A_CPU].state = MODEL_DEAD;
    tree->detectors[A_CPU].sigma = 0;
    begin(tree, &planned, &outcome);
    put_slots(&a);
    add(&outcome, 1, 1, &a);
    assert_int_equal(planned.list[1].n_watched, 1);
    assert_int_equal(planned.list[1].n_speaking, 2);
    begin(tree, &planned, &outcome);
    put_slots(&a);
    PUT(&a, DETECTED_SILENT, 1, 12 * MINUTE_MS);
    add(&outcome, 1, 1, &a);
    assert_int_equal(planned.list[1].n_watched, 0);
    assert_int_equal(planned.list[1].n_speaking, 1);
    assert_int_equal(outcome.n_unscored, 1);
    assert_string_equal(outcome.unscored[0].counter, "mem");
    assert_int_equal(outcome.unscored[0].reason, UNSCORED_SILENT);
    assert_int_equal(outcome.unscored[0].since_ms, 12 * MINUTE_MS);
}

static void a_counter_that_wakes_is_named(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results a = {0};
    begin(tree, &planned, &outcome);
    put_slots(&a);
    PUT(&a, DETECTED_WAKING, 1, 15 * MINUTE_MS);
    assert_ok(lode_pack_f64(&a.bytes, 3));
    assert_ok(lode_pack_f64(&a.bytes, 7));
    add(&outcome, 1, 1, &a);
    assert_int_equal(outcome.n_woken, 1);
    assert_string_equal(outcome.woken[0].component, "svc/a");
    assert_string_equal(outcome.woken[0].counter, "mem");
    assert_int_equal(outcome.woken[0].waking.time_ms, 15 * MINUTE_MS);
    assert_true(outcome.woken[0].waking.before == 3 && outcome.woken[0].waking.after == 7);
}

static void results_of_too_few_or_too_many_components_are_refused(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results some = {0};
    begin(tree, &planned, &outcome);
    put_slots(&some);
    refused(&outcome, 0, 2, &some, "results of 1 components, not 2");
    put_slots(&some);
    put_slots(&some);
    refused(&outcome, 0, 1, &some, "of no component");
    PUT(&some, DETECTED_MISSING, 0);
    refused(&outcome, 0, 1, &some, "node 0 of 0");
    put_tally(&some, 0, 1, 1, 1);
    refused(&outcome, 0, 1, &some, "of no component");
    put_slots(&some);
    PUT(&some, DETECTED_FOUND, 0, 0);
    refused(&outcome, 0, 1, &some, "issue 0 of 0");
}

static void a_firing_with_fewer_contributors_than_it_needs_is_refused(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results b = {0};
    begin(tree, &planned, &outcome);
    put_slots(&b);
    PUT(&b, DETECTED_FIRING, 1, FIRST, -1, FIRST, FIRST);
    assert_ok(lode_pack_f64(&b.bytes, 8));
    PUT(&b, 2, 1, 0);
    assert_ok(lode_pack_f64(&b.bytes, 8));
    refused(&outcome, 0, 1, &b, "2 main contributors of 1");
}

/* An issue counts where somebody could have found its start. */
static void an_issue_counts_where_its_start_was_scored(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results both = {0};
    const int64_t aside = tree->model.n_components++;
    tree->components[aside] = (struct model_component){.name = "unrelated", .parent = -1};
    begin(tree, &planned, &outcome);
    put_slots(&both);
    PUT(&both, DETECTED_SLOTS, FIRST, 0, 0);
    add(&outcome, 0, 2, &both); /* b was scored; a has no new slots */
    const struct {
        int64_t component, minute;
        bool counts;
    } cases[] = {{SVC_B, 11, true},  {SVC_B, 20, true}, {SVC_B, 10, false}, {SVC_B, 21, false},
                 {SVC_A, 12, false}, {SVC, 12, true},   {SVC, 21, false},   {aside, 12, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int64_t start_ms = cases[i].minute * MINUTE_MS;
        const struct label label = {cases[i].component, start_ms, start_ms + 1, "", 1};
        if (outcome_counts(&outcome, &label) != cases[i].counts) fail_msg("case %zu", i);
    }
}

static void an_issue_of_a_component_that_is_not_scored_does_not_count(void **state)
{
    struct small_tree *tree = *state;
    struct planned planned;
    struct outcome outcome;
    struct results b = {0};
    tree->staged[AT_A].last_ms = TRAINED_MS;
    tree->components[SVC_B].parent = SVC_A; /* below it, and scored */
    begin(tree, &planned, &outcome);
    put_slots(&b);
    add(&outcome, 0, 1, &b);
    const struct label label = {SVC_A, 12 * MINUTE_MS, 13 * MINUTE_MS, "", 1};
    assert_false(outcome_counts(&outcome, &label));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, small_tree_setup, small_tree_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_of_all_components_are_added_up_by_level),
        TEST(an_issue_is_found_where_any_component_found_it),
        TEST(a_firing_has_names_and_times_in_the_place_of_indices),
        TEST(firings_are_in_order_of_level_component_detector_start),
        TEST(many_firings_find_room),
        TEST(a_series_comes_in_stretches),
        TEST(a_missing_counter_is_told_once_whatever_detectors_it_has),
        TEST(silent_counters_are_told_and_watch_nothing),
        TEST(a_counter_that_wakes_is_named),
        TEST(results_of_too_few_or_too_many_components_are_refused),
        TEST(a_firing_with_fewer_contributors_than_it_needs_is_refused),
        TEST(an_issue_counts_where_its_start_was_scored),
        TEST(an_issue_of_a_component_that_is_not_scored_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
