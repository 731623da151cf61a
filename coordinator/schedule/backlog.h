/* Backlog: the tasks of a stage that wait for a worker.
 *
 * Fresh ones in a heap (cost descending, index ascending); those that failed or took a worker down
 * before in a short list of their own, because not every worker may have them next. Whether a task
 * still waits is known to the scheduler: an entry whose task does not wait any more (its late
 * result came) is skipped when it is met.
 */
#ifndef LODE_COORDINATOR_BACKLOG_H
#define LODE_COORDINATOR_BACKLOG_H

#include "common/error.h"

#include <stdint.h>

struct backlog {
    const int64_t *costs; /* [n_tasks] or NULL; the scheduler's */
    int64_t *heap;
    int64_t n_heap, capacity;
    int64_t *again; /* tasks to be tried again */
    int64_t n_again, again_capacity;
};

void backlog_clear(struct backlog *backlog); /* frees everything */
/* All of n_tasks tasks wait. costs is borrowed for as long as the backlog is used. */
LODE_CHECKED lode_status backlog_fill(struct backlog *backlog, int64_t n_tasks,
                                      const int64_t *costs);
LODE_CHECKED lode_status backlog_push(struct backlog *backlog, int64_t task);
/* The first fresh task, -1: none; and takes it out. */
int64_t backlog_first(const struct backlog *backlog);
void backlog_pop(struct backlog *backlog);
LODE_CHECKED lode_status backlog_push_again(struct backlog *backlog, int64_t task);
void backlog_remove_again(struct backlog *backlog, int64_t at);

#endif
