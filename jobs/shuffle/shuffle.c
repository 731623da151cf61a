/* Shuffle: the job's parameters travel in an envelope [number of buckets][runs][parameters], and a
 * map task's result has [name of its run, size] behind it and in the last 4 bytes how long that is.
 */
#include "jobs/shuffle/shuffle.h"

#include "common/wire/pack.h"
#include "jobs/shuffle/merge.h"

#include <stdio.h>
#include <string.h>

enum { BUCKETS_LIMIT = 1 << 20, RUNS_LIMIT = 1 << 24 };

struct shuffling {
    const struct lode_shuffle *shuffle;
    struct lode_arena *arena;
    struct run_file *runs; /* [map.n_tasks], in order of tasks; without a name: no result */
    lode_merge_fn merge;
};

static lode_status seal(const struct lode_bytes *params, int64_t n_buckets,
                        const struct run_file *runs, int64_t n_runs, struct lode_bytes *envelope)
{
    lode_try(lode_pack_i64(envelope, n_buckets));
    lode_try(lode_pack_array(envelope, (uint32_t)n_runs));
    for (int64_t r = 0; r < n_runs; r++) {
        lode_try(lode_pack_text(envelope, runs[r].name, strlen(runs[r].name)));
        lode_try(lode_pack_u64(envelope, runs[r].size_bytes));
    }
    return lode_pack_bin(envelope, params->data, params->size);
}

static lode_status unseal(struct lode_task *task, int64_t *n_buckets, struct run_file **runs,
                          int64_t *n_runs, const uint8_t **params, size_t *params_size)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    uint32_t count = 0;
    lode_try(lode_unpack_count(&in, "buckets", BUCKETS_LIMIT, n_buckets));
    lode_try(lode_unpack_array(&in, &count));
    lode_try(lode_take(task->arena, count, runs));
    for (uint32_t r = 0; r < count; r++) {
        lode_try(lode_unpack_copy(&in, task->arena, &(*runs)[r].name));
        lode_try(lode_unpack_u64(&in, &(*runs)[r].size_bytes));
    }
    *n_runs = count;
    return lode_unpack_bin(&in, params, params_size);
}

static lode_status merge_map(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct shuffling *s = context;
    uint32_t tail = 0;
    if (size >= sizeof tail) memcpy(&tail, result + size - sizeof tail, sizeof tail);
    if (size < sizeof tail || tail > size - sizeof tail)
        return lode_fail(LODE_E_MESSAGE, "the result of map task %lld names no run",
                         (long long)task);
    const size_t own = size - sizeof tail - tail;
    struct lode_unpack in = lode_unpack_begin(result + own, tail);
    lode_try(lode_unpack_copy(&in, s->arena, &s->runs[task].name));
    lode_try(lode_unpack_u64(&in, &s->runs[task].size_bytes));
    lode_try(lode_unpack_end(&in));
    const struct lode_shuffle *shuffle = s->shuffle;
    return shuffle->merge_map ? shuffle->merge_map(shuffle->context, task, result, own) : LODE_OK;
}

static lode_status merge_reduce(void *context, int64_t task, const uint8_t *result, size_t size)
{
    const struct lode_shuffle *shuffle = ((struct shuffling *)context)->shuffle;
    if (!shuffle->merge_reduce) return LODE_OK;
    return shuffle->merge_reduce(shuffle->context, task, result, size);
}

/* One stage, its parameters in the envelope. */
static lode_status map_sealed(struct lode_run *run, struct shuffling *s,
                              const struct lode_stage *stage, const struct run_file *runs,
                              int64_t n_runs)
{
    struct lode_stage sealed = *stage;
    sealed.params = (struct lode_bytes){0};
    lode_status status =
        seal(&stage->params, s->shuffle->reduce.n_tasks, runs, n_runs, &sealed.params);
    if (!status) status = lode_map(run, &sealed, s->merge, s);
    lode_bytes_clear(&sealed.params);
    return status;
}

lode_status lode_shuffle(struct lode_run *run, const struct lode_shuffle *shuffle)
{
    struct shuffling s = {.shuffle = shuffle, .arena = run->arena, .merge = merge_map};
    struct lode_stage reduce = shuffle->reduce;
    int64_t n_runs = 0;
    if (shuffle->map.n_tasks > RUNS_LIMIT || reduce.n_tasks > BUCKETS_LIMIT)
        return lode_fail(LODE_E_BUG, "a shuffle of %lld tasks into %lld buckets",
                         (long long)shuffle->map.n_tasks, (long long)reduce.n_tasks);
    lode_try(lode_take_zero(run->arena, shuffle->map.n_tasks, &s.runs));
    lode_try(map_sealed(run, &s, &shuffle->map, NULL, 0));
    for (int64_t t = 0; t < shuffle->map.n_tasks; t++) /* a run may go on without some tasks */
        if (s.runs[t].name) s.runs[n_runs++] = s.runs[t];
    if (shuffle->prepare) lode_try(shuffle->prepare(shuffle->context, &reduce));
    s.merge = merge_reduce;
    return map_sealed(run, &s, &reduce, s.runs, n_runs);
}

lode_status shuffle_out_open(struct lode_task *task, const struct shuffle_out_options *options,
                             struct shuffle_out *out)
{
    const struct shuffle_site site = shuffle_site_of(task);
    struct run_file *runs = NULL;
    int64_t n_runs = 0;
    *out = (struct shuffle_out){.task = task};
    lode_try(unseal(task, &out->n_buckets, &runs, &n_runs, &out->params, &out->params_size));
    snprintf(out->name, sizeof out->name, "shuffle-%s.run", task->attempt);
    const struct run_options run = {.n_buckets = out->n_buckets,
                                    .memory_bytes = options->memory_bytes > 0
                                                        ? options->memory_bytes
                                                        : shuffle_memory(task->arena, 2),
                                    .combine = options->combine,
                                    .context = options->context};
    return run_writer_open(&site, out->name, &run, &out->run);
}

lode_status shuffle_out_commit(struct shuffle_out *out)
{
    struct lode_bytes *result = out->task->output;
    struct run_writer *run = out->run;
    uint64_t size_bytes = 0;
    out->run = NULL; /* the commit ends it, whatever comes of it */
    lode_try(run_writer_commit(run, &size_bytes));
    const size_t own = result->size;
    lode_try(lode_pack_text(result, out->name, strlen(out->name)));
    lode_try(lode_pack_u64(result, size_bytes));
    const uint32_t tail = (uint32_t)(result->size - own);
    return lode_bytes_append(result, &tail, sizeof tail);
}

void shuffle_out_discard(struct shuffle_out *out)
{
    run_writer_discard(out->run);
    out->run = NULL;
}

lode_status shuffle_in_open(struct lode_task *task, size_t memory_bytes, struct shuffle_in *in)
{
    const struct shuffle_site site = shuffle_site_of(task);
    struct run_file *runs = NULL;
    int64_t n_runs = 0;
    int64_t n_buckets = 0;
    *in = (struct shuffle_in){0};
    lode_try(unseal(task, &n_buckets, &runs, &n_runs, &in->params, &in->params_size));
    if (memory_bytes == 0) memory_bytes = shuffle_memory(task->arena, 2);
    return runs_open_bucket(&site, runs, n_runs, n_buckets, task->index, memory_bytes, &in->merge);
}

lode_status shuffle_next(struct shuffle_in *in, struct shuffle_record *record, bool *more)
{
    return merge_next(in->merge, record, more);
}

void shuffle_in_close(struct shuffle_in *in)
{
    merge_close(in->merge);
    in->merge = NULL;
}
