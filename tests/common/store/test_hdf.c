/* HDF: what is put comes back, equal content is equal bytes, and hostile files are refused. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/store/hdf.h"
#include "common/store/hdf_private.h" /* hdf_seal */

#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILO_ROWS = 300 * 1024 }; /* more than one chunk of every type but u8 */

struct fixture {
    char directory[64], path[96];
    struct lode_arena *arena;
};

/* Stands before the C library's, so that HDF5 sees a clock that never shows the same second twice:
 * two files are made "a second apart" without waiting. */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): theirs are reserved
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    static time_t seconds = 1000000000;
    (void)zone;
    *now = (struct timeval){.tv_sec = seconds++};
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    snprintf(f->directory, sizeof f->directory, "%s", "/tmp/lode-hdf-XXXXXX");
    if (mkdtemp(f->directory) == NULL || lode_arena_create(0, &f->arena) != LODE_OK) return -1;
    snprintf(f->path, sizeof f->path, "%s/a.h5", f->directory);
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

/* A file of one column. */
static void write_column(const char *path, const struct lode_hdf_column *column)
{
    struct lode_hdf *file;
    assert_ok(lode_hdf_create(path, "1", &file));
    assert_ok(lode_hdf_put(file, column));
    assert_ok(lode_hdf_commit(file));
}

/* Writes and reads back; `width` bytes a row. */
static void expect_round_trip(struct fixture *f, const struct lode_hdf_column *column, size_t width)
{
    struct lode_hdf *file;
    struct lode_hdf_column found;
    void *data;
    write_column(f->path, column);
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_describe(file, column->name, f->arena, &found));
    assert_int_equal(found.type, column->type);
    assert_int_equal(found.rows, column->rows);
    assert_int_equal(found.columns, column->columns ? column->columns : 1);
    assert_string_equal(found.units, column->units ? column->units : "");
    assert_string_equal(found.title, column->title ? column->title : "");
    assert_ok(lode_hdf_get(file, column->name, column->type, 0, -1, f->arena, &data));
    assert_memory_equal(data, column->data, (size_t)column->rows * width);
    lode_hdf_close(file);
}

static void columns_of_every_type_come_back_plain_and_deflated(void **state)
{
    static const struct {
        enum lode_hdf_type type;
        int64_t text_width;
        size_t size;
    } types[] = {{LODE_HDF_U8, 0, 1},  {LODE_HDF_U16, 0, 2}, {LODE_HDF_U32, 0, 4},
                 {LODE_HDF_U64, 0, 8}, {LODE_HDF_I32, 0, 4}, {LODE_HDF_I64, 0, 8},
                 {LODE_HDF_F64, 0, 8}, {LODE_HDF_TEXT, 5, 5}};
    uint8_t *bytes = malloc((size_t)KILO_ROWS * 8);
    assert_non_null(bytes);
    for (size_t i = 0; i < (size_t)KILO_ROWS * 8; i++) bytes[i] = (uint8_t)(i * 7 % 251);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct lode_hdf_column column = {.name = "events/time",
                                         .type = types[i].type,
                                         .rows = KILO_ROWS,
                                         .width = types[i].text_width,
                                         .data = bytes,
                                         .units = "ms"};
        expect_round_trip(*state, &column, types[i].size);
        column.deflate = true;
        column.title = "when";
        expect_round_trip(*state, &column, types[i].size);
    }
    free(bytes);
}

static void a_matrix_and_an_empty_column_come_back(void **state)
{
    const int64_t cells[6] = {1, 2, 3, 4, 5, 6};
    struct lode_hdf_column column = {
        .name = "m", .type = LODE_HDF_I64, .rows = 2, .columns = 3, .data = cells};
    expect_round_trip(*state, &column, 3 * sizeof *cells);
    column = (struct lode_hdf_column){.name = "none", .type = LODE_HDF_F64, .deflate = true};
    expect_round_trip(*state, &column, sizeof(double));
}

