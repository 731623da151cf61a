/* Scoring: E of new slots after a gap, from a small staged store; the answer to hold it against is
 * one scan over training and new slots, joined.
 *
 * Component m, minute by minute: 600 slots of training, nothing for 30, then 30 new slots. `cpu`
 * wobbles and jumps in new slot 12; `flat` is 5 but for 9 and 8 in new slots 6 and 7; `rare` is 6 a
 * hundred times, 7 in slot 100, then has no value but 4 in new slot 20; `lost` has its last in slot
 * 590, `slow` one every 15 slots, `young` none but in new slot 2. Component n: slots 0 to 9
 * of training, a sample 20 s after the last, then slots 10 and 11.
 */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/stats/random.h"
#include "common/store/counters.h"
#include "jobs/hierarchy/detection/silence.h"
#include "jobs/stage/counters/counters.h"
#include "tests/jobs/local_map.h"

enum { TRAINED = 600, GAP = 30, NEW = 30, JOINED = TRAINED + NEW, MINUTE = 60, MOST_NODES = 240 };
enum { LOST = 590, SLOW = 15 };
enum { JUMP = 12, WAKES = 6, RARE = 20, RARE_LAST = 100, WINDOW = 12 };
static const int64_t first_ms = 60000; /* of slot 0 */

struct world {
    char directory[64];
    struct lode_arena *arena; /* of staging, and of what is expected */
    struct lode_store *store;
    struct lode_counters *counters;
    atomic_llong progress;
    atomic_bool stop;
    struct lode_task_private engine;
    struct lode_task task; /* its arena is of one scoring */
    struct plan_node nodes[MOST_NODES];
    struct plan_component plan;
    struct given given;
};

/* Of joined slots: new ones follow on training. */
static double cpu_at(int slot)
{
    struct lode_random random = lode_random_begin(11, (uint64_t)slot);
    const double wobble = floor(20 * lode_random_uniform(&random));
    return 100 + wobble + (slot >= TRAINED + JUMP ? 80 : 0);
}

static int64_t second_of(int slot)
{
    return first_ms / 1000 + (int64_t)(slot < TRAINED ? slot : slot + GAP) * MINUTE;
}

static void write_input(const char *path)
{
    struct lode_bytes text = {0};
    assert_ok(lode_bytes_printf(
        &text, "timestamp_s,component,cpu,flat,wavers,huge,rare,lost,slow,young\n"));
    for (int i = 0; i < JOINED; i++) {
        const int flat = i == TRAINED + WAKES ? 9 : i == TRAINED + WAKES + 1 ? 8 : 5;
        assert_ok(lode_bytes_printf(&text, "%lld,m,%g,%d,%s,%s,", (long long)second_of(i),
                                    cpu_at(i), flat, i < TRAINED ? "0.3" : "0.30000000000000004",
                                    i < TRAINED ? "1e60" : "2e60"));
        if (i <= RARE_LAST) assert_ok(lode_bytes_printf(&text, i < RARE_LAST ? "6" : "7"));
        if (i == TRAINED + RARE) assert_ok(lode_bytes_printf(&text, "4"));
        assert_ok(lode_bytes_printf(&text, i <= LOST ? ",1" : ","));
        assert_ok(lode_bytes_printf(&text, i % SLOW == 0 ? ",1" : ","));
        assert_ok(lode_bytes_printf(&text, i == TRAINED + 2 ? ",1\n" : ",\n"));
    }
    for (int i = 0; i < 12; i++) {
        assert_ok(lode_bytes_printf(&text, "%lld,n,1,1,1,1,1,1,1,1\n", (long long)second_of(i)));
        if (i == 9)
            assert_ok(lode_bytes_printf(&text, "%lld,n,1,1,1,1,1,1,1,1\n", second_of(i) + 20LL));
    }
    assert_ok(lode_file_write(path, text.data, text.size, false));
    lode_bytes_clear(&text);
}

static void stage(struct world *w)
{
    char input[96], work[96], store[96];
    struct stage_counters_options options;
    const char *inputs[] = {input};
    stage_counters_defaults(&options);
    snprintf(input, sizeof input, "%s/input.csv", w->directory);
    snprintf(work, sizeof work, "%s/work", w->directory);
    snprintf(store, sizeof store, "%s/store", w->directory);
    write_input(input);
    assert_ok(lode_directory_make(work));
    options.n_inputs = 1;
    options.inputs = inputs;
    options.output = store;
    options.component = "component";
    struct lode_cluster cluster = {.leaves = stage_counters_job.leaves, .work_directory = work};
    struct lode_run run = {.work_directory = work,
                           .arena = w->arena,
                           .cluster = &cluster,
                           .map = local_map,
                           .options = &options};
    assert_ok(stage_counters_job.run(&run));
    assert_ok(lode_store_open(store, &w->store));
    assert_ok(lode_counters_open_as_of(store, 1, 0, &w->counters));
}

