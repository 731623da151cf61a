/* Appending, with the engine replaced by a loop: a store that grew by generations holds what
 * staging everything at once makes. */
#include "tests/unit.h"

#include "common/file.h"
#include "common/stats/random.h"
#include "jobs/stage/append_lock.h"
#include "jobs/stage/stage.h"
#include "tests/jobs/local_map.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 128, MOST_PARTS = 4, SEEDS = 4 };

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct lode_cluster cluster;
    struct stage_events_options options;
    struct stage_events_summary summary;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-append-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    stage_events_defaults(&f.options);
    f.options.history = "test";
    f.options.max_rejects = 1.0;
    f.cluster.leaves = stage_events_job.leaves;
    *state = &f;
    return lode_arena_create(0, &f.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static const char *path_of(const struct fixture *f, const char *name)
{
    static char paths[8][PATH_BYTES];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, PATH_BYTES, "%s/%s", f->directory, name);
    return path;
}

static void write_text(const struct fixture *f, const char *name, const char *text)
{
    assert_ok(lode_file_write(path_of(f, name), text, strlen(text), false));
}

/* Stages files (names in the folder, NULL at the end) into a new store, or onto one. */
static lode_status run_stage(struct fixture *f, const char *const *names, const char *store,
                             bool is_append)
{
    char inputs[2 * MOST_PARTS][PATH_BYTES], target[PATH_BYTES], work[PATH_BYTES];
    const char *list[2 * MOST_PARTS];
    struct stage_events_options options = f->options;
    options.n_inputs = 0;
    for (; *names; names++) {
        snprintf(inputs[options.n_inputs], PATH_BYTES, "%s", path_of(f, *names));
        list[options.n_inputs] = inputs[options.n_inputs];
        options.n_inputs++;
    }
    snprintf(target, sizeof target, "%s", path_of(f, store));
    snprintf(work, sizeof work, "%s", path_of(f, "work"));
    assert_ok(lode_directory_remove(work));
    assert_ok(lode_directory_make(work));
    f->cluster.work_directory = work;
    options.inputs = list;
    options.output = is_append ? NULL : target;
    options.append = is_append ? target : NULL;
    options.summary = &f->summary;
    struct lode_run run = {.work_directory = work,
                           .arena = f->arena,
                           .cluster = &f->cluster,
                           .map = local_map,
                           .options = &options};
    return stage_events_job.run(&run);
}
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *word(const struct lode_dictionary *dictionary, uint32_t code)
{
    return code == LODE_NO_CODE ? "" : dictionary->words[code];
}

static void same_i64(const int64_t *a, const int64_t *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) assert_int_equal(a[i], b[i]);
}

static void same_words(const struct lode_dictionary *of_a, const uint32_t *a,
                       const struct lode_dictionary *of_b, const uint32_t *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++) assert_string_equal(word(of_a, a[i]), word(of_b, b[i]));
}

struct side {
    struct lode_store *store;
    struct lode_part part;
};

static void same_values(struct fixture *f, struct side *a, struct side *b)
{
    const int64_t n = a->part.n_sessions;
    for (int64_t k = 0; k < a->store->n_kpis; k++) {
        const struct lode_kpi *kpi = &a->store->kpis[k], *other = &b->store->kpis[k];
        double *x = NULL, *y = NULL;
        assert_string_equal(kpi->name, other->name);
        assert_int_equal(kpi->is_binary, other->is_binary);
        assert_int_equal(kpi->n_missing, other->n_missing);
        assert_ok(lode_part_kpi(&a->part, kpi->name, kpi->is_binary, f->arena, &x));
        assert_ok(lode_part_kpi(&b->part, kpi->name, kpi->is_binary, f->arena, &y));
        for (int64_t i = 0; i < n; i++)
            assert_true(isnan(x[i]) ? isnan(y[i]) : x[i] >= y[i] && x[i] <= y[i]);
    }
    for (int64_t i = 0; i < a->store->n_attributes; i++) {
        const struct lode_attribute *left = &a->store->attributes[i];
        const struct lode_attribute *right = &b->store->attributes[i];
        uint32_t *x = NULL, *y = NULL;
        assert_string_equal(left->name, right->name);
        assert_ok(lode_part_attribute(&a->part, left->name, left->of_user, left->dictionary.count,
                                      f->arena, &x));
        assert_ok(lode_part_attribute(&b->part, right->name, right->of_user,
                                      right->dictionary.count, f->arena, &y));
        same_words(&left->dictionary, x, &right->dictionary, y, n);
    }
}

