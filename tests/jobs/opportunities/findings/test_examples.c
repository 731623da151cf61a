/* Examples of findings made by hand, in a small staged store; the engine is replaced by a loop.
 *
 * Every user has one session. Of the sessions that tests want to be found there is one, so the
 * order of users in the store does not matter.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/job.h"
#include "jobs/opportunities/findings/anonymous.h"
#include "jobs/opportunities/findings/examples.h"
#include "tests/jobs/local_map.h"
#include "tests/jobs/opportunities/small_stage.h"

enum { FAIL, SECONDS, N_KPIS };
enum { IOS, WEB };
enum { BOOM, OPEN, PANG, PING, PONG, QUIT, SEARCH, ZERO, N_TOKENS }; /* as their bytes sort */
enum { TEXT_BYTES = 256 };

struct session {
    int first, last; /* users */
    const char *os, *fail, *seconds, *events[13];
};

static const struct session sessions[] = {
    {0, 8, "web", "1", "2", {"open", "search", "zero", "quit"}},
    {9, 9, "web", "1", "2", {"boom", "ping", "pong", "pang"}},
    {10, 10, "web", "0", "2", {"open", "search", "quit"}}, /* searches, and finds something */
    {11, 14, "web", "0", "2", {"search", "zero"}},         /* normal, and has the pattern */
    {15, 15, "web", "0", "2", {"open", "ping", "pong"}},   /* has two events of three */
    {16, 16, "web", "0", "50", {"open", "quit"}},          /* the only slow one on the web */
    {17, 17, "web", "", "2", {"search", "quit"}},          /* neither faulty nor normal */
    {18, 26, "web", "0", "2", {"open", "quit"}},
    {27, 33, "ios", "1", "10", {"open", "quit"}},
    {34, 34, "ios", "0", "", {"open", "open"}},          /* the only normal one on ios */
    {35, 35, "ios", "1", "1", {"open", "quit", "quit"}}, /* the only fast one on ios */
};

struct fixture {
    char directory[64], store_path[SMALL_PATH];
    struct lode_arena *arena;
    struct lode_params *params;
    struct lode_store *store;
    struct lode_cluster cluster;
    struct lode_run run;

    struct opportunity_options options;
    struct pattern_tokens tokens;
    struct cohort_set sets[2];
    struct cohort_counts counts;
    struct cohort_row row;
    struct cohort_rows cohorts;
    uint64_t keys[N_TOKENS];
    uint32_t key_counts[2 * N_TOKENS]; /* normal and faulty sessions of single events */
    struct pattern_plan plan;
    struct pattern_counts plan_counts, *plans_counts[1];
    struct scenario scenario;
    struct scenarios scenarios;
    struct pattern_rows patterns;
    struct series series;
    struct series_list series_list;
    struct trend_row trend;
    struct trend_rows trends;
    struct finding_sources sources;
};

static const struct lode_leaf leaves[] = {{"opportunities.examples", examples_leaf}, {0}};

static void stage(struct fixture *f)
{
    struct lode_bytes texts[2] = {{0}, {0}};
    assert_ok(
        lode_bytes_printf(&texts[0], "session_id,user_id,start_ms,os,kpi_fail,kpi_seconds\n"));
    assert_ok(lode_bytes_printf(&texts[1], "session_id,user_id,timestamp_ms,event,seq\n"));
    for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
        const struct session *s = &sessions[i];
        for (int u = s->first; u <= s->last; u++) {
            assert_ok(lode_bytes_printf(&texts[0], "s%02d,u%02d,1000,%s,%s,%s\n", u, u, s->os,
                                        s->fail, s->seconds));
            for (int e = 0; s->events[e]; e++)
                assert_ok(lode_bytes_printf(&texts[1], "s%02d,u%02d,%d,%s,%d\n", u, u,
                                            1000 + 500 * e, s->events[e], e));
        }
    }
    small_stage(f->directory, &texts[0], &texts[1], 1024, f->arena, f->store_path, &f->store);
}