static int setup(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    snprintf(w.directory, sizeof w.directory, "/tmp/lode-scoring-XXXXXX");
    if (!mkdtemp(w.directory)) return -1;
    assert_ok(lode_arena_create(0, &w.arena));
    stage(&w);
    w.engine = (struct lode_task_private){.progress = &w.progress, .stop = &w.stop};
    w.task = (struct lode_task){.engine = &w.engine};
    w.plan = (struct plan_component){.component = lode_store_find_component(w.store, "m"),
                                     .first_ms = first_ms,
                                     .step_ms = MINUTE * 1000,
                                     .trained_ms = second_of(TRAINED - 1) * 1000,
                                     .last_ms = second_of(JOINED - 1) * 1000,
                                     .vote = 30,
                                     .nodes = w.nodes};
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    lode_arena_destroy(w->task.arena);
    lode_counters_close(w->counters);
    lode_store_close(w->store);
    lode_arena_destroy(w->arena);
    return lode_directory_remove(w->directory) == LODE_OK ? 0 : -1;
}

static struct plan_node *add_node(struct world *w, enum plan_kind kind, const char *counter)
{
    struct plan_node *node = &w->nodes[w->plan.n_nodes++];
    *node = (struct plan_node){.kind = kind,
                               .counter = lode_store_find_counter(w->store, counter),
                               .settings = {.kind = detector_kind_find("hellinger"),
                                            .splits = DETECTOR_SPLITS_MAX,
                                            .window = WINDOW,
                                            .edge = 3,
                                            .least_side = 2},
                               .sigma = 0.5};
    return node;
}

/* Begins to score in an arena of its own; bytes 0: as many as it likes. */
static lode_status begin(struct world *w, size_t bytes, struct scoring *scoring)
{
    lode_arena_destroy(w->task.arena);
    w->task.arena = NULL;
    assert_ok(lode_arena_create(bytes, &w->task.arena));
    return scoring_begin(&w->task, w->counters, &w->plan, &w->given, scoring);
}

/* E of one node in all new slots; how many stretches it took. */
static int score(struct scoring *s, int64_t node, double e[NEW])
{
    bool more = true;
    int n_stretches = 0;
    while (more) {
        assert_ok(scoring_next(s, &more));
        for (int64_t i = 0; more && i < s->n; i++) e[s->at - s->first + i] = s->e[node][i];
        n_stretches += more;
    }
    return n_stretches;
}

/* By one scan of all that was measured. */
static void expect_cpu(struct world *w, const struct plan_node *leaf, double e[NEW])
{
    double values[JOINED], distance[JOINED];
    for (int i = 0; i < JOINED; i++) values[i] = cpu_at(i);
    assert_ok(detector_kinds[leaf->settings.kind]->scan(&leaf->settings, values, JOINED, w->arena,
                                                        distance, NULL));
    for (int i = 0; i < NEW; i++) e[i] = detector_e(leaf->sigma, distance[TRAINED + i]);
}

static void same(const double *found, const double *expected)
{
    for (int i = 0; i < NEW; i++)
        if (found[i] < expected[i] || found[i] > expected[i] || isnan(found[i]))
            fail_msg("slot %d: %.17g, not %.17g", i, found[i], expected[i]);
}

static void windows_pass_over_the_seam_as_if_there_were_no_gap(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW], expected[NEW];
    const struct plan_node *leaf = add_node(w, PLAN_LEAF, "cpu");
    assert_ok(begin(w, 0, &s));
    assert_int_equal(s.first, TRAINED + GAP);
    assert_int_equal(s.end, JOINED + GAP);
    assert_int_equal(s.gap, GAP);
    assert_int_equal(score(&s, 0, found), 1);
    expect_cpu(w, leaf, expected);
    same(found, expected);
    assert_true(found[JUMP + 2] > 5 * found[JUMP - 1]); /* and the jump is seen */
}