static void same_rows(struct fixture *f, struct side *a, struct side *b)
{
    int64_t *x = NULL, *y = NULL, width = 0, other_width = 0;
    uint32_t *names = NULL, *other = NULL;
    char *ids = NULL, *other_ids = NULL;
    assert_int_equal(a->part.n_users, b->part.n_users);
    assert_int_equal(a->part.n_sessions, b->part.n_sessions);
    assert_int_equal(a->part.n_events, b->part.n_events);
    assert_ok(lode_part_session_offsets(&a->part, f->arena, &x));
    assert_ok(lode_part_session_offsets(&b->part, f->arena, &y));
    same_i64(x, y, a->part.n_users + 1);
    assert_ok(lode_part_event_offsets(&a->part, f->arena, &x));
    assert_ok(lode_part_event_offsets(&b->part, f->arena, &y));
    same_i64(x, y, a->part.n_sessions + 1);
    assert_ok(lode_part_session_starts(&a->part, f->arena, &x));
    assert_ok(lode_part_session_starts(&b->part, f->arena, &y));
    same_i64(x, y, a->part.n_sessions);
    assert_ok(lode_part_event_times(&a->part, 0, a->part.n_events, f->arena, &x));
    assert_ok(lode_part_event_times(&b->part, 0, b->part.n_events, f->arena, &y));
    same_i64(x, y, a->part.n_events);
    assert_ok(lode_part_event_names(&a->part, a->store->event_names.count, f->arena, &names));
    assert_ok(lode_part_event_names(&b->part, b->store->event_names.count, f->arena, &other));
    same_words(&a->store->event_names, names, &b->store->event_names, other, a->part.n_events);
    assert_ok(lode_part_session_ids(&a->part, 0, a->part.n_sessions, f->arena, &ids, &width));
    assert_ok(
        lode_part_session_ids(&b->part, 0, b->part.n_sessions, f->arena, &other_ids, &other_width));
    for (int64_t i = 0; i < a->part.n_sessions; i++) {
        char *id = NULL;
        assert_int_equal(strncmp(ids + i * width, other_ids + i * other_width, (size_t)width), 0);
        assert_ok(lode_part_session_id(&b->part, i, f->arena, &id));
        assert_int_equal(strncmp(ids + i * width, id, (size_t)width), 0);
    }
}

/* Two stores show the same, whatever codes their words have. */
static void same_stores(struct fixture *f, const char *all, const char *grown)
{
    struct side a = {0}, b = {0};
    assert_ok(lode_store_open(path_of(f, all), &a.store));
    assert_ok(lode_store_open(path_of(f, grown), &b.store));
    assert_int_equal(a.store->n_partitions, b.store->n_partitions);
    assert_int_equal(a.store->n_users, b.store->n_users);
    assert_int_equal(a.store->n_sessions, b.store->n_sessions);
    assert_int_equal(a.store->n_events, b.store->n_events);
    assert_int_equal(a.store->n_kpis, b.store->n_kpis);
    assert_int_equal(a.store->n_attributes, b.store->n_attributes);
    assert_int_equal(a.store->event_names.count, b.store->event_names.count);
    for (int64_t p = 0; p < a.store->n_partitions; p++) {
        assert_ok(lode_part_open(a.store->path, p, &a.part));
        assert_ok(lode_part_open(b.store->path, p, &b.part));
        same_rows(f, &a, &b);
        same_values(f, &a, &b);
        lode_part_close(&a.part);
        lode_part_close(&b.part);
    }
    lode_store_close(a.store);
    lode_store_close(b.store);
}

