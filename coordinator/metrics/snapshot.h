/* Snapshot: the numbers of a run at one moment, and their text. Pure. */
#ifndef LODE_COORDINATOR_SNAPSHOT_H
#define LODE_COORDINATOR_SNAPSHOT_H

#include "coordinator/ledger.h"

/* What the dispatcher knows. */
struct metrics_cluster {
    int64_t workers, joined;                  /* here now; that ever said hello */
    uint64_t stage;                           /* under way, from 1; 0: none */
    int64_t running, waiting, done, given_up; /* its tasks */
    int64_t rejected_messages;                /* that no worker sends */
    int64_t refused_workers;                  /* of another version, or without the disk */
    int64_t refused_connections;              /* with a wrong key */
};

struct metrics_snapshot {
    const char *run; /* its directory, or the store it makes: the label of every sample */
    const char *job, *version;
    uint64_t epoch;
    const char *state; /* "running", "done", "failed", "stopped" */
    int exit_status;   /* once it is over */
    double started;    /* seconds since 1970 */
    int64_t start_us, now_us;
    struct metrics_cluster cluster;
    struct stage_statistics stages[LEDGER_STAGES_MAX];
    int n_stages;
    int64_t n_lost;
    uint64_t journal_bytes, resident_bytes;
    int64_t cpu_us; /* of the coordinator's process */
};

/* Appends all of it in the exposition format 0.0.4; docs/metrics.md lists the families. A snapshot
 * of no stage has no families of stages. */
LODE_CHECKED lode_status snapshot_text(const struct metrics_snapshot *snapshot,
                                       struct lode_bytes *out);

#endif
