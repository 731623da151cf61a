/* Which series are findings, by which expert, and how they fold: series made by hand of an
 * attribute `version` with the values 1 and 2, all sessions, and the life cycle. */
#include "tests/unit.h"

#include <math.h>
#include <string.h>

#include "jobs/opportunities/experts/trends.h"

enum { SLOTS = 40, ROWS = 4, SERIES = 8, EACH = 200 };
enum { V1, V2, ALL, FIRST }; /* rows of cohorts */
/* series: values whole, first, later; all sessions; first sessions */
enum { S_V1, S_V1_FIRST, S_V1_LATER, S_V2, S_V2_FIRST, S_V2_LATER, S_ALL, S_FIRST };

struct world {
    struct lode_arena *arena;
    struct lode_store store;
    struct cohort_set sets[2];
    struct cohort_counts counts;
    struct cohort_row rows[ROWS];
    struct cohort_rows cohorts;
    struct series list[SERIES];
    struct series_list series;
    double numbers[SERIES][3][SLOTS];
    struct trend_options options;
    struct trend_rows trends;
};

static struct world world;
static char *versions[] = {"1", "2"};
static char *places[] = {"all", "session_index=1"};

static const struct {
    int row;
    enum series_part part;
} layout[SERIES] = {{V1, SERIES_ANY},  {V1, SERIES_FIRST}, {V1, SERIES_LATER},
                    {V2, SERIES_ANY},  {V2, SERIES_FIRST}, {V2, SERIES_LATER},
                    {ALL, SERIES_ANY}, {FIRST, SERIES_ANY}};