/* What random rows look like. */
struct shape {
    const char *title;
    const char *sessions, *events; /* headers; sessions NULL: events alone */
    bool any_order;                /* rows fall into parts by chance, not by time */
    const char *user_attributes[1], *attributes[1];
};
static const struct shape shapes[] = {
    {"sessions and events",
     "session_id,user_id,start,os,plan,kpi_bad,kpi_size",
     "session_id,user_id,time,event",
     true,
     {"plan"},
     {NULL}},
    {"events that look for their users",
     "session_id,user_id,start,os,plan,kpi_bad,kpi_size",
     "session_id,time,event",
     true,
     {"plan"},
     {NULL}},
    {"sessions without users",
     "session_id,start,os,plan,kpi_bad,kpi_size",
     "session_id,time,event",
     true,
     {NULL},
     {NULL}},
    {"events cut into sessions at gaps", NULL, "user_id,time,event", true, {NULL}, {NULL}},
    {"sessions derived from events with a KPI",
     NULL,
     "session_id,user_id,time,event,kpi_bad",
     true,
     {NULL},
     {NULL}},
    {"events with a KPI cut into sessions",
     NULL,
     "user_id,time,event,kpi_bad",
     false,
     {NULL},
     {NULL}},
    {"events with an attribute", NULL, "session_id,user_id,time,event,os", false, {NULL}, {"os"}},
};

struct texts {
    struct lode_bytes sessions[MOST_PARTS], events[MOST_PARTS];
};

/* One cell a column of the header; words of later parts are new ones, and sort first. */
static void put_row(struct lode_bytes *out, const char *header, int64_t session, int64_t user,
                    int64_t time, int64_t part, struct lode_random *random)
{
    const char *separator = "";
    for (const char *at = header; *at; at += strcspn(at, ",") + (strchr(at, ',') != NULL)) {
        const size_t size = strcspn(at, ",");
        const int64_t any = (int64_t)lode_random_below(random, 5);
        assert_ok(lode_bytes_printf(out, "%s", separator));
        separator = ",";
        if (strncmp(at, "session_id", size) == 0)
            assert_ok(lode_bytes_printf(out, "s%" PRId64, session));
        else if (strncmp(at, "user_id", size) == 0)
            assert_ok(lode_bytes_printf(out, "u%" PRId64, user));
        else if (strncmp(at, "time", size) == 0 || (strncmp(at, "start", size) == 0 && any > 0))
            assert_ok(lode_bytes_printf(out, "%" PRId64, time));
        else if (strncmp(at, "event", size) == 0)
            assert_ok(lode_bytes_printf(out, "e%" PRId64, 9 - any - part));
        else if (strncmp(at, "kpi_bad", size) == 0 && any < 4)
            assert_ok(lode_bytes_printf(out, "%" PRId64, any % 2));
        else if (strncmp(at, "kpi_size", size) == 0 && any < 4)
            assert_ok(lode_bytes_printf(out, "%g", (double)any * (part > 0 ? 0.5 : 1)));
        else if ((strncmp(at, "os", size) == 0 || strncmp(at, "plan", size) == 0) && any < 3)
            assert_ok(lode_bytes_printf(out, "w%" PRId64, 9 - any - part));
    }
    assert_ok(lode_bytes_printf(out, "\n"));
}

static void make_rows(const struct shape *shape, uint64_t seed, int64_t n_parts,
                      struct texts *texts)
{
    enum { SESSIONS = 60, USERS = 12, SPAN = 40000000 };
    struct lode_random random = lode_random_begin(seed, 1);
    for (int64_t p = 0; p < n_parts; p++) {
        if (shape->sessions)
            assert_ok(lode_bytes_printf(&texts->sessions[p], "%s\n", shape->sessions));
        assert_ok(lode_bytes_printf(&texts->events[p], "%s\n", shape->events));
    }
    for (int64_t s = 0; s < SESSIONS; s++) {
        const int64_t start = s * SPAN / SESSIONS;
        const int64_t user = (int64_t)lode_random_below(&random, USERS);
        const int64_t events = (int64_t)lode_random_below(&random, 7);
        int64_t part = shape->any_order ? (int64_t)lode_random_below(&random, (uint64_t)n_parts)
                                        : start * n_parts / SPAN;
        if (shape->sessions) {
            put_row(&texts->sessions[part], shape->sessions, s, user, start, part, &random);
            if (lode_random_chance(&random, 0.1)) /* once more, in this part or a later one */
                put_row(&texts->sessions[n_parts - 1], shape->sessions, s, user, start + 1,
                        n_parts - 1, &random);
        }
        for (int64_t e = 0; e < events; e++) {
            /* a session's events never come before it, but in any part from there on */
            const int64_t time = start + (int64_t)lode_random_below(&random, 2500) * 1000 * e;
            int64_t at = part + (int64_t)lode_random_below(&random, (uint64_t)(n_parts - part));
            if (!shape->any_order)
                at = time * n_parts / SPAN < n_parts ? time * n_parts / SPAN : n_parts - 1;
            put_row(&texts->events[at], shape->events, s, user, time, at, &random);
        }
    }
}

