/* Pattern counts of a small store, by head: reading, mapping, cohorts, outcomes, partitions. */
#include "tests/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "jobs/opportunities/patterns.h"
#include "tests/jobs/local_map.h"

enum { HOME, PAY, PING, SEARCH, N_NAMES };
enum { IOS, WEB, N_SYSTEMS };
enum { FAIL, SLOW, N_KPIS };
enum { N_SESSIONS = 6, N_EVENTS = 15, MISSING = LODE_KPI_NO_VALUE };

/* Six sessions, each of a user of its own. */
static const int64_t starts[N_SESSIONS + 1] = {0, 3, 6, 8, 10, 10, 15};
static const uint32_t names[N_EVENTS] = {
    HOME, SEARCH, PAY,               /* 0: ios */
    HOME, PING, SEARCH,              /* 1: ios, failed, nobody knows whether slow */
    HOME, HOME,                      /* 2: web, failed, slow */
    SEARCH, PAY,                     /* 3: of no system */
                                     /* 4: web, empty */
    PAY, HOME, SEARCH, HOME, SEARCH, /* 5: web, slow */
};
static const uint32_t systems[N_SESSIONS] = {IOS, IOS, WEB, LODE_NO_CODE, WEB, WEB};
static const uint8_t fail[N_SESSIONS] = {0, 1, 1, 0, 0, 0};
static const uint8_t slow[N_SESSIONS] = {0, MISSING, 1, 0, 0, 1};

struct fixture {
    char folder[64];
    struct lode_arena *arena;
    struct lode_store store;
    struct lode_kpi kpis[N_KPIS];
    struct lode_attribute os;
    struct lode_partition parts[N_SESSIONS];
    struct lode_cluster cluster;
    struct lode_run run;
};

static void put(struct lode_hdf *file, const char *name, enum lode_hdf_type type, int64_t rows,
                const void *data)
{
    const struct lode_hdf_column column = {.name = name, .type = type, .rows = rows, .data = data};
    assert_ok(lode_hdf_put(file, &column));
}

static void put_codes(struct lode_hdf *file, const char *name, int64_t rows, const uint32_t *codes)
{
    const struct lode_hdf_column column = {
        .name = name, .type = LODE_HDF_U8, .rows = rows, .data = codes};
    assert_ok(lode_hdf_put_codes(file, &column));
}

static void put_ids(struct lode_hdf *file, const char *name, int64_t rows)
{
    static const char ids[8 * N_SESSIONS] = {0};
    const struct lode_hdf_column column = {
        .name = name, .type = LODE_HDF_TEXT, .rows = rows, .width = 8, .data = ids};
    assert_ok(lode_hdf_put(file, &column));
}

/* Sessions [first, end) as partition `index`. */
static void put_part(struct fixture *fixture, int64_t first, int64_t end, int64_t index)
{
    static const int64_t zeros[N_EVENTS] = {0};
    int64_t users[N_SESSIONS + 1], events[N_SESSIONS + 1];
    char name[32], path[128];
    struct lode_hdf *file;
    uint64_t checksum, size_bytes;
    const int64_t n = end - first, at = starts[first], n_events = starts[end] - at;
    for (int64_t i = 0; i <= n; i++) {
        users[i] = i;
        events[i] = starts[first + i] - at;
    }
    snprintf(path, sizeof path, "%s/%s", fixture->folder, lode_store_part_name(index, name));
    assert_ok(lode_hdf_create(path, "test", &file));
    put_ids(file, LODE_PART_USER_ID, n);
    put(file, LODE_PART_SESSION_OFFSET, LODE_HDF_I64, n + 1, users);
    put_ids(file, LODE_PART_SESSION_ID, n);
    put(file, LODE_PART_SESSION_START, LODE_HDF_I64, n, zeros);
    put(file, LODE_PART_EVENT_OFFSET, LODE_HDF_I64, n + 1, events);
    put(file, LODE_PART_KPIS "/fail", LODE_HDF_U8, n, fail + first);
    put(file, LODE_PART_KPIS "/slow", LODE_HDF_U8, n, slow + first);
    put_codes(file, LODE_PART_SESSION_ATTRIBUTES "/os", n, systems + first);
    put_codes(file, LODE_PART_EVENT_NAME, n_events, names + at);
    put(file, LODE_PART_EVENT_TIME, LODE_HDF_I64, n_events, zeros);
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hash_file(path, &checksum, &size_bytes));
    char *copy;
    assert_ok(lode_arena_text(fixture->arena, name, strlen(name), &copy));
    fixture->parts[index] = (struct lode_partition){.file = copy,
                                                    .n_users = n,
                                                    .n_sessions = n,
                                                    .n_events = n_events,
                                                    .size_bytes = (int64_t)size_bytes,
                                                    .checksum = checksum};
}

