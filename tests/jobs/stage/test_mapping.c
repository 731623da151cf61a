/* Which file holds what, decided from the headers alone. */
#include "tests/unit.h"

#include "jobs/stage/mapping.h"

#include <string.h>

#define COUNT(list) ((int)(sizeof(list) / sizeof *(list)))
#define HEADER(file, list)                                                                         \
    ((struct stage_header){.path = (file), .columns = (list), .n_columns = COUNT(list)})
#define NAMES(list) ((struct stage_names){.given = true, .count = COUNT(list), .names = (list)})

static const char *const full_sessions[] = {"session_id", "user_id", "start_ms", "os",
                                            "kpi_bounce"};
static const char *const full_events[] = {"session_id", "user_id", "timestamp_ms", "event", "seq"};
static const char *const lean_sessions[] = {"session", "faulty"};
static const char *const lean_events[] = {"session", "ts", "event"};

struct fixture {
    struct lode_arena *arena;
    struct stage_events_options options;
    const struct stage_known *known;
    struct stage_plan plan;
};

static int setup(void **state)
{
    static struct fixture fixture;
    memset(&fixture, 0, sizeof fixture);
    stage_events_defaults(&fixture.options);
    *state = &fixture;
    return lode_arena_create(0, &fixture.arena) == LODE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_arena_destroy(f->arena);
    return 0;
}

static lode_status plan(struct fixture *f, const struct stage_header *headers, int64_t n)
{
    return mapping_plan(&f->options, f->known, headers, n, f->arena, &f->plan);
}

static void the_usual_names_are_found_without_options(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("/d/s.csv", full_sessions),
                                           HEADER("/d/e.csv", full_events)};
    assert_ok(plan(f, headers, 2));
    const struct stage_file *sessions = &f->plan.files[0];
    const struct stage_file *events = &f->plan.files[1];
    assert_int_equal(sessions->role, STAGE_SESSIONS);
    assert_int_equal(sessions->session, 0);
    assert_int_equal(sessions->user, 1);
    assert_int_equal(sessions->time, 2);
    assert_int_equal(events->role, STAGE_EVENTS);
    assert_int_equal(events->time, 2);
    assert_int_equal(events->event, 3);
    assert_string_equal(events->name, "e.csv");
    assert_true(f->plan.sessions_given);
    assert_false(f->plan.join);
    assert_false(f->plan.split);
}

static void other_columns_of_sessions_are_attributes_and_those_of_events_are_not(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("e.csv", full_events),
                                           HEADER("s.csv", full_sessions)};
    assert_ok(plan(f, headers, 2));
    assert_int_equal(f->plan.n_attributes, 1);
    assert_string_equal(f->plan.attributes[0].name, "os");
    assert_int_equal(f->plan.files[1].attribute_at[0], 3);
    assert_int_equal(f->plan.files[0].attribute_at[0], -1);
    assert_int_equal(f->plan.n_kpis, 1);
    assert_string_equal(f->plan.kpis[0].name, "kpi_bounce");
    assert_int_equal(f->plan.n_unstaged, 1);
    assert_string_equal(f->plan.unstaged[0], "seq");
}

static void a_column_of_events_does_not_fill_that_of_sessions(void **state)
{
    struct fixture *f = *state;
    static const char *const events[] = {"session_id", "user_id", "ts", "event", "os"};
    const struct stage_header headers[] = {HEADER("s.csv", full_sessions), HEADER("e.csv", events)};
    assert_ok(plan(f, headers, 2));
    assert_int_equal(f->plan.files[0].attribute_at[0], 3);
    assert_int_equal(f->plan.files[1].attribute_at[0], -1);
}

static void a_named_attribute_may_come_from_events(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"seq"};
    f->options.attributes = NAMES(names);
    const struct stage_header headers[] = {HEADER("s.csv", full_sessions),
                                           HEADER("e.csv", full_events)};
    assert_ok(plan(f, headers, 2));
    assert_int_equal(f->plan.n_attributes, 1);
    assert_int_equal(f->plan.files[1].attribute_at[0], 4);
    assert_true(f->plan.attributes[0].named);
    assert_string_equal(f->plan.unstaged[0], "os");
}

