/* Ledger: what happened in a run, for those who read of it: log/tasks.csv, run.json, the metrics
 * and the closing summary (summary.h).
 */
#ifndef LODE_COORDINATOR_LEDGER_H
#define LODE_COORDINATOR_LEDGER_H

#include "coordinator/dispatch/report.h"
#include "coordinator/schedule/pace.h"
#include "jobs/job.h"

#include <stdio.h>

enum { LEDGER_STAGES_MAX = 64, LEDGER_WHAT_SIZE = 256 };

/* How an attempt ended, see docs/formats.md; ledger_outcomes has the words. */
enum ledger_outcome {
    LEDGER_OK,
    LEDGER_FAILED,
    LEDGER_LOST,
    LEDGER_HUNG,
    LEDGER_STOPPED,
    LEDGER_LATE,
    LEDGER_RETURNED,
    LEDGER_OUTCOMES
};
extern const char *const ledger_outcomes[LEDGER_OUTCOMES];

/* Wall times of merged tasks are counted by these upper bounds, and beyond the last. */
enum { LEDGER_BOUNDS = 14 };
extern const double ledger_bounds[LEDGER_BOUNDS]; /* seconds, rising */

/* What moved between files and tasks, of all attempts that came to an end of their own. */
struct ledger_traffic {
    uint64_t read_bytes, written_bytes, shuffled_bytes; /* lode_result */
};

/* The end of a stage: who computed last, and how long nobody else did. */
struct ledger_tail {
    int64_t end_us, others_end_us; /* of the last merged result; of the last of other workers */
    int worker;                    /* -1: nothing was merged */
    int64_t task;
    char what[LEDGER_WHAT_SIZE], place[96], host[64];
};

/* What a stage cost. Times are on the clock of lode_clock_us. */
struct stage_statistics {
    const char *leaf, *title; /* static, or the job's for as long as the run */
    int64_t tasks, attempts;
    int64_t repeated;                  /* attempts that were lost, failed or hung */
    int64_t known;                     /* tasks that the journal knew from an earlier epoch */
    int64_t missing;                   /* given up: the run goes on without them */
    int64_t outcomes[LEDGER_OUTCOMES]; /* attempts by how they ended */
    int64_t cpu_us, wall_us;           /* sum over merged tasks; of the stage as a whole */
    int64_t begin_us, first_us;        /* of the stage; of its first attempt, 0: none yet */
    int64_t chain_us; /* longest of a task with its attempts gone wrong, one after the other */
    int workers;      /* most that were there at once */
    uint64_t result_bytes, peak_bytes; /* sum over merged tasks; largest of a task */
    struct ledger_traffic traffic;
    struct pace pace;                     /* wall times of the merged tasks ... */
    int64_t durations[LEDGER_BOUNDS + 1]; /* ... and how many by ledger_bounds */
    struct ledger_tail tail;
    /* the task that took longest */
    int64_t slowest_task, slowest_us;
    char slowest_what[LEDGER_WHAT_SIZE], slowest_place[96], slowest_host[64];
};

/* An attempt that did not end well, of the stage under way. */
struct bad_attempt {
    int64_t task, attempt, pid, wall_us;
    const char *outcome;
    char place[96], host[64];
    lode_status status;
    char *text;
};

struct lost_worker {
    bool was_unfit; /* it left before it was given anything */
    int worker;
    int64_t pid;
    char place[96], host[64];
    char *why;
};

/* A task that the run went on without (--allow-partial). */
struct missing_task {
    int stage;
    int64_t task;
    char what[LEDGER_WHAT_SIZE];
    char *why;
};

struct ledger {
    FILE *tasks_log;
    uint64_t epoch;
    int64_t start_us;
    struct stage_statistics stages[LEDGER_STAGES_MAX];
    int n_stages;
    struct bad_attempt *bad;
    int64_t n_bad, bad_capacity;
    struct lost_worker *lost;
    int64_t n_lost, lost_capacity;
    struct missing_task *missing;
    int64_t n_missing, missing_capacity;
};

/* Begins log/tasks.csv in the run's directory, or goes on with it: a last line that was cut when
 * the coordinator died is removed. epoch: how often the run was begun, a column of it. */
LODE_CHECKED lode_status ledger_open(struct ledger *ledger, const char *directory, uint64_t epoch,
                                     int64_t start_us);
void ledger_close(struct ledger *ledger); /* of a zeroed or closed one too */

/* Lines of the log are collected; this writes them. LODE_E_DISK. */
LODE_CHECKED lode_status ledger_flush(struct ledger *ledger);
/* Lines that were not written will not be: the log is another coordinator's. */
void ledger_abandon(struct ledger *ledger);

/* A stage begins; its statistics are the last of `stages`. */
LODE_CHECKED lode_status ledger_begin(struct ledger *ledger, const struct lode_stage *stage,
                                      int64_t now_us);
/* The stage is over, however it ended. */
void ledger_end(struct ledger *ledger, const struct lode_stage *stage, int64_t now_us);
/* One line of the log, and what is remembered of it: for REPORT_RESULT and REPORT_ATTEMPT. */
LODE_CHECKED lode_status ledger_attempt(struct ledger *ledger, const struct lode_stage *stage,
                                        const struct report *report);
LODE_CHECKED lode_status ledger_lost(struct ledger *ledger, const struct report *report);
/* All that is known of why a task went wrong, attempt by attempt; "" when nothing is. */
LODE_CHECKED lode_status ledger_explain(const struct ledger *ledger, int64_t task,
                                        struct lode_bytes *text);
/* The status of the task's last attempt of its own; LODE_E_CLUSTER when it never had one. */
lode_status ledger_status(const struct ledger *ledger, int64_t task);
/* The run goes on without the task: `why`, in words (of ledger_explain, or of the journal). */
LODE_CHECKED lode_status ledger_missing(struct ledger *ledger, const struct lode_stage *stage,
                                        int64_t task, const struct lode_bytes *why);

/* "task 3 of 16 (part-00003.h5, 512 sessions)" */
void ledger_name_task(const struct lode_stage *stage, int64_t task, char *text, size_t size);

#endif
