/* Which rows of which file make up a partition of several generations. */
#include "tests/unit.h"

#include "common/stats/random.h"
#include "common/store/generations.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_USERS = 64, MOST_FILES = 5, SEEDS = 300 };

static int setup(void **state)
{
    struct lode_arena *arena = NULL;
    if (lode_arena_create(0, &arena) != LODE_OK) return -1;
    *state = arena;
    return 0;
}

static int teardown(void **state)
{
    lode_arena_destroy(*state);
    return 0;
}

/* Users 10 20 30 with 1, 2, 1 sessions of 2 events each; then 20 again with 3, and 25 with 1. */
static const int64_t sessions_0[] = {0, 1, 3, 4}, events_0[] = {0, 2, 4, 6, 8};
static const int64_t sessions_1[] = {0, 3, 4}, events_1[] = {0, 1, 2, 3, 4};
static const struct generation_rows first = {.n_users = 3,
                                             .n_sessions = 4,
                                             .n_events = 8,
                                             .session_offsets = sessions_0,
                                             .event_offsets = events_0};

static struct generation_rows second_of(const int64_t *places, const uint8_t *is_new)
{
    return (struct generation_rows){.n_users = 2,
                                    .n_sessions = 4,
                                    .n_events = 4,
                                    .session_offsets = sessions_1,
                                    .event_offsets = events_1,
                                    .places = places,
                                    .is_new = is_new};
}

static void one_file_is_one_span(void **state)
{
    struct generation_span *spans = NULL;
    int64_t n = 0;
    assert_ok(generations_merge(&first, 1, *state, &spans, &n));
    assert_int_equal(n, 1);
    assert_int_equal(spans[0].n_users, 3);
    assert_int_equal(spans[0].n_sessions, 4);
    assert_int_equal(spans[0].n_events, 8);
}

static void a_later_file_replaces_and_adds_users(void **state)
{
    static const int64_t places[] = {1, 2};
    static const uint8_t is_new[] = {0, 1};
    const struct generation_rows files[] = {first, second_of(places, is_new)};
    struct generation_span *spans = NULL;
    int64_t n = 0;
    assert_ok(generations_merge(files, 2, *state, &spans, &n));
    assert_int_equal(n, 3); /* 10 of the first, 20 and 25 of the second, 30 of the first */
    assert_int_equal(spans[1].file, 1);
    assert_int_equal(spans[1].n_users, 2);
    assert_int_equal(spans[1].at_session, 1);
    assert_int_equal(spans[1].n_events, 4);
    assert_int_equal(spans[2].file, 0);
    assert_int_equal(spans[2].user, 2);
    assert_int_equal(spans[2].session, 3);
    assert_int_equal(spans[2].event, 6);
    assert_int_equal(spans[2].at_user, 3);
    assert_int_equal(spans[2].at_session, 5);
    assert_int_equal(spans[2].at_event, 6);
}

static void places_that_fall_or_lead_outside_are_refused(void **state)
{
    static const int64_t falling[] = {2, 1}, outside[] = {1, 4}, again[] = {1, 1};
    static const int64_t behind[] = {1, 3}, negative[] = {-1, 1};
    static const uint8_t new[] = {1, 1}, old[] = {0, 0};
    const struct {
        const int64_t *places;
        const uint8_t *is_new;
    } wrong[] = {{falling, new}, {outside, new}, {again, old}, {behind, old}, {negative, new}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct generation_rows files[] = {first, second_of(wrong[i].places, wrong[i].is_new)};
        struct generation_span *spans = NULL;
        int64_t n = 0;
        assert_status(LODE_E_INPUT, generations_merge(files, 2, *state, &spans, &n));
    }
}

/* The plain way: an array of all users, each with file and row. */
struct plain {
    int64_t id, file, row;
};

