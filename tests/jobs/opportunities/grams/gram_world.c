/* See gram_world.h. The naive count shares no code with the ways: not the keys, not the sets. */
#include "tests/unit.h"

#include "tests/jobs/opportunities/grams/gram_world.h"

#include <stdlib.h>
#include <string.h>

#include "common/stats/random.h"

void gram_world_make(struct gram_world *world, const struct gram_space *space, int64_t n_sessions,
                     int64_t longest, uint64_t seed, struct lode_arena *arena)
{
    struct lode_random random = lode_random_begin(seed, 0);
    const uint64_t n_tokens = (uint64_t)space->n_tokens;
    const uint64_t few = n_tokens < 5 ? n_tokens : 5;
    *world = (struct gram_world){.space = *space, .n_sessions = n_sessions};
    assert_ok(lode_take(arena, n_sessions + 1, &world->starts));
    assert_ok(lode_take(arena, n_sessions * longest, &world->tokens));
    assert_ok(lode_take(arena, n_sessions, &world->cohorts));
    assert_ok(lode_take(arena, n_sessions, &world->classes));
    world->starts[0] = 0;
    for (int64_t s = 0; s < n_sessions; s++) {
        int64_t at = world->starts[s];
        const uint64_t n = lode_random_below(&random, (uint64_t)longest + 1);
        for (uint64_t i = 0; i < n; i++) {
            uint64_t token = lode_random_below(&random, few);
            if (lode_random_chance(&random, 0.3)) token = lode_random_below(&random, n_tokens);
            if (lode_random_chance(&random, 0.1)) token = n_tokens - 1;
            world->tokens[at++] = (uint32_t)token;
        }
        world->starts[s + 1] = at;
        world->classes[s] = (uint8_t)lode_random_below(&random, (uint64_t)space->n_classes);
        world->cohorts[s] = (uint32_t)lode_random_below(&random, (uint64_t)space->n_cohorts);
        if (space->n_cohorts > 1 && lode_random_chance(&random, 0.2))
            world->cohorts[s] = GRAM_NO_COHORT;
    }
}

struct found {
    uint64_t key;
    int class;
};

static int by_key(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static bool was_before(const uint32_t *tokens, int64_t at, int k)
{
    for (int64_t i = 0; i < at; i++)
        if (memcmp(tokens + i, tokens + at, (size_t)k * sizeof *tokens) == 0) return true;
    return false;
}

static uint64_t key_of(const struct gram_world *world, int64_t session, const uint32_t *tokens,
                       int k)
{
    uint64_t key = 0, scale = 1;
    for (int i = k - 1; i >= 0; i--) { /* from the last digit up */
        key += tokens[i] * scale;
        scale *= (uint64_t)world->space.n_tokens;
    }
    return key + world->cohorts[session] * scale;
}

static int64_t find_all(const struct gram_world *world, int k, struct found *found,
                        int64_t *occurrences)
{
    int64_t n = 0;
    for (int64_t s = 0; s < world->n_sessions; s++) {
        if (world->cohorts[s] == GRAM_NO_COHORT) continue;
        const uint32_t *tokens = world->tokens + world->starts[s];
        const int64_t length = world->starts[s + 1] - world->starts[s];
        for (int64_t at = 0; at + k <= length; at++) {
            occurrences[world->classes[s]]++;
            if (was_before(tokens, at, k)) continue;
            found[n++] =
                (struct found){.key = key_of(world, s, tokens + at, k), .class = world->classes[s]};
        }
    }
    return n;
}

void gram_world_count_naive(const struct gram_world *world, int k, struct lode_arena *arena,
                            struct pattern_counts *counts)
{
    const int n_classes = world->space.n_classes;
    const int64_t n_events = world->starts[world->n_sessions];
    struct found *found;
    uint64_t *keys;
    uint32_t *sessions;
    *counts = (struct pattern_counts){.k = k, .n_classes = n_classes};
    assert_ok(lode_take(arena, n_events, &found));
    assert_ok(lode_take(arena, n_events, &keys));
    assert_ok(lode_take_zero(arena, n_events * n_classes, &sessions));
    const int64_t n = find_all(world, k, found, counts->occurrences);
    qsort(found, (size_t)n, sizeof *found, by_key);
    int64_t n_patterns = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || found[i].key != found[i - 1].key) keys[n_patterns++] = found[i].key;
        sessions[(n_patterns - 1) * n_classes + found[i].class]++;
    }
    counts->n_patterns = n_patterns;
    counts->keys = keys;
    counts->counts = sessions;
}

static void count_part(const struct gram_world *world, const struct gram_space *space,
                       const struct gram_split *split, int part, struct lode_arena *arena,
                       struct lode_bytes *out)
{
    const int64_t from = world->n_sessions * part / split->n_parts;
    const int64_t end = world->n_sessions * (part + 1) / split->n_parts;
    const struct gram_sessions sessions = {
        .n_sessions = end - from,
        .starts = world->starts + from,
        .tokens = world->tokens,
        .cohorts = world->space.n_cohorts > 1 ? world->cohorts + from : NULL,
        .classes = world->classes + from};
    assert_ok(grams_count(&sessions, space, split->way, arena, out));
}

void gram_world_count(const struct gram_world *world, int k, const struct gram_split *split,
                      struct lode_arena *arena, struct pattern_counts *counts)
{
    struct gram_space space = world->space;
    space.k = k;
    struct lode_arena *scratch;
    struct lode_bytes out = {0};
    assert_ok(lode_arena_create(0, &scratch));
    struct gram_merge merge = {.space = space, .arena = scratch, .most_held = split->most_held};
    for (int i = 0; i < split->n_parts; i++) {
        size_t used;
        out.size = 0;
        count_part(world, &space, split, split->backwards ? split->n_parts - 1 - i : i, scratch,
                   &out);
        assert_ok(gram_merge_add(&merge, out.data, out.size, &used));
        assert_int_equal(out.size, used);
    }
    assert_ok(gram_merge_finish(&merge, arena, counts));
    lode_bytes_clear(&out);
    lode_arena_destroy(scratch);
}

void gram_world_compare(const struct pattern_counts *expected, const struct pattern_counts *actual)
{
    assert_int_equal(expected->k, actual->k);
    assert_int_equal(expected->n_classes, actual->n_classes);
    for (int64_t i = 0; i < expected->n_patterns && i < actual->n_patterns; i++) {
        assert_int_equal(expected->keys[i], actual->keys[i]);
        for (int64_t c = 0; c < expected->n_classes; c++)
            assert_int_equal(expected->counts[i * expected->n_classes + c],
                             actual->counts[i * expected->n_classes + c]);
    }
    assert_int_equal(expected->n_patterns, actual->n_patterns);
    for (int c = 0; c < expected->n_classes; c++)
        assert_int_equal(expected->occurrences[c], actual->occurrences[c]);
}
