/* Header: what a run was begun with, and the differences by which it may not go on. */
#include "tests/unit.h"

#include "common/wire/pack.h"
#include "coordinator/journal/header.h"

#include <string.h>

static struct header_param params[] = {{"k", "1..4"}, {"text", ""}};
static struct input_file inputs[] = {{"index.h5", 100, -5, 7, UINT64_MAX},
                                     {"part-00000.h5", 200, 6, 8, 9}};
static struct header_segment earlier[] = {{1, 4000}, {3, 32}};
static const struct header sample = {.version = "0.1.0",
                                     .job = "faults",
                                     .store = "/data/web.lode",
                                     .library = "/home/a/words.so",
                                     .library_hash = UINT64_MAX - 1,
                                     .epoch = 4,
                                     .allow_partial = true,
                                     .params = params,
                                     .n_params = 2,
                                     .inputs = inputs,
                                     .n_inputs = 2,
                                     .earlier = earlier,
                                     .n_earlier = 2};

struct fixture {
    struct lode_arena *arena;
    struct lode_bytes bytes;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    *state = &fixture;
    return lode_arena_create(0, &fixture.arena) != LODE_OK ||
           header_encode(&sample, &fixture.bytes) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    lode_bytes_clear(&fixture->bytes);
    lode_arena_destroy(fixture->arena);
    return 0;
}

static void a_header_reads_back(void **state)
{
    struct fixture *f = *state;
    struct header got;
    assert_ok(header_decode(f->bytes.data, f->bytes.size, f->arena, &got));
    assert_string_equal(got.version, "0.1.0");
    assert_string_equal(got.job, "faults");
    assert_string_equal(got.store, "/data/web.lode");
    assert_string_equal(got.library, "/home/a/words.so");
    assert_true(got.library_hash == UINT64_MAX - 1);
    assert_int_equal(got.epoch, 4);
    assert_true(got.allow_partial);
    assert_int_equal(got.n_params, 2);
    assert_string_equal(got.params[0].value, "1..4");
    assert_string_equal(got.params[1].name, "text");
    assert_int_equal(got.n_inputs, 2);
    assert_string_equal(got.inputs[1].name, "part-00000.h5");
    assert_int_equal(got.inputs[0].modified_ns, -5);
    assert_true(got.inputs[0].whole == UINT64_MAX);
    assert_int_equal(got.n_earlier, 2);
    assert_int_equal(got.earlier[1].epoch, 3);
    assert_int_equal(got.earlier[0].size_bytes, 4000);
}

static void a_header_that_is_cut_anywhere_is_refused(void **state)
{
    struct fixture *f = *state;
    struct header got;
    for (size_t size = 0; size < f->bytes.size; size++)
        assert_status(LODE_E_MESSAGE, header_decode(f->bytes.data, size, f->arena, &got));
}

/* Runs that were begun before libraries were known go on. */
static void a_header_of_format_1_reads_as_one_without_a_library(void **state)
{
    struct fixture *f = *state;
    struct header got;
    f->bytes.size = 0;
    assert_ok(lode_pack_u64(&f->bytes, 1));
    assert_ok(lode_pack_text(&f->bytes, "0.1.0", 5));
    assert_ok(lode_pack_text(&f->bytes, "faults", 6));
    assert_ok(lode_pack_text(&f->bytes, "/data", 5));
    assert_ok(lode_pack_u64(&f->bytes, 4)); /* epoch */
    assert_ok(lode_pack_u64(&f->bytes, 0));
    for (int lists = 0; lists < 3; lists++) assert_ok(lode_pack_array(&f->bytes, 0));
    assert_ok(header_decode(f->bytes.data, f->bytes.size, f->arena, &got));
    assert_string_equal(got.library, "");
    assert_int_equal(got.epoch, 4);
}

/* Whatever else a later format may hold, its number and its version come first. */
static void a_newer_format_is_refused_naming_the_version_that_made_it(void **state)
{
    struct fixture *f = *state;
    struct header got;
    f->bytes.size = 0;
    assert_ok(lode_pack_u64(&f->bytes, HEADER_FORMAT + 1));
    assert_ok(lode_pack_text(&f->bytes, "9.9.9", 5));
    assert_status(LODE_E_INPUT, header_decode(f->bytes.data, f->bytes.size, f->arena, &got));
    assert_non_null(strstr(lode_error_text(), "made by lode 9.9.9"));
}

static void another_version_is_refused_by_name(void **state)
{
    (void)state;
    assert_ok(header_check_version(&sample, "0.1.0"));
    assert_status(LODE_E_USAGE, header_check_version(&sample, "0.2.0"));
    assert_non_null(strstr(lode_error_text(), "begun by lode 0.1.0, this is lode 0.2.0"));
}

static void another_parameter_is_refused_with_both_values(void **state)
{
    (void)state;
    assert_ok(header_check_param(&sample, "k", "1..4"));
    assert_ok(header_check_param(&sample, "text", ""));
    assert_status(LODE_E_USAGE, header_check_param(&sample, "k", "2"));
    assert_non_null(strstr(lode_error_text(), "parameter k: the run was begun with '1..4', now"));
    assert_status(LODE_E_USAGE, header_check_param(&sample, "new", "1"));
}

int main(void)
{
#define with_header(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        with_header(a_header_reads_back),
        with_header(a_header_that_is_cut_anywhere_is_refused),
        with_header(a_header_of_format_1_reads_as_one_without_a_library),
        with_header(a_newer_format_is_refused_naming_the_version_that_made_it),
        cmocka_unit_test(another_version_is_refused_by_name),
        cmocka_unit_test(another_parameter_is_refused_with_both_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
