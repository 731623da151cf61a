/* The whole job, with the engine replaced by a loop: files in, a store out, read back by lode's own
 * reader. The real data is that of LODE_DATA (else ../shared/data beside the repository). */
#include "tests/unit.h"

#include "common/file.h"
#include "jobs/stage/stage.h"
#include "tests/jobs/local_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 256, FILE_LIMIT = 1 << 26 };

struct fixture {
    char directory[64];
    char paths[4][PATH_BYTES];
    const char *inputs[4];
    char output[PATH_BYTES];
    char work[PATH_BYTES];
    struct lode_arena *arena;
    struct lode_cluster cluster;
    struct stage_events_options options;
    struct stage_events_summary summary;
    struct lode_store *store;
    lode_status (*map)(struct lode_cluster *, const struct lode_stage *, lode_merge_fn, void *);
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-stage-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    stage_events_defaults(&f.options);
    f.options.history = "test";
    f.map = local_map;
    f.cluster.leaves = stage_events_job.leaves;
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_store_close(f->store);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

/* A file of that name and content becomes the next input. */
static void input(struct fixture *f, const char *name, const char *text)
{
    char path[PATH_BYTES];
    const int64_t i = f->options.n_inputs++;
    snprintf(path, sizeof path, "%s/%s", f->directory, name);
    assert_ok(lode_file_write(path, text, strlen(text), false));
    memcpy(f->paths[i], path, sizeof path);
    f->inputs[i] = f->paths[i];
}

static lode_status stage(struct fixture *f, const char *name)
{
    snprintf(f->output, sizeof f->output, "%s/%s", f->directory, name);
    snprintf(f->work, sizeof f->work, "%s/%s.work", f->directory, name);
    assert_ok(lode_directory_make(f->work));
    f->cluster.work_directory = f->work;
    f->options.inputs = f->inputs;
    f->options.output = f->output;
    f->options.summary = &f->summary;
    struct lode_run run = {.work_directory = f->work,
                           .arena = f->arena,
                           .cluster = &f->cluster,
                           .map = f->map,
                           .options = &f->options};
    return stage_events_job.run(&run);
}

static void open_store(struct fixture *f)
{
    lode_store_close(f->store);
    f->store = NULL;
    assert_ok(lode_store_open(f->output, &f->store));
}

static bool exists(const char *directory, const char *name)
{
    char path[2 * PATH_BYTES];
    struct stat status;
    snprintf(path, sizeof path, "%s%s", directory, name);
    return stat(path, &status) == 0;
}

static const char sessions_csv[] = "session_id,user_id,start_ms,os,kpi_bad,kpi_score\n"
                                   "s2,bob,100,ios,1,2.5\n"
                                   "s1,ann,200,,0,\n"
                                   "s3,bob,50,web,0,1\n";
static const char events_csv[] = "session_id,user_id,timestamp_ms,event,seq\n"
                                 "s1,ann,210,play,0\n"
                                 "s2,bob,130,stop,1\n"
                                 "s2,bob,120,play,0\n"
                                 "s1,ann,205,open,1\n";
static const char events_without_users_csv[] = "session_id,timestamp_ms,event,seq\n"
                                               "s1,210,play,0\n"
                                               "s2,130,stop,1\n"
                                               "s2,120,play,0\n"
                                               "s1,205,open,1\n";

/* ann: s1 (open play); bob: s3 (), s2 (play stop). Names: open 0, play 1, stop 2; os: ios 0, web 1.
 */
static void check_small_store(struct fixture *f)
{
    static const uint32_t names[] = {0, 1, 1, 2};
    struct lode_part part = {0};
    int64_t *sessions = NULL;
    int64_t *events = NULL;
    int64_t *starts = NULL;
    uint32_t *codes = NULL;
    uint32_t *os = NULL;
    uint8_t *bad = NULL;
    double *score = NULL;
    char *id = NULL;
    open_store(f);
    assert_int_equal(f->store->n_partitions, 1);
    assert_ok(lode_part_open(f->output, 0, &part));
    assert_int_equal(part.n_users, 2);
    assert_ok(lode_part_session_offsets(&part, f->arena, &sessions));
    assert_int_equal(sessions[1], 1);
    assert_ok(lode_part_event_offsets(&part, f->arena, &events));
    assert_int_equal(events[1], 2);
    assert_int_equal(events[2], 2);
    assert_int_equal(events[3], 4);
    assert_ok(lode_part_session_starts(&part, f->arena, &starts));
    assert_int_equal(starts[1], 50);
    assert_ok(lode_part_event_names(&part, 3, f->arena, &codes));
    assert_memory_equal(codes, names, sizeof names);
    assert_ok(lode_part_attribute(&part, "os", false, 2, f->arena, &os));
    assert_true(os[0] == LODE_NO_CODE && os[1] == 1 && os[2] == 0);
    assert_ok(lode_part_kpi_binary(&part, "kpi_bad", f->arena, &bad));
    assert_true(bad[0] == 0 && bad[1] == 0 && bad[2] == 1);
    assert_ok(lode_part_kpi(&part, "kpi_score", false, f->arena, &score));
    assert_true(isnan(score[0]) && score[1] == 1.0 && score[2] == 2.5);
    assert_ok(lode_part_session_id(&part, 2, f->arena, &id));
    assert_string_equal(id, "s2");
    lode_part_close(&part);
}

static void sessions_and_events_become_a_store(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", sessions_csv);
    input(f, "e.csv", events_csv);
    assert_ok(stage(f, "out"));
    check_small_store(f);
    assert_string_equal(f->store->event_names.words[2], "stop");
    assert_string_equal(f->store->source, "s.csv, e.csv");
    assert_string_equal(f->store->history, "test");
    assert_int_equal(f->store->n_rows_read, 7);
    assert_int_equal(f->store->n_rows_rejected, 0);
    assert_true(f->store->kpis[0].is_binary);
    assert_false(f->store->kpis[1].is_binary);
    assert_int_equal(f->store->kpis[1].n_missing, 1);
    assert_int_equal(f->summary.n_rows_used, 7);
    assert_int_equal(f->summary.n_unstaged, 1);
    assert_string_equal(f->summary.unstaged[0], "seq");
    assert_false(exists(f->output, ".staging"));
    assert_false(exists(f->output, "/rejects.jsonl"));
}

static void events_find_their_users_through_their_sessions(void **state)
{
    struct fixture *f = *state;
    input(f, "e.csv", events_without_users_csv);
    input(f, "s.csv", sessions_csv);
    assert_ok(stage(f, "out"));
    check_small_store(f);
}

static void events_alone_are_cut_into_sessions(void **state)
{
    struct fixture *f = *state;
    input(f, "e.jsonl",
          "{\"user\":\"ann\",\"ts\":\"2026-01-01T00:00:00Z\",\"event\":\"a\",\"kpi_x\":false}\n"
          "{\"user\":\"ann\",\"ts\":\"2026-01-01T00:30:00Z\",\"event\":\"b\",\"kpi_x\":true}\n"
          "{\"user\":\"ann\",\"ts\":\"2026-01-01T01:00:01Z\",\"event\":\"a\"}\n");
    struct lode_part part = {0};
    char *id = NULL;
    uint8_t *kpi = NULL;
    assert_ok(stage(f, "out"));
    open_store(f);
    assert_int_equal(f->store->n_sessions, 2);
    assert_ok(lode_part_open(f->output, 0, &part));
    assert_ok(lode_part_session_id(&part, 1, f->arena, &id));
    assert_string_equal(id, "ann#2");
    assert_ok(lode_part_kpi_binary(&part, "kpi_x", f->arena, &kpi));
    assert_true(kpi[0] == 1 && kpi[1] == 2);
    lode_part_close(&part);
}

static void sessions_alone_make_a_store_without_events(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", sessions_csv);
    assert_ok(stage(f, "out"));
    open_store(f);
    assert_int_equal(f->store->n_sessions, 3);
    assert_int_equal(f->store->n_events, 0);
    assert_int_equal(f->store->event_names.count, 0);
}

static void rows_with_faults_are_rejected_and_kept(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes bytes = {0};
    char path[2 * PATH_BYTES];
    f->options.max_rejects = 0.5;
    input(f, "s.csv", "session_id,kpi_a\ns1,1\ns2,no\ns1,0\ns4,0\ns5,0\n");
    input(f, "e.csv", "session_id,ts,event\ns1,5,a\ns9,5,a\ns1,,a\ns1,6,b\n");
    assert_ok(stage(f, "out"));
    open_store(f);
    assert_int_equal(f->store->n_sessions, 3);
    assert_int_equal(f->store->n_events, 2);
    assert_int_equal(f->store->n_rows_rejected, 4);
    assert_int_equal(f->summary.n_rows_read, 9);
    assert_int_equal(f->summary.n_rows_used, 5);
    assert_int_equal(f->summary.n_reasons, 4);
    assert_string_equal(f->summary.reasons[0].reason, "duplicate session");
    snprintf(path, sizeof path, "%s/rejects.jsonl", f->output);
    assert_ok(lode_file_read(path, 4096, &bytes));
    assert_ok(lode_bytes_append(&bytes, "", 1));
    assert_string_equal((const char *)bytes.data,
                        "{\"file\":\"s.csv\",\"line\":3,\"reason\":\"text in a number\"}\n"
                        "{\"file\":\"e.csv\",\"line\":4,\"reason\":\"event without time\"}\n"
                        "{\"file\":\"s.csv\",\"line\":4,\"reason\":\"duplicate session\"}\n"
                        "{\"file\":\"e.csv\",\"line\":3,\"reason\":\"event without session\"}\n");
    lode_bytes_clear(&bytes);
}

static void too_many_rejects_leave_no_store(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", "session_id,kpi_a\ns1,1\ns2,no\n");
    assert_status(LODE_E_INPUT, stage(f, "out"));
    assert_non_null(strstr(lode_error_text(), "1 of 2 rows rejected"));
    assert_non_null(strstr(lode_error_text(), "s.csv line 3: text in a number"));
    assert_false(exists(f->output, ""));
    assert_false(exists(f->output, ".staging"));
}

static void a_store_without_sessions_is_refused(void **state)
{
    struct fixture *f = *state;
    f->options.max_rejects = 1.0;
    input(f, "s.csv", "session_id,kpi_a\n,1\n");
    assert_status(LODE_E_INPUT, stage(f, "out"));
    assert_non_null(strstr(lode_error_text(), "no session in 1 rows"));
}

static void what_is_there_already_is_left_alone(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", sessions_csv);
    input(f, "out", "precious");
    f->options.n_inputs = 1;
    assert_status(LODE_E_USAGE, stage(f, "out"));
    assert_true(exists(f->output, ""));
}

static void a_missing_file_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", sessions_csv);
    assert_int_equal(unlink(f->paths[0]), 0);
    assert_status(LODE_E_INPUT, stage(f, "out"));
    assert_non_null(strstr(lode_error_text(), "s.csv"));
    assert_false(exists(f->output, ".staging"));
}

