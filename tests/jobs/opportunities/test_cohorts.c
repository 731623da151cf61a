/* Cohort counts of small stores, by head and against a plain loop.
 *
 * A store is written for each case and cut into partitions by users; the leaf runs in this process,
 * in the place of the engine.
 */
#include "tests/unit.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/hash.h"
#include "jobs/opportunities/cohorts.h"

enum { MOST_USERS = 300, MOST_SESSIONS = 3000, DAY = 86400000, NONE = LODE_KPI_NO_VALUE };
#define no_value ((double)NAN) /* a constant of the language, for initialisers */

/* Sessions of all users, user after user. */
struct data {
    int64_t n_users, n_sessions;
    int64_t offsets[MOST_USERS + 1];
    uint32_t country[MOST_USERS]; /* attribute of the user */
    int64_t start[MOST_SESSIONS];
    uint8_t fault[MOST_SESSIONS];
    double seconds[MOST_SESSIONS];
    uint32_t os[MOST_SESSIONS]; /* attribute of the session */
};

struct fixture {
    char folder[64];
    struct lode_arena *arena;
};

/* Putting a store on disk */

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
    static const char ids[8 * MOST_SESSIONS];
    const struct lode_hdf_column column = {
        .name = name, .type = LODE_HDF_TEXT, .rows = rows, .width = 8, .data = ids};
    assert_ok(lode_hdf_put(file, &column));
}

/* Users [first, end) as partition `index`. */
static void put_part(const struct fixture *fixture, const struct data *data, int64_t first,
                     int64_t end, int64_t index, struct lode_partition *entry)
{
    char name[32], path[128];
    int64_t offsets[MOST_USERS + 1], no_events[MOST_SESSIONS + 1] = {0};
    const int64_t at = data->offsets[first], n_sessions = data->offsets[end] - at;
    struct lode_hdf *file;
    uint64_t size_bytes;
    for (int64_t user = first; user <= end; user++)
        offsets[user - first] = data->offsets[user] - at;
    snprintf(path, sizeof path, "%s/%s", fixture->folder, lode_store_part_name(index, name));
    assert_ok(lode_hdf_create(path, "test", &file));
    put_ids(file, LODE_PART_USER_ID, end - first);
    put(file, LODE_PART_SESSION_OFFSET, LODE_HDF_I64, end - first + 1, offsets);
    put_codes(file, LODE_PART_USER_ATTRIBUTES "/country", end - first, data->country + first);
    put_ids(file, LODE_PART_SESSION_ID, n_sessions);
    put(file, LODE_PART_SESSION_START, LODE_HDF_I64, n_sessions, data->start + at);
    put(file, LODE_PART_EVENT_OFFSET, LODE_HDF_I64, n_sessions + 1, no_events);
    put(file, LODE_PART_KPIS "/kpi_fault", LODE_HDF_U8, n_sessions, data->fault + at);
    put(file, LODE_PART_KPIS "/kpi_s", LODE_HDF_F64, n_sessions, data->seconds + at);
    put_codes(file, LODE_PART_SESSION_ATTRIBUTES "/os", n_sessions, data->os + at);
    put_codes(file, LODE_PART_EVENT_NAME, 0, data->os);
    put(file, LODE_PART_EVENT_TIME, LODE_HDF_I64, 0, data->start);
    assert_ok(lode_hdf_commit(file));
    assert_ok(lode_hash_file(path, &entry->checksum, &size_bytes));
    assert_ok(lode_arena_text(fixture->arena, name, strlen(name), (char **)(void *)&entry->file));
    entry->n_users = end - first;
    entry->n_sessions = n_sessions;
    entry->size_bytes = (int64_t)size_bytes;
}

/* The engine's place */

struct lode_cluster {
    struct lode_arena *arena;
    int64_t cut; /* bytes taken off the end of each result */
};

