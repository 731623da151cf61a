/* Options and slots: what a preset says, what wins over it, and times in slots. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/hierarchy/grouping/neighbourhood.h"
#include "jobs/hierarchy/options.h"
#include "jobs/hierarchy/slots.h"

enum { MINUTE_MS = 60000 };

struct fixture {
    struct lode_params *params;
    struct lode_arena *arena;
    struct hierarchy_options options;
};

static int set_up(void **state)
{
    static struct fixture f;
    *state = &f;
    return lode_params_create(hierarchy_params, &f.params) || lode_arena_create(0, &f.arena);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return 0;
}

static lode_status read(struct fixture *f)
{
    return hierarchy_options_read(f->params, f->arena, &f->options);
}

static void set(const struct fixture *f, const char *assignment)
{
    assert_ok(lode_params_set(f->params, assignment));
}

static void refused(struct fixture *f, const char *assignment, const char *words)
{
    set(f, assignment);
    assert_status(LODE_E_USAGE, read(f));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

/* The researched setting: an hour, three minutes, two hours, whatever the slots. */
static void the_default_is_the_preset_votes_with_times_in_seconds(void **state)
{
    struct fixture *f = *state;
    assert_ok(read(f));
    assert_string_equal(hierarchy_param_text(f->params, "preset"), "votes");
    const int shift = detector_kind_find("shift");
    assert_true(f->options.n_kinds == 1 && f->options.kinds[0] == shift);
    const struct detector_settings minute = hierarchy_settings(&f->options, shift, MINUTE_MS);
    assert_true(minute.window == 60 && minute.edge == 3 && minute.noise == 120);
    const struct detector_settings five = hierarchy_settings(&f->options, shift, 5 * MINUTE_MS);
    assert_true(five.window == 12 && five.edge == 1 && five.noise == 24);
    const struct detector_settings hour = hierarchy_settings(&f->options, shift, 60 * MINUTE_MS);
    assert_true(hour.window == 9 && hour.edge == 1 && hour.noise == 17); /* least */
    assert_int_equal(f->options.combiner, HIERARCHY_VOTES);
    assert_true(f->options.vote == 30 && f->options.saturation == 0.01);
    assert_true(f->options.lasso_rule == NEIGHBOURHOOD_EXPLAINED && f->options.by_coefficient);
    assert_true(f->options.lasso_fraction == 0.3 && f->options.preference == 0.2);
}

static void the_robust_preset_is_that_of_the_specification(void **state)
{
    struct fixture *f = *state;
    set(f, "preset=robust");
    assert_ok(read(f));
    const struct detector_settings minute = hierarchy_settings(&f->options, 0, MINUTE_MS);
    assert_int_equal(minute.splits, DETECTOR_SPLITS_EDGE);
    assert_int_equal(minute.window, 60);
    assert_int_equal(minute.edge, 5);
    assert_int_equal(f->options.lasso_rule, NEIGHBOURHOOD_EXPLAINED);
    assert_true(f->options.by_coefficient);
    assert_true(f->options.preference == 0.2 && f->options.saturation == 0.01);
}

/* Slots of five minutes: an hour would be 12 of them, which say too little. */
static void longer_slots_have_a_least_number(void **state)
{
    struct fixture *f = *state;
    set(f, "preset=robust");
    assert_ok(read(f));
    const struct detector_settings five = hierarchy_settings(&f->options, 0, 300000);
    assert_int_equal(five.window, 48);
    assert_int_equal(five.edge, 3);
}

static void the_paper_preset_is_as_published(void **state)
{
    struct fixture *f = *state;
    set(f, "preset=paper");
    assert_ok(read(f));
    const struct detector_settings minute = hierarchy_settings(&f->options, 0, MINUTE_MS);
    assert_int_equal(minute.splits, DETECTOR_SPLITS_MAX);
    assert_int_equal(minute.window, 720);
    assert_int_equal(minute.least_side, 5);
    assert_int_equal(f->options.lasso_rule, NEIGHBOURHOOD_ABOVE);
    assert_false(f->options.by_coefficient);
    assert_true(f->options.saturation == 0.001);
}

static void what_is_set_wins_over_the_preset(void **state)
{
    struct fixture *f = *state;
    set(f, "preset=paper");
    set(f, "saturation=0.02");
    set(f, "edges=and");
    assert_ok(read(f));
    assert_true(f->options.saturation == 0.02);
    assert_true(f->options.needs_both);
    assert_string_equal(hierarchy_param_text(f->params, "saturation"), "0.02");
    assert_string_equal(hierarchy_param_text(f->params, "window"), "12h");
}