/* An attribute of 300 values needs two bytes a code; 256 would fit one only without "no value". */
static void codes_are_as_wide_as_the_dictionary_asks(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes text = {0};
    struct lode_part part = {0};
    uint32_t *codes = NULL;
    assert_ok(lode_bytes_printf(&text, "session_id,few,many\n"));
    for (int i = 0; i < 300; i++)
        assert_ok(lode_bytes_printf(&text, "s%03d,%d,%d\n", i, i % 255, 1000 + i));
    assert_ok(lode_bytes_printf(&text, "s999,,\n"));
    assert_ok(lode_bytes_append(&text, "", 1));
    input(f, "s.csv", (const char *)text.data);
    lode_bytes_clear(&text);
    assert_ok(stage(f, "out"));
    assert_ok(lode_part_open(f->output, 0, &part));
    struct lode_hdf_column column;
    assert_ok(lode_hdf_describe(part.file, "sessions/attributes/few", f->arena, &column));
    assert_int_equal(column.type, LODE_HDF_U8);
    assert_ok(lode_hdf_describe(part.file, "sessions/attributes/many", f->arena, &column));
    assert_int_equal(column.type, LODE_HDF_U16);
    assert_ok(lode_part_attribute(&part, "few", false, 255, f->arena, &codes));
    assert_true(codes[300] == LODE_NO_CODE);
    assert_ok(lode_part_attribute(&part, "many", false, 300, f->arena, &codes));
    assert_int_equal(codes[299], 299);
    assert_true(codes[300] == LODE_NO_CODE);
    lode_part_close(&part);
}

