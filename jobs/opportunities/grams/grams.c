/* Grams: sizes up the work, chooses the way to count, frames the list. */
#include "jobs/opportunities/grams/grams_private.h"

static void size_up(struct gram_job *job, uint64_t *occurrences)
{
    for (int64_t s = 0; s < job->sessions->n_sessions; s++) {
        const int64_t n = gram_run_of(job, s).n;
        occurrences[job->sessions->classes[s]] += (uint64_t)n;
        job->n_grams += n;
        if (n > job->longest) job->longest = n;
    }
}

static enum gram_way best_way(const struct gram_job *job)
{
    if (grams_fit_table(job)) return GRAM_WAY_TABLE;
    return grams_fit_buckets(job) ? GRAM_WAY_BUCKETS : GRAM_WAY_SORT;
}

lode_status grams_count(const struct gram_sessions *sessions, const struct gram_space *space,
                        enum gram_way way, struct lode_arena *arena, struct lode_bytes *out)
{
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    const size_t out_size = out->size;
    uint64_t occurrences[GRAM_MAX_CLASSES] = {0};
    struct gram_job job = {.sessions = sessions, .space = space};
    struct gram_writer writer;
    lode_status status = LODE_OK;

    lode_try(gram_space_keys(space, &job.n_keys));
    if (sessions->n_sessions >= UINT32_MAX)
        return lode_fail(LODE_E_USAGE, "%lld sessions in one partition, %u can be counted",
                         (long long)sessions->n_sessions, UINT32_MAX - 1);
    job.keys_per_cohort = job.n_keys / (uint64_t)space->n_cohorts;
    size_up(&job, occurrences);
    if (way == GRAM_WAY_BEST) way = best_way(&job);

    lode_try_done(gram_writer_begin(&writer, space, out));
    if (job.n_grams > 0 && way == GRAM_WAY_TABLE)
        lode_try_done(grams_by_table(&job, arena, &writer));
    if (job.n_grams > 0 && way == GRAM_WAY_BUCKETS)
        lode_try_done(grams_by_buckets(&job, arena, &writer));
    if (job.n_grams > 0 && way == GRAM_WAY_SORT) lode_try_done(grams_by_sort(&job, arena, &writer));
    lode_try_done(gram_writer_end(&writer, occurrences));
done:
    lode_arena_rewind(arena, mark);
    if (status) out->size = out_size;
    return status;
}
