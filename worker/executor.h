/* Executor: runs one task at a time on the calling thread, in an arena with the worker's budget. */
#ifndef LODE_WORKER_EXECUTOR_H
#define LODE_WORKER_EXECUTOR_H

#include "jobs/job.h"

struct executor;

struct executor_request {
    lode_leaf_fn leaf;
    int64_t stage, task, attempt;
    const uint8_t *params;
    size_t params_size;
    const uint8_t *input;
    size_t input_size;
    const atomic_bool *stop; /* set by another thread when the result is not wanted */
};

/* How a task ended. Borrowed until the next executor_run. */
struct executor_outcome {
    lode_status status;
    const char *error;    /* the chain; "" when well */
    const uint8_t *bytes; /* the result, or NULL when it is in a file */
    size_t size;          /* of the result, wherever it is */
    uint64_t file_hash;   /* of the file; 0 when there is none */
    int64_t cpu_us, wall_us;
    size_t peak_bytes; /* most the arena held */
};

/* memory_bytes: budget of the arena. directory: the run's stages/ folder. progress: counted up by
 * leaves, read by another thread. */
LODE_CHECKED lode_status executor_create(size_t memory_bytes, const char *directory,
                                         atomic_llong *progress, struct executor **executor);
void executor_destroy(struct executor *executor); /* takes NULL */

/* Results above LODE_INLINE_LIMIT go to a file, aside and renamed: see executor_result_path. */
void executor_run(struct executor *executor, const struct executor_request *request,
                  struct executor_outcome *outcome);

/* Where the result of an attempt, and the parameters of a stage, lie when they are files. */
void executor_result_path(char *path, size_t size, const char *directory, int64_t stage,
                          int64_t task, int64_t attempt);
void executor_params_path(char *path, size_t size, const char *directory, int64_t stage);

#endif
