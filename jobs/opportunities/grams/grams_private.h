/* What the ways of counting share: the grams of a session, and a table of cells. */
#ifndef LODE_JOBS_OPPORTUNITIES_GRAMS_PRIVATE_H
#define LODE_JOBS_OPPORTUNITIES_GRAMS_PRIVATE_H

#include "jobs/opportunities/grams/grams.h"

/* Kernels are inlined into a switch over k, so that the loop over the tokens of a gram unrolls. */
#define GRAM_INLINE static inline __attribute__((always_inline))

struct gram_job {
    const struct gram_sessions *sessions;
    const struct gram_space *space;
    uint64_t n_keys;
    uint64_t keys_per_cohort;
    int64_t n_grams; /* positions, repeats included, of the sessions that are not left out */
    int64_t longest; /* most positions of one session */
};

/* Ways of counting; each puts all entries in ascending order of keys, and makes room for them. */
LODE_CHECKED lode_status grams_by_table(const struct gram_job *job, struct lode_arena *arena,
                                        struct gram_writer *writer);
LODE_CHECKED lode_status grams_by_buckets(const struct gram_job *job, struct lode_arena *arena,
                                          struct gram_writer *writer);
LODE_CHECKED lode_status grams_by_sort(const struct gram_job *job, struct lode_arena *arena,
                                       struct gram_writer *writer);

/* Does a table of all keys stay in the second-level cache? */
bool grams_fit_table(const struct gram_job *job);
/* Are there few enough buckets, and enough grams for each? */
bool grams_fit_buckets(const struct gram_job *job);

/* The grams of one session: position i of 0..n-1 begins at tokens + i. */
struct gram_run {
    const uint32_t *tokens;
    int64_t n;
    uint64_t base; /* first key of the cohort */
};

static inline struct gram_run gram_run_of(const struct gram_job *job, int64_t session)
{
    const struct gram_sessions *in = job->sessions;
    const uint32_t cohort = in->cohorts ? in->cohorts[session] : 0;
    const int64_t n = in->starts[session + 1] - in->starts[session] - job->space->k + 1;
    return (struct gram_run){.tokens = in->tokens + in->starts[session],
                             .n = cohort == GRAM_NO_COHORT || n < 0 ? 0 : n,
                             .base = cohort * job->keys_per_cohort};
}

GRAM_INLINE uint64_t gram_key(const uint32_t *tokens, uint64_t n_tokens, int k)
{
    uint64_t key = tokens[0];
    for (int i = 1; i < k; i++) key = key * n_tokens + tokens[i];
    return key;
}

#endif
