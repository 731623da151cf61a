/* Manual groups: patterns of components and counters. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jobs/hierarchy/evaluation/manual_groups.h"

static lode_status read_text(struct lode_arena *arena, const char *text,
                             struct manual_groups *groups)
{
    char path[] = "/tmp/lode-manual-XXXXXX";
    const int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    const lode_status status = manual_groups_read(path, arena, groups);
    unlink(path);
    return status;
}

static void counters_belong_to_the_groups_whose_rows_they_fit(void **state)
{
    struct lode_arena *arena = NULL;
    struct manual_groups groups;
    (void)state;
    assert_ok(lode_arena_create(0, &arena));
    assert_ok(read_text(arena,
                        "group,component,counter\n"
                        "disk,*,disk_*\n"
                        "load,web-?,cpu\n"
                        "disk,db,iowait\n",
                        &groups));
    assert_int_equal(groups.n_groups, 2);
    assert_string_equal(groups.groups[0], "disk");
    assert_true(manual_groups_has(&groups, 0, "web-1", "disk_reads"));
    assert_true(manual_groups_has(&groups, 0, "db", "iowait"));
    assert_false(manual_groups_has(&groups, 0, "web-1", "iowait"));
    assert_true(manual_groups_has(&groups, 1, "web-1", "cpu"));
    assert_false(manual_groups_has(&groups, 1, "web-10", "cpu"));
    lode_arena_destroy(arena);
}

static void a_row_without_a_name_is_refused(void **state)
{
    struct lode_arena *arena = NULL;
    struct manual_groups groups;
    (void)state;
    assert_ok(lode_arena_create(0, &arena));
    assert_status(LODE_E_INPUT,
                  read_text(arena, "group,component,counter\ndisk,*,a\n,*,b\n", &groups));
    assert_non_null(strstr(lode_error_text(), "line 3: no group"));
    assert_status(LODE_E_INPUT, read_text(arena, "groups,component,counter\n", &groups));
    assert_non_null(strstr(lode_error_text(), "no column 'group' (nearest: 'groups')"));
    lode_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_belong_to_the_groups_whose_rows_they_fit),
        cmocka_unit_test(a_row_without_a_name_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
