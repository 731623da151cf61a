/* Sorting and deriving, on records made by hand. Event names and attribute values are codes. */
#include "tests/unit.h"

#include "common/stats/random.h"
#include "jobs/stage/sessions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVENT_VALUE_BYTES = sizeof(double) + sizeof(uint32_t) };
enum { ROWS_MOST = 400000, USERS_MOST = 5000, ATTRIBUTES = 2 };

/* A record that waits to be sorted by its key, as the shuffle does. */
struct waiting {
    uint8_t key[RECORD_KEY_LIMIT];
    size_t key_size;
    int64_t number;
    struct record record;
};

/* What came out. Ids are copies. */
struct rows {
    int64_t n_users, n_sessions, n_events;
    char *users[USERS_MOST];
    int64_t session_offsets[USERS_MOST + 1];
    char **sessions;
    int64_t *starts, *event_offsets, *times;
    uint32_t *names;
    uint8_t *values; /* of events: double, code */
    double *kpis[1];
    uint32_t *attributes[ATTRIBUTES];
};

struct fixture {
    char directory[64];
    struct lode_arena *arena;
    struct shuffle_site site;
    struct stage_plan plan; /* one KPI (column 0), attributes 0 of sessions, 1 of users (1, 2) */
    struct stage_attribute attributes[ATTRIBUTES + 1];
    struct stage_file file;
    int kpi_at[2], attribute_at[ATTRIBUTES + 1]; /* the last ones: of events, see with_values */
    struct waiting *waiting;
    int64_t n_waiting, next_line;
    struct rows rows;
    int n_rejected;
    int64_t rejected_line;
    const char *reject;
};

static void *take(size_t count, size_t size)
{
    void *taken = calloc(count, size);
    assert_non_null(taken);
    return taken;
}

static int setup(void **state)
{
    struct fixture *f = take(1, sizeof *f);
    snprintf(f->directory, sizeof f->directory, "/tmp/lode-sessions-XXXXXX");
    if (!mkdtemp(f->directory)) return -1;
    f->attributes[1].of_user = true;
    f->file = (struct stage_file){
        .role = STAGE_EVENTS, .kpi_at = f->kpi_at, .attribute_at = f->attribute_at};
    f->plan = (struct stage_plan){.sessions_given = true,
                                  .n_kpis = 1,
                                  .n_attributes = ATTRIBUTES,
                                  .attributes = f->attributes,
                                  .n_files = 1,
                                  .files = &f->file,
                                  .gap_ms = INT64_MAX,
                                  .max_ms = INT64_MAX};
    f->waiting = take(ROWS_MOST, sizeof *f->waiting);
    struct rows *rows = &f->rows;
    rows->sessions = take(ROWS_MOST, sizeof *rows->sessions);
    rows->starts = take(ROWS_MOST, sizeof *rows->starts);
    rows->event_offsets = take(ROWS_MOST + 1, sizeof *rows->event_offsets);
    rows->times = take(ROWS_MOST, sizeof *rows->times);
    rows->names = take(ROWS_MOST, sizeof *rows->names);
    rows->values = take(ROWS_MOST, EVENT_VALUE_BYTES);
    rows->kpis[0] = take(ROWS_MOST, sizeof **rows->kpis);
    for (int a = 0; a < ATTRIBUTES; a++)
        rows->attributes[a] = take(ROWS_MOST, sizeof **rows->attributes);
    *state = f;
    if (lode_arena_create(0, &f->arena) != LODE_OK) return -1;
    f->site = (struct shuffle_site){.arena = f->arena, .directory = f->directory};
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    struct rows *rows = &f->rows;
    const int removed = rmdir(f->directory); /* fails when a scratch file is left */
    for (int64_t i = 0; i < rows->n_users; i++) free(rows->users[i]);
    for (int64_t i = 0; i < rows->n_sessions; i++) free(rows->sessions[i]);
    void *const taken[] = {rows->sessions, rows->starts,        rows->event_offsets,
                           rows->times,    rows->names,         rows->kpis[0],
                           f->waiting,     rows->attributes[0], rows->attributes[1]};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) free(taken[i]);
    lode_arena_destroy(f->arena);
    free(rows->values);
    free(f);
    return removed;
}