static void a_range_of_rows_is_read_alone(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    const uint32_t numbers[5] = {10, 11, 12, 13, 14};
    void *data;
    write_column(f->path, &(struct lode_hdf_column){
                              .name = "n", .type = LODE_HDF_U32, .rows = 5, .data = numbers});
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_get(file, "n", LODE_HDF_U32, 1, 3, f->arena, &data));
    assert_memory_equal(data, numbers + 1, 3 * sizeof *numbers);
    assert_ok(lode_hdf_get(file, "n", LODE_HDF_U32, 5, -1, f->arena, &data)); /* no rows */
    assert_status(LODE_E_INPUT, lode_hdf_get(file, "n", LODE_HDF_U32, 3, 3, f->arena, &data));
    assert_status(LODE_E_INPUT, lode_hdf_get(file, "n", LODE_HDF_U32, -1, 2, f->arena, &data));
    assert_status(LODE_E_INPUT, lode_hdf_get(file, "n", LODE_HDF_I64, 0, -1, f->arena, &data));
    assert_non_null(strstr(lode_error_text(), "is u32, must be i64"));
    assert_status(LODE_E_INPUT, lode_hdf_get(file, "no", LODE_HDF_I64, 0, -1, f->arena, &data));
    lode_hdf_close(file);
}

static void codes_are_narrowed_and_widened(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    static const enum lode_hdf_type types[] = {LODE_HDF_U8, LODE_HDF_U16, LODE_HDF_U32};
    static const uint32_t ones[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX};
    uint32_t *codes = malloc((size_t)KILO_ROWS * 8 * sizeof *codes), *found;
    assert_non_null(codes);
    for (uint32_t i = 0; i < KILO_ROWS * 8; i++) codes[i] = i % 201 == 200 ? UINT32_MAX : i % 201;
    for (int i = 0; i < 3; i++) {
        const struct lode_hdf_column column = {.name = "c",
                                               .type = types[i],
                                               .rows = (int64_t)KILO_ROWS * 4,
                                               .columns = 2,
                                               .data = codes,
                                               .deflate = i == 1};
        assert_ok(lode_hdf_create(f->path, "1", &file));
        assert_ok(lode_hdf_put_codes(file, &column));
        assert_ok(lode_hdf_commit(file));
        assert_ok(lode_hdf_open(f->path, &file));
        assert_ok(lode_hdf_get_codes(file, "c", 0, -1, f->arena, &found));
        assert_int_equal(found[199], 199);
        assert_int_equal(found[200], ones[i]);
        assert_ok(lode_hdf_get_optional_codes(file, "c", 0, -1, 200, f->arena, &found));
        assert_memory_equal(found, codes, (size_t)KILO_ROWS * 8 * sizeof *codes);
        assert_status(LODE_E_INPUT,
                      lode_hdf_get_optional_codes(file, "c", 0, -1, 199, f->arena, &found));
        lode_hdf_close(file);
    }
    free(codes);
}

/* Rows i, i + 1 (mod 201, 200 being "no value"), each asked for once; no more than *context rows.
 */
static lode_status make_codes(const void *context, int64_t first, int64_t count, uint32_t *codes)
{
    if (first + count > *(const int64_t *)context) return lode_fail(LODE_E_NUMERIC, "too far");
    for (int64_t i = first; i < first + count; i++) {
        *codes++ = i % 201 == 200 ? UINT32_MAX : (uint32_t)(i % 201);
        *codes++ = (i + 1) % 201 == 200 ? UINT32_MAX : (uint32_t)((i + 1) % 201);
    }
    return LODE_OK;
}

static void codes_are_made_piece_by_piece(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    static const enum lode_hdf_type types[] = {LODE_HDF_U8, LODE_HDF_U16, LODE_HDF_U32};
    const int64_t rows = (int64_t)KILO_ROWS * 8, too_few = rows - 1;
    uint32_t *codes = malloc((size_t)rows * 2 * sizeof *codes), *found;
    assert_non_null(codes);
    assert_ok(make_codes(&rows, 0, rows, codes));
    for (int i = 0; i < 3; i++) {
        struct lode_hdf_column column = {
            .name = "c", .type = types[i], .rows = rows, .columns = 2, .data = &rows};
        assert_ok(lode_hdf_create(f->path, "1", &file));
        assert_ok(lode_hdf_put_made_codes(file, &column, make_codes));
        assert_ok(lode_hdf_commit(file));
        assert_ok(lode_hdf_open(f->path, &file));
        assert_ok(lode_hdf_get_optional_codes(file, "c", 0, -1, 200, f->arena, &found));
        assert_memory_equal(found, codes, (size_t)rows * 2 * sizeof *codes);
        lode_hdf_close(file);
        column.data = &too_few;
        assert_ok(lode_hdf_create(f->path, "1", &file));
        assert_status(LODE_E_NUMERIC, lode_hdf_put_made_codes(file, &column, make_codes));
        lode_hdf_close(file);
    }
    free(codes);
}

