/* Pairs of cohorts of a small staged store, counted by a plain loop too; the engine is replaced by
 * a loop. Users have one to four sessions a day apart; their country is empty for every fifth. */
#include "tests/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/job.h"
#include "jobs/opportunities/cohort_pairs.h"
#include "jobs/opportunities/scenarios.h"
#include "jobs/opportunities/tables/cohort_table.h"
#include "tests/jobs/local_map.h"
#include "tests/jobs/opportunities/small_stage.h"

enum { USERS = 90, MOST = 4 * USERS, DAY = 86400000 };
enum { COUNTRY, OS, LIFECYCLE }; /* sets of level 1; attributes in the order of their names */

struct session {
    int user, index; /* index counts from 1 */
    const char *country, *os;
    int fail;
    double seconds; /* NaN: none */
};

struct fixture {
    char directory[64], store_path[SMALL_PATH];
    int n;
    struct session sessions[MOST];
    struct lode_arena *arena;
    struct lode_params *params;
    struct lode_store *store;
    struct lode_cluster cluster;
    struct lode_run run;
    struct opportunity_options options;
    struct cohort_counts counts;
};

static const struct lode_leaf leaves[] = {
    {"opportunities.cohorts", cohorts_leaf},
    {"opportunities.pairs", cohort_pairs_leaf},
    {0},
};

static void make_sessions(struct fixture *f)
{
    static const char *const countries[] = {"at", "de", "ch", "us", ""};
    static const char *const systems[] = {"a&b\\c", "ios", "web"};
    for (int u = 0; u < USERS; u++)
        for (int i = 0; i <= u % 4; i++) {
            const int mixed = u * 7 + i * 5;
            f->sessions[f->n++] = (struct session){.user = u,
                                                   .index = i + 1,
                                                   .country = countries[u % 5],
                                                   .os = systems[mixed % 3],
                                                   .fail = mixed % 4 == 0,
                                                   .seconds = mixed % 6 ? mixed % 11 : (double)NAN};
        }
}

