/* Stores of counters as the reader sees them: files made by hand, right and wrong. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/store/counters.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_SAMPLE ((double)NAN)
enum { PATH_BYTES = 128, FILES = 2, MOST = 8 };

/* One partition file: two components at most, over the file's own counters. */
struct contents {
    int64_t n, n_names, n_codes, n_times, n_values;
    char *names[2], *counters[2];
    int64_t times_at[3], counters_at[3], values_at[3];
    uint32_t codes[4];
    int64_t times[MOST];
    double values[MOST];
};

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct contents files[FILES];
    int64_t n_files;
    struct lode_component components[2];
    struct lode_counter counters[2];
};

/* "a" has "cpu" and "mem" at 10, 20, 30; "b" has "mem" at 5. */
static const struct contents first_file = {
    .n = 2,
    .n_names = 2,
    .n_codes = 3,
    .n_times = 4,
    .n_values = 7,
    .names = {"a", "b"},
    .counters = {"cpu", "mem"},
    .times_at = {0, 3, 4},
    .counters_at = {0, 2, 3},
    .values_at = {0, 6, 7},
    .codes = {0, 1, 1},
    .times = {10, 20, 30, 5},
    .values = {1, 2, 3, 4, NO_SAMPLE, 6, 7},
};
/* "a" goes on with "mem" alone at 40, 50. */
static const struct contents later_file = {
    .n = 1,
    .n_names = 1,
    .n_codes = 1,
    .n_times = 2,
    .n_values = 2,
    .names = {"a"},
    .counters = {"mem"},
    .times_at = {0, 2},
    .counters_at = {0, 1},
    .values_at = {0, 2},
    .codes = {0},
    .times = {40, 50},
    .values = {8, 9},
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-counters-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    f.n_files = 1;
    f.files[0] = first_file;
    f.files[1] = later_file;
    f.components[0] = (struct lode_component){.name = "a", .parent = -1, .n_times = 3};
    f.components[1] = (struct lode_component){.name = "b", .parent = -1, .n_times = 1};
    f.counters[0] = (struct lode_counter){"cpu", "%", LODE_GAUGE};
    f.counters[1] = (struct lode_counter){"mem", "", LODE_COUNTER};
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static void put(struct lode_hdf *file, const char *name, enum lode_hdf_type type, int64_t rows,
                const void *data)
{
    const struct lode_hdf_column column = {.name = name, .type = type, .rows = rows, .data = data};
    assert_ok(lode_hdf_put(file, &column));
}

static void put_texts(struct lode_hdf *file, const char *name, int64_t rows, char *const *texts)
{
    const struct lode_hdf_column column = {.name = name, .rows = rows, .data = texts};
    assert_ok(lode_hdf_put_texts(file, &column));
}

static void write_file(const struct contents *contents, const char *path)
{
    struct lode_hdf *file = NULL;
    assert_ok(lode_hdf_create(path, "1", &file));
    put_texts(file, LODE_BLOCK_NAME, contents->n, contents->names);
    put_texts(file, LODE_BLOCK_COUNTER_NAME, contents->n_names, contents->counters);
    put(file, LODE_BLOCK_TIME_OFFSET, LODE_HDF_I64, contents->n + 1, contents->times_at);
    put(file, LODE_BLOCK_COUNTER_OFFSET, LODE_HDF_I64, contents->n + 1, contents->counters_at);
    put(file, LODE_BLOCK_VALUE_OFFSET, LODE_HDF_I64, contents->n + 1, contents->values_at);
    put(file, LODE_BLOCK_COUNTER, LODE_HDF_U32, contents->n_codes, contents->codes);
    put(file, LODE_SAMPLE_TIME, LODE_HDF_I64, contents->n_times, contents->times);
    put(file, LODE_SAMPLE_VALUE, LODE_HDF_F64, contents->n_values, contents->values);
    assert_ok(lode_hdf_commit(file));
}

/* The store as the fixture has it. */
static void write_store(struct fixture *f)
{
    char path[PATH_BYTES];
    uint64_t size = 0;
    struct lode_generation generations[] = {{"a.csv", "test", 4, 0}, {"b.csv", "test", 2, 0}};
    struct lode_partition partition = {.file = "part-00000.h5"};
    struct lode_later_file later = {
        .file = "part-00000.g2.h5", .generation = 2, .n_users = 1, .n_sessions = 2, .n_events = 2};
    snprintf(path, sizeof path, "%s/part-00000.h5", f->directory);
    write_file(&f->files[0], path);
    assert_ok(lode_hash_file(path, &partition.checksum, &size));
    partition.size_bytes = (int64_t)size;
    partition.n_users = f->files[0].n;
    partition.n_sessions = f->files[0].n_times;
    partition.n_events = f->files[0].n_values;
    snprintf(path, sizeof path, "%s/part-00000.g2.h5", f->directory);
    write_file(&f->files[1], path);
    assert_ok(lode_hash_file(path, &later.checksum, &size));
    later.size_bytes = (int64_t)size;
    struct lode_store store = {.kind = LODE_STORE_COUNTERS,
                               .counters = {.n_components = 2,
                                            .components = f->components,
                                            .n_counters = 2,
                                            .counters = f->counters},
                               .n_partitions = 1,
                               .partitions = &partition,
                               .n_generations = f->n_files,
                               .generations = generations,
                               .n_later = f->n_files - 1,
                               .later = &later};
    assert_ok(lode_store_write_index(&store, f->directory));
}

static struct lode_counters *open_part(struct fixture *f)
{
    struct lode_counters *part = NULL;
    write_store(f);
    assert_ok(lode_counters_open_as_of(f->directory, INT64_MAX, 0, &part));
    return part;
}

static void refused(struct fixture *f, const char *words)
{
    struct lode_counters *part = NULL;
    write_store(f);
    assert_status(LODE_E_INPUT, lode_counters_open_as_of(f->directory, INT64_MAX, 0, &part));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' lacks '%s'", lode_error_text(), words);
}

static void same(double value, double wanted)
{
    assert_true(isnan(wanted) ? isnan(value) : value >= wanted && value <= wanted);
}

static void expect_values(struct fixture *f, struct lode_counters *part, int64_t block,
                          int64_t counter, int64_t n, const double *wanted)
{
    double *values = NULL;
    assert_int_equal(lode_counters_block(part, block)->n_times, n);
    assert_ok(lode_counters_values(part, block, counter, f->arena, &values));
    for (int64_t i = 0; i < n; i++) same(values[i], wanted[i]);
}

static void a_block_is_read_series_by_series(void **state)
{
    struct fixture *f = *state;
    struct lode_counters *part = open_part(f);
    int64_t *times = NULL;
    assert_int_equal(lode_counters_blocks(part), 2);
    const struct lode_counters_block *block = lode_counters_block(part, 0);
    assert_string_equal(block->name, "a");
    assert_int_equal(block->n_counters, 2);
    assert_ok(lode_counters_times(part, 0, f->arena, &times));
    assert_int_equal(times[2], 30);
    expect_values(f, part, 0, 0, 3, (const double[]){1, 2, 3});
    expect_values(f, part, 0, 1, 3, (const double[]){4, NO_SAMPLE, 6});
    expect_values(f, part, 1, 1, 1, (const double[]){7});
    assert_int_equal(lode_counters_find(part, 1), 1);
    assert_int_equal(lode_counters_find(part, 2), -1);
    assert_null(lode_counters_block(part, 2));
    lode_counters_close(part);
}

static void a_series_leaves_gaps_out(void **state)
{
    struct fixture *f = *state;
    struct lode_counters *part = open_part(f);
    struct lode_series series;
    assert_ok(lode_counters_series(part, 0, 1, f->arena, &series));
    assert_int_equal(series.n, 2);
    assert_int_equal(series.times[1], 30);
    same(series.values[1], 6);
    lode_counters_close(part);
}

static void a_counter_that_a_component_lacks_is_told(void **state)
{
    struct fixture *f = *state;
    struct lode_counters *part = open_part(f);
    double *values = NULL;
    assert_status(LODE_E_INPUT, lode_counters_values(part, 1, 0, f->arena, &values));
    assert_non_null(strstr(lode_error_text(), "component 'b' has no counter 'cpu'"));
    assert_status(LODE_E_INPUT, lode_counters_values(part, 2, 0, f->arena, &values));
    lode_counters_close(part);
}

static void a_later_file_follows_on(void **state)
{
    struct fixture *f = *state;
    f->n_files = 2;
    struct lode_counters *part = open_part(f);
    expect_values(f, part, 0, 0, 5, (const double[]){1, 2, 3, NO_SAMPLE, NO_SAMPLE});
    expect_values(f, part, 0, 1, 5, (const double[]){4, NO_SAMPLE, 6, 8, 9});
    lode_counters_close(part);
}

/* Five times in two files, of three and two: every range is a piece of the whole. */
static void some_values_are_those_of_the_whole_series(void **state)
{
    struct fixture *f = *state;
    f->n_files = 2;
    struct lode_counters *part = open_part(f);
    double *all = NULL, *some = NULL;
    assert_ok(lode_counters_values(part, 0, 1, f->arena, &all));
    for (int64_t first = 0; first <= 5; first++)
        for (int64_t count = 0; first + count <= 5; count++) {
            assert_ok(lode_counters_some_values(part, 0, 1, first, count, f->arena, &some));
            for (int64_t i = 0; i < count; i++) same(some[i], all[first + i]);
        }
    assert_status(LODE_E_INPUT, lode_counters_some_values(part, 0, 1, 3, 3, f->arena, &some));
    assert_non_null(strstr(lode_error_text(), "component 'a' has 5 times, not 3 from 3"));
    assert_status(LODE_E_INPUT, lode_counters_some_values(part, 0, 1, -1, 2, f->arena, &some));
    assert_status(LODE_E_INPUT,
                  lode_counters_some_values(part, 0, 1, 1, INT64_MAX, f->arena, &some));
    lode_counters_close(part);
}

static void a_run_sees_the_generations_it_began_with(void **state)
{
    struct fixture *f = *state;
    struct lode_counters *part = NULL;
    f->n_files = 2;
    write_store(f);
    assert_ok(lode_counters_open_as_of(f->directory, 1, 0, &part));
    assert_int_equal(lode_counters_block(part, 0)->n_times, 3);
    lode_counters_close(part);
}

static void a_slot_that_goes_on_is_the_later_file_s(void **state)
{
    struct fixture *f = *state;
    f->n_files = 2;
    f->files[1].times[0] = 30;
    struct lode_counters *part = open_part(f);
    expect_values(f, part, 0, 1, 4, (const double[]){4, NO_SAMPLE, 8, 9});
    lode_counters_close(part);
}

static void a_later_file_that_goes_back_is_refused(void **state)
{
    struct fixture *f = *state;
    f->n_files = 2;
    f->files[1].times[0] = 29;
    refused(f, "component 'a': a later file begins before the last ends");
}

static void blocks_that_do_not_fit_are_refused(void **state)
{
    struct fixture *f = *state;
    f->files[0].values_at[1] = 5;
    refused(f, "has 3 times, 2 counters and 5 values");
    f->files[0] = first_file;
    f->files[0].times_at[1] = -1;
    refused(f, "components/time_offset");
    f->files[0] = first_file;
    f->files[0].codes[0] = 2;
    refused(f, "holds code 2 of 2");
    f->files[0] = first_file;
    f->files[0].codes[1] = 0;
    refused(f, "blocks/counter");
    f->files[0] = first_file;
    f->files[0].names[1] = "c";
    refused(f, "has 'c', which the index does not know");
    f->files[0].names[0] = "b";
    f->files[0].names[1] = "a";
    refused(f, "is not in order at 'a'");
}

static void times_that_fall_and_infinite_values_are_refused(void **state)
{
    struct fixture *f = *state;
    int64_t *times = NULL;
    double *values = NULL;
    f->files[0].times[1] = 30;
    f->files[0].values[0] = (double)INFINITY;
    struct lode_counters *part = open_part(f);
    assert_status(LODE_E_INPUT, lode_counters_times(part, 0, f->arena, &times));
    assert_status(LODE_E_INPUT, lode_counters_values(part, 0, 0, f->arena, &values));
    assert_non_null(strstr(lode_error_text(), "an infinite value"));
    lode_counters_close(part);
}

static void the_index_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    struct lode_part part;
    f->components[1].parent = -1;
    write_store(f);
    assert_ok(lode_store_open(f->directory, &store));
    assert_int_equal(lode_store_components(store), 2);
    assert_int_equal(lode_store_find_component(store, "b"), 1);
    assert_int_equal(lode_store_find_component(store, "c"), -1);
    assert_string_equal(lode_store_counter(store, 0)->unit, "%");
    assert_string_equal(lode_counter_type_name(lode_store_counter(store, 1)->type), "counter");
    assert_int_equal(lode_store_find_counter(store, "mem"), 1);
    assert_null(lode_store_counter(store, 2));
    assert_null(lode_store_component(store, -1));
    lode_store_close(store);
    assert_status(LODE_E_INPUT, lode_part_open(f->directory, 0, &part));
    assert_non_null(strstr(lode_error_text(), "a store of kind 'counters', not of events"));
}