/* 255 codes and "no value" fill a byte; one more needs two. */
static void the_narrowest_code_type_keeps_all_ones_free(void **state)
{
    (void)state;
    assert_int_equal(lode_hdf_code_type(0), LODE_HDF_U8);
    assert_int_equal(lode_hdf_code_type(255), LODE_HDF_U8);
    assert_int_equal(lode_hdf_code_type(256), LODE_HDF_U16);
    assert_int_equal(lode_hdf_code_type(65535), LODE_HDF_U16);
    assert_int_equal(lode_hdf_code_type(65536), LODE_HDF_U32);
}

static void texts_come_back_at_any_length(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    enum { COUNT = 20000 }; /* above the size that is packed */
    static char texts[COUNT][16];
    static char *list[COUNT];
    char **found, *one;
    int64_t count;
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "word %d", i);
        list[i] = texts[i];
    }
    texts[7][0] = '\0';
    snprintf(texts[8], sizeof texts[8], "%s", "gr\xc3\xbc\xc3\x9f");
    assert_ok(lode_hdf_create(f->path, "1", &file));
    assert_ok(lode_hdf_put_texts(
        file, &(struct lode_hdf_column){.name = "t/w", .rows = COUNT, .data = list}));
    assert_ok(lode_hdf_put_texts(file, &(struct lode_hdf_column){.name = "t/none"}));
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_get_texts(file, "t/w", f->arena, &found, &count));
    assert_int_equal(count, COUNT);
    for (int i = 0; i < COUNT; i++) assert_string_equal(found[i], texts[i]);
    assert_ok(lode_hdf_get_text(file, "t/w", 19999, f->arena, &one));
    assert_string_equal(one, "word 19999");
    assert_status(LODE_E_INPUT, lode_hdf_get_text(file, "t/w", COUNT, f->arena, &one));
    assert_ok(lode_hdf_get_texts(file, "t/none", f->arena, &found, &count));
    assert_int_equal(count, 0);
    lode_hdf_close(file);
}

/* 200 KB is more than an HDF5 object header holds: a store of thousands of input files. */
static void attributes_come_back_short_and_long(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    static char source[200001];
    char *text;
    int64_t number;
    memset(source, 's', sizeof source - 1);
    assert_ok(lode_hdf_create(f->path, "1", &file));
    assert_ok(lode_hdf_put_text(file, "", "source", source));
    assert_ok(lode_hdf_put_text(file, "a/b", "empty", "")); /* the groups are made */
    assert_ok(lode_hdf_put_i64(file, "a/b", "format", INT64_MIN));
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_attribute_text(file, "/", "source", f->arena, &text));
    assert_string_equal(text, source);
    assert_ok(lode_hdf_attribute_text(file, "a/b", "empty", f->arena, &text));
    assert_string_equal(text, "");
    assert_ok(lode_hdf_attribute_i64(file, "a/b", "format", &number));
    assert_true(number == INT64_MIN);
    assert_status(LODE_E_INPUT, lode_hdf_attribute_i64(file, "a/b", "empty", &number));
    assert_status(LODE_E_INPUT, lode_hdf_attribute_text(file, "a", "none", f->arena, &text));
    lode_hdf_close(file);
}

