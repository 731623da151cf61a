/* Generator: same bytes for equal seeds however it is cut, planted shares as promised, and nothing
 * that depends on a KPI where nothing is planted. Shares are counted in the text that was made;
 * bounds are five standard deviations of the binomial, so a wrong seed does not make a test flaky.
 */
#include "tests/unit.h"

#include "jobs/gen/block.h"
#include "jobs/gen/plant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gen_events_options options_of(bool plant)
{
    struct gen_events_options options;
    gen_events_defaults(&options);
    options.seed = 7;
    if (!plant) options.planted = 0;
    return options;
}

/* The rows of some users, each file zero-terminated. */
struct text {
    struct lode_bytes sessions, events;
};

static void text_make(const struct gen_events_options *options, int64_t first, int64_t count,
                      struct text *text)
{
    assert_ok(gen_events_block(options, first, count, &text->sessions, &text->events));
}

static void text_end(struct text *text)
{
    assert_ok(lode_bytes_append(&text->sessions, "", 1));
    assert_ok(lode_bytes_append(&text->events, "", 1));
}

static void text_clear(struct text *text)
{
    lode_bytes_clear(&text->sessions);
    lode_bytes_clear(&text->events);
}

static bool same(const struct lode_bytes *a, const struct lode_bytes *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void users_are_the_same_however_they_are_cut_into_blocks(void **state)
{
    (void)state;
    struct text whole = {0}, parts = {0};
    const struct gen_events_options options = options_of(true);
    text_make(&options, 0, 30, &whole);
    text_make(&options, 0, 7, &parts);
    text_make(&options, 7, 1, &parts);
    text_make(&options, 8, 22, &parts);
    assert_true(same(&whole.sessions, &parts.sessions));
    assert_true(same(&whole.events, &parts.events));
    text_clear(&whole);
    text_clear(&parts);
}

static void another_seed_gives_other_rows(void **state)
{
    (void)state;
    struct text a = {0}, b = {0};
    struct gen_events_options options = options_of(true);
    text_make(&options, 0, 5, &a);
    options.seed++;
    text_make(&options, 0, 5, &b);
    assert_false(same(&a.sessions, &b.sessions));
    assert_false(same(&a.events, &b.events));
    text_clear(&a);
    text_clear(&b);
}

/* One session as its rows say it; `events` is "|a|b|c|". */
struct row {
    char id[32], user[32], device[16], os[16], os_version[16], country[8], version[8];
    long long start_ms;
    int payment_failed, crash, error;
    double duration_s;
    int n_events;
    long long first_ms, last_ms;
    char events[4096];
};

static char *line_after(char *line)
{
    char *end = strchr(line, '\n');
    assert_non_null(end);
    *end = '\0';
    return end + 1;
}

static char *read_events(char *at, struct row *row)
{
    const size_t id_size = strlen(row->id);
    size_t used = 1;
    snprintf(row->events, sizeof row->events, "|");
    row->n_events = 0;
    while (strncmp(at, row->id, id_size) == 0 && at[id_size] == ',') {
        char *next = line_after(at);
        char user[32], name[64];
        long long time_ms = 0;
        assert_int_equal(3, sscanf(at + id_size, ",%31[^,],%lld,%63[^,\n]", user, &time_ms, name));
        assert_string_equal(row->user, user);
        if (row->n_events++ == 0) row->first_ms = row->last_ms = time_ms;
        assert_true(time_ms >= row->last_ms);
        row->last_ms = time_ms;
        used += (size_t)snprintf(row->events + used, sizeof row->events - used, "%s|", name);
        assert_true(used < sizeof row->events);
        at = next;
    }
    return at;
}

typedef void (*row_fn)(const struct row *row, const struct row *before, void *context);

/* Calls `each` with every session and the one before it (of whatever user). */
static void for_each_session_of(const struct gen_events_options *options, row_fn each,
                                void *context)
{
    struct text text = {0};
    struct row row = {0}, before = {0};
    text_make(options, 0, options->users, &text);
    text_end(&text);
    char *events = (char *)text.events.data;
    for (char *at = (char *)text.sessions.data; *at;) {
        char *next = line_after(at);
        assert_int_equal(
            12,
            sscanf(at, "%31[^,],%31[^,],%lld,%15[^,],%15[^,],%15[^,],%7[^,],%7[^,],%d,%d,%d,%lf",
                   row.id, row.user, &row.start_ms, row.device, row.os, row.os_version, row.country,
                   row.version, &row.payment_failed, &row.crash, &row.error, &row.duration_s));
        events = read_events(events, &row);
        each(&row, &before, context);
        before = row;
        at = next;
    }
    assert_true(*events == '\0'); /* every event belongs to a session */
    text_clear(&text);
}

static void for_each_session(bool plant, int64_t users, row_fn each, void *context)
{
    struct gen_events_options options = options_of(plant);
    options.users = users;
    for_each_session_of(&options, each, context);
}

static bool is_new_user(const struct row *row, const struct row *before)
{
    return strcmp(row->user, before->user) != 0;
}

static bool is_after_gap(const struct row *row, const struct row *before)
{
    return !is_new_user(row, before) && row->start_ms - before->start_ms > 30LL * 86400000;
}

static void check_row(const struct row *row, const struct row *before, void *context)
{
    (void)context;
    assert_in_range(row->n_events, 2, 66);
    assert_true(row->first_ms == row->start_ms);
    assert_true(row->last_ms == row->start_ms + llround(row->duration_s * 1000));
    if (!is_new_user(row, before)) assert_true(row->start_ms > before->start_ms);
    if (!is_new_user(row, before)) assert_string_equal(row->country, before->country);
}

static void sessions_are_ordered_and_as_long_as_they_say(void **state)
{
    (void)state;
    for_each_session(true, 300, check_row, NULL);
}

static void count_size(const struct row *row, const struct row *before, void *context)
{
    int64_t *counts = context;
    (void)before;
    counts[0]++;
    counts[1] += row->n_events;
}

/* Standard deviation of sessions a user is about 10.5, so 0.24 for the mean of 2,000. */
static void users_have_eleven_sessions_and_ninety_events(void **state)
{
    (void)state;
    int64_t counts[2] = {0};
    for_each_session(true, 2000, count_size, counts);
    assert_in_range(counts[0], 2000 * 98 / 10, 2000 * 122 / 10);
    assert_in_range(counts[1], 2000 * 80, 2000 * 105);
}

struct share {
    int64_t with, all;
};

static void share_add(struct share *share, bool has)
{
    share->with += has;
    share->all++;
}

static void assert_share(const struct share *share, double promised)
{
    const double n = (double)share->all;
    assert_true(share->all > 0);
    const double most = 5.0 * sqrt(promised * (1.0 - promised) / n);
    if (fabs((double)share->with / n - promised) > most)
        fail_msg("%.4f of %lld, promised %.4f +- %.4f", (double)share->with / n,
                 (long long)share->all, promised, most);
}

struct shares {
    struct share sequence[2], event[2], inside[2], outside[2]; /* [faulty] */
    struct share payment_first, payment_brazil, payment_else, crash_gap, crash_else;
    double tablet_s, else_s;
    int64_t tablets, elses;
};

static void count_shares(const struct row *row, const struct row *before, void *context)
{
    struct shares *shares = context;
    const bool is_brazil = strcmp(row->country, "BR") == 0, is_first = is_new_user(row, before);
    const bool is_tablet = strcmp(row->device, "tablet") == 0;
    const bool wallet = strstr(row->events, "|open_wallet|wallet_token_expired|");
    share_add(&shares->sequence[row->payment_failed],
              strstr(row->events, "|buy_plan|web_cors_error|timeout_error|"));
    share_add(&shares->event[row->crash], strstr(row->events, "|low_memory_warning|"));
    if (strcmp(row->version, "5.2") == 0)
        share_add(&shares->inside[row->crash], wallet);
    else
        share_add(&shares->outside[row->crash], wallet);
    if (is_first && !is_brazil) share_add(&shares->payment_first, row->payment_failed);
    if (!is_first && is_brazil) share_add(&shares->payment_brazil, row->payment_failed);
    if (!is_first && !is_brazil) share_add(&shares->payment_else, row->payment_failed);
    if (is_after_gap(row, before))
        share_add(&shares->crash_gap, row->crash);
    else
        share_add(&shares->crash_else, row->crash);
    *(is_tablet ? &shares->tablet_s : &shares->else_s) += row->duration_s;
    *(is_tablet ? &shares->tablets : &shares->elses) += 1;
}

/* Sessions of android 13, and those of app version 5.4 early and late. */
struct error_shares {
    struct share first, returning, elsewhere, early, late;
    int64_t sessions, users;
};

static const long long day_ms = 86400000, begin_ms = 1767225600000;

static void count_errors(const struct row *row, const struct row *before, void *context)
{
    struct error_shares *shares = context;
    const bool is_first = is_new_user(row, before);
    shares->sessions++;
    shares->users += is_first;
    if (strcmp(row->version, "5.4") == 0) {
        if (row->start_ms < begin_ms + 10 * day_ms) share_add(&shares->early, row->error);
        if (row->start_ms >= begin_ms + 50 * day_ms) share_add(&shares->late, row->error);
    }
    if (strcmp(row->os_version, "android 13") != 0)
        share_add(&shares->elsewhere, row->error);
    else
        share_add(is_first ? &shares->first : &shares->returning, row->error);
}

static void returning_users_of_one_os_version_fail_more_often(void **state)
{
    (void)state;
    struct error_shares shares = {0};
    struct gen_events_options options = options_of(true);
    options.users = 6000;
    options.sessions_per_user = 1.5;
    assert_ok(plant_read("paper", &options.planted));
    for_each_session_of(&options, count_errors, &shares);
    assert_share(&shares.first, 0.05);
    assert_share(&shares.returning, 0.15);
    assert_share(&shares.elsewhere, 0.05);
    const double mean = (double)shares.sessions / (double)shares.users;
    assert_true(mean > 1.45 && mean < 1.55);
}

/* Where it grows from 1 to 3 times, the first sixth of the time has 1.17 times the rate and the
 * last one 2.83 times. */
static void errors_of_one_app_version_rise_steadily(void **state)
{
    (void)state;
    struct error_shares shares = {0};
    struct gen_events_options options = options_of(true);
    options.users = 5000;
    assert_ok(plant_read("rising_error", &options.planted));
    for_each_session_of(&options, count_errors, &shares);
    assert_share(&shares.early, 0.05 * (1 + 2.0 / 12));
    assert_share(&shares.late, 0.05 * (1 + 2.0 * 11 / 12));
    assert_share(&shares.first, (double)shares.returning.with / (double)shares.returning.all);
}

static void what_to_plant_is_a_list_of_kinds(void **state)
{
    (void)state;
    uint32_t set = 7;
    assert_ok(plant_read("none", &set));
    assert_int_equal(0, set);
    assert_ok(plant_read("all", &set));
    assert_int_equal((1 << PLANT_THINGS) - 1, set);
    assert_ok(plant_read("usual,returning_on_os", &set));
    assert_int_equal(PLANT_ALL, set);
    assert_ok(plant_read("usual", &set));
    assert_int_equal(PLANT_ALL - PLANT_RETURNING_ON_OS, set);
    assert_ok(plant_read("sequence,first_session", &set));
    assert_int_equal(1 << 0 | 1 << PLANT_BEHAVIOURS, set);
    assert_status(LODE_E_USAGE, plant_read("sequence,rising_eror", &set));
    assert_non_null(strstr(lode_error_text(), "did you mean 'rising_error'?"));
    assert_status(LODE_E_USAGE, plant_read("", &set));
    assert_status(LODE_E_USAGE, plant_read("sequence,", &set));
}

/* A behaviour also comes by chance, so rarely that the bounds swallow it, but for the single event:
 * one of 16 x 40 events is drawn as any of 40, that is 0.5 to 1.2 % of the sessions. */
static void planted_shares_are_as_promised(void **state)
{
    (void)state;
    struct shares shares = {0};
    for_each_session(true, 3000, count_shares, &shares);
    assert_share(&shares.sequence[1], 0.20);
    assert_share(&shares.sequence[0], 0.004);
    assert_share(&shares.event[1], 0.30);
    assert_in_range(shares.event[0].with * 1000 / shares.event[0].all, 20, 35);
    assert_share(&shares.inside[1], 0.30);
    assert_share(&shares.inside[0], 0.01);
    assert_share(&shares.outside[1], 0.01);
    assert_share(&shares.payment_first, 0.05 * 1.8);
    assert_share(&shares.payment_brazil, 0.05 * 2.0);
    assert_share(&shares.payment_else, 0.05);
    assert_share(&shares.crash_gap, 0.05 * 3.0);
    assert_share(&shares.crash_else, 0.05);
    const double ratio =
        shares.tablet_s / (double)shares.tablets * (double)shares.elses / shares.else_s;
    assert_true(ratio > 1.35 && ratio < 1.65);
}

static void nothing_differs_where_nothing_is_planted(void **state)
{
    (void)state;
    struct shares shares = {0};
    for_each_session(false, 3000, count_shares, &shares);
    assert_share(&shares.sequence[1], 0.004);
    assert_share(&shares.inside[1], 0.01);
    assert_in_range(shares.event[1].with * 1000 / shares.event[1].all, 10, 45);
    assert_share(&shares.payment_first, 0.05);
    assert_share(&shares.payment_brazil, 0.05);
    assert_share(&shares.payment_else, 0.05);
    assert_share(&shares.crash_gap, 0.05);
    assert_share(&shares.crash_else, 0.05);
}

struct lengths {
    double sum[2], squares[2], n[2]; /* [faulty] of numbers of events */
};

static void count_lengths(const struct row *row, const struct row *before, void *context)
{
    struct lengths *lengths = context;
    const int side = row->payment_failed | row->crash;
    (void)before;
    lengths->sum[side] += row->n_events;
    lengths->squares[side] += (double)row->n_events * row->n_events;
    lengths->n[side] += 1;
}

static void session_length_says_nothing_about_kpis_where_nothing_is_planted(void **state)
{
    (void)state;
    struct lengths lengths = {0};
    double mean[2], variance[2];
    for_each_session(false, 3000, count_lengths, &lengths);
    for (int side = 0; side < 2; side++) {
        mean[side] = lengths.sum[side] / lengths.n[side];
        variance[side] = lengths.squares[side] / lengths.n[side] - mean[side] * mean[side];
    }
    const double deviation = sqrt(variance[0] / lengths.n[0] + variance[1] / lengths.n[1]);
    assert_true(fabs(mean[1] - mean[0]) < 4.0 * deviation);
}

static void truth_names_what_is_planted_and_only_that(void **state)
{
    (void)state;
    struct lode_bytes planted = {0}, nothing = {0};
    struct gen_events_options options = options_of(true);
    options.planted = PLANT_ALL;
    assert_ok(plant_truth(&options, &planted));
    options.planted = 0;
    assert_ok(plant_truth(&options, &nothing));
    assert_ok(lode_bytes_append(&planted, "", 1));
    assert_ok(lode_bytes_append(&nothing, "", 1));
    assert_string_equal("{\"users\": 2000, \"seed\": 7, \"faulty_rate\": 0.05, \"planted\": []}\n",
                        (char *)nothing.data);
    assert_non_null(strstr((char *)planted.data, "\"buy_plan|web_cors_error|timeout_error\""));
    assert_non_null(strstr((char *)planted.data, "\"cohort\": \"app_version=5.2\""));
    assert_non_null(strstr((char *)planted.data, "\"session_index>1&android 13\""));
    lode_bytes_clear(&planted);
    lode_bytes_clear(&nothing);
}

/* The job itself, with a map that runs the leaf in this process. */
static lode_status map_here(struct lode_cluster *cluster, const struct lode_stage *stage,
                            lode_merge_fn merge, void *context)
{
    (void)cluster;
    for (int64_t i = 0; i < stage->n_tasks; i++) {
        struct lode_bytes output = {0};
        struct lode_task task = {.index = i,
                                 .params = stage->params.data,
                                 .params_size = stage->params.size,
                                 .output = &output};
        lode_status status = gen_events_job.leaves[0].run(&task);
        if (!status) status = merge(context, i, output.data, output.size);
        lode_bytes_clear(&output);
        if (status) return status;
    }
    return LODE_OK;
}

static void job_writes_the_rows_of_all_blocks_under_one_header(void **state)
{
    (void)state;
    char folder[] = "/tmp/lode-test-gen-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    struct gen_events_options options = options_of(true);
    options.users = 2 * GEN_BLOCK_USERS + 3; /* the last block is short */
    struct lode_run run = {.directory = folder, .options = &options, .map = map_here};
    assert_ok(gen_events_job.run(&run));

    struct text expected = {0};
    assert_ok(lode_bytes_printf(&expected.sessions, "%s", gen_sessions_header));
    assert_ok(lode_bytes_printf(&expected.events, "%s", gen_events_header));
    text_make(&options, 0, options.users, &expected);
    const char *const names[] = {"sessions.csv", "events.csv", "truth.json"};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        const struct lode_bytes *rows = i == 0 ? &expected.sessions : &expected.events;
        char *read = malloc(rows->size + 1);
        const size_t size = fread(read, 1, rows->size + 1, file);
        if (i < 2) assert_int_equal(rows->size, size);
        if (i < 2) assert_memory_equal(rows->data, read, size);
        free(read);
        fclose(file);
        remove(path);
    }
    assert_int_equal(0, remove(folder)); /* nothing else was left there */
    text_clear(&expected);
}

