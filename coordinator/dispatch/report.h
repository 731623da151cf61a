/* Report: what the dispatcher tells the thread that runs the job. */
#ifndef LODE_COORDINATOR_REPORT_H
#define LODE_COORDINATOR_REPORT_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum report_kind {
    REPORT_RESULT,   /* first good result of a task: to be merged */
    REPORT_ATTEMPT,  /* an attempt ended otherwise, see `outcome` */
    REPORT_GIVEN_UP, /* the stage goes on without this task (--allow-partial) */
    REPORT_STAGE_DONE,
    REPORT_STAGE_FAILED,
    REPORT_WORKER_LOST,  /* `worker` is gone, `text` says how it was noticed */
    REPORT_WORKER_UNFIT, /* `worker` left before it was given anything, `text` says why */
    REPORT_NO_WORKERS,   /* none came, or none came back, in time; `text`: why one left, or NULL */
    REPORT_DRAINED,      /* asked to stop; what ran has ended */
    REPORT_STOPPED,      /* told to stop now */
    REPORT_FORGOTTEN,    /* the stage is not looked at any more, as asked */
    REPORT_BROKEN        /* the thread itself failed and has ended */
};

/* One report, on the heap; the taker frees it with report_free. */
struct report {
    enum report_kind kind;
    const char *outcome; /* "ok", "failed", "lost", "late", "hung", "stopped", "returned" */
    int64_t task, attempt;
    int worker; /* -1: none */
    char place[96], host[64];
    int64_t pid;
    int64_t start_us, wall_us, cpu_us; /* start on the clock of lode_clock_us */
    uint64_t peak_bytes, read_bytes, written_bytes, shuffled_bytes; /* lode_result */
    lode_status status;
    bool quarantined;              /* GIVEN_UP, STAGE_FAILED: it took workers down */
    char *text;                    /* the error; NULL when well */
    struct lode_bytes bytes;       /* the result ... */
    uint64_t file_size, file_hash; /* ... or, when file_size is not 0, what its file must be */
    int workers;                   /* here at this moment */
};

LODE_CHECKED lode_status report_make(enum report_kind kind, struct report **report);
void report_free(struct report *report); /* takes NULL */

#endif