/* An index is in the order of generations, names are not. */
static void names_are_found_in_whatever_order_they_came(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    f->components[0].name = "m";
    f->components[1].name = "b";
    f->counters[0].name = "swap";
    f->counters[1].name = "cpu";
    write_store(f);
    assert_ok(lode_store_open(f->directory, &store));
    assert_int_equal(lode_store_find_component(store, "m"), 0);
    assert_int_equal(lode_store_find_component(store, "b"), 1);
    assert_int_equal(lode_store_find_component(store, "a"), -1);
    assert_int_equal(lode_store_find_component(store, "z"), -1);
    assert_int_equal(lode_store_find_counter(store, "swap"), 0);
    assert_int_equal(lode_store_find_counter(store, "cpu"), 1);
    assert_int_equal(lode_store_find_counter(store, "mem"), -1);
    lode_store_close(store);
}

static void a_tree_has_no_circles(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    f->components[0].parent = 1;
    f->components[1].parent = 0;
    write_store(f);
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    assert_non_null(strstr(lode_error_text(), "component 'a' cannot be below itself"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_block_is_read_series_by_series, setup, teardown),
        cmocka_unit_test_setup_teardown(a_series_leaves_gaps_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_counter_that_a_component_lacks_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_file_follows_on, setup, teardown),
        cmocka_unit_test_setup_teardown(some_values_are_those_of_the_whole_series, setup, teardown),
        cmocka_unit_test_setup_teardown(a_run_sees_the_generations_it_began_with, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slot_that_goes_on_is_the_later_file_s, setup, teardown),
        cmocka_unit_test_setup_teardown(a_later_file_that_goes_back_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(blocks_that_do_not_fit_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(times_that_fall_and_infinite_values_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_index_is_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_found_in_whatever_order_they_came, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_tree_has_no_circles, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