static struct record_id id(const char *text)
{
    return (struct record_id){text, strlen(text)};
}

static void add(struct fixture *f, struct record record, const char *user, const char *session,
                struct record_cell *cells, int64_t n_cells)
{
    assert_true(f->n_waiting < ROWS_MOST);
    struct waiting *waiting = &f->waiting[f->n_waiting];
    const bool after = record.kind == RECORD_EVENT && f->plan.sessions_given;
    waiting->number = f->n_waiting++;
    uint8_t room[RECORD_KEY_LIMIT];
    const uint8_t *key = record_key(id(user), id(session), after, room, &waiting->key_size);
    memcpy(waiting->key, key, waiting->key_size);
    record.cells = cells;
    record.n_cells = n_cells;
    if (record.line == 0) record.line = ++f->next_line;
    waiting->record = record;
}

static void add_session(struct fixture *f, const char *user, const char *session, int64_t start)
{
    const struct record record = {
        .kind = RECORD_SESSION, .has_time = start != INT64_MIN, .time = start};
    add(f, record, user, session, NULL, 0);
}

static void add_event(struct fixture *f, const char *user, const char *session, int64_t time,
                      uint32_t name)
{
    const struct record record = {
        .kind = RECORD_EVENT, .has_time = true, .time = time, .name = name};
    add(f, record, user, session, NULL, 0);
}

static lode_status take_events(void *context, const struct event_rows *events)
{
    struct rows *rows = &((struct fixture *)context)->rows;
    const int64_t at = rows->n_events;
    const size_t n = (size_t)events->n;
    assert_true(at + events->n <= ROWS_MOST);
    memcpy(rows->times + at, events->times, n * sizeof *rows->times);
    memcpy(rows->names + at, events->names, n * sizeof *rows->names);
    if (events->values)
        memcpy(rows->values + at * EVENT_VALUE_BYTES, events->values, n * EVENT_VALUE_BYTES);
    rows->n_events += events->n;
    return LODE_OK;
}

static lode_status take_session(void *context, const struct session_row *row)
{
    struct rows *rows = &((struct fixture *)context)->rows;
    const int64_t at = rows->n_sessions++;
    rows->sessions[at] = strndup(row->id.text, row->id.size);
    rows->starts[at] = row->start;
    rows->event_offsets[at + 1] = rows->n_events;
    rows->kpis[0][at] = row->kpis[0];
    rows->attributes[0][at] = row->attributes[0];
    return LODE_OK;
}

static lode_status take_user(void *context, struct record_id user, const uint32_t *attributes)
{
    struct rows *rows = &((struct fixture *)context)->rows;
    assert_true(rows->n_users < USERS_MOST);
    const int64_t at = rows->n_users++;
    rows->users[at] = strndup(user.text, user.size);
    rows->session_offsets[at + 1] = rows->n_sessions;
    rows->attributes[1][at] = attributes[1];
    return LODE_OK;
}

static lode_status take_reject(void *context, const struct record *record, const char *reason)
{
    struct fixture *f = context;
    f->n_rejected++;
    f->rejected_line = record->line;
    f->reject = reason;
    return LODE_OK;
}

static int compare_waiting(const void *left, const void *right)
{
    const struct waiting *a = left;
    const struct waiting *b = right;
    const int order = shuffle_compare(a->key, a->key_size, b->key, b->key_size);
    if (order != 0) return order;
    return (a->number > b->number) - (a->number < b->number);
}

static void finish(struct fixture *f)
{
    struct sessions *sessions = NULL;
    const struct sessions_sink sink = {.context = f,
                                       .events = take_events,
                                       .session = take_session,
                                       .user = take_user,
                                       .reject = take_reject};
    qsort(f->waiting, (size_t)f->n_waiting, sizeof *f->waiting, compare_waiting);
    assert_ok(sessions_create(&f->plan, &f->site, SESSIONS_LEAST, &sink, &sessions));
    for (int64_t i = 0; i < f->n_waiting; i++) {
        assert_ok(sessions_begin(sessions, f->waiting[i].key, f->waiting[i].key_size));
        assert_ok(sessions_add(sessions, &f->waiting[i].record));
    }
    assert_ok(sessions_finish(sessions));
    sessions_close(sessions);
}