static lode_status map_here(struct lode_cluster *cluster, const struct lode_stage *stage,
                            lode_merge_fn merge, void *context)
{
    lode_status status = LODE_OK;
    struct lode_bytes output = {0};
    atomic_llong progress = 0;
    const atomic_bool stop = false;
    struct lode_task_private engine = {.progress = &progress, .stop = &stop};
    assert_string_equal(stage->leaf, "opportunities.cohorts");
    for (int64_t i = 0; i < stage->n_tasks; i++) {
        struct lode_task task = {.index = i,
                                 .params = stage->params.data,
                                 .params_size = stage->params.size,
                                 .arena = cluster->arena,
                                 .output = &output,
                                 .engine = &engine};
        output.size = 0;
        lode_try_done(cohorts_leaf(&task));
        lode_arena_reset(cluster->arena);
        lode_try_done(merge(context, i, output.data, output.size - (size_t)cluster->cut));
    }
done:
    lode_bytes_clear(&output);
    return status;
}

/* Counts of `data` in n_parts partitions; cut: see lode_cluster. */
static lode_status count(const struct fixture *fixture, const struct data *data, int64_t n_parts,
                         int64_t cut, struct cohort_counts *counts)
{
    static char *countries[] = {"at", "de", "ch"}, *systems[] = {"bsd", "linux"};
    struct lode_attribute attributes[] = {
        {.name = "country", .of_user = true, .dictionary = {.words = countries, .count = 3}},
        {.name = "os", .of_user = false, .dictionary = {.words = systems, .count = 2}},
    };
    struct lode_kpi kpis[] = {{.name = "kpi_fault", .is_binary = true}, {.name = "kpi_s"}};
    for (int64_t s = 0; s < data->n_sessions; s++) {
        kpis[0].n_missing += data->fault[s] == LODE_KPI_NO_VALUE;
        kpis[1].n_missing += isnan(data->seconds[s]);
    }
    struct lode_partition parts[8] = {0};
    struct lode_store store = {.path = (char *)fixture->folder,
                               .kind = "events",
                               .n_attributes = 2,
                               .attributes = attributes,
                               .n_kpis = 2,
                               .kpis = kpis,
                               .n_partitions = n_parts,
                               .partitions = parts};
    for (int64_t i = 0; i < n_parts; i++)
        put_part(fixture, data, data->n_users * i / n_parts, data->n_users * (i + 1) / n_parts, i,
                 &parts[i]);
    assert_ok(lode_store_write_index(&store, fixture->folder));

    struct lode_cluster cluster = {.cut = cut};
    assert_ok(lode_arena_create(0, &cluster.arena));
    struct lode_run run = {.store = &store,
                           .store_path = fixture->folder,
                           .arena = fixture->arena,
                           .cluster = &cluster,
                           .map = map_here};
    const int64_t both[] = {0, 1};
    const struct cohort_options options = {
        .n_kpis = 2, .kpis = both, .sparse_after_ms = 30LL * DAY, .first_sessions = 4};
    const lode_status status = cohorts_count(&run, &options, counts);
    lode_arena_destroy(cluster.arena);
    return status;
}

static const struct cohort_cell *cell(const struct cohort_counts *counts, const char *attribute,
                                      const char *value, int kpi)
{
    for (int64_t s = 0; s < counts->n_sets; s++) {
        const struct cohort_set *set = &counts->sets[s];
        if (strcmp(set->attribute, attribute) != 0) continue;
        for (int64_t v = 0; v < set->n_values; v++)
            if (strcmp(set->values[v], value) == 0) return &set->cells[v * counts->n_kpis + kpi];
    }
    fail_msg("no cohort %s=%s", attribute, value);
    return NULL;
}

