/* The whole job, with the engine replaced by a loop: files in, a store out, read back as a leaf of
 * another job reads it. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/store/counters.h"
#include "common/wire/pack.h"
#include "jobs/stage/counters/counters.h"
#include "tests/jobs/local_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 128, MOST_FILES = 4, MINUTE_MS = 60000 };

struct fixture {
    char directory[64], work[PATH_BYTES], target[PATH_BYTES];
    char files[MOST_FILES][PATH_BYTES];
    struct lode_arena *arena;
    struct lode_cluster cluster;
    struct stage_counters_options options;
    struct stage_counters_summary summary;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-counters-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    snprintf(f.work, sizeof f.work, "%s/work", f.directory);
    snprintf(f.target, sizeof f.target, "%s/store", f.directory);
    stage_counters_defaults(&f.options);
    f.options.max_rejects = 1.0;
    f.cluster.leaves = stage_counters_job.leaves;
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

/* Stages texts [n] as files a.csv, b.csv, ... */
static lode_status run_stage(struct fixture *f, int n, const char *const *texts, bool is_append)
{
    const char *inputs[MOST_FILES];
    struct stage_counters_options options = f->options;
    for (int i = 0; i < n; i++) {
        snprintf(f->files[i], PATH_BYTES, "%s/%c.csv", f->directory, 'a' + i);
        assert_ok(lode_file_write(f->files[i], texts[i], strlen(texts[i]), false));
        inputs[i] = f->files[i];
    }
    assert_ok(lode_directory_remove(f->work));
    assert_ok(lode_directory_make(f->work));
    f->cluster.work_directory = f->work;
    options.inputs = inputs;
    options.n_inputs = n;
    options.output = is_append ? NULL : f->target;
    options.append = is_append ? f->target : NULL;
    options.summary = &f->summary;
    struct lode_run run = {.work_directory = f->work,
                           .arena = f->arena,
                           .cluster = &f->cluster,
                           .map = local_map,
                           .options = &options};
    return stage_counters_job.run(&run);
}
#define STAGE(f, ...)                                                                              \
    run_stage(f, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                      \
              (const char *const[]){__VA_ARGS__}, false)
#define APPEND(f, ...)                                                                             \
    run_stage(f, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                      \
              (const char *const[]){__VA_ARGS__}, true)

/* As a job's worker does it: what the coordinator knows travels as bytes. */
static void load(struct fixture *f, const char *component, const char *counter,
                 struct lode_series *series)
{
    struct lode_store *store = NULL;
    struct lode_bytes bytes = {0};
    assert_ok(lode_store_open(f->target, &store));
    assert_ok(lode_store_refer_series(store, lode_store_find_component(store, component),
                                      lode_store_find_counter(store, counter), &bytes));
    lode_store_close(store);
    struct lode_task task = {.arena = f->arena};
    struct lode_unpack in = lode_unpack_begin(bytes.data, bytes.size);
    assert_ok(lode_task_load_series(&task, &in, series));
    assert_ok(lode_unpack_end(&in));
    lode_bytes_clear(&bytes);
}

static void expect(struct fixture *f, const char *component, const char *counter, int64_t n,
                   const int64_t *times, const double *values)
{
    struct lode_series series;
    load(f, component, counter, &series);
    assert_int_equal(series.n, n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(series.times[i], times[i]);
        assert_true(series.values[i] >= values[i] && series.values[i] <= values[i]);
    }
}
#define T(...) ((const int64_t[]){__VA_ARGS__})
#define V(...) ((const double[]){__VA_ARGS__})

static void rows_come_out_in_order_of_time(void **state)
{
    struct fixture *f = *state;
    assert_ok(STAGE(f, "time,cpu,mem\n30,3,\n10,1,7\n20,2,NaN\n", "time,mem\n5,5\n"));
    expect(f, "a", "cpu", 3, T(10, 20, 30), V(1, 2, 3));
    expect(f, "a", "mem", 1, T(10), V(7));
    expect(f, "b", "mem", 1, T(5), V(5));
    assert_int_equal(f->summary.n_times, 4);
}