static uint64_t text_bytes(const struct texts *texts, int64_t from, int64_t end)
{
    uint64_t bytes = 0;
    for (int64_t p = from; p < end; p++) bytes += texts->sessions[p].size + texts->events[p].size;
    return bytes;
}

/* As many partitions from the first part alone as from all. */
static void set_partitions(struct fixture *f, uint64_t bytes, uint64_t n)
{
    f->options.partition_bytes = bytes / n + 1;
}

static void stage_parts(struct fixture *f, const struct shape *shape, struct texts *texts,
                        int64_t n_parts, uint64_t n_partitions)
{
    static const char *const names[] = {"s0.csv", "e0.csv", "s1.csv", "e1.csv",
                                        "s2.csv", "e2.csv", "s3.csv", "e3.csv"};
    const char *all[2 * MOST_PARTS + 1] = {0};
    int64_t n = 0, n_rejected = 0;
    for (int64_t p = 0; p < n_parts; p++) {
        if (shape->sessions) {
            assert_ok(lode_file_write(path_of(f, names[2 * p]), texts->sessions[p].data,
                                      texts->sessions[p].size, false));
            all[n++] = names[2 * p];
        }
        assert_ok(lode_file_write(path_of(f, names[2 * p + 1]), texts->events[p].data,
                                  texts->events[p].size, false));
        all[n++] = names[2 * p + 1];
    }
    assert_ok(lode_directory_remove(path_of(f, "all")));
    assert_ok(lode_directory_remove(path_of(f, "grown")));
    set_partitions(f, text_bytes(texts, 0, n_parts), n_partitions);
    assert_ok(run_stage(f, all, "all", false));
    const int64_t n_rejected_at_once = f->summary.n_rows_rejected;
    for (int64_t p = 0; p < n_parts; p++) {
        const char *both[] = {shape->sessions ? names[2 * p] : names[2 * p + 1],
                              shape->sessions ? names[2 * p + 1] : NULL, NULL};
        set_partitions(f, text_bytes(texts, 0, 1), n_partitions);
        assert_ok(run_stage(f, both, "grown", p > 0));
        n_rejected += f->summary.n_rows_rejected;
    }
    assert_int_equal(n_rejected, n_rejected_at_once);
}

static void check_shape(struct fixture *f, const struct shape *shape, uint64_t seed)
{
    struct texts texts = {0};
    const int64_t n_parts = 2 + (int64_t)(seed % 3);
    memset(&f->options.user_attributes, 0, sizeof f->options.user_attributes);
    memset(&f->options.attributes, 0, sizeof f->options.attributes);
    if (shape->user_attributes[0])
        f->options.user_attributes = (struct stage_names){true, 1, shape->user_attributes};
    if (shape->attributes[0])
        f->options.attributes = (struct stage_names){true, 1, shape->attributes};
    f->cluster.backwards = seed % 2 == 0;
    make_rows(shape, seed, n_parts, &texts);
    stage_parts(f, shape, &texts, n_parts, 1 + seed % 4);
    same_stores(f, "all", "grown");
    for (int64_t p = 0; p < n_parts; p++) {
        lode_bytes_clear(&texts.sessions[p]);
        lode_bytes_clear(&texts.events[p]);
    }
}

static void rows_in_any_generations_make_the_same_store(void **state)
{
    struct fixture *f = *state;
    const char *given = getenv("LODE_SEED");
    const uint64_t from = given ? strtoull(given, NULL, 10) : 1;
    print_message("seeds %" PRIu64 " to %" PRIu64 " (LODE_SEED=N: from N)\n", from,
                  from + SEEDS - 1);
    for (uint64_t seed = from; seed < from + SEEDS; seed++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            print_message("seed %" PRIu64 ": %s\n", seed, shapes[s].title);
            check_shape(f, &shapes[s], seed);
        }
}

static const char sessions_csv[] = "session_id,user_id,start,os,kpi_bad\n"
                                   "s1,ann,100,ios,0\n"
                                   "s2,bob,200,,1\n";