static void assert_same_file(const char *one, const char *other, const char *name)
{
    char path[2 * PATH_BYTES];
    struct lode_bytes a = {0};
    struct lode_bytes b = {0};
    snprintf(path, sizeof path, "%s/%s", one, name);
    assert_ok(lode_file_read(path, FILE_LIMIT, &a));
    snprintf(path, sizeof path, "%s/%s", other, name);
    assert_ok(lode_file_read(path, FILE_LIMIT, &b));
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0) fail_msg("%s differs", name);
    lode_bytes_clear(&a);
    lode_bytes_clear(&b);
}

/* 40 users in 6 partitions, two files of events without users, some faults. */
static void write_many(struct fixture *f)
{
    struct lode_bytes sessions = {0};
    struct lode_bytes events[2] = {{0}, {0}};
    assert_ok(lode_bytes_printf(&sessions, "session_id,user_id,os,kpi_a\n"));
    for (int e = 0; e < 2; e++) assert_ok(lode_bytes_printf(&events[e], "session_id,ts,event\n"));
    for (int i = 0; i < 200; i++) {
        assert_ok(lode_bytes_printf(&sessions, "s%d,u%d,os%d,%d\n", i, i % 40, i % 3, i % 7 == 0));
        for (int e = 0; e < 10; e++)
            assert_ok(lode_bytes_printf(&events[e % 2], "s%d,%d,e%d\n", i, (e * 7) % 5, e));
    }
    assert_ok(lode_bytes_printf(&sessions, "s7,u7,again,0\n"));
    assert_ok(lode_bytes_printf(&events[0], "lost,0,e0\n"));
    assert_ok(lode_bytes_append(&sessions, "", 1));
    for (int e = 0; e < 2; e++) assert_ok(lode_bytes_append(&events[e], "", 1));
    input(f, "e0.csv", (const char *)events[0].data);
    input(f, "s.csv", (const char *)sessions.data);
    input(f, "e1.csv", (const char *)events[1].data);
    lode_bytes_clear(&sessions);
    lode_bytes_clear(&events[0]);
    lode_bytes_clear(&events[1]);
    f->options.partition_bytes = 4096;
}