/* Writes the sessions as a store of n_parts partitions and points run at it. */
static void make_store(struct fixture *fixture, int64_t n_parts)
{
    static char *name_words[] = {"home", "pay", "ping", "search"}, *os_words[] = {"ios", "web"};
    static const struct lode_leaf leaves[] = {
        {"opportunities.patterns", patterns_leaf},
        {"opportunities.pattern_pieces", pattern_pieces_leaf},
        {"opportunities.pattern_sums", pattern_sums_leaf},
        {0},
    };
    fixture->kpis[FAIL] = (struct lode_kpi){.name = "fail", .is_binary = true};
    fixture->kpis[SLOW] = (struct lode_kpi){.name = "slow", .is_binary = true, .n_missing = 1};
    fixture->os = (struct lode_attribute){.name = "os",
                                          .dictionary = {.words = os_words, .count = N_SYSTEMS}};
    for (int64_t i = 0; i < n_parts; i++)
        put_part(fixture, N_SESSIONS * i / n_parts, N_SESSIONS * (i + 1) / n_parts, i);
    fixture->store = (struct lode_store){.path = fixture->folder,
                                         .kind = "events",
                                         .n_attributes = 1,
                                         .attributes = &fixture->os,
                                         .n_kpis = N_KPIS,
                                         .kpis = fixture->kpis,
                                         .event_names = {.words = name_words, .count = N_NAMES},
                                         .n_partitions = n_parts,
                                         .partitions = fixture->parts,
                                         .n_users = N_SESSIONS,
                                         .n_sessions = N_SESSIONS,
                                         .n_events = N_EVENTS};
    assert_ok(lode_store_write_index(&fixture->store, fixture->folder));
    fixture->cluster = (struct lode_cluster){.leaves = leaves, .work_directory = fixture->folder};
    fixture->run = (struct lode_run){.store = &fixture->store,
                                     .store_path = fixture->folder,
                                     .arena = fixture->arena,
                                     .cluster = &fixture->cluster,
                                     .map = local_map};
}

static int make_fixture(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.folder = "/tmp/lode-patterns-XXXXXX"};
    if (!mkdtemp(fixture.folder)) return 1;
    *state = &fixture;
    return lode_arena_create(0, &fixture.arena) != LODE_OK;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

static int drop_fixture(void **state)
{
    struct fixture *fixture = *state;
    lode_arena_destroy(fixture->arena);
    return nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Tokens are the event names. */
static const struct pattern_tokens all_names = {.n_tokens = N_NAMES};
static const struct pattern_plan all_sessions = {
    .attribute = -1, .n_cohorts = 1, .n_kpis = 1, .kpis = {FAIL}, .first_k = 1, .last_k = 2};

/* Sessions of one class that hold the pattern of this key; 0 when it is not there. */
static uint32_t sessions_of(const struct pattern_counts *counts, uint64_t key, int class_index)
{
    for (int64_t i = 0; i < counts->n_patterns; i++)
        if (counts->keys[i] == key) return counts->counts[i * counts->n_classes + class_index];
    return 0;
}

static void assert_pair(const struct pattern_counts *counts, uint64_t key, uint32_t normal,
                        uint32_t faulty)
{
    assert_int_equal(2, counts->n_classes);
    assert_int_equal(normal, sessions_of(counts, key, 0));
    assert_int_equal(faulty, sessions_of(counts, key, 1));
}

static void patterns_are_counted_by_outcome_for_each_k(void **state)
{
    struct fixture *fixture = *state;
    struct pattern_counts counts[2], *plans[] = {counts};
    make_store(fixture, 1);
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &all_sessions, 1, UINT64_MAX, plans));
    assert_int_equal(1, counts[0].k);
    assert_int_equal(4, counts[0].n_patterns);
    assert_pair(&counts[0], HOME, 2, 2);
    assert_pair(&counts[0], PAY, 3, 0);
    assert_pair(&counts[0], PING, 0, 1);
    assert_int_equal(10, counts[0].occurrences[0]);
    assert_int_equal(5, counts[0].occurrences[1]);
    assert_int_equal(2, counts[1].k);
    assert_int_equal(7, counts[1].n_patterns);
    assert_pair(&counts[1], HOME * 4 + SEARCH, 2, 0); /* sessions 0 and 5; ping is between in 1 */
    assert_pair(&counts[1], HOME * 4 + HOME, 0, 1);
    assert_pair(&counts[1], SEARCH * 4 + PAY, 2, 0);
}

