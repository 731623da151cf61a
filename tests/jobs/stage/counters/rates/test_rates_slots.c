/* Merged counts in, rows of components out. */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/counters/rates/record.h"
#include "jobs/stage/counters/rates/slots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 128, SLOT = 10, RATES = 2 };

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
    struct blocks *blocks;
    struct lode_task task;
    struct rate_slots *slots;
    struct components_staged staged; /* of component "old" */
    const char *staged_names[RATES];
    struct lode_open_slot open[RATES];
};

static const char *const names[RATES] = {"errors", "views"};

static lode_status find_staged(void *context, const char *component, bool *found,
                               struct components_staged *staged)
{
    const struct fixture *f = context;
    *found = strcmp(component, "old") == 0;
    if (*found) *staged = f->staged;
    return LODE_OK;
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-slots-XXXXXX");
    if (!mkdtemp(f.directory) || lode_arena_create(0, &f.arena)) return -1;
    f.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    f.task.arena = f.arena;
    f.staged_names[0] = "views"; /* in whatever order the store has them */
    f.staged_names[1] = "errors";
    f.open[0] = (struct lode_open_slot){7, 1};
    f.open[1] = (struct lode_open_slot){1, 1};
    f.staged = (struct components_staged){.first_ms = 100,
                                          .last_ms = 150,
                                          .n_counters = RATES,
                                          .counters = f.staged_names,
                                          .open = f.open};
    const struct slots_options options = {
        .slot_ms = SLOT, .n = RATES, .names = names, .staged = find_staged, .context = &f};
    *state = &f;
    if (blocks_create(&f.site, 1 << 20, true, &f.blocks)) return -1;
    return rate_slots_create(&f.task, f.blocks, &options, &f.slots) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    blocks_close(f->blocks);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static lode_status add(struct fixture *f, const char *component, int64_t slot, int32_t rate,
                       int64_t count)
{
    uint8_t key[RATES_KEY_LIMIT];
    const struct shuffle_record record = {.key = key,
                                          .key_size = rates_key(key, component, slot, rate),
                                          .value = (const uint8_t *)&count,
                                          .value_size = sizeof count};
    return rate_slots_add(f->slots, &record);
}

/* Ends, and compares what is written with "TIME: ERRORS VIEWS, ..." of all components. */
static void expect(struct fixture *f, const char *expected)
{
    char path[PATH_BYTES], text[512] = "";
    struct lode_hdf *file = NULL;
    void *times = NULL, *values = NULL, *offsets = NULL;
    assert_ok(rate_slots_finish(f->slots));
    snprintf(path, sizeof path, "%s/part.h5", f->directory);
    assert_ok(lode_hdf_create(path, "1", &file));
    assert_ok(blocks_write(f->blocks, file));
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hdf_open(path, &file));
    assert_ok(lode_hdf_get(file, LODE_BLOCK_TIME_OFFSET, LODE_HDF_I64, 0, -1, f->arena, &offsets));
    assert_ok(lode_hdf_get(file, LODE_SAMPLE_TIME, LODE_HDF_I64, 0, -1, f->arena, &times));
    assert_ok(lode_hdf_get(file, LODE_SAMPLE_VALUE, LODE_HDF_F64, 0, -1, f->arena, &values));
    for (int64_t b = 0; b < blocks_count(f->blocks); b++) {
        const int64_t first = ((int64_t *)offsets)[b], n = ((int64_t *)offsets)[b + 1] - first;
        const double *block = (const double *)values + RATES * first;
        for (int64_t i = 0; i < n; i++) {
            const size_t size = strlen(text);
            snprintf(text + size, sizeof text - size, "%s%lld: %g %g",
                     size == 0 ? "" : (i == 0 ? " | " : ", "),
                     (long long)((int64_t *)times)[first + i], block[i], block[n + i]);
        }
    }
    lode_hdf_close(file);
    assert_string_equal(text, expected);
}

static void slots_without_occurrences_are_zeros_between_first_and_last(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "a", -20, -1, 0));
    assert_ok(add(f, "a", 0, 0, 3));
    assert_ok(add(f, "a", 20, -1, 0));
    assert_ok(add(f, "b", 50, 1, 1));
    expect(f, "-20: 0 0, -10: 0 0, 0: 3 0, 10: 0 0, 20: 0 0 | 50: 0 1");
    const struct slots_totals totals = rate_slots_totals(f->slots);
    assert_int_equal(totals.n_arrived, 4);
    assert_int_equal(totals.n_used, 4);
    assert_int_equal(totals.n_late, 0);
}

