/* Landmarks: a host that sees the same files passes, any other is told which it does not see. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/wire/landmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct here {
    char folder[64], path[128];
    struct lode_bytes list;
};

static void write_file(const struct here *here, const char *text)
{
    assert_ok(lode_file_write(here->path, text, strlen(text), false));
}

static int open_here(void **state)
{
    struct here *here = calloc(1, sizeof *here);
    if (!here) return -1;
    snprintf(here->folder, sizeof here->folder, "/tmp/lode-landmark-XXXXXX");
    if (!mkdtemp(here->folder)) return -1;
    snprintf(here->path, sizeof here->path, "%s/index.h5", here->folder);
    write_file(here, "the store");
    if (lode_landmark_add(&here->list, "the store", here->path)) return -1;
    *state = here;
    return 0;
}

static int close_here(void **state)
{
    struct here *here = *state;
    lode_bytes_clear(&here->list);
    const lode_status status = lode_directory_remove(here->folder);
    free(here);
    return status ? -1 : 0;
}

static void expect_refusal(const struct here *here, const char *words)
{
    assert_status(LODE_E_INPUT,
                  lode_landmarks_check((struct lode_span){here->list.data, here->list.size}, "n2"));
    assert_non_null(strstr(lode_error_text(), "host n2 does not see the store"));
    assert_non_null(strstr(lode_error_text(), here->path));
    assert_non_null(strstr(lode_error_text(), words));
}

static void the_same_file_is_seen(void **state)
{
    const struct here *here = *state;
    assert_ok(lode_landmarks_check((struct lode_span){here->list.data, here->list.size}, "n2"));
}

static void a_missing_file_is_named_with_host_and_path(void **state)
{
    const struct here *here = *state;
    assert_int_equal(unlink(here->path), 0);
    expect_refusal(here, "No such file");
}

static void another_file_of_the_same_name_is_told_by_size_or_content(void **state)
{
    const struct here *here = *state;
    write_file(here, "store");
    expect_refusal(here, "5 bytes, not 9");
    write_file(here, "another store");
    expect_refusal(here, "other content");
    write_file(here, "the stone");
    expect_refusal(here, "other content");
}

static void a_file_that_has_grown_is_the_same_file(void **state)
{
    const struct here *here = *state;
    write_file(here, "the store, and more");
    assert_ok(lode_landmarks_check((struct lode_span){here->list.data, here->list.size}, "n2"));
}

static void a_folder_in_its_place_is_no_file(void **state)
{
    const struct here *here = *state;
    assert_int_equal(unlink(here->path), 0);
    assert_ok(lode_directory_make(here->path));
    expect_refusal(here, "not a plain file");
}

static void a_list_of_other_things_is_a_bad_message(void **state)
{
    (void)state;
    struct lode_bytes list = {0};
    const struct lode_landmark bad[] = {
        {.what = lode_span_text("a"), .path = lode_span_text("relative/path")},
        {.what = lode_span_text("a"), .path = {(const uint8_t *)"/nul\0byte", 9}},
        {.what = lode_span_text("a"), .path = lode_span_text("")},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        list.size = 0;
        assert_ok(lode_landmark_append(&list, &bad[i]));
        assert_status(LODE_E_MESSAGE,
                      lode_landmarks_check((struct lode_span){list.data, list.size}, "n2"));
    }
    assert_status(LODE_E_MESSAGE,
                  lode_landmarks_check((struct lode_span){(const uint8_t *)"\xc1", 1}, "n2"));
    lode_bytes_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same_file_is_seen, open_here, close_here),
        cmocka_unit_test_setup_teardown(a_missing_file_is_named_with_host_and_path, open_here,
                                        close_here),
        cmocka_unit_test_setup_teardown(another_file_of_the_same_name_is_told_by_size_or_content,
                                        open_here, close_here),
        cmocka_unit_test_setup_teardown(a_file_that_has_grown_is_the_same_file, open_here,
                                        close_here),
        cmocka_unit_test_setup_teardown(a_folder_in_its_place_is_no_file, open_here, close_here),
        cmocka_unit_test(a_list_of_other_things_is_a_bad_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