/* One scenario over all sessions, of kpi_fail; single events are not counted. */
static void make_sources(struct fixture *f)
{
    static char ios[] = "ios", web[] = "web", *systems[] = {ios, web};
    assert_ok(opportunity_options_read(f->params, f->store, f->arena, &f->options));
    assert_ok(tokens_make(&f->store->event_names, &f->options.rules, f->arena, &f->tokens));
    assert_int_equal(f->tokens.n_tokens, N_TOKENS);
    f->sets[0] = (struct cohort_set){.attribute = "os", .n_values = 2, .values = systems};
    f->sets[1] = (struct cohort_set){.attribute = "lifecycle"};
    f->counts = (struct cohort_counts){.n_kpis = N_KPIS, .n_sets = 2, .sets = f->sets};
    f->cohorts = (struct cohort_rows){.n = 1, .rows = &f->row, .counts = &f->counts};
    f->plan = (struct pattern_plan){
        .attribute = -1, .n_cohorts = 1, .n_kpis = 1, .kpis = {FAIL}, .first_k = 2, .last_k = 3};
    f->plans_counts[0] = &f->plan_counts;
    f->scenario = (struct scenario){.kpi = FAIL, .attribute = -1};
    f->scenarios = (struct scenarios){
        .n = 1, .list = &f->scenario, .n_plans = 1, .plans = &f->plan, .counts = f->plans_counts};
    f->patterns.n_tokens = N_TOKENS;
    f->series_list = (struct series_list){.n = 1, .list = &f->series};
    f->trends = (struct trend_rows){.n = 1, .rows = &f->trend, .series = &f->series_list};
    f->sources = (struct finding_sources){.store = f->store,
                                          .options = &f->options,
                                          .scenarios = &f->scenarios,
                                          .patterns = &f->patterns,
                                          .cohorts = &f->cohorts,
                                          .trends = &f->trends};
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-examples-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    assert_ok(lode_arena_create(0, &f.arena));
    assert_ok(lode_params_create(opportunity_params, &f.params));
    stage(&f);
    f.cluster = (struct lode_cluster){.leaves = leaves, .work_directory = f.directory};
    f.run = (struct lode_run){.params = f.params,
                              .store = f.store,
                              .store_path = f.store_path,
                              .arena = f.arena,
                              .cluster = &f.cluster,
                              .map = local_map};
    make_sources(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    lode_store_close(f->store);
    lode_params_destroy(f->params);
    lode_arena_destroy(f->arena);
    return lode_directory_remove(f->directory) == LODE_OK ? 0 : -1;
}

static struct example find(struct fixture *f, const struct finding *finding)
{
    struct finding one = *finding;
    struct findings findings = {.n = 1, .list = &one};
    struct example *examples = NULL;
    f->cluster.n_tasks = 0;
    assert_ok(examples_find(&f->run, &f->options, &f->sources, &f->tokens, &findings, &examples));
    return examples[0];
}

/* A pattern of kpi_fail; ten faulty sessions and five normal ones, of thirty, are said to have it.
 */
static struct example find_pattern(struct fixture *f, int k, const uint32_t *tokens)
{
    return find(f, &(struct finding){.expert = EXPERT_PATTERN,
                                     .kpi = FAIL,
                                     .is_binary = true,
                                     .cohort = "",
                                     .k = k,
                                     .tokens = tokens,
                                     .table = {10, 5, 20, 30}});
}

static struct example find_cohort(struct fixture *f, int64_t kpi, int64_t os, double difference,
                                  struct two_by_two table)
{
    f->row = (struct cohort_row){.kpi = kpi,
                                 .is_binary = kpi == FAIL,
                                 .value = os,
                                 .sessions = 9,
                                 .all_mean = 5,
                                 .difference = difference};
    return find(f, &(struct finding){.expert = EXPERT_COHORT,
                                     .kpi = kpi,
                                     .is_binary = kpi == FAIL,
                                     .scenario = -1,
                                     .table = table});
}

/* "0 open, 0.5 search*": an event of the match has a star. */
static const char *text_of(struct fixture *f, const struct timeline *timeline, char *text)
{
    int size = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < timeline->n; i++) {
        const struct example_event *event = &timeline->events[i];
        size += snprintf(text + size, (size_t)(TEXT_BYTES - size), "%s%g %s%s", i ? ", " : "",
                         event->seconds, f->store->event_names.words[event->name],
                         event->in_match ? "*" : "");
        assert_true(size < TEXT_BYTES);
    }
    return text;
}