static void an_ignored_event_lets_its_neighbours_meet(void **state)
{
    struct fixture *fixture = *state;
    enum { BUY, VISIT };
    /* pay and search are buy, home is visit, ping is ignored */
    const uint32_t token_of[] = {VISIT, BUY, LODE_NO_CODE, BUY};
    const struct pattern_tokens tokens = {.n_tokens = 2, .token_of = token_of};
    struct pattern_counts counts[2], *plans[] = {counts};
    make_store(fixture, 2);
    assert_ok(patterns_count(&fixture->run, NULL, &tokens, &all_sessions, 1, UINT64_MAX, plans));
    assert_int_equal(2, counts[0].n_patterns);
    assert_pair(&counts[0], BUY, 3, 1);
    assert_pair(&counts[1], VISIT * 2 + BUY, 2, 1);
    assert_pair(&counts[1], BUY * 2 + BUY, 2, 0);
}

static void a_cohort_counts_its_own_sessions(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t web_only[] = {LODE_NO_CODE, 0}, both[] = {1, 0};
    struct pattern_plan web = all_sessions, all = all_sessions;
    web.attribute = all.attribute = 0;
    web.cohort_of = web_only;
    all.cohort_of = both;
    all.n_cohorts = 2;
    const struct pattern_plan plans[] = {web, all};
    struct pattern_counts of_web[2], of_all[2], *counts[] = {of_web, of_all};
    make_store(fixture, 3);
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, plans, 2, UINT64_MAX, counts));
    assert_int_equal(3, of_web[0].n_patterns);
    assert_pair(&of_web[0], HOME, 1, 1);
    assert_pair(&of_web[0], PAY, 1, 0);
    assert_pair(&of_all[0], HOME, 1, 1);
    assert_pair(&of_all[0], 4 + HOME, 1, 1);              /* ios is cohort 1 */
    assert_pair(&of_all[1], 16 + SEARCH * 4 + PAY, 1, 0); /* not session 3, of no system */
}

static void two_outcomes_make_a_class_with_a_digit_for_each(void **state)
{
    struct fixture *fixture = *state;
    struct pattern_plan plan = all_sessions;
    plan.n_kpis = 2;
    plan.kpis[1] = SLOW;
    struct pattern_counts counts[2], *plans[] = {counts};
    make_store(fixture, 2);
    assert_int_equal(6, pattern_classes(&fixture->store, &plan)); /* slow has "no value" too */
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &plan, 1, UINT64_MAX, plans));
    uint32_t seen[2][3] = {{0}};
    for (int c = 0; c < 6; c++)
        seen[pattern_digit(&fixture->store, &plan, c, 0)]
            [pattern_digit(&fixture->store, &plan, c, 1)] += sessions_of(&counts[0], HOME, c);
    assert_int_equal(1, seen[0][0]); /* session 0 */
    assert_int_equal(1, seen[0][1]); /* session 5 */
    assert_int_equal(1, seen[1][1]); /* session 2 */
    assert_int_equal(1, seen[1][2]); /* session 1: nobody knows */
    assert_int_equal(0, seen[0][2] + seen[1][0]);
}

static void assert_same_counts(const struct pattern_counts *one, const struct pattern_counts *two)
{
    const size_t rows = (size_t)one->n_patterns;
    assert_int_equal(rows, two->n_patterns);
    assert_memory_equal(one->keys, two->keys, rows * sizeof *one->keys);
    assert_memory_equal(one->counts, two->counts, rows * 2 * sizeof *one->counts);
    assert_memory_equal(one->occurrences, two->occurrences, sizeof one->occurrences);
}

static void partitions_their_order_and_who_sums_change_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct pattern_counts whole[2], parts[2], *plans[] = {whole}, *again[] = {parts};
    make_store(fixture, 1);
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &all_sessions, 1, UINT64_MAX, plans));
    for (int64_t n = 2; n <= 2 * N_SESSIONS; n++) {
        make_store(fixture, (n + 1) / 2);
        fixture->cluster.backwards = n % 2 == 0;
        fixture->cluster.twice = n % 3 == 0;
        assert_ok(patterns_count(&fixture->run, NULL, &all_names, &all_sessions, 1,
                                 n % 2 == 0 ? UINT64_MAX : 0, again));
        for (int i = 0; i < 2; i++) assert_same_counts(&whole[i], &parts[i]);
    }
}