static const char events_csv[] = "session_id,user_id,time,event\n"
                                 "s1,ann,110,play\n"
                                 "s2,bob,210,stop\n";

static void stage_small(struct fixture *f)
{
    write_text(f, "s.csv", sessions_csv);
    write_text(f, "e.csv", events_csv);
    assert_ok(run_stage(f, LIST("s.csv", "e.csv"), "store", false));
}

static void a_generation_has_its_own_files_and_rows(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    stage_small(f);
    write_text(f, "e2.csv",
               "session_id,user_id,time,event\n"
               "s1,ann,105,open\n"
               "s9,ann,105,open\n");
    assert_ok(run_stage(f, LIST("e2.csv"), "store", true));
    assert_int_equal(f->summary.n_rows_read, 2);
    assert_int_equal(f->summary.n_rows_rejected, 1);
    assert_string_equal(f->summary.reasons[0].reason, "event without session");
    assert_int_equal(f->summary.n_generations, 2);
    assert_ok(lode_store_open(path_of(f, "store"), &store));
    assert_int_equal(store->n_generations, 2);
    assert_int_equal(store->n_events, 3);
    assert_int_equal(store->n_rows_read, 6);
    assert_int_equal(store->generations[1].n_rows_read, 2);
    assert_int_equal(store->generations[1].n_rows_rejected, 1);
    assert_string_equal(store->generations[1].source, "e2.csv");
    assert_string_equal(store->source, "s.csv, e.csv, e2.csv");
    assert_int_equal(store->n_later, 1);
    assert_string_equal(store->later[0].file, "part-00000.g2.h5");
    assert_int_equal(store->later[0].n_users, 1);             /* ann alone: bob was not touched */
    assert_string_equal(store->event_names.words[2], "open"); /* behind play and stop */
    assert_int_equal(access(path_of(f, "store/rejects.g2.jsonl"), F_OK), 0);
    lode_store_close(store);
}

static void a_run_reads_the_store_as_it_was_when_it_began(void **state)
{
    struct fixture *f = *state;
    struct lode_part part = {0};
    stage_small(f);
    write_text(f, "e2.csv", "session_id,user_id,time,event\ns1,ann,105,open\n");
    assert_ok(run_stage(f, LIST("e2.csv"), "store", true));
    assert_ok(lode_part_open_as_of(path_of(f, "store"), 1, 0, &part));
    assert_int_equal(part.n_events, 2);
    lode_part_close(&part);
    assert_ok(lode_part_open_as_of(path_of(f, "store"), 2, 0, &part));
    assert_int_equal(part.n_events, 3);
    lode_part_close(&part);
}

static void a_session_that_was_staged_is_a_duplicate(void **state)
{
    struct fixture *f = *state;
    stage_small(f);
    write_text(f, "s2.csv", "session_id,user_id,start,os,kpi_bad\ns1,ann,1,tv,1\n");
    assert_ok(run_stage(f, LIST("s2.csv"), "store", true));
    assert_int_equal(f->summary.n_rows_rejected, 1);
    assert_string_equal(f->summary.reasons[0].reason, "duplicate session");
}

static void a_kpi_becomes_a_number_when_it_gets_one(void **state)
{
    struct fixture *f = *state;
    struct lode_part part = {0};
    struct lode_store *store = NULL;
    double *values = NULL;
    stage_small(f);
    write_text(f, "s2.csv", "session_id,user_id,start,os,kpi_bad\ns3,cid,300,tv,2.5\n");
    assert_ok(run_stage(f, LIST("s2.csv"), "store", true));
    assert_ok(lode_store_open(path_of(f, "store"), &store));
    assert_false(store->kpis[0].is_binary);
    lode_store_close(store);
    assert_ok(lode_part_open(path_of(f, "store"), 0, &part));
    assert_ok(lode_part_kpi(&part, "kpi_bad", false, f->arena, &values));
    assert_true(values[0] == 0.0 && values[1] == 1.0 && values[2] == 2.5);
    lode_part_close(&part);
}

static void expect_refusal(struct fixture *f, const char *header, const char *row,
                           const char *words)
{
    char text[512];
    struct lode_store *store = NULL;
    snprintf(text, sizeof text, "%s\n%s\n", header, row);
    write_text(f, "new.csv", text);
    assert_status(LODE_E_INPUT, run_stage(f, LIST("new.csv"), "store", true));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' has no '%s'", lode_error_text(), words);
    assert_ok(lode_store_open(path_of(f, "store"), &store));
    assert_int_equal(store->n_generations, 1);
    lode_store_close(store);
}