static void user_attributes_are_taken_out_of_those_of_sessions(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"os"};
    f->options.user_attributes = NAMES(names);
    const struct stage_header headers[] = {HEADER("s.csv", full_sessions)};
    assert_ok(plan(f, headers, 1));
    assert_int_equal(f->plan.n_attributes, 1);
    assert_true(f->plan.attributes[0].of_user);
}

static void a_missing_column_is_named_with_those_there_and_the_nearest(void **state)
{
    struct fixture *f = *state;
    static const char *const columns[] = {"sesion_id", "user_id", "kpi_x"};
    const struct stage_header headers[] = {HEADER("/d/s.csv", columns)};
    assert_status(LODE_E_INPUT, plan(f, headers, 1));
    assert_non_null(strstr(lode_error_text(), "/d/s.csv"));
    assert_non_null(strstr(lode_error_text(), "wanted: session_id, session"));
    assert_non_null(strstr(lode_error_text(), "there: sesion_id, user_id, kpi_x"));
    assert_non_null(strstr(lode_error_text(), "did you mean 'sesion_id'?"));
}

static void events_without_a_time_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const columns[] = {"session", "event"};
    const struct stage_header headers[] = {HEADER("e.csv", columns)};
    assert_status(LODE_E_INPUT, plan(f, headers, 1));
    assert_non_null(strstr(lode_error_text(), "no column for the time"));
}

static void a_kpi_that_no_file_has_is_refused_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"kpi_bounced"};
    f->options.kpis = NAMES(names);
    const struct stage_header headers[] = {HEADER("s.csv", full_sessions)};
    assert_status(LODE_E_INPUT, plan(f, headers, 1));
    assert_non_null(strstr(lode_error_text(), "did you mean 'kpi_bounce'?"));
}

static void a_given_name_is_the_only_one_looked_for(void **state)
{
    struct fixture *f = *state;
    f->options.event = "action";
    const struct stage_header headers[] = {HEADER("e.csv", full_events)};
    assert_status(LODE_E_INPUT, plan(f, headers, 1));
    assert_non_null(strstr(lode_error_text(), "wanted: action;"));
}

static void a_given_list_takes_the_first_that_a_file_has(void **state)
{
    struct fixture *f = *state;
    static const char *const sessions[] = {"id", "os"};
    static const char *const events[] = {"sid", "ts", "event"};
    f->options.session = "sid,id";
    const struct stage_header headers[] = {HEADER("s.csv", sessions), HEADER("e.csv", events)};
    assert_ok(plan(f, headers, 2));
    assert_int_equal(f->plan.files[0].session, 0);
    assert_int_equal(f->plan.files[1].session, 0);
}

static void a_column_called_name_means_the_event_only_beside_a_time(void **state)
{
    struct fixture *f = *state;
    static const char *const people[] = {"session", "user", "name"};
    static const char *const actions[] = {"session", "user", "ts", "name"};
    const struct stage_header headers[] = {HEADER("s.csv", people), HEADER("e.csv", actions)};
    assert_ok(plan(f, headers, 2));
    assert_int_equal(f->plan.files[0].role, STAGE_SESSIONS);
    assert_int_equal(f->plan.files[1].role, STAGE_EVENTS);
}

static void events_without_users_are_joined_when_sessions_have_them(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("s.csv", full_sessions),
                                           HEADER("e.csv", lean_events)};
    assert_ok(plan(f, headers, 2));
    assert_true(f->plan.join);
    assert_false(f->plan.files[0].needs_user);
    assert_true(f->plan.files[1].needs_user);
}

static void users_of_events_count_for_nothing_when_sessions_have_none(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("s.csv", lean_sessions),
                                           HEADER("e.csv", full_events)};
    assert_ok(plan(f, headers, 2));
    assert_false(f->plan.join);
    assert_int_equal(f->plan.files[1].user, -1);
    assert_string_equal(f->plan.unstaged[0], "user_id");
}

