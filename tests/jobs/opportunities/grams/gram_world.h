/* Sessions to count grams in, and a naive count of them: what the fast ways are compared with. */
#ifndef LODE_TESTS_JOBS_OPPORTUNITIES_GRAM_WORLD_H
#define LODE_TESTS_JOBS_OPPORTUNITIES_GRAM_WORLD_H

#include "jobs/opportunities/grams/gram_merge.h"
#include "jobs/opportunities/grams/grams.h"

struct gram_world {
    struct gram_space space; /* k is set for each count */
    int64_t n_sessions;
    int64_t *starts; /* [n_sessions + 1] */
    uint32_t *tokens;
    uint32_t *cohorts; /* GRAM_NO_COHORT now and then, if there are several */
    uint8_t *classes;
};

/* Sessions of 0 to `longest` events. Most tokens are among the first few, so that grams repeat;
 * the others are anywhere below n_tokens, its last one included. All from `seed`. */
void gram_world_make(struct gram_world *world, const struct gram_space *space, int64_t n_sessions,
                     int64_t longest, uint64_t seed, struct lode_arena *arena);

/* Counts by looking at every pair of positions of a session. */
void gram_world_count_naive(const struct gram_world *world, int k, struct lode_arena *arena,
                            struct pattern_counts *counts);

struct gram_split {
    enum gram_way way;
    int n_parts;
    bool backwards;   /* lists are merged in the opposite order */
    size_t most_held; /* gram_merge.most_held */
};
/* Counts by grams_count on each part and gram_merge. */
void gram_world_count(const struct gram_world *world, int k, const struct gram_split *split,
                      struct lode_arena *arena, struct pattern_counts *counts);

/* Fails the test at the first difference. */
void gram_world_compare(const struct pattern_counts *expected, const struct pattern_counts *actual);

#endif