static void job_refuses_numbers_out_of_range(void **state)
{
    (void)state;
    struct gen_events_options options = options_of(true);
    struct lode_run run = {.directory = "/nonexistent", .options = &options, .map = map_here};
    options.users = 0;
    assert_status(LODE_E_USAGE, gen_events_job.run(&run));
    options.users = 1;
    options.faulty_rate = 0.3;
    assert_status(LODE_E_USAGE, gen_events_job.run(&run));
    options.faulty_rate = 0.05;
    options.sessions_per_user = 0.5;
    assert_status(LODE_E_USAGE, gen_events_job.run(&run));
    options.sessions_per_user = 1;
    assert_status(LODE_E_DISK, gen_events_job.run(&run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_the_same_however_they_are_cut_into_blocks),
        cmocka_unit_test(another_seed_gives_other_rows),
        cmocka_unit_test(sessions_are_ordered_and_as_long_as_they_say),
        cmocka_unit_test(users_have_eleven_sessions_and_ninety_events),
        cmocka_unit_test(planted_shares_are_as_promised),
        cmocka_unit_test(returning_users_of_one_os_version_fail_more_often),
        cmocka_unit_test(errors_of_one_app_version_rise_steadily),
        cmocka_unit_test(what_to_plant_is_a_list_of_kinds),
        cmocka_unit_test(nothing_differs_where_nothing_is_planted),
        cmocka_unit_test(session_length_says_nothing_about_kpis_where_nothing_is_planted),
        cmocka_unit_test(truth_names_what_is_planted_and_only_that),
        cmocka_unit_test(job_writes_the_rows_of_all_blocks_under_one_header),
        cmocka_unit_test(job_refuses_numbers_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
