/* Rows in, columns out: the same for any memory. */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/counters/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 128, COUNTERS = 20, ROWS = 50, SMALL_BYTES = 1000, LARGE_BYTES = 1 << 20 };

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
    struct blocks *blocks;
    struct lode_hdf *file;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-blocks-XXXXXX");
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena)) return -1;
    f.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    blocks_close(f->blocks);
    lode_hdf_close(f->file);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

/* Value of a component's counter at a row; a component has ROWS - 7 * number rows. */
static double value_at(int64_t component, int64_t row, int64_t counter)
{
    return (double)(component * 1000000 + row * 1000 + counter);
}

static void fill(struct fixture *f, int64_t n_components, int64_t n_counters)
{
    static char names[COUNTERS][8];
    const char *counters[COUNTERS];
    for (int i = 0; i < COUNTERS; i++) {
        snprintf(names[i], sizeof names[i], "c%02d", i);
        counters[i] = names[i];
    }
    for (int64_t c = 0; c < n_components; c++) {
        char name[8];
        const int64_t n = n_counters - c; /* its own counters: the last ones */
        snprintf(name, sizeof name, "m%d", (int)c);
        assert_ok(blocks_begin(f->blocks, name, counters + c, n));
        for (int64_t r = 0; r < ROWS - 7 * c; r++) {
            double values[COUNTERS];
            for (int64_t i = 0; i < n; i++) values[i] = value_at(c, r, i);
            assert_ok(blocks_row(f->blocks, 10 * r, values));
        }
        assert_ok(blocks_finish(f->blocks, &(struct blocks_end){.last_ms = 10 * ROWS}));
    }
}

static void write_and_open(struct fixture *f)
{
    char path[PATH_BYTES];
    struct lode_hdf *file = NULL;
    snprintf(path, sizeof path, "%s/part.h5", f->directory);
    assert_ok(lode_hdf_create(path, "1", &file));
    assert_ok(blocks_write(f->blocks, file));
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hdf_open(path, &f->file));
}

static void expect_columns(struct fixture *f, int64_t n_components, int64_t n_counters)
{
    void *times = NULL, *values = NULL;
    int64_t at = 0, time_at = 0;
    assert_ok(lode_hdf_get(f->file, LODE_SAMPLE_TIME, LODE_HDF_I64, 0, -1, f->arena, &times));
    assert_ok(lode_hdf_get(f->file, LODE_SAMPLE_VALUE, LODE_HDF_F64, 0, -1, f->arena, &values));
    for (int64_t c = 0; c < n_components; c++) {
        const int64_t n_rows = ROWS - 7 * c;
        for (int64_t r = 0; r < n_rows; r++)
            assert_int_equal(((const int64_t *)times)[time_at++], 10 * r);
        for (int64_t i = 0; i < n_counters - c; i++)
            for (int64_t r = 0; r < n_rows; r++)
                assert_int_equal((int64_t)((const double *)values)[at++],
                                 (int64_t)value_at(c, r, i));
    }
}

static void columns_are_put_together_from_many_panels(void **state)
{
    struct fixture *f = *state;
    assert_ok(blocks_create(&f->site, SMALL_BYTES, false, &f->blocks)); /* 4 rows to a panel */
    fill(f, 3, COUNTERS);
    write_and_open(f);
    expect_columns(f, 3, COUNTERS);
}

static void the_memory_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_ok(blocks_create(&f->site, LARGE_BYTES, false, &f->blocks)); /* one panel a component */
    fill(f, 3, COUNTERS);
    write_and_open(f);
    expect_columns(f, 3, COUNTERS);
}

static void a_counter_alone_is_a_block(void **state)
{
    struct fixture *f = *state;
    assert_ok(blocks_create(&f->site, SMALL_BYTES, false, &f->blocks));
    fill(f, 1, 1);
    write_and_open(f);
    expect_columns(f, 1, 1);
    assert_int_equal(blocks_count(f->blocks), 1);
}

static void a_row_that_does_not_fit_is_told(void **state)
{
    struct fixture *f = *state;
    const char *names[COUNTERS] = {"a"};
    assert_ok(blocks_create(&f->site, 128, false, &f->blocks));
    assert_status(LODE_E_MEMORY, blocks_begin(f->blocks, "m", names, COUNTERS));
    assert_non_null(strstr(lode_error_text(), "component 'm' has 20 counters"));
    assert_non_null(strstr(lode_error_text(), "give more --memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(columns_are_put_together_from_many_panels, setup, teardown),
        cmocka_unit_test_setup_teardown(the_memory_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_counter_alone_is_a_block, setup, teardown),
        cmocka_unit_test_setup_teardown(a_row_that_does_not_fit_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