static void sessions_files_must_agree_in_having_users(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("a.csv", full_sessions),
                                           HEADER("b.csv", lean_sessions)};
    assert_status(LODE_E_INPUT, plan(f, headers, 2));
    assert_non_null(strstr(lode_error_text(), "b.csv: no column for the user id"));
}

static void events_of_users_are_split_at_half_an_hour_and_a_day(void **state)
{
    struct fixture *f = *state;
    static const char *const columns[] = {"user", "ts", "event"};
    const struct stage_header headers[] = {HEADER("e.csv", columns)};
    assert_ok(plan(f, headers, 1));
    assert_true(f->plan.split);
    assert_int_equal(f->plan.gap_ms, 30 * 60 * 1000);
    assert_int_equal(f->plan.max_ms, 24 * 3600 * 1000);
}

static void events_with_a_session_are_split_only_when_asked(void **state)
{
    struct fixture *f = *state;
    const struct stage_header headers[] = {HEADER("e.csv", lean_events)};
    assert_ok(plan(f, headers, 1));
    assert_false(f->plan.split);
    f->options.session_gap_ms = 1000;
    assert_ok(plan(f, headers, 1));
    assert_true(f->plan.split);
    assert_int_equal(f->plan.gap_ms, 1000);
    assert_true(f->plan.max_ms == INT64_MAX);
}

static const char *const odd_events[] = {"sid", "when", "event", "ts"};

static void a_rule_holds_for_the_files_of_its_name_alone(void **state)
{
    struct fixture *f = *state;
    const struct stage_file_rule rules[] = {
        {.pattern = "odd-*.csv",
         .session = "sid",
         .time = "when",
         .has_time_unit = true,
         .time_unit = STAGE_TIME_ISO,
         .timezone = "+02:00"},
        {.pattern = "odd-2.csv", .time = "ts"}, /* the first that matches is taken */
    };
    const struct stage_header headers[] = {HEADER("/d/odd-1.csv", odd_events),
                                           HEADER("/d/e.csv", lean_events),
                                           HEADER("/d/odd-2.csv", odd_events)};
    f->options.file_rules = rules;
    f->options.n_file_rules = 2;
    f->options.timezone = "-01:00";
    f->options.time_unit = STAGE_TIME_S;
    assert_ok(plan(f, headers, 3));
    const struct stage_file *files = f->plan.files;
    assert_int_equal(files[0].session, 0);
    assert_int_equal(files[0].time, 1);
    assert_int_equal(files[2].time, 1);
    assert_int_equal(files[1].session, 0);
    assert_int_equal(files[1].time, 1);
    assert_int_equal(files[0].time_unit, STAGE_TIME_ISO);
    assert_int_equal(files[1].time_unit, STAGE_TIME_S);
    assert_int_equal(f->plan.n_zones, 2);
    assert_string_equal(f->plan.zones[files[0].zone].name, "+02:00");
    assert_string_equal(f->plan.zones[files[1].zone].name, "-01:00");
    assert_int_equal(files[2].zone, files[0].zone);
}

static void patterns_are_for_as_many_parts_of_the_path_as_they_have(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *pattern;
        lode_status status;
    } cases[] = {{"odd.csv", LODE_OK},
                 {"o*", LODE_OK},
                 {"in/odd.csv", LODE_OK},
                 {"*/odd.csv", LODE_OK},
                 {"/d/in/odd.csv", LODE_OK},
                 {"od?.csv", LODE_OK},
                 {"d*.csv", LODE_E_USAGE},
                 {"in", LODE_E_USAGE},
                 {"/in/odd.csv", LODE_E_USAGE},
                 {"d/odd.csv", LODE_E_USAGE},
                 {"", LODE_E_USAGE}};
    const struct stage_header headers[] = {HEADER("/d/in/odd.csv", odd_events)};
    f->options.session = "sid";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct stage_file_rule rule = {.pattern = cases[i].pattern};
        f->options.file_rules = &rule;
        f->options.n_file_rules = 1;
        if (plan(f, headers, 1) != cases[i].status) fail_msg("%s", cases[i].pattern);
    }
    f->options.n_file_rules = 0;
}