static void assert_cell(const struct cohort_counts *counts, const char *attribute,
                        const char *value, int kpi, struct cohort_cell expected)
{
    const struct cohort_cell *seen = cell(counts, attribute, value, kpi);
    if (seen->users != expected.users || seen->sessions != expected.sessions ||
        seen->faulty != expected.faulty || seen->sum != expected.sum ||
        seen->sum_squares != expected.sum_squares)
        fail_msg("%s=%s: %lld users, %lld sessions, %lld faulty, sum %g, squares %g", attribute,
                 value, (long long)seen->users, (long long)seen->sessions, (long long)seen->faulty,
                 seen->sum, seen->sum_squares);
}

static int make_fixture(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.folder = "/tmp/lode-cohorts-XXXXXX"};
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

/* Three users. The first comes back after 39 days (a gap), the last after 30 (none). Session 4 has
 * no outcome, session 2 no seconds and session 6 no os; user 2 has no country. */
static const struct data three_users = {
    .n_users = 3,
    .n_sessions = 6,
    .offsets = {0, 3, 4, 6},
    .country = {1, LODE_NO_CODE, 1},
    .start = {0, DAY, 40LL * DAY, 5LL * DAY, 0, 30LL * DAY},
    .fault = {1, 0, 1, NONE, 0, 1},
    .seconds = {1, no_value, 3, 4, 5, 6},
    .os = {0, 0, 1, 1, 1, LODE_NO_CODE},
};

static void attributes_of_sessions_and_users_are_counted(void **state)
{
    struct cohort_counts counts;
    assert_ok(count(*state, &three_users, 1, 0, &counts));
    assert_int_equal(counts.n_sets, 3);
    assert_cell(&counts, "country", "de", 0, (struct cohort_cell){2, 5, 3, 3, 3});
    assert_cell(&counts, "country", "de", 1, (struct cohort_cell){2, 4, 0, 15, 71});
    assert_cell(&counts, "country", "at", 0, (struct cohort_cell){0});
    assert_cell(&counts, "os", "bsd", 0, (struct cohort_cell){1, 2, 1, 1, 1});
    assert_cell(&counts, "os", "bsd", 1, (struct cohort_cell){1, 1, 0, 1, 1});
    assert_cell(&counts, "os", "linux", 0, (struct cohort_cell){2, 2, 1, 1, 1});
    assert_cell(&counts, "os", "linux", 1, (struct cohort_cell){3, 3, 0, 12, 50});
}

static void a_session_without_a_value_is_left_out_with_its_user(void **state)
{
    struct cohort_counts counts;
    assert_ok(count(*state, &three_users, 1, 0, &counts));
    assert_cell(&counts, "lifecycle", "all", 0, (struct cohort_cell){2, 5, 3, 3, 3});
    assert_cell(&counts, "lifecycle", "all", 1, (struct cohort_cell){3, 5, 0, 19, 87});
    assert_int_equal(counts.all[0].users, 2);
    assert_int_equal(counts.all[1].sessions, 5);
}

static void the_life_cycle_is_counted(void **state)
{
    struct cohort_counts counts;
    assert_ok(count(*state, &three_users, 1, 0, &counts));
    assert_cell(&counts, "lifecycle", "session_index=1", 0, (struct cohort_cell){2, 2, 1, 1, 1});
    assert_cell(&counts, "lifecycle", "session_index=1", 1, (struct cohort_cell){3, 3, 0, 10, 42});
    assert_cell(&counts, "lifecycle", "session_index=2", 1, (struct cohort_cell){1, 1, 0, 6, 36});
    assert_cell(&counts, "lifecycle", "session_index>=3", 0, (struct cohort_cell){1, 1, 1, 1, 1});
    assert_cell(&counts, "lifecycle", "session_index>1", 0, (struct cohort_cell){2, 3, 2, 2, 2});
    assert_cell(&counts, "lifecycle", "session_index<=2", 0, (struct cohort_cell){2, 4, 2, 2, 2});
    assert_cell(&counts, "lifecycle", "sparse_user", 0, (struct cohort_cell){1, 3, 2, 2, 2});
    assert_cell(&counts, "lifecycle", "not_sparse_user", 0, (struct cohort_cell){1, 2, 1, 1, 1});
    assert_cell(&counts, "lifecycle", "session_after_gap", 0, (struct cohort_cell){1, 1, 1, 1, 1});
    assert_cell(&counts, "lifecycle", "session_not_after_gap", 0,
                (struct cohort_cell){2, 4, 2, 2, 2});
    assert_cell(&counts, "lifecycle", "session_index<=4", 0, (struct cohort_cell){2, 5, 3, 3, 3});
    assert_cell(&counts, "lifecycle", "session_index>4", 0, (struct cohort_cell){0});
}