struct generated {
    int64_t n_users;
    int64_t ids[MOST_USERS], places[MOST_USERS];
    uint8_t is_new[MOST_USERS];
    int64_t sessions[MOST_USERS + 1], events[4 * MOST_USERS + 1];
};

/* A file of random users; `users` [*n] becomes the partition with it. */
static void add_file(struct lode_random *random, int64_t number, struct generated *file,
                     struct plain *users, int64_t *n)
{
    struct plain merged[MOST_USERS];
    int64_t at = 0, n_merged = 0, n_sessions = 0;
    file->n_users = 0;
    for (int64_t id = 0; id < MOST_USERS; id++) {
        const bool is_there = at < *n && users[at].id == id;
        if (lode_random_chance(random, 0.3)) {
            file->places[file->n_users] = at;
            file->is_new[file->n_users] = !is_there;
            merged[n_merged++] = (struct plain){id, number, file->n_users};
            file->sessions[file->n_users++] = n_sessions;
            n_sessions += (int64_t)lode_random_below(random, 4);
        } else if (is_there) {
            merged[n_merged++] = users[at];
        }
        at += is_there;
    }
    file->sessions[file->n_users] = n_sessions;
    file->events[0] = 0;
    for (int64_t s = 0; s < n_sessions; s++)
        file->events[s + 1] = file->events[s] + (int64_t)lode_random_below(random, 3);
    memcpy(users, merged, (size_t)n_merged * sizeof *users);
    *n = n_merged;
}

static void check_spans(const struct generated *files, const struct plain *users, int64_t n,
                        const struct generation_span *spans, int64_t n_spans)
{
    int64_t user = 0, session = 0, event = 0;
    for (int64_t s = 0; s < n_spans; s++) {
        const struct generation_span *span = &spans[s];
        assert_int_equal(span->at_user, user);
        assert_int_equal(span->at_session, session);
        assert_int_equal(span->at_event, event);
        for (int64_t i = 0; i < span->n_users; i++, user++) {
            assert_true(user < n);
            assert_int_equal(users[user].file, span->file);
            assert_int_equal(users[user].row, span->user + i);
            const struct generated *file = &files[span->file];
            const int64_t from = file->sessions[span->user + i];
            const int64_t end = file->sessions[span->user + i + 1];
            session += end - from;
            event += file->events[end] - file->events[from];
        }
    }
    assert_int_equal(user, n);
}

static void random_generations_are_what_a_plain_merge_says(void **state)
{
    const char *given = getenv("LODE_SEED");
    const uint64_t from = given ? strtoull(given, NULL, 10) : 1;
    print_message("seeds %" PRIu64 " to %" PRIu64 " (LODE_SEED=N: from N)\n", from,
                  from + SEEDS - 1);
    for (uint64_t seed = from; seed < from + SEEDS; seed++) {
        static struct generated made[MOST_FILES];
        struct generation_rows files[MOST_FILES];
        struct plain users[MOST_USERS];
        struct generation_span *spans = NULL;
        struct lode_random random = lode_random_begin(seed, 0);
        const int64_t n_files = 1 + (int64_t)lode_random_below(&random, MOST_FILES);
        int64_t n = 0, n_spans = 0;
        for (int64_t f = 0; f < n_files; f++) {
            add_file(&random, f, &made[f], users, &n);
            files[f] = (struct generation_rows){.n_users = made[f].n_users,
                                                .session_offsets = made[f].sessions,
                                                .event_offsets = made[f].events,
                                                .places = made[f].places,
                                                .is_new = made[f].is_new};
        }
        assert_ok(generations_merge(files, n_files, *state, &spans, &n_spans));
        check_spans(made, users, n, spans, n_spans);
        lode_arena_reset(*state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file_is_one_span),
        cmocka_unit_test(a_later_file_replaces_and_adds_users),
        cmocka_unit_test(places_that_fall_or_lead_outside_are_refused),
        cmocka_unit_test(random_generations_are_what_a_plain_merge_says),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
