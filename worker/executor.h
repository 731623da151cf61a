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
    size_t peak_bytes;       /* most the arena held */
    uint64_t shuffled_bytes; /* of run files that it left for later tasks */
    /* from and to other files: see executor_count */
    uint64_t read_bytes, written_bytes;
};

/* Part of a worker's memory that is not its arena's: libraries and threads (15 MB, measured), the
 * connection's buffers, a window on the input, chunks and filters of HDF5. */
enum { EXECUTOR_PROCESS_BYTES = 22 << 20, EXECUTOR_LEAST_BYTES = 48 << 20 };

struct executor_options {
    size_t memory_bytes;    /* budget of the whole process */
    const char *directory;  /* the run's stages/ folder; copied */
    int64_t epoch;          /* of the run: part of the names of all files that attempts write */
    atomic_llong *progress; /* counted up by leaves, read by another thread */
};
/* LODE_E_MEMORY below EXECUTOR_LEAST_BYTES. */
LODE_CHECKED lode_status executor_create(const struct executor_options *options,
                                         struct executor **executor);
void executor_destroy(struct executor *executor); /* takes NULL */

/* Results above LODE_INLINE_LIMIT go to a file, aside, on disk and renamed before the call returns:
 * the journal is about to name it. See executor_result_path. Always on the same thread. */
void executor_run(struct executor *executor, const struct executor_request *request,
                  struct executor_outcome *outcome);

/* Bytes from and to files, by leaves and for their results; 0 where the kernel does not count. To
 * ask costs as much as a fifth of the shortest tasks, so the caller says when: all tasks that ran
 * since executor_count_begin, or the last executor_count, are counted with the last of them.
 * Between begin and count nothing but tasks may run on the thread that wants to be counted. */
void executor_count_begin(struct executor *executor);
void executor_count(struct executor *executor, struct executor_outcome *last);

/* Where the result of an attempt, and the parameters of a stage, lie when they are files. */
struct executor_attempt {
    int64_t epoch, stage, task, attempt;
};
void executor_result_path(char *path, size_t size, const char *directory,
                          const struct executor_attempt *attempt);
void executor_params_path(char *path, size_t size, const char *directory, int64_t stage);

#endif