static void the_order_of_tasks_and_repeats_change_no_byte(void **state)
{
    struct fixture *f = *state;
    char first[PATH_BYTES];
    write_many(f);
    assert_ok(stage(f, "forwards"));
    memcpy(first, f->output, sizeof first);
    f->cluster.backwards = true;
    f->cluster.twice = true;
    assert_ok(stage(f, "backwards"));
    assert_int_equal(f->summary.n_partitions, 6);
    assert_int_equal(f->summary.n_users, 40);
    assert_int_equal(f->summary.n_events, 2000);
    assert_int_equal(f->summary.n_rows_rejected, 2);
    assert_same_file(first, f->output, "index.h5");
    assert_same_file(first, f->output, "rejects.jsonl");
    for (int p = 0; p < 6; p++) {
        char name[32];
        assert_same_file(first, f->output, lode_store_part_name(p, name));
    }
}

/* Input order is file order, then row order: times repeat, so it decides. */
static void ties_in_time_keep_input_order_over_files(void **state)
{
    struct fixture *f = *state;
    input(f, "e0.csv", "session_id,ts,event\ns,1,a\ns,1,b\n");
    input(f, "e1.csv", "session_id,ts,event\ns,1,c\ns,0,d\n");
    input(f, "s.csv", "session_id,user_id\ns,u\n");
    struct lode_part part = {0};
    uint32_t *codes = NULL;
    static const uint32_t expected[] = {3, 0, 1, 2};
    assert_ok(stage(f, "out"));
    assert_ok(lode_part_open(f->output, 0, &part));
    assert_ok(lode_part_event_names(&part, 4, f->arena, &codes));
    assert_memory_equal(codes, expected, sizeof expected);
    lode_part_close(&part);
}