static void other_columns_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    stage_small(f);
    expect_refusal(f, "session_id,user_id,start,colour", "s3,cid,1,red", "'colour'");
    expect_refusal(f, "session_id,user_id,start,kpi_other", "s3,cid,1,1", "'kpi_other'");
    expect_refusal(f, "session_id,start,os", "s3,1,ios", "user column");
}

static void sessions_do_not_go_onto_events_alone(void **state)
{
    struct fixture *f = *state;
    write_text(f, "e.csv", "user_id,time,event,kpi_bad\nann,5000,play,0\nann,9000,play,1\n");
    assert_ok(run_stage(f, LIST("e.csv"), "store", false));
    expect_refusal(f, "session_id,user_id,start", "s3,cid,1", "holds sessions");
    expect_refusal(f, "session_id,user_id,time,event", "s3,cid,1,play", "session column");
    /* whether the KPI of 5000 or of 9000 belongs to a session with 7000 is not known any more */
    expect_refusal(f, "user_id,time,event,kpi_bad", "ann,7000,play,1", "stage all files at once");
}

static void a_store_that_does_not_say_how_it_was_staged_is_refused(void **state)
{
    struct fixture *f = *state;
    struct lode_store *store = NULL;
    stage_small(f);
    assert_ok(lode_store_open(path_of(f, "store"), &store));
    store->rules.count = 0; /* as an older lode wrote it */
    assert_ok(lode_store_write_index(store, store->path));
    lode_store_close(store);
    expect_refusal(f, "session_id,user_id,time,event", "s1,ann,300,play", "older lode");
}

static void what_a_killed_append_left_is_replaced(void **state)
{
    struct fixture *f = *state;
    stage_small(f);
    write_text(f, "store/part-00000.g2.h5", "half of a file");
    write_text(f, "store/part-00007.g2.h5", "of a partition that is not touched");
    write_text(f, "store/part-00000.g2.h5.tmp-1-2", "aside");
    write_text(f, "e2.csv", "session_id,user_id,time,event\ns1,ann,105,open\n");
    write_text(f, "e3.csv", "session_id,user_id,time,event\ns1,ann,107,open\n");
    assert_ok(run_stage(f, LIST("e2.csv"), "store", true));
    assert_int_not_equal(access(path_of(f, "store/part-00007.g2.h5"), F_OK), 0);
    assert_int_not_equal(access(path_of(f, "store/part-00000.g2.h5.tmp-1-2"), F_OK), 0);
    assert_ok(run_stage(f, LIST("e3.csv"), "store", true));
    assert_int_equal(access(path_of(f, "store/part-00000.g2.h5"), F_OK), 0);
    assert_ok(run_stage(f, LIST("s.csv", "e.csv", "e2.csv", "e3.csv"), "all", false));
    same_stores(f, "all", "store");
}

static void a_lock_is_taken_once(void **state)
{
    struct fixture *f = *state;
    char lock[PATH_MAX], other[PATH_MAX];
    assert_ok(lode_directory_make(path_of(f, "store")));
    assert_ok(append_lock_take(path_of(f, "store"), lock, sizeof lock));
    assert_status(LODE_E_USAGE, append_lock_take(path_of(f, "store"), other, sizeof other));
    append_lock_release(lock);
    write_text(f, "store/append.lock", "process 12 of another-host.example");
    assert_status(LODE_E_USAGE, append_lock_take(path_of(f, "store"), lock, sizeof lock));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(rows_in_any_generations_make_the_same_store),
        TEST(a_generation_has_its_own_files_and_rows),
        TEST(a_run_reads_the_store_as_it_was_when_it_began),
        TEST(a_session_that_was_staged_is_a_duplicate),
        TEST(a_kpi_becomes_a_number_when_it_gets_one),
        TEST(other_columns_are_refused_by_name),
        TEST(sessions_do_not_go_onto_events_alone),
        TEST(a_store_that_does_not_say_how_it_was_staged_is_refused),
        TEST(what_a_killed_append_left_is_replaced),
        TEST(a_lock_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
