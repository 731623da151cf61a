/* Job gen.events: one leaf makes the rows of a block of users, the root appends them in order. */
#include "common/file.h"
#include "common/wire/pack.h"
#include "jobs/gen/block.h"
#include "jobs/gen/gen.h"
#include "jobs/gen/growing.h"
#include "jobs/gen/plant.h"

#include <stdio.h>

void gen_events_defaults(struct gen_events_options *options)
{
    *options = (struct gen_events_options){.users = 2000,
                                           .seed = 1,
                                           .planted = PLANT_USUAL,
                                           .faulty_rate = 0.05,
                                           .sessions_per_user = 11};
}

static lode_status pack_options(const struct gen_events_options *options, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, options->users));
    lode_try(lode_pack_u64(out, options->seed));
    lode_try(lode_pack_u64(out, options->planted));
    lode_try(lode_pack_f64(out, options->faulty_rate));
    return lode_pack_f64(out, options->sessions_per_user);
}

static lode_status unpack_options(const struct lode_task *task, struct gen_events_options *options)
{
    struct lode_unpack in = lode_unpack_begin(task->params, task->params_size);
    int64_t planted = 0;
    lode_try(lode_unpack_i64(&in, &options->users));
    lode_try(lode_unpack_u64(&in, &options->seed));
    lode_try(lode_unpack_count(&in, "planted", UINT32_MAX, &planted));
    lode_try(lode_unpack_f64(&in, &options->faulty_rate));
    lode_try(lode_unpack_f64(&in, &options->sessions_per_user));
    options->planted = (uint32_t)planted;
    return lode_unpack_end(&in);
}

/* Result: the block's rows of sessions.csv, then those of events.csv. */
static lode_status events_leaf(struct lode_task *task)
{
    lode_status status = LODE_OK;
    struct gen_events_options options = {0};
    struct lode_bytes sessions = {0}, events = {0};
    const int64_t first = task->index * GEN_BLOCK_USERS;

    lode_try(unpack_options(task, &options));
    const int64_t rest = options.users - first;
    const int64_t count = rest < GEN_BLOCK_USERS ? rest : GEN_BLOCK_USERS;
    lode_try_done(gen_events_block(&options, first, count, &sessions, &events));
    lode_try_done(lode_pack_bin(task->output, sessions.data, sessions.size));
    lode_try_done(lode_pack_bin(task->output, events.data, events.size));
done:
    lode_bytes_clear(&sessions);
    lode_bytes_clear(&events);
    return status;
}

struct output {
    struct growing sessions, events;
};

static lode_status append_block(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct output *output = context;
    const uint8_t *rows = NULL;
    size_t n_bytes = 0;
    struct lode_unpack in = lode_unpack_begin(result, size);
    (void)task;
    lode_try(lode_unpack_bin(&in, &rows, &n_bytes));
    lode_try(growing_write(&output->sessions, rows, n_bytes));
    lode_try(lode_unpack_bin(&in, &rows, &n_bytes));
    lode_try(growing_write(&output->events, rows, n_bytes));
    return lode_unpack_end(&in);
}

static lode_status write_truth(const struct lode_run *run, const struct gen_events_options *options)
{
    char path[GROWING_PATH_SIZE];
    struct lode_bytes truth = {0};
    snprintf(path, sizeof path, "%s/truth.json", run->directory);
    lode_status status = plant_truth(options, &truth);
    if (!status) status = lode_file_write(path, truth.data, truth.size, true);
    lode_bytes_clear(&truth);
    return status;
}

static lode_status make_rows(struct lode_run *run, const struct gen_events_options *options)
{
    lode_status status = LODE_OK;
    struct output output = {0};
    struct lode_stage stage = {
        .leaf = "gen.events",
        .title = "generating sessions",
        .n_tasks = (options->users + GEN_BLOCK_USERS - 1) / GEN_BLOCK_USERS,
    };

    lode_try_done(
        growing_open(&output.sessions, run->directory, "sessions.csv", gen_sessions_header));
    lode_try_done(growing_open(&output.events, run->directory, "events.csv", gen_events_header));
    lode_try_done(pack_options(options, &stage.params));
    lode_try_done(lode_map(run, &stage, append_block, &output));
    lode_try_done(growing_commit(&output.sessions));
    lode_try_done(growing_commit(&output.events));
done:
    growing_discard(&output.sessions);
    growing_discard(&output.events);
    lode_bytes_clear(&stage.params);
    return status;
}

static lode_status run_gen(struct lode_run *run)
{
    const struct gen_events_options *options = run->options;
    if (options->users < 1 || options->users > INT64_C(1000000000))
        return lode_fail(LODE_E_USAGE, "%lld users: must lie in 1..1000000000",
                         (long long)options->users);
    if (!(options->faulty_rate > 0.0 && options->faulty_rate <= 0.25))
        return lode_fail(LODE_E_USAGE, "faulty rate %g: must lie in (0, 0.25]",
                         options->faulty_rate);
    if (!(options->sessions_per_user >= 1.0 && options->sessions_per_user <= 100.0))
        return lode_fail(LODE_E_USAGE, "%g sessions per user: must lie in [1, 100]",
                         options->sessions_per_user);
    lode_try(make_rows(run, options));
    return write_truth(run, options);
}

static const struct lode_leaf leaves[] = {{"gen.events", events_leaf}, {NULL, NULL}};
static const struct lode_param params[] = {{.name = NULL}};

const struct lode_job gen_events_job = {
    .name = "gen.events",
    .summary = "sessions of a web shop with planted, known opportunities",
    .leaves = leaves,
    .params = params,
    .run = run_gen,
};
