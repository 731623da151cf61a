/* Store: a small store is written and read; every promise a partition makes is checked. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/hash.h"
#include "common/stats/random.h"
#include "common/store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two users with two sessions and one, of three events, none and one. */
struct fixture {
    char directory[64], part[96], index[96];
    struct lode_arena *arena;
    int64_t session_offset[3], event_offset[4], start[3], time[4];
    uint32_t country[2], device[3], name[4];
    uint8_t bounce[3];
    double amount[3];
    uint32_t url[4];
    int64_t n_urls;
    double ms[4];
};

static char *const countries[] = {"DE", "FR"};
static char *const devices[] = {"pc", "phone", "tablet"};
static char *const events[] = {"click", "close", "open"};
static const char odd_name[] = "50%/day";

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    *f = (struct fixture){.directory = "/tmp/lode-store-XXXXXX",
                          .session_offset = {0, 2, 3},
                          .event_offset = {0, 3, 3, 4},
                          .start = {1000, INT64_MIN, 5000},
                          .time = {1000, 1001, 1002, 5000},
                          .country = {1, LODE_NO_CODE},
                          .device = {2, LODE_NO_CODE, 0},
                          .name = {2, 0, 1, 2},
                          .bounce = {0, 1, 2},
                          .amount = {1.5, (double)NAN, -2},
                          .url = {0, 2, LODE_NO_CODE, 1},
                          .n_urls = 4,
                          .ms = {1.5, 0, -2, (double)NAN}};
    if (mkdtemp(f->directory) == NULL || lode_arena_create(0, &f->arena) != LODE_OK) return -1;
    snprintf(f->part, sizeof f->part, "%s/part-00000.h5", f->directory);
    snprintf(f->index, sizeof f->index, "%s/index.h5", f->directory);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    const lode_status status = lode_directory_remove(f->directory);
    lode_arena_destroy(f->arena);
    free(f);
    return (int)status;
}

static void put(struct lode_hdf *file, const char *name, enum lode_hdf_type type, int64_t rows,
                const void *data)
{
    const struct lode_hdf_column column = {.name = name, .type = type, .rows = rows, .data = data};
    assert_ok(lode_hdf_put(file, &column));
}

static void put_user_column(struct lode_hdf *file, struct fixture *f, const char *group,
                            const char *name, enum lode_hdf_type type, int64_t rows,
                            const void *data)
{
    char *path;
    assert_ok(lode_store_column_path(group, name, f->arena, &path));
    const struct lode_hdf_column column = {.name = path, .type = type, .rows = rows, .data = data};
    assert_ok(type == LODE_HDF_F64 ? lode_hdf_put(file, &column)
                                   : lode_hdf_put_codes(file, &column));
}

/* As the staging job writes it. */
static void write_part(struct fixture *f)
{
    struct lode_hdf *file;
    char *const users[] = {"u1", "u2"}, *const ids[] = {"s-one", "s-two", "s-three"};
    const struct lode_hdf_column user_ids = {.name = LODE_PART_USER_ID, .rows = 2, .data = users};
    const struct lode_hdf_column session_ids = {
        .name = LODE_PART_SESSION_ID, .rows = 3, .data = ids};
    const struct lode_hdf_column names = {
        .name = LODE_PART_EVENT_NAME, .type = LODE_HDF_U8, .rows = 4, .data = f->name};
    assert_ok(lode_hdf_create(f->part, "1", &file));
    assert_ok(lode_hdf_put_texts(file, &user_ids));
    put(file, LODE_PART_SESSION_OFFSET, LODE_HDF_I64, 3, f->session_offset);
    put_user_column(file, f, LODE_PART_USER_ATTRIBUTES, "country", LODE_HDF_U8, 2, f->country);
    assert_ok(lode_hdf_put_texts(file, &session_ids));
    put(file, LODE_PART_SESSION_START, LODE_HDF_I64, 3, f->start);
    put(file, LODE_PART_EVENT_OFFSET, LODE_HDF_I64, 4, f->event_offset);
    put_user_column(file, f, LODE_PART_SESSION_ATTRIBUTES, odd_name, LODE_HDF_U16, 3, f->device);
    put(file, LODE_PART_KPIS "/kpi_bounce", LODE_HDF_U8, 3, f->bounce);
    put_user_column(file, f, LODE_PART_KPIS, "amount", LODE_HDF_F64, 3, f->amount);
    put(file, LODE_PART_EVENT_TIME, LODE_HDF_I64, 4, f->time);
    put_user_column(file, f, LODE_PART_EVENT_ATTRIBUTES, "url", LODE_HDF_U8, f->n_urls, f->url);
    put_user_column(file, f, LODE_PART_EVENT_VALUES, "ms", LODE_HDF_F64, 4, f->ms);
    assert_ok(lode_hdf_put_codes(file, &names));
    assert_ok(lode_hdf_commit(file));
}