static void stage(struct fixture *f)
{
    struct lode_bytes sessions = {0}, events = {0};
    assert_ok(
        lode_bytes_printf(&sessions, "session_id,user_id,start_ms,country,os,kpi_fail,kpi_s\n"));
    assert_ok(lode_bytes_printf(&events, "session_id,user_id,timestamp_ms,event,seq\n"));
    for (int i = 0; i < f->n; i++) {
        const struct session *s = &f->sessions[i];
        char seconds[32] = "";
        if (!isnan(s->seconds)) snprintf(seconds, sizeof seconds, "%g.5", s->seconds);
        assert_ok(lode_bytes_printf(&sessions, "s%02d-%d,u%02d,%d,%s,%s,%d,%s\n", s->user, s->index,
                                    s->user, s->index * DAY, s->country, s->os, s->fail, seconds));
        assert_ok(lode_bytes_printf(&events, "s%02d-%d,u%02d,%d,e,0\n", s->user, s->index, s->user,
                                    s->index * DAY));
    }
    small_stage(f->directory, &sessions, &events, 2048, f->arena, f->store_path, &f->store);
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-pairs-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    assert_ok(lode_arena_create(0, &f.arena));
    assert_ok(lode_params_create(opportunity_params, &f.params));
    make_sessions(&f);
    stage(&f);
    f.cluster = (struct lode_cluster){.leaves = leaves, .work_directory = f.directory};
    f.run = (struct lode_run){.params = f.params,
                              .store = f.store,
                              .store_path = f.store_path,
                              .arena = f.arena,
                              .cluster = &f.cluster,
                              .map = local_map};
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

static void count(struct fixture *f, const char *setting)
{
    assert_ok(lode_params_set(f->params, setting));
    assert_ok(opportunity_options_read(f->params, f->store, f->arena, &f->options));
    const struct cohort_options options = {.n_kpis = f->options.n_kpis,
                                           .kpis = f->options.kpis,
                                           .sparse_after_ms = f->options.sparse_after_ms,
                                           .first_sessions = f->options.first_sessions};
    assert_ok(cohorts_count(&f->run, &options, &f->counts));
    assert_ok(cohort_pairs_count(&f->run, &f->options, &f->counts));
}

static bool is_in(const struct session *session, int64_t set, const char *value)
{
    if (set == COUNTRY) return strcmp(session->country, value) == 0;
    if (set == OS) return strcmp(session->os, value) == 0;
    if (strcmp(value, "session_index=1") == 0) return session->index == 1;
    if (strcmp(value, "session_index=2") == 0) return session->index == 2;
    if (strcmp(value, "session_index>1") == 0) return session->index > 1;
    if (strcmp(value, "session_index<=2") == 0) return session->index <= 2;
    if (strcmp(value, "session_index>=3") == 0) return session->index >= 3;
    return strncmp(value, "not_", 4) == 0 || strstr(value, "_not_"); /* nobody stays away */
}

/* The cell of a pair under one KPI (0 fail, 1 s), by a plain loop. */
static struct cohort_cell expected(const struct fixture *f, const struct cohort_set *set,
                                   int64_t value, int kpi)
{
    struct cohort_cell cell = {0};
    int last_user = -1;
    for (int i = 0; i < f->n; i++) {
        const struct session *s = &f->sessions[i];
        bool is_member = kpi == 0 || !isnan(s->seconds);
        for (int p = 0; p < 2; p++) {
            const int64_t parent = set->parents[p];
            is_member &= is_in(s, parent, f->counts.sets[parent].values[set->values_of[value][p]]);
        }
        if (!is_member) continue;
        const double x = kpi == 0 ? s->fail : s->seconds + 0.5; /* "%g.5" */
        cell.sessions++;
        cell.users += s->user != last_user;
        cell.faulty += kpi == 0 && s->fail;
        cell.sum += x;
        cell.sum_squares += x * x;
        last_user = s->user;
    }
    return cell;
}

static void every_pair_has_the_counts_of_a_plain_loop(void **state)
{
    struct fixture *f = *state;
    int64_t n = 0, sessions = 0;
    count(f, "pair_min_users=1");
    assert_int_equal(f->counts.n_pair_sets, 3); /* country&os, lifecycle&country, lifecycle&os */
    for (int64_t s = f->counts.n_sets; s < f->counts.n_sets + f->counts.n_pair_sets; s++) {
        const struct cohort_set *set = &f->counts.sets[s];
        for (int64_t v = 0; v < set->n_values; v++, n++)
            for (int kpi = 0; kpi < 2; kpi++) {
                const struct cohort_cell *cell = &set->cells[v * 2 + kpi];
                const struct cohort_cell by_loop = expected(f, set, v, kpi);
                assert_int_equal(cell->users, by_loop.users);
                assert_int_equal(cell->sessions, by_loop.sessions);
                assert_int_equal(cell->faulty, by_loop.faulty);
                assert_true(cell->sum == by_loop.sum);                 /* halves: exact */
                assert_true(cell->sum_squares == by_loop.sum_squares); /* quarters: exact */
                sessions += kpi == 0 && s == f->counts.n_sets ? cell->sessions : 0;
            }
    }
    /* 4 countries x 3 systems; and 7 cohorts of the life cycle that have sessions */
    assert_int_equal(n, 12 + 7 * 4 + 7 * 3);
    int with_country = 0;
    for (int i = 0; i < f->n; i++) with_country += f->sessions[i].country[0] != '\0';
    assert_int_equal(sessions, with_country);
}

static void pairs_come_by_first_value_then_second_and_their_names_are_escaped(void **state)
{
    struct fixture *f = *state;
    char *label = NULL;
    count(f, "pair_min_users=1");
    const int64_t pair = f->counts.n_sets;
    assert_string_equal(f->counts.sets[pair].attribute, "country&os");
    assert_string_equal(f->counts.sets[pair].values[0], "at&a\\&b\\\\c");
    assert_string_equal(f->counts.sets[pair].values[1], "at&ios");
    assert_string_equal(f->counts.sets[pair].values[3], "ch&a\\&b\\\\c");
    assert_ok(cohort_label(&f->counts, pair, 0, f->arena, &label));
    assert_string_equal(label, "country=at&os=a\\&b\\\\c");
    assert_ok(cohort_label(&f->counts, OS, 0, f->arena, &label)); /* as ever, outside of pairs */
    assert_string_equal(label, "os=a&b\\c");
}

/* Countries have 18 users each, systems more. */
static void a_pair_is_counted_only_where_both_its_values_are_large(void **state)
{
    struct fixture *f = *state;
    bool is_counted = true;
    count(f, "pair_min_users=19");
    assert_int_equal(f->counts.n_pair_sets, 1);
    const struct cohort_set *set = &f->counts.sets[f->counts.n_sets];
    assert_string_equal(set->attribute, "lifecycle&os");
    assert_null(cohort_pair_find(&f->counts, (const int64_t[]){COUNTRY, OS},
                                 (const int64_t[]){0, 0}, &is_counted));
    assert_false(is_counted);
}

static void a_pair_is_found_in_either_order(void **state)
{
    struct fixture *f = *state;
    bool is_counted = false;
    count(f, "pair_min_users=1");
    const struct cohort_cell *one = cohort_pair_find(&f->counts, (const int64_t[]){COUNTRY, OS},
                                                     (const int64_t[]){1, 2}, &is_counted);
    assert_true(is_counted);
    assert_ptr_equal(one, cohort_pair_find(&f->counts, (const int64_t[]){OS, COUNTRY},
                                           (const int64_t[]){2, 1}, &is_counted));
    assert_ptr_equal(one, &f->counts.sets[f->counts.n_sets].cells[2 * 5]); /* ch&web: 3 + 2 */
}

static void without_pairs_nothing_is_counted(void **state)
{
    struct fixture *f = *state;
    count(f, "pairs=off");
    assert_int_equal(f->counts.n_pair_sets, 0);
}

/* A plan of attributes and plans of the life cycle; kept pairs alone. */
static void patterns_are_searched_inside_kept_pairs(void **state)
{
    struct fixture *f = *state;
    struct scenarios scenarios;
    assert_ok(lode_params_set(f->params, "pair_min_users=1"));
    assert_ok(lode_params_set(f->params, "cohort_min_users=1000"));
    count(f, "cohort_min_faulty=1");
    const int64_t n_sets = f->counts.n_sets;
    f->options.cohort_min_users = f->options.cohort_min_normal = 1;
    for (int64_t set = 0; set < n_sets; set++) /* level 1 is too small */
        for (int64_t i = 0; i < 2 * f->counts.sets[set].n_values; i++)
            if (set != LIFECYCLE) f->counts.sets[set].cells[i].users = 0;
    f->counts.sets[n_sets].is_kept[2 * 1] = true;     /* at&ios, kpi_fail */
    f->counts.sets[n_sets].is_kept[2 * 3] = true;     /* ch&a&b\c */
    f->counts.sets[n_sets + 2].is_kept[2 * 2] = true; /* session_index=1&web */
    f->counts.sets[n_sets + 2].is_kept[2 * 3] = true; /* session_index=2&a&b\c */
    assert_ok(scenarios_make(f->store, &f->options, &f->counts, f->arena, &scenarios));
    assert_int_equal(scenarios.n_plans, 4); /* all, country&os, and one for each session_index */
    const struct pattern_plan *pairs = &scenarios.plans[1], *first = &scenarios.plans[2];
    assert_int_equal(pairs->n_cohorts, 2);
    assert_int_equal(pairs->first, COUNTRY);
    assert_int_equal(pairs->attribute, OS);
    assert_int_equal(first->n_cohorts, 1);
    assert_int_equal(first->first, -1);
    assert_int_equal(first->attribute, OS);
    assert_int_equal(scenarios.n, 5);
    assert_string_equal(scenario_label(&scenarios, &scenarios.list[1]), "country=at&os=ios");
    assert_string_equal(scenario_label(&scenarios, &scenarios.list[3]),
                        "lifecycle=session_index=1&os=web");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_pair_has_the_counts_of_a_plain_loop, setup, teardown),
        cmocka_unit_test_setup_teardown(
            pairs_come_by_first_value_then_second_and_their_names_are_escaped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pair_is_counted_only_where_both_its_values_are_large,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_pair_is_found_in_either_order, setup, teardown),
        cmocka_unit_test_setup_teardown(without_pairs_nothing_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(patterns_are_searched_inside_kept_pairs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
