/* Task log: reads log/tasks.csv of a run, also while it is written. */
#ifndef LODE_COORDINATOR_TASK_LOG_H
#define LODE_COORDINATOR_TASK_LOG_H

#include "common/error.h"

#include <stdint.h>

/* One attempt that ended. Texts are borrowed until the next line. */
struct task_line {
    int64_t stage, task, attempt, worker, pid; /* worker -1: none */
    const char *leaf, *outcome, *place, *host, *error;
    double start_ms; /* since the run's start; NaN: it never ran */
    double duration_ms;
    /* 0 where the log has no such columns: of a run of before */
    int64_t read_bytes, written_bytes, shuffled_bytes;
};
typedef lode_status (*task_log_fn)(void *context, const struct task_line *line);

/* Calls `take` for every whole line, in order, until it fails. A log that is not there has no
 * lines; lines that make no sense (the last may be half written) are passed over. */
LODE_CHECKED lode_status task_log_read(const char *run, task_log_fn take, void *context);

#endif