static void e_does_not_depend_on_where_memory_cuts_stretches(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW], expected[NEW];
    int most = 0;
    for (int i = 0; i < MOST_NODES; i++) add_node(w, PLAN_LEAF, "cpu")->sigma = 0.1 * (i + 1);
    for (size_t bytes = 64 << 10; bytes <= 256 << 10; bytes *= 2) {
        assert_ok(begin(w, bytes, &s));
        const int n = score(&s, MOST_NODES - 1, found);
        if (n > most) most = n;
        expect_cpu(w, &w->nodes[MOST_NODES - 1], expected);
        same(found, expected);
    }
    assert_true(most > 3);
}

static void too_little_memory_for_one_slot_is_told(void **state)
{
    struct world *w = *state;
    struct scoring s;
    for (int i = 0; i < MOST_NODES; i++) add_node(w, PLAN_LEAF, "cpu");
    assert_status(LODE_E_MEMORY, begin(w, 12 << 10, &s));
    assert_non_null(strstr(lode_error_text(), "'m': one slot of 240 detectors does not fit"));
}

/* A plain threshold, by hand: mean and deviation of what training has. */
static void a_threshold_is_in_deviations_of_training(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW], sum = 0, squares = 0;
    add_node(w, PLAN_DEVIATION, "cpu");
    assert_ok(begin(w, 0, &s));
    (void)score(&s, 0, found);
    for (int i = 0; i < TRAINED; i++) sum += cpu_at(i);
    const double mean = sum / TRAINED;
    for (int i = 0; i < TRAINED; i++) squares += (cpu_at(i) - mean) * (cpu_at(i) - mean);
    for (int i = 0; i < NEW; i++) {
        const double expected = fabs(cpu_at(TRAINED + i) - mean) / sqrt(squares / TRAINED);
        assert_true(fabs(found[i] - expected) <= 1e-12 * expected);
    }
}

/* 530 slots before the first new one. */
static void gaps_have_the_last_value_however_long_ago(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW];
    const double n = RARE_LAST + 1, mean = 6 + 1 / n, deviation = sqrt((n - 1) / n / n);
    add_node(w, PLAN_DEVIATION, "rare");
    assert_ok(begin(w, 0, &s));
    (void)score(&s, 0, found);
    for (int i = 0; i < NEW; i++)
        assert_true(fabs(found[i] * deviation - fabs((i < RARE ? 7 : 4) - mean)) < 1e-9);
}

static void a_counter_that_hardly_moved_has_the_least_deviation(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW];
    add_node(w, PLAN_DEVIATION, "flat");
    assert_ok(begin(w, 0, &s));
    (void)score(&s, 0, found);
    assert_true(found[WAKES - 1] == 0);
    assert_true(fabs(found[WAKES] - 4e6) < 1);
}

static void what_the_component_lacks_or_never_moved_is_zero(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW];
    const struct plan_member members[] = {{0, 1}, {1, 1}};
    add_node(w, PLAN_LEAF, "cpu");
    add_node(w, PLAN_LEAF, "gone");
    add_node(w, PLAN_LEAF, "flat")->sigma = 0;
    add_node(w, PLAN_MEAN, "")->n_members = 2;
    w->plan.members = (struct plan_member *)members;
    w->plan.n_members = 2;
    const bool is_there[] = {true, false, true, false};
    for (int64_t node = 1; node < 4; node++) {
        assert_ok(begin(w, 0, &s));
        for (int i = 0; i < 4; i++) assert_int_equal(s.is_there[i], is_there[i]);
        (void)score(&s, node, found);
        for (int i = 0; i < NEW && node < 3; i++) assert_true(found[i] == 0);
    }
    double cpu[NEW];
    expect_cpu(w, &w->nodes[0], cpu);
    for (int i = 0; i < NEW; i++) assert_true(found[i] == cpu[i] / 2); /* nodes above combine */
}

static void a_sample_nearest_to_the_last_slot_of_training_is_not_new(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW] = {-1, -1, -1};
    w->plan.component = lode_store_find_component(w->store, "n");
    w->plan.trained_ms = second_of(9) * 1000;
    w->plan.last_ms = second_of(11) * 1000;
    add_node(w, PLAN_LEAF, "cpu");
    assert_ok(begin(w, 0, &s));
    assert_int_equal(s.first, 10);
    assert_int_equal(s.end, 12);
    assert_int_equal(s.gap, 0);
    (void)score(&s, 0, found);
    assert_true(found[1] == 0 && found[2] < 0);
    w->plan.trained_ms = w->plan.last_ms;
    assert_ok(begin(w, 0, &s));
    assert_int_equal(s.first, s.end);
    assert_int_equal(score(&s, 0, found), 0);
}

