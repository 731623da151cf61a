/* Rates of events, with the engine replaced by a loop: events staged, counted, grown, counted
 * again; read back as a leaf of another job reads counters. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/stats/random.h"
#include "common/store/counters.h"
#include "common/wire/pack.h"
#include "jobs/stage/counters/counters.h"
#include "tests/jobs/local_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 128, SESSIONS = 60, TIMES = 400, TEXT_BYTES = 1 << 16 };

struct fixture {
    char directory[64], work[PATH_BYTES];
    struct lode_arena *arena;
    struct lode_cluster cluster;
    struct stage_counters_options options;
    struct stage_counters_summary summary;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-rates-XXXXXX");
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena)) return -1;
    snprintf(f.work, sizeof f.work, "%s/work", f.directory);
    f.cluster.work_directory = f.work;
    stage_counters_defaults(&f.options);
    f.options.slot_ms = 10;
    f.options.rates.component_name = "shop/{region}";
    if (rates_add_line(&f.options.rates, f.arena, "all: any") ||
        rates_add_line(&f.options.rates, f.arena, "ab: a -> b") ||
        rates_add_line(&f.options.rates, f.arena, "slow: a{ms > 5}") ||
        rates_add_line(&f.options.rates, f.arena, "also: a => b"))
        return -1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static const char *path_of(const struct fixture *f, const char *name)
{
    static char paths[4][PATH_BYTES];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_BYTES, "%s/%s", f->directory, name);
    return path;
}

static lode_status run_job(struct fixture *f, const struct lode_job *job, const void *options)
{
    assert_ok(lode_directory_remove(f->work));
    assert_ok(lode_directory_make(f->work));
    f->cluster.leaves = job->leaves;
    struct lode_run run = {.work_directory = f->work,
                           .arena = f->arena,
                           .cluster = &f->cluster,
                           .map = local_map,
                           .options = options};
    return job->run(&run);
}

/* Rows "session,region,time,event,ms" as a store of events, or onto one. */
static void stage_events(struct fixture *f, const char *rows, const char *store, bool is_append)
{
    char text[TEXT_BYTES];
    static const char *const attributes[] = {"region"}, *const values[] = {"ms"};
    const char *inputs[1] = {path_of(f, "rows.csv")}, *target = path_of(f, store);
    struct stage_events_options options;
    stage_events_defaults(&options);
    snprintf(text, sizeof text, "session,region,time,event,ms\n%s", rows);
    assert_ok(lode_file_write(inputs[0], text, strlen(text), false));
    options.n_inputs = 1;
    options.inputs = inputs;
    options.output = is_append ? NULL : target;
    options.append = is_append ? target : NULL;
    options.partition_bytes = 600; /* several */
    options.time_unit = STAGE_TIME_MS;
    options.event_attributes = (struct stage_names){true, 1, attributes};
    options.event_values = (struct stage_names){true, 1, values};
    options.session_max_ms = options.session_gap_ms = 0;
    assert_ok(run_job(f, &stage_events_job, &options));
}

static lode_status count(struct fixture *f, const char *events, const char *store, bool is_append)
{
    struct stage_counters_options options = f->options;
    const char *inputs[1] = {path_of(f, events)}, *target = path_of(f, store);
    if (is_append) options.rates = (struct counters_rates){0};
    options.n_inputs = 1;
    options.inputs = inputs;
    options.output = is_append ? NULL : target;
    options.append = is_append ? target : NULL;
    options.summary = &f->summary;
    return run_job(f, &stage_counters_job, &options);
}

/* "TIME=VALUE " of a series; "" where there is none. */
static const char *series_of(struct fixture *f, const char *name, const char *component,
                             const char *rate)
{
    struct lode_store *store = NULL;
    struct lode_bytes bytes = {0};
    struct lode_series series;
    char *text = NULL;
    size_t size = 0;
    assert_ok(lode_arena_take(f->arena, TEXT_BYTES, 1, (void **)&text));
    text[0] = '\0';
    assert_ok(lode_store_open(path_of(f, name), &store));
    const int64_t c = lode_store_find_component(store, component);
    if (c >= 0)
        assert_ok(lode_store_refer_series(store, c, lode_store_find_counter(store, rate), &bytes));
    lode_store_close(store);
    if (c < 0) return text;
    struct lode_task task = {.arena = f->arena};
    struct lode_unpack in = lode_unpack_begin(bytes.data, bytes.size);
    assert_ok(lode_task_load_series(&task, &in, &series));
    for (int64_t i = 0; i < series.n; i++)
        size += (size_t)snprintf(text + size, TEXT_BYTES - size, "%lld=%g ",
                                 (long long)series.times[i], series.values[i]);
    lode_bytes_clear(&bytes);
    return text;
}

static void occurrences_are_counted_by_slot_and_component(void **state)
{
    struct fixture *f = *state;
    stage_events(f,
                 "s,eu,11,a,9\ns,eu,12,b,9\ns,eu,25,c,\ns,eu,31,b,1\n"
                 "t,us,19,a,1\nt,us,21,b,7\nt,us,22,a,6\nt,us,55,c,\n",
                 "events", false);
    assert_ok(count(f, "events", "store", false));
    assert_string_equal(series_of(f, "store", "shop/eu", "all"), "10=2 20=1 30=1 ");
    assert_string_equal(series_of(f, "store", "shop/eu", "ab"), "10=1 20=0 30=0 ");
    assert_string_equal(series_of(f, "store", "shop/us", "ab"), "10=0 20=1 30=0 40=0 50=0 ");
    assert_string_equal(series_of(f, "store", "shop/us", "slow"), "10=0 20=1 30=0 40=0 50=0 ");
    assert_true(f->summary.of_events);
    assert_int_equal(f->summary.n_rows_read, 8);
    assert_int_equal(f->summary.n_occurrences, 8 + 2 + 2 + 2);
    assert_int_equal(f->summary.n_gaps, 0);
}