static void the_first_of_equal_times_counts(void **state)
{
    struct fixture *f = *state;
    assert_ok(STAGE(f, "time,cpu\n10,1\n20,2\n10,3\n10,1\n"));
    expect(f, "a", "cpu", 2, T(10, 20), V(1, 2));
    assert_int_equal(f->summary.n_rows_rejected, 2);
    assert_string_equal(f->summary.reasons[0].reason, "duplicate time");
}

static void counters_of_one_time_may_come_in_several_rows(void **state)
{
    struct fixture *f = *state;
    f->options.component = "host";
    assert_ok(STAGE(f, "time,host,cpu\n10,x,1\n", "time,host,mem\n10,x,2\n"));
    expect(f, "x", "cpu", 1, T(10), V(1));
    expect(f, "x", "mem", 1, T(10), V(2));
    assert_int_equal(f->summary.n_times, 1);
    assert_int_equal(f->summary.n_rows_rejected, 0);
}

static void a_slot_is_the_mean_of_its_samples(void **state)
{
    struct fixture *f = *state;
    f->options.slot_ms = 10;
    assert_ok(STAGE(f, "time,cpu\n5,1\n14,2\n15,10\n40,7\n"));
    expect(f, "a", "cpu", 3, T(5, 15, 35), V(1.5, 10, 7));
}

static void a_mean_is_always_finite(void **state)
{
    struct fixture *f = *state;
    f->options.slot_ms = 10;
    assert_ok(STAGE(f, "time,cpu\n5,1.7e308\n6,1e300\n7,1e300\n"));
    expect(f, "a", "cpu", 1, T(6), V(1e300));
    assert_string_equal(f->summary.reasons[0].reason, "too large for a mean");
}

static void a_slot_goes_on_over_the_seam(void **state)
{
    struct fixture *f = *state;
    f->options.slot_ms = 10;
    assert_ok(STAGE(f, "time,cpu,mem\n5,1,8\n17,2,4\n", "time,cpu\n100,1\n"));
    assert_ok(APPEND(f, "time,cpu\n20,4\n25,6\n"));
    expect(f, "a", "cpu", 3, T(5, 15, 25), V(1, 3, 6));
    expect(f, "a", "mem", 2, T(5, 15), V(8, 4));
    expect(f, "b", "cpu", 1, T(100), V(1));
    assert_int_equal(f->summary.n_times, 4);
    assert_int_equal(f->summary.n_generations, 2);
}

static void a_later_slot_leaves_the_last_one_alone(void **state)
{
    struct fixture *f = *state;
    f->options.slot_ms = 10;
    assert_ok(STAGE(f, "time,cpu\n5,1\n17,2\n"));
    assert_ok(APPEND(f, "time,cpu\n36,4\n37,6\n"));
    expect(f, "a", "cpu", 3, T(5, 15, 35), V(1, 2, 5));
    assert_int_equal(f->summary.n_times, 3);
}

static void what_is_older_than_the_store_is_a_reject(void **state)
{
    struct fixture *f = *state;
    assert_ok(STAGE(f, "time,cpu\n10,1\n20,2\n"));
    assert_ok(APPEND(f, "time,cpu,new\n20,9,9\n15,9,9\n30,3,4\n"));
    expect(f, "a", "cpu", 3, T(10, 20, 30), V(1, 2, 3));
    expect(f, "a", "new", 1, T(30), V(4));
    assert_int_equal(f->summary.n_rows_rejected, 2);
    assert_string_equal(f->summary.reasons[0].reason, "not after the last time that is staged");
}

static void the_native_step_is_the_usual_one(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    assert_ok(
        STAGE(f, "time,cpu\n0,1\n60000,1\n120001,1\n179999,1\n900000,1\n", "time,cpu\n1,1\n"));
    assert_ok(lode_store_open(f->target, &store));
    assert_int_equal(lode_store_component(store, 0)->step_ms, MINUTE_MS);
    assert_int_equal(lode_store_component(store, 1)->step_ms, 0);
    lode_store_close(store);
}