/* Windows of the slots scored reach back over those that are not, the gap, and training. */
static void slots_have_the_same_e_where_those_before_are_not_scored(void **state)
{
    struct world *w = *state;
    struct scoring s;
    struct waking waking;
    double all[NEW], some[NEW];
    add_node(w, PLAN_LEAF, "cpu");
    add_node(w, PLAN_LEAF, "flat");
    w->plan.from_ms = INT64_MIN;
    assert_ok(begin(w, 0, &s));
    (void)score(&s, 0, all);
    for (int left_out = 1; left_out < NEW; left_out += 4) {
        w->plan.from_ms = second_of(TRAINED + left_out) * 1000 - 999; /* the slot is not before */
        assert_ok(begin(w, 0, &s));
        assert_int_equal(s.first, TRAINED + GAP + left_out);
        assert_int_equal(s.seam, TRAINED + GAP);
        (void)score(&s, 0, some);
        for (int i = left_out; i < NEW; i++) assert_true(some[i - left_out] == all[i]);
        assert_ok(scoring_waking(&s, 1, &waking));
        assert_int_equal(waking.is_awake, left_out <= WAKES + 1);
    }
    w->plan.from_ms = INT64_MAX;
    assert_ok(begin(w, 0, &s));
    assert_int_equal(s.first, s.end);
}

static void a_store_that_begins_after_training_is_scored_without_it(void **state)
{
    struct world *w = *state;
    struct scoring s;
    double found[NEW];
    w->plan.trained_ms = first_ms - 60000; /* the store has forgotten what came before */
    w->plan.first_ms = w->plan.trained_ms;
    w->plan.last_ms = second_of(NEW - 1) * 1000;
    add_node(w, PLAN_LEAF, "cpu");
    assert_ok(begin(w, 0, &s));
    assert_int_equal(s.first, 1);
    assert_int_equal(s.end, NEW + 1);
    (void)score(&s, 0, found);
    for (int i = 0; i + 2 < WINDOW; i++) assert_true(found[i] == 0); /* no full window yet */
    assert_true(found[NEW - 1] > 0);
}

static void a_dead_counter_wakes_with_its_first_other_value(void **state)
{
    struct world *w = *state;
    struct scoring s;
    struct waking waking;
    add_node(w, PLAN_LEAF, "flat");
    add_node(w, PLAN_LEAF, "rare");
    add_node(w, PLAN_LEAF, "gone");
    assert_ok(begin(w, 0, &s));
    assert_ok(scoring_waking(&s, 0, &waking));
    assert_true(waking.is_awake);
    assert_int_equal(waking.time_ms, second_of(TRAINED + WAKES) * 1000);
    assert_true(waking.before == 5 && waking.after == 9);
    assert_ok(scoring_waking(&s, 1, &waking));
    assert_int_equal(waking.time_ms, second_of(TRAINED + RARE) * 1000);
    assert_true(waking.before == 7 && waking.after == 4);
    assert_ok(scoring_waking(&s, 2, &waking));
    assert_false(waking.is_awake);
    w->plan.trained_ms = w->plan.last_ms; /* it moved before, not since */
    assert_ok(begin(w, 0, &s));
    assert_ok(scoring_waking(&s, 0, &waking));
    assert_false(waking.is_awake);
}

/* A rounding away, or beyond what detectors look at: that was no change in training either. */
static void what_no_detector_sees_wakes_no_counter(void **state)
{
    struct world *w = *state;
    struct scoring s;
    struct waking waking;
    add_node(w, PLAN_LEAF, "wavers");
    add_node(w, PLAN_LEAF, "huge");
    assert_ok(begin(w, 0, &s));
    for (int64_t node = 0; node < 2; node++) {
        assert_ok(scoring_waking(&s, node, &waking));
        assert_false(waking.is_awake);
    }
}

static void expect_silence(struct world *w, int64_t node, bool is_silent, int slot)
{
    struct scoring s;
    struct silence silence;
    double e[NEW];
    assert_ok(begin(w, 0, &s));
    (void)score(&s, node, e);
    assert_ok(silence_find(&s, node, &silence));
    assert_int_equal(silence.is_silent, is_silent);
    if (is_silent) assert_int_equal(silence.since_ms, second_of(slot) * 1000);
}