static void a_group_lists_its_members_sorted(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    static const char *const names[] = {"g/b", "g/c/x", "g/a"};
    char **members;
    int64_t count;
    assert_ok(lode_hdf_create(f->path, "1", &file));
    for (int i = 0; i < 3; i++) {
        const struct lode_hdf_column column = {.name = names[i], .type = LODE_HDF_U8};
        assert_ok(lode_hdf_put(file, &column));
    }
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_list(file, "g", f->arena, &members, &count));
    assert_int_equal(count, 3);
    assert_string_equal(members[0], "a");
    assert_string_equal(members[1], "b");
    assert_string_equal(members[2], "c");
    assert_true(lode_hdf_has(file, "g/c/x"));
    assert_false(lode_hdf_has(file, "g/d/x"));
    lode_hdf_close(file);
}

static void write_everything(const char *path)
{
    struct lode_hdf *file;
    const int64_t numbers[3] = {1, 2, 3};
    char *const words[2] = {"one", "three"};
    assert_ok(lode_hdf_create(path, "1", &file));
    assert_ok(lode_hdf_put_text(file, "", "title", "all kinds of objects"));
    assert_ok(lode_hdf_put_i64(file, "group", "n", 3));
    assert_ok(lode_hdf_put(file, &(struct lode_hdf_column){.name = "deep/er/plain",
                                                           .type = LODE_HDF_I64,
                                                           .rows = 3,
                                                           .data = numbers,
                                                           .units = "s"}));
    assert_ok(lode_hdf_put(file, &(struct lode_hdf_column){.name = "deep/er/packed",
                                                           .type = LODE_HDF_I64,
                                                           .rows = 3,
                                                           .data = numbers,
                                                           .deflate = true}));
    assert_ok(lode_hdf_put_texts(
        file, &(struct lode_hdf_column){.name = "words", .rows = 2, .data = words}));
    assert_ok(lode_hdf_commit(file));
}

static void equal_content_gives_equal_bytes_at_any_time(void **state)
{
    struct fixture *f = *state;
    char other[96];
    struct lode_bytes a = {0}, b = {0};
    snprintf(other, sizeof other, "%s/b.h5", f->directory);
    write_everything(f->path);
    write_everything(other);
    assert_ok(lode_file_read(f->path, 1 << 20, &a));
    assert_ok(lode_file_read(other, 1 << 20, &b));
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    lode_bytes_clear(&a);
    lode_bytes_clear(&b);
}

static void a_file_is_absent_until_it_is_whole(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    char aside[128];
    snprintf(aside, sizeof aside, "%s.tmp-w3", f->path);
    assert_ok(lode_hdf_create(f->path, "w3", &file));
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_equal(access(f->path, F_OK), -1);
    lode_hdf_close(file);
    assert_int_equal(access(aside, F_OK), -1);
    assert_ok(lode_hdf_create(f->path, "w3", &file));
    assert_ok(lode_hdf_commit(file));
    assert_int_equal(access(aside, F_OK), -1);
    assert_int_equal(access(f->path, F_OK), 0);
}

static void a_file_that_cannot_be_written_says_why(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    char path[128];
    snprintf(path, sizeof path, "%s/missing/a.h5", f->directory);
    assert_status(LODE_E_DISK, lode_hdf_create(path, "1", &file));
    assert_non_null(strstr(lode_error_text(), "No such file or directory"));
}

/* Creates (step 0) or fills (step 1) a file under a limit on the size of files, which stands for a
 * full disk; returns the status. */
static lode_status write_under_limit(const char *path, int step)
{
    static const double zeros[KILO_ROWS];
    const struct lode_hdf_column column = {
        .name = "z", .type = LODE_HDF_F64, .rows = KILO_ROWS, .data = zeros};
    const struct rlimit limit = {.rlim_cur = step == 0 ? 0 : 100000, .rlim_max = RLIM_INFINITY};
    struct lode_hdf *file;
    signal(SIGXFSZ, SIG_IGN);
    if (step == 1 && lode_hdf_create(path, "1", &file) != LODE_OK) return LODE_OK;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return LODE_OK;
    if (step == 0) return lode_hdf_create(path, "1", &file);
    const lode_status status = lode_hdf_put(file, &column);
    lode_hdf_close(file);
    return status;
}

/* In a process of its own: the limit is the process's, and HDF5 never lets go of a file that it
 * could not close. */
