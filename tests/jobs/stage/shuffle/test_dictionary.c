#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/shuffle/dictionary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
};

static int setup(void **state)
{
    static struct fixture f;
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-words-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    *state = &f;
    if (lode_arena_create(0, &f.arena) != LODE_OK) return -1;
    f.site = (struct shuffle_site){.arena = f.arena, .directory = f.directory};
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static char *first_words[] = {"play", "buy", "\xc3\xa9t\xc3\xa9"};
static char *second_words[] = {"stop", "play"};

static void words_come_back_from_a_run_by_column_and_in_order(void **state)
{
    struct fixture *f = *state;
    struct run_writer *run = NULL;
    struct lode_dictionary lists[3];
    struct run_file file = {.name = "x.run"};
    const struct run_options options = {.n_buckets = 1, .memory_bytes = RUN_LEAST_BYTES};
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(run_writer_open(&f->site, file.name, &options, &run));
    assert_ok(dictionary_put_words(run, 0, 2, first_words, 3));
    assert_ok(dictionary_put_words(run, 0, 0, second_words, 2));
    assert_ok(run_writer_commit(run, &file.size_bytes));
    assert_ok(run_read_values(&f->site, &file, 1, 0, &data, &size));
    assert_ok(dictionary_get_words(data, size, 3, f->arena, lists));
    assert_int_equal(lists[0].count, 2);
    assert_string_equal(lists[0].words[1], "play");
    assert_int_equal(lists[1].count, 0);
    assert_int_equal(lists[2].count, 3);
    assert_string_equal(lists[2].words[1], "buy");
    assert_status(LODE_E_INPUT, dictionary_get_words(data, size - 1, 3, f->arena, lists));
    assert_status(LODE_E_INPUT, dictionary_get_words(data, size, 2, f->arena, lists));
}

/* Files 0 and 1; column 0: event names, column 1: an attribute that file 1 does not have. */
static void maps_turn_the_codes_of_a_file_into_those_of_the_store(void **state)
{
    struct fixture *f = *state;
    uint32_t names[] = {4, 2};
    uint32_t values[] = {7};
    uint32_t *maps[] = {names, values};
    const struct lode_dictionary lists[] = {{NULL, 2}, {NULL, 1}};
    struct stage_attribute attribute = {.name = "os"};
    struct stage_plan plan = {.n_ranges = 2,
                              .n_kpis = 1,
                              .n_attributes = 1,
                              .attributes = &attribute,
                              .codes = {.name = "codes.run"}};
    const struct stage_run of_file = {.codes_of = 1};
    struct record_cell cells[] = {{.column = 0, .value = 0.5}, {.column = 1, .code = 0}};
    struct record record = {.kind = RECORD_EVENT, .name = 1, .n_cells = 2, .cells = cells};
    struct run_writer *run = NULL;
    struct code_map map;
    const struct run_options options = {.n_buckets = 2, .memory_bytes = RUN_LEAST_BYTES};
    assert_ok(run_writer_open(&f->site, "codes.run", &options, &run));
    assert_ok(dictionary_put_maps(run, 1, 2, lists, maps));
    assert_ok(run_writer_commit(run, &plan.codes.size_bytes));
    assert_ok(code_map_read(&plan, f->directory, &of_file, f->arena, &map));

    assert_ok(code_map_apply(&map, &plan, &record));
    assert_int_equal(record.name, 2);
    assert_int_equal(record.n_cells, 2);
    assert_int_equal(cells[1].code, 7);

    record.name = 2; /* the file had two names only */
    assert_status(LODE_E_INPUT, code_map_apply(&map, &plan, &record));

    record.name = 0;
    attribute.dropped = true;
    assert_ok(code_map_apply(&map, &plan, &record));
    assert_int_equal(record.n_cells, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(words_come_back_from_a_run_by_column_and_in_order),
        TEST(maps_turn_the_codes_of_a_file_into_those_of_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