/* Random numbers by SplitMix64. */
static uint64_t next_random(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *pick(uint64_t *seed, const char *const *words, size_t n)
{
    return words[next_random(seed) % n];
}

/* Two files whose cells hold line ends, quotes and separators, and some rows with faults; events
 * find their users through the sessions, many times are equal. */
static void write_hostile(struct fixture *f, uint64_t seed)
{
    static const char *const words[] = {
        "a",        "\"b\nc\"",     "\"x,\"\"\n,\"\"\n\"", "d\"e", "\"\"",
        "\xc3\xa9", "\"\r\n\r\n\"", "\"\n\n\n,1,2\n\"",    "f g",  "\"q\"z"};
    static const char *const ends[] = {"\n", "\n", "\r\n", "\n\n", "\n\r\n"};
    static const char *const flags[] = {"0", "1", "0.5", "\"1\"", "\"1\n\"", "", "true"};
    struct lode_bytes sessions = {0};
    struct lode_bytes events = {0};
    assert_ok(lode_bytes_printf(&sessions, "\xef\xbb\xbf\nsession_id,user_id,os,kpi_a\r\n"));
    assert_ok(lode_bytes_printf(&events, "session_id,ts,event,\"no\nte\",kpi_b\n"));
    for (int i = 0; i < 30; i++)
        assert_ok(lode_bytes_printf(&sessions, "\"s\n%d\",u%d,%s,%s%s", i, i % 11,
                                    pick(&seed, words, 10), pick(&seed, flags, 7),
                                    pick(&seed, ends, 5)));
    for (int i = 0; i < 150; i++)
        assert_ok(lode_bytes_printf(&events, "\"s\n%d\",%d,%s,%s,%s%s",
                                    (int)(next_random(&seed) % 32), (int)(next_random(&seed) % 5),
                                    pick(&seed, words, 10), pick(&seed, words, 10),
                                    pick(&seed, flags, 7), i < 149 ? pick(&seed, ends, 5) : ""));
    assert_ok(lode_bytes_append(&sessions, "", 1));
    assert_ok(lode_bytes_append(&events, "", 1));
    f->options.n_inputs = 0;
    input(f, "e.csv", (const char *)events.data);
    input(f, "s.csv", (const char *)sessions.data);
    lode_bytes_clear(&sessions);
    lode_bytes_clear(&events);
}

static void the_cut_into_ranges_changes_no_byte(void **state)
{
    struct fixture *f = *state;
    static const uint64_t sizes[] = {11, 37, 64, 300, 1000, 4000};
    const char *given = getenv("LODE_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 7;
    f->options.max_rejects = 1.0;
    f->options.partition_bytes = 1500;
    const uint64_t n_seeds = getenv("LODE_LONG") ? 5 : 1; /* each stages seven times */
    print_message("seeds from %d (LODE_SEED=N: from N): %d\n", (int)first, (int)n_seeds);
    for (uint64_t seed = first; seed < first + n_seeds; seed++) {
        char name[64];
        char whole[PATH_BYTES];
        write_hostile(f, seed);
        snprintf(name, sizeof name, "whole%d", (int)seed);
        f->options.range_bytes = UINT64_C(1) << 40;
        assert_ok(stage(f, name));
        assert_true(f->summary.n_rows_rejected > 0 && f->summary.n_events > 50);
        memcpy(whole, f->output, sizeof whole);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            snprintf(name, sizeof name, "cut%d-%d", (int)seed, (int)sizes[i]);
            f->options.range_bytes = sizes[i];
            f->cluster.backwards = i % 2 == 0;
            assert_ok(stage(f, name));
            assert_same_file(whole, f->output, "index.h5");
            assert_same_file(whole, f->output, "rejects.jsonl");
            for (int64_t p = 0; p < f->summary.n_partitions; p++) {
                char part[32];
                assert_same_file(whole, f->output, lode_store_part_name(p, part));
            }
        }
    }
}

/* The first reject of the second range: lines count from the beginning of the file. */
static void messages_name_the_line_of_the_file_not_of_the_range(void **state)
{
    struct fixture *f = *state;
    f->options.range_bytes = 16;
    input(f, "s.csv", "session_id,kpi_a\n\"s\n1\",1\n\ns3,0\ns4,no\n");
    assert_status(LODE_E_INPUT, stage(f, "out"));
    assert_non_null(strstr(lode_error_text(), "s.csv line 6: text in a number"));
    f->options.n_inputs = 0;
    input(f, "t.csv", "session_id,kpi_a\n\"s\n1\",1\ns3,0\ns4,\"1\n");
    assert_status(LODE_E_INPUT, stage(f, "out2"));
    assert_non_null(strstr(lode_error_text(), "t.csv: line 5: quote is never closed"));
}

/* Writes to the first input before the tasks run. */
static lode_status map_a_changed_file(struct lode_cluster *cluster, const struct lode_stage *stage,
                                      lode_merge_fn merge, void *context)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/../s.csv", cluster->work_directory);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("s9,u9,9,web,1,1\n", file);
    fclose(file);
    return local_map(cluster, stage, merge, context);
}

