/* Executor: the one place where a leaf is called. */
#include "worker/executor.h"

#include "common/clock.h"
#include "common/file.h"
#include "common/hash.h"
#include "common/log.h"
#include "common/wire/message.h"
#include "worker/traffic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct executor {
    struct executor_options options;
    struct lode_arena *arena;
    struct lode_bytes output;
    char *directory;
    char *error;
    struct traffic_meter meter; /* of the thread that runs leaves */
    bool is_metered;            /* it was tried to open */
    struct traffic counted;     /* up to here */
    uint64_t shuffled_bytes;    /* since then */
};

void executor_result_path(char *path, size_t size, const char *directory,
                          const struct executor_attempt *a)
{
    snprintf(path, size, "%s/result-%" PRId64 "-%" PRId64 "-%" PRId64 "-%" PRId64, directory,
             a->epoch, a->stage, a->task, a->attempt);
}

void executor_params_path(char *path, size_t size, const char *directory, int64_t stage)
{
    snprintf(path, size, "%s/params-%" PRId64, directory, stage);
}

lode_status executor_create(const struct executor_options *options, struct executor **executor)
{
    lode_status status = LODE_OK;
    if (options->memory_bytes < EXECUTOR_LEAST_BYTES)
        return lode_fail(LODE_E_MEMORY, "a worker with %zu MB of memory: needs at least %d",
                         options->memory_bytes >> 20, EXECUTOR_LEAST_BYTES >> 20);
    struct executor *created = calloc(1, sizeof *created);
    if (!created) return lode_fail(LODE_E_MEMORY, "no memory for an executor");
    created->options = *options;
    lode_try_done(
        lode_arena_create(options->memory_bytes - EXECUTOR_PROCESS_BYTES, &created->arena));
    created->directory = strdup(options->directory);
    if (!created->directory) status = lode_fail(LODE_E_MEMORY, "no memory for an executor");
done:
    if (status) {
        executor_destroy(created);
        return status;
    }
    *executor = created;
    return LODE_OK;
}

void executor_destroy(struct executor *executor)
{
    if (!executor) return;
    lode_arena_destroy(executor->arena);
    lode_bytes_clear(&executor->output);
    traffic_close(&executor->meter);
    free(executor->directory);
    free(executor->error);
    free(executor);
}

static lode_status write_result(struct executor *executor, const struct executor_request *request,
                                struct executor_outcome *outcome)
{
    char path[4096];
    const struct executor_attempt attempt = {.epoch = executor->options.epoch,
                                             .stage = request->stage,
                                             .task = request->task,
                                             .attempt = request->attempt};
    executor_result_path(path, sizeof path, executor->directory, &attempt);
    lode_try(lode_file_write(path, executor->output.data, executor->output.size, true));
    outcome->file_hash = lode_hash(executor->output.data, executor->output.size);
    return LODE_OK;
}

/* Opened by the thread that it measures. Without it a worker works as well, and its log says so. */
static void open_meter(struct executor *executor)
{
    if (executor->is_metered) return;
    executor->is_metered = true;
    if (traffic_open(&executor->meter)) lode_log_warn("%s", lode_error_text());
}

void executor_count_begin(struct executor *executor)
{
    open_meter(executor);
    executor->counted = traffic_now(&executor->meter);
    executor->shuffled_bytes = 0;
}

/* 0 where there is less: a count that could not be read just now is 0, and the coordinator drops a
 * worker that says it moved 2^64 bytes. */
static uint64_t more_than(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

void executor_count(struct executor *executor, struct executor_outcome *last)
{
    const struct traffic now = traffic_now(&executor->meter);
    const uint64_t written = more_than(now.written_bytes, executor->counted.written_bytes);
    last->read_bytes = more_than(now.read_bytes, executor->counted.read_bytes);
    last->written_bytes = more_than(written, executor->shuffled_bytes);
    executor->counted = now;
    executor->shuffled_bytes = 0;
}

/* What one large task has taken must not be missing to the next one's buffers: all memory of the
 * process counts together (lode_memory_cap). Small tasks find theirs as it was. */
static void make_room(struct executor *executor)
{
    const size_t arena_bytes = executor->options.memory_bytes - EXECUTOR_PROCESS_BYTES;
    lode_arena_trim(executor->arena, arena_bytes / 2);
    lode_arena_peak_reset(executor->arena);
    executor->output.size = 0;
    if (executor->output.capacity > LODE_INLINE_LIMIT) lode_bytes_clear(&executor->output);
}

/* The leaf's words say what was wanted; these say what to do. */
static lode_status advise(const struct executor *executor, lode_status status)
{
    if (status != LODE_E_MEMORY) return status;
    return lode_note(status,
                     "needs more than a worker's budget of %zu MB; take more --memory, fewer "
                     "workers, or, where it grows with the partition, smaller ones (lode stage "
                     "--partition-bytes)",
                     executor->options.memory_bytes >> 20);
}

void executor_run(struct executor *executor, const struct executor_request *request,
                  struct executor_outcome *outcome)
{
    char attempt[96];
    snprintf(attempt, sizeof attempt, "%" PRId64 "-%" PRId64 "-%" PRId64 "-%" PRId64,
             executor->options.epoch, request->stage, request->task, request->attempt);
    struct lode_task_private engine = {.progress = executor->options.progress,
                                       .stop = request->stop};
    struct lode_task task = {
        .index = request->task,
        .params = request->params,
        .params_size = request->params_size,
        .input = request->input,
        .input_size = request->input_size,
        .arena = executor->arena,
        .output = &executor->output,
        .work_directory = executor->directory,
        .attempt = attempt,
        .engine = &engine,
    };
    const int64_t wall = lode_clock_us(), cpu = lode_clock_thread_us();
    *outcome = (struct executor_outcome){.error = ""};
    make_room(executor);
    lode_error_clear();

    outcome->status = advise(executor, request->leaf(&task));
    if (!outcome->status && executor->output.size > LODE_INLINE_LIMIT)
        outcome->status = write_result(executor, request, outcome);
    else
        outcome->bytes = executor->output.data;
    outcome->size = outcome->status ? 0 : executor->output.size;
    if (outcome->status) {
        outcome->bytes = NULL;
        free(executor->error);
        executor->error = strdup(lode_error_text());
        outcome->error = executor->error ? executor->error : "";
    }
    outcome->cpu_us = lode_clock_thread_us() - cpu;
    outcome->wall_us = lode_clock_us() - wall;
    outcome->peak_bytes = lode_arena_peak(executor->arena);
    outcome->shuffled_bytes = engine.shuffled_bytes;
    executor->shuffled_bytes += engine.shuffled_bytes;
}