static void a_pattern_is_beside_a_normal_session_that_begins_like_it(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES];
    const struct example found = find_pattern(f, 2, (const uint32_t[]){SEARCH, ZERO});
    assert_int_equal(found.n_sessions, 3);
    assert_string_equal(text_of(f, &found.timeline, text),
                        "0 open, 0.5 search*, 1 zero*, 1.5 quit");
    assert_int_equal(found.nearness, NORMAL_NEAR);
    assert_string_equal(found.normal, "s10");
    assert_string_equal(text_of(f, &found.normal_timeline, text), "0 open, 0.5 search*, 1 quit");
}

static void the_longest_beginning_of_the_pattern_is_marked(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES];
    const struct example found = find_pattern(f, 3, (const uint32_t[]){PING, PONG, PANG});
    assert_int_equal(found.n_sessions, 1); /* there are no others, whatever the table says */
    assert_string_equal(found.sessions[0], "s09");
    assert_string_equal(found.normal, "s15");
    assert_string_equal(text_of(f, &found.normal_timeline, text), "0 open, 0.5 ping*, 1 pong*");
}

static void where_no_normal_session_begins_like_it_any_without_it_will_do(void **state)
{
    struct fixture *f = *state;
    const struct example found = find_pattern(f, 2, (const uint32_t[]){BOOM, PING});
    assert_string_equal(found.sessions[0], "s09");
    assert_int_equal(found.nearness, NORMAL_OTHER);
    assert_true(found.normal_timeline.n >= 2);
    for (int64_t i = 0; i < found.normal_timeline.n; i++)
        assert_false(found.normal_timeline.events[i].in_match);
    assert_int_equal(f->cluster.n_tasks, f->store->n_partitions); /* one might have come */
}

/* 9 faulty sessions have `search`, and so many normal ones as the test says. */
static int64_t tasks_with_counts(struct fixture *f, uint32_t normal)
{
    f->plan.first_k = 1;
    f->keys[0] = SEARCH;
    f->key_counts[0] = normal;
    f->key_counts[1] = 9;
    f->plan_counts = (struct pattern_counts){
        .k = 1, .n_classes = 3, .n_patterns = 1, .keys = f->keys, .counts = f->key_counts};
    f->options.examples = 0;
    find_pattern(f, 2, (const uint32_t[]){SEARCH, ZERO});
    return f->cluster.n_tasks;
}

/* The five normal sessions that have the pattern are all that have its first event: the first
 * normal session is as close as any. */
static void no_more_is_read_where_counts_say_that_none_comes_closer(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(tasks_with_counts(f, 5), 1);
    assert_true(tasks_with_counts(f, 6) > 1);
}

static void a_cohort_is_beside_a_normal_session_of_its_own(void **state)
{
    struct fixture *f = *state;
    char text[TEXT_BYTES];
    const struct example found = find_cohort(f, FAIL, IOS, 0.5, (struct two_by_two){8, 1, 18, 18});
    assert_int_equal(found.n_sessions, 3);
    assert_string_equal(found.normal, "s34");
    assert_string_equal(text_of(f, &found.normal_timeline, text), "0 open, 0.5 open");
}

