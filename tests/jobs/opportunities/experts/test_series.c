/* Sessions by slots of time, from a small staged store, with the engine replaced by a loop.
 *
 * 30 users have two sessions each, a day and a half apart: user u starts on day u of 2026, at noon.
 * Users below 20 have os=ios. kpi_fail is 1 in first sessions of ios; kpi_seconds is 2, in second
 * sessions 3.
 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "jobs/opportunities/experts/series.h"
#include "tests/jobs/local_map.h"
#include "tests/jobs/opportunities/small_stage.h"

extern const struct lode_job opportunities_job;

enum { USERS = 30 };
static const int64_t day_ms = SERIES_DAY_MS, new_year_ms = 1767225600000;

struct fixture {
    char directory[64], store_path[SMALL_PATH];
    struct lode_arena *arena;
    struct lode_store *store;
    struct lode_params *params;
    struct opportunity_options options;
    struct lode_cluster cluster;
    struct lode_run run;
    struct cohort_counts counts;
    struct cohort_rows cohorts;
};

static void write_sessions(struct lode_bytes *text)
{
    assert_ok(lode_bytes_printf(text, "session_id,user_id,start_ms,os,kpi_fail,kpi_seconds\n"));
    for (int u = 0; u < USERS; u++) {
        for (int s = 0; s < 2; s++) {
            const int64_t start = new_year_ms + u * day_ms + day_ms / 2 + s * (day_ms + day_ms / 2);
            assert_ok(lode_bytes_printf(text, "s%02d-%d,u%02d,%lld,%s,%d,%d\n", u, s, u,
                                        (long long)start, u < 20 ? "ios" : "web", u < 20 && s == 0,
                                        2 + s));
        }
    }
}

static void write_events(struct lode_bytes *text)
{
    assert_ok(lode_bytes_printf(text, "session_id,user_id,timestamp_ms,event\n"));
    for (int u = 0; u < USERS; u++)
        for (int s = 0; s < 2; s++)
            assert_ok(lode_bytes_printf(
                text, "s%02d-%d,u%02d,%lld,open\n", u, s, u,
                (long long)(new_year_ms + u * day_ms + day_ms / 2 + s * (day_ms + day_ms / 2))));
}

static void stage(struct fixture *f)
{
    struct lode_bytes sessions = {0}, events = {0};
    write_sessions(&sessions);
    write_events(&events);
    small_stage(f->directory, &sessions, &events, 1024, f->arena, f->store_path, &f->store);
}

static int setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    snprintf(f.directory, sizeof f.directory, "/tmp/lode-series-XXXXXX");
    if (!mkdtemp(f.directory)) return -1;
    assert_ok(lode_arena_create(0, &f.arena));
    assert_ok(lode_params_create(opportunities_job.params, &f.params));
    assert_ok(lode_params_set(f.params, "min_users=1"));
    stage(&f);
    assert_ok(opportunity_options_read(f.params, f.store, f.arena, &f.options));
    f.cluster = (struct lode_cluster){.leaves = opportunities_job.leaves,
                                      .work_directory = f.directory,
                                      .backwards = true,
                                      .twice = true};
    f.run = (struct lode_run){.params = f.params,
                              .store = f.store,
                              .store_path = f.store_path,
                              .directory = f.directory,
                              .work_directory = f.directory,
                              .arena = f.arena,
                              .cluster = &f.cluster,
                              .map = local_map};
    const struct cohort_options counted = {.n_kpis = f.options.n_kpis,
                                           .kpis = f.options.kpis,
                                           .sparse_after_ms = f.options.sparse_after_ms,
                                           .first_sessions = 1};
    assert_ok(cohorts_count(&f.run, &counted, &f.counts));
    assert_ok(cohort_rows_make(&f.counts, f.store, &f.options, f.arena, &f.cohorts));
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

static struct series_list count(struct fixture *f, int64_t width_ms)
{
    struct series_list list;
    const struct series_options how = {.width_ms = width_ms, .least_sessions = 1};
    assert_ok(series_count(&f->run, &how, &f->options, &f->cohorts, &list));
    return list;
}

/* The series of a value, by the name of its KPI; NULL: there is none. */
static const struct series *find(const struct fixture *f, const struct series_list *list,
                                 const char *kpi, const char *value, enum series_part part)
{
    for (int64_t i = 0; i < list->n; i++) {
        const struct cohort_row *row = &f->cohorts.rows[list->list[i].row];
        if (list->list[i].part == part && strcmp(f->store->kpis[row->kpi].name, kpi) == 0 &&
            strcmp(f->counts.sets[row->attribute].values[row->value], value) == 0)
            return &list->list[i];
    }
    return NULL;
}