static void write_index(struct fixture *f)
{
    uint64_t size_bytes, checksum;
    struct lode_attribute attributes[] = {{"country", true, {(char **)countries, 2}},
                                          {odd_name, false, {(char **)devices, 3}}};
    struct lode_kpi kpis[] = {{"kpi_bounce", true, 1}, {"amount", false, 1}};
    struct lode_attribute of_events[] = {{"url", false, {(char **)devices, 3}}};
    const char *values[] = {"ms"};
    assert_ok(lode_hash_file(f->part, &checksum, &size_bytes));
    struct lode_partition partition = {.file = "part-00000.h5",
                                       .n_users = 2,
                                       .n_sessions = 3,
                                       .n_events = 4,
                                       .size_bytes = (int64_t)size_bytes,
                                       .checksum = checksum};
    const struct lode_store store = {.kind = "events",
                                     .n_attributes = 2,
                                     .attributes = attributes,
                                     .n_kpis = 2,
                                     .kpis = kpis,
                                     .event_names = {(char **)events, 3},
                                     .n_event_attributes = 1,
                                     .event_attributes = of_events,
                                     .n_event_values = 1,
                                     .event_values = values,
                                     .n_partitions = 1,
                                     .partitions = &partition,
                                     .n_rows_read = 9,
                                     .n_rows_rejected = 2,
                                     .source = "a.csv b.csv",
                                     .history = "lode stage events a.csv b.csv"};
    assert_ok(lode_store_write_index(&store, f->directory));
}

static void open_part(struct fixture *f, struct lode_part *part)
{
    write_part(f);
    write_index(f);
    assert_ok(lode_part_open(f->directory, 0, part));
}

static void expect_text(const char *wanted)
{
    if (strstr(lode_error_text(), wanted) == NULL) {
        fail_msg("'%s' lacks '%s'", lode_error_text(), wanted);
    }
}

static void an_index_comes_back_as_it_was_written(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    uint64_t size_bytes, checksum;
    write_part(f);
    write_index(f);
    assert_ok(lode_store_open(f->directory, &store));
    assert_string_equal(store->kind, "events");
    assert_string_equal(store->path, f->directory);
    assert_int_equal(store->n_attributes, 2);
    assert_string_equal(store->attributes[0].name, "country");
    assert_true(store->attributes[0].of_user);
    assert_string_equal(store->attributes[1].name, odd_name);
    assert_false(store->attributes[1].of_user);
    assert_int_equal(store->attributes[1].dictionary.count, 3);
    assert_string_equal(store->attributes[1].dictionary.words[2], "tablet");
    assert_int_equal(store->n_kpis, 2);
    assert_true(store->kpis[0].is_binary);
    assert_int_equal(store->kpis[1].n_missing, 1);
    assert_string_equal(store->event_names.words[1], "close");
    assert_int_equal(store->n_users, 2);
    assert_int_equal(store->n_sessions, 3);
    assert_int_equal(store->n_events, 4);
    assert_ok(lode_hash_file(f->part, &checksum, &size_bytes));
    assert_true(store->partitions[0].checksum == checksum);
    assert_int_equal(store->n_rows_read, 9);
    assert_int_equal(store->n_rows_rejected, 2);
    assert_string_equal(store->source, "a.csv b.csv");
    assert_string_equal(store->history, "lode stage events a.csv b.csv");
    assert_int_equal(lode_store_find_kpi(store, "amount"), 1);
    assert_int_equal(lode_store_find_kpi(store, "country"), -1);
    assert_int_equal(lode_store_find_attribute(store, odd_name), 1);
    assert_int_equal(lode_store_find_attribute(store, "amount"), -1);
    lode_store_close(store);
    lode_store_close(NULL);
}

