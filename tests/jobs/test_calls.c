/* Calls: what leaves and root steps of users and of lode ask for (lode/job.h, lode/store.h). */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct lode_arena *arena;
    struct lode_bytes bytes;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.folder = "/tmp/lode-test-calls-XXXXXX"};
    *state = &fixture;
    if (!mkdtemp(fixture.folder)) return -1;
    return lode_arena_create(0, &fixture.arena) != LODE_OK;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    lode_bytes_clear(&f->bytes);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->folder) != LODE_OK;
}

static struct lode_partition partitions[] = {{.n_users = 1, .n_sessions = 2, .n_events = 3},
                                             {.n_users = 10, .n_sessions = 20, .n_events = 30}};
static struct lode_kpi kpis[] = {{.name = "kpi_failed", .is_binary = true}};
static char *event_names[] = {"login", "logout"};
static struct lode_store store = {.path = "/nowhere/web.lode",
                                  .n_kpis = 1,
                                  .kpis = kpis,
                                  .event_names = {.words = event_names, .count = 2},
                                  .n_partitions = 2,
                                  .partitions = partitions,
                                  .n_users = 11,
                                  .n_sessions = 22,
                                  .n_events = 33,
                                  .n_generations = 3};

static void a_store_tells_its_rows_and_names_and_nothing_past_their_ends(void **state)
{
    (void)state;
    assert_int_equal(lode_store_rows(&store).n_sessions, 22);
    assert_int_equal(lode_store_partitions(&store), 2);
    assert_int_equal(lode_store_partition_rows(&store, 1).n_users, 10);
    assert_int_equal(lode_store_partition_rows(&store, 2).n_users, 0);
    assert_int_equal(lode_store_partition_rows(&store, -1).n_events, 0);
    assert_string_equal(lode_store_event_names(&store)->words[1], "logout");
    assert_string_equal(lode_store_kpi(&store, 0)->name, "kpi_failed");
    assert_null(lode_store_kpi(&store, 1));
    assert_null(lode_store_kpi(&store, -1));
    assert_null(lode_store_attribute(&store, 0));
}

static void a_leaf_counts_its_rows_and_hears_that_it_may_stop(void **state)
{
    (void)state;
    atomic_llong progress = 5;
    atomic_bool stop = false;
    struct lode_task_private engine = {.progress = &progress, .stop = &stop};
    struct lode_task task = {.engine = &engine};
    assert_ok(lode_task_advance(&task, 7));
    assert_int_equal(atomic_load(&progress), 12);
    atomic_store(&stop, true);
    assert_status(LODE_E_STOPPED, lode_task_advance(&task, 1));
}

static void a_store_that_was_referred_to_is_the_one_that_is_opened(void **state)
{
    struct fixture *f = *state;
    struct lode_task task = {.arena = f->arena};
    struct lode_part part = {0};
    uint64_t after = 0;
    assert_ok(lode_store_refer(&store, &f->bytes));
    assert_ok(lode_pack_u64(&f->bytes, 77));
    struct lode_unpack in = lode_unpack_begin(f->bytes.data, f->bytes.size);
    assert_status(LODE_E_INPUT, lode_task_open_part(&task, &in, 1, &part));
    assert_non_null(strstr(lode_error_text(), "/nowhere/web.lode"));
    assert_null(part.file);
    assert_ok(lode_unpack_u64(&in, &after)); /* it stands past the store */
    assert_int_equal(after, 77);
}

static void a_reference_that_is_cut_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_task task = {.arena = f->arena};
    struct lode_part part = {0};
    assert_ok(lode_store_refer(&store, &f->bytes));
    for (size_t size = 0; size < f->bytes.size; size++) {
        struct lode_unpack in = lode_unpack_begin(f->bytes.data, size);
        assert_status(LODE_E_MESSAGE, lode_task_open_part(&task, &in, 0, &part));
    }
}

static const int64_t counts[] = {5, 2};
static const uint32_t codes[] = {1, 0};

static void findings_are_a_table_and_its_rows_as_json_lines(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct lode_results *results = NULL;
    struct lode_table got;
    struct lode_column columns[] = {
        lode_column_words("event", codes, event_names, 2, "name"),
        lode_column_numbers("count", LODE_COLUMN_I64, counts, "events", "how often")};
    const struct lode_table table = {
        .name = "words", .title = "t", .n_rows = 2, .n_columns = 2, .columns = columns};
    snprintf(path, sizeof path, "%s/results.h5", f->folder);
    assert_ok(lode_results_create(path, &results));
    const struct lode_run run = {.directory = f->folder, .results = results, .arena = f->arena};
    assert_ok(lode_findings_put(&run, &table));
    assert_ok(lode_results_commit(results));
    assert_ok(lode_results_read(path, "words", f->arena, &got));
    assert_int_equal(got.n_rows, 2);
    snprintf(path, sizeof path, "%s/findings.jsonl", f->folder);
    assert_ok(lode_file_read(path, 1000, &f->bytes));
    assert_ok(lode_bytes_append(&f->bytes, "", 1));
    assert_string_equal((const char *)f->bytes.data, "{\"event\":\"logout\",\"count\":5}\n"
                                                     "{\"event\":\"login\",\"count\":2}\n");
}

static void make_nothing(const void *data, int64_t first, int64_t count, uint32_t *tokens)
{
    (void)data;
    (void)first;
    (void)count;
    (void)tokens;
}

static void findings_that_cannot_be_read_twice_are_refused_before_anything_is_written(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct lode_column columns[] = {
        {.name = "made", .type = LODE_COLUMN_TOKENS, .width = 1, .make = make_nothing}};
    const struct lode_table table = {
        .name = "words", .n_rows = 1, .n_columns = 1, .columns = columns};
    const struct lode_run run = {.directory = f->folder, .arena = f->arena};
    assert_status(LODE_E_BUG, lode_findings_put(&run, &table));
    snprintf(path, sizeof path, "%s/findings.jsonl", f->folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void findings_without_a_place_are_an_error_of_the_disk(void **state)
{
    (void)state;
    struct lode_column columns[] = {
        lode_column_numbers("count", LODE_COLUMN_I64, counts, NULL, "how often")};
    const struct lode_table table = {
        .name = "words", .n_rows = 2, .n_columns = 1, .columns = columns};
    assert_status(LODE_E_DISK, lode_table_save_lines(&table, "/nowhere/findings.jsonl"));
}

int main(void)
{
#define with_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_tells_its_rows_and_names_and_nothing_past_their_ends),
        cmocka_unit_test(a_leaf_counts_its_rows_and_hears_that_it_may_stop),
        with_folder(a_store_that_was_referred_to_is_the_one_that_is_opened),
        with_folder(a_reference_that_is_cut_is_refused),
        with_folder(findings_are_a_table_and_its_rows_as_json_lines),
        with_folder(findings_that_cannot_be_read_twice_are_refused_before_anything_is_written),
        cmocka_unit_test(findings_without_a_place_are_an_error_of_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