static void a_partition_without_sessions_counts_nothing(void **state)
{
    struct data nobody = {.n_users = 1, .country = {0}};
    struct cohort_counts counts;
    assert_ok(count(*state, &nobody, 1, 0, &counts));
    assert_cell(&counts, "lifecycle", "all", 0, (struct cohort_cell){0});
    nobody.n_users = 0;
    assert_ok(count(*state, &nobody, 1, 0, &counts));
    assert_cell(&counts, "country", "at", 1, (struct cohort_cell){0});
}

static void a_result_that_is_cut_short_is_refused(void **state)
{
    struct cohort_counts counts = {.n_sets = 77};
    for (int64_t cut = 1; cut < 40; cut++)
        assert_status(LODE_E_MESSAGE, count(*state, &three_users, 1, cut, &counts));
    assert_int_equal(counts.n_sets, 77);
}

/* 1 is lost beside 1e16 in plain sums, in a partition and between partitions. */
static void sums_lose_nothing_beside_a_large_value(void **state)
{
    struct data data = three_users;
    static const double seconds[] = {1e16, 1, 1, 1, 1, -1e16};
    memcpy(data.seconds, seconds, sizeof seconds);
    for (int64_t n_parts = 1; n_parts <= 3; n_parts++) {
        struct cohort_counts counts;
        assert_ok(count(*state, &data, n_parts, 0, &counts));
        assert_true(cell(&counts, "lifecycle", "all", 1)->sum == 4.0); /* exact */
    }
}

/* The plain loop */

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static void make_random(uint64_t *seed, struct data *data)
{
    memset(data, 0, sizeof *data);
    data->n_users = 1 + (int64_t)(next_random(seed) % MOST_USERS);
    for (int64_t user = 0; user < data->n_users; user++) {
        const uint64_t n_sessions = next_random(seed) % 10; /* none, too */
        const uint64_t country = next_random(seed) % 4;
        int64_t start = (int64_t)(next_random(seed) % 1000) * DAY;
        data->country[user] = country == 3 ? LODE_NO_CODE : (uint32_t)country;
        for (uint64_t i = 0; i < n_sessions; i++) {
            const int64_t s = data->n_sessions++;
            const uint64_t os = next_random(seed) % 3;
            start += (int64_t)(next_random(seed) % 33) * DAY;
            data->start[s] = i == 0 && next_random(seed) % 8 == 0 ? INT64_MIN : start;
            data->fault[s] = (uint8_t)(next_random(seed) % 3);
            data->seconds[s] =
                next_random(seed) % 5 == 0 ? no_value : (double)(next_random(seed) % 1000) / 8;
            data->os[s] = os == 2 ? LODE_NO_CODE : (uint32_t)os;
        }
        data->offsets[user + 1] = data->n_sessions;
    }
}

static bool has_gap_before(const struct data *data, int64_t user, int64_t s)
{
    return s > data->offsets[user] && data->start[s - 1] != INT64_MIN &&
           data->start[s] - data->start[s - 1] > 30LL * DAY;
}

static bool is_sparse(const struct data *data, int64_t user)
{
    for (int64_t s = data->offsets[user]; s < data->offsets[user + 1]; s++)
        if (has_gap_before(data, user, s)) return true;
    return false;
}