static void a_partition_has_the_columns_that_were_staged(void **state)
{
    struct fixture *f = *state;
    struct lode_part part;
    int64_t *offsets;
    uint32_t *codes;
    char *id;
    open_part(f, &part);
    assert_int_equal(part.n_users, 2);
    assert_int_equal(part.n_sessions, 3);
    assert_int_equal(part.n_events, 4);
    assert_ok(lode_part_session_offsets(&part, f->arena, &offsets));
    assert_memory_equal(offsets, f->session_offset, sizeof f->session_offset);
    assert_ok(lode_part_event_offsets(&part, f->arena, &offsets));
    assert_memory_equal(offsets, f->event_offset, sizeof f->event_offset);
    assert_ok(lode_part_session_starts(&part, f->arena, &offsets));
    assert_memory_equal(offsets, f->start, sizeof f->start);
    assert_ok(lode_part_event_names(&part, 3, f->arena, &codes));
    assert_memory_equal(codes, f->name, sizeof f->name);
    assert_ok(lode_part_session_id(&part, 2, f->arena, &id));
    assert_string_equal(id, "s-three");
    assert_status(LODE_E_INPUT, lode_part_session_id(&part, 3, f->arena, &id));
    lode_part_close(&part);
}

static void attributes_are_one_code_a_session(void **state)
{
    struct fixture *f = *state;
    struct lode_part part;
    uint32_t *codes;
    open_part(f, &part);
    assert_ok(lode_part_attribute(&part, "country", true, 2, f->arena, &codes));
    assert_int_equal(codes[0], 1); /* both sessions of the first user */
    assert_int_equal(codes[1], 1);
    assert_int_equal(codes[2], LODE_NO_CODE);
    assert_ok(lode_part_attribute(&part, odd_name, false, 3, f->arena, &codes));
    assert_memory_equal(codes, f->device, sizeof f->device);
    assert_status(LODE_E_INPUT, lode_part_attribute(&part, "country", true, 1, f->arena, &codes));
    assert_status(LODE_E_INPUT, lode_part_attribute(&part, odd_name, false, 2, f->arena, &codes));
    expect_text("holds code 2, there are 2 words");
    lode_part_close(&part);
}

static void kpis_are_outcomes_or_numbers(void **state)
{
    struct fixture *f = *state;
    struct lode_part part;
    uint8_t *outcomes;
    double *numbers;
    open_part(f, &part);
    assert_ok(lode_part_kpi_binary(&part, "kpi_bounce", f->arena, &outcomes));
    assert_memory_equal(outcomes, f->bounce, sizeof f->bounce);
    assert_ok(lode_part_kpi(&part, "kpi_bounce", true, f->arena, &numbers));
    assert_true(numbers[0] == 0 && numbers[1] == 1 && isnan(numbers[2]));
    assert_ok(lode_part_kpi(&part, "amount", false, f->arena, &numbers));
    assert_true(numbers[0] == 1.5 && isnan(numbers[1]) && numbers[2] == -2);
    assert_status(LODE_E_INPUT, lode_part_kpi_binary(&part, "amount", f->arena, &outcomes));
    assert_status(LODE_E_INPUT, lode_part_kpi(&part, "none", false, f->arena, &numbers));
    lode_part_close(&part);
}

static void offsets_that_leave_the_rows_are_refused(void **state)
{
    struct fixture *f = *state;
    static const int64_t bad[][4] = {{1, 3, 3, 4}, {0, 3, 2, 4}, {0, 3, 3, 5}, {0, 9, 3, 4}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct lode_part part;
        int64_t *offsets;
        memcpy(f->event_offset, bad[i], sizeof bad[i]);
        open_part(f, &part);
        assert_status(LODE_E_INPUT, lode_part_event_offsets(&part, f->arena, &offsets));
        expect_text("must rise from 0 to 4");
        lode_part_close(&part);
    }
}

static void codes_and_outcomes_past_the_last_are_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_part part;
    uint32_t *codes;
    uint8_t *outcomes;
    f->bounce[1] = 3;
    f->name[3] = 3;
    open_part(f, &part);
    assert_status(LODE_E_INPUT, lode_part_kpi_binary(&part, "kpi_bounce", f->arena, &outcomes));
    expect_text("must be 0, 1 or 2");
    assert_status(LODE_E_INPUT, lode_part_event_names(&part, 3, f->arena, &codes));
    expect_text("holds code 3, there are 3 words");
    assert_ok(lode_part_event_names(&part, 4, f->arena, &codes));
    lode_part_close(&part);
}

static void what_is_no_store_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    char path[96];
    snprintf(path, sizeof path, "%s/web.lode", f->directory);
    assert_status(LODE_E_INPUT, lode_store_open(path, &store));
    expect_text("web.lode: no such store");
    assert_ok(lode_file_write(path, "x", 1, false));
    assert_status(LODE_E_INPUT, lode_store_open(path, &store));
    expect_text("web.lode: a file, not a store");
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("index.h5 is missing: not a store");
    assert_ok(lode_file_write(f->index, "x", 1, false));
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("index.h5: cut short or not an HDF5 file of lode: 1 bytes");
}

