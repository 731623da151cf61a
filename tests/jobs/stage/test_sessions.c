/* Sorting and deriving, on records made by hand. Event names and attribute values are codes. */
#include "tests/unit.h"

#include "jobs/stage/sessions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct lode_arena *arena;
    struct stage_plan plan; /* one KPI (column 0), attributes 0 of sessions, 1 of users (1, 2) */
    struct stage_attribute attributes[2];
    struct sessions *sessions;
    struct sessions_rows rows;
    int64_t next_line;
    int n_rejected;
    int64_t rejected_line;
    const char *reject;
};

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    f.attributes[1].of_user = true;
    f.plan = (struct stage_plan){.sessions_given = true,
                                 .n_kpis = 1,
                                 .n_attributes = 2,
                                 .attributes = f.attributes,
                                 .gap_ms = INT64_MAX,
                                 .max_ms = INT64_MAX};
    *state = &f;
    if (lode_arena_create(0, &f.arena) != LODE_OK) return -1;
    return sessions_create(&f.plan, f.arena, &f.sessions) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return 0;
}

static struct record_id id(const char *text)
{
    return (struct record_id){text, strlen(text)};
}

static void add(struct fixture *f, struct record record, const char *user, const char *session,
                struct record_cell *cells, int64_t n_cells)
{
    uint8_t *key = NULL;
    assert_ok(lode_take(f->arena, RECORD_KEY_LIMIT, &key));
    record.key = key;
    record.key_size = record_key(id(user), id(session), key);
    record.cells = cells;
    record.n_cells = n_cells;
    if (record.line == 0) record.line = ++f->next_line;
    assert_ok(sessions_add(f->sessions, &record, &f->reject));
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

static lode_status count_reject(void *context, int64_t file, int64_t line, const char *reason)
{
    struct fixture *f = context;
    (void)file;
    f->n_rejected++;
    f->rejected_line = line;
    f->reject = reason;
    return LODE_OK;
}

static void finish(struct fixture *f)
{
    assert_ok(sessions_finish(f->sessions, count_reject, f, &f->rows));
}

static void assert_id(struct record_id actual, const char *expected)
{
    assert_int_equal(actual.size, strlen(expected));
    assert_memory_equal(actual.text, expected, actual.size);
}

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
    assert_int_equal(f->rejected_line, 3);
    assert_string_equal(f->reject, "event without session");
    assert_int_equal(f->rows.n_sessions, 1);
    assert_int_equal(f->rows.n_events, 0);
}

static void of_two_rows_of_a_session_the_first_wins(void **state)
{
    struct fixture *f = *state;
    add_session(f, "u", "s", 7);
    assert_null(f->reject);
    add_session(f, "u", "s", 8);
    assert_string_equal(f->reject, "duplicate session");
    finish(f);
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

/* 9 users x 7 sessions x many events at few times, against qsort of the rows. The sessions' starts
 * rise with their number, so (user, session, time, line) is the order of the output. */
static void random_events_come_out_as_a_plain_sort_would_put_them(void **state)
{
    enum { USERS = 9, SESSIONS = 7, EVENTS = 5000 };
    struct fixture *f = *state;
    struct row rows[EVENTS];
    uint64_t seed = 20261121;
    char user[8];
    char session[8];
    for (int u = 0; u < USERS; u++)
        for (int s = 0; s < SESSIONS; s++) {
            snprintf(user, sizeof user, "u%d", u);
            snprintf(session, sizeof session, "s%d", s);
            add_session(f, user, session, s);
        }
    for (int i = 0; i < EVENTS; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        rows[i] = (struct row){.line = 1 + (i * 7919) % EVENTS, /* not the order of adding */
                               .time = (int64_t)(seed >> 33) % 50,
                               .user = (int)(seed >> 40) % USERS,
                               .session = (int)(seed >> 50) % SESSIONS};
        snprintf(user, sizeof user, "u%d", rows[i].user);
        snprintf(session, sizeof session, "s%d", rows[i].session);
        const struct record record = {.kind = RECORD_EVENT,
                                      .has_time = true,
                                      .time = rows[i].time,
                                      .line = rows[i].line,
                                      .name = (uint32_t)rows[i].line};
        add(f, record, user, session, NULL, 0);
    }
    finish(f);
    qsort(rows, EVENTS, sizeof *rows, compare_rows);
    assert_int_equal(f->rows.n_events, EVENTS);
    for (int i = 0; i < EVENTS; i++) {
        assert_int_equal(f->rows.times[i], rows[i].time);
        assert_int_equal(f->rows.names[i], rows[i].line);
    }
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