/* Is a session in cohort attribute=value? By its name alone. */
static bool is_in(const struct data *data, int64_t user, int64_t s, const char *attribute,
                  const char *value)
{
    static const char *const countries[] = {"at", "de", "ch"}, *const systems[] = {"bsd", "linux"};
    const int64_t index = s - data->offsets[user] + 1;
    if (strcmp(attribute, "country") == 0)
        return data->country[user] != LODE_NO_CODE &&
               strcmp(value, countries[data->country[user]]) == 0;
    if (strcmp(attribute, "os") == 0)
        return data->os[s] != LODE_NO_CODE && strcmp(value, systems[data->os[s]]) == 0;
    if (strcmp(value, "all") == 0) return true;
    if (strcmp(value, "session_index=1") == 0) return index == 1;
    if (strcmp(value, "session_index=2") == 0) return index == 2;
    if (strcmp(value, "session_index>=3") == 0) return index >= 3;
    if (strcmp(value, "session_index>1") == 0) return index > 1;
    if (strcmp(value, "session_index<=2") == 0) return index <= 2;
    if (strcmp(value, "session_index<=4") == 0) return index <= 4;
    if (strcmp(value, "session_index>4") == 0) return index > 4;
    if (strcmp(value, "sparse_user") == 0) return is_sparse(data, user);
    if (strcmp(value, "not_sparse_user") == 0) return !is_sparse(data, user);
    if (strcmp(value, "session_after_gap") == 0) return has_gap_before(data, user, s);
    if (strcmp(value, "session_not_after_gap") == 0) return !has_gap_before(data, user, s);
    fail_msg("unknown cohort %s=%s", attribute, value);
    return false;
}

static struct cohort_cell cell_by_loop(const struct data *data, const char *attribute,
                                       const char *value, int kpi)
{
    struct cohort_cell found = {0};
    for (int64_t user = 0; user < data->n_users; user++) {
        int64_t sessions = 0;
        for (int64_t s = data->offsets[user]; s < data->offsets[user + 1]; s++) {
            if (kpi == 0 ? data->fault[s] == NONE : isnan(data->seconds[s])) continue;
            if (!is_in(data, user, s, attribute, value)) continue;
            const double x = kpi == 0 ? data->fault[s] : data->seconds[s];
            sessions++;
            found.faulty += kpi == 0 && data->fault[s] == 1;
            found.sum += x; /* eighths: plain sums are exact */
            found.sum_squares += x * x;
        }
        found.sessions += sessions;
        found.users += sessions > 0;
    }
    return found;
}

static void any_split_into_partitions_agrees_with_a_plain_loop(void **state)
{
    static struct data data;
    for (uint64_t start = 1; start <= 12; start++) {
        uint64_t seed = start;
        print_message("seed %llu\n", (unsigned long long)start);
        make_random(&seed, &data);
        for (int64_t n_parts = 1; n_parts <= 5; n_parts += n_parts == 1 ? 1 : 3) {
            struct cohort_counts counts;
            assert_ok(count(*state, &data, n_parts, 0, &counts));
            for (int64_t s = 0; s < counts.n_sets; s++) {
                const struct cohort_set *set = &counts.sets[s];
                for (int64_t v = 0; v < set->n_values; v++)
                    for (int kpi = 0; kpi < 2; kpi++)
                        assert_cell(&counts, set->attribute, set->values[v], kpi,
                                    cell_by_loop(&data, set->attribute, set->values[v], kpi));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_of_sessions_and_users_are_counted),
        cmocka_unit_test(a_session_without_a_value_is_left_out_with_its_user),
        cmocka_unit_test(the_life_cycle_is_counted),
        cmocka_unit_test(a_partition_without_sessions_counts_nothing),
        cmocka_unit_test(a_result_that_is_cut_short_is_refused),
        cmocka_unit_test(sums_lose_nothing_beside_a_large_value),
        cmocka_unit_test(any_split_into_partitions_agrees_with_a_plain_loop),
    };
    return cmocka_run_group_tests(tests, make_fixture, drop_fixture);
}