static void workers_that_sum_leave_out_what_no_kpi_needs(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t one_faulty[] = {1}, never[] = {UINT64_MAX};
    struct pattern_plan plan = all_sessions;
    struct pattern_counts whole[2], kept[2], *plans[] = {whole}, *again[] = {kept};
    make_store(fixture, 3);
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &plan, 1, UINT64_MAX, plans));
    plan.least_faulty = one_faulty;
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &plan, 1, 0, again));
    assert_same_counts(&whole[0], &kept[0]); /* single events are all needed */
    int64_t n = 0;
    for (int64_t i = 0; i < whole[1].n_patterns; i++) {
        if (whole[1].counts[2 * i + 1] == 0) continue;
        assert_int_equal(whole[1].keys[i], kept[1].keys[n]);
        assert_memory_equal(&whole[1].counts[2 * i], &kept[1].counts[2 * n], 8);
        n++;
    }
    assert_true(n > 0 && n < whole[1].n_patterns);
    int64_t pairs = 0; /* of those left out: normal sessions alone have them */
    for (int64_t i = 0; i < whole[1].n_patterns; i++)
        if (whole[1].counts[2 * i + 1] == 0) pairs += whole[1].counts[2 * i];
    assert_int_equal(whole[1].n_patterns - n, kept[1].left_out[0].distinct);
    assert_int_equal(pairs, kept[1].left_out[0].pairs);
    assert_int_equal(n, kept[1].n_patterns);
    assert_int_equal(whole[1].occurrences[0], kept[1].occurrences[0]);
    plan.least_faulty = never;
    assert_ok(patterns_count(&fixture->run, NULL, &all_names, &plan, 1, 0, again));
    assert_int_equal(0, kept[1].n_patterns);
}

static void a_key_space_too_large_is_refused_before_any_task(void **state)
{
    struct fixture *fixture = *state;
    const struct pattern_tokens tokens = {.n_tokens = 1200000};
    struct pattern_plan plan = all_sessions;
    plan.last_k = 4;
    struct pattern_counts counts[4], *plans[] = {counts};
    make_store(fixture, 1);
    assert_status(LODE_E_USAGE,
                  patterns_count(&fixture->run, NULL, &tokens, &plan, 1, UINT64_MAX, plans));
    assert_int_equal(0, fixture->cluster.n_tasks);
    assert_non_null(strstr(lode_error_text(), "use a smaller k"));
}

static void too_many_sessions_are_refused_before_any_task(void **state)
{
    struct fixture *fixture = *state;
    struct pattern_counts counts[2], *plans[] = {counts};
    make_store(fixture, 1);
    fixture->store.n_sessions = (int64_t)UINT32_MAX + 1;
    assert_status(LODE_E_USAGE, patterns_count(&fixture->run, NULL, &all_names, &all_sessions, 1,
                                               UINT64_MAX, plans));
    assert_int_equal(0, fixture->cluster.n_tasks);
    assert_non_null(strstr(lode_error_text(), "4,294,967,296 sessions"));
}

static void a_missing_outcome_that_the_index_denies_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    struct pattern_plan plan = all_sessions;
    struct pattern_counts counts[2], *plans[] = {counts};
    make_store(fixture, 1);
    plan.kpis[0] = SLOW;
    fixture->kpis[SLOW].n_missing = 0;
    assert_status(LODE_E_INPUT,
                  patterns_count(&fixture->run, NULL, &all_names, &plan, 1, UINT64_MAX, plans));
    assert_non_null(strstr(lode_error_text(), "'slow'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(patterns_are_counted_by_outcome_for_each_k, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(an_ignored_event_lets_its_neighbours_meet, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_cohort_counts_its_own_sessions, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(two_outcomes_make_a_class_with_a_digit_for_each,
                                        make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(partitions_their_order_and_who_sums_change_nothing,
                                        make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(workers_that_sum_leave_out_what_no_kpi_needs, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_key_space_too_large_is_refused_before_any_task,
                                        make_fixture, drop_fixture),
        cmocka_unit_test_setup_teardown(too_many_sessions_are_refused_before_any_task, make_fixture,
                                        drop_fixture),
        cmocka_unit_test_setup_teardown(a_missing_outcome_that_the_index_denies_is_an_error,
                                        make_fixture, drop_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