static void a_counter_without_a_value_since_training_is_silent(void **state)
{
    struct world *w = *state;
    add_node(w, PLAN_LEAF, "cpu");
    add_node(w, PLAN_LEAF, "lost");
    add_node(w, PLAN_LEAF, "lost")->sigma = 0; /* dead, or unfit: nobody has read it */
    add_node(w, PLAN_LEAF, "gone");
    expect_silence(w, 0, false, 0);
    expect_silence(w, 1, true, LOST);
    expect_silence(w, 2, true, LOST);
    expect_silence(w, 3, false, 0); /* the component does not have it: told as that */
}

static void a_counter_that_stops_on_the_way_is_silent_after_a_window(void **state)
{
    struct world *w = *state;
    add_node(w, PLAN_LEAF, "young");
    expect_silence(w, 0, true, TRAINED + 2);
    w->nodes[0].settings.window = NEW;
    expect_silence(w, 0, false, 0);
}

static void a_counter_that_seldom_speaks_is_not_silent_between(void **state)
{
    struct world *w = *state;
    add_node(w, PLAN_LEAF, "slow");
    expect_silence(w, 0, false, 0); /* its last is 14 slots old, the window has 12 */
    add_node(w, PLAN_LEAF, "rare"); /* once in 520, then 9 ago */
    w->nodes[1].settings.window = 5;
    expect_silence(w, 1, false, 0);
}

static void a_change_is_dated_where_the_window_is_best_split(void **state)
{
    struct world *w = *state;
    struct scoring s;
    bool more = false;
    int64_t slot = 0;
    add_node(w, PLAN_LEAF, "cpu");
    add_node(w, PLAN_DEVIATION, "cpu");
    assert_ok(begin(w, 0, &s));
    assert_ok(scoring_next(&s, &more));
    assert_ok(scoring_change(&s, 0, JUMP + 4, &slot));
    assert_int_equal(slot, s.first + JUMP);
    assert_ok(scoring_change(&s, 1, JUMP + 4, &slot)); /* no leaf */
    assert_int_equal(slot, s.first + JUMP + 4);
}

/* New slot 0 is as training; what was best split there lies before the gap. */
static void a_change_before_the_gap_has_its_own_slot(void **state)
{
    struct world *w = *state;
    struct scoring s;
    bool more = false;
    int64_t slot = 0;
    add_node(w, PLAN_LEAF, "cpu");
    assert_ok(begin(w, 0, &s));
    assert_ok(scoring_next(&s, &more));
    double values[WINDOW], distance[WINDOW];
    int32_t since[WINDOW] = {0};
    struct detector_settings settings = w->nodes[0].settings;
    settings.least_side = 1;
    for (int i = 0; i < WINDOW; i++) values[i] = cpu_at(TRAINED - WINDOW + 1 + i);
    assert_ok(
        detector_kinds[settings.kind]->scan(&settings, values, WINDOW, w->arena, distance, since));
    const int64_t joined = TRAINED - WINDOW + 1 + since[WINDOW - 1];
    assert_true(joined < TRAINED); /* else the numbers above do not show it */
    assert_ok(scoring_change(&s, 0, 0, &slot));
    assert_int_equal(slot, joined);
}

static void a_component_of_another_partition_is_refused(void **state)
{
    struct world *w = *state;
    struct scoring s;
    w->plan.component = 2;
    add_node(w, PLAN_LEAF, "cpu");
    assert_status(LODE_E_MESSAGE, begin(w, 0, &s));
    assert_non_null(strstr(lode_error_text(), "component 2 is not in the partition"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(windows_pass_over_the_seam_as_if_there_were_no_gap),
        TEST(e_does_not_depend_on_where_memory_cuts_stretches),
        TEST(too_little_memory_for_one_slot_is_told),
        TEST(a_threshold_is_in_deviations_of_training),
        TEST(gaps_have_the_last_value_however_long_ago),
        TEST(a_counter_that_hardly_moved_has_the_least_deviation),
        TEST(what_the_component_lacks_or_never_moved_is_zero),
        TEST(a_sample_nearest_to_the_last_slot_of_training_is_not_new),
        TEST(slots_have_the_same_e_where_those_before_are_not_scored),
        TEST(a_store_that_begins_after_training_is_scored_without_it),
        TEST(a_dead_counter_wakes_with_its_first_other_value),
        TEST(what_no_detector_sees_wakes_no_counter),
        TEST(a_counter_without_a_value_since_training_is_silent),
        TEST(a_counter_that_stops_on_the_way_is_silent_after_a_window),
        TEST(a_counter_that_seldom_speaks_is_not_silent_between),
        TEST(a_change_is_dated_where_the_window_is_best_split),
        TEST(a_change_before_the_gap_has_its_own_slot),
        TEST(a_component_of_another_partition_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