#define assert_id(actual, expected) assert_string_equal(actual, expected)

static void users_and_sessions_are_sorted_by_id_and_start(void **state)
{
    struct fixture *f = *state;
    add_session(f, "bob", "s3", 20);
    add_session(f, "ann", "s9", 30);
    add_session(f, "bob", "s2", 20); /* the same start: by id */
    add_session(f, "bob", "s4", 10);
    add_session(f, "annabel", "s0", 0); /* after ann, its prefix */
    finish(f);
    assert_int_equal(f->rows.n_users, 3);
    assert_id(f->rows.users[0], "ann");
    assert_id(f->rows.users[1], "annabel");
    assert_id(f->rows.users[2], "bob");
    assert_int_equal(f->rows.session_offsets[2], 2);
    assert_int_equal(f->rows.session_offsets[3], 5);
    assert_id(f->rows.sessions[2], "s4");
    assert_id(f->rows.sessions[3], "s2");
    assert_id(f->rows.sessions[4], "s3");
}

static void users_whose_first_eight_bytes_agree_are_told_apart(void **state)
{
    struct fixture *f = *state;
    add_session(f, "customer-2", "b", 0);
    add_session(f, "customer-1", "a", 1);
    add_session(f, "customer-2", "c", 2);
    finish(f);
    assert_int_equal(f->rows.n_users, 2);
    assert_id(f->rows.users[0], "customer-1");
    assert_int_equal(f->rows.session_offsets[1], 1);
}