static void times_are_rounded_to_the_nearest_number_of_slots(void **state)
{
    struct fixture *f = *state;
    set(f, "window=100s");
    set(f, "edge=25s");
    set(f, "least_window=2");
    set(f, "least_edge=1");
    set(f, "least_side=1");
    assert_ok(read(f));
    assert_int_equal(hierarchy_settings(&f->options, 0, 7000).window, 14);  /* 14.3 */
    assert_int_equal(hierarchy_settings(&f->options, 0, 40000).window, 3);  /* 2.5: up */
    assert_int_equal(hierarchy_settings(&f->options, 0, 7000).edge, 4);     /* 3.6 */
    assert_int_equal(hierarchy_settings(&f->options, 0, 100000).window, 2); /* least */
    assert_int_equal(hierarchy_settings(&f->options, 0, 100000).edge, 1);   /* less than W */
}

static void a_window_holds_two_least_sides(void **state)
{
    struct fixture *f = *state;
    set(f, "window=10m");
    set(f, "least_window=2");
    set(f, "least_side=30");
    assert_ok(read(f));
    assert_int_equal(hierarchy_settings(&f->options, 0, MINUTE_MS).window, 10); /* one split */
    set(f, "splits=max");
    assert_ok(read(f));
    assert_int_equal(hierarchy_settings(&f->options, 0, MINUTE_MS).window, 60);
}

static void words_that_are_none_are_refused_with_those_that_are(void **state)
{
    struct fixture *f = *state;
    refused(f, "splits=middle", "max, centre, edge");
    set(f, "splits=max");
    refused(f, "detectors=hellinger,fourier", "no kind 'fourier'");
    refused(f, "detectors=hellinger,hellinger", "twice");
    refused(f, "detectors=,", "detectors");
    set(f, "detectors=");
    refused(f, "preset=best", "votes, robust, paper");
}

static void numbers_out_of_range_are_refused(void **state)
{
    struct fixture *f = *state;
    refused(f, "damping=1", "damping");
    set(f, "damping=");
    refused(f, "saturation=2", "saturation");
    set(f, "saturation=");
    refused(f, "weights=cpu: -1", "'-1' of 'cpu'");
    refused(f, "weights=cpu: nan", "'nan' of 'cpu'");
}

static void the_first_pattern_that_fits_counts(void **state)
{
    struct fixture *f = *state;
    set(f, "weights=cpu_idle: 0.5;;cpu*: 2");
    assert_ok(read(f));
    assert_true(hierarchy_number_of(&f->options.weights, "cpu_idle", 1) == 0.5);
    assert_true(hierarchy_number_of(&f->options.weights, "cpu_user", 1) == 2);
    assert_true(hierarchy_number_of(&f->options.weights, "disk", 1) == 1);
}

static void samples_go_to_the_nearest_slot_and_the_later_counts(void **state)
{
    (void)state;
    struct slots slots;
    double placed[5];
    const int64_t times[] = {1000, 1990, 3100, 3400, 5000};
    const double values[] = {1, 2, 3, 4, -5};
    assert_ok(slots_make(1000, 5000, 1000, &slots));
    assert_int_equal(slots.n, 5);
    slots_place(&slots, times, values, 5, placed);
    assert_true(placed[0] == 1 && placed[1] == 2 && placed[2] == 4 && placed[4] == -5);
    assert_true(isnan(placed[3]));
}

static void samples_outside_and_gaps_leave_slots_alone(void **state)
{
    (void)state;
    struct slots slots;
    double placed[2];
    const int64_t times[] = {INT64_MIN, 0, 1000, INT64_MAX};
    const double values[] = {7, (double)NAN, 2, 9};
    assert_ok(slots_make(0, 1000, 1000, &slots));
    slots_place(&slots, times, values, 4, placed);
    assert_true(isnan(placed[0]) && placed[1] == 2);
}

static void more_slots_than_can_be_are_refused(void **state)
{
    (void)state;
    struct slots slots;
    assert_status(LODE_E_INPUT, slots_make(0, INT64_MAX, 1, &slots));
    assert_status(LODE_E_INPUT, slots_make(INT64_MIN, INT64_MAX, 1000, &slots));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_is_the_preset_votes_with_times_in_seconds),
        TEST(the_robust_preset_is_that_of_the_specification),
        TEST(longer_slots_have_a_least_number),
        TEST(the_paper_preset_is_as_published),
        TEST(what_is_set_wins_over_the_preset),
        TEST(times_are_rounded_to_the_nearest_number_of_slots),
        TEST(a_window_holds_two_least_sides),
        TEST(words_that_are_none_are_refused_with_those_that_are),
        TEST(numbers_out_of_range_are_refused),
        TEST(the_first_pattern_that_fits_counts),
        cmocka_unit_test(samples_go_to_the_nearest_slot_and_the_later_counts),
        cmocka_unit_test(samples_outside_and_gaps_leave_slots_alone),
        cmocka_unit_test(more_slots_than_can_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