static double sum(const double *x, int64_t n)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++) total += x[i];
    return total;
}

/* Two days from New Year's Day on make a slot: starts on days 0.5 to 31. */
static void sessions_are_counted_in_their_slots(void **state)
{
    struct fixture *f = *state;
    const struct series_list list = count(f, 2 * day_ms);
    assert_int_equal((new_year_ms - list.first_ms) % day_ms, 0);
    assert_true(list.n_slots == 16 || list.n_slots == 17);
    const struct series *all = find(f, &list, "kpi_fail", "all", SERIES_ANY);
    const struct series *ios = find(f, &list, "kpi_fail", "ios", SERIES_ANY);
    const struct series *first = find(f, &list, "kpi_fail", "ios", SERIES_FIRST);
    const struct series *later = find(f, &list, "kpi_fail", "ios", SERIES_LATER);
    assert_non_null(all);
    assert_non_null(later);
    assert_true(sum(all->counts, list.n_slots) == 60 && sum(all->sums, list.n_slots) == 20);
    assert_true(sum(ios->counts, list.n_slots) == 40 && sum(ios->sums, list.n_slots) == 20);
    assert_true(sum(first->counts, list.n_slots) == 20 && sum(first->sums, list.n_slots) == 20);
    assert_true(sum(later->counts, list.n_slots) == 20 && sum(later->sums, list.n_slots) == 0);
    for (int64_t i = 0; i < list.n_slots; i++) /* one user a day */
        assert_true(first->counts[i] <= 2 && first->counts[i] + later->counts[i] == ios->counts[i]);
}

static void numbers_have_sums_and_squares(void **state)
{
    struct fixture *f = *state;
    const struct series_list list = count(f, 2 * day_ms);
    const struct series *later = find(f, &list, "kpi_seconds", "session_index>1", SERIES_ANY);
    assert_non_null(later);
    assert_true(sum(later->counts, list.n_slots) == 30);
    assert_true(sum(later->sums, list.n_slots) == 90 && sum(later->squares, list.n_slots) == 270);
}

static void slots_are_whole_days_where_there_are_many(void **state)
{
    struct fixture *f = *state;
    const struct series_list list = count(f, 0);
    assert_true(list.width_ms == day_ms && list.first_ms == new_year_ms);
    assert_int_equal(list.n_slots, 32); /* the last starts on day 31 at midnight */
}

static void too_many_slots_are_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct series_list list;
    const struct series_options how = {.width_ms = 60000, .least_sessions = 1};
    assert_status(LODE_E_USAGE, series_count(&f->run, &how, &f->options, &f->cohorts, &list));
    assert_non_null(strstr(lode_error_text(), "parameter bucket"));
    lode_error_clear();
}

static void widths_are_whole_units_and_about_sixty(void **state)
{
    (void)state;
    const int64_t minute = 60000, hour = 60 * minute;
    assert_int_equal(series_width(0, 10 * minute), minute);
    assert_int_equal(series_width(0, 59 * minute), minute);
    assert_int_equal(series_width(0, 2 * hour), 5 * minute);
    assert_int_equal(series_width(0, 7 * day_ms), 3 * hour);
    assert_int_equal(series_width(-day_ms, 20 * day_ms - day_ms), day_ms); /* not 8 h */
    assert_int_equal(series_width(0, 365 * day_ms), 7 * day_ms);
    assert_int_equal(series_width(0, 20000 * day_ms), 30 * day_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_counted_in_their_slots),
        cmocka_unit_test(numbers_have_sums_and_squares),
        cmocka_unit_test(slots_are_whole_days_where_there_are_many),
        cmocka_unit_test(too_many_slots_are_refused_by_name),
        cmocka_unit_test(widths_are_whole_units_and_about_sixty),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