static void events_are_sorted_by_time_and_then_input_order(void **state)
{
    struct fixture *f = *state;
    add_event(f, "u", "s", 50, 1);
    add_event(f, "u", "s", 10, 2);
    add_event(f, "u", "s", 50, 3);
    add_event(f, "u", "s", 10, 4);
    add_session(f, "u", "s", 5); /* a sessions file may come last */
    finish(f);
    static const uint32_t expected[] = {2, 4, 1, 3};
    assert_int_equal(f->rows.n_events, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(f->rows.names[i], expected[i]);
    assert_int_equal(f->rows.times[1], 10);
    assert_int_equal(f->rows.times[2], 50);
    assert_int_equal(f->rows.event_offsets[1], 4);
}

static void an_event_without_its_session_is_rejected(void **state)
{
    struct fixture *f = *state;
    add_session(f, "u", "s", 0);
    add_event(f, "u", "t", 1, 0);
    add_event(f, "v", "s", 1, 0); /* another user's session of that name is another session */
    finish(f);
    assert_int_equal(f->n_rejected, 2);
    assert_int_equal(f->rejected_line, 3); /* told in order of the keys */
    assert_string_equal(f->reject, "event without session");
    assert_int_equal(f->rows.n_sessions, 1);
    assert_int_equal(f->rows.n_events, 0);
}

static void of_two_rows_of_a_session_the_first_wins(void **state)
{
    struct fixture *f = *state;
    add_session(f, "u", "s", 7);
    add_session(f, "u", "s", 8);
    finish(f);
    assert_string_equal(f->reject, "duplicate session");
    assert_int_equal(f->rejected_line, 2);
    assert_int_equal(f->rows.n_sessions, 1);
    assert_int_equal(f->rows.starts[0], 7);
}

static void a_missing_start_is_that_of_the_first_event(void **state)
{
    struct fixture *f = *state;
    add_session(f, "u", "a", INT64_MIN);
    add_session(f, "u", "b", INT64_MIN);
    add_event(f, "u", "a", 40, 0);
    add_event(f, "u", "a", 30, 0);
    finish(f);
    assert_id(f->rows.sessions[0], "b"); /* unknown comes first */
    assert_true(f->rows.starts[0] == INT64_MIN);
    assert_int_equal(f->rows.starts[1], 30);
}

static void sessions_without_events_stay(void **state)
{
    struct fixture *f = *state;
    add_session(f, "", "s", 0);
    finish(f);
    assert_int_equal(f->rows.n_sessions, 1);
    assert_id(f->rows.users[0], "s");
    assert_int_equal(f->rows.event_offsets[1], 0);
}

static void an_empty_partition_has_no_rows(void **state)
{
    struct fixture *f = *state;
    finish(f);
    assert_int_equal(f->rows.n_users, 0);
    assert_int_equal(f->rows.session_offsets[0], 0);
    assert_int_equal(f->rows.event_offsets[0], 0);
}

/* Gaps of 10 stay, one of 11 cuts; then length 20 stays and 21 cuts. */
static void events_of_a_user_are_cut_at_gaps_and_at_the_greatest_length(void **state)
{
    struct fixture *f = *state;
    f->plan.sessions_given = false;
    f->plan.split = true;
    f->plan.gap_ms = 10;
    f->plan.max_ms = 20;
    static const int64_t times[] = {0, 10, 21, 31, 41, 42};
    for (int i = 5; i >= 0; i--) add_event(f, "ann", "", times[i], (uint32_t)i);
    add_event(f, "bob", "", 5, 9);
    finish(f);
    assert_int_equal(f->rows.n_sessions, 4);
    assert_id(f->rows.sessions[0], "ann#1");
    assert_id(f->rows.sessions[1], "ann#2");
    assert_id(f->rows.sessions[2], "ann#3");
    assert_id(f->rows.sessions[3], "bob");
    assert_int_equal(f->rows.event_offsets[1], 2);
    assert_int_equal(f->rows.event_offsets[2], 5);
    assert_int_equal(f->rows.event_offsets[3], 6);
    assert_int_equal(f->rows.starts[1], 21);
    assert_int_equal(f->rows.starts[2], 42);
}

/* Start orders them, so #10 follows #9 although its bytes come before. */
static void ten_sessions_of_a_user_stay_in_order_of_time(void **state)
{
    struct fixture *f = *state;
    f->plan.sessions_given = false;
    f->plan.split = true;
    f->plan.gap_ms = 1;
    for (int i = 0; i < 11; i++) add_event(f, "u", "", 100 * i, 0);
    finish(f);
    assert_id(f->rows.sessions[8], "u#9");
    assert_id(f->rows.sessions[9], "u#10");
}

static void values_of_events_become_the_largest_and_the_first(void **state)
{
    struct fixture *f = *state;
    f->plan.sessions_given = false;
    struct record_cell late[] = {{.column = 0, .value = 1.0}, {.column = 1, .code = 5}};
    struct record_cell early[] = {{.column = 0, .value = 3.0}, {.column = 1, .code = 6}};
    const struct record record = {.kind = RECORD_EVENT, .has_time = true, .time = 20};
    struct record before = record;
    before.time = 10;
    add(f, record, "u", "s", late, 2);
    add(f, before, "u", "s", early, 2);
    add_event(f, "u", "t", 30, 0);
    finish(f);
    assert_true(f->rows.kpis[0][0] == 3.0);
    assert_int_equal(f->rows.attributes[0][0], 6);
    assert_true(isnan(f->rows.kpis[0][1]));
    assert_true(f->rows.attributes[0][1] == LODE_NO_CODE);
}

static void a_users_attribute_is_the_first_of_its_sessions(void **state)
{
    struct fixture *f = *state;
    struct record_cell one[] = {{.column = 2, .code = 1}};
    struct record_cell two[] = {{.column = 2, .code = 2}};
    const struct record record = {.kind = RECORD_SESSION, .has_time = true, .time = 20};
    struct record before = record;
    before.time = 10;
    add_session(f, "u", "r", 0); /* has none */
    add(f, record, "u", "s", two, 1);
    add(f, before, "u", "t", one, 1);
    add_session(f, "v", "s", 0);
    finish(f);
    assert_int_equal(f->rows.n_users, 2);
    assert_int_equal(f->rows.attributes[1][0], 1);
    assert_true(f->rows.attributes[1][1] == LODE_NO_CODE);
}

struct row {
    int64_t line, time;
    int user, session;
};

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    if (a->user != b->user) return a->user - b->user;
    if (a->session != b->session) return a->session - b->session;
    if (a->time != b->time) return a->time < b->time ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

/* Users x sessions x events at random, against qsort of the rows. A session's start falls with its
 * number, so its order is not that of the ids. `times`: so many different ones. */
static void check_random(struct fixture *f, int users, int sessions, int events, uint64_t times)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    struct lode_random random = lode_random_begin(seed, 0);
    struct row *rows = take((size_t)events, sizeof *rows);
    char user[16];
    char session[16];
    print_message("LODE_SEED=%llu\n", (unsigned long long)seed);
    for (int u = 0; u < users; u++)
        for (int s = 0; s < sessions; s++) {
            snprintf(user, sizeof user, "u%04d", u);
            snprintf(session, sizeof session, "s%d", sessions - s);
            add_session(f, user, session, s);
        }
    f->next_line = 0;
    for (int i = 0; i < events; i++) {
        rows[i] = (struct row){.line = i + 1,
                               .time = (int64_t)lode_random_below(&random, times),
                               .user = (int)lode_random_below(&random, (uint64_t)users),
                               .session = (int)lode_random_below(&random, (uint64_t)sessions)};
        snprintf(user, sizeof user, "u%04d", rows[i].user);
        snprintf(session, sizeof session, "s%d", sessions - rows[i].session);
        add_event(f, user, session, rows[i].time, (uint32_t)rows[i].line);
    }
    finish(f);
    qsort(rows, (size_t)events, sizeof *rows, compare_rows);
    assert_int_equal(f->rows.n_sessions, users * sessions);
    assert_int_equal(f->rows.n_events, events);
    for (int i = 0; i < events; i++) {
        assert_int_equal(f->rows.times[i], rows[i].time);
        assert_int_equal(f->rows.names[i], rows[i].line);
    }
    free(rows);
}

