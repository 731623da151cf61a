/* Samples of other stores: what travels with a stage and what a leaf reads itself are the same. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "common/hash.h"
#include "common/store/counters.h"
#include "jobs/opportunities/derive/samples.h"

enum { PATH_BYTES = 160, ALL_HELD = 1 << 20, SERIES = 4, CPU = 0, MEM = 1 };

/* Components a (cpu at 10, 20, 30; mem at 20) and b (cpu at 15), in one partition; a session's
 * attribute names b, a component that there is not, and a. */
struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct source_component components[2];
    struct source source;
    struct expr_source schema;
    struct sources sources;
    struct lode_attribute attribute;
    struct expr_series series[SERIES];
    struct expr_graph graph;
};

static char *component_names[] = {"a", "b"}, *counter_names[] = {"cpu", "mem"};
static char *regions[] = {"b", "mars", "a"};

static void put(struct lode_hdf *file, const char *name, enum lode_hdf_type type, int64_t rows,
                const void *data)
{
    const struct lode_hdf_column column = {.name = name, .type = type, .rows = rows, .data = data};
    assert_ok(lode_hdf_put(file, &column));
}

static void put_texts(struct lode_hdf *file, const char *name, char **texts)
{
    const struct lode_hdf_column column = {.name = name, .rows = 2, .data = texts};
    assert_ok(lode_hdf_put_texts(file, &column));
}

static void write_part(const char *path)
{
    static const int64_t times_at[] = {0, 3, 4}, counters_at[] = {0, 2, 3}, values_at[] = {0, 6, 7};
    static const uint32_t counters[] = {CPU, MEM, CPU};
    static const int64_t times[] = {10, 20, 30, 15};
    const double none = (double)NAN, values[] = {1, 2, 3, none, 7, none, 9};
    struct lode_hdf *file = NULL;
    assert_ok(lode_hdf_create(path, "1", &file));
    put_texts(file, LODE_BLOCK_NAME, component_names);
    put_texts(file, LODE_BLOCK_COUNTER_NAME, counter_names);
    put(file, LODE_BLOCK_TIME_OFFSET, LODE_HDF_I64, 3, times_at);
    put(file, LODE_BLOCK_COUNTER_OFFSET, LODE_HDF_I64, 3, counters_at);
    put(file, LODE_BLOCK_VALUE_OFFSET, LODE_HDF_I64, 3, values_at);
    put(file, LODE_BLOCK_COUNTER, LODE_HDF_U32, 3, counters);
    put(file, LODE_SAMPLE_TIME, LODE_HDF_I64, 4, times);
    put(file, LODE_SAMPLE_VALUE, LODE_HDF_F64, 7, values);
    assert_ok(lode_hdf_commit(file));
}

static void write_store(const char *directory)
{
    char path[PATH_BYTES];
    uint64_t size = 0;
    struct lode_component components[] = {{.name = "a", .parent = -1, .n_times = 3},
                                          {.name = "b", .parent = -1, .n_times = 1}};
    struct lode_counter counters[] = {{"cpu", "", LODE_GAUGE}, {"mem", "", LODE_GAUGE}};
    struct lode_generation generation = {"a.csv", "test", 4, 0};
    struct lode_partition partition = {
        .file = "part-00000.h5", .n_users = 2, .n_sessions = 4, .n_events = 7};
    snprintf(path, sizeof path, "%s/part-00000.h5", directory);
    write_part(path);
    assert_ok(lode_hash_file(path, &partition.checksum, &size));
    partition.size_bytes = (int64_t)size;
    const struct lode_store store = {.kind = LODE_STORE_COUNTERS,
                                     .counters = {.n_components = 2,
                                                  .components = components,
                                                  .n_counters = 2,
                                                  .counters = counters},
                                     .n_partitions = 1,
                                     .partitions = &partition,
                                     .n_generations = 1,
                                     .generations = &generation};
    assert_ok(lode_store_write_index(&store, directory));
}

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.directory = "/tmp/lode-samples-XXXXXX",
                         .components = {{0, 0, 3}, {1, 0, 1}},
                         .schema = {"backend", {component_names, 2}, {counter_names, 2}},
                         .attribute = {.name = "region", .dictionary = {regions, 3}},
                         .series = {{.component = 0, .counter = CPU, .by = -1},
                                    {.component = -1, .counter = CPU, .by = 0},
                                    {.component = -1, .counter = MEM, .by = 0},
                                    {.component = 0, .counter = CPU, .by = -1, .max_age_ms = 9}}};
    if (!mkdtemp(f.directory)) return -1;
    write_store(f.directory);
    f.source = (struct source){f.directory, 1, f.components};
    f.sources = (struct sources){1, &f.source, &f.schema};
    f.graph = (struct expr_graph){.n_series = SERIES, .series = f.series, .n_attributes = 1};
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static void pack(struct fixture *f, int64_t held_bytes, struct lode_bytes *out)
{
    assert_ok(samples_pack(&f->sources, &f->graph, &f->attribute, held_bytes, f->arena, out));
}