static int setup(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world.store.n_attributes = 1;
    world.sets[0] = (struct cohort_set){.attribute = "version", .n_values = 2, .values = versions};
    world.sets[1] = (struct cohort_set){.attribute = "lifecycle", .n_values = 2, .values = places};
    world.counts = (struct cohort_counts){.n_kpis = 1, .n_sets = 2, .sets = world.sets};
    for (int r = 0; r < ROWS; r++)
        world.rows[r] = (struct cohort_row){
            .is_binary = true, .attribute = r / 2, .value = r % 2, .is_all = r == ALL};
    world.cohorts = (struct cohort_rows){ROWS, world.rows, &world.counts};
    for (int s = 0; s < SERIES; s++)
        world.list[s] = (struct series){.row = layout[s].row,
                                        .part = layout[s].part,
                                        .counts = world.numbers[s][0],
                                        .sums = world.numbers[s][1]};
    world.series = (struct series_list){
        .width_ms = SERIES_DAY_MS, .n_slots = SLOTS, .n = SERIES, .list = world.list};
    world.options = (struct trend_options){
        .trend = true, .change = true, .least_sessions = 20, .relative = 0.1, .max_q = 0.05};
    return lode_arena_create(0, &world.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    lode_arena_destroy(world.arena);
    return 0;
}

/* A rate that wobbles by +-1 point from slot to slot, in no order that could be a trend. */
static double wobble(int slot)
{
    return ((slot * 7) % 5 - 2) * 0.005;
}

/* One of the four disjoint groups: a rate that moves from `from` to `to`, in one step or a line. */
static void fill(int series, double from, double to, bool is_step)
{
    for (int i = 0; i < SLOTS; i++) {
        const double on_line = from + (to - from) * i / (SLOTS - 1);
        const double rate = is_step ? (i < 25 ? from : to) : on_line;
        world.list[series].counts[i] = EACH;
        world.list[series].sums[i] = nearbyint(EACH * (rate + wobble(i)));
    }
}

static void add(int to, int from)
{
    for (int i = 0; i < SLOTS; i++) {
        world.list[to].counts[i] += world.list[from].counts[i];
        world.list[to].sums[i] += world.list[from].sums[i];
    }
}

/* Sums of the groups, then the tests. */
static void run(void)
{
    const int parts[][2] = {{S_V1, S_V1_FIRST},    {S_V1, S_V1_LATER},   {S_V2, S_V2_FIRST},
                            {S_V2, S_V2_LATER},    {S_ALL, S_V1},        {S_ALL, S_V2},
                            {S_FIRST, S_V1_FIRST}, {S_FIRST, S_V2_FIRST}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) add(parts[i][0], parts[i][1]);
    assert_ok(trends_make(&world.series, &world.cohorts, &world.store, &world.options, world.arena,
                          &world.trends));
    assert_int_equal(world.trends.n, SERIES);
}

static void fill_flat(void)
{
    for (int s = 0; s < SERIES; s++)
        if (layout[s].part != SERIES_ANY) fill(s, 0.1, 0.1, false);
}

static void expect_one_finding(int series, enum trend_expert expert, int folded)
{
    for (int s = 0; s < SERIES; s++) {
        const struct trend_row *row = &world.trends.rows[s];
        if (row->expert != TREND_NONE && row->lead == s) assert_int_equal(s, series);
        if (row->expert != TREND_NONE) assert_int_equal(row->lead, series);
    }
    assert_int_equal(world.trends.rows[series].expert, expert);
    assert_int_equal(world.trends.rows[series].folded, folded);
}

static void nothing_moves_nothing_is_found(void **state)
{
    (void)state;
    fill_flat();
    run();
    for (int s = 0; s < SERIES; s++) assert_int_equal(world.trends.rows[s].expert, TREND_NONE);
}

/* It shows in version 2, in all first sessions and in all sessions: three that fold. */
static void a_rise_of_one_part_is_found_there_alone(void **state)
{
    (void)state;
    fill_flat();
    fill(S_V2_FIRST, 0.1, 0.4, false);
    run();
    expect_one_finding(S_V2_FIRST, TREND_TREND, 3);
    const struct trend_row *row = &world.trends.rows[S_V2_FIRST];
    assert_true(fabs(row->slope - 0.3 / 39) < 0.001);
    assert_true(row->slope_low < 0.3 / 39 && 0.3 / 39 < row->slope_high);
    assert_true(fabs(row->trend.from - 0.1) < 0.02 && fabs(row->trend.to - 0.4) < 0.02);
    assert_true(fabs(row->trend.extra - EACH * 40 * 0.15) < 100); /* half the rise, all sessions */
}

static void a_rise_of_everything_is_found_once_in_all_sessions(void **state)
{
    (void)state;
    for (int s = 0; s < SERIES; s++)
        if (layout[s].part != SERIES_ANY) fill(s, 0.1, 0.2, false);
    run();
    expect_one_finding(S_ALL, TREND_TREND, 7);
}

static void a_step_of_a_value_is_a_change_of_the_value(void **state)
{
    (void)state;
    fill_flat();
    fill(S_V2_FIRST, 0.1, 0.25, true);
    fill(S_V2_LATER, 0.1, 0.25, true);
    run();
    const struct trend_row *row = &world.trends.rows[S_V2];
    assert_int_equal(row->expert, TREND_CHANGE);
    assert_int_equal(row->lead, S_V2);
    assert_int_equal(row->change_at, 25);
    assert_true(row->trend.passes); /* it also rises, but two levels fit better */
    assert_true(row->change.low < 1.5 && 1.5 < row->change.high);
    assert_int_equal(world.trends.rows[S_ALL].lead, S_V2);
    assert_int_equal(world.trends.rows[S_V2_FIRST].lead, S_V2);
}

static void a_fall_of_a_binary_kpi_is_none_and_of_a_numeric_one_is(void **state)
{
    (void)state;
    fill_flat();
    fill(S_V2_FIRST, 0.4, 0.1, false);
    run();
    for (int s = 0; s < SERIES; s++) assert_int_equal(world.trends.rows[s].expert, TREND_NONE);
    assert_true(world.trends.rows[S_V2_FIRST].trend.q < 1e-6); /* seen, and told in the table */

    for (int s = 0; s < SERIES; s++) { /* the same numbers as seconds */
        world.list[s].squares = world.numbers[s][2];
        for (int i = 0; i < SLOTS; i++)
            world.list[s].squares[i] = 2 * world.list[s].sums[i] * world.list[s].sums[i] / EACH;
        world.rows[layout[s].row].is_binary = false;
    }
    assert_ok(trends_make(&world.series, &world.cohorts, &world.store, &world.options, world.arena,
                          &world.trends));
    assert_int_equal(world.trends.rows[S_V2_FIRST].expert, TREND_TREND);
    assert_true(world.trends.rows[S_V2_FIRST].trend.rise < 0);
}

static void slots_with_few_sessions_do_not_count(void **state)
{
    (void)state;
    fill_flat();
    fill(S_V2_FIRST, 0.1, 0.4, false);
    for (int s = 0; s < SERIES; s++)
        for (int i = 9; i < SLOTS; i++) world.list[s].counts[i] = world.list[s].sums[i] = 1;
    assert_ok(trends_make(&world.series, &world.cohorts, &world.store, &world.options, world.arena,
                          &world.trends));
    assert_int_equal(world.trends.n, 0); /* nine slots are too few to test */
}

static void experts_that_are_off_say_nothing(void **state)
{
    (void)state;
    fill_flat();
    fill(S_V2_FIRST, 0.1, 0.4, false);
    world.options.trend = false;
    run();
    for (int s = 0; s < SERIES; s++) {
        assert_true(isnan(world.trends.rows[s].trend.p));
        assert_int_not_equal(world.trends.rows[s].expert, TREND_TREND);
    }
    assert_int_equal(world.trends.rows[S_V2_FIRST].expert, TREND_CHANGE);
}

static void times_of_slots_are_iso_in_utc(void **state)
{
    (void)state;
    char text[40];
    world.series.first_ms = 1767225600000; /* 2026-01-01 */
    assert_string_equal(series_slot_text(&world.series, 31, text), "2026-02-01T00:00:00Z");
    world.series.width_ms = 1500;
    assert_string_equal(series_slot_text(&world.series, 1, text), "2026-01-01T00:00:01.500Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_moves_nothing_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rise_of_one_part_is_found_there_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rise_of_everything_is_found_once_in_all_sessions, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_step_of_a_value_is_a_change_of_the_value, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_fall_of_a_binary_kpi_is_none_and_of_a_numeric_one_is,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(slots_with_few_sessions_do_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(experts_that_are_off_say_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(times_of_slots_are_iso_in_utc, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