static void random_events_come_out_as_a_plain_sort_would_put_them(void **state)
{
    check_random(*state, 9, 7, 5000, 50);
}

static void so_do_those_of_many_users_with_one_session(void **state)
{
    check_random(*state, 4000, 1, 20000, UINT64_C(1) << 60);
}

/* A quarter of the least memory is 1 MiB: 87,000 events without values. */
static void a_session_larger_than_the_memory_is_sorted_all_the_same(void **state)
{
    struct fixture *f = *state;
    f->plan.n_files = 0; /* events have no values */
    check_random(f, 1, 1, 150000, 1000);
}

static void so_is_one_whose_events_have_values(void **state)
{
    check_random(*state, 1, 2, 150000, 1000);
}

static void a_user_larger_than_the_memory_keeps_the_order_of_sessions(void **state)
{
    check_random(*state, 2, 5000, 300000, 3);
}

/* The events of 12 pieces go through the sorter, each piece is 20,000 events 1 ms apart. */
static void a_large_key_is_cut_as_a_small_one_is(void **state)
{
    enum { PIECES = 12, EVENTS = 20000, APART = 1000000 };
    struct fixture *f = *state;
    f->plan.sessions_given = false;
    f->plan.split = true;
    f->plan.gap_ms = 1000;
    for (int i = PIECES * EVENTS; i-- > 0;) {
        struct record_cell cell = {.column = 0, .value = i / EVENTS};
        static struct record_cell kept[PIECES];
        kept[i / EVENTS] = cell;
        const struct record record = {.kind = RECORD_EVENT,
                                      .has_time = true,
                                      .time = (int64_t)(i / EVENTS) * APART + i % EVENTS,
                                      .name = 1};
        add(f, record, "u", "", &kept[i / EVENTS], i % EVENTS == 7);
    }
    finish(f);
    assert_int_equal(f->rows.n_sessions, PIECES);
    for (int s = 0; s < PIECES; s++) {
        char expected[16];
        snprintf(expected, sizeof expected, "u#%d", s + 1);
        assert_id(f->rows.sessions[s], expected);
        assert_int_equal(f->rows.starts[s], (int64_t)s * APART);
        assert_int_equal(f->rows.event_offsets[s], s * EVENTS);
        assert_true(f->rows.kpis[0][s] == s);
    }
}