static void columns_of_events_are_read_and_checked(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    struct lode_part part;
    uint32_t *codes;
    double *values;
    write_part(f);
    write_index(f);
    assert_ok(lode_store_open(f->directory, &store));
    assert_int_equal(lode_store_find_event_attribute(store, "url"), 0);
    assert_int_equal(lode_store_find_event_attribute(store, "country"), -1);
    assert_int_equal(lode_store_event_attribute(store, 0)->dictionary.count, 3);
    assert_null(lode_store_event_attribute(store, 1));
    assert_int_equal(lode_store_find_event_value(store, "ms"), 0);
    assert_string_equal(lode_store_event_value(store, 0), "ms");
    assert_null(lode_store_event_value(store, -1));
    lode_store_close(store);
    assert_ok(lode_part_open(f->directory, 0, &part));
    assert_ok(lode_part_event_attribute(&part, "url", 3, f->arena, &codes));
    assert_int_equal(codes[1], 2);
    assert_int_equal(codes[2], LODE_NO_CODE);
    assert_status(LODE_E_INPUT, lode_part_event_attribute(&part, "url", 2, f->arena, &codes));
    assert_status(LODE_E_INPUT, lode_part_event_attribute(&part, "none", 3, f->arena, &codes));
    assert_ok(lode_part_event_value(&part, "ms", f->arena, &values));
    assert_true(values[0] == 1.5 && isnan(values[3]));
    assert_status(LODE_E_INPUT, lode_part_event_value(&part, "url", f->arena, &values));
    lode_part_close(&part);
}

static void a_column_of_events_must_have_a_row_for_each(void **state)
{
    struct fixture *f = *state;
    struct lode_part part;
    uint32_t *codes;
    f->n_urls = 3;
    write_part(f);
    write_index(f);
    assert_ok(lode_part_open(f->directory, 0, &part));
    assert_status(LODE_E_INPUT, lode_part_event_attribute(&part, "url", 3, f->arena, &codes));
    expect_text("has 3 rows of 1 columns, must have 4 of 1");
    lode_part_close(&part);
}

static void foreign_and_newer_stores_are_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    struct lode_hdf *file;
    assert_ok(lode_hdf_create(f->index, "1", &file));
    assert_ok(lode_hdf_commit(file));
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("not a lode store");
    assert_ok(lode_hdf_create(f->index, "1", &file));
    assert_ok(lode_hdf_put_i64(file, "/", "format", LODE_STORE_FORMAT + 1));
    assert_ok(lode_hdf_commit(file));
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("store format 4, this lode reads up to 3");
    assert_ok(lode_hdf_create(f->index, "1", &file));
    assert_ok(lode_hdf_put_i64(file, "/", "format", LODE_STORE_FORMAT));
    assert_ok(lode_hdf_put_text(file, "/", "kind", "traces"));
    assert_ok(lode_hdf_commit(file));
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("a store of kind 'traces', which this lode does not know");
}

static void a_missing_or_cut_partition_is_named(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    struct lode_part part;
    write_part(f);
    write_index(f);
    assert_int_equal(truncate(f->part, 100), 0);
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("partition part-00000.h5 has 100 bytes");
    assert_status(LODE_E_INPUT, lode_part_open(f->directory, 0, &part));
    expect_text("part-00000.h5 has 100 bytes");
    assert_int_equal(unlink(f->part), 0);
    assert_status(LODE_E_INPUT, lode_store_open(f->directory, &store));
    expect_text("partition part-00000.h5: No such file");
    assert_status(LODE_E_INPUT, lode_part_open(f->directory, 0, &part));
    assert_status(LODE_E_INPUT, lode_part_open(f->directory, 1, &part));
}

/* Sealed by lode and of the same size, but of another store. */
static void a_partition_of_another_store_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store;
    struct lode_part part;
    write_part(f);
    write_index(f);
    f->bounce[0] = 1;
    write_part(f);
    assert_ok(lode_store_open(f->directory, &store)); /* looks at sizes alone */
    lode_store_close(store);
    assert_status(LODE_E_INPUT, lode_part_open(f->directory, 0, &part));
    expect_text("part-00000.h5 is another file than the index names");
}

/* Opens the store and its partition; where either is refused the file must be named. */
static void expect_store_refused(struct fixture *f, const char *file)
{
    struct lode_store *store = NULL;
    struct lode_part part;
    lode_status status = lode_store_open(f->directory, &store);
    lode_store_close(status ? NULL : store);
    if (!status) {
        status = lode_part_open(f->directory, 0, &part);
        if (!status) lode_part_close(&part);
    }
    assert_int_equal(status, LODE_E_INPUT);
    expect_text(strrchr(file, '/') + 1);
}

