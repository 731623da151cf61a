/* Log summary: log/tasks.csv added up by stage and by worker. */
#ifndef LODE_COORDINATOR_LOG_SUMMARY_H
#define LODE_COORDINATOR_LOG_SUMMARY_H

#include "coordinator/dispatch/members.h"
#include "coordinator/ledger.h"

#include <stdint.h>

enum { SUMMARY_WHY_SIZE = 256 };

struct stage_summary {
    char leaf[64];
    int64_t attempts, ok; /* all; those whose result was merged */
    int64_t highest_task;
    double begin_ms, end_ms; /* since the run's start; of attempts that ran */
    struct pace pace;        /* of those merged */
    int64_t longest_task;    /* of those merged; -1: none */
    double read_bytes, written_bytes, shuffled_bytes; /* of all */
};

struct worker_summary {
    char place[MEMBER_PLACE_SIZE], host[MEMBER_HOST_SIZE];
    int64_t pid; /* 0: no attempt of this worker is in the log */
    int64_t ok, failed, lost;
    char why[SUMMARY_WHY_SIZE]; /* it was lost the last time; or "" */
};

struct log_summary {
    int n_stages;                                       /* stages[1..n_stages] */
    struct stage_summary stages[LEDGER_STAGES_MAX + 1]; /* [0] is of no stage */
    struct worker_summary *workers;                     /* [n_workers] by number */
    int64_t n_workers, capacity;
    double end_ms; /* of the last attempt: the last sign of life */
};

/* On the heap; a log that is not there gives an empty one. */
LODE_CHECKED lode_status log_summary_read(const char *run, struct log_summary **summary);
void log_summary_free(struct log_summary *summary); /* takes NULL */

#endif