static void a_column_of_a_rule_that_its_file_lacks_is_refused_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    const struct stage_file_rule rule = {.pattern = "odd.csv", .session = "sid", .time = "wen"};
    const struct stage_header headers[] = {HEADER("/d/odd.csv", odd_events)};
    f->options.file_rules = &rule;
    f->options.n_file_rules = 1;
    assert_status(LODE_E_INPUT, plan(f, headers, 1));
    assert_non_null(strstr(lode_error_text(), "/d/odd.csv: no column for the time (wanted: wen;"));
    assert_non_null(strstr(lode_error_text(), "did you mean 'when'?"));
}

static void a_plan_survives_packing(void **state)
{
    struct fixture *f = *state;
    struct lode_bytes bytes = {0};
    struct stage_plan copy;
    struct stage_run run = {"parse-00000-a.run", 1234, 0};
    const struct stage_header headers[] = {HEADER("/d/s.csv", full_sessions),
                                           HEADER("/d/e.csv", lean_events)};
    assert_ok(plan(f, headers, 2));
    f->plan.n_partitions = 7;
    f->plan.files[1].time_unit = STAGE_TIME_S;
    f->plan.zones[0] = (struct stage_zone){"Europe/Berlin", (const uint8_t *)"rules", 5};
    f->plan.n_runs = 1;
    f->plan.runs = &run;
    assert_ok(stage_plan_pack(&f->plan, &bytes));
    assert_ok(stage_plan_unpack(bytes.data, bytes.size, f->arena, &copy));
    assert_int_equal(copy.n_partitions, 7);
    assert_true(copy.join);
    assert_string_equal(copy.files[1].path, "/d/e.csv");
    assert_string_equal(copy.files[1].name, "e.csv");
    assert_true(copy.files[1].needs_user);
    assert_int_equal(copy.files[0].kpi_at[0], 4);
    assert_int_equal(copy.files[1].kpi_at[0], -1);
    assert_string_equal(copy.attributes[0].name, "os");
    assert_int_equal(copy.files[1].time_unit, STAGE_TIME_S);
    assert_int_equal(copy.n_zones, 1);
    assert_string_equal(copy.zones[0].name, "Europe/Berlin");
    assert_memory_equal(copy.zones[0].rules, "rules", 5);
    assert_int_equal(copy.runs[0].size_bytes, 1234);
    /* every cut is noticed */
    for (size_t size = 0; size < bytes.size; size++)
        assert_status(LODE_E_MESSAGE, stage_plan_unpack(bytes.data, size, f->arena, &copy));
    lode_bytes_clear(&bytes);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_usual_names_are_found_without_options),
        TEST(other_columns_of_sessions_are_attributes_and_those_of_events_are_not),
        TEST(a_column_of_events_does_not_fill_that_of_sessions),
        TEST(a_named_attribute_may_come_from_events),
        TEST(user_attributes_are_taken_out_of_those_of_sessions),
        TEST(a_missing_column_is_named_with_those_there_and_the_nearest),
        TEST(events_without_a_time_are_refused),
        TEST(a_kpi_that_no_file_has_is_refused_with_the_nearest),
        TEST(a_given_name_is_the_only_one_looked_for),
        TEST(a_given_list_takes_the_first_that_a_file_has),
        TEST(a_column_called_name_means_the_event_only_beside_a_time),
        TEST(events_without_users_are_joined_when_sessions_have_them),
        TEST(users_of_events_count_for_nothing_when_sessions_have_none),
        TEST(sessions_files_must_agree_in_having_users),
        TEST(events_of_users_are_split_at_half_an_hour_and_a_day),
        TEST(events_with_a_session_are_split_only_when_asked),
        TEST(a_rule_holds_for_the_files_of_its_name_alone),
        TEST(patterns_are_for_as_many_parts_of_the_path_as_they_have),
        TEST(a_column_of_a_rule_that_its_file_lacks_is_refused_with_the_nearest),
        TEST(a_plan_survives_packing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