static void a_write_that_fails_half_way_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    char aside[128];
    snprintf(aside, sizeof aside, "%s.tmp-1", f->path);
    for (int step = 0; step < 2; step++) {
        int ended;
        const pid_t child = fork();
        if (child == 0) _exit((int)write_under_limit(f->path, step));
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFEXITED(ended));
        assert_int_equal(WEXITSTATUS(ended), LODE_E_DISK);
        assert_int_equal(access(f->path, F_OK), -1);
        assert_int_equal(access(aside, F_OK), -1);
    }
}

static void what_is_no_hdf5_file_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_hdf *file;
    struct lode_bytes whole = {0};
    assert_status(LODE_E_INPUT, lode_hdf_open(f->path, &file));
    assert_non_null(strstr(lode_error_text(), "a.h5: No such file"));
    assert_status(LODE_E_INPUT, lode_hdf_open(f->directory, &file));
    assert_ok(lode_file_write(f->path, "session,time\n", 13, false));
    assert_status(LODE_E_INPUT, lode_hdf_open(f->path, &file));
    write_everything(f->path);
    assert_ok(lode_file_read(f->path, 1 << 20, &whole));
    assert_ok(lode_file_write(f->path, whole.data, whole.size / 2, false));
    assert_status(LODE_E_INPUT, lode_hdf_open(f->path, &file));
    assert_non_null(strstr(lode_error_text(), "cut short or not an HDF5 file"));
    lode_bytes_clear(&whole);
}

/* A file as no lode would write it; the caller adds to it. */
static hid_t foreign_begin(const struct fixture *f)
{
    const hid_t file = H5Fcreate(f->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void foreign_dataset(hid_t file, hid_t type, int rank, const hsize_t *shape, hid_t creation)
{
    const hid_t space = H5Screate_simple(rank, shape, NULL);
    const hid_t set = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* The file is sealed as if lode had written it: a seal is no signature, so what is behind it must
 * hold by itself. */
static void expect_refused(struct fixture *f, const char *name, const char *reason)
{
    struct lode_hdf *file;
    void *data = NULL;
    assert_ok(hdf_seal(f->path));
    assert_ok(lode_hdf_open(f->path, &file));
    assert_status(LODE_E_INPUT, lode_hdf_get(file, name, LODE_HDF_I64, 0, -1, f->arena, &data));
    if (strstr(lode_error_text(), reason) == NULL) {
        fail_msg("'%s' lacks '%s'", lode_error_text(), reason);
    }
    lode_hdf_close(file);
}

static void links_out_of_the_file_are_not_followed(void **state)
{
    struct fixture *f = *state;
    char other[96];
    const int64_t number = 1;
    snprintf(other, sizeof other, "%s/b.h5", f->directory);
    write_column(other, &(struct lode_hdf_column){
                            .name = "x", .type = LODE_HDF_I64, .rows = 1, .data = &number});
    const hid_t file = foreign_begin(f);
    assert_true(H5Lcreate_external(other, "/", file, "out", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    assert_true(H5Lcreate_soft("/out/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    expect_refused(f, "out/x", "'out' is a link to elsewhere");
    expect_refused(f, "soft", "'soft' is a link to elsewhere");
}

static void rows_in_other_files_are_refused(void **state)
{
    struct fixture *f = *state;
    const hsize_t shape[1] = {4};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/hostname", 0, 32);
    const hid_t file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64LE, 1, shape, creation);
    H5Fclose(file);
    H5Pclose(creation);
    expect_refused(f, "x", "lie in other files");
}

/* 8 TB claimed by a file of 2 KB: never written, so never stored. */
static void more_rows_than_bytes_are_refused(void **state)
{
    struct fixture *f = *state;
    const hsize_t shape[1] = {1000000000000}, chunk[1] = {1 << 17};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 1, chunk);
    H5Pset_deflate(creation, 1);
    hid_t file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64LE, 1, shape, creation);
    H5Fclose(file);
    expect_refused(f, "x", "claims 1000000000000 rows");
    file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64LE, 1, shape, H5P_DEFAULT);
    H5Fclose(file);
    H5Pclose(creation);
    expect_refused(f, "x", "claims 1000000000000 rows");
}

static void huge_chunks_and_other_filters_are_refused(void **state)
{
    struct fixture *f = *state;
    const hsize_t shape[1] = {1 << 24}, huge[1] = {1 << 24}, small[1] = {1 << 10};
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), file = foreign_begin(f);
    H5Pset_chunk(creation, 1, huge);
    foreign_dataset(file, H5T_STD_I64LE, 1, shape, creation);
    H5Fclose(file);
    expect_refused(f, "x", "larger than 4 MiB");
    H5Pset_chunk(creation, 1, small);
    H5Pset_fletcher32(creation);
    file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64LE, 1, shape, creation);
    H5Fclose(file);
    H5Pclose(creation);
    expect_refused(f, "x", "filter 3");
}

static void other_types_and_shapes_are_refused(void **state)
{
    struct fixture *f = *state;
    const hsize_t shape[3] = {1, 1, 1};
    hid_t file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64BE, 1, shape, H5P_DEFAULT);
    H5Fclose(file);
    expect_refused(f, "x", "of a type that lode does not read");
    file = foreign_begin(f);
    foreign_dataset(file, H5T_STD_I64LE, 3, shape, H5P_DEFAULT);
    H5Fclose(file);
    expect_refused(f, "x", "neither 1 nor 2 dimensions");
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, H5T_VARIABLE);
    file = foreign_begin(f);
    foreign_dataset(file, text, 1, shape, H5P_DEFAULT);
    H5Fclose(file);
    H5Tclose(text);
    expect_refused(f, "x", "of a type that lode does not read");
}