static void counts_of_one_slot_are_added_up(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "a", 0, -1, 0));
    assert_ok(add(f, "a", 0, 0, 3));
    assert_ok(add(f, "a", 0, 0, 2));
    assert_ok(add(f, "a", 0, 1, 5));
    assert_ok(add(f, "a", 0, 1, -4)); /* counted before */
    expect(f, "0: 5 1");
}

static void what_came_since_is_added_to_the_staged_slot_and_goes_on(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "old", 100, -1, 0));
    assert_ok(add(f, "old", 150, 0, 2));
    assert_ok(add(f, "old", 170, 1, 1));
    expect(f, "150: 3 7, 160: 0 0, 170: 0 1");
}

static void a_staged_slot_that_is_as_it_was_is_not_written_again(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "old", 100, -1, 0));
    assert_ok(add(f, "old", 150, 0, 5));
    assert_ok(add(f, "old", 150, 0, -5));
    assert_ok(add(f, "old", 180, -1, 0));
    expect(f, "160: 0 0, 170: 0 0, 180: 0 0");
}

static void a_component_without_news_is_not_written(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "old", 100, -1, 0));
    assert_ok(add(f, "old", 150, -1, 0));
    assert_ok(rate_slots_finish(f->slots));
    assert_int_equal(blocks_count(f->blocks), 0);
}

static void what_is_late_is_left_out_and_told(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "old", 90, 0, 2)); /* before the first slot, too */
    assert_ok(add(f, "old", 140, 1, -3));
    assert_ok(add(f, "old", 160, 1, 1));
    expect(f, "160: 0 1");
    assert_int_equal(rate_slots_totals(f->slots).n_late, 5);
    assert_int_equal(rate_slots_totals(f->slots).n_used, 1);
}

static void a_component_with_other_counters_is_refused(void **state)
{
    struct fixture *f = *state;
    f->staged_names[1] = "cpu";
    assert_status(LODE_E_INPUT, add(f, "old", 160, 0, 1));
    assert_non_null(strstr(lode_error_text(), "'old' has counter 'cpu' already"));
}

static void events_too_far_apart_are_refused(void **state)
{
    struct fixture *f = *state;
    assert_ok(add(f, "a", 0, 0, 1));
    assert_ok(add(f, "a", INT64_C(10) << 40, 0, 1));
    assert_status(LODE_E_INPUT, rate_slots_finish(f->slots));
    assert_non_null(strstr(lode_error_text(), "is a time wrong?"));
}

static void bytes_that_are_no_count_are_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t key[RATES_KEY_LIMIT] = {0};
    const int64_t count = 1;
    const size_t size = rates_key(key, "a", 0, 0);
    const struct shuffle_record records[] = {
        {.key = key, .key_size = size, .value = (const uint8_t *)&count, .value_size = 7},
        {.key = key, .key_size = size - 1, .value = (const uint8_t *)&count, .value_size = 8},
        {.key = key, .key_size = 1, .value = (const uint8_t *)&count, .value_size = 8},
        {.key = key, .key_size = 2, .value = (const uint8_t *)&count, .value_size = 8}};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++)
        assert_status(LODE_E_INPUT, rate_slots_add(f->slots, &records[i]));
    assert_status(LODE_E_INPUT, add(f, "a", 0, RATES, 1));
    assert_status(LODE_E_INPUT, add(f, "a", INT64_MAX, 0, 1));
}

static void slots_are_counted_from_1970_on(void **state)
{
    (void)state;
    assert_int_equal(rates_slot(25, 10), 20);
    assert_int_equal(rates_slot(20, 10), 20);
    assert_int_equal(rates_slot(-1, 10), -10);
    assert_int_equal(rates_slot(-10, 10), -10);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(slots_without_occurrences_are_zeros_between_first_and_last),
        WITH(counts_of_one_slot_are_added_up),
        WITH(what_came_since_is_added_to_the_staged_slot_and_goes_on),
        WITH(a_staged_slot_that_is_as_it_was_is_not_written_again),
        WITH(a_component_without_news_is_not_written),
        WITH(what_is_late_is_left_out_and_told),
        WITH(a_component_with_other_counters_is_refused),
        WITH(events_too_far_apart_are_refused),
        WITH(bytes_that_are_no_count_are_refused),
        WITH(slots_are_counted_from_1970_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