/* One value and one attribute of events, behind those of sessions. */
static void with_values(struct fixture *f)
{
    f->plan.n_kpis = 2;
    f->plan.n_event_values = 1;
    f->plan.n_attributes = ATTRIBUTES + 1;
    f->plan.n_event_attributes = 1;
}

static void assert_value(const struct fixture *f, int64_t event, double value, uint32_t code)
{
    double found = 0.0;
    uint32_t found_code = 0;
    const uint8_t *at = f->rows.values + event * EVENT_VALUE_BYTES;
    memcpy(&found, at, sizeof found);
    memcpy(&found_code, at + sizeof found, sizeof found_code);
    assert_true(isnan(value) ? isnan(found) : found == value);
    assert_int_equal(found_code, code);
}

/* A user with two sessions and one with a single one, of so many events that they go in several
 * pieces, out of order; every third has no value, every second no word. What is of the session
 * stays there. */
static void values_of_events_stay_with_their_events(void **state)
{
    enum { N = 5000 };
    struct fixture *f = *state;
    static struct record_cell cells[3 * N][3];
    static const char *const names[][2] = {{"ann", "a1"}, {"ann", "a2"}, {"bob", "b1"}};
    const int64_t n = N;
    with_values(f);
    f->plan.sessions_given = false;
    for (int64_t s = 0; s < 3; s++)
        for (int64_t i = 0; i < n; i++) {
            const int64_t time = s * n + (i * 7) % n; /* 7 and n have no common factor */
            const struct record record = {
                .kind = RECORD_EVENT, .has_time = true, .time = time, .name = 1};
            struct record_cell *own = cells[s * n + i];
            int64_t n_cells = 0;
            own[n_cells++] = (struct record_cell){.column = 0, .value = (double)s}; /* a KPI */
            if (time % 3) own[n_cells++] = (struct record_cell){.column = 1, .value = (double)time};
            if (time % 2)
                own[n_cells++] =
                    (struct record_cell){.column = 2 + ATTRIBUTES, .code = (uint32_t)time};
            add(f, record, names[s][0], names[s][1], own, n_cells);
        }
    finish(f);
    assert_int_equal(f->rows.n_events, 3 * n);
    for (int64_t e = 0; e < 3 * n; e++) {
        assert_int_equal(f->rows.times[e], e);
        assert_value(f, e, e % 3 ? (double)e : (double)NAN, e % 2 ? (uint32_t)e : LODE_NO_CODE);
    }
    for (int64_t s = 0; s < 3; s++) assert_true(f->rows.kpis[0][s] == (double)s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(users_and_sessions_are_sorted_by_id_and_start),
        TEST(users_whose_first_eight_bytes_agree_are_told_apart),
        TEST(events_are_sorted_by_time_and_then_input_order),
        TEST(an_event_without_its_session_is_rejected),
        TEST(of_two_rows_of_a_session_the_first_wins),
        TEST(a_missing_start_is_that_of_the_first_event),
        TEST(sessions_without_events_stay),
        TEST(an_empty_partition_has_no_rows),
        TEST(events_of_a_user_are_cut_at_gaps_and_at_the_greatest_length),
        TEST(ten_sessions_of_a_user_stay_in_order_of_time),
        TEST(values_of_events_become_the_largest_and_the_first),
        TEST(a_users_attribute_is_the_first_of_its_sessions),
        TEST(random_events_come_out_as_a_plain_sort_would_put_them),
        TEST(so_do_those_of_many_users_with_one_session),
        TEST(a_session_larger_than_the_memory_is_sorted_all_the_same),
        TEST(so_is_one_whose_events_have_values),
        TEST(a_user_larger_than_the_memory_keeps_the_order_of_sessions),
        TEST(a_large_key_is_cut_as_a_small_one_is),
        TEST(values_of_events_stay_with_their_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