/* What this process has read so far, of whatever file; "rchar: N" of proc(5). */
static uint64_t bytes_read(void)
{
    char text[256] = {0};
    FILE *io = fopen("/proc/self/io", "r");
    assert_non_null(io);
    assert_true(fread(text, 1, sizeof text - 1, io) > 0);
    assert_int_equal(fclose(io), 0);
    return strtoull(text + strlen("rchar: "), NULL, 10);
}

static void a_slice_is_read_alone(void **state)
{
    struct fixture *f = *state;
    enum { SLICES = 100, ROWS = 10 };
    struct lode_hdf *file;
    void *rows;
    double *values = calloc(KILO_ROWS, sizeof *values);
    assert_non_null(values);
    const struct lode_hdf_column column = {
        .name = "x", .type = LODE_HDF_F64, .rows = KILO_ROWS, .data = values};
    write_column(f->path, &column);
    free(values);
    assert_ok(lode_hdf_open(f->path, &file));
    assert_ok(lode_hdf_get(file, "x", LODE_HDF_F64, 0, ROWS, f->arena, &rows));
    const uint64_t before = bytes_read();
    for (int64_t i = 0; i < SLICES; i++)
        assert_ok(lode_hdf_get(file, "x", LODE_HDF_F64, 1000 * i, ROWS, f->arena, &rows));
    /* and what the counting reads */
    assert_true(bytes_read() - before < sizeof *values * SLICES * ROWS + 1024);
    lode_hdf_close(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slice_is_read_alone),
        TEST(columns_of_every_type_come_back_plain_and_deflated),
        TEST(a_matrix_and_an_empty_column_come_back),
        TEST(a_range_of_rows_is_read_alone),
        TEST(codes_are_narrowed_and_widened),
        TEST(codes_are_made_piece_by_piece),
        TEST(the_narrowest_code_type_keeps_all_ones_free),
        TEST(texts_come_back_at_any_length),
        TEST(attributes_come_back_short_and_long),
        TEST(a_group_lists_its_members_sorted),
        TEST(equal_content_gives_equal_bytes_at_any_time),
        TEST(a_file_is_absent_until_it_is_whole),
        TEST(a_file_that_cannot_be_written_says_why),
        TEST(a_write_that_fails_half_way_leaves_nothing),
        TEST(what_is_no_hdf5_file_is_refused),
        TEST(links_out_of_the_file_are_not_followed),
        TEST(rows_in_other_files_are_refused),
        TEST(more_rows_than_bytes_are_refused),
        TEST(huge_chunks_and_other_filters_are_refused),
        TEST(other_types_and_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