static void nothing_is_left_of_a_store_without_samples(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    assert_status(LODE_E_INPUT, STAGE(f, "time,cpu\nx,1\n"));
    assert_non_null(strstr(lode_error_text(), "no sample in 1 rows of 1 files"));
    assert_status(LODE_E_INPUT, lode_store_open(f->target, &store));
}

/* 0.1 + 0.2 + 0.3 has other bits than 0.3 + 0.2 + 0.1. */
static void machines_are_added_up_in_the_order_of_their_names(void **state)
{
    struct fixture *f = *state;
    const double sum = 0.1 + 0.2 + 0.3;
    f->options.slot_ms = 60;
    f->options.component = "service";
    f->options.aggregate = "host";
    assert_ok(STAGE(f, "time,service,host,cpu\n0,web,c,0.3\n0,web,a,0.1\n0,web,b,0.2\n60,web,b,7\n"
                       "60,web,a,\n0,db,a,1\n"));
    expect(f, "web", "cpu.sum", 2, T(0, 60), V(sum, 7));
    expect(f, "web", "cpu.mean", 2, T(0, 60), V(sum / 3, 7));
    expect(f, "web", "cpu.min", 2, T(0, 60), V(0.1, 7));
    expect(f, "web", "cpu.max", 2, T(0, 60), V(0.3, 7));
    expect(f, "db", "cpu.sum", 1, T(0), V(1));
    assert_int_equal(f->summary.n_missing, 1);
    assert_int_equal(f->summary.n_components, 2);
}

static void a_slot_of_machines_goes_on_where_the_store_ended(void **state)
{
    struct fixture *f = *state;
    const double sum = 0.1 + 0.2 + 0.3;
    f->options.slot_ms = 60;
    f->options.aggregate = "{component}.{machine}";
    f->options.component = "who";
    assert_ok(STAGE(f, "time,who,cpu,mem\n0,w.a,0.1,\n0,w.b,0.2,5\n"));
    f->options.slot_ms = 0;
    f->options.aggregate = f->options.component = NULL; /* the store says them */
    assert_ok(APPEND(f, "time,who,cpu,mem\n30,w.a,0.3,4\n60,w.b,-2,\n"));
    expect(f, "w", "cpu.sum", 2, T(0, 60), V(sum, -2));
    expect(f, "w", "cpu.max", 2, T(0, 60), V(0.3, -2));
    expect(f, "w", "mem.min", 1, T(0), V(4));
    expect(f, "w", "mem.mean", 1, T(0), V(4.5));
}

static void the_first_of_a_machine_counts(void **state)
{
    struct fixture *f = *state;
    f->options.slot_ms = 60;
    f->options.component = "service";
    f->options.aggregate = "host";
    assert_ok(STAGE(f, "time,service,host,cpu\n0,web,a,1\n0,web,b,2\n0,web,a,3\n"));
    expect(f, "web", "cpu.sum", 1, T(0), V(3));
    assert_string_equal(f->summary.reasons[0].reason, "duplicate time");
}

static void machines_need_slots_and_a_good_pattern(void **state)
{
    struct fixture *f = *state;
    f->options.aggregate = "cpu";
    assert_status(LODE_E_USAGE, STAGE(f, "time,cpu\n0,1\n"));
    assert_non_null(strstr(lode_error_text(), "give --slot"));
    f->options.slot_ms = 60;
    f->options.aggregate = "{component}{machine}";
    assert_status(LODE_E_USAGE, STAGE(f, "time,cpu\n0,1\n"));
    f->options.aggregate = "host";
    assert_status(LODE_E_INPUT, STAGE(f, "time,cpu\n0,1\n"));
    assert_non_null(strstr(lode_error_text(), "no machine column 'host'"));
}

#define ANSWER(result)                                                                             \
    "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" result "]}}"
#define CPU(host, values)                                                                          \
    "{\"metric\":{\"__name__\":\"cpu\",\"instance\":\"" host "\"},\"values\":[" values "]}"