static void a_pattern_across_the_seam_counts_once(void **state)
{
    struct fixture *f = *state;
    stage_events(f, "s,eu,1,a,\ns,eu,2,b,\ns,eu,14,a,\n", "events", false);
    assert_ok(count(f, "events", "store", false));
    assert_string_equal(series_of(f, "store", "shop/eu", "ab"), "0=1 10=0 ");
    stage_events(f, "s,eu,15,b,\nt,us,50,a,\n", "events", true);
    assert_ok(count(f, "events", "store", true));
    assert_string_equal(series_of(f, "store", "shop/eu", "ab"), "0=1 10=1 ");
    assert_string_equal(series_of(f, "store", "shop/eu", "all"), "0=2 10=2 ");
    assert_string_equal(series_of(f, "store", "shop/us", "all"), "50=1 ");
    assert_int_equal(f->summary.n_rows_read, 2);
    assert_int_equal(f->summary.n_late, 0);
}

static void late_events_are_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    stage_events(f, "s,eu,1,a,\ns,eu,32,b,\n", "events", false);
    assert_ok(count(f, "events", "store", false));
    stage_events(f, "t,eu,11,c,\nt,eu,41,c,\n", "events", true);
    assert_status(LODE_E_INPUT, count(f, "events", "store", true));
    assert_non_null(strstr(lode_error_text(), "1 of 2 new occurrences"));
    f->options.max_rejects = 0.5;
    assert_ok(count(f, "events", "store", true));
    assert_string_equal(series_of(f, "store", "shop/eu", "all"), "0=1 10=0 20=0 30=1 40=1 ");
    assert_int_equal(f->summary.n_late, 1);
}

static void an_event_without_the_attribute_is_of_none(void **state)
{
    struct fixture *f = *state;
    stage_events(f, "s,,1,a,\ns,,2,b,\ns,eu,3,a,\ns,eu,4,b,\n", "events", false);
    assert_ok(count(f, "events", "store", false));
    assert_string_equal(series_of(f, "store", "shop/(none)", "ab"), "0=1 ");
    assert_string_equal(series_of(f, "store", "shop/eu", "also"), "0=1 ");
}

static void only_the_same_events_grown_are_appended(void **state)
{
    struct fixture *f = *state;
    stage_events(f, "s,eu,1,a,\ns,eu,2,b,\n", "events", false);
    stage_events(f, "s,eu,1,a,\ns,eu,3,b,\n", "others", false);
    assert_ok(count(f, "events", "store", false));
    assert_status(LODE_E_INPUT, count(f, "events", "store", true));
    assert_non_null(strstr(lode_error_text(), "has not grown"));
    stage_events(f, "s,eu,9,a,\n", "others", true);
    assert_status(LODE_E_INPUT, count(f, "others", "store", true));
    assert_non_null(strstr(lode_error_text(), "not the store of events"));
}

/* Sessions whose events go on for all of the time; those before `end` [and after]. */
static void make_rows(uint64_t seed, int64_t from, int64_t end, char *text)
{
    static const char *const regions[] = {"eu", "us", ""};
    struct lode_random random = lode_random_begin(seed, 0);
    size_t size = 0;
    text[0] = '\0';
    for (int64_t t = 0; t < TIMES; t++) {
        const uint64_t draw = lode_random_next(&random);
        const bool is_in = t >= from && t < end;
        if (!is_in) continue;
        size += (size_t)snprintf(text + size, TEXT_BYTES - size, "s%d,%s,%lld,%c,%d\n",
                                 (int)(draw % SESSIONS), regions[draw / 64 % 3], (long long)t,
                                 'a' + (int)(draw / 1024 % 3), (int)(draw / 4096 % 10));
    }
}

static void generations_are_what_one_staging_makes(void **state)
{
    static const char *const components[] = {"shop/eu", "shop/us", "shop/(none)"};
    static const char *const rates[] = {"all", "ab", "slow", "also"};
    struct fixture *f = *state;
    static char rows[TEXT_BYTES];
    f->cluster.twice = true;
    make_rows(1, 0, TIMES, rows);
    stage_events(f, rows, "whole", false);
    assert_ok(count(f, "whole", "once", false));
    make_rows(1, 0, 203, rows);
    stage_events(f, rows, "grown", false);
    assert_ok(count(f, "grown", "thrice", false));
    for (int part = 0; part < 2; part++) {
        make_rows(1, part ? 305 : 203, part ? TIMES : 305, rows);
        stage_events(f, rows, "grown", true);
        f->cluster.backwards = part == 1;
        f->cluster.budget_bytes = part == 1 ? 8 << 20 : 0;
        assert_ok(count(f, "grown", "thrice", true));
        f->cluster.budget_bytes = 0;
        assert_int_equal(f->summary.n_late, 0);
    }
    for (int c = 0; c < 3; c++)
        for (int r = 0; r < 4; r++)
            assert_string_equal(series_of(f, "thrice", components[c], rates[r]),
                                series_of(f, "once", components[c], rates[r]));
    assert_true(strlen(series_of(f, "once", "shop/eu", "ab")) > 100);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(occurrences_are_counted_by_slot_and_component),
        WITH(a_pattern_across_the_seam_counts_once),
        WITH(late_events_are_left_out_and_told),
        WITH(an_event_without_the_attribute_is_of_none),
        WITH(only_the_same_events_grown_are_appended),
        WITH(generations_are_what_one_staging_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