/* About every fourth byte of both files, chosen at random; the seal's are always tried. */
static void a_flipped_bit_anywhere_is_noticed_and_its_file_named(void **state)
{
    enum { SEED = 20261121 };
    struct fixture *f = *state;
    const char *const paths[] = {f->index, f->part};
    struct lode_random random = lode_random_begin(SEED, 0);
    print_message("seed %d\n", SEED);
    write_part(f);
    write_index(f);
    for (int which = 0; which < 2; which++) {
        struct lode_bytes bytes = {0};
        assert_ok(lode_file_read(paths[which], 1 << 20, &bytes));
        FILE *file = fopen(paths[which], "r+b");
        assert_non_null(file);
        setbuf(file, NULL);
        for (size_t i = 0; i < bytes.size; i++) {
            if (i + 24 < bytes.size && !lode_random_chance(&random, 0.25)) continue;
            const int flipped = bytes.data[i] ^ (int)(1 + lode_random_below(&random, 255));
            assert_true(fseek(file, (long)i, SEEK_SET) == 0 && fputc(flipped, file) >= 0);
            expect_store_refused(f, paths[which]);
            assert_true(fseek(file, (long)i, SEEK_SET) == 0 && fputc(bytes.data[i], file) >= 0);
        }
        fclose(file);
        lode_bytes_clear(&bytes);
    }
    struct lode_store *store;
    assert_ok(lode_store_open(f->directory, &store)); /* all is as it was */
    lode_store_close(store);
}

static void a_file_cut_anywhere_or_longer_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *const paths[] = {f->index, f->part};
    write_part(f);
    write_index(f);
    for (int which = 0; which < 2; which++) {
        struct lode_bytes bytes = {0};
        assert_ok(lode_file_read(paths[which], 1 << 20, &bytes));
        for (size_t size = 0; size < bytes.size; size += 1 + size / 40) {
            assert_ok(lode_file_write(paths[which], bytes.data, size, false));
            expect_store_refused(f, paths[which]);
        }
        assert_ok(lode_bytes_append(&bytes, "", 1));
        assert_ok(lode_file_write(paths[which], bytes.data, bytes.size, false));
        expect_store_refused(f, paths[which]);
        assert_ok(lode_file_write(paths[which], bytes.data, bytes.size - 1, false));
        lode_bytes_clear(&bytes);
    }
}

static void odd_names_become_one_link_each(void **state)
{
    struct fixture *f = *state;
    static const char *const names[][2] = {{"plain", "g/plain"},
                                           {"a/b", "g/a%2Fb"},
                                           {"50%", "g/50%25"},
                                           {".", "g/%2E"},
                                           {"..", "g/%2E%2E"},
                                           {"a.b", "g/a.b"},
                                           {"tab\there", "g/tab%09here"},
                                           {"", "g/%"},
                                           {"gr\xc3\xbc\xc3\x9f", "g/gr\xc3\xbc\xc3\x9f"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path;
        assert_ok(lode_store_column_path("g", names[i][0], f->arena, &path));
        assert_string_equal(path, names[i][1]);
    }
}

static void partitions_are_numbered_with_five_digits(void **state)
{
    char buffer[32];
    (void)state;
    assert_string_equal(lode_store_part_name(0, buffer), "part-00000.h5");
    assert_string_equal(lode_store_part_name(123456, buffer), "part-123456.h5");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_comes_back_as_it_was_written),
        TEST(a_partition_has_the_columns_that_were_staged),
        TEST(attributes_are_one_code_a_session),
        TEST(kpis_are_outcomes_or_numbers),
        TEST(offsets_that_leave_the_rows_are_refused),
        TEST(codes_and_outcomes_past_the_last_are_refused),
        TEST(what_is_no_store_says_what_it_is),
        TEST(columns_of_events_are_read_and_checked),
        TEST(a_column_of_events_must_have_a_row_for_each),
        TEST(foreign_and_newer_stores_are_refused),
        TEST(a_missing_or_cut_partition_is_named),
        TEST(a_partition_of_another_store_is_refused),
        TEST(a_flipped_bit_anywhere_is_noticed_and_its_file_named),
        TEST(a_file_cut_anywhere_or_longer_is_refused),
        TEST(odd_names_become_one_link_each),
        cmocka_unit_test(partitions_are_numbered_with_five_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