static void an_answer_of_query_range_is_staged_as_its_series(void **state)
{
    struct fixture *f = *state;
    assert_ok(STAGE(f, ANSWER(CPU("x", "[1,\"2\"],[2.5,\"NaN\"],[3,\"-1e3\"]") "," CPU(
                           "y", "[1,\"+Inf\"],[2,\"0\"],[3,\"word\"]"))));
    expect(f, "x", "cpu", 2, T(1000, 3000), V(2, -1000));
    expect(f, "y", "cpu", 1, T(2000), V(0));
    assert_int_equal(f->summary.n_rows_read, 6);
    assert_int_equal(f->summary.n_rows_rejected, 2);
    assert_int_equal(f->summary.n_missing, 1);
}

static void an_answer_glued_together_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_status(LODE_E_INPUT, STAGE(f, ANSWER(CPU("x", "[1,\"2\"]") "," CPU("x", "[2,\"2\"]"))));
    assert_non_null(strstr(lode_error_text(), "series 2: series 1 once more: counter 'cpu'"));
    assert_status(LODE_E_INPUT, STAGE(f, ANSWER(CPU("x", "[2,\"2\"],[2,\"2\"]"))));
    assert_non_null(strstr(lode_error_text(), "series 1: time 2 is not after the one before"));
}

static void gaps_disorder_and_missing_samples_are_counted_in_the_store(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    f->options.slot_ms = 10;
    assert_ok(STAGE(f, "time,cpu\n10,1\n0,\n50,2\n50,3\n"));
    assert_int_equal(f->summary.n_gaps, 3); /* slots 20, 30, 40 */
    assert_int_equal(f->summary.n_gap_components, 1);
    assert_int_equal(f->summary.n_unordered, 1);
    assert_ok(APPEND(f, "time,cpu\n70,NaN\n"));
    assert_int_equal(f->summary.n_gaps, 4);
    assert_ok(lode_store_open(f->target, &store));
    static const char *const what[] = {"samples missing: empty, null or NaN", "rows out of order",
                                       "duplicate time"};
    static const int64_t counts[] = {2, 1, 1};
    assert_int_equal(store->counters.n_found, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(store->counters.found[i].what, what[i]);
        assert_int_equal(store->counters.found[i].count, counts[i]);
    }
    lode_store_close(store);
}

static void a_tree_file_says_who_is_below_whom(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    char path[PATH_BYTES];
    static const char tree[] = "shop:\n  front: [a, b]\n  back:\n";
    snprintf(path, sizeof path, "%s/tree.yaml", f->directory);
    assert_ok(lode_file_write(path, tree, sizeof tree - 1, false));
    f->options.tree_file = path;
    assert_ok(STAGE(f, "time,cpu\n1,1\n"));
    assert_int_equal(f->summary.n_unused, 2);
    assert_string_equal(f->summary.unused[0], "b");
    f->options.tree_file = NULL;
    assert_ok(APPEND(f, "time,cpu\n2,1\n", "time,cpu\n1,1\n")); /* a and b */
    assert_ok(lode_store_open(f->target, &store));
    const int64_t front = lode_store_find_component(store, "front");
    for (const char *name = "a"; name; name = *name == 'a' ? "b" : NULL) {
        const int64_t at = lode_store_find_component(store, name);
        assert_int_equal(lode_store_component(store, at)->parent, front);
    }
    assert_int_equal(lode_store_component(store, front)->parent,
                     lode_store_find_component(store, "shop"));
    assert_int_equal(lode_store_find_component(store, "back"), -1);
    lode_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_come_out_in_order_of_time, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_of_equal_times_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(counters_of_one_time_may_come_in_several_rows, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_slot_is_the_mean_of_its_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mean_is_always_finite, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slot_goes_on_over_the_seam, setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_slot_leaves_the_last_one_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_older_than_the_store_is_a_reject, setup, teardown),
        cmocka_unit_test_setup_teardown(the_native_step_is_the_usual_one, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_left_of_a_store_without_samples, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(machines_are_added_up_in_the_order_of_their_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_slot_of_machines_goes_on_where_the_store_ended, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_first_of_a_machine_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(machines_need_slots_and_a_good_pattern, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_of_query_range_is_staged_as_its_series, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_answer_glued_together_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(gaps_disorder_and_missing_samples_are_counted_in_the_store,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_tree_file_says_who_is_below_whom, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
