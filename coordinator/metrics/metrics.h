/* Metrics: numbers of a run for Prometheus, while it goes on: a file for the node exporter's
 * textfile collector, and over HTTP. docs/metrics.md.
 *
 * A thread of its own writes the file and answers clients, from a snapshot under a mutex that the
 * job's thread (stages) and the dispatcher (cluster) bring up to date. So neither a client nor a
 * slow disk can hold up the run; and nothing of the run is looked at from here.
 */
#ifndef LODE_COORDINATOR_METRICS_H
#define LODE_COORDINATOR_METRICS_H

#include "coordinator/ledger.h"
#include "coordinator/metrics/listener.h"
#include "coordinator/metrics/snapshot.h"

#include <stdbool.h>

struct metrics_options {
    const char *file; /* NULL: none */
    bool listens;
    struct listener_address address;
    int64_t interval_ms; /* of the file */
};

struct metrics_run {
    const char *name; /* the label `run`; copied, as the job's */
    const char *job;
    uint64_t epoch;
};

struct metrics;

/* Whether metrics_open would do, before anything is made for the run. LODE_E_DISK: the address is
 * taken, the folder of the file cannot be written to. */
LODE_CHECKED lode_status metrics_check(const struct metrics_options *options);

/* *metrics is NULL when nothing is asked for; all functions below take that. Says where it listens
 * on standard error if `tells` or the port was 0. */
LODE_CHECKED lode_status metrics_open(const struct metrics_options *options,
                                      const struct metrics_run *run, bool tells,
                                      struct metrics **metrics);

/* What the ledger says now; `journal_bytes` 0: no journal. From one thread, the ledger's. Leaf and
 * title of stages are borrowed until the close. */
void metrics_take_ledger(struct metrics *metrics, const struct ledger *ledger,
                         uint64_t journal_bytes);
/* What the dispatcher says now. From any thread. */
void metrics_take_cluster(struct metrics *metrics, const struct metrics_cluster *cluster);

/* The run is over, as `state` says ("done", "failed", "stopped"; static): the thread writes
 * the file for the last time and ends. A thread that hangs (at a disk that does not answer) is left
 * alone after some seconds, with a warning. From any thread; the second time it does nothing. */
void metrics_end(struct metrics *metrics, const char *state, int exit_status);
void metrics_close(struct metrics *metrics); /* after the end */

#endif