static void a_file_that_grows_while_it_is_staged_is_refused(void **state)
{
    struct fixture *f = *state;
    input(f, "s.csv", sessions_csv);
    f->map = map_a_changed_file;
    assert_status(LODE_E_INPUT, stage(f, "out"));
    assert_non_null(strstr(lode_error_text(), "s.csv: changed while it was being staged"));
    assert_false(exists(f->output, ".staging"));
}

static const char *data_directory(char *buffer, size_t size)
{
    const char *given = getenv("LODE_DATA");
    const char *tests = strstr(__FILE__, "tests/jobs/stage/");
    if (given)
        snprintf(buffer, size, "%s", given);
    else
        snprintf(buffer, size, "%.*s../shared/data", (int)(tests - __FILE__), __FILE__);
    return buffer;
}

/* The counts of events/README.md of the data. */
static void check_data_set(struct fixture *f, const char *name, int64_t sessions, int64_t users,
                           int64_t events, int64_t words)
{
    char data[PATH_BYTES];
    data_directory(data, sizeof data);
    f->options.n_inputs = 2;
    for (int i = 0; i < 2; i++) {
        const int length = snprintf(f->paths[i], PATH_BYTES, "%s/events/%s/%s.csv.gz", data, name,
                                    i == 0 ? "sessions" : "events");
        assert_true(length < PATH_BYTES);
        f->inputs[i] = f->paths[i];
    }
    if (access(f->paths[0], R_OK) != 0) {
        print_message("SKIPPED: no %s; set LODE_DATA\n", f->paths[0]);
        skip();
    }
    assert_ok(stage(f, name));
    open_store(f);
    assert_int_equal(f->store->n_sessions, sessions);
    assert_int_equal(f->store->n_users, users);
    assert_int_equal(f->store->n_events, events);
    assert_int_equal(f->store->event_names.count, words);
    assert_int_equal(f->store->n_rows_rejected, 0);
}

static void hdfs_blocks_has_the_published_counts(void **state)
{
    check_data_set(*state, "hdfs_blocks", 11146, 11146, 222242, 31);
}

static void it_incidents_has_the_published_counts(void **state)
{
    check_data_set(*state, "it_incidents", 9968, 2444, 58388, 23);
}

static void deskdrop_has_the_published_counts(void **state)
{
    check_data_set(*state, "deskdrop", 27743, 1871, 70512, 5);
}

static void news_clicks_has_the_published_counts(void **state)
{
    check_data_set(*state, "news_clicks", 109086, 36159, 311558, 13487);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(sessions_and_events_become_a_store),
        TEST(events_find_their_users_through_their_sessions),
        TEST(events_alone_are_cut_into_sessions),
        TEST(sessions_alone_make_a_store_without_events),
        TEST(rows_with_faults_are_rejected_and_kept),
        TEST(too_many_rejects_leave_no_store),
        TEST(a_store_without_sessions_is_refused),
        TEST(what_is_there_already_is_left_alone),
        TEST(a_missing_file_leaves_nothing_behind),
        TEST(codes_are_as_wide_as_the_dictionary_asks),
        TEST(the_order_of_tasks_and_repeats_change_no_byte),
        TEST(ties_in_time_keep_input_order_over_files),
        TEST(the_cut_into_ranges_changes_no_byte),
        TEST(messages_name_the_line_of_the_file_not_of_the_range),
        TEST(a_file_that_grows_while_it_is_staged_is_refused),
        TEST(hdfs_blocks_has_the_published_counts),
        TEST(it_incidents_has_the_published_counts),
        TEST(deskdrop_has_the_published_counts),
        TEST(news_clicks_has_the_published_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