static void a_cohort_without_normal_sessions_has_none_beside_it(void **state)
{
    struct fixture *f = *state;
    const struct example found = find_cohort(f, FAIL, IOS, 0.5, (struct two_by_two){9, 0, 18, 18});
    assert_int_equal(found.n_sessions, 3);
    assert_int_equal(found.nearness, NORMAL_NONE);
    assert_null(found.normal);
    assert_int_equal(found.normal_timeline.n, 0);
}

static void of_a_group_below_min_count_no_session_is_shown(void **state)
{
    struct fixture *f = *state;
    f->options.min_count = 2;
    const struct example found = find_cohort(f, FAIL, IOS, 0.5, (struct two_by_two){8, 1, 18, 18});
    assert_int_equal(found.n_sessions, 3);
    assert_null(found.normal);
    const struct example few = find_cohort(f, FAIL, IOS, 0.5, (struct two_by_two){1, 8, 18, 18});
    assert_int_equal(few.n_sessions, 0);
    assert_int_equal(few.timeline.n, 0);
    assert_non_null(few.normal);
}

static void ids_of_normal_sessions_are_hashed_as_those_of_others(void **state)
{
    struct fixture *f = *state;
    uint8_t key[ANONYMOUS_KEY_BYTES];
    char hashed[ANONYMOUS_ID_CHARS + 1];
    f->options.anonymous = true;
    const struct example found = find_pattern(f, 2, (const uint32_t[]){SEARCH, ZERO});
    anonymous_key(f->options.anonymous_key, key);
    anonymous_id(key, "s10", 3, hashed);
    assert_string_equal(found.normal, hashed);
}

/* ios: seven sessions of 10 s and one of 1 s; web: one of 50 s, the others 2 s; all: 5 s. */
static void numbers_on_the_other_side_of_the_mean_are_normal(void **state)
{
    struct fixture *f = *state;
    const struct example slow = find_cohort(f, SECONDS, IOS, 4, (struct two_by_two){0});
    assert_string_equal(slow.normal, "s35");
    assert_int_equal(slow.n_sessions, 3);
    for (int i = 0; i < 3; i++) assert_string_not_equal(slow.sessions[i], "s35");
    const struct example fast = find_cohort(f, SECONDS, WEB, -1, (struct two_by_two){0});
    assert_string_equal(fast.normal, "s16");
    for (int i = 0; i < 3; i++) assert_string_not_equal(fast.sessions[i], "s16");
}

/* It falls, and its own mean is 1.5 s: what is shown is the session of 1 s. */
static void a_trend_is_beside_the_other_side_of_its_own_mean(void **state)
{
    struct fixture *f = *state;
    f->row = (struct cohort_row){
        .kpi = SECONDS, .value = IOS, .sessions = 9, .all_mean = 0.5, .difference = 4};
    f->trend = (struct trend_row){
        .expert = TREND_TREND, .sessions = 9, .mean = 1.5, .trend = {.from = 2, .to = 1}};
    const struct example found =
        find(f, &(struct finding){.expert = EXPERT_TREND, .kpi = SECONDS, .scenario = -1});
    assert_int_equal(found.n_sessions, 1);
    assert_string_equal(found.sessions[0], "s35");
    assert_non_null(found.normal);
    assert_string_not_equal(found.normal, "s34"); /* it has no value */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pattern_is_beside_a_normal_session_that_begins_like_it),
        TEST(the_longest_beginning_of_the_pattern_is_marked),
        TEST(where_no_normal_session_begins_like_it_any_without_it_will_do),
        TEST(no_more_is_read_where_counts_say_that_none_comes_closer),
        TEST(a_cohort_is_beside_a_normal_session_of_its_own),
        TEST(a_cohort_without_normal_sessions_has_none_beside_it),
        TEST(of_a_group_below_min_count_no_session_is_shown),
        TEST(ids_of_normal_sessions_are_hashed_as_those_of_others),
        TEST(numbers_on_the_other_side_of_the_mean_are_normal),
        TEST(a_trend_is_beside_the_other_side_of_its_own_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
