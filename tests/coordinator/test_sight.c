/* Sight: by which files a worker knows that it sees the coordinator's disk. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/wire/landmark.h"
#include "coordinator/sight.h"

/* The coordinator has renamed the new index when a worker that was slow to start looks. */
static void a_worker_that_comes_when_a_store_has_grown_still_knows_it(void **state)
{
    char folder[] = "/tmp/lode-sight-XXXXXX", path[128];
    struct lode_bytes list = {0};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/stages", folder);
    assert_ok(lode_directory_make(path));
    snprintf(path, sizeof path, "%s/part-00000.h5", folder);
    assert_ok(lode_file_write(path, "samples", 7, false));
    snprintf(path, sizeof path, "%s/index.h5", folder);
    assert_ok(lode_file_write(path, "before", 6, false));
    const struct execution execution = {.directory = folder, .grows = folder};
    assert_ok(sight_describe(&execution, &list));
    assert_ok(lode_file_write(path, "after it", 8, false));
    const struct lode_span span = {list.data, list.size};
    assert_ok(lode_landmarks_check(span, "n1"));
    assert_non_null(memmem(list.data, list.size, "part-00000.h5", 13));
    lode_bytes_clear(&list);
    assert_ok(lode_directory_remove(folder));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_that_comes_when_a_store_has_grown_still_knows_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