static lode_status unpack(const struct fixture *f, const struct lode_bytes *packed,
                          struct lode_arena *arena, struct samples *samples)
{
    struct lode_unpack in = lode_unpack_begin(packed->data, packed->size);
    lode_try(samples_unpack(&in, &f->graph, &f->attribute, 1, arena, samples));
    return lode_unpack_end(&in);
}

static void expect(const struct expr_samples *samples, int64_t n, const int64_t *times,
                   const double *values)
{
    assert_int_equal(samples->n, n);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(samples->times[i], times[i]);
        assert_true(samples->values[i] >= values[i] && samples->values[i] <= values[i]);
    }
}
#define T(...) ((const int64_t[]){__VA_ARGS__})
#define V(...) ((const double[]){__VA_ARGS__})

/* Of all series, packed in this way. */
static void expect_columns(struct fixture *f, int64_t held_bytes)
{
    static const uint8_t all[SERIES] = {1, 1, 1, 1};
    const struct expr_series_column *columns = NULL;
    struct lode_bytes packed = {0};
    struct samples samples;
    pack(f, held_bytes, &packed);
    assert_ok(unpack(f, &packed, f->arena, &samples));
    lode_bytes_clear(&packed);
    assert_int_equal(samples.n_items, 4); /* a.cpu, a.mem, b.cpu, and b.mem, which is empty */
    assert_ok(samples_columns(&samples, all, f->arena, &columns));
    assert_int_equal(columns[0].n_components, 1);
    expect(&columns[0].components[0], 3, T(10, 20, 30), V(1, 2, 3));
    assert_int_equal(columns[1].n_components, 3);
    expect(&columns[1].components[0], 1, T(15), V(9));
    assert_int_equal(columns[1].components[1].n, 0);
    expect(&columns[1].components[2], 3, T(10, 20, 30), V(1, 2, 3));
    assert_int_equal(columns[2].components[0].n, 0);
    expect(&columns[2].components[2], 1, T(20), V(7));
    expect(&columns[3].components[0], 3, T(10, 20, 30), V(1, 2, 3));
}

static void samples_that_travel_come_back(void **state)
{
    expect_columns(*state, ALL_HELD);
}

static void samples_that_are_named_are_read_and_are_the_same(void **state)
{
    expect_columns(*state, 0);
}

static void only_series_that_are_needed_are_read(void **state)
{
    struct fixture *f = *state;
    static const uint8_t none[SERIES] = {0}, one[SERIES] = {0, 0, 1, 0};
    const struct expr_series_column *columns = NULL;
    char path[PATH_BYTES];
    struct lode_bytes packed = {0};
    struct samples samples;
    pack(f, 0, &packed);
    assert_ok(unpack(f, &packed, f->arena, &samples));
    lode_bytes_clear(&packed);
    snprintf(path, sizeof path, "%s/part-00000.h5", f->directory);
    assert_int_equal(unlink(path), 0);
    assert_ok(samples_columns(&samples, none, f->arena, &columns));
    assert_status(LODE_E_INPUT, samples_columns(&samples, one, f->arena, &columns));
}

static void bytes_are_those_of_all_components_that_are_named(void **state)
{
    struct fixture *f = *state;
    int64_t bytes = 0;
    assert_ok(samples_bytes(&f->sources, &f->graph, &f->attribute, 0, f->arena, &bytes));
    assert_int_equal(bytes, 3 * 16);
    assert_ok(samples_bytes(&f->sources, &f->graph, &f->attribute, 1, f->arena, &bytes));
    assert_int_equal(bytes, 4 * 16);
}

static void parameters_that_are_cut_short_are_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes packed = {0};
    struct samples samples;
    pack(f, ALL_HELD, &packed);
    for (struct lode_bytes cut = packed; cut.size > 0;) {
        cut.size--;
        assert_status(LODE_E_MESSAGE, unpack(f, &cut, f->arena, &samples));
    }
    lode_bytes_clear(&packed);
}

/* Under the sanitizers: whatever byte is another one, nothing is read that is not there. */
static void parameters_with_a_changed_byte_are_refused_or_whole(void **state)
{
    struct fixture *f = *state;
    static const uint8_t all[SERIES] = {1, 1, 1, 1};
    const struct expr_series_column *columns = NULL;
    struct lode_bytes packed = {0};
    struct samples samples;
    pack(f, ALL_HELD, &packed);
    for (size_t at = 0; at < packed.size * 8; at++) {
        struct lode_arena *arena;
        assert_ok(lode_arena_create(64 << 20, &arena));
        packed.data[at / 8] ^= (uint8_t)(1 << at % 8);
        if (unpack(f, &packed, arena, &samples) == LODE_OK &&
            samples_columns(&samples, all, arena, &columns) == LODE_OK)
            assert_int_equal(columns[1].n_components, 3);
        packed.data[at / 8] ^= (uint8_t)(1 << at % 8);
        lode_arena_destroy(arena);
    }
    lode_bytes_clear(&packed);
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_store(samples_that_travel_come_back),
        with_store(samples_that_are_named_are_read_and_are_the_same),
        with_store(only_series_that_are_needed_are_read),
        with_store(bytes_are_those_of_all_components_that_are_named),
        with_store(parameters_that_are_cut_short_are_refused),
        with_store(parameters_with_a_changed_byte_are_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
